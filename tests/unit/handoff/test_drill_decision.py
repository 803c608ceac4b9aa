"""What becomes of a drill at each moment, and when the schedule wants one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from core.settings import Settings
from handoff.drills.decision import ARRIVE_WITHIN, BEGIN_WITHIN, LONGEST, RINGS_ON, Act, alarm_after, decide
from handoff.drills.schedule import next_channel, slots, times_of
from handoff.drills.schemas import WHY, Drill, Outcome

T = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
S = timedelta(seconds=1)
PATIENCE = alarm_after(25)
BERLIN = ZoneInfo("Europe/Berlin")


def drill(**times):
    return Drill(1, None, "webchat", "schedule", T, "running", **{f"{name}_at": at for name, at in times.items()})


@pytest.mark.parametrize(
    ("times", "after", "act", "outcome", "why"),
    [
        ({}, S, Act.BEGIN, None, ""),
        ({}, BEGIN_WITHIN + S, Act.END, Outcome.FAILED, "not_begun"),
        ({"began": T}, ARRIVE_WITHIN, Act.WAIT, None, ""),
        ({"began": T}, ARRIVE_WITHIN + S, Act.END, Outcome.FAILED, "not_received"),
        ({"began": T, "received": T}, ARRIVE_WITHIN, Act.WAIT, None, ""),
        ({"began": T, "received": T}, ARRIVE_WITHIN + S, Act.END, Outcome.FAILED, "not_queued"),
        ({"began": T, "received": T, "queued": T}, PATIENCE, Act.WAIT, None, ""),
        ({"began": T, "received": T, "queued": T}, PATIENCE + S, Act.ALARM, None, ""),
        ({"began": T, "received": T, "queued": T, "alarmed": T + PATIENCE}, PATIENCE + RINGS_ON, Act.WAIT, None, ""),
        ({"began": T, "received": T, "queued": T, "alarmed": T + PATIENCE}, PATIENCE + RINGS_ON + S, Act.END, Outcome.UNCLAIMED, ""),
        ({"began": T, "received": T, "queued": T, "claimed": T}, PATIENCE + S, Act.WAIT, None, ""),
        ({"began": T, "received": T, "queued": T, "claimed": T}, LONGEST + S, Act.END, Outcome.UNCLOSED, ""),
        ({"began": T, "received": T, "queued": T, "claimed": T, "closed": T}, S, Act.END, Outcome.CLAIMED, ""),
        ({"began": T, "received": T, "queued": T, "closed": T}, S, Act.END, Outcome.WITHDRAWN, "supervisor"),
    ],
)
def test_what_is_done(times, after, act, outcome, why):
    decision = decide(drill(**times), T + after, 25)
    assert (decision.act, decision.outcome, decision.why) == (act, outcome, why)
    assert not why or why in WHY


def test_the_alarm_waits_for_each_offer_and_one_ring_of_every_desk():
    assert alarm_after(25) == timedelta(seconds=100)


def test_times_run_from_the_receipt_and_are_never_negative():
    one = drill(received=T, queued=T - 0.001 * S, claimed=T + 2.5 * S)
    assert (one.ms("queued"), one.ms("claimed"), one.ms("closed")) == (0, 2500, None)
    assert drill(claimed=T).ms("claimed") is None


def test_a_night_with_its_midnight_has_each_slot_once():
    times = times_of("23:50, 00:10,10:00")
    evening = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)  # 23:00 in Seoul
    found = slots(times, evening, evening + timedelta(hours=2))
    assert [at.isoformat() for at in found] == ["2026-11-22T14:50:00+00:00", "2026-11-22T15:10:00+00:00"]
    assert slots(times, found[0], found[0]) == []
    assert slots(times, found[0], found[1]) == [found[1]]
    assert slots((), evening, evening + timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (datetime(2026, 3, 29, tzinfo=UTC), ["2026-03-29T01:30:00+00:00"]),  # 02:30 does not exist: 03:30 by the new clock
        (datetime(2026, 10, 25, tzinfo=UTC), ["2026-10-25T00:30:00+00:00"]),  # 02:30 comes twice: the first
        (datetime(2026, 6, 1, tzinfo=UTC), ["2026-06-01T00:30:00+00:00"]),
    ],
)
def test_summer_time_neither_doubles_nor_drops_a_slot(day, expected):
    assert [at.isoformat() for at in slots((time(2, 30),), day, day + timedelta(hours=20), BERLIN)] == expected


def test_the_channel_that_waited_longest_is_next():
    assert next_channel(("webchat", "line"), {}) == "webchat"
    assert next_channel(("webchat", "line"), {"webchat": T}) == "line"
    assert next_channel(("webchat", "line"), {"webchat": T, "line": T - S}) == "line"
    assert next_channel(("webchat", "line"), {"webchat": T - S, "line": T, "gone": T - 9 * S}) == "webchat"


@pytest.mark.parametrize("written", ["25:00", "10", "10:60", "10:00;11:00", "내일"])
def test_a_wrong_time_is_refused_at_the_start(written):
    with pytest.raises(ValidationError):
        Settings(drill_times=written)
    assert times_of(Settings(drill_times="10:00, 03:30,10:00").drill_times) == (time(3, 30), time(10, 0))
