"""DOCX (WordprocessingML), read from its zip directly: a library for it would open the zip without limits.

Read: paragraphs, headings, lists, links, tables with merged cells, text boxes, inserted text. Left out: deleted and hidden text, comments,
page headers and footers, pictures.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from knowledge_base.ingest.archive import Archive, attribute, child, children, local
from knowledge_base.ingest.blocks import Block, Cell, Paragraph, Table, escape, link, markdown, plain, take_title
from knowledge_base.ingest.days import iso_day, labelled_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row

DEEPEST = 40
_HEADING = re.compile(r"(?:heading|제목)\s*([1-9])", re.I)
_WRAPPERS = {"ins", "smartTag", "sdt", "sdtContent", "moveTo", "customXml", "fldSimple", "dir", "bdo"}


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """One draft of a file.

    Raises:
        Refusal: damaged, too large, or without text.
    """
    archive = Archive(raw, name)
    body = child(archive.xml("word/document.xml"), "body")
    if body is None:
        raise Refusal(name, "the document has no body", "file_broken")
    blocks = _Reader(archive).blocks(body, 0)
    if not markdown(blocks):
        raise Refusal(name, "the document has no text", "file_no_text")
    named, written_at = _metadata(archive)
    styled = next((b for b in blocks if isinstance(b, Paragraph) and b.level == 1), None)
    title, rest = take_title(blocks, "")
    if (not title or not markdown(rest)) and styled is not None and len(blocks) > 1:
        title, rest = plain(styled.text), [b for b in blocks if b is not styled]
    if not title or not markdown(rest):
        title, rest = named, blocks
    text = markdown(rest)
    words = plain(f"{title}\n{text}")
    return [
        Draft(
            title=title,
            body=text,
            published_at=labelled_day(words, "published_at") or written_at,
            effective_from=labelled_day(words, "effective_from"),
        )
    ]


def _metadata(archive: Archive) -> tuple[str, str]:
    title = created = modified = ""
    if "docProps/core.xml" in archive:
        for element in archive.xml("docProps/core.xml"):
            text = (element.text or "").strip()
            if local(element) == "title":
                title = plain(escape(text)).split("\n")[0][:120]
            elif local(element) == "created":
                created = iso_day(text)
            elif local(element) == "modified":
                modified = iso_day(text)
    return title, modified or created


class _Reader:
    def __init__(self, archive: Archive) -> None:
        self._links: dict[str, str] = {}
        self._levels: dict[str, int] = {}
        self._numbered: set[str] = set()
        if "word/_rels/document.xml.rels" in archive:
            for relation in archive.xml("word/_rels/document.xml.rels"):
                if attribute(relation, "Type").endswith("/hyperlink"):
                    self._links[attribute(relation, "Id")] = attribute(relation, "Target")
        if "word/styles.xml" in archive:
            for style in children(archive.xml("word/styles.xml"), "style"):
                self._levels[attribute(style, "styleId")] = _style_level(style)
        if "word/numbering.xml" in archive:
            self._numbered = _numbered(archive.xml("word/numbering.xml"))

    def blocks(self, parent: Element, depth: int) -> list[Block]:
        found: list[Block] = []
        if depth > DEEPEST:
            return found
        for element in parent:
            kind = local(element)
            if kind == "p":
                found.extend(self._paragraph(element, depth))
            elif kind == "tbl":
                found.extend(self._table(element, depth + 1))
            elif kind in _WRAPPERS:
                found.extend(self.blocks(element, depth + 1))
        return found

    def _paragraph(self, paragraph: Element, depth: int) -> list[Block]:
        boxes: list[Block] = []
        words = self._inline(paragraph, boxes, depth)
        properties = child(paragraph, "pPr")
        level, bullet = 0, ""
        if properties is not None:
            style = _value(child(properties, "pStyle"))
            level = self._levels.get(style, _level_of(style))
            outline = _value(child(properties, "outlineLvl"))
            if outline.isascii() and outline.isdigit() and int(outline) < 9:
                level = int(outline) + 1
            numbering = child(properties, "numPr")
            if numbering is not None and not level:
                bullet = "1." if _value(child(numbering, "numId")) in self._numbered else "-"
        return [*([Paragraph(words, level, bullet)] if words.strip() else []), *boxes]

    def _inline(self, parent: Element, boxes: list[Block], depth: int) -> str:
        if depth > DEEPEST:
            return ""
        out: list[str] = []
        for element in parent:
            kind = local(element)
            if kind == "r":
                out.append(self._run(element, boxes, depth))
            elif kind == "hyperlink":
                out.append(link(self._inline(element, boxes, depth + 1), self._links.get(attribute(element, "id"), "")))
            elif kind in _WRAPPERS:
                out.append(self._inline(element, boxes, depth + 1))
        return "".join(out)

    def _run(self, run: Element, boxes: list[Block], depth: int) -> str:
        properties = child(run, "rPr")
        hidden = child(properties, "vanish") if properties is not None else None
        if hidden is not None and attribute(hidden, "val", "1") not in ("0", "false", "off"):
            return ""
        out: list[str] = []
        for element in run:
            kind = local(element)
            if kind == "t":
                out.append(element.text or "")
            elif kind in ("tab", "ptab"):
                out.append(" ")
            elif kind in ("br", "cr"):
                out.append("\n")
            elif kind == "noBreakHyphen":
                out.append("-")
            elif kind in ("drawing", "pict", "AlternateContent"):
                boxes.extend(self._boxes(element, depth + 1))
        text = "".join(out)
        if not text.strip():
            return "\n" if "\n" in text else " " if text else ""
        return (" " if text[0].isspace() else "") + escape(text) + (" " if text[-1].isspace() else "")

    def _boxes(self, element: Element, depth: int) -> list[Block]:
        """Text boxes; the copy for older programs is left out."""
        if depth > DEEPEST:
            return []
        if local(element) == "txbxContent":
            return self.blocks(element, depth + 1)
        return [block for below in element if local(below) != "Fallback" for block in self._boxes(below, depth + 1)]

    def _table(self, table: Element, depth: int) -> list[Block]:
        cells: list[Cell] = []
        contents: list[list[Block]] = []
        above: dict[int, int] = {}  # column → index of the cell that a vertical merge goes on
        rows = [row for element in table for row in ([element] if local(element) == "tr" else element.iter() if local(element) in _WRAPPERS else ())]
        for at, row in enumerate(row for row in rows if local(row) == "tr"):
            column = 0
            skipped = child(row, "trPr")
            column += _count(child(skipped, "gridBefore"), 0) if skipped is not None else 0
            for cell in [c for e in row for c in ([e] if local(e) == "tc" else e.iter() if local(e) in _WRAPPERS else ()) if local(c) == "tc"]:
                properties = child(cell, "tcPr")
                span = _count(child(properties, "gridSpan"), 1) if properties is not None else 1
                merge = child(properties, "vMerge") if properties is not None else None
                if merge is not None and _value(merge) != "restart" and column in above:
                    first = cells[above[column]]
                    cells[above[column]] = Cell(first.row, first.column, first.text, at - first.row + 1, first.column_span)
                else:
                    content = self.blocks(cell, depth + 1)
                    contents.append(content)
                    cells.append(Cell(at, column, " ".join(b.text for b in content if isinstance(b, Paragraph)), 1, span))
                    if merge is not None:
                        above[column] = len(cells) - 1
                    else:
                        above.pop(column, None)
                column += span
        if any(isinstance(block, Table) for content in contents for block in content):
            return [block for content in contents for block in content]
        return [Table(tuple(cells))] if cells else []


def _value(element: Element | None) -> str:
    return attribute(element, "val") if element is not None else ""


def _count(element: Element | None, fallback: int) -> int:
    text = _value(element)
    return min(int(text), 1000) if text.isascii() and text.isdigit() and len(text) < 6 else fallback


def _style_level(style: Element) -> int:
    """A heading by the name of its style, which Word keeps in English, or by its outline level."""
    properties = child(style, "pPr")
    outline = _value(child(properties, "outlineLvl")) if properties is not None else ""
    if outline.isascii() and outline.isdigit() and int(outline) < 9:
        return int(outline) + 1
    name = _value(child(style, "name"))
    return 1 if name.lower() == "title" else _level_of(name)


def _level_of(name: str) -> int:
    match = _HEADING.fullmatch(name.strip())
    return int(match.group(1)) if match else 0


def _numbered(numbering: Element) -> set[str]:
    """The lists whose first level counts, by their number."""
    counting = set()
    for abstract in children(numbering, "abstractNum"):
        first = child(abstract, "lvl")
        if first is not None and _value(child(first, "numFmt")) not in ("bullet", "none", ""):
            counting.add(attribute(abstract, "abstractNumId"))
    return {attribute(number, "numId") for number in children(numbering, "num") if _value(child(number, "abstractNumId")) in counting}
