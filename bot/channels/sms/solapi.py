"""Solapi (CoolSMS): short messages, signed with HMAC."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from bot.channels.contract import Refused, Retry, Sent
from bot.channels.sms.carrier import TIMEOUT, Fate, Outcome, Submission, Text, get, of_status, post
from bot.channels.sms.nhn import part, said_of
from core.clock import now

#: Codes of messages: 2… taken, 3000 handed to the telephone company, 4000 delivered, all others failed.
DELIVERED = "4000"
HANDED_ON = "3000"


def signature(secret: str, date: str, salt: str) -> str:
    """Over the date and the salt, in hexadecimal."""
    return hmac.new(secret.encode(), (date + salt).encode(), hashlib.sha256).hexdigest()


class Solapi:
    """One API key."""

    name = "solapi"
    knows_keys = False
    batch = 1
    speaks_euc_kr = True

    def __init__(
        self, key: str, secret: str, sender: str, url: str, transport: httpx.AsyncBaseTransport | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        self._key = key
        self._secret = secret
        self._sender = sender
        self._clock = clock
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT, follow_redirects=False, transport=transport)

    def _headers(self) -> dict[str, str]:
        date, salt = self._clock().isoformat(timespec="seconds"), secrets.token_hex(16)
        return {"Authorization": f"HMAC-SHA256 ApiKey={self._key}, Date={date}, salt={salt}, signature={signature(self._secret, date, salt)}"}

    async def submit(self, texts: Sequence[Text]) -> list[Submission]:
        """One request for each text."""
        return [await self._submit(text) for text in texts]

    async def _submit(self, text: Text) -> Submission:
        message = {"to": text.to.national, "from": self._sender, "text": text.words, "country": str(text.to.country_code), "type": "SMS"}
        answer = await post(self._client, "/messages/v4/send", {"message": message}, self._headers())
        if isinstance(answer, Retry):
            return Submission(answer)
        if (refusal := of_status(answer)) is not None:
            return Submission(refusal)
        said = said_of(answer)
        code = str(said.get("statusCode") or "")
        if not code:
            return Submission(Retry("no_answer", is_unknown=True))
        return Submission(Sent(), str(said.get("messageId") or "")) if code.startswith("2") else Submission(Refused(f"solapi_{code}"[:40]))

    async def look_up(self, reference: str) -> Outcome | None:
        """Ask for one message in the list."""
        said = await get(self._client, "/messages/v4/list", self._headers(), {"messageId": reference})
        if said is None:
            return None
        return outcome_of({**part(part(said, "messageList"), reference), "messageId": reference})

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def outcome_of(message: Mapping[str, Any]) -> Outcome:
    """The fate by ``statusCode``."""
    code = str(message.get("statusCode") or "")
    if code == DELIVERED:
        return Outcome(str(message["messageId"]), Fate.DELIVERED)
    fate = Fate.UNDERWAY if not code or code.startswith("2") or code == HANDED_ON else Fate.FAILED
    return Outcome(str(message["messageId"]), fate, f"solapi_{code}"[:40] if fate is Fate.FAILED else "")


def outcomes(content: Sequence[Any]) -> list[Outcome]:
    """What a report tells: an array of events, of which those that lack what they must have are passed over."""
    found = [part(event, "data") for event in content if isinstance(event, Mapping)]
    return [outcome_of(data) for data in found if isinstance(data.get("messageId"), str) and data["messageId"]]
