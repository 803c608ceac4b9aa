"""Finding thousands of names in a text at once: by their first two characters, then by the lengths that names beginning so can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Generic, TypeVar

Value = TypeVar("Value")


def folded(text: str) -> str:
    """Lower case without a change of length."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c if len(c.lower()) != 1 else c.lower() for c in text)


def is_hangul(char: str) -> bool:
    """Whether a character is a Hangul syllable."""
    return "\uac00" <= char <= "\ud7a3"


def is_latin(char: str) -> bool:
    """Whether a character is a letter of an alphabet that writes spaces between words (Latin, Greek, Cyrillic)."""
    return char.isalpha() and char < "\u2000"


def is_katakana(char: str) -> bool:
    """Whether a character is Katakana, the long vowel included."""
    return "\u30a1" <= char <= "\u30ff"


def spellings(written: str) -> list[str]:
    """Each way to write a name whose spaces ("_") may be left out."""
    parts = written.split("_")
    return ["".join(part + gap for part, gap in zip(parts, (*gaps, ""), strict=True)) for gaps in product(("", " "), repeat=len(parts) - 1)]


class Matcher(Generic[Value]):
    """Names in lower case and what they mean."""

    def __init__(self, names: Mapping[str, Value]) -> None:
        self._names = dict(names)
        lengths: dict[str, set[int]] = {}
        for name in self._names:
            lengths.setdefault(name[:2], set()).add(len(name))
        self._lengths = {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}

    def find(self, text: str) -> Iterator[tuple[int, int, Value]]:
        """At every position the longest name that begins there; `text` is folded. Latin names are whole words."""
        names, lengths = self._names, self._lengths
        for at, char in enumerate(text):
            for size in (*lengths.get(text[at : at + 2], ()), *(lengths.get(char, ()) if at + 1 < len(text) else ())):
                value = names.get(text[at : at + size])
                if value is not None and len(text) - at >= size and _is_whole(text, at, at + size):
                    yield at, at + size, value
                    break


def _is_whole(text: str, start: int, end: int) -> bool:
    first, last = text[start], text[end - 1]
    if is_latin(first) and start and is_latin(text[start - 1]):
        return False
    if is_latin(last) and end < len(text) and is_latin(text[end]):
        return False
    if is_katakana(first) and start and is_katakana(text[start - 1]):
        return False
    return not (is_katakana(last) and end < len(text) and is_katakana(text[end]))
