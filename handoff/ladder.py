"""A life threat that nobody takes climbs: supervisors, a duty phone outside this platform, the competent mission's duty number.

Each rung is a row with its time, what came of it and who acknowledged it. Acknowledging one never silences the next: only owning the case
does. Each new rung starts the bell on every desk again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accounts.schemas import Staff
from core import audit, events
from core.db import Connection
from core.errors import AppError
from core.logging import get
from core.metrics import LADDER
from core.settings import settings
from handoff import ladder_repository as rungs
from handoff.access import access_queue
from handoff.schemas import DutyNumber
from handoff.streams import announce, case_stream
from language.categories import Urgency

log = get(__name__)


class Rung(StrEnum):
    """Whom a life threat reaches for, in order."""

    SUPERVISOR = "supervisor"  # every supervisor's desk
    DUTY_PHONE = "duty_phone"  # a telephone outside this platform
    MISSION_VOICE = "mission_voice"  # the duty number of the country's mission


class RungState(StrEnum):
    """What has come of a rung."""

    WAITING = "waiting"  # not due yet
    TOLD = "told"  # the desks have been told
    CALLING = "calling"  # the telephone gateway is being asked
    CALLED = "called"  # the gateway has taken the call
    NOT_CONFIGURED = "not_configured"  # there is no gateway, or no checked number: nobody has been called
    FAILED = "failed"  # the gateway could not
    CANCELLED = "cancelled"  # somebody owns the case, or it is over


MOVES: dict[RungState, frozenset[RungState]] = {
    RungState.WAITING: frozenset({RungState.TOLD, RungState.CALLING, RungState.NOT_CONFIGURED, RungState.CANCELLED}),
    RungState.CALLING: frozenset({RungState.CALLED, RungState.FAILED, RungState.CANCELLED}),
    # The mission's rung alone: another country has been named meanwhile.
    **{state: frozenset({RungState.WAITING}) for state in (RungState.CALLED, RungState.FAILED, RungState.NOT_CONFIGURED)},
}
#: How long after a life threat began to wait.
DUE = {Rung.SUPERVISOR: timedelta(seconds=20), Rung.DUTY_PHONE: timedelta(seconds=60), Rung.MISSION_VOICE: timedelta(seconds=120)}


def reached_by(rung: Rung, *, gateway: bool, number: str | None) -> RungState:
    """What a rung that is due turns into."""
    if rung is Rung.SUPERVISOR:
        return RungState.TOLD
    return RungState.CALLING if gateway and number else RungState.NOT_CONFIGURED


async def start(tx: Connection, row: dict[str, Any]) -> None:
    """Set the rungs of a life threat that waits; a second call for the same wait changes nothing."""
    if row["severity"] == Urgency.LIFE_THREAT and row["status"] == "queued":
        await rungs.start(tx, row["id"], row["waits"], {rung.value: delay for rung, delay in DUE.items()})


async def stop(tx: Connection, row: dict[str, Any]) -> None:
    """Somebody owns the case, or it is over: what has not been done is not done any more."""
    if row["severity"] == Urgency.LIFE_THREAT:
        await rungs.cancel(tx, row["id"])


async def moved(tx: Connection, row: dict[str, Any]) -> None:
    """Another country than before: the mission's rung, if it was reached for no country or the wrong one, is reached for again."""
    if row["severity"] == Urgency.LIFE_THREAT and row["status"] == "queued":
        again = [state.value for state, nexts in MOVES.items() if nexts == {RungState.WAITING}]
        await rungs.again(tx, row["id"], row["waits"], Rung.MISSION_VOICE.value, again)


async def climb(tx: Connection, at: datetime) -> list[tuple[int, str]]:
    """Do every rung that is due, and set those that a waiting life threat has lost. The caller holds the sweepers' lock."""
    for row in await rungs.without(tx):
        await start(tx, row)
    done = []
    for due in await rungs.due(tx, at):
        rung = Rung(due["rung"])
        if due["synthetic"] and rung is not Rung.SUPERVISOR:
            # A drill rings our own desks and nobody's telephone.
            await rungs.reach(tx, due["id"], RungState.CANCELLED.value)
            continue
        number = await number_for(tx, rung, due["country"])
        state = reached_by(rung, gateway=bool(settings().duty_call_url), number=number)
        await rungs.reach(tx, due["id"], state.value)
        await tell(tx, due["case_id"], rung, state)
        done.append((int(due["case_id"]), rung.value))
    return done


