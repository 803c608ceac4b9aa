"""Bytes of text from any Korean office: UTF-8, UTF-16 with a mark, or the EUC-KR that Windows writes (CP949)."""

from __future__ import annotations

import codecs
import re

from knowledge_base.ingest.drafts import Refusal

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: Names under which CP949 goes on web pages; it contains EUC-KR.
_KOREAN = {"euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "ks_c_5601", "korean", "cp949", "ms949", "x-windows-949", "windows-949", "uhc"}
_WORDS = re.compile(r"[가-힣]")


def decode(raw: bytes, name: str, declared: str = "") -> str:
    """The text.

    Raises:
        Refusal: it is none of these, or not text at all.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strict(raw, encoding, name)
    if b"\x00" in raw:
        raise Refusal(name, "the file has NUL bytes: it is not text", "file_charset")
    declared = declared.strip().lower()
    # UTF-8 that calls itself EUC-KR is common; EUC-KR that happens to be UTF-8 is not. So what is declared comes last.
    tries = ["utf-8", "cp949"]
    if declared and declared not in _KOREAN and declared not in ("utf-8", "utf8"):
        tries.append(declared)
    for encoding in tries:
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    raise Refusal(name, "the text is neither UTF-8 nor EUC-KR (CP949)", "file_charset")


def decode_mostly(raw: bytes, name: str, declared: str = "") -> tuple[str, bool]:
    """Like ``decode``, but old web pages may have a few broken bytes; the second value says that some were dropped."""
    try:
        return decode(raw, name, declared), False
    except Refusal:
        if b"\x00" in raw:
            raise
    for encoding in ("utf-8", "cp949"):
        text = raw.decode(encoding, errors="replace")
        if text.count("\ufffd") * 200 <= len(text) and _WORDS.search(text):
            return text.replace("\ufffd", ""), True
    raise Refusal(name, "the text is neither UTF-8 nor EUC-KR (CP949)", "file_charset")


def _strict(raw: bytes, encoding: str, name: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refusal(name, f"the text is not the {encoding} that its mark says", "file_charset") from error
    if "\x00" in text:
        raise Refusal(name, "the file has NUL characters: it is not text", "file_charset")
    return text
