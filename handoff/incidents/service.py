"""What staff do with incidents. The functions take the caller's open transaction and never commit.

Whatever changes which case belongs where takes one lock before it touches a case (``repository.alone``). Nothing here closes, lowers or moves a case:
"safe" on the list is what somebody has said, and the case goes on until its agents end it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.schemas import Role, Staff
from core import audit, events
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import repository as case_repository
from handoff.access import access_queue
from handoff.incidents import repository, statement_repository
from handoff.incidents.schemas import SAID_BY, STATES, Incident, Member, Person, Picture, Statement, Suggestion
from handoff.incidents.suggesting import Loose, suggest
from handoff.queue_order import is_emergency
from handoff.records import restricted_repository
from handoff.schemas import HIDDEN
from handoff.surge import lane
from language.categories import Category

TITLE = "incidents.title"
NAME = "incident_people.name"
BODY = "incident_statements.body"
MAX_TITLE, MAX_NAME = 80, 80

Row = dict[str, Any]


def incident_stream(incident_id: int) -> str:
    """The stream of one incident."""
    return f"incident:{incident_id}"


async def suggestions(connection: Connection, staff: Staff) -> list[Suggestion]:
    """Open cases that look like one event, for a person to confirm; none that a restriction keeps from them.

    Raises:
        AppError: ``forbidden``.
    """
    access_queue(staff)
    rows = await repository.loose(connection)
    hidden = await restricted_repository.closed_to(connection, [row["case_id"] for row in rows], staff.id)
    loose = [Loose(row["case_id"], row["category"], row["country"], row["cell"], row["opened_at"]) for row in rows if row["case_id"] not in hidden]
    known = [(row["id"], row["category"], row["country"]) for row in await repository.all_open(connection)]
    return suggest(loose, known)


async def open_incident(tx: Connection, cipher: Cipher, staff: Staff, title: str, category: str, country: str | None, case_ids: Sequence[int] = ()) -> int:
    """Make an incident, by hand or from a suggestion that somebody confirms; its number.

    Raises:
        AppError: ``forbidden``; ``invalid_request`` for a bad title, kind, country or case.
    """
    access_queue(staff)
    title = " ".join(title.split())
    if not 2 <= len(title) <= MAX_TITLE:
        raise AppError("invalid_request", field="title")
    if category not in {str(one) for one in Category}:
        raise AppError("invalid_request", field="category")
    if country is not None and not (len(country) == 2 and country.isascii() and country.isupper()):
        raise AppError("invalid_request", field="country")
    await repository.alone(tx)
    await repository.hold_cases(tx, case_ids)
    row = await repository.insert(tx, cipher.seal(title, TITLE), category, country, staff.id)
    await _tell(tx, row["id"], "opened", **_incident(row))
    for case_id in sorted(set(case_ids)):
        await _place(tx, row["id"], case_id, staff)
    await audit.record(tx, staff.login, "", "incident.open", detail={"incident": row["id"], "cases": len(set(case_ids))})
    return int(row["id"])


async def add_cases(tx: Connection, staff: Staff, incident_id: int, case_ids: Sequence[int]) -> int:
    """Put cases into an incident, out of any other; the number of the incident in which they are now (it may have been merged meanwhile).

    Raises:
        AppError: ``forbidden``, ``not_found``, or ``illegal_move`` when the incident is over.
    """
    access_queue(staff)
    await repository.alone(tx)
    await repository.hold_cases(tx, case_ids)
    row = await _standing(tx, incident_id, follow=True)
    for case_id in sorted(set(case_ids)):
        await _place(tx, row["id"], case_id, staff)
    return int(row["id"])


async def _place(tx: Connection, incident_id: int, case_id: int, staff: Staff) -> None:
    case = await case_repository.case(tx, case_id)
    if case is None:
        raise AppError("not_found")
    before = await repository.where(tx, case_id)
    if before == incident_id:
        return
    await repository.place(tx, case_id, incident_id, staff.id)
    if before is None:
        state = "needs_help" if is_emergency(case["severity"]) else "unknown"
        await repository.add_person(tx, incident_id, case_id=case_id, is_citizen=True, name=None, state=state, said_by="citizen", recorded_by=None)
    await lane.follow(tx, case_id, incident_id)
    moved = [_person(row) for row in await repository.states(tx, incident_id) if row["case_id"] == case_id]
    if before is not None:
        await _tell(tx, before, "case_removed", case_id=case_id)
    await _tell(tx, incident_id, "case_added", case_id=case_id, people=moved)
    await audit.record(tx, staff.login, "", "incident.add_case", case_id, detail={"incident": incident_id, "before": before})


async def remove_case(tx: Connection, staff: Staff, incident_id: int, case_id: int) -> None:
    """A case that does not belong here; those on the list through it go with it. The case itself stays as it is.

    Raises:
        AppError: ``forbidden`` or ``not_found``.
    """
    access_queue(staff)
    await repository.alone(tx)
    await repository.hold_cases(tx, [case_id])
    if await repository.where(tx, case_id) != incident_id:
        raise AppError("not_found")
    await lane.follow(tx, case_id, None)
    await repository.take_out(tx, case_id)
    await _tell(tx, incident_id, "case_removed", case_id=case_id)
    await audit.record(tx, staff.login, "", "incident.remove_case", case_id, detail={"incident": incident_id})


async def merge(tx: Connection, staff: Staff, incident_id: int, into_id: int) -> None:
    """Two incidents that are one: cases, people and statements of the first become the second's. For supervisors.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move`` when one of them is over or both are the same.
    """
    _chief(staff)
    if incident_id == into_id:
        raise AppError("illegal_move")
    await repository.alone(tx)
    await _standing(tx, incident_id)
    await _standing(tx, into_id)
    cases = await repository.case_ids(tx, incident_id)
    await repository.hold_cases(tx, [*cases, *await repository.case_ids(tx, into_id)])
    await repository.pour(tx, incident_id, into_id)
    row = await repository.end(tx, incident_id, staff.id, into_id)
    await lane.merged(tx, into_id)
    await _tell(tx, incident_id, "merged", **_incident(row))
    await _tell(tx, into_id, "taken_in", merged=incident_id, cases=cases, people=[_person(one) for one in await repository.states(tx, into_id)])
    await audit.record(tx, staff.login, "", "incident.merge", detail={"incident": incident_id, "into": into_id})


async def close(tx: Connection, staff: Staff, incident_id: int) -> None:
    """The event is over. Its cases stay as they are, each to be ended by its agents. For supervisors.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move``.
    """
    _chief(staff)
    await repository.alone(tx)
    await _standing(tx, incident_id)
    row = await repository.end(tx, incident_id, staff.id, None)
    await _tell(tx, incident_id, "closed", **_incident(row))
    await audit.record(tx, staff.login, "", "incident.close", detail={"incident": incident_id})


async def add_person(tx: Connection, cipher: Cipher, staff: Staff, incident_id: int, name: str, state: str, said_by: str, case_id: int | None = None) -> int:
    """Put somebody on the list who does not write to us: a companion, or a person whom the family looks for.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move``, ``invalid_request``.
    """
    access_queue(staff)
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise AppError("invalid_request", field="name")
    _check(state, said_by)
    await repository.alone(tx)
    await _standing(tx, incident_id)
    if case_id is not None and await repository.where(tx, case_id) != incident_id:
        raise AppError("invalid_request", field="case_id")
    row = await repository.add_person(
        tx, incident_id, case_id=case_id, is_citizen=False, name=cipher.seal(name, NAME), state=state, said_by=said_by, recorded_by=staff.id
    )
    assert row is not None  # noqa: S101  (only a citizen can stand there twice)
    await _tell(tx, incident_id, "person", **_person(row))
    await audit.record(tx, staff.login, "", "incident.person", case_id, detail={"incident": incident_id, "person": row["id"], "state": state})
    return int(row["id"])


async def say_state(tx: Connection, cipher: Cipher, staff: Staff, person_id: int, state: str, said_by: str, *, name: str | None = None) -> None:
    """Write down how somebody stands and who says so; an empty ``name`` wipes the name, None leaves it. No case is touched, whatever is said.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move``, ``invalid_request``, ``restricted`` for a name that the person may not see.
    """
    access_queue(staff)
    _check(state, said_by)
    if name is not None and len(name) > MAX_NAME:
        raise AppError("invalid_request", field="name")
    await repository.alone(tx)
    known = await repository.person(tx, person_id)
    if known is None:
        raise AppError("not_found")
    await _standing(tx, known["incident_id"])
    case_id = known["case_id"]
    if name is not None and case_id is not None and await restricted_repository.closed_to(tx, [case_id], staff.id):
        raise AppError("restricted", f"staff {staff.id} may not name the people of case {case_id}", case_id=case_id)
    row = await repository.say_state(tx, person_id, state, said_by, staff.id)
    if name is not None:
        await repository.set_name(tx, person_id, cipher.seal(" ".join(name.split()), NAME) if name.strip() else None)
    await _tell(tx, row["incident_id"], "person", **_person(row))
    await audit.record(tx, staff.login, "", "incident.person", row["case_id"], detail={"incident": row["incident_id"], "person": person_id, "state": state})


async def drop_person(tx: Connection, staff: Staff, person_id: int) -> None:
    """Take somebody off the list who was put there by hand; whoever writes in a case stays while the case does.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move``.
    """
    access_queue(staff)
    await repository.alone(tx)
    row = await repository.person(tx, person_id)
    if row is None:
        raise AppError("not_found")
    if row["is_citizen"]:
        raise AppError("illegal_move")
    await repository.drop_person(tx, person_id)
    await _tell(tx, row["incident_id"], "person_dropped", id=person_id)
    await audit.record(tx, staff.login, "", "incident.person_dropped", detail={"incident": row["incident_id"], "person": person_id})


async def picture(connection: Connection, cipher: Cipher, staff: Staff, incident_id: int) -> Picture:
    """Everything of one incident; of a restricted case neither its kind nor its place nor the names of its people, unless the person may see it.

    Raises:
        AppError: ``forbidden`` or ``not_found``.
    """
    access_queue(staff)
    row = await repository.incident(connection, incident_id)
    if row is None:
        raise AppError("not_found")
    found = await repository.members(connection, incident_id)
    hidden = await restricted_repository.closed_to(connection, [one["case_id"] for one in found], staff.id)
    members = tuple(Member(**one | ({"category": HIDDEN, "cell": None} if one["case_id"] in hidden else {})) for one in found)
    people = tuple(
        Person(
            one["id"],
            one["case_id"],
            one["is_citizen"],
            cipher.open(one["name"], NAME) if one["name"] and one["case_id"] not in hidden else "",
            one["state"],
            one["said_by"],
            one["recorded_by_name"],
            one["said_at"],
        )
        for one in await repository.people(connection, incident_id)
    )
    statements = tuple(_statement(cipher, one) for one in await statement_repository.of_incident(connection, incident_id))
    return Picture(_record(cipher, row), members, people, statements)


async def all_open(connection: Connection, cipher: Cipher, staff: Staff) -> list[tuple[Incident, int, int]]:
    """Open incidents, the newest first, with the number of their cases and of those who need help.

    Raises:
        AppError: ``forbidden``.
    """
    access_queue(staff)
    return [(_record(cipher, row), row["cases"], row["need_help"]) for row in await repository.all_open(connection)]


async def note_look(tx: Connection, staff: Staff, incident_id: int, address: str, action: str = "incident.view") -> None:
    """Somebody has opened the page with its names, or taken the list away as a file."""
    await audit.record(tx, staff.login, address, action, detail={"incident": incident_id})


# -- records and events -----------------------------------------------------------------------------------------------------------


async def _standing(connection: Connection, incident_id: int, *, follow: bool = False) -> Row:
    """The incident, if it goes on; ``follow``: of a merged one, the one that it became part of."""
    row = await repository.incident(connection, incident_id)
    while follow and row is not None and row["merged_into"] is not None:
        row = await repository.incident(connection, row["merged_into"])
    if row is None:
        raise AppError("not_found")
    if row["status"] != "open":
        raise AppError("illegal_move", f"incident {row['id']} is {row['status']}")
    return row


def _chief(staff: Staff) -> None:
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden")


def _check(state: str, said_by: str) -> None:
    if state not in STATES:
        raise AppError("invalid_request", field="state")
    if said_by not in SAID_BY:
        raise AppError("invalid_request", field="said_by")


async def _tell(tx: Connection, incident_id: int, kind: str, **payload: Any) -> None:
    await events.append(tx, incident_stream(incident_id), kind, {name: _plain(value) for name, value in payload.items()})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _incident(row: Row) -> Row:
    return {name: row[name] for name in ("id", "category", "country", "status", "merged_into")}


def _person(row: Row) -> Row:
    return {name: _plain(row[name]) for name in ("id", "case_id", "state", "said_by", "recorded_by", "said_at")}


def _record(cipher: Cipher, row: Row) -> Incident:
    return Incident(
        row["id"],
        cipher.open(row["title"], TITLE),
        row["category"],
        row["country"],
        row["status"],
        row["opened_by"],
        row["opened_at"],
        row["merged_into"],
    )


def _statement(cipher: Cipher, row: Row) -> Statement:
    return Statement(
        row["id"],
        cipher.open(row["body"], BODY),
        row["author_id"],
        row["author_name"],
        row["written_at"],
        row["approved_by_name"],
        row["approved_at"],
        row["withdrawn_at"],
        row["pending"],
        row["sent"],
        tuple((int(case_id), why) for case_id, why in zip(row["held_cases"], row["held_why"], strict=True)),
        row["left_out"],
    )
