"""NHN Cloud AlimTalk v2.3: approved templates to the KakaoTalk of a telephone number, with an SMS where KakaoTalk does not reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid5

import httpx

from bot.channels.contract import Refused, Retry, Sent
from bot.channels.sms.alphabets import DOMESTIC_BYTES
from bot.channels.sms.carrier import TIMEOUT, Fate, Outcome, Submission, Text, get, of_status, post
from bot.channels.sms.nhn import header_result, part, recipient_result, said_of
from conversation.schemas import TextUnit

MOST = 1000
#: Over the message that goes in its place when that is too long for an SMS.
TITLE = "영사안전콜센터"
#: The same key within ten minutes: the first request was taken.
_REPEATED = -1005
_SMS_UNDERWAY = ("RSC02", "RSC03")
_SMS_ARRIVED = "RSC04"


class NhnAlimTalk:
    """One sender profile. All texts of one request must be of one template."""

    name = "nhn_alimtalk"
    knows_keys = True
    batch = MOST
    speaks_euc_kr = True

    def __init__(self, app_key: str, secret: str, sender_key: str, sms_sender: str, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._path = f"/alimtalk/v2.3/appkeys/{app_key}/messages"
        self._sender_key = sender_key
        self._sms_sender = sms_sender
        self._headers = {"X-Secret-Key": secret}
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT, follow_redirects=False, transport=transport)

    async def submit(self, texts: Sequence[Text]) -> list[Submission]:
        """One request for all; each recipient's own code says what became of theirs."""
        codes = {text.template.code if text.template else "" for text in texts}
        if len(codes) != 1 or "" in codes or len(texts) > MOST:
            return [Submission(Refused("no_template")) for _ in texts]
        content = {"senderKey": self._sender_key, "templateCode": codes.pop(), "recipientList": [self._recipient(text) for text in texts]}
        answer = await post(self._client, self._path, content, self._headers | {"X-NC-API-IDEMPOTENCY-KEY": _key(texts)})
        if isinstance(answer, Retry):
            return [Submission(answer) for _ in texts]
        if (refusal := of_status(answer)) is not None:
            return [Submission(refusal) for _ in texts]
        said = said_of(answer)
        if part(said, "header").get("resultCode") == _REPEATED:
            return [Submission(Sent()) for _ in texts]
        if (wrong := header_result(said)) is not None:
            return [Submission(wrong) for _ in texts]
        message = part(said, "message")
        results = message.get("sendResults")
        by_place = {int(r["recipientSeq"]): r for r in results if _has_place(r)} if isinstance(results, list) else {}
        return [recipient_result(by_place.get(place, {}), message.get("requestId")) for place in range(1, len(texts) + 1)]

    def _recipient(self, text: Text) -> dict[str, Any]:
        assert text.template is not None  # noqa: S101  (asked before)
        content: dict[str, Any] = {"recipientNo": text.to.national if text.to.is_domestic else text.to.international}
        content["templateParameter"] = dict(text.template.parameters)
        if text.template.fallback:
            content["resendParameter"] = {
                "isResend": True,
                "resendType": "LMS" if text.to.is_domestic and TextUnit.EUC_KR.length(text.template.fallback) > DOMESTIC_BYTES else "SMS",
                "resendTitle": TITLE,
                "resendContent": text.template.fallback,
                "resendSendNo": self._sms_sender,
            }
        else:
            content["resendParameter"] = {"isResend": False}
        return content

    async def look_up(self, reference: str) -> Outcome | None:
        """Ask for the result of one recipient."""
        said = await get(self._client, f"{self._path}/{reference}", self._headers, {})
        return outcome_of(reference, part(said, "message")) if said is not None else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def outcome_of(reference: str, message: Mapping[str, Any]) -> Outcome:
    """The fate by ``resultCode`` once there is one, else by ``messageStatus``; where KakaoTalk did not reach, by the fate of the SMS that went instead."""
    code, status, instead = str(message.get("resultCode") or ""), str(message.get("messageStatus") or ""), str(message.get("resendStatus") or "")
    if code == "MRC01" or (not code and status == "COMPLETED") or instead == _SMS_ARRIVED:
        return Outcome(reference, Fate.DELIVERED)
    if instead in _SMS_UNDERWAY or not (code or status in ("FAILED", "CANCEL")):
        return Outcome(reference, Fate.UNDERWAY)
    return Outcome(reference, Fate.FAILED, str(message.get("resendResultCode") or code or status)[:40])


def _key(texts: Sequence[Text]) -> str:
    """The same for the same texts in the same order."""
    key = texts[0].key
    for text in texts[1:]:
        key = uuid5(key, str(text.key))
    return str(key)


def _has_place(result: Any) -> bool:
    return isinstance(result, Mapping) and isinstance(result.get("recipientSeq"), int)
