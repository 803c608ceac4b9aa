"""From LINE's webhook to what has happened. Pure.

Fields may be added at any time and are passed over; an event that lacks what it must have is dropped alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.channels.contract import DANGER
from bot.channels.words import means_danger
from conversation.schemas import Attachment, Inbound, InboundKind, Location, ReplyWindow

NAME = "line"
#: LINE gives a minute from receipt; the rest is for the way.
REPLY_WINDOW = timedelta(seconds=55)
#: LINE delivers again for hours at most; what is older than a day is a recording of something old.
STALE = timedelta(days=1)
FILES = {"image": "사진", "video": "동영상", "audio": "음성", "file": "파일"}
MAX_CHOICE_CHARS = 80


@dataclass(frozen=True)
class Said:
    """A message, a place, a file, or a pressed button."""

    inbound: Inbound
    window: ReplyWindow | None


@dataclass(frozen=True)
class Followed:
    """Somebody has added us, or unblocked us."""

    visitor: str = field(repr=False)
    event_id: str
    window: ReplyWindow | None


@dataclass(frozen=True)
class Unfollowed:
    """Somebody has blocked us."""

    visitor: str = field(repr=False)


@dataclass(frozen=True)
class Unsent:
    """A message was taken back by its writer."""

    platform_id: str


Happening = Said | Followed | Unfollowed | Unsent


def happenings(content: Mapping[str, Any], at: datetime) -> list[Happening]:
    """What a webhook tells of, in order. Nothing of a chat that another module holds (``standby``), and nothing said in groups."""
    events = content.get("events")
    found = [_happening(event, at) for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []
    return [one for one in found if one is not None]


def payload(data: str) -> tuple[str, str]:
    """What a pressed button stands for, and its title; see ``wire.choice_data``."""
    value, _, title = data.partition("\n")
    return value[:MAX_CHOICE_CHARS], title


def _happening(event: Mapping[str, Any], at: datetime) -> Happening | None:
    source, kind = _part(event, "source"), event.get("type")
    visitor, event_id = source.get("userId"), event.get("webhookEventId")
    if event.get("mode", "active") != "active" or source.get("type") != "user" or not (isinstance(visitor, str) and visitor):
        return None
    timestamp = event.get("timestamp")
    if isinstance(timestamp, int) and timestamp < (at - STALE).timestamp() * 1000:
        return None
    if kind == "unfollow":
        return Unfollowed(visitor)
    if kind == "unsend":
        withdrawn = _part(event, "unsend").get("messageId")
        return Unsent(str(withdrawn)) if withdrawn else None
    if not (isinstance(event_id, str) and event_id):
        return None
    token = event.get("replyToken")
    window = ReplyWindow(at + REPLY_WINDOW, True, "push", token=token) if isinstance(token, str) and token else None
    if kind == "follow":
        return Followed(visitor, event_id, window)
    inbound = None
    if kind in ("message", "messageEdited"):  # what is written anew may say what was not said before, so it is read again
        inbound = _message(_part(event, "message"), visitor, event_id)
    elif kind == "postback":
        inbound = _pressed(event, visitor, event_id)
    return Said(inbound, window) if inbound is not None else None


def _pressed(event: Mapping[str, Any], visitor: str, event_id: str) -> Inbound | None:
    data = _part(event, "postback").get("data")
    if not (isinstance(data, str) and data):
        return None
    value, title = payload(data)
    if value == DANGER:
        return Inbound(NAME, event_id, "", InboundKind.DANGER, text=title, visitor=visitor)
    return Inbound(NAME, event_id, "", InboundKind.CHOICE, text=title, choice=value, visitor=visitor)


def _message(message: Mapping[str, Any], visitor: str, event_id: str) -> Inbound | None:
    kind, number = message.get("type"), str(message.get("id") or "")
    if kind == "text":
        text = message.get("text")
        if not isinstance(text, str) or not text.strip():
            return None
        said = InboundKind.DANGER if means_danger(text) else InboundKind.TEXT
        return Inbound(NAME, event_id, "", said, text=text, visitor=visitor, platform_id=number)
    if kind == "location":
        return _place(message, visitor, event_id, number)
    if kind == "sticker":
        sticker = f"{message.get('packageId', '')}/{message.get('stickerId', '')}"
        if isinstance(words := message.get("text"), str) and words.strip():  # a sticker that its sender has written on
            return Inbound(NAME, event_id, "", InboundKind.DANGER if means_danger(words) else InboundKind.TEXT, text=words, visitor=visitor, platform_id=number)
        return Inbound(NAME, event_id, "", InboundKind.STICKER, text="(스티커)", visitor=visitor, platform_id=number, sticker=sticker)
    if kind in FILES:
        name = str(message.get("fileName") or "")
        size = message.get("fileSize")
        attachment = Attachment(str(kind), number, name=name, size=size if isinstance(size, int) else None)
        words = f"({FILES[kind]}: {name})" if name else f"({FILES[kind]})"
        return Inbound(NAME, event_id, "", InboundKind.FILE, text=words, visitor=visitor, platform_id=number, attachments=(attachment,))
    return None


def _place(message: Mapping[str, Any], visitor: str, event_id: str, number: str) -> Inbound:
    title, address = str(message.get("title") or ""), str(message.get("address") or "")
    words = " ".join(filter(None, (title, address)))
    lat, lon = message.get("latitude"), message.get("longitude")
    if _is_degree(lat, 90) and _is_degree(lon, 180):
        place = Location(float(lat), float(lon), title=title, address=address)  # type: ignore[arg-type]
        return Inbound(NAME, event_id, "", InboundKind.LOCATION, text=words, location=place, visitor=visitor, platform_id=number)
    return Inbound(NAME, event_id, "", InboundKind.TEXT, text=f"(위치를 읽지 못했습니다) {words}".strip(), visitor=visitor, platform_id=number)


def _is_degree(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and -most <= value <= most


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = event.get(name)
    return part if isinstance(part, Mapping) else {}
