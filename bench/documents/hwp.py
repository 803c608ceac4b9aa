"""HWP 5.0: the records of a short document, with its table, link, footnote, page header, hidden comment and text box."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime

from bench.documents.compound import compound, properties
from bench.documents.content import Content, Grid, Line

BEGIN = 0x10
DOCUMENT_PROPERTIES, ID_MAPPINGS, STYLE = BEGIN, BEGIN + 1, BEGIN + 10
PARA_HEADER, PARA_TEXT, PARA_CHAR_SHAPE, CTRL_HEADER, LIST_HEADER = BEGIN + 50, BEGIN + 51, BEGIN + 52, BEGIN + 55, BEGIN + 56
SHAPE_COMPONENT, TABLE = BEGIN + 60, BEGIN + 61
STYLES = ("바탕글", "본문", "개요 1", "개요 2", "개요 3")


def record(tag: int, level: int, payload: bytes) -> bytes:
    """One record; sizes of 4,095 and more stand in a word of their own."""
    size = min(len(payload), 0xFFF)
    head = struct.pack("<I", tag | level << 10 | size << 20)
    return head + (struct.pack("<I", len(payload)) if size == 0xFFF else b"") + payload


def utf16(text: str) -> bytes:
    """Characters as HWP keeps them."""
    return text.encode("utf-16-le")


def _extended(code: int, kind: str) -> bytes:
    """A control character of eight units: its code, its kind, and its code again."""
    return struct.pack("<H4s8xH", code, kind.encode()[::-1], code)


def _inline(code: int) -> bytes:
    return struct.pack("<H12xH", code, code)


def _paragraph(level: int, text: bytes, controls: bytes = b"", style: int = 0) -> bytes:
    """A paragraph; ``text`` is what stands in it, ``controls`` are the records of its controls, at ``level + 1``."""
    text += struct.pack("<H", 13)
    out = record(PARA_HEADER, level, struct.pack("<IIHBBHHHI", len(text) // 2, 0, 0, style, 0, 1, 0, 1, 0))
    if len(text) > 2:
        out += record(PARA_TEXT, level + 1, text)
    return out + record(PARA_CHAR_SHAPE, level + 1, struct.pack("<II", 0, 0)) + controls


def _list(level: int, paragraphs: int = 1, rest: bytes = b"") -> bytes:
    return record(LIST_HEADER, level, struct.pack("<HHI", paragraphs, 0, 0) + rest)


def _control(level: int, kind: str, payload: bytes = b"") -> bytes:
    return record(CTRL_HEADER, level, kind.encode()[::-1] + payload)


def _table(grid: Grid, level: int) -> bytes:
    out = _control(level, "tbl ", bytes(40))
    rows, columns = grid.rows, grid.columns
    sizes = b"".join(struct.pack("<H", sum(cell[0] == row for cell in grid.cells)) for row in range(rows))
    out += record(TABLE, level + 1, struct.pack("<IHHH4H", 0, rows, columns, 0, 0, 0, 0, 0) + sizes + struct.pack("<HH", 1, 0))
    for row, column, down, across, text in sorted(grid.cells):
        cell = struct.pack("<4HII4HH", column, row, across, down, 1000, 500, 0, 0, 0, 0, 1)
        out += _list(level + 1, 1, cell) + _paragraph(level + 1, utf16(text))
    return out


def section(content: Content) -> bytes:
    """The records of the body, not yet deflated."""
    text = _extended(2, "secd") + _extended(2, "cold")
    controls = _control(1, "secd", bytes(26)) + _control(1, "cold", bytes(12))
    if content.header:
        text += _extended(16, "head")
        controls += _control(1, "head", bytes(8)) + _list(2) + _paragraph(2, utf16(content.header))
    if content.hidden:
        text += _extended(15, "tcmt")
        controls += _control(1, "tcmt") + _list(2) + _paragraph(2, utf16(content.hidden))
    out = b""
    for number, block in enumerate(content.blocks):
        style = 0
        if isinstance(block, Grid):
            text += _extended(11, "tbl ")
            controls += _table(block, 1)
        else:
            words = block.text.replace("\n", "\x0a")
            style = 1 + min(block.level, 3) if block.level else 0
            if block.address:
                command = utf16(block.address.replace(":", "\\:") + ";1;0;0;")
                text += _extended(3, "%hlk") + utf16(words) + _inline(4)
                controls += _control(1, "%hlk", struct.pack("<IBH", 0, 0, len(command) // 2) + command + bytes(4))
            else:
                text += b"".join(_inline(9) if part == "\t" else utf16(part) for part in ("○ " + words if block.bullet else words))
            if content.note and number == 0:
                text += _extended(17, "fn  ")
                controls += (
                    _control(1, "fn  ", bytes(8)) + _list(2) + _paragraph(2, _extended(18, "atno") + utf16(content.note), _control(3, "atno", bytes(12)))
                )
        out += _paragraph(0, text, controls, style)
        text = controls = b""
    if content.box:
        shape = record(SHAPE_COMPONENT, 2, b"cer$" * 2 + bytes(40)) + _list(3) + _paragraph(3, utf16(content.box))
        out += _paragraph(0, _extended(11, "gso "), _control(1, "gso ", bytes(40)) + shape)
    return out


def _document_info() -> bytes:
    out = record(DOCUMENT_PROPERTIES, 0, struct.pack("<H", 1) + bytes(24)) + record(ID_MAPPINGS, 0, bytes(60))
    for name in STYLES:
        out += record(STYLE, 1, struct.pack("<H", len(name)) + utf16(name) + struct.pack("<HBBHHHH", 0, 0, 0, 1042, 0, 0, 0))
    return out


def _deflate(content: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(content) + machine.flush()


def file_header(version: tuple[int, int, int, int] = (5, 0, 3, 0), flags: int = 1) -> bytes:
    """Signature, version and flags (1 compressed, 2 password, 4 for distribution)."""
    major, minor, build, revision = version
    return b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", major << 24 | minor << 16 | build << 8 | revision, flags) + bytes(216)


def hwp(
    content: Content,
    *,
    version: tuple[int, int, int, int] = (5, 0, 3, 0),
    flags: int = 1,
    body: bytes | None = None,
    preview: str | None = None,
) -> bytes:
    """The file; ``body`` replaces what stands in the stream of the first section."""
    pack = _deflate if flags & 1 else bytes
    changed = int((datetime.fromisoformat(content.changed) - datetime(1601, 1, 1)).total_seconds() * 10_000_000) if content.changed else 0
    shown = preview if preview is not None else "\r\n".join(block.text for block in content.blocks if isinstance(block, Line))
    return compound(
        {
            "FileHeader": file_header(version, flags),
            "DocInfo": pack(_document_info()),
            "BodyText/Section0": pack(section(content)) if body is None else body,
            "PrvText": utf16(shown),
            "\x05HwpSummaryInformation": properties(content.title, changed),
            **content.extra,
        }
    )
