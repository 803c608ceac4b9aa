"""In which alphabet a text travels, and how many messages it costs there. Pure.

Inside Korea a text is 90 bytes of EUC-KR, and what EUC-KR lacks is not sent; elsewhere it is GSM-7 where all of it fits, else UCS-2.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
_EXTENDED = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65}
_CODES = {character: bytes([code]) for code, character in enumerate(_BASIC) if character != "\x1b"}
_CODES |= {character: bytes([0x1B, code]) for character, code in _EXTENDED.items()}
_BY_CODE, _BY_ESCAPED = dict(enumerate(_BASIC)), {code: character for character, code in _EXTENDED.items()}
#: What typesetters use and EUC-KR lacks, in the signs that it has.
_PLAIN = str.maketrans({"–": "-", "—": "-", "−": "-", "\u00a0": " ", "•": "·", "₩": "W", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "..."})
#: Octets of a message that is one of several, before its words: length 5, concatenation, length 3, reference, of how many, which.
_HEADER = b"\x05\x00\x03"
DOMESTIC_BYTES = 90


class Alphabet(StrEnum):
    """What one message is written in."""

    EUC_KR = "euc_kr"
    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True)
class Cost:
    """The alphabet and how many messages a text takes in it."""

    alphabet: Alphabet
    segments: int


def cost(text: str, *, is_domestic: bool) -> Cost:
    """What a text costs; inside Korea one that is too long for a message is counted by the 90 bytes that each holds."""
    if is_domestic:
        size = len(text.encode("cp949", "replace"))
        return Cost(Alphabet.EUC_KR, max(1, -(-size // DOMESTIC_BYTES)))
    return Cost(Alphabet.GSM7 if is_gsm7(text) else Alphabet.UCS2, len(_pieces(text)))


def is_gsm7(text: str) -> bool:
    """Whether GSM-7 has every character."""
    return all(character in _CODES for character in text)


def gsm7_bytes(text: str) -> bytes:
    """One septet in each octet, as SMPP carries data coding 0; raises ``KeyError`` for what GSM-7 lacks."""
    return b"".join(_CODES[character] for character in text)


def from_gsm7(raw: bytes) -> str:
    """The words of octets with a septet each; what stands for nothing becomes a space, as telephones show it."""
    found, is_escaped = [], False
    for code in raw:
        if is_escaped:
            found.append(_BY_ESCAPED.get(code, _BY_CODE.get(code, " ")))
        elif code != 0x1B:
            found.append(_BY_CODE.get(code, " "))
        is_escaped = code == 0x1B and not is_escaped
    return "".join(found)


def parts(text: str, reference: int | None = None) -> tuple[tuple[bytes, ...], Alphabet]:
    """The octets of each message that the text takes abroad, those of several with a header that lets telephones put them together.

    No character is divided, neither a pair of surrogates nor an escaped sign.

    Raises:
        ValueError: more than 255 messages.
    """
    alphabet = Alphabet.GSM7 if is_gsm7(text) else Alphabet.UCS2
    pieces = _pieces(text)
    if len(pieces) > 255:
        raise ValueError("a text takes at most 255 messages")
    encoded = [gsm7_bytes(piece) if alphabet is Alphabet.GSM7 else piece.encode("utf-16-be") for piece in pieces]
    if len(encoded) == 1:
        return tuple(encoded), alphabet
    number = secrets.randbelow(256) if reference is None else reference
    return tuple(_HEADER + bytes([number, len(encoded), place]) + one for place, one in enumerate(encoded, 1)), alphabet


def _pieces(text: str) -> list[str]:
    is_seven = is_gsm7(text)
    whole, part = (160, 153) if is_seven else (70, 67)
    sizes = [len(_CODES[c]) if is_seven else 2 if ord(c) > 0xFFFF else 1 for c in text]
    if sum(sizes) <= whole:
        return [text]
    pieces, begun, used = [], 0, 0
    for at, size in enumerate(sizes):
        if used + size > part:
            pieces.append(text[begun:at])
            begun, used = at, 0
        used += size
    return [*pieces, text[begun:]]


@dataclass(frozen=True)
class Plain:
    """A text in the signs of EUC-KR; ``lost`` letters had none and are missing, so that it does not say any more what it said."""

    text: str
    lost: int


def plain(text: str) -> Plain:
    """The text as Korean SMS can carry it: typesetters' signs made plain, accents and pictures dropped, letters without a sign counted as lost."""
    written, lost = [], 0
    for character in unicodedata.normalize("NFC", text).translate(_PLAIN):
        kept = _in_euc_kr(character)
        lost += not kept and unicodedata.category(character)[0] in "LN"
        written.append(kept)
    return Plain("".join(written), lost)


def _in_euc_kr(character: str) -> str:
    for form in (
        character,
        unicodedata.normalize("NFKC", character),
        "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)),
    ):
        try:
            form.encode("cp949")
        except UnicodeEncodeError:
            continue
        return form
    return "d" if character == "đ" else "D" if character == "Đ" else ""
