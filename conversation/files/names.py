"""What a file is called, as its sender may have written it. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

MAX_NAME_CHARS = 200
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def name_of(given: str) -> str:
    """The name that a header brings, percent-encoded: one line, no folders, nothing that turns the writing round."""
    name = unquote(given[:1800], errors="replace").replace("\\", "/").rpartition("/")[2]
    return _UNSAFE.sub("", name).strip()[:MAX_NAME_CHARS]
