"""A signed example of each messenger's webhook, each with other words, and the same made wrong in every way that its platform's rules let one tell."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

import orjson

from bench.sentences import routine, varied
from bot.channels.guard import MAX_BODY_BYTES
from bot.channels.line.signature import sign as line_sign
from bot.channels.wechat.crypto import Envelope
from bot.channels.wechat.crypto import sign as wechat_sign
from bot.channels.wechat.words import UNSURE, later
from core.errors import HOTLINE

_SECRET, _PATH, _HEADER, _TOKEN = (secrets.token_hex(16) for _ in range(4))
_APP, _ACCOUNT, _AES_KEY = "wxbench", "gh_bench", secrets.token_hex(21) + "A"
_ENVELOPE = Envelope(_AES_KEY, _APP)
#: So many are different; then they begin anew.
_TEXTS = 10_000
_INBOX = "SELECT count(*) AS stored FROM inbox WHERE channel = '{channel}'"


@dataclass(frozen=True)
class Hook:
    """One request of a platform."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"


@dataclass(frozen=True)
class Example:
    """How a platform asks, and within how many milliseconds it wants to be answered.

    ``told``: where a wrong one is answered with an error; ``silent``: where the platform must get its 200 and nothing may be stored; where copies can be
    told, a copy must not be stored either. ``stored`` counts in the tables what was taken, and ``prepare`` is run before. ``is_sorry`` knows the answer that
    says that nothing was taken, where the platform must get one that it shows.
    """

    deadline_ms: float
    environment: Callable[[str], dict[str, str]]
    make: Callable[[int], Hook]
    told: dict[str, Callable[[Hook], Hook]]
    silent: dict[str, Callable[[Hook], Hook]]
    stored: str
    tells_copies: bool = True
    prepare: str = ""
    is_sorry: Callable[[bytes], bool] = lambda answer: False
    #: Whether the response carries the answer itself, where the platform's response can.
    has_answer: Callable[[bytes], bool] = lambda answer: False


@lru_cache(maxsize=1)
def _texts() -> list[str]:
    return list(islice(varied(routine()), _TEXTS))


def _text(number: int) -> str:
    return _texts()[number % _TEXTS]


def _line(number: int, age_ms: int = 0) -> Hook:
    event = {
        "type": "message",
        "mode": "active",
        "timestamp": int(time.time() * 1000) - age_ms,
        "source": {"type": "user", "userId": f"U{number:032x}"},
        "webhookEventId": secrets.token_hex(13).upper(),
        "deliveryContext": {"isRedelivery": False},
        "replyToken": secrets.token_hex(16),
        "message": {"type": "text", "id": str(number), "text": _text(number), "quoteToken": "q"},
    }
    return _signed(orjson.dumps({"destination": "U" + "0" * 32, "events": [event]}))


def _signed(raw: bytes) -> Hook:
    return Hook("/channels/line/webhook", raw, {"x-line-signature": line_sign(_SECRET, raw)})


def _kakao(number: int) -> Hook:
    user = {"id": f"bench{number}", "type": "botUserKey", "properties": {"plusfriendUserKey": f"p{number}"}}
    content = {
        "bot": {"id": "bench", "name": "bench"},
        "intent": {"id": "x", "name": "폴백 블록"},
        "userRequest": {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "x", "name": "폴백 블록"},
            "utterance": _text(number),
            "lang": "ko",
            "user": user,
        },
        "action": {"id": "a", "name": "skill", "params": {}, "detailParams": {}, "clientExtra": None},
        "contexts": [],
    }
    return Hook(f"/channels/kakao/skill/{_PATH}", orjson.dumps(content), {"x-skill-secret": _HEADER})


def _wechat(number: int, age_s: int = 0) -> Hook:
    at, nonce = str(int(time.time()) - age_s), secrets.token_hex(5)
    fields = {
        "ToUserName": _ACCOUNT,
        "FromUserName": f"o{number:028d}",
        "CreateTime": at,
        "MsgType": "text",
        "Content": _text(number),
        "MsgId": str(secrets.randbelow(2**63)),
    }
    sealed = _ENVELOPE.seal(("<xml>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</xml>").encode())
    query = f"signature={wechat_sign(_TOKEN, at, nonce)}&timestamp={at}&nonce={nonce}&encrypt_type=aes&msg_signature={wechat_sign(_TOKEN, at, nonce, sealed)}"
    body = f"<xml><ToUserName>{_ACCOUNT}</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
    return Hook(f"/channels/wechat/callback?{query}", body, kind="text/xml")


def _said_on_wechat(answer: bytes) -> str:
    sealed = re.search(rb"<Encrypt><!\[CDATA\[(.+?)\]\]>", answer)
    return _ENVELOPE.open(sealed[1].decode()).decode() if sealed else ""


def _is_sorry_on_wechat(answer: bytes) -> bool:
    return UNSURE.format(hotline=HOTLINE) in _said_on_wechat(answer)


def _has_answer_on_wechat(answer: bytes) -> bool:
    said = _said_on_wechat(answer)
    return bool(said) and later("ko", HOTLINE) not in said and not _is_sorry_on_wechat(answer)


