"""The board's figures, each worked out by hand."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from handoff.board import definitions
from handoff.board.definitions import AtDesk, Contact, Fix, Held, Rating, Records, Visit, Window, days
from handoff.board.history import Step, held

DAY = days(date(2026, 11, 22), date(2026, 11, 22))
START = DAY.start
LATE = START + timedelta(days=30)


def at(seconds):
    return START + timedelta(seconds=seconds)


def contact(number, arrived, *, answered=None, left=None, closed=None, danger=None, words=None, fix=None, by=7):
    hands = (Held(by, at(answered), at(closed) if closed is not None else None),) if answered is not None else ()
    moments = [at(one) if one is not None else None for one in (answered, left, closed, danger, words)]
    return Contact(number, at(arrived), *moments, fix=fix, held=hands)


def test_a_day_begins_at_midnight_in_seoul_and_is_half_open():
    assert DAY.start.astimezone(UTC) == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert DAY.end - DAY.start == timedelta(days=1)
    assert DAY.holds(DAY.start)
    assert not DAY.holds(DAY.end)


def test_both_ways_of_counting_short_abandons():
    """Ten arrive: 5 in time, 1 late, left after 3 s, 30 s and 90 s, one waits since long ago."""
    contacts = [contact(n, n * 10, answered=n * 10 + n) for n in range(5)]
    contacts += [contact(5, 100, answered=190)]
    contacts += [contact(6, 200, left=203), contact(7, 300, left=330), contact(8, 400, left=490), contact(9, 500)]
    found = definitions.waiting(contacts, DAY, LATE)
    assert (found.offered, found.answered, found.abandoned, found.short_abandoned, found.still_waiting) == (10, 6, 3, 1, 1)
    assert found.service_level == pytest.approx(5 / 8)  # 6 answered, 1 left after 60 s, 1 still waits beyond it
    assert found.service_level_all == pytest.approx(5 / 10)
    assert found.abandonment == pytest.approx(3 / 9)
    assert found.abandonment_without_short == pytest.approx(2 / 8)
    assert found.mean_wait_s == pytest.approx((0 + 1 + 2 + 3 + 4 + 90) / 6)
    assert found.p95_wait_s == 90


def test_who_waits_for_less_than_the_target_is_not_decided_yet():
    found = definitions.waiting([contact(1, 0, answered=10), contact(2, 100)], DAY, at(159))
    assert found.service_level == 1
    assert definitions.waiting([contact(1, 0, answered=10), contact(2, 100)], DAY, at(161)).service_level == 0.5


def test_exactly_at_the_target_is_in_time():
    assert definitions.waiting([contact(1, 0, answered=60)], DAY, LATE).service_level == 1
    assert definitions.waiting([contact(1, 0, answered=60.001)], DAY, LATE).service_level == 0


def test_a_contact_over_midnight_is_counted_once_on_the_day_it_came():
    yesterday, tomorrow = days(date(2026, 11, 21), date(2026, 11, 21)), days(date(2026, 11, 23), date(2026, 11, 23))
    contacts = [contact(1, -30, answered=30, closed=600), contact(2, 86_400 - 10, answered=86_400 + 50, closed=90_000)]
    assert [definitions.waiting(contacts, window, LATE).offered for window in (yesterday, DAY, tomorrow)] == [1, 1, 0]
    desk = [AtDesk(7, at(-3600), at(90_000))]
    # The work is where the time is: 570 s of today from the first (600 − 30), none before it, and of the second all after midnight.
    assert definitions.work(Records(contacts, desk), DAY, LATE).occupancy == pytest.approx(570 / 86_400)
    assert definitions.work(Records(contacts, desk), tomorrow, LATE).occupancy == pytest.approx((90_000 - 86_450) / 3600)


@pytest.mark.parametrize("number", [1, 2, 3, 19, 20, 21, 100])
def test_the_95th_percentile_is_a_wait_that_somebody_had(number):
    waits = [float(n) for n in range(1, number + 1)]
    found = definitions.percentile(waits, 0.95)
    assert found in waits
    assert sum(wait <= found for wait in waits) >= 0.95 * number
    assert sum(wait <= found - 1 for wait in waits) < 0.95 * number


class TestEmergencies:
    def test_time_to_a_person_counts_those_without_words_too(self):
        contacts = [
            contact(1, 0, answered=5, danger=0, words=20, closed=900),
            contact(2, 10, answered=20, danger=10, closed=110),  # ended without a word: 100 s
            contact(3, 100, danger=100),  # nobody yet: 400 s at the time of looking
            contact(4, 200, answered=210),  # no emergency
        ]
        found = definitions.emergencies(contacts, DAY, at(500))
        assert (found.count, found.without_words) == (3, 2)
        assert (found.p50_s, found.p95_s, found.max_s) == (100, 400, 400)

    def test_it_belongs_to_the_day_of_the_danger(self):
        """The contact came yesterday; the danger is today's."""
        assert definitions.emergencies([contact(1, -500, danger=10, words=30)], DAY, LATE).max_s == 20

    def test_places(self):
        contacts = [
            contact(1, 0, answered=9, danger=0, fix=Fix(True, 40)),
            contact(2, 0, answered=9, danger=0, fix=Fix(True, 61)),
            contact(3, 0, answered=9, danger=0, fix=Fix(False, 60)),
            contact(4, 0, answered=9, danger=0, fix=Fix(False, 5)),
            contact(5, 0, answered=9, danger=0),
            contact(6, 0, danger=0, fix=Fix(True, 1)),  # nobody took it
        ]
        found = definitions.places(contacts, DAY)
        assert (found.taken, found.with_fix, found.exact, found.fresh, found.good) == (5, 0.8, 0.4, 0.6, 0.2)


