"""Offering a waiting case to one agent after the other, then to everyone.

An emergency moves on by its timer, and every second when its agent has left; it can be taken by anybody all the while. A routine case is
offered whenever an agent has room, and nobody else may take it while it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from core.logging import get
from core.metrics import UNCLAIMED_ALARMS
from core.settings import settings
from core.timers import set_timer
from handoff import offer_repository, queue_order, repository
from handoff.choosing import AT_ONCE, MAX_OFFERS, SILENT_AFTER, Candidate, Wanted, choose
from handoff.states import Offering, OfferMove, after_offer
from handoff.streams import OFFER_TIMER, announce
from language.categories import Urgency

log = get(__name__)
#: From this ring of all desks on, nobody taking an emergency is an alarm.
ALARM_FROM_RING = 2
#: How an offer that ended is told.
ENDED = {OfferMove.EXPIRE: "offer_expired", OfferMove.DECLINE: "offer_declined", OfferMove.WITHDRAW: "offer_withdrawn"}
#: Routine cases looked at beyond the free places, so that a few that suit nobody do not hold up those behind them.
LOOK_FURTHER = 100


def offering(row: dict[str, Any]) -> Offering:
    """Whether a case is being offered to one person."""
    return Offering.OPEN if row["offered_to"] is None else Offering.OFFERED


async def start(tx: Connection, row: dict[str, Any]) -> None:
    """An emergency that waits always has a timer running, and its first offer is due at once; the others are offered as places become free."""
    if queue_order.is_emergency(row["severity"]):
        await set_timer(tx, OFFER_TIMER, str(row["id"]), clock_now(), {"first": True})


async def decline(tx: Connection, case_id: int, staff: Staff) -> None:
    """The agent does not take what is offered to them: the next is asked at once.

    Raises:
        AppError: ``not_found``, or ``illegal_move`` when it is not offered to them (any more).
    """
    row = await repository.case(tx, case_id, lock=True)
    if row is None:
        raise AppError("not_found")
    if row["offered_to"] != staff.id:
        raise AppError("illegal_move", f"case {case_id} is not offered to staff {staff.id}")
    if queue_order.is_emergency(row["severity"]):
        await set_timer(tx, OFFER_TIMER, str(case_id), clock_now(), {})
    await _end(tx, row, OfferMove.DECLINE)


async def move_on(tx: Connection, at: datetime) -> list[int]:
    """End every offer whose time is up or whose agent has left; an emergency goes to the next at once. The cases for which all desks were rung."""
    rung = []
    for row in await offer_repository.lapsed(tx, at, at - SILENT_AFTER):
        changed = await _end(tx, row, OfferMove.EXPIRE if row["offer_due_at"] <= at else OfferMove.WITHDRAW)
        if queue_order.is_emergency(changed["severity"]) and await next_step(tx, changed, at):
            rung.append(int(row["id"]))
    return rung


async def _end(tx: Connection, row: dict[str, Any], move: OfferMove) -> dict[str, Any]:
    after_offer(offering(row), move)
    changed = await offer_repository.end(tx, row["id"], row["offered_to"])
    assert changed is not None  # noqa: S101  (the row is locked by the caller)
    await announce(tx, ENDED[move], changed, staff_id=row["offered_to"])
    return changed


async def next_step(tx: Connection, row: dict[str, Any], at: datetime, *, first: bool = False) -> bool:
    """The next thing for an emergency that waits and is offered to nobody: the next agent, or every desk. True if all were rung.

    Once every desk has been rung, the case stays everyone's. Where nobody can be asked at first, the desks have just been told that it came.
    """
    if (first or row["tried"]) and row["rings"] == 0 and len(row["tried"]) < MAX_OFFERS:
        found = _choose(row, await offer_repository.candidates(tx, at - SILENT_AFTER))
        if found is not None and await _offer(tx, row, found, at):
            return False
    ring = not first or at - row["queued_at"] >= _timeout()
    await set_timer(tx, OFFER_TIMER, str(row["id"]), at + _timeout(), {})
    if ring:
        await _ring(tx, row)
    return ring


async def _offer(tx: Connection, row: dict[str, Any], agent: Candidate, at: datetime) -> bool:
    after_offer(offering(row), OfferMove.OFFER)
    due_at = at + _timeout()
    changed = await offer_repository.offer(tx, row["id"], agent.staff_id, due_at)
    if changed is None:
        return False
    if queue_order.is_emergency(changed["severity"]):
        await set_timer(tx, OFFER_TIMER, str(row["id"]), due_at, {})
    await announce(tx, "offered", changed)
    return True


async def _ring(tx: Connection, row: dict[str, Any]) -> None:
    after_offer(offering(row), OfferMove.RING)
    changed = await offer_repository.ring(tx, row["id"])
    alarm = changed["rings"] >= ALARM_FROM_RING
    await announce(tx, "ring_all", changed, ring=changed["rings"], alarm=alarm)
    if alarm and not row["synthetic"]:  # a drill has an alarm of its own
        UNCLAIMED_ALARMS.inc()
        log.error("emergency_unclaimed", case_id=row["id"], severity=row["severity"], rings=changed["rings"])


async def offer_routine(tx: Connection, at: datetime) -> list[int]:
    """Offer what is no emergency to agents with room, in the order of the queue; a case that has passed enough people stays everyone's."""
    # Whoever has no room is among them: a team whose people are all full is manned.
    people = {one.staff_id: one for one in await offer_repository.candidates(tx, at - SILENT_AFTER)}
    places = min(sum(max(0, one.cap - one.held) for one in people.values()), AT_ONCE)
    if not places:
        return []
    offered: list[int] = []
    for row in await offer_repository.unoffered(tx, MAX_OFFERS, places + LOOK_FURTHER):
        if len(offered) == places:
            break
        found = _choose(row, people.values())
        if found is not None and await _offer(tx, row, found, at):
            people[found.staff_id] = found.with_one_more()
            offered.append(int(row["id"]))
    return offered


def _choose(row: dict[str, Any], candidates: Iterable[Candidate]) -> Candidate | None:
    """Whom to offer it to: of a restricted case those who are named; a life threat goes to anybody when none of them can take it."""
    people = list(candidates)
    if row["restricted_to"] is None:
        return choose(_wanted(row), people, row["tried"])
    found = choose(_wanted(row), [one for one in people if one.staff_id in row["restricted_to"]], row["tried"])
    if found is None and row["severity"] == Urgency.LIFE_THREAT:
        found = choose(_wanted(row), people, row["tried"])
    return found


def _wanted(row: dict[str, Any]) -> Wanted:
    return Wanted(row["severity"], row["category"], row["language"], row["team"])


def _timeout() -> timedelta:
    return timedelta(seconds=settings().offer_timeout_s)
