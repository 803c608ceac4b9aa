"""Cutting and dividing text by a platform's limit, never inside what a reader sees as one character. Pure."""

from __future__ import annotations

import regex

from bot.channels.contract import Limit

OMITTED = "…"
_GRAPHEME = regex.compile(r"\X")
#: Where a text is best divided, best first: after a paragraph, a line, a sentence, a word.
_BREAKS = tuple(regex.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?。！？…])\s+|(?<=[。！？])", r"\s+"))
#: A break in the first part of what fits would leave a message of a few words.
_LEAST = 0.4


def sendable(text: str) -> str:
    """Without what no platform takes: lone surrogates and control characters other than line breaks and tabs."""
    return "".join(c for c in text if c in "\n\t" or not (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000))


def cut(text: str, limit: Limit) -> str:
    """The text on one line, shortened with a sign of omission where it is over the limit."""
    line = " ".join(sendable(text).split())
    if limit.fits(line):
        return line
    kept = line[: _fitting(line, Limit(limit.size - limit.unit.length(OMITTED), limit.unit) if limit.size > 10 else limit)]
    while kept and not limit.fits(kept.rstrip() + OMITTED):
        kept = kept[:-1]
    return kept.rstrip() + OMITTED


def divide(text: str, limit: Limit) -> tuple[str, ...]:
    """The text in parts that each fit, divided where a reader would pause; nothing but white space between parts is lost."""
    rest = sendable(text).strip()
    parts = []
    while rest:
        if limit.fits(rest):
            parts.append(rest)
            break
        at = _pause(rest, _fitting(rest, limit))
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return tuple(part for part in parts if part)


def _fitting(text: str, limit: Limit) -> int:
    """How many code points fit, ending at a grapheme; inside one only where a single grapheme is over the limit."""
    low, high = 1, min(len(text), limit.size)
    while low < high:
        middle = (low + high + 1) // 2
        if limit.fits(text[:middle]):
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return low
    end = 0
    for grapheme in _GRAPHEME.finditer(text):
        if grapheme.end() > low:
            break
        end = grapheme.end()
    return end or low


def _pause(text: str, most: int) -> int:
    for pattern in _BREAKS:
        # A word, above all an address, is kept whole even if that leaves a short message.
        least = 1 if pattern is _BREAKS[-1] else most * _LEAST
        found = [match.end() for match in pattern.finditer(text, 0, most) if match.start() >= least]
        if found:
            return found[-1]
        # The text may go on with white space just where the room ends.
        if pattern.match(text, most):
            return most
    return most
