"""HWPX: the XML form of Hangul documents (OWPML) in a zip.

Read: paragraphs with outline styles, links, tables with merged cells, text boxes, footnotes. Left out: page headers and footers, hidden
comments, text that change tracking has deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from knowledge_base.ingest.archive import Archive, attribute, child, children, local
from knowledge_base.ingest.blocks import Block, Cell, Paragraph, Table, escape, link, markdown, plain, take_title
from knowledge_base.ingest.days import iso_day, labelled_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row, Warnings

DEEPEST = 40
_SECTION = re.compile(r"Contents/section(\d{1,4})\.xml", re.I)
_OUTLINE = re.compile(r"(?:개요|outline)\s*([1-7])", re.I)


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """One draft of a file.

    Raises:
        Refusal: encrypted, damaged, too large, or without text.
    """
    archive = Archive(raw, name)
    if "META-INF/manifest.xml" in archive and any(local(e) == "encryption-data" for e in archive.xml("META-INF/manifest.xml").iter()):
        raise Refusal(name, "the document is encrypted", "file_encrypted")
    sections = sorted((int(match.group(1)), entry) for entry in archive.names() if (match := _SECTION.fullmatch(entry)))
    if not sections:
        raise Refusal(name, "the document has no section", "file_broken")
    warnings = Warnings()
    reader = _Reader(_outline_levels(archive))
    blocks: list[Block] = []
    for _, entry in sections:
        blocks.extend(reader.paragraphs(archive.xml(entry), 0))
    if not markdown(blocks):
        blocks = _preview(archive)
        if not markdown(blocks):
            raise Refusal(name, "the document has no text", "file_no_text")
        warnings.add("본문에 글자가 없어 미리보기 글을 가져왔습니다. 원본과 비교하십시오.")
    named, written_at = _metadata(archive)
    title, rest = take_title(blocks, "")
    if not title or not markdown(rest):
        title, rest = named, blocks
    body = markdown(rest)
    words = plain(f"{title}\n{body}")
    return [
        Draft(
            title=title,
            body=body,
            published_at=labelled_day(words, "published_at") or written_at,
            effective_from=labelled_day(words, "effective_from"),
            warnings=warnings.all(),
        )
    ]


def _metadata(archive: Archive) -> tuple[str, str]:
    title = day = ""
    if "Contents/content.hpf" in archive:
        for element in archive.xml("Contents/content.hpf").iter():
            text = (element.text or "").strip()
            if local(element) == "title" and not title:
                title = plain(escape(text)).split("\n")[0][:120]
            elif local(element) == "meta" and attribute(element, "name") in ("ModifiedDate", "CreatedDate"):
                day = iso_day(text or attribute(element, "content")) or day
    return title, day


def _outline_levels(archive: Archive) -> dict[str, int]:
    levels: dict[str, int] = {}
    if "Contents/header.xml" in archive:
        for element in archive.xml("Contents/header.xml").iter():
            if local(element) == "style" and (match := _OUTLINE.fullmatch(attribute(element, "name").strip())):
                levels[attribute(element, "id")] = int(match.group(1))
    return levels


def _preview(archive: Archive) -> list[Block]:
    if "Preview/PrvText.txt" not in archive:
        return []
    lines = archive.read("Preview/PrvText.txt").decode("utf-8", "ignore").split("\n")
    return [Paragraph(escaped) for line in lines if (escaped := escape(re.sub(r"^<|>\r?$", "", line).replace("><", " ")))]


class _Reader:
    def __init__(self, levels: dict[str, int]) -> None:
        self._levels = levels

    def paragraphs(self, parent: Element, depth: int) -> list[Block]:
        found: list[Block] = []
        if depth <= DEEPEST:
            for paragraph in children(parent, "p"):
                found.extend(self._paragraph(paragraph, depth))
        return found

    def _paragraph(self, paragraph: Element, depth: int) -> list[Block]:
        line = _Line()
        after: list[Block] = []
        for run in children(paragraph, "run"):
            for element in _alternatives(run):
                kind = local(element)
                if kind == "t":
                    line.text(element)
                elif kind == "tbl":
                    after.extend(self._table(element, depth + 1))
                elif kind == "ctrl":
                    after.extend(self._control(element, line, depth + 1))
                else:
                    after.extend(self._boxes(element, depth + 1))
        words = line.markdown()
        level = self._levels.get(attribute(paragraph, "styleIDRef"), 0)
        return [*([Paragraph(words, level)] if words.strip() else []), *after]

    def _control(self, control: Element, line: _Line, depth: int) -> list[Block]:
        """Fields open and close in the line; footnotes come back as paragraphs; headers, footers and comments are left out."""
        notes: list[Block] = []
        for element in control:
            kind = local(element)
            if kind == "fieldBegin":
                line.open(_address(element) if attribute(element, "type").upper() == "HYPERLINK" else "")
            elif kind == "fieldEnd":
                line.close()
            elif kind in ("footNote", "endNote"):
                blocks = [b for sub in children(element, "subList") for b in self.paragraphs(sub, depth + 1)]
                words = " ".join(b.text.strip() for b in blocks if isinstance(b, Paragraph)).strip()
                notes.extend([Paragraph(f"(주: {words})")] if words else [])
        return notes

    def _boxes(self, element: Element, depth: int) -> list[Block]:
        """Text inside drawn shapes, which may be grouped."""
        found: list[Block] = []
        if depth > DEEPEST:
            return found
        for below in element:
            if local(below) == "drawText":
                for sub in children(below, "subList"):
                    found.extend(self.paragraphs(sub, depth + 1))
            elif local(below) in ("rect", "ellipse", "container", "polygon", "arc", "curve", "line", "connectLine"):
                found.extend(self._boxes(below, depth + 1))
        return found

    def _table(self, table: Element, depth: int) -> list[Block]:
        before = [b for caption in children(table, "caption") for sub in children(caption, "subList") for b in self.paragraphs(sub, depth + 1)]
        cells: list[Cell] = []
        contents: list[list[Block]] = []
        for at, row in enumerate(children(table, "tr")):
            for beside, cell in enumerate(children(row, "tc")):
                content = [b for sub in children(cell, "subList") for b in self.paragraphs(sub, depth + 1)]
                place, span = child(cell, "cellAddr"), child(cell, "cellSpan")
                cells.append(
                    Cell(
                        _number(place, "rowAddr", at),
                        _number(place, "colAddr", beside),
                        " ".join(block.text for block in content if isinstance(block, Paragraph)),
                        _number(span, "rowSpan", 1),
                        _number(span, "colSpan", 1),
                    )
                )
                contents.append(content)
        if any(isinstance(block, Table) for content in contents for block in content):
            return [*before, *(block for content in contents for block in content)]
        return [*before, *([Table(tuple(cells))] if cells else [])]


def _alternatives(run: Element) -> Iterator[Element]:
    """The run's elements; of a switch only its first case, or its default."""
    for element in run:
        if local(element) == "switch":
            chosen = child(element, "case")
            chosen = chosen if chosen is not None else child(element, "default")
            yield from chosen if chosen is not None else ()
        else:
            yield element


