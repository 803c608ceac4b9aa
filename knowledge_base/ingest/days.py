"""Days as Korean documents write them, and what a label before a day says about it."""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime

from knowledge_base.notices import written_day

_DAY = r"((?:19|20)\d{2})\s*(?:[-./]|년)\s*(\d{1,2})\s*(?:[-./]|월)\s*(\d{1,2})(?!\d)"
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_ANY = re.compile(_DAY)
_LABELS = {
    "published_at": re.compile(r"(?:게\s*시\s*일|등\s*록\s*일|작\s*성\s*일|공\s*고\s*일|배\s*포\s*일|발\s*행\s*일)(?:자|시)?\s*[:：|]?\s*" + _DAY),
    "effective_from": re.compile(r"(?:시\s*행\s*일|적\s*용\s*일)(?:자)?\s*[:：|]?\s*" + _DAY),
}


def parse_day(text: str) -> date | None:
    """A day out of ``2026-03-01``, ``2026. 3. 1.``, ``2026년 3월 1일``, ``20260301``; None if it is no day.

    A time may follow; one that names its offset, as in ``2026-02-28T15:00:00Z``, is a moment, and its day is Seoul's.
    """
    text = text.strip()
    match = _ANY.match(text) or _COMPACT.match(text)
    if match is None:
        return None
    with contextlib.suppress(ValueError):
        return written_day(datetime.fromisoformat(text))
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def labelled_day(text: str, field: str) -> str:
    """The day that the text itself names as its publication or its start, as ``2026-03-01``; empty if it names none."""
    match = _LABELS[field].search(text[:20_000])
    if match is None:
        return ""
    try:
        return date(*(int(part) for part in match.groups())).isoformat()
    except ValueError:
        return ""


def iso_day(text: str) -> str:
    """A day as ``2026-03-01``; empty if there is none."""
    found = parse_day(text)
    return found.isoformat() if found else ""
