"""What must happen although nobody does anything: bells that ring on, desks that go silent, and the check that nothing was forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Staff
from core import db as database
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from core.metrics import VIOLATIONS
from core.timers import cancel_timer, set_timer
from handoff import clusters, desk_times, ladder, ladder_repository, later, offers, queue_order, repository
from handoff.abuse import rests
from handoff.choosing import AT_ONCE, SILENT_AFTER
from handoff.location import purge_expired
from handoff.moves import return_to_queue
from handoff.schemas import Presence, Swept
from handoff.staffing import AWAY_REASONS, REST
from handoff.streams import OFFER_TIMER

TIMER_KINDS = (OFFER_TIMER,)
STATES = ("available", "away", "offline")
#: Three missed beats (``SILENT_AFTER``) and the desk's cases go back to the queue.
HEARTBEAT_S = 15
SWEEP_LOCK = 0x68616E646F6666
#: A timer this long overdue is not running: no sweeper is alive.
OVERDUE = timedelta(seconds=60)


async def set_presence(tx: Connection, staff: Staff, state: str, *, reason: str = "") -> Presence:
    """An agent is available, away (with one of ``AWAY_REASONS``) or off. Whoever goes away or off leaves nothing behind: their cases wait again.

    Raises:
        AppError: ``invalid_request``, or ``must_rest`` during a rest after abuse, which only going off or a life threat ends.
    """
    if state not in STATES:
        raise AppError("invalid_request", field="state")
    if reason and (state != "away" or reason not in AWAY_REASONS):
        raise AppError("invalid_request", field="reason")
    known = await repository.lock_agent(tx, staff.id, staff.cap)
    if state != "offline" and (until := await rests.resting_until(tx, staff.id)) is not None:
        raise AppError("must_rest", until=until.isoformat())
    await _stand(tx, staff, state, known["cap"], reason)
    return await presence(tx, staff)


async def _stand(tx: Connection, staff: Staff, state: str, cap: int, reason: str) -> None:
    """The agent, whose row is locked, stands like this from now on."""
    await repository.set_presence(tx, staff.id, state, cap, reason=reason)
    await desk_times.seen(tx, staff.id)
    if state != "available":
        # All of them are locked before the first is told of: telling holds the queue's stream, and nobody must wait for a case while holding that.
        for row in await repository.lock_held(tx, staff.id):
            await return_to_queue(tx, row["id"], None, why=state)


async def heartbeat(tx: Connection, staff: Staff) -> Presence:
    """An open desk says that it is there; the first beat of an account that was off makes it available, and a rest that is owed begins.

    A beat never ends "away": only the agent does.
    """
    known = await repository.lock_agent(tx, staff.id, staff.cap)
    if (rest_id := await rests.due(tx, staff.id)) is not None:
        await _stand(tx, staff, "away", known["cap"], REST)
        await rests.begin(tx, rest_id, staff)
        return await presence(tx, staff)
    if known["state"] == "offline" and await rests.resting_until(tx, staff.id) is not None:
        await repository.set_presence(tx, staff.id, "away", known["cap"], reason=REST)
    elif known["state"] == "offline":
        await repository.set_presence(tx, staff.id, "available", known["cap"])
    else:
        await repository.beat(tx, staff.id)
    await desk_times.seen(tx, staff.id)
    return await presence(tx, staff)


async def presence(connection: Connection, staff: Staff) -> Presence:
    """How an agent stands."""
    row = await repository.presence(connection, staff.id)
    if row is None:
        return Presence(staff.id, "offline", staff.cap, clock_now(), 0)
    return Presence(staff.id, row["state"], row["cap"], row["last_seen_at"], row["held"], row["away_reason"], await rests.resting_until(connection, staff.id))


async def handle_timer(tx: Connection, timer: dict[str, Any], at: datetime) -> bool:
    """A due timer of a waiting emergency, locked by the caller: the next agent is offered the case, or every desk is rung (True)."""
    row = await repository.case_unless_busy(tx, int(timer["subject"]))
    if row is None and await repository.case(tx, int(timer["subject"])) is not None:
        await set_timer(tx, OFFER_TIMER, timer["subject"], at + timedelta(seconds=1), timer["payload"])  # someone is just taking it
        return False
    if row is None or row["status"] != "queued" or not queue_order.is_emergency(row["severity"]):
        await cancel_timer(tx, OFFER_TIMER, timer["subject"])
        return False
    if row["offered_to"] is not None:  # it ends on its own account, see ``offers.move_on``
        await set_timer(tx, OFFER_TIMER, timer["subject"], max(row["offer_due_at"], at), {})
        return False
    return await offers.next_step(tx, row, at, first=bool(timer["payload"].get("first")))


async def sweep(tx: Connection, now: datetime) -> Swept:
    """One round: offers that are over, silent desks, and a timer for any emergency that has lost its own. Safe to run in every worker at once.

    One worker at a time does it: two would wait for each other's timers and for the queue's stream. A round does not do everything that a flood
    brings (``more`` says that something is left), since until it ends nobody can take a case.
    """
    if not await _alone(tx):
        return Swept([], [], [])
    rung = await offers.move_on(tx, now)
    due = await database.rows(
        tx,
        "SELECT * FROM timers WHERE kind = ANY(%s) AND due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED",
        list(TIMER_KINDS),
        now,
        AT_ONCE,
    )
    for timer in due:
        if await handle_timer(tx, timer, now):
            rung.append(int(timer["subject"]))

    returned = []
    for row in await repository.abandoned(tx, now - SILENT_AFTER):
        await return_to_queue(tx, row["id"], None, why="desk_silent")
        returned.append(int(row["id"]))

    repaired = []
    for row in await repository.without_timer(tx, OFFER_TIMER):
        await offers.start(tx, row)
        repaired.append(int(row["id"]))
    climbed = await ladder.climb(tx, now)
    woken = await later.wake(tx, now)
    grouped = await clusters.group(tx, now)
    offered = await offers.offer_routine(tx, now)
    more = max(len(due), len(returned), len(repaired), len(climbed), len(grouped), len(offered)) >= AT_ONCE
    erased = await purge_expired(tx, now)
    return Swept(rung, returned, repaired, erased=erased, offered=offered, climbed=climbed, woken=woken, grouped=grouped, more=more)


async def _alone(tx: Connection) -> bool:
    """The lock goes with the transaction, hence with its holder."""
    row = await database.one(tx, "SELECT pg_try_advisory_xact_lock(%s) AS got", SWEEP_LOCK)
    return bool(row and row["got"])


async def violations(connection: Connection, now: datetime | None = None) -> list[int]:
    """Open emergencies with neither an owner who may work nor a running timer, and life threats without their ladder: always empty, or an alarm."""
    before = (now or clock_now()) - OVERDUE
    rows = [*await repository.violations(connection, OFFER_TIMER, before), *await ladder_repository.stuck(connection, before)]
    found = sorted({int(row["id"]) for row in rows})
    VIOLATIONS.set(len(found))
    return found
