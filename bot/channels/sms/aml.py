"""A telephone's own place in an SMS by Advanced Mobile Location (ETSI TS 103 625). Pure.

Telephones send it by themselves on a call to an emergency number; a centre that is one may hand it on to us. What names the subscriber or the
telephone (``si``, ``ei``) is dropped unread. A published sample gives a wrong length (``ml``), so that it is not believed.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from conversation.schemas import Location

_BEGIN = 'A"ML=1;'
_FIX = re.compile(r"[+-]?\d{1,3}\.\d{1,8}\Z")


def place_of(text: str) -> Location | None:
    """The place that an AML message gives; None when the text is none, or gives none that can be believed."""
    if not text.startswith(_BEGIN):
        return None
    given: dict[str, str] = dict(field.partition("=")[::2] for field in text[len(_BEGIN) :].split(";"))
    lat, lon = _degree(given.get("lt", ""), 90), _degree(given.get("lg", ""), 180)
    if lat is None or lon is None:
        return None
    radius = given.get("rd", "")
    return Location(lat, lon, float(radius) if radius.isascii() and radius.isdigit() and len(radius) < 8 else None, _time(given.get("top", "")))


def _degree(text: str, most: int) -> float | None:
    if not _FIX.match(text):
        return None
    value = float(text)
    return value if math.isfinite(value) and abs(value) <= most else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
