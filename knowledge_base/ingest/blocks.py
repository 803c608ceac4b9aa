"""What word processors have in common (paragraphs, headings, lists, tables) and how it becomes Markdown that carries no markup of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_CELLS = 20_000
LONGEST_HEADING = 60
LONGEST_TITLE = 120
#: A cell longer than this holds running text: the table is only there for its frame.
LONGEST_CELL = 600
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
_LINK_JOINT = re.compile(r"\](?=[(:\[])")
_LINE_START = re.compile(r"^(#{1,6}(?=\s|$)|>|\||~{3,}|`{3,})")
_RULE = re.compile(r"[-=_*~─━\s]{3,}")
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]\\]{1,1900}")
_ENDS_A_SENTENCE = re.compile(r"[다요오까죠음됨함임][.)\]\"']*$|[.!?:]$")


@dataclass(frozen=True)
class Cell:
    """One cell at its place in the table; ``text`` is Markdown of one line."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A line of text, already Markdown; level 1 to 6 makes it a heading, ``bullet`` a list item."""

    text: str
    level: int = 0
    bullet: str = ""


@dataclass(frozen=True)
class Table:
    """A table by its cells."""

    cells: tuple[Cell, ...]


Block = Paragraph | Table


def clean(text: str) -> str:
    """Text without control and direction characters, with single spaces."""
    return _SPACES.sub(" ", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").replace("\v", "\n"))).strip()


def neutral(markdown: str) -> str:
    """Markdown in which no tag or entity of the document's own is left to be taken for HTML."""
    return _TAG_START.sub("&lt;", _ENTITY.sub("&amp;", markdown))


def escape(text: str) -> str:
    """A document's words as Markdown that reads the same; leading bullets stay bullets."""
    text = neutral(clean(text).replace("\\", "\\\\"))
    text = _LINK_JOINT.sub(r"]\\", text).replace("`", "\\`")
    # A star at the start of a line is a bullet in both worlds; elsewhere it is a star.
    lines = [line[:2] + line[2:].replace("*", "\\*") if line.startswith("* ") else line.replace("*", "\\*") for line in text.split("\n")]
    return "\n".join(_LINE_START.sub(r"\\\1", line.strip()) for line in lines)


def link(words: str, address: str) -> str:
    """A link to a page on the web; anything else (scripts, files, mail) leaves only its words. ``words`` is Markdown."""
    address = clean(address)
    if not words or not _ADDRESS.fullmatch(address):
        return words
    return words if words.replace("\\", "") == address else f"[{words.strip()}]({address})"


def markdown(blocks: Iterable[Block]) -> str:
    """One text, blocks apart by blank lines, list items below each other."""
    out: list[str] = []
    in_list = False
    for block in blocks:
        if isinstance(block, Table):
            text, bullet = table(block.cells), ""
        else:
            text, bullet = _paragraph(block), block.bullet
        if not text:
            continue
        out.append(("\n" if in_list and bullet else "\n\n") + text)
        in_list = bool(bullet)
    return "".join(out).strip()


def _paragraph(block: Paragraph) -> str:
    text = block.text.strip()
    if not text or _RULE.fullmatch(text):
        return ""
    if block.bullet:
        return f"{block.bullet} " + " ".join(text.split("\n"))
    if is_heading(block):
        return "#" * min(6, block.level + 1) + " " + text
    return text


def is_heading(block: Paragraph) -> bool:
    """Whether a paragraph set as a heading also reads like one: what stands in headings is not quoted."""
    return block.level > 0 and "\n" not in block.text and len(block.text) <= LONGEST_HEADING and not _ENDS_A_SENTENCE.search(block.text.strip())


def table(cells: Sequence[Cell]) -> str:
    """A Markdown table in which every row stands by itself: what a merged cell says is said in each row and column that it covers."""
    cells = [cell for cell in cells if cell.row >= 0 and cell.column >= 0]
    if not any(cell.text.strip() for cell in cells):
        return ""
    rows = 1 + max(cell.row + max(1, min(cell.row_span, MOST_CELLS)) - 1 for cell in cells)
    columns = 1 + max(cell.column + max(1, min(cell.column_span, MOST_CELLS)) - 1 for cell in cells)
    in_order = sorted(cells, key=lambda cell: (cell.row, cell.column))
    if columns == 1 or rows == 1 or rows * columns > MOST_CELLS or any(len(cell.text) > LONGEST_CELL for cell in cells):
        # A box around text, a line of boxes, or a page laid out as a table.
        return "\n\n".join(cell.text.strip() for cell in in_order if cell.text.strip())
    grid = [[""] * columns for _ in range(rows)]
    for cell in in_order:
        text = _flat(cell.text)
        for row in range(cell.row, min(rows, cell.row + max(1, cell.row_span))):
            for column in range(cell.column, min(columns, cell.column + max(1, cell.column_span))):
                grid[row][column] = grid[row][column] or text
    before: list[str] = []
    while len(grid) > 2 and len(set(grid[0])) == 1:
        # One cell across the whole width is the table's caption.
        if grid[0][0]:
            before.append(grid[0][0])
        grid = grid[1:]
    depth = _header_rows(in_order, rows - len(grid), columns)
    header = [" ".join(dict.fromkeys(filter(None, parts))) for parts in zip(*grid[:depth], strict=True)]
    body = [row for row in grid[depth:] if any(row)]
    lines = [header, ["---"] * columns, *body]
    return "\n\n".join([*before, "\n".join("| " + " | ".join(line) + " |" for line in lines)])


def _header_rows(cells: Sequence[Cell], first: int, columns: int) -> int:
    """2 or more when the first row has a cell over several columns, beside one that reaches down as far as the header does."""
    top = [cell for cell in cells if cell.row == first]
    deepest = max((cell.row_span for cell in top), default=1)
    if any(1 < cell.column_span < columns for cell in top) and 1 < deepest <= 3 and deepest < 1 + max(cell.row for cell in cells) - first:
        return deepest
    return 1


def _flat(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def take_title(blocks: list[Block], fallback: str) -> tuple[str, list[Block]]:
    """The title, and the blocks without it: the first line of text if it can be one, otherwise the fallback."""
    for at, block in enumerate(blocks):
        if isinstance(block, Table):
            if table(block.cells):
                break
            continue
        text = plain(block.text)
        if not text:
            continue
        if 2 <= len(text) <= LONGEST_TITLE and "\n" not in text and not block.bullet and not re.search(r"[다요까]\.$", text):
            return text, [*blocks[:at], *blocks[at + 1 :]]
        break
    return fallback, blocks


def plain(markdown_line: str) -> str:
    """The words of a line of Markdown made here."""
    text = re.sub(r"\[([^\[\]]*)\]\(https?://[^()\s]*\)", r"\1", markdown_line)
    return re.sub(r"\\([\\`*#>|\[\](:~])", r"\1", text).replace("&lt;", "<").replace("&amp;", "&").strip()