def _number(element: Element | None, name: str, fallback: int) -> int:
    text = attribute(element, name) if element is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else fallback


def _address(field: Element) -> str:
    """Where a hyperlink leads: its parameter Path, or the first part of its Command."""
    found = {attribute(e, "name"): (e.text or "").strip() for e in field.iter() if local(e) == "stringParam"}
    return (found.get("Path") or re.split(r"(?<!\\);", found.get("Command", ""))[0]).replace("\\", "").strip()


class _Line:
    """The words of one paragraph, with its links."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._open: list[tuple[int, str]] = []
        self._deleted = False

    def text(self, element: Element) -> None:
        """The text of ``hp:t``; inside it stand tabs, breaks and the marks of change tracking."""
        out: list[str] = [] if self._deleted else [element.text or ""]
        for mark in element:
            kind = local(mark)
            if kind == "deleteBegin":
                self._deleted = True
            elif kind == "deleteEnd":
                self._deleted = False
            elif not self._deleted:
                out.append({"lineBreak": "\n", "tab": " ", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}.get(kind, ""))
            if not self._deleted:
                out.append(mark.tail or "")
        text = "".join(out)
        if text:
            before = " " if text[0].isspace() else ""
            after = " " if text[-1].isspace() and text.strip() else ""
            self._pieces.append(before + escape(text) + after if text.strip() else ("\n" if "\n" in text else " "))

    def open(self, address: str) -> None:
        self._open.append((len(self._pieces), address))

    def close(self) -> None:
        if self._open:
            start, address = self._open.pop()
            words = "".join(self._pieces[start:])
            if address and words.strip():
                self._pieces[start:] = [link(words, address)]

    def markdown(self) -> str:
        return "".join(self._pieces)
