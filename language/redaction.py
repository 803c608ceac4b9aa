"""Takes out of a text what must never reach a log or a metric: numbers of people, documents, cards and phones, addresses, coordinates."""

from __future__ import annotations

import re

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    ("url", re.compile(r"https?://\S+")),
    # Latitude and longitude, in decimal or degrees.
    ("place", re.compile(r"[-+]?\d{1,3}\.\d{3,}\s*[,/ ]\s*[-+]?\d{1,3}\.\d{3,}")),
    ("place", re.compile(r"\d{1,3}\s*°\s*\d{1,2}\s*['′](?:\s*\d{1,2}(?:\.\d+)?\s*[\"″])?\s*[NSEW]?")),
    # Resident registration and foreigner registration numbers, masked ones included.
    ("resident", re.compile(r"(?<!\d)\d{6}\s*[-–]?\s*[1-8][\d*●]{6}(?![\d*])")),
    ("card", re.compile(r"(?<!\d)(?:\d{4}[ -]?){3}\d{3,4}(?!\d)|(?<!\d)3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?!\d)")),
    # Korean passports: M12345678, M123A4567; and the shape of most other countries'.
    ("passport", re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\s?\d{3}[A-Za-z]?\d{4,5}(?![A-Za-z0-9])")),
    ("phone", re.compile(r"(?<![A-Za-z0-9.])\+?\(?\d[\d\s().-]{6,18}\d(?![A-Za-z0-9])")),
    # Any other long number: accounts, bookings.
    ("number", re.compile(r"\d(?:[ -]?\d){5,}")),
)


def redact(text: str) -> str:
    """The text with each such span replaced by its kind, e.g. `[phone]`."""
    for name, pattern in _RULES:
        text = pattern.sub(f"[{name}]", text)
    return text
