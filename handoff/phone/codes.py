"""Six digits that an agent reads out, and that a caller types at ``/locate``: they open the case's consented location page, once.

Six digits can be searched, so few are live at a time, each lives for minutes, and wrong tries are counted per address and over all, in the
database, for all web processes together. While the count is full even the right digits are refused: the place is then told in words.
"""

from __future__ import annotations

from datetime import timedelta

from accounts.schemas import Staff
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher, hash_token
from core.db import Connection
from core.errors import AppError
from core.logging import get
from core.settings import settings
from handoff import location
from handoff.access import access_writable_case
from handoff.phone import repository, rules
from handoff.phone.schemas import IssuedCode, Redeemed, Refused
from handoff.records import consent_service
from handoff.streams import case_stream

log = get(__name__)
ATTEMPTS = 20


def code_hash(cipher: Cipher, digits: str) -> str:
    """What is stored of a code: keyed, since a million plain hashes are searched in a second."""
    return cipher.pseudonym(f"locate-code:{digits}")


async def issue(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, *, address: str = "") -> IssuedCode:
    """A new code for a case that the person may write to; it ends the case's old one, and the page that one has opened unless a device has consented.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` for a case that is over, ``guardian_refused``, or ``too_many_codes``.
    """
    await repository.lock_codes(tx)
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    await consent_service.check_ask(tx, cipher, row)
    at = clock_now()
    await repository.end_codes(tx, case_id, at)
    if await repository.live_codes(tx, at) >= rules.MAX_LIVE_CODES:
        raise AppError("too_many_codes")
    expires_at = at + timedelta(minutes=settings().locate_code_minutes)
    for _ in range(ATTEMPTS):
        digits = rules.new_digits()
        if await repository.insert_code(tx, code_hash(cipher, digits), case_id, staff.id, expires_at):
            await events.append(tx, case_stream(case_id), "code_issued", {"case_id": case_id, "staff_id": staff.id, "expires_at": expires_at.isoformat()})
            await audit.record(tx, staff.login, address, "location.code", case_id, subject=cipher.pseudonym(row["conversation_id"]))
            return IssuedCode(digits, expires_at)
    raise AppError("internal", "no free code was found")


async def redeem(tx: Connection, cipher: Cipher, typed: str, address: str) -> Redeemed | Refused:
    """Whether the digits open a page. The caller commits whatever the answer is, since the wrong try is in the transaction."""
    digits = rules.typed_digits(typed)
    if digits is None:  # cannot be a code, so it tells nobody anything
        return Refused("wrong_code")
    who, at = cipher.pseudonym(f"locate-try:{rules.network(address)}"), clock_now()
    if (full := await _full(tx, who)) is not None:  # a flood is turned away before it queues for the lock
        return Refused(full)
    await repository.lock_codes(tx)
    if (full := await _full(tx, who)) is not None:
        return Refused(full)
    found = await repository.use_code(tx, code_hash(cipher, digits), at)
    if found is None:
        await repository.keep_try(tx, who, at, at - rules.TRIES_COUNT_FOR)
        return Refused("wrong_code")
    token = await location.request_link(tx, found["conversation_id"], found["case_id"])
    await repository.set_link(tx, found["id"], hash_token(token))
    await events.append(tx, case_stream(found["case_id"]), "code_used", {"case_id": found["case_id"]})
    return Redeemed(token)


async def _full(tx: Connection, who: str) -> str | None:
    at = clock_now()
    full = rules.refusal(*await repository.tries(tx, who, at - rules.ADDRESS_TRIES_COUNT_FOR, at - rules.TRIES_COUNT_FOR))
    if full == "codes_paused":
        log.warning("locate_codes_paused")
    return full


async def are_paused(connection: Connection) -> bool:
    """Whether codes are refused to everybody at the moment, for the desk that would read one out."""
    at = clock_now()
    return rules.refusal(*await repository.tries(connection, "", at, at - rules.TRIES_COUNT_FOR)) is not None
