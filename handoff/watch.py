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
from core.settings import settings
from core.timers import cancel_timer, set_timer
from handoff import queue_order, repository
from handoff.location import purge_expired
from handoff.moves import return_to_queue, start_offer
from handoff.schemas import Presence, Swept
from handoff.streams import OFFER_TIMER, announce

TIMER_KINDS = (OFFER_TIMER,)
STATES = ("available", "away", "offline")
#: A desk beats every 15 s; three missed beats and its cases go back to the queue.
HEARTBEAT_S = 15
SILENT_AFTER = timedelta(seconds=45)
#: A timer this long overdue is not running: no sweeper is alive.
OVERDUE = timedelta(seconds=60)


async def set_presence(tx: Connection, staff: Staff, state: str) -> Presence:
    """An agent is available, away or off. Whoever goes away or off leaves nothing behind: their open cases wait again at once.

    Raises:
        AppError: ``invalid_request``.
    """
    if state not in STATES:
        raise AppError("invalid_request", field="state")
    known = await repository.lock_agent(tx, staff.id, staff.cap)
    await repository.set_presence(tx, staff.id, state, known["cap"])
    if state != "available":
        for row in await repository.held_by(tx, staff.id):
            await return_to_queue(tx, row["id"], None, why=state)
    return await presence(tx, staff)


async def heartbeat(tx: Connection, staff: Staff) -> Presence:
    """An open desk says that it is there; the first beat of an account that was off makes it available.

    A beat never ends "away": only the agent does.
    """
    known = await repository.lock_agent(tx, staff.id, staff.cap)
    if known["state"] == "offline":
        await repository.set_presence(tx, staff.id, "available", known["cap"])
    else:
        await repository.beat(tx, staff.id)
    return await presence(tx, staff)


async def presence(connection: Connection, staff: Staff) -> Presence:
    """How an agent stands."""
    row = await repository.presence(connection, staff.id)
    if row is None:
        return Presence(staff.id, "offline", staff.cap, clock_now(), 0)
    return Presence(staff.id, row["state"], row["cap"], row["last_seen_at"], row["held"])


async def handle_timer(tx: Connection, timer: dict[str, Any], at: datetime) -> bool:
    """A due timer, locked by the caller. True: handled, delete it; False: it has been set anew.

    Nobody has taken the emergency: ring every desk, and again until someone owns it.
    """
    row = await repository.case_unless_busy(tx, int(timer["subject"]))
    if row is None and await repository.case(tx, int(timer["subject"])) is not None:
        await _again(tx, timer, at + timedelta(seconds=1), int(timer["payload"].get("ring", 1)))  # someone is just taking it
        return False
    if row is None or row["status"] != "queued" or not queue_order.is_emergency(row["severity"]):
        return True
    ring = int(timer["payload"].get("ring", 1))
    await announce(tx, "ring_all", row, ring=ring)
    await _again(tx, timer, at + timedelta(seconds=settings().offer_timeout_s), ring + 1)
    return False


async def _again(tx: Connection, timer: dict[str, Any], due_at: datetime, ring: int) -> None:
    await set_timer(tx, timer["kind"], timer["subject"], due_at, {"ring": ring})


async def sweep(tx: Connection, now: datetime) -> Swept:
    """One round: expired offers, silent desks, and a timer for any emergency that has lost its own. Safe to run in every worker at once."""
    rung = []
    due = await database.rows(
        tx,
        "SELECT * FROM timers WHERE kind = ANY(%s) AND due_at <= %s ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED",
        list(TIMER_KINDS),
        now,
    )
    for timer in due:
        if await handle_timer(tx, timer, now):
            await cancel_timer(tx, timer["kind"], timer["subject"])
        else:
            rung.append(int(timer["subject"]))

    returned = []
    for row in await repository.abandoned(tx, now - SILENT_AFTER):
        await return_to_queue(tx, row["id"], None, why="desk_silent")
        returned.append(int(row["id"]))

    repaired = []
    for row in await repository.without_timer(tx, OFFER_TIMER):
        await start_offer(tx, row)
        repaired.append(int(row["id"]))
    return Swept(rung, returned, repaired, erased=await purge_expired(tx, now))


async def violations(connection: Connection, now: datetime | None = None) -> list[int]:
    """Open emergencies that have neither an owner who may work nor a running timer: always empty, or an alarm."""
    found = [int(row["id"]) for row in await repository.violations(connection, OFFER_TIMER, (now or clock_now()) - OVERDUE)]
    VIOLATIONS.set(len(found))
    return found
