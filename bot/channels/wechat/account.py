"""One WeChat account as it is configured, and what its requests must prove before anything of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from bot.channels import guard
from bot.channels.wechat.crypto import Envelope, EnvelopeError, is_signed, sign
from bot.channels.wechat.parsing import fields_of_json, fields_of_xml
from bot.channels.wechat.wire import sealed_json, sealed_xml

#: A signature is believed for this long, on either side of our clock.
FRESH_S = 300
MAX_ECHO_CHARS = 512


@dataclass(frozen=True)
class Account:
    """An official account, or the customer service of a mini-program (whose requests cannot carry an answer).

    ``key``: the EncodingAESKey of the compatible and the safe mode, in which only the encrypted part is believed; empty in plain mode.
    """

    name: str
    path: str
    app_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    key: str = field(default="", repr=False)
    original_id: str = ""
    answers_inline: bool = True

    @cached_property
    def envelope(self) -> Envelope | None:
        """What opens and seals; None in plain mode."""
        return Envelope(self.key, self.app_id) if self.key else None

    def echo(self, query: Mapping[str, str], at: datetime) -> str:
        """What the console wants to read when the address is entered.

        Raises:
            AppError: ``bad_signature``.
        """
        said, signature = query.get("echostr", ""), query.get("msg_signature", "")
        if len(said) > MAX_ECHO_CHARS:
            raise guard.refused(self.name, "bad_signature")
        if not signature or self.envelope is None:
            self._check(query, at)
            return said
        if not is_signed(signature, self.token, *_stamp(query), said):
            raise guard.refused(self.name, "bad_signature")
        self._check_time(query, at)
        return self._opened(self.envelope, said).decode("utf-8", "replace")

    def opened(self, query: Mapping[str, str], raw: bytes, at: datetime) -> bytes:
        """The message, decrypted where the account encrypts.

        Raises:
            AppError: ``bad_signature``, ``bad_xml``, ``bad_json``.
        """
        self._check(query, at)
        if self.envelope is None:
            return raw
        sealed = self.fields(raw).get("Encrypt", "")
        if not sealed or not is_signed(query.get("msg_signature", ""), self.token, *_stamp(query), sealed):
            raise guard.refused(self.name, "bad_signature")
        return self._opened(self.envelope, sealed)

    def fields(self, raw: bytes) -> dict[str, str]:
        """The values of a message, in whichever of the two forms the account has chosen."""
        if raw.lstrip()[:1] == b"{":
            return fields_of_json(guard.json_of(raw, self.name))
        return fields_of_xml(guard.xml_of(raw, self.name))

    def checked_fields(self, message: bytes) -> dict[str, str]:
        """The values of an opened message that was meant for this account.

        Raises:
            AppError: ``bad_signature``, ``bad_xml``, ``bad_json``.
        """
        fields = self.fields(message)
        if self.original_id and fields.get("ToUserName") != self.original_id:
            raise guard.refused(self.name, "wrong_address")
        return fields

    def seal(self, answer: str, nonce: str, at: datetime, *, as_json: bool) -> str:
        """An answer in the account's mode."""
        if self.envelope is None:
            return answer
        sealed, timestamp = self.envelope.seal(answer.encode()), str(int(at.timestamp()))
        around = sealed_json if as_json else sealed_xml
        return around(sealed, sign(self.token, timestamp, nonce, sealed), timestamp, nonce)

    def _check(self, query: Mapping[str, str], at: datetime) -> None:
        if not is_signed(query.get("signature", ""), self.token, *_stamp(query)):
            raise guard.refused(self.name, "bad_signature")
        self._check_time(query, at)

    def _check_time(self, query: Mapping[str, str], at: datetime) -> None:
        stamp = query.get("timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15) or abs(at.timestamp() - int(stamp)) > FRESH_S:
            raise guard.refused(self.name, "stale")

    def _opened(self, envelope: Envelope, sealed: str) -> bytes:
        try:
            return envelope.open(sealed)
        except EnvelopeError as error:
            raise guard.refused(self.name, "wrong_address") from error


def _stamp(query: Mapping[str, str]) -> tuple[str, str]:
    return query.get("timestamp", ""), query.get("nonce", "")
