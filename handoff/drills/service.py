"""Beginning, watching and ending drills. The functions take the caller's open transaction and never commit.

A drill never stands in the way of a person: real danger or a surge ends a running one, and keeps the next from beginning.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from conversation import service as conversation
from conversation.visitors import visitor_hash
from core import audit
from core.crypto import Cipher
from core.db import Connection
from core.logging import get
from core.metrics import DRILL_ALARMS, DRILLS
from handoff import repository as cases
from handoff.closing import end_drill
from handoff.drills import repository, schedule
from handoff.drills.decision import Act, Decision, decide
from handoff.drills.schemas import Drill, Entry, Outcome
from handoff.streams import announce
from handoff.surge import service as surge

log = get(__name__)
WEBCHAT = "webchat"
SCHEDULE = "schedule"
#: Triage takes it for a life threat (a test holds it to that), and a person who reads it knows at the first words what it is.
TEXT = "이것은 훈련입니다. 칼에 찔려 피가 많이 나요. 살려 주세요."
#: A slot whose time passed longer ago than this is missed: nobody expects its drill any more.
GRACE = timedelta(minutes=5)
#: Slots longer ago are not even told of.
LOOK_BACK = timedelta(hours=24)


async def danger(connection: Connection) -> str:
    """Why no drill may disturb anybody at this moment; empty: one may."""
    if await repository.real_life_threat(connection):
        return "life_threat"
    return "surge" if await surge.current(connection) is not None else ""


async def may_drill(connection: Connection) -> str:
    """Why no drill may start now, as a code of ``WHY``; empty: one may."""
    return await danger(connection) or ("running" if await repository.running(connection) else "")


async def request(tx: Connection, channel: str, by: str, slot_at: datetime | None = None) -> Drill | str:
    """Ask for a drill, which a worker begins within a second; or why there is none."""
    if why := await may_drill(tx):
        return why
    drill = await repository.insert(tx, channel, by, slot_at)
    if drill is None:
        return "running"
    await audit.record(tx, by, "", "drill.request", detail={"drill": drill.id, "channel": channel})
    return drill


async def plan(tx: Connection, times: str, channels: Sequence[str], at: datetime) -> None:
    """Ask for the drill of the slot that is due, and write down those that passed without one. Safe in every worker at once."""
    last = await repository.last_slot(tx)
    after = at - GRACE if last is None else max(last, at - LOOK_BACK)
    due = schedule.slots(schedule.times_of(times), after, at)
    if not due:
        return
    channel = schedule.next_channel(channels, await repository.last_used(tx))
    for slot in due:
        why: Drill | str = "outage"
        if slot == due[-1] and at - slot <= GRACE:
            why = await request(tx, channel, SCHEDULE, slot)
        if isinstance(why, str) and await repository.insert_missed(tx, channel, SCHEDULE, slot, why):
            DRILLS.labels(channel=channel, outcome=Outcome.MISSED.value).inc()
            log.warning("drill_missed", channel=channel, why=why)


async def step(tx: Connection, cipher: Cipher, channels: Sequence[str], at: datetime, offer_timeout_s: int) -> Entry | None:
    """Look after the running drill; what is to be brought in once this has committed, if it is only now beginning."""
    drill = await repository.running(tx, lock=True)
    if drill is None:
        return None
    if why := await danger(tx):
        await finish(tx, drill, Outcome.WITHDRAWN, why)
        return None
    drill = await repository.observe(tx, drill.id) or drill
    decision = decide(drill, at, offer_timeout_s)
    if decision.act is Act.BEGIN:
        if drill.channel in channels:
            return await _begin(tx, cipher, drill)
        decision = Decision(Act.END, Outcome.FAILED, "unknown_channel")
    if decision.act is Act.ALARM:
        await _alarm(tx, drill)
    elif decision.act is Act.END and decision.outcome is not None:
        await finish(tx, drill, decision.outcome, decision.why)
    return None


async def finish(tx: Connection, drill: Drill, outcome: Outcome, why: str = "") -> None:
    """End a drill and take whatever is left of it off every desk."""
    if not await repository.end(tx, drill.id, outcome, why):
        return
    if drill.conversation_id is not None:
        await end_drill(tx, drill.conversation_id)
        await conversation.close(tx, drill.conversation_id)
    DRILLS.labels(channel=drill.channel, outcome=outcome.value).inc()
    if outcome is Outcome.FAILED:
        DRILL_ALARMS.inc()
        log.error("drill_failed", drill=drill.id, channel=drill.channel, why=why)
    else:
        log.info("drill_ended", drill=drill.id, channel=drill.channel, outcome=outcome.value, why=why)


async def fail(tx: Connection, drill_id: int, why: str) -> None:
    """Its channel did not let it in."""
    drill = await repository.get(tx, drill_id)
    if drill is not None:
        await finish(tx, drill, Outcome.FAILED, why)


async def _begin(tx: Connection, cipher: Cipher, drill: Drill) -> Entry:
    """Its conversation is marked before its first word: no way from outside leads to that mark, and none leads away from it."""
    visitor = "" if drill.channel == WEBCHAT else f"drill-{drill.id}-{secrets.token_hex(8)}"
    stored = visitor_hash(cipher, drill.channel, visitor) if visitor else ""
    conversation_id, token = await conversation.start(tx, drill.channel, visitor=stored, synthetic=True)
    await repository.begin(tx, drill.id, conversation_id)
    return Entry(drill.id, drill.channel, conversation_id, TEXT, token, visitor)


async def _alarm(tx: Connection, drill: Drill) -> None:
    """Nobody has taken it although every desk was rung: the same would have happened to a person."""
    await repository.alarmed(tx, drill.id)
    row = await cases.case(tx, drill.case_id, lock=True) if drill.case_id is not None else None
    if row is not None and row["status"] == "queued":
        await announce(tx, "drill_unclaimed", row, drill=drill.id)
    DRILL_ALARMS.inc()
    log.error("drill_unclaimed", drill=drill.id, case_id=drill.case_id, channel=drill.channel)


last = repository.last
get_drill = repository.get
