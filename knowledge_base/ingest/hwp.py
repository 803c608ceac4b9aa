"""HWP 5: records in deflated streams of a compound file.

Layout after the published description of the format ("한글 문서 파일 형식 5.0"). What is read: paragraphs with their outline styles, links,
tables in reading order with merged cells, text boxes, footnotes. What is left out: page headers and footers, hidden comments, pictures.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import olefile

from knowledge_base.ingest.archive import MOST_UNPACKED, inflate
from knowledge_base.ingest.blocks import Block, Cell, Paragraph, Table, escape, link, markdown, plain, take_title
from knowledge_base.ingest.days import labelled_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row, Warnings
from knowledge_base.notices import today_in_seoul

SIGNATURE = b"HWP Document File"
KNOWN_VERSIONS = {(5, 0), (5, 1)}
MOST_SECTIONS = 256
MOST_RECORDS = 300_000
DEEPEST = 40

_COMPRESSED, _PASSWORD, _DISTRIBUTION, _DRM, _CERTIFICATE, _CERTIFICATE_DRM = 1, 1 << 1, 1 << 2, 1 << 4, 1 << 8, 1 << 10
_LOCKED = _PASSWORD | _DISTRIBUTION | _DRM | _CERTIFICATE | _CERTIFICATE_DRM

_STYLE = 0x1A
_PARA_HEADER, _PARA_TEXT, _CTRL_HEADER, _LIST_HEADER, _TABLE = 66, 67, 71, 72, 77

#: Control characters of one unit; every other one below 32 takes eight, the character itself included.
_ONE_UNIT = {0, 10, 13, 24, 25, 26, 27, 28, 29, 30, 31}
#: Of the eight-unit ones, those whose content is a CTRL_HEADER record below the paragraph.
_WITH_RECORD = {1, 2, 3, 11, 12, 14, 15, 16, 17, 18, 21, 22, 23}
_FIELD_END = 4
_AS_TEXT = {10: "\n", 24: "-", 30: " ", 31: " "}
_OUTLINE = re.compile(r"(?:개요|outline)\s*([1-7])", re.I)


@dataclass
class _Record:
    """A record with what hangs below it."""

    tag: int
    payload: bytes
    below: list[_Record] = field(default_factory=list)


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """One draft of a file.

    Raises:
        Refusal: locked, of another version, damaged, too large, or without text.
    """
    if raw.startswith(SIGNATURE):
        raise Refusal(name, "HWP before version 5", "file_version_unknown")
    try:
        compound = olefile.OleFileIO(io.BytesIO(raw))
    except (OSError, ValueError, IndexError, struct.error, OverflowError, TypeError) as error:
        raise Refusal(name, f"not a readable compound file ({type(error).__name__})", "file_broken") from error
    with compound:
        return [_read(compound, name)]


def _read(compound: Any, name: str) -> Draft:
    header = _stream(compound, "FileHeader", name)
    if len(header) < 40 or not header.startswith(SIGNATURE):
        raise Refusal(name, "the file header is not that of HWP", "file_broken")
    version, flags = struct.unpack_from("<II", header, 32)
    if (version >> 24, version >> 16 & 0xFF) not in KNOWN_VERSIONS:
        raise Refusal(name, f"HWP version {version >> 24}.{version >> 16 & 0xFF}", "file_version_unknown")
    if flags & _LOCKED:
        raise Refusal(name, "the document is encrypted or locked for distribution", "file_encrypted")
    warnings = Warnings()
    title, written_at = _summary(compound)
    try:
        blocks = _blocks(compound, bool(flags & _COMPRESSED), name)
    except (zlib.error, struct.error, OSError, IndexError) as error:
        blocks = _preview(compound)
        if not blocks:
            raise Refusal(name, f"the body cannot be read ({type(error).__name__})", "file_broken") from error
        warnings.add("본문이 깨져 있어 미리보기 글만 가져왔습니다. 뒷부분이 없을 수 있으니 원본과 비교하십시오.")
    if not markdown(blocks):
        blocks = _preview(compound)
        if not markdown(blocks):
            raise Refusal(name, "the document has no text", "file_no_text")
        warnings.add("본문에 글자가 없어 미리보기 글을 가져왔습니다. 원본과 비교하십시오.")
    found_title, rest = take_title(blocks, "")
    if not found_title or not markdown(rest):
        found_title, rest = title, blocks
    body = markdown(rest)
    words = plain(f"{found_title}\n{body}")
    return Draft(
        title=found_title,
        body=body,
        published_at=labelled_day(words, "published_at") or written_at,
        effective_from=labelled_day(words, "effective_from"),
        warnings=warnings.all(),
    )


def _stream(compound: Any, path: str, name: str) -> bytes:
    try:
        with compound.openstream(path) as stream:
            content: bytes = stream.read()
            return content
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError) as error:
        raise Refusal(name, f"a stream is missing or damaged ({type(error).__name__})", "file_broken") from error


def _summary(compound: Any) -> tuple[str, str]:
    """The title and the day of the last change in the document's properties, as far as they can be read."""
    path = "\x05HwpSummaryInformation"
    try:
        properties = compound.getproperties(path) if compound.exists(path) else {}
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError, KeyError, OverflowError):
        return "", ""
    title = properties.get(2)
    if isinstance(title, bytes):
        title = title.decode("utf-8", "ignore")
    # olefile gives a wide string with all that follows it.
    title = title.split("\x00")[0] if isinstance(title, str) else ""
    changed: Any = None
    try:
        seconds = properties.get(13) or properties.get(12)
        changed = (
            compound.getproperties(path, convert_time=True).get(13 if properties.get(13) else 12) if isinstance(seconds, int | float) and seconds else None
        )
    except (OSError, ValueError, OverflowError, TypeError):
        changed = None
    # A FILETIME is in UTC, and olefile does not say so.
    day = today_in_seoul(changed.replace(tzinfo=UTC)).isoformat() if isinstance(changed, datetime) and 1990 <= changed.year <= 2100 else ""
    return plain(escape(title)).split("\n")[0][:120].strip(), day


