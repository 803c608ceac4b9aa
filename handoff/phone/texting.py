"""Sending a caller the location link by SMS: a port, without which desks say that it is not set up."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from accounts.schemas import Staff
from conversation import guarding
from core import audit
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.settings import Settings
from handoff import location
from handoff.access import access_writable_case
from handoff.phone import service
from handoff.records import consent_service

TEXT = "영사안전콜센터입니다. 아래 주소를 열고 동의하시면 계신 곳을 상담관이 봅니다. {url}"


class Texting(Protocol):
    """Whoever can send an SMS."""

    async def send(self, number: str, text: str) -> bool:
        """Whether the message was taken on; ``number`` is E.164."""
        ...


@runtime_checkable
class TextingLinks(Protocol):
    """Whoever has a better way for a link than an SMS, and learns whether it arrived."""

    async def send_link(self, number: str, text: str, url: str, conversation_id: str) -> bool:
        """Whether the message was taken on; ``text`` is the SMS with the address in it, ``conversation_id`` whom to tell if it does not arrive."""
        ...


_ports: list[Texting] = []


def connect(port: Texting | None) -> None:
    """Let messages go out through ``port`` from now on; None: through nothing."""
    _ports[:] = [] if port is None else [port]


def port_of(settings: Settings) -> Texting | None:
    """Through what a link may be sent; None: not set up, or switched off."""
    return _ports[0] if settings.locate_sms and _ports else None


async def send_link(db: Database, cipher: Cipher, settings: Settings, case_id: int, staff: Staff, public_url: str, *, address: str = "") -> bool:
    """Send the caller the link of the location page. No transaction is open while the service thinks.

    Raises:
        AppError: ``sms_not_configured``, ``bad_phone`` when no number is known, ``guarded_no_sms``, ``guardian_refused``, ``not_found`` or
            ``not_owner``.
    """
    port = port_of(settings)
    if port is None:
        raise AppError("sms_not_configured")
    async with db.transaction() as tx:
        row = await access_writable_case(tx, case_id, staff, lock=True)
        if await guarding.is_guarded(tx, row["conversation_id"]):
            raise AppError("guarded_no_sms")
        await consent_service.check_ask(tx, cipher, row)
        caller = await service.caller_card(tx, cipher, row)
        if caller is None or not caller.number:
            raise AppError("bad_phone")
        token = await location.request_link(tx, row["conversation_id"], case_id, cipher)
        await audit.record(tx, staff.login, address, "location.sms", case_id, subject=cipher.pseudonym(row["conversation_id"]))
    url = f"{public_url}/locate/{token}"
    if isinstance(port, TextingLinks):
        return await port.send_link(caller.number, TEXT.format(url=url), url, row["conversation_id"])
    return await port.send(caller.number, TEXT.format(url=url))
