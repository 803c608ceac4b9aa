"""The headers with which a file leaves us: a browser shows what we have drawn ourselves, and puts everything else away. Pure."""

from __future__ import annotations

from urllib.parse import quote

from conversation.files.kinds import AMR, GIF, HEIC, JPEG, M4A, MP3, MP4, OGG, PDF, PNG, TEXT, WEBP
from conversation.files.schemas import Content, Form

_SUFFIXES = {kind.media_type: kind.suffix for kind in (JPEG, PNG, GIF, WEBP, HEIC, PDF, MP4, M4A, MP3, AMR, OGG, TEXT)}


def headers_of(found: Content) -> dict[str, str]:
    """Nothing of the file runs, is guessed at, kept, or shown inside another page."""
    shown = "inline" if found.form is not Form.ORIGINAL else "attachment"
    return {
        "Content-Type": found.media_type,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(_name(found), safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }


def _name(found: Content) -> str:
    """Our own number as a name: what the sender called it may be a name, or a trick."""
    return f"{found.file.id}.{_SUFFIXES.get(found.media_type, 'bin')}"
