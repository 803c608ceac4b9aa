"""Plain text from the API's fields: HTML whose entities are escaped once or twice, nulls, empty strings, dates in several spellings. Pure."""

from __future__ import annotations

import html
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "section", "article", "dd", "dt"})
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style", "head", "template", "iframe", "object"})
#: "&lt;p&gt;" and "&amp;lt;p&amp;gt;" both occur; one round more, for what stood inside.
_LAYERS = 4
_ESCAPED = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff]")
_DAY = re.compile(r"^\s*(\d{4})[-./]?(\d{2})[-./]?(\d{2})(?!\d)")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent and self._silent.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def parse_html_declaration(self, i: int) -> int:
        # "<![붙임]>" is a comment to a browser, and an AssertionError to the parser of Python 3.11.
        return self.parse_bogus_comment(i) if self.rawdata.startswith("<![", i) else super().parse_html_declaration(i)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(value: Any) -> str:
    """The words of a field, a paragraph a line; empty for null."""
    if value is None:
        return ""
    text = str(value)
    for _ in range(_LAYERS):
        if "<" in text:
            parser = _Text()
            parser.feed(text)
            parser.close()
            text = "".join(parser.parts)
        if not _ESCAPED.search(text):
            break
        text = html.unescape(text)
    text = _CONTROL.sub("", text.replace("\xa0", " ").replace("\r", "\n"))
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(value: Any) -> str:
    """As :func:`plain`, without breaks."""
    return plain(value).replace("\n", " ")


def day(value: Any) -> date | None:
    """A date written as 2025-10-16, 20251016 or 2025.10.16 with or without a time; None for nothing or nonsense."""
    match = _DAY.match(str(value)) if value is not None else None
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def degrees(value: Any, limit: float) -> float | None:
    """A coordinate within its bounds."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if -limit <= number <= limit else None
