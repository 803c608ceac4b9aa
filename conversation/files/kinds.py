"""What a file is, by its first bytes. What a server, a browser or a name calls it counts for nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

#: How much of a file tells what it is.
HEAD_BYTES = 32


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken; ``name`` is what desks and tables call its family."""

    name: str
    media_type: str
    suffix: str


JPEG = Kind("image", "image/jpeg", "jpg")
PNG = Kind("image", "image/png", "png")
GIF = Kind("image", "image/gif", "gif")
WEBP = Kind("image", "image/webp", "webp")
HEIC = Kind("image", "image/heic", "heic")
PDF = Kind("document", "application/pdf", "pdf")
MP4 = Kind("video", "video/mp4", "mp4")
M4A = Kind("audio", "audio/mp4", "m4a")
MP3 = Kind("audio", "audio/mpeg", "mp3")
AMR = Kind("audio", "audio/amr", "amr")
OGG = Kind("audio", "audio/ogg", "ogg")
TEXT = Kind("text", "text/plain", "txt")

#: What may be uploaded to the web chat and sent by agents; messengers bring sounds and films as well.
UPLOADS = frozenset({JPEG, PNG, GIF, WEBP, HEIC, PDF})
_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"#!AMR", AMR),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"OggS", OGG),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_M4A_BRANDS = frozenset({b"M4A ", b"M4B "})
_MP4_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ", b"MSNV", b"dash"})


def kind_of(content: bytes, *, said_to_be: str = "") -> Kind | None:
    """The kind; None for one that is not taken. Plain text has no mark of its own: it must be said to be text, and be nothing else."""
    head = content[:HEAD_BYTES]
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _boxed(head[8:12])
    return TEXT if said_to_be == TEXT.media_type and _is_text(content) else None


def _boxed(brand: bytes) -> Kind | None:
    if brand in _HEIC_BRANDS:
        return HEIC
    if brand in _M4A_BRANDS:
        return M4A
    return MP4 if brand in _MP4_BRANDS or brand[:3] == b"3gp" else None


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(character >= " " or character in "\r\n\t" for character in text)
