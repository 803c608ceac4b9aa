"""What somebody writes down of why: long enough to say something to whoever reads it later, short enough to be read."""

from __future__ import annotations

from core.errors import AppError

MIN_CHARS = 5
MAX_CHARS = 500


def checked(words: str) -> str:
    """The words without the space around them.

    Raises:
        AppError: ``reason_missing`` or ``too_long``.
    """
    words = words.strip()
    if len(words) < MIN_CHARS:
        raise AppError("reason_missing")
    if len(words) > MAX_CHARS:
        raise AppError("too_long")
    return words
