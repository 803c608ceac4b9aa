"""Web pages and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape

from bench.documents.content import Content, Grid


def _table(grid: Grid) -> str:
    rows = []
    for row in range(grid.rows):
        cells = "".join(
            f'<{"th" if row < 2 else "td"} rowspan="{down}" colspan="{across}">{escape(text)}</{"th" if row < 2 else "td"}>'
            for at, _, down, across, text in sorted(grid.cells)
            if at == row
        )
        rows.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def html(content: Content, charset: str = "utf-8", head: str = "") -> bytes:
    """A page with a menu, scripts and a footer around the article."""
    blocks = []
    for number, block in enumerate(content.blocks):
        if isinstance(block, Grid):
            blocks.append(_table(block))
            continue
        text = escape(block.text)
        text = f'<a href="{escape(block.address)}">{text}</a>' if block.address else text
        tag = "h1" if number == 0 else "h2" if block.level else "p"
        blocks.append(f"<ul><li>{text}</li></ul>" if block.bullet else f"<{tag}>{text}</{tag}>")
    title = next((b.text for b in content.blocks if not isinstance(b, Grid)), content.title)
    page = (
        f'<!DOCTYPE html><html lang="ko"><head><meta charset="{charset}"><title>{escape(title)} | 외교부</title>{head}'
        '<script>var x = "alert(1)";</script><style>p { color: red }</style></head><body onload="alert(2)">'
        "<nav><ul><li><a href='/'>처음</a></li><li><a href='/login'>로그인</a></li></ul></nav>"
        f"<main><article>{''.join(blocks)}<script>alert(3)</script></article></main><footer>개인정보 처리방침 저작권</footer></body></html>"
    )
    return page.encode("cp949" if charset == "euc-kr" else charset)


def csv_rows(rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Rows as a spreadsheet exports them."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)