def _preview(compound: Any) -> list[Block]:
    """The plain text of the first pages that the program keeps for previews."""
    try:
        with compound.openstream("PrvText") as stream:
            text = stream.read().decode("utf-16-le", "ignore")
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError):
        return []
    # Cells stand as <one><two> in it.
    lines = [re.sub(r"^<|>$", "", line).replace("><", " ") for line in text.split("\n")]
    return [Paragraph(escaped) for line in lines if (escaped := escape(line))]


def _blocks(compound: Any, compressed: bool, name: str) -> list[Block]:
    budget = MOST_UNPACKED
    found: list[Block] = []
    levels = _outline_levels(_records(_unpacked(compound, "DocInfo", compressed, budget, name), name)) if compound.exists("DocInfo") else {}
    for number in range(MOST_SECTIONS):
        path = f"BodyText/Section{number}"
        if not compound.exists(path):
            break
        content = _unpacked(compound, path, compressed, budget, name)
        budget -= len(content)
        found.extend(_Reader(levels).paragraphs(_records(content, name), 0))
    return found


def _unpacked(compound: Any, path: str, compressed: bool, budget: int, name: str) -> bytes:
    raw = _stream(compound, path, name)
    if not compressed:
        return raw
    return inflate(raw, name, max(0, budget))


def _records(content: bytes, name: str) -> list[_Record]:
    """The records as trees, by their levels."""
    top: list[_Record] = []
    path: list[tuple[int, _Record]] = []
    at = count = 0
    while at + 4 <= len(content):
        (head,) = struct.unpack_from("<I", content, at)
        at += 4
        tag, level, size = head & 0x3FF, head >> 10 & 0x3FF, head >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", content, at)
            at += 4
        if at + size > len(content):
            raise zlib.error("a record is longer than its stream")
        count += 1
        if count > MOST_RECORDS:
            raise Refusal(name, "the document has too many records", "file_bomb")
        record = _Record(tag, content[at : at + size])
        at += size
        while path and path[-1][0] >= level:
            path.pop()
        (path[-1][1].below if path else top).append(record)
        path.append((level, record))
        if len(path) > DEEPEST * 4:
            raise Refusal(name, "the document's records are nested too deeply", "file_bomb")
    return top


def _outline_levels(records: list[_Record]) -> dict[int, int]:
    """Which styles are outline levels, by the order of the styles."""
    levels: dict[int, int] = {}
    number = 0

    def walk(found: list[_Record]) -> Iterator[_Record]:
        for record in found:
            yield record
            yield from walk(record.below)

    for record in walk(records):
        if record.tag == _STYLE:
            (length,) = struct.unpack_from("<H", record.payload, 0)
            style = record.payload[2 : 2 + length * 2].decode("utf-16-le", "ignore")
            if match := _OUTLINE.fullmatch(style.strip()):
                levels[number] = int(match.group(1))
            number += 1
    return levels


