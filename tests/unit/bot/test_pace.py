"""While the web process is late, a worker keeps to a share of the processors; otherwise it does what it can."""

from __future__ import annotations

import pytest

from bot.channels.waiting import ALWAYS, FEW, GROWTH, room
from bot.pace import FLOOR, LESS, LONGEST_S, MORE, MUCH_LESS, OWED_S, QUIET_S, Budget, Pace
from bot.strain import EVERY_S, HOLDS_S, LATE_S, VERY_LATE_S, Strain, heard, machine

CORES = 2.0


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class TestBudget:
    def test_nobody_rests_before_the_web_process_is_late(self) -> None:
        assert Budget(CORES).passed(10.0, 19.0).rest_s == 0.0

    @pytest.mark.parametrize(("late_s", "part"), [(LATE_S, LESS), (VERY_LATE_S - 0.01, LESS), (VERY_LATE_S, MUCH_LESS), (60.0, MUCH_LESS)])
    def test_each_report_takes_a_part_of_the_share(self, late_s: float, part: float) -> None:
        once = Budget(CORES).told(late_s, 1.0, 0.0)
        assert once.share == CORES * part
        assert once.told(late_s, 1.25, 0.0).share == CORES * part**2

    def test_something_is_left_however_late_it_is(self) -> None:
        budget = Budget(CORES)
        for number in range(100):
            budget = budget.told(9.0, number * EVERY_S, 0.0)
        assert budget.share == FLOOR

    def test_whoever_has_used_more_than_the_share_rests_until_it_is_made_up_for(self) -> None:
        budget = Budget(CORES, share=0.5).passed(0.2, 0.2)  # 0.2 of processor time where 0.1 was meant
        assert budget.rest_s == pytest.approx(0.1 / 0.5, abs=0.02)
        assert budget.passed(0.2 + budget.rest_s, 0.2).rest_s == 0.0

    def test_whoever_keeps_within_the_share_never_rests(self) -> None:
        budget = Budget(CORES, share=0.5)
        for number in range(1, 20):
            budget = budget.passed(number * 0.04, number * 0.04 * 0.45)
            assert budget.rest_s == 0.0

    def test_danger_that_used_much_more_is_not_made_up_for_at_length(self) -> None:
        budget = Budget(CORES, share=0.5).passed(0.9, 40.0)
        assert budget.credit_s == -OWED_S * 0.5
        assert budget.rest_s == LONGEST_S

    def test_what_was_not_used_is_not_saved_up(self) -> None:
        saved = Budget(CORES, share=0.5).passed(0.9, 0.0)
        assert saved.passed(0.91, 0.2).rest_s > 0.0

    def test_without_reports_the_share_grows_until_there_is_none(self) -> None:
        budget = Budget(CORES).told(9.0, 0.0, 0.0)
        after = [budget.passed(seconds, 0.0).share for seconds in (QUIET_S - 0.01, QUIET_S, 2 * QUIET_S, 3600.0)]
        assert after == pytest.approx([1.0, 1.0 + MORE * CORES, 1.0 + 2 * MORE * CORES, None])

    def test_a_report_sets_the_quiet_time_back(self) -> None:
        budget = Budget(CORES).told(9.0, 0.0, 0.0).told(LATE_S, 0.9 * QUIET_S, 0.0)
        assert budget.passed(1.8 * QUIET_S, 0.0).share == 1.0 * LESS


class TestPace:
    async def test_what_can_wait_waits_for_the_share_and_not_for_ever(self) -> None:
        clock, used = Clock(), Clock()
        pace = Pace(clock, used)
        used.at = clock.at = 5.0
        assert pace.rest_s() == 0.0
        pace.hear(9.0)
        used.at += 1.0
        assert pace.rest_s() > 0.0
        pace = Pace()
        pace.hear(0.0)
        assert pace.rest_s() == 0.0
        await pace.rest()

    def test_while_nobody_is_late_the_processor_time_is_not_asked_for_and_not_owed_afterwards(self) -> None:
        clock, asked = Clock(), []

        def used() -> float:
            asked.append(clock.at)
            return 100.0

        pace = Pace(clock, used)
        for clock.at in (1.0, 2.0, 3.0):
            assert pace.rest_s() == 0.0
        assert asked == []
        pace.hear(9.0)
        assert pace.rest_s() == pytest.approx(0.01)


class TestStrain:
    @pytest.mark.parametrize(
        ("looks", "is_late"),
        [
            ([[]], False),
            ([[LATE_S]], False),  # once may be the collector's pause
            ([[LATE_S], [], [LATE_S]], False),
            ([[0.01, LATE_S], [LATE_S, 0.01]], True),
            ([[VERY_LATE_S]], True),
        ],
    )
    def test_late_is_twice_in_a_row_or_very_late_once(self, looks: list[list[float]], is_late: bool) -> None:
        strain = Strain(Clock())
        told = 0.0
        for notes in looks:
            for note in notes:
                strain.note(note)
            told = strain.look()
        assert (told > 0, strain.is_late) == (is_late, is_late)

    def test_it_holds_for_a_moment(self) -> None:
        clock = Clock()
        strain = Strain(clock)
        strain.note(VERY_LATE_S)
        strain.look()
        clock.at = HOLDS_S - 0.01
        assert strain.is_late
        clock.at = HOLDS_S
        assert not strain.is_late

    @pytest.mark.parametrize(
        ("payload", "late_s"), [(f"{machine()} 0.250", 0.25), ("elsewhere 0.250", 0.0), (machine(), 0.0), (f"{machine()} late", 0.0), ("", 0.0)]
    )
    def test_only_what_this_machine_says_is_heard(self, payload: str, late_s: float) -> None:
        assert heard(payload) == late_s


@pytest.mark.parametrize(
    ("answered", "in_vain", "places"),
    [
        (0, 0, ALWAYS),  # nobody knows yet
        (ALWAYS, 0, int(GROWTH * ALWAYS)),
        (10 * ALWAYS, 5 * ALWAYS, int(GROWTH * 10 * ALWAYS)),
        (20, 21, int(GROWTH * 20)),  # more waited in vain: as many as are answered, and a few
        (0, 1, FEW),
    ],
)
def test_there_is_room_for_as_many_as_are_answered(answered: int, in_vain: int, places: int) -> None:
    assert room(answered, in_vain) == places
