"""A carrier spoken to directly, by SMPP 3.4: texts both ways, and receipts of delivery."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smpplib import consts

from bot.channels.contract import Refused, Retry, Sent
from bot.channels.sms.alphabets import Alphabet, from_gsm7, parts
from bot.channels.sms.carrier import Fate, Outcome, Submission, Text
from bot.channels.sms.numbers import e164
from bot.channels.sms.smpp_session import Address, NotBound, Received, Session

_CODING = {Alphabet.GSM7: 0x00, Alphabet.UCS2: 0x08}
_THROTTLED = (consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL)
_HAS_HEADER = 0x40
_IS_RECEIPT = 0x04
_INTERNATIONAL, _ISDN, _ALPHANUMERIC = 1, 1, 5
_FATES = {"DELIVRD": Fate.DELIVERED, "EXPIRED": Fate.FAILED, "DELETED": Fate.FAILED, "UNDELIV": Fate.FAILED, "REJECTD": Fate.FAILED}


class Smpp:
    """One account at a carrier's centre. Nothing is sent while :meth:`run` does not hold the line."""

    name = "smpp"
    knows_keys = False
    batch = 1
    speaks_euc_kr = False

    def __init__(self, address: Address, sender: str, received: Received) -> None:
        self.session = Session(address, received)
        self._sender = sender.lstrip("+")
        self._sender_ton = _INTERNATIONAL if sender.startswith("+") else 0 if sender.isdigit() else _ALPHANUMERIC

    async def submit(self, texts: Sequence[Text]) -> list[Submission]:
        """Each text in as many messages as it takes, in order."""
        return [await self._submit(text) for text in texts]

    async def _submit(self, text: Text) -> Submission:
        messages, alphabet = parts(text.words)
        reference = ""
        for place, octets in enumerate(messages, 1):
            pdu = self.session.pdu(
                "submit_sm",
                source_addr_ton=self._sender_ton,
                source_addr_npi=_ISDN if self._sender_ton == _INTERNATIONAL else 0,
                source_addr=self._sender,
                dest_addr_ton=_INTERNATIONAL,
                dest_addr_npi=_ISDN,
                destination_addr=text.to.international,
                short_message=octets,
                data_coding=_CODING[alphabet],
                esm_class=_HAS_HEADER if len(messages) > 1 else 0,
                # The last is the one whose receipt is asked for: a telephone shows a long text once it has all of it.
                registered_delivery=1 if place == len(messages) else 0,
            )
            try:
                answer = await self.session.ask(pdu)
            except NotBound:
                return Submission(Retry("unreachable", is_unknown=place > 1))
            except (TimeoutError, OSError):
                return Submission(Retry("timeout", is_unknown=True))
            if answer.is_error():
                return Submission(Retry("rate", 2.0, is_unknown=place > 1) if answer.status in _THROTTLED else Refused(f"smpp_{answer.status:#x}"))
            reference = _text(getattr(answer, "message_id", b""))
        return Submission(Sent(), reference)

    async def look_up(self, reference: str) -> Outcome | None:
        """A carrier tells by itself, by receipts."""
        return None

    def was_bound(self) -> bool:
        """Whether the last line stood, so that the next is tried at once."""
        stood, self.session.stood = self.session.stood, False
        return stood

    async def close(self) -> None:
        """Unbind."""
        await self.session.unbind()


@dataclass(frozen=True)
class Arrived:
    """A text of somebody, or a part of one: ``place`` of ``total`` under the sender's ``reference``."""

    number: str = field(repr=False)
    words: str = field(repr=False)
    reference: int = 0
    total: int = 1
    place: int = 1


def read(pdu: Any) -> Arrived | Outcome:
    """What a ``deliver_sm`` brings: a text, or the receipt of one of ours."""
    octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
    if pdu.esm_class & 0x3C == _IS_RECEIPT:
        return _receipt(octets.decode("latin-1"), _text(getattr(pdu, "receipted_message_id", "") or ""))
    reference, total, place = (getattr(pdu, name, None) or 0 for name in ("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum"))
    if pdu.esm_class & _HAS_HEADER and octets:
        header, octets = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
        reference, total, place = _concatenation(header) or (reference, total, place)
    if not (total > 1 and 1 <= place <= total):
        reference, total, place = 0, 1, 1
    source = _text(pdu.source_addr)
    number = e164(source, is_international=pdu.source_addr_ton == _INTERNATIONAL) or source
    return Arrived(number, words_of(octets, pdu.data_coding), reference, total, place)


def words_of(octets: bytes, coding: int) -> str:
    """The words of octets; what a coding does not allow is shown as it can be, since a text that is hard to read is still a call for help."""
    if coding == 0x08:
        return octets.decode("utf-16-be", "replace")
    if coding in (0x01, 0x03):
        return octets.decode("latin-1")
    if coding == 0x0E or coding in (0x84, 0x94):  # as Korean carriers give it
        return octets.decode("cp949", "replace")
    return from_gsm7(octets)


def _receipt(text: str, reference: str) -> Outcome:
    given = re.search(r"id:(\S+)", text)
    state = re.search(r"stat:(\w+)", text)
    error = re.search(r"err:(\w+)", text)
    name = state.group(1).upper() if state else ""
    fate = _FATES.get(name, Fate.UNDERWAY)
    why = f"{name.lower()}_{error.group(1)}" if error else name.lower()
    return Outcome(reference or (given.group(1) if given else ""), fate, why[:40] if fate is Fate.FAILED else "")


def _concatenation(header: bytes) -> tuple[int, int, int] | None:
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        field_ = header[at + 2 : at + 2 + size]
        if kind == 0x00 and len(field_) == 3:
            return field_[0], field_[1], field_[2]
        if kind == 0x08 and len(field_) == 4:
            return int.from_bytes(field_[:2], "big"), field_[2], field_[3]
        at += 2 + size
    return None


def _text(value: bytes | str) -> str:
    return (value.decode("latin-1") if isinstance(value, bytes) else value).rstrip("\0").strip()