class _Reader:
    """Turns the records of a section into blocks."""

    def __init__(self, levels: dict[int, int]) -> None:
        self._levels = levels

    def paragraphs(self, records: list[_Record], depth: int) -> list[Block]:
        found: list[Block] = []
        if depth <= DEEPEST:
            for record in records:
                if record.tag == _PARA_HEADER:
                    found.extend(self._paragraph(record, depth))
        return found

    def _paragraph(self, record: _Record, depth: int) -> list[Block]:
        style = record.payload[10] if len(record.payload) > 10 else 0
        controls = [below for below in record.below if below.tag == _CTRL_HEADER]
        text = _Text(controls)
        for below in record.below:
            if below.tag == _PARA_TEXT:
                text.read(below.payload)
        after: list[Block] = []
        for control in controls:
            kind = control.payload[:4][::-1]
            if kind == b"tbl ":
                after.extend(self._table(control, depth + 1))
            elif kind == b"gso ":
                after.extend(self._inside(control, depth + 1))
            elif kind in (b"fn  ", b"en  "):
                words = " ".join(p.text for p in self._inside(control, depth + 1) if isinstance(p, Paragraph))
                after.extend([Paragraph(f"(주: {words.strip()})")] if words.strip() else [])
        words = text.markdown()
        return [*([Paragraph(words, self._levels.get(style, 0))] if words.strip() else []), *after]

    def _inside(self, record: _Record, depth: int) -> list[Block]:
        """Paragraphs of every list below a control (text boxes, notes), wherever the program has put the list."""
        found: list[Block] = []
        if depth > DEEPEST:
            return found
        for below in record.below:
            if below.tag == _PARA_HEADER:
                found.extend(self._paragraph(below, depth + 1))
            elif below.tag != _CTRL_HEADER:
                found.extend(self._inside(below, depth + 1))
        return found

    def _table(self, control: _Record, depth: int) -> list[Block]:
        cells: list[Cell] = []
        around: list[Block] = []
        nested: list[list[Block]] = []
        in_table = False
        place: tuple[int, int, int, int] | None = None
        content: list[Block] = []

        def finish() -> None:
            if place is None:
                around.extend(content)
                return
            row, column, row_span, column_span = place
            cells.append(Cell(row, column, _cell_text(content), row_span, column_span))
            nested.append(list(content))

        for below in control.below:
            if below.tag == _TABLE:
                in_table = True
            elif below.tag == _LIST_HEADER:
                if content or place is not None:
                    finish()
                content, place = [], None
                # Before the TABLE record the list is the caption; after it each list is a cell.
                if in_table and len(below.payload) >= 16:
                    column, row, column_span, row_span = struct.unpack_from("<4H", below.payload, 8)
                    place = (row, column, row_span, column_span)
                content.extend(self._inside(below, depth + 1))
            elif below.tag == _PARA_HEADER:
                content.extend(self._paragraph(below, depth + 1) if depth <= DEEPEST else [])
        if content or place is not None:
            finish()
        if any(isinstance(block, Table) for content in nested for block in content):
            # A frame around other tables: what stands in it, in reading order.
            return [*around, *(block for content in nested for block in content)]
        return [*around, *([Table(tuple(cells))] if cells else [])]


def _cell_text(content: list[Block]) -> str:
    return " ".join(block.text for block in content if isinstance(block, Paragraph))


class _Text:
    """The characters of a paragraph; the n-th control character with a record belongs to the n-th CTRL_HEADER."""

    def __init__(self, controls: list[_Record]) -> None:
        self._controls = iter(controls)
        self._pieces: list[str] = []
        self._open: list[tuple[int, str]] = []
        self._run: list[str] = []

    def read(self, payload: bytes) -> None:
        units = memoryview(payload[: len(payload) // 2 * 2]).cast("H")
        at = 0
        while at < len(units):
            unit = units[at]
            if unit >= 32:
                self._run.append(chr(unit))
                at += 1
            elif unit in _ONE_UNIT:
                self._run.append(_AS_TEXT.get(unit, ""))
                at += 1
            else:
                self._control(unit)
                at += 8
        self._flush()

    def _control(self, unit: int) -> None:
        if unit == 9:
            self._run.append(" ")
        elif unit == _FIELD_END and self._open:
            self._flush()
            start, address = self._open.pop()
            if address:
                words = "".join(self._pieces[start:])
                self._pieces[start:] = [link(words, address)]
        elif unit in _WITH_RECORD:
            control = next(self._controls, None)
            if unit == 3:
                self._flush()
                self._open.append((len(self._pieces), _address(control.payload) if control else ""))

    def _flush(self) -> None:
        # Characters beyond the basic plane arrive as pairs.
        text = "".join(self._run).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        self._run.clear()
        if text:
            self._pieces.append(_inline(text))

    def markdown(self) -> str:
        return "".join(self._pieces)


def _inline(text: str) -> str:
    """Escaped words with the spaces at their ends kept: they join other pieces of the line."""
    before = " " if text[:1].isspace() and text.strip() else ""
    after = " " if text[-1:].isspace() and text.strip() else ""
    return before + escape(text) + after if text.strip() else ("\n" if "\n" in text else " ")


def _address(payload: bytes) -> str:
    """The address of a hyperlink field: ``%hlk``, flags, then a command such as ``https\\://example.org;1;0;0;``."""
    if payload[:4][::-1] != b"%hlk" or len(payload) < 11:
        return ""
    (length,) = struct.unpack_from("<H", payload, 9)
    command = payload[11 : 11 + length * 2].decode("utf-16-le", "ignore")
    return re.split(r"(?<!\\);", command)[0].replace("\\", "").strip()
