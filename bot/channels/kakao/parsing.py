"""From a skill request to what the person has said. Pure.

Kakao adds fields at any time and leaves others out, so nothing is required but the person's key; what is not of its type counts as not there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels.contract import DANGER
from bot.channels.kakao.content import attachments
from bot.channels.words import WORDS, means_danger
from conversation.schemas import Attachment, Inbound, InboundKind

NAME = "kakao"
MAX_KEY_CHARS = 200
MAX_CHOICE_CHARS = 80
FILE = "(사진)"


@dataclass(frozen=True)
class Context:
    """A context of the bot; Kakao writes its life both as ``lifespan`` and as ``lifeSpan``."""

    name: str
    lifespan: int
    ttl: int
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One skill request."""

    user: str = field(repr=False)
    utterance: str = field(repr=False)
    choice: str
    language: str
    callback_url: str = field(repr=False)
    is_friend: bool
    is_group: bool
    contexts: tuple[Context, ...] = ()
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)

    def inbound(self, event_id: str) -> Inbound | None:
        """What goes through the door under a number of ours, since Kakao gives none; None where nothing was said."""
        words = self.utterance.strip()
        if self.choice == DANGER or means_danger(words):
            return Inbound(NAME, event_id, "", InboundKind.DANGER, text=words, visitor=self.user)
        if self.choice:
            return Inbound(NAME, event_id, "", InboundKind.CHOICE, text=words, choice=self.choice, visitor=self.user)
        if self.attachments and (not words or any(one.reference == words for one in self.attachments)):
            return Inbound(NAME, event_id, "", InboundKind.FILE, text=FILE, visitor=self.user, attachments=self.attachments)
        return Inbound(NAME, event_id, "", InboundKind.TEXT, text=self.utterance, visitor=self.user, attachments=self.attachments) if words else None


def asked(content: Mapping[str, Any]) -> Asked | None:
    """The request, or None where it does not say who asks."""
    request = _part(content, "userRequest")
    user, extra = _part(request, "user"), _part(_part(content, "action"), "clientExtra")
    key = _text(user, "id")
    if not key or len(key) > MAX_KEY_CHARS:
        return None
    language = _text(request, "lang").partition("-")[0].lower()
    return Asked(
        user=key,
        utterance=_text(request, "utterance"),
        choice=_text(extra, "choice")[:MAX_CHOICE_CHARS],
        language=language if language in WORDS else "ko",
        callback_url=_text(request, "callbackUrl"),
        is_friend=_part(user, "properties").get("isFriend") is True,
        is_group=bool(_part(request, "chat")),
        contexts=_contexts(content.get("contexts")),
        attachments=attachments(content, _text(request, "utterance")),
    )


def _contexts(given: Any) -> tuple[Context, ...]:
    found = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    return tuple(
        Context(_text(one, "name"), _number(one.get("lifeSpan", one.get("lifespan"))), _number(one.get("ttl")), _part(one, "params"))
        for one in found
        if _text(one, "name")
    )


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = content.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(content: Mapping[str, Any], name: str) -> str:
    text = content.get(name)
    return text if isinstance(text, str) else ""


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) else 0
