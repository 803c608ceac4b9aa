"""PDF through pypdf: text by its place on the page, without what repeats on every page; a scan is refused as one."""

from __future__ import annotations

import io
import re
from collections import Counter

from pypdf import PasswordType, PdfReader
from pypdf.constants import UserAccessPermissions
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import DictionaryObject

from knowledge_base.ingest.blocks import Block, Cell, Paragraph, Table, clean, escape, markdown, plain, take_title
from knowledge_base.ingest.days import labelled_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row, Warnings
from knowledge_base.notices import written_day

MOST_PAGES = 300
#: Fewer letters than this on a page are a stamp or a page number on a scan.
FEWEST_LETTERS = 12
EDGE_LINES = 3
_NUMBER = re.compile(r"[\W_]*(?:page\s*)?(\d{1,4})[\W_]*(?:(?:/|of|쪽|페이지)[\W_]*\d{0,4}[\W_]*)?", re.I)
#: Written as a page number is, so that it is one even where a cover is not counted; a bare "112" is somebody to call.
_PAGE_NUMBER = re.compile(r"[-–—―]\s*\d{1,4}\s*[-–—―]|page\s*\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?|\d{1,4}\s*(?:쪽|페이지)", re.I)
_BULLET = re.compile(r"(?:[○◦●•▪■□◆◇▶▷☞※·∙-]|\d{1,2}[.)]|[가나다라마바사아자차카타파하][.)]|[①-⑳]|\(\d{1,2}\)|제\d+조|\[붙임|\*)\s*")
_ENDS = re.compile(r"[.!?:。]['\"”’)\]]*$|[다요음임함됨까]\.?$")
_COLUMN_GAP = re.compile(r"\s{3,}|\t+")


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """One draft of a file.

    Raises:
        Refusal: encrypted, damaged, a scan, or too long.
    """
    try:
        reader = PdfReader(io.BytesIO(raw), strict=False)
        if reader.is_encrypted:
            _open(reader, name)
        count = len(reader.pages)
        if not count:
            raise Refusal(name, "the PDF has no pages", "file_broken")
        if count > MOST_PAGES:
            raise Refusal(name, f"the PDF has {count} pages", "notice_too_long")
        pages = [_lines(page) for page in reader.pages]
        title, written_at = _metadata(reader)
        pictures = any(_has_pictures(page) for page in reader.pages[:5])
    except LimitReachedError as error:
        raise Refusal(name, "the PDF unpacks to more than is allowed", "file_bomb") from error
    except Refusal:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError, NotImplementedError, AssertionError) as error:
        raise Refusal(name, f"the PDF cannot be read ({type(error).__name__})", "file_broken") from error
    letters = [sum(character.isalnum() for line in page for character in line) for page in pages]
    if all(n < FEWEST_LETTERS for n in letters):
        raise Refusal(name, "the PDF has no text", "file_scanned" if pictures else "file_no_text")
    warnings = Warnings()
    empty = [str(number) for number, n in enumerate(letters, 1) if n < FEWEST_LETTERS]
    if empty:
        warnings.add(f"글자가 없는(그림뿐인) 쪽이 있습니다: {', '.join(empty[:20])}. 그 내용은 빠졌습니다.")
    blocks = _blocks(_without_edges(pages), warnings)
    if not markdown(blocks):
        raise Refusal(name, "the PDF has no text", "file_no_text")
    found, rest = take_title(blocks, "")
    if not found or not markdown(rest):
        found, rest = title, blocks
    body = markdown(rest)
    words = plain(f"{found}\n{body}")
    return [
        Draft(
            title=found,
            body=body,
            published_at=labelled_day(words, "published_at") or written_at,
            effective_from=labelled_day(words, "effective_from"),
            warnings=warnings.all(),
        )
    ]


def _open(reader: PdfReader, name: str) -> None:
    """Many are locked only against changes: those open without a password. Whoever forbade copying is taken at their word."""
    try:
        opened = reader.decrypt("") != PasswordType.NOT_DECRYPTED
        allowed = reader.user_access_permissions if opened else None
    except (PyPdfError, ValueError, KeyError, TypeError, NotImplementedError, AttributeError, ImportError) as error:
        raise Refusal(name, f"the PDF is encrypted in a way that is not known ({type(error).__name__})", "file_encrypted") from error
    if not opened or (allowed is not None and not allowed & UserAccessPermissions.EXTRACT):
        raise Refusal(name, "the PDF is encrypted", "file_encrypted")


def _metadata(reader: PdfReader) -> tuple[str, str]:
    found = reader.metadata
    if found is None:
        return "", ""
    title = plain(escape(str(found.title or ""))).split("\n")[0][:120]
    try:
        day = found.modification_date or found.creation_date
    except (ValueError, TypeError):
        day = None
    return title, written_day(day).isoformat() if day and 1990 <= day.year <= 2100 else ""


