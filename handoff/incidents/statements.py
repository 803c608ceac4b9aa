"""One statement to everybody of an incident: written by one person, approved by another, said once in each conversation.

It is not said where somebody may be reading along (confinement, coercion, violence at home, detention) nor in drills, and cannot be on the telephone or
in a conversation that is over: those deliveries are held back and shown by case, and the agent of the case sends it if it does no harm there.
"""

from __future__ import annotations

from accounts.schemas import Role, Staff
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, NotOwner
from core import audit, events
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.settings import settings
from handoff.access import access_queue, access_writable_case
from handoff.incidents import repository
from handoff.incidents import statement_repository as deliveries
from handoff.incidents.service import BODY, incident_stream
from handoff.phone.caller import CHANNEL as PHONE
from knowledge_base.crisis_cards import QUIET

KIND = "incident_statement"
#: Deliveries of one round; each is a transaction of its own, so that nobody waits for hundreds.
AT_ONCE = 50
_QUIET = sorted(str(category) for category in QUIET)


async def write(tx: Connection, cipher: Cipher, staff: Staff, incident_id: int, text: str) -> int:
    """Draft a statement; nobody gets it before another person has approved it. Its number.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move``, ``empty_message``, ``too_long``.
    """
    access_queue(staff)
    text = text.strip()
    if not text:
        raise AppError("empty_message")
    if len(text) > settings().max_text_chars:
        raise AppError("too_long")
    await repository.alone(tx)
    incident = await repository.incident(tx, incident_id)
    if incident is None:
        raise AppError("not_found")
    if incident["status"] != "open":
        raise AppError("illegal_move")
    row = await deliveries.insert(tx, incident_id, cipher.seal(text, BODY), staff.id)
    await _tell(tx, incident_id, "statement_written", row["id"], staff_id=staff.id)
    await audit.record(tx, staff.login, "", "incident.statement", detail={"incident": incident_id, "statement": row["id"]})
    return int(row["id"])


async def approve(tx: Connection, staff: Staff, statement_id: int) -> None:
    """A supervisor who has not written it lets it go out to everybody who stands in the incident now. A second press changes nothing.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``second_person``, ``illegal_move``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden")
    await repository.alone(tx)
    row = await _draft(tx, statement_id)
    if row["approved_at"] is not None:
        return
    if row["author_id"] == staff.id:
        raise AppError("own_statement")
    await deliveries.approve(tx, statement_id, staff.id)
    await _tell(tx, row["incident_id"], "statement_approved", statement_id, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "incident.statement_approved", detail={"incident": row["incident_id"], "statement": statement_id})


async def withdraw(tx: Connection, staff: Staff, statement_id: int) -> None:
    """Take a draft back before it is approved: its author, or a supervisor.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``illegal_move`` once it has gone out.
    """
    row = await _draft(tx, statement_id)
    if staff.disabled or not (row["author_id"] == staff.id or staff.has(Role.SUPERVISOR)):
        raise AppError("forbidden")
    if row["approved_at"] is not None:
        raise AppError("illegal_move")
    await deliveries.withdraw(tx, statement_id)
    await _tell(tx, row["incident_id"], "statement_withdrawn", statement_id, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "incident.statement_withdrawn", detail={"incident": row["incident_id"], "statement": statement_id})


async def deliver(db: Database, cipher: Cipher) -> int:
    """Say what was approved where it has not been said; safe in every worker at once. How many deliveries were settled."""
    async with db.read() as connection:
        due = await deliveries.due(connection, AT_ONCE)
    settled = 0
    for one in due:
        async with db.transaction() as tx:
            settled += await _deliver(tx, cipher, one["statement_id"], one["conversation_id"])
    return settled


async def _deliver(tx: Connection, cipher: Cipher, statement_id: int, conversation_id: str) -> int:
    row = await deliveries.lock_due(tx, statement_id, conversation_id, _QUIET)
    if row is None:
        return 0
    why = "drill" if row["synthetic"] else "phone" if row["channel"] == PHONE else "ended" if row["status"] != "open" else "quiet" if row["is_quiet"] else ""
    if not why:
        body = Body(cipher.open(row["body"], BODY), kind=KIND)
        await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, body, client_id=_client_id(statement_id), policy="at_least_once")
    await deliveries.done(tx, statement_id, conversation_id, "held" if why else "sent", why)
    await _tell(tx, row["incident_id"], "statement_held" if why else "statement_sent", statement_id, case_id=row["case_id"], why=why)
    return 1


async def send_held(tx: Connection, cipher: Cipher, staff: Staff, statement_id: int, case_id: int) -> None:
    """The agent of a case sends a statement that was held back there, having judged that it does no harm.

    Raises:
        AppError: ``not_found``, ``not_owner``, or ``illegal_move`` when there is nobody to read it.
    """
    case = await access_writable_case(tx, case_id, staff, lock=True)
    row = await deliveries.lock_held(tx, statement_id, case_id)
    if row is None:
        raise AppError("not_found")
    if row["why"] != "quiet":
        raise AppError("illegal_move", f"held back: {row['why']}")
    body = Body(cipher.open(row["body"], BODY), kind=KIND)
    author = AuthorKind.AGENT if staff.has(Role.AGENT, Role.SUPERVISOR) else AuthorKind.OFFICER
    posted = await conversation.reply(
        tx, cipher, case["conversation_id"], author, body, client_id=_client_id(statement_id), author_id=staff.id, policy="at_least_once"
    )
    if isinstance(posted, NotOwner):
        raise AppError("not_owner")
    await deliveries.done(tx, statement_id, case["conversation_id"], "sent", row["why"], staff.id)
    await _tell(tx, row["incident_id"], "statement_sent", statement_id, case_id=case_id, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "incident.statement_by_hand", case_id, detail={"statement": statement_id})


async def _draft(tx: Connection, statement_id: int) -> deliveries.Row:
    row = await deliveries.statement(tx, statement_id, lock=True)
    if row is None:
        raise AppError("not_found")
    if row["withdrawn_at"] is not None:
        raise AppError("illegal_move")
    return row


def _client_id(statement_id: int) -> str:
    return f"incident-statement-{statement_id}"


async def _tell(tx: Connection, incident_id: int, kind: str, statement_id: int, **payload: object) -> None:
    await events.append(tx, incident_stream(incident_id), kind, {"statement_id": statement_id, **payload})