async def tell(tx: Connection, case_id: int, rung: Rung, state: RungState) -> None:
    """Every desk is told what has come of a rung, and rings again."""
    LADDER.labels(rung.value, state.value).inc()
    if state in (RungState.NOT_CONFIGURED, RungState.FAILED):
        log.error("duty_call_not_made", case_id=case_id, rung=rung.value, why=state.value)
    row = await rungs.show(tx, case_id)
    if row is not None:
        await announce(tx, "escalated", row, rung=rung.value, result=state.value)


async def number_for(connection: Connection, rung: Rung, country: str | None) -> str | None:
    """The number of a rung: the operator's own, or the mission's if it has been checked lately."""
    if rung is Rung.DUTY_PHONE:
        return settings().duty_phone or None
    if rung is Rung.MISSION_VOICE and country:
        return await rungs.checked_number(connection, country)
    return None


async def acknowledge(tx: Connection, case_id: int, rung: str | None, staff: Staff) -> bool:
    """A person says that they have heard a rung (None: all that were reached); False if somebody had, or none was. The next one comes all the same.

    Raises:
        AppError: ``forbidden``.
    """
    access_queue(staff)
    heard = await rungs.acknowledge(tx, case_id, rung, staff.id)
    for one in heard:
        await events.append(tx, case_stream(case_id), "rung_acknowledged", {"case_id": case_id, "rung": one, "staff_id": staff.id})
        await audit.record(tx, staff.login, "", "case.rung", case_id, detail={"rung": one})
    return bool(heard)


async def of_case(connection: Connection, case_id: int) -> list[dict[str, Any]]:
    """Every rung of a case, oldest first: when it was due, what came of it, who acknowledged it."""
    return await rungs.of_case(connection, case_id)


async def save_number(tx: Connection, staff: Staff, country: str, number: str, source: str) -> None:
    """A mission's duty number as a supervisor has found it; it is not called before another person has checked it.

    Raises:
        AppError: ``forbidden`` or ``invalid_request``.
    """
    if staff.disabled or not staff.has("supervisor"):
        raise AppError("forbidden")
    number = number.strip()
    if not (number.startswith("+") and 7 <= sum(c.isdigit() for c in number) <= 15 and set(number) <= set("+0123456789- ")):
        raise AppError("invalid_request", field="number")
    if len(country) != 2 or not source.strip():
        raise AppError("invalid_request", field="source" if len(country) == 2 else "country")
    await rungs.save_number(tx, country, number, source.strip(), staff.id)
    await audit.record(tx, staff.login, "", "duty_number.save", detail={"country": country})


async def check_number(tx: Connection, staff: Staff, country: str, number: str) -> None:
    """Another person has tried the number: from now on it is called, for 180 days.

    Raises:
        AppError: ``forbidden``, ``own_review``, or ``not_found`` when the number is not the one that stands there.
    """
    if staff.disabled or not staff.has("supervisor"):
        raise AppError("forbidden")
    known = await rungs.number(tx, country)
    if known is None or known["number"] != number:
        raise AppError("not_found")
    if known["entered_by"] == staff.id:
        raise AppError("own_review")
    await rungs.mark_checked(tx, country, staff.id)
    await audit.record(tx, staff.login, "", "duty_number.check", detail={"country": country})


async def numbers(connection: Connection, staff: Staff) -> list[DutyNumber]:
    """Every mission's duty number that somebody has written down.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has("supervisor", "admin"):
        raise AppError("forbidden")
    return [
        DutyNumber(
            row["country"],
            row["number"],
            row["source"],
            row["entered_by"],
            row["entered_by_name"],
            row["entered_at"],
            row["checked_by_name"],
            row["checked_at"],
            row["is_called"],
        )
        for row in await rungs.numbers(connection)
    ]