def _lines(page: object) -> list[str]:
    """The page's lines with the gaps between columns kept; where the layout cannot be had, the plain text."""
    text = ""
    try:
        text = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False)  # type: ignore[attr-defined]
    except LimitReachedError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, ZeroDivisionError):
        text = ""
    if not text.strip():
        text = page.extract_text()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.split("\n")]


def _has_pictures(page: object) -> bool:
    resources = page.get("/Resources")  # type: ignore[attr-defined]
    resources = resources.get_object() if resources is not None else None
    found = resources.get("/XObject") if isinstance(resources, DictionaryObject) else None
    return bool(found and found.get_object())


def _without_edges(pages: list[list[str]]) -> list[list[str]]:
    """Pages without page numbers, and without the first and last lines that most pages share."""
    filled = [[line for line in page if line.strip()] for page in pages]
    tops = Counter(key for number, page in enumerate(filled, 1) for key in {key for line in page[:EDGE_LINES] for key in _keys(line, number)})
    ends = Counter(key for number, page in enumerate(filled, 1) for key in {key for line in page[-EDGE_LINES:] for key in _keys(line, number)})
    least = max(2, (len([page for page in filled if page]) * 3 + 4) // 5)

    def is_edge(line: str, number: int, shared: Counter[str]) -> bool:
        return _is_page_number(line.strip(), number) or any(shared[key] >= least for key in _keys(line, number))

    out: list[list[str]] = []
    for number, page in enumerate(filled, 1):
        first, last = 0, len(page)
        while first < min(EDGE_LINES, last) and is_edge(page[first], number, tops):
            first += 1
        while last > max(first, len(page) - EDGE_LINES) and is_edge(page[last - 1], number, ends):
            last -= 1
        out.append(page[first:last])
    return out


def _is_page_number(line: str, page: int) -> bool:
    found = _NUMBER.fullmatch(line)
    return (found is not None and int(found[1]) == page) or _PAGE_NUMBER.fullmatch(line) is not None


def _keys(line: str, page: int) -> set[str]:
    """What the line says on any page: its words as they are, and with the page's own number left open. Other numbers tell lines apart: they are fees."""
    found = re.finditer(rf"(?<!\d){page}(?!\d)", line)
    return {"".join(said.split()) for said in (line, *(f"{line[: own.start()]}#{line[own.end() :]}" for own in found))}


def _blocks(pages: list[list[str]], warnings: Warnings) -> list[Block]:
    blocks: list[Block] = []
    rows: list[list[str]] = []
    open_line = ""

    def end_line() -> None:
        nonlocal open_line
        if open_line:
            blocks.append(Paragraph(escape(open_line)))
        open_line = ""

    def end_rows() -> None:
        nonlocal rows
        if len(rows) >= 2:
            blocks.append(Table(tuple(Cell(y, x, escape(cell)) for y, row in enumerate(rows) for x, cell in enumerate(row))))
            warnings.add("표는 쪽에 놓인 자리를 보고 옮긴 것입니다. 원본과 한 칸씩 비교하십시오.")
        else:
            blocks.extend(Paragraph(escape(" ".join(row))) for row in rows)
        rows = []

    for page in pages:
        for raw in page:
            cells = [_joined(clean(cell), warnings) for cell in _COLUMN_GAP.split(raw.strip()) if cell.strip()]
            if len(cells) >= 2 and not _spaced_out(cells):
                end_line()
                if rows and len(rows[0]) != len(cells):
                    end_rows()
                rows.append(cells)
                continue
            end_rows()
            line = _joined(clean(raw), warnings)
            if not line:
                continue
            if open_line and not _BULLET.match(line) and not _ENDS.search(open_line) and len(open_line) >= 20:
                open_line += " " + line
            else:
                end_line()
                open_line = line
    end_rows()
    end_line()
    return blocks


def _spaced_out(cells: list[str]) -> bool:
    """A title with its letters set far apart is no table row."""
    return len(cells) > 2 and all(len(cell) == 1 for cell in cells)


def _joined(line: str, warnings: Warnings) -> str:
    """A line whose letters stand apart (여 권 수 수 료), together again; lines that merely have short words stay."""
    parts = line.split()
    single = sum(len(part) == 1 and "가" <= part <= "힣" for part in parts)
    if len(parts) < 4 or single < 0.7 * len(parts):
        return line
    warnings.add("글자 사이가 벌어진 줄이 있어 붙였습니다. 띄어쓰기를 확인하십시오.")
    return re.sub(r"(?<=[가-힣])\s(?=[가-힣](?:\s|$|[.,)]))", "", line)
