"""HWPX: the same short document as OWPML in a zip."""

from __future__ import annotations

from html import escape

from bench.documents.content import Content, Grid, Line
from bench.documents.packed import packed

_SPACES = (
    'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
    'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head" xmlns:opf="http://www.idpf.org/2007/opf/"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>'
STYLES = ("바탕글", "본문", "개요 1", "개요 2", "개요 3")


def _paragraph(runs: str, style: int = 0) -> str:
    lines = '<hp:linesegarray><hp:lineseg textpos="0" vertpos="0"/></hp:linesegarray>'
    return f'<hp:p id="0" paraPrIDRef="0" styleIDRef="{style}" pageBreak="0" columnBreak="0" merged="0">{runs}{lines}</hp:p>'


def _run(inner: str) -> str:
    return f'<hp:run charPrIDRef="0">{inner}</hp:run>'


def _text(words: str) -> str:
    return "<hp:t>" + escape(words).replace("\n", "<hp:lineBreak/>").replace("\t", '<hp:tab width="800" leader="0" type="1"/>') + "</hp:t>"


def _list(words: str) -> str:
    return f'<hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="CENTER">{_paragraph(_run(_text(words)))}</hp:subList>'


def _table(grid: Grid) -> str:
    rows = []
    for row in range(grid.rows):
        cells = "".join(
            f'<hp:tc name="" header="0" borderFillIDRef="1">{_list(text)}<hp:cellAddr colAddr="{column}" rowAddr="{row}"/>'
            f'<hp:cellSpan colSpan="{across}" rowSpan="{down}"/><hp:cellSz width="1000" height="500"/></hp:tc>'
            for at, column, down, across, text in sorted(grid.cells)
            if at == row
        )
        rows.append(f"<hp:tr>{cells}</hp:tr>")
    return f'<hp:tbl id="1" rowCnt="{grid.rows}" colCnt="{grid.columns}"><hp:sz width="4000" height="2000"/>{"".join(rows)}</hp:tbl>'


def section(content: Content) -> str:
    """The body."""
    first = _run('<hp:secPr id="" textDirection="HORIZONTAL"/><hp:ctrl><hp:colPr type="NEWSPAPER" colCount="1"/></hp:ctrl>')
    if content.header:
        first += _run(f'<hp:ctrl><hp:header id="1" applyPageType="BOTH">{_list(content.header)}</hp:header></hp:ctrl>')
    if content.hidden:
        first += _run(f"<hp:ctrl><hp:hiddenComment>{_list(content.hidden)}</hp:hiddenComment></hp:ctrl>")
        first += _run(f'<hp:t><hp:deleteBegin Id="1" TcId="1"/>{escape(content.hidden)}<hp:deleteEnd Id="1" TcId="1" paraend="0"/></hp:t>')
    out = []
    for number, block in enumerate(content.blocks):
        style = 0
        if isinstance(block, Grid):
            runs = _run(_table(block) + "<hp:t/>")
        else:
            style = 1 + min(block.level, 3) if block.level else 0
            words = "○ " + block.text if block.bullet else block.text
            runs = _run(_text(words))
            if block.address:
                parameters = f'<hp:parameters cnt="1" name=""><hp:stringParam name="Path">{escape(block.address)}</hp:stringParam></hp:parameters>'
                begin = f'<hp:ctrl><hp:fieldBegin id="7" type="HYPERLINK" name="">{parameters}</hp:fieldBegin></hp:ctrl>'
                runs = _run(begin) + runs + _run('<hp:ctrl><hp:fieldEnd beginIDRef="7"/></hp:ctrl>')
            if content.note and number == 0:
                runs += _run(f'<hp:ctrl><hp:footNote number="1">{_list(content.note)}</hp:footNote></hp:ctrl>')
        out.append(_paragraph(first + runs, style))
        first = ""
    if content.box:
        out.append(_paragraph(_run(f'<hp:rect id="3"><hp:drawText lastWidth="100">{_list(content.box)}</hp:drawText></hp:rect>')))
    return f"{_HEAD}<hs:sec {_SPACES}>{''.join(out)}</hs:sec>"


def parts(content: Content) -> dict[str, bytes]:
    """The entries of the zip."""
    styles = "".join(f'<hh:style id="{n}" type="PARA" name="{name}" engName=""/>' for n, name in enumerate(STYLES))
    package = (
        f"{_HEAD}<opf:package {_SPACES} version='' unique-identifier='' id=''><opf:metadata><opf:title>{escape(content.title)}</opf:title>"
        f'<opf:language>ko</opf:language><opf:meta name="CreatedDate" content="text">2019-01-01T00:00:00Z</opf:meta>'
        f'<opf:meta name="ModifiedDate" content="text">{content.changed and content.changed + "T01:02:03Z"}</opf:meta></opf:metadata></opf:package>'
    )
    lines = "\r\n".join(block.text for block in content.blocks if isinstance(block, Line))
    written = {
        "version.xml": f'{_HEAD}<hv:HCFVersion xmlns:hv="http://www.hancom.co.kr/hwpml/2011/version" major="5" minor="1" micro="1"/>',
        "Contents/header.xml": f"{_HEAD}<hh:head {_SPACES}><hh:refList><hh:styles>{styles}</hh:styles></hh:refList></hh:head>",
        "Contents/section0.xml": section(content),
        "Contents/content.hpf": package,
        "Preview/PrvText.txt": lines,
        "META-INF/manifest.xml": f'{_HEAD}<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
    }
    return {"mimetype": b"application/hwp+zip", **{entry: text.encode() for entry, text in written.items()}, **content.extra}


def hwpx(content: Content) -> bytes:
    """The file."""
    return packed(parts(content))