def _sms(number: int) -> Hook:
    """What NHN tells of one text."""
    one = {"hookId": secrets.token_hex(8), "requestId": f"b{number}", "recipientSeq": 1, "recipientNo": "01012345678", "messageStatus": "COMPLETED"}
    content = {"hooksId": secrets.token_hex(8), "productName": "SMS", "appKey": "bench", "event": "MESSAGE_RESULT_UPDATE", "hooks": [one]}
    return Hook("/channels/sms/results/nhn", orjson.dumps(content), {"x-toast-webhook-signature": _HEADER})


def _with_headers(**headers: str) -> Callable[[Hook], Hook]:
    return lambda hook: replace(hook, headers=hook.headers | {name.replace("_", "-"): value for name, value in headers.items()})


def _truncated(hook: Hook) -> Hook:
    return replace(hook, body=hook.body[:-7])


def _oversized(hook: Hook) -> Hook:
    return replace(hook, body=hook.body + b" " * (MAX_BODY_BYTES + 1))


#: By the name of the channel.
EXAMPLES: dict[str, Example] = {
    "line": Example(
        2000.0,
        lambda url: {"GILDONGMU_LINE_CHANNEL_SECRET": _SECRET, "GILDONGMU_LINE_CHANNEL_TOKEN": "bench", "GILDONGMU_LINE_API_URL": url},
        _line,
        {
            "forged": _with_headers(x_line_signature=line_sign("another", b"x")),
            "unsigned": lambda hook: replace(hook, headers={}),
            "truncated": _truncated,
            "truncated_and_signed": lambda hook: _signed(hook.body[:-7]),
            "oversized": _oversized,
        },
        {"stale": lambda hook: _line(1, age_ms=2 * 24 * 3600 * 1000)},
        _INBOX.format(channel="line"),
    ),
    # Kakao gives its requests neither a number nor a time: a copy of one cannot be told from a citizen who repeats the words.
    "kakao": Example(
        5000.0,
        lambda url: {"GILDONGMU_KAKAO_SKILL_SECRET": _PATH, "GILDONGMU_KAKAO_HEADER_SECRET": _HEADER},
        _kakao,
        {
            "forged": _with_headers(x_skill_secret="another"),
            "unsigned": lambda hook: replace(hook, headers={}),
            "wrong_address": lambda hook: replace(hook, path="/channels/kakao/skill/another"),
            "truncated": _truncated,
            "oversized": _oversized,
        },
        {},
        _INBOX.format(channel="kakao"),
        tells_copies=False,
        is_sorry=lambda answer: "지금은 글을 받지 못하고 있습니다".encode() in answer,
        has_answer=lambda answer: "답을 준비하고 있습니다".encode() not in answer and "지금은 글을 받지 못하고 있습니다".encode() not in answer,
    ),
    "wechat": Example(
        5000.0,
        lambda url: {
            "GILDONGMU_WECHAT_APP_ID": _APP,
            "GILDONGMU_WECHAT_APP_SECRET": _SECRET,
            "GILDONGMU_WECHAT_TOKEN": _TOKEN,
            "GILDONGMU_WECHAT_AES_KEY": _AES_KEY,
            "GILDONGMU_WECHAT_ORIGINAL_ID": _ACCOUNT,
            "GILDONGMU_WECHAT_API_URL": url,
        },
        _wechat,
        {
            "forged": lambda hook: replace(hook, path=hook.path.replace("signature=", "signature=0")),
            "forged_content": lambda hook: replace(hook, body=_wechat(0).body),
            "unsigned": lambda hook: replace(hook, path=hook.path.partition("?")[0]),
            "truncated": _truncated,
            "oversized": _oversized,
            "stale": lambda hook: _wechat(0, age_s=3600),
        },
        {},
        _INBOX.format(channel="wechat"),
        is_sorry=_is_sorry_on_wechat,
        has_answer=_has_answer_on_wechat,
    ),
    # What became of texts; texts themselves come in by SMPP, which is no webhook.
    "sms": Example(
        5000.0,
        lambda url: {
            "GILDONGMU_SMS_CARRIER": "nhn",
            "GILDONGMU_SMS_SENDER": "0232100404",
            "GILDONGMU_NHN_SMS_APP_KEY": "bench",
            "GILDONGMU_NHN_SMS_SECRET": _SECRET,
            "GILDONGMU_NHN_SMS_URL": url,
            "GILDONGMU_NHN_WEBHOOK_SIGNATURE": _HEADER,
        },
        _sms,
        {
            "forged": _with_headers(x_toast_webhook_signature="another"),
            "unsigned": lambda hook: replace(hook, headers={}),
            "truncated": _truncated,
            "oversized": _oversized,
        },
        {},
        "SELECT count(*) AS stored FROM text_deliveries WHERE state = 'delivered'",
        prepare="""INSERT INTO text_deliveries (key, carrier, number_hash, alphabet, segments, state, reference, submitted_at)
            SELECT gen_random_uuid(), 'nhn', 'bench', 'euc_kr', 1, 'accepted', 'b' || n || '/1', now() + interval '1 day'
            FROM generate_series(1, 100000) AS n""",
    ),
}
