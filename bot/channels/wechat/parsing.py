"""From WeChat's XML or JSON to what has happened. Pure.

Fields may be added at any time and are passed over; what lacks what it must have has not happened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from bot.channels.contract import DANGER
from bot.channels.words import means_danger
from bot.phrases import PERSON
from conversation.schemas import Attachment, Inbound, InboundKind, Location, ReplyWindow

#: What the platform allows through its customer-service interface: messages, time, and the name under which we count.
#: A little is kept back, since its clock starts before ours.
SAID = (5, timedelta(hours=48) - timedelta(minutes=1), "message")
MENU = (3, timedelta(seconds=55), "menu")
ENTERED = (2, timedelta(seconds=55), "session")
FILES = {"image": "사진", "voice": "음성", "video": "동영상", "shortvideo": "동영상", "file": "파일"}
DANGER_TITLE, PERSON_TITLE = "지금 위험해요", "상담관과 이야기"
MAX_CHOICE_CHARS = 80


@dataclass(frozen=True)
class Said:
    """A message, a place, a file, or a pressed menu entry."""

    inbound: Inbound
    window: ReplyWindow


@dataclass(frozen=True)
class Entered:
    """Somebody follows the account, or has opened the customer service of the mini-program."""

    visitor: str = field(repr=False)
    event_id: str
    window: ReplyWindow


@dataclass(frozen=True)
class Left:
    """Somebody does not follow the account any more."""

    visitor: str = field(repr=False)


@dataclass(frozen=True)
class Moved:
    """The platform tells where somebody is who allowed it; nothing may be answered."""

    visitor: str = field(repr=False)
    location: Location = field(repr=False)


Happening = Said | Entered | Left | Moved


def fields_of_xml(root: Element) -> dict[str, str]:
    """The values under the root; what is nested further we do not use."""
    return {child.tag: child.text or "" for child in root if len(child) == 0}


def fields_of_json(content: Mapping[str, Any]) -> dict[str, str]:
    """The values of a mini-program's JSON, in the one form that is read below."""
    return {name: _written(value) for name, value in content.items() if isinstance(value, str | int | float) and not isinstance(value, bool)}


def happening(channel: str, fields: Mapping[str, str], at: datetime, pseudonym: Callable[[str], str]) -> Happening | None:
    """What a push tells of. ``pseudonym`` hides the person's id in the number of an event, which has none of its own."""
    visitor, kind = fields.get("FromUserName", ""), fields.get("MsgType", "")
    if not visitor or not kind:
        return None
    if kind == "event":
        return _event(channel, fields, visitor, at, pseudonym)
    number = fields.get("MsgId", "")
    if not number:
        return None
    inbound = _message(channel, fields, visitor, kind, number)
    return Said(inbound, _window(SAID, at)) if inbound is not None else None


def _event(channel: str, fields: Mapping[str, str], visitor: str, at: datetime, pseudonym: Callable[[str], str]) -> Happening | None:
    name, key, created = fields.get("Event", ""), fields.get("EventKey", ""), fields.get("CreateTime", "")
    event_id = "event-" + pseudonym("\n".join((visitor, created, name, key)))
    if name == "subscribe":
        return Entered(visitor, event_id, _window(MENU, at))
    if name == "user_enter_tempsession":
        return Entered(visitor, event_id, _window(ENTERED, at))
    if name == "unsubscribe":
        return Left(visitor)
    if name == "LOCATION":
        place = _place(fields.get("Latitude"), fields.get("Longitude"), accuracy=fields.get("Precision"), fixed_at=_moment(created))
        return Moved(visitor, place) if place is not None else None
    if name == "CLICK" and key == DANGER:
        return Said(Inbound(channel, event_id, "", InboundKind.DANGER, text=DANGER_TITLE, visitor=visitor), _window(MENU, at))
    if name == "CLICK" and key:
        title = PERSON_TITLE if key == PERSON else key
        choice = Inbound(channel, event_id, "", InboundKind.CHOICE, text=title, choice=key[:MAX_CHOICE_CHARS], visitor=visitor)
        return Said(choice, _window(MENU, at))
    return None  # VIEW opens a page of ours; receipts and the like change nothing


def _message(channel: str, fields: Mapping[str, str], visitor: str, kind: str, number: str) -> Inbound | None:
    def said(what: InboundKind, words: str, **values: Any) -> Inbound:
        return Inbound(channel, f"message-{number}", "", what, text=words, visitor=visitor, platform_id=number, **values)

    if kind == "text":
        words = fields.get("Content", "")
        if means_danger(words):  # a mini-program has no menu, and so no button
            return said(InboundKind.DANGER, words)
        return said(InboundKind.TEXT, words) if words.strip() else None
    if kind == "location":
        place = _place(fields.get("Location_X"), fields.get("Location_Y"), address=fields.get("Label", ""))
        if place is None:
            return said(InboundKind.TEXT, f"(위치를 읽지 못했습니다) {fields.get('Label', '')}".strip())
        return said(InboundKind.LOCATION, place.address, location=place)
    if kind == "link":
        return said(InboundKind.TEXT, " ".join(filter(None, (fields.get("Title", ""), fields.get("Url", "")))) or "(링크)")
    if kind in FILES:
        attachment = Attachment(kind, fields.get("MediaId", ""), media_type=fields.get("Format", ""))
        heard = fields.get("Recognition", "").strip()  # what the platform's speech recognition understood, if it is on
        if heard:
            return said(InboundKind.TEXT, f"({FILES[kind]}) {heard}", attachments=(attachment,))
        return said(InboundKind.FILE, f"({FILES[kind]})", attachments=(attachment,))
    return said(InboundKind.FILE, f"(미니 프로그램: {fields['Title']})" if fields.get("Title") else "(읽을 수 없는 종류의 메시지)")


def _place(lat: str | None, lon: str | None, *, accuracy: str | None = None, address: str = "", fixed_at: datetime | None = None) -> Location | None:
    latitude, longitude = _number(lat), _number(lon)
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    radius = _number(accuracy)
    return Location(latitude, longitude, radius if radius is not None and radius >= 0 else None, fixed_at, address=address)


def _window(allowed: tuple[int, timedelta, str], at: datetime) -> ReplyWindow:
    messages, lasts, name = allowed
    return ReplyWindow(at + lasts, False, name, messages=messages)


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)
