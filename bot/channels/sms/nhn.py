"""NHN Cloud SMS v3.0: short messages to Korean numbers, and to numbers elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from bot.channels.contract import Refused, Retry, SendResult, Sent
from bot.channels.sms.carrier import TIMEOUT, Fate, Outcome, Submission, Text, get, of_status, post

#: One request carries one text for all its recipients; ours differ.
MOST = 1
_WRONG_KEYS = (-1000, -1001)


class NhnSms:
    """One app key of NHN's SMS service."""

    name = "nhn"
    knows_keys = False
    batch = MOST
    speaks_euc_kr = True

    def __init__(self, app_key: str, secret: str, sender: str, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._path = f"/sms/v3.0/appKeys/{app_key}/sender/sms"
        self._sender = sender
        self._headers = {"X-Secret-Key": secret}
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT, follow_redirects=False, transport=transport)

    async def submit(self, texts: Sequence[Text]) -> list[Submission]:
        """One request for each text."""
        return [await self._submit(text) for text in texts]

    async def _submit(self, text: Text) -> Submission:
        answer = await post(self._client, self._path, {"body": text.words, "sendNo": self._sender, "recipientList": [recipient(text)]}, self._headers)
        if isinstance(answer, Retry):
            return Submission(answer)
        if (refusal := of_status(answer)) is not None:
            return Submission(refusal)
        said = said_of(answer)
        if (wrong := header_result(said)) is not None:
            return Submission(wrong)
        data = part(part(said, "body"), "data")
        results = data.get("sendResultList")
        return recipient_result(results[0] if isinstance(results, list) and results else {}, data.get("requestId"))

    async def look_up(self, reference: str) -> Outcome | None:
        """Ask for the result of one recipient."""
        request, _, sequence = reference.partition("/")
        said = await get(self._client, f"{self._path}/{request}", self._headers, {"recipientSeq": sequence})
        return outcome_of(reference, part(part(said or {}, "body"), "data")) if said is not None else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def recipient(text: Text) -> dict[str, str]:
    """The recipient's fields."""
    if text.to.is_domestic:
        return {"recipientNo": text.to.national, "countryCode": "82"}
    return {"internationalRecipientNo": text.to.international}


def said_of(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of an answer, empty for anything else."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, Mapping) else {}


def part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside an object, empty where there is none."""
    inside = content.get(name)
    return inside if isinstance(inside, Mapping) else {}


def header_result(said: Mapping[str, Any]) -> SendResult | None:
    """What the header refuses for all; None: each recipient's own result counts."""
    header = part(said, "header")
    if not header:
        return Retry("no_answer", is_unknown=True)
    if header.get("isSuccessful") is True:
        return None
    code = header.get("resultCode")
    return Retry("unauthorised", 30.0) if code in _WRONG_KEYS else Refused(f"nhn_{code}" if isinstance(code, int) else "nhn")


def recipient_result(result: Any, request: Any) -> Submission:
    """What one recipient's result says: a header that succeeds says nothing of the recipient."""
    if not isinstance(result, Mapping) or not isinstance(result.get("resultCode"), int):
        return Submission(Retry("no_answer", is_unknown=True))
    if result["resultCode"] != 0:
        return Submission(Refused(f"nhn_{result['resultCode']}"))
    return Submission(Sent(), f"{request}/{result.get('recipientSeq', 1)}" if request else "")


_FATES = {"COMPLETED": Fate.DELIVERED, "FAILED": Fate.FAILED, "CANCEL": Fate.FAILED, "DUPLICATED": Fate.FAILED}
_RECEIPTS = {"DELIVERED": Fate.DELIVERED, "EXPIRED": Fate.FAILED, "FAILED": Fate.FAILED, "REJECTED": Fate.FAILED}


def outcome_of(reference: str, message: Mapping[str, Any]) -> Outcome:
    """The fate by ``messageStatus``, or by the receipt of a carrier abroad (``dlrStatus``), which knows better."""
    receipt, status = str(message.get("dlrStatus") or ""), str(message.get("messageStatus") or "")
    fate = _RECEIPTS.get(receipt, Fate.UNDERWAY) if receipt else _FATES.get(status, Fate.UNDERWAY)
    return Outcome(reference, fate, str(message.get("resultCode") or receipt or status)[:40] if fate is Fate.FAILED else "")
