"""A signed example of each messenger's webhook, and the same made wrong in every way that its platform's rules let one tell."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import orjson

from bot.channels.guard import MAX_BODY_BYTES
from bot.channels.line.signature import sign as line_sign

_SECRET, _PATH, _HEADER = (secrets.token_hex(16) for _ in range(3))


@dataclass(frozen=True)
class Hook:
    """One request of a platform."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """How a platform asks, and within how many milliseconds it wants to be answered.

    ``told``: where a wrong one is answered with an error; ``silent``: where the platform must get its 200 and nothing may be stored.
    """

    deadline_ms: float
    environment: Callable[[str], dict[str, str]]
    make: Callable[[int], Hook]
    told: dict[str, Callable[[Hook], Hook]]
    silent: dict[str, Callable[[Hook], Hook]]


def _line(number: int, age_ms: int = 0) -> Hook:
    event = {
        "type": "message",
        "mode": "active",
        "timestamp": int(time.time() * 1000) - age_ms,
        "source": {"type": "user", "userId": f"U{number:032x}"},
        "webhookEventId": secrets.token_hex(13).upper(),
        "deliveryContext": {"isRedelivery": False},
        "replyToken": secrets.token_hex(16),
        "message": {"type": "text", "id": str(number), "text": "여권을 잃어버렸어요. 어떻게 하나요?", "quoteToken": "q"},
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
            "utterance": "여권을 잃어버렸어요. 어떻게 하나요?",
            "lang": "ko",
            "user": user,
        },
        "action": {"id": "a", "name": "skill", "params": {}, "detailParams": {}, "clientExtra": None},
        "contexts": [],
    }
    return Hook(f"/channels/kakao/skill/{_PATH}", orjson.dumps(content), {"x-skill-secret": _HEADER})


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
    ),
}