class TestWork:
    def test_two_cases_at_once_are_busy_once(self):
        contacts = [Contact(1, at(0), held=(Held(7, at(0), at(100)),)), Contact(2, at(0), held=(Held(7, at(50), at(200)),))]
        found = definitions.work(Records(contacts, [AtDesk(7, at(0), at(400))]), DAY, LATE)
        assert found.staffed_h == pytest.approx(400 / 3600)
        assert found.occupancy == pytest.approx(0.5)
        assert found.at_once == pytest.approx(250 / 200)

    def test_what_is_in_hand_beside_the_desk_or_by_another_is_not_its_work(self):
        contacts = [Contact(1, at(0), held=(Held(7, at(0), at(100)), Held(8, at(100), None)))]
        found = definitions.work(Records(contacts, [AtDesk(7, at(80), at(180))]), DAY, LATE)
        assert found.occupancy == pytest.approx(0.2)

    def test_a_case_still_in_hand_counts_until_now(self):
        found = definitions.work(Records([Contact(1, at(0), held=(Held(7, at(0), None),))], [AtDesk(7, at(0), at(100))]), DAY, at(60))
        assert found.staffed_h == pytest.approx(60 / 3600)
        assert found.occupancy == 1


class TestBot:
    def test_containment_and_what_is_verified(self):
        hour = timedelta(hours=1)
        visits = [
            Visit(at(0), at(60), is_closed=False, needed_person=False, score=5),  # said yes
            Visit(at(0), at(60), is_closed=False, needed_person=False, score=2),  # said no
            Visit(at(0), at(60), is_closed=False, needed_person=False, score=3),  # said neither, has not come back
            Visit(at(0), at(60), is_closed=False, needed_person=False, returned_at=at(60) + 30 * hour),  # came back
            Visit(at(0), at(60), is_closed=True, needed_person=True, score=5),  # a person was needed
        ]
        found = definitions.bot(visits, DAY, at(60) + timedelta(days=7, seconds=1))
        assert (found.visits, found.containment, found.verifiable) == (5, 0.8, 4)
        assert found.verified == pytest.approx(2 / 4)

    def test_before_seven_days_only_words_and_returns_are_known(self):
        visits = [Visit(at(0), at(60), False, False, 4), Visit(at(0), at(60), False, False)]
        found = definitions.bot(visits, DAY, at(86_400))
        assert (found.verifiable, found.verified) == (1, 1)

    def test_a_visit_that_goes_on_is_not_over(self):
        assert definitions.bot([Visit(at(0), at(60), False, False)], DAY, at(61)).visits == 0
        assert definitions.bot([Visit(at(0), at(60), True, False)], DAY, at(61)).visits == 1


def test_satisfaction_is_credited_to_who_closed():
    ratings = [Rating(at(1), 5, 7), Rating(at(2), 2, 7), Rating(at(3), 4, 8), Rating(at(4), 1, None), Rating(at(-1), 1, 7)]
    found = definitions.satisfaction(Records(ratings=ratings, asked_to_rate=6), DAY)
    assert (found.ratings, found.asked, found.mean, found.satisfied) == (4, 6, 3.0, 0.5)
    assert [(one.staff_id, one.ratings, one.mean, one.satisfied) for one in found.credits] == [(7, 2, 3.5, 0.5), (8, 1, 4.0, 1.0), (None, 1, 1.0, 0.0)]


def test_an_empty_day_has_no_figures_and_no_division_by_nought():
    found = definitions.figures(Records(), DAY, LATE)
    for part in [getattr(found, field.name) for field in fields(found) if is_dataclass(getattr(found, field.name))]:
        if not isinstance(part, Window):
            values = [getattr(part, field.name) for field in fields(part)]
            assert all(value in (None, 0, 0.0, ()) for value in values), part
    assert len(definitions.slots([], DAY, timedelta(hours=1), LATE)) == 24


def test_the_stretches_of_a_trend_add_up_to_the_day_and_leave_the_future_out():
    contacts = [contact(n, n * 3000, answered=n * 3000 + 20) for n in range(28)]
    trend = definitions.slots(contacts, DAY, timedelta(hours=1), LATE)
    assert sum(slot.waiting.offered for slot in trend) == definitions.waiting(contacts, DAY, LATE).offered == 28
    assert len(definitions.slots(contacts, DAY, timedelta(hours=1), at(3 * 3600 + 1))) == 4


def test_stretches_in_hand_are_read_from_the_history():
    steps = [
        Step(at(0), "queued", None),
        Step(at(10), "queued", None),
        Step(at(20), "claimed", 7),
        Step(at(25), "claimed", 7),  # raised
        Step(at(60), "queued", None),  # the desk went silent
        Step(at(70), "claimed", 8),
        Step(at(90), "claimed", 9),  # handed over
        Step(at(100), "handed_back", 9),  # the bot serves it
        Step(at(150), "claimed", 9),
    ]
    assert held(steps) == (Held(7, at(20), at(60)), Held(8, at(70), at(90)), Held(9, at(90), at(100)), Held(9, at(150), None))
    assert held([*steps, Step(at(200), "closed", 9)])[-1] == Held(9, at(150), at(200))
