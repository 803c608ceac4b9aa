"""DOCX: the same short document as WordprocessingML in a zip."""

from __future__ import annotations

from html import escape

from bench.documents.content import Content, Grid
from bench.documents.packed import packed

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_MORE = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _run(words: str, properties: str = "") -> str:
    inner = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(words).split("\n"))
    return f'<w:r>{properties}<w:t xml:space="preserve">{inner}</w:t></w:r>'


def _table(grid: Grid) -> str:
    rows = []
    for row in range(grid.rows):
        cells, column = "", 0
        while column < grid.columns:
            found = next(c for c in grid.cells if c[0] <= row < c[0] + c[2] and c[1] == column)
            top, _, down, across, text = found
            merge = "" if down == 1 else '<w:vMerge w:val="restart"/>' if row == top else "<w:vMerge/>"
            span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
            cells += f"<w:tc><w:tcPr>{span}{merge}</w:tcPr><w:p>{_run(text) if row == top else ''}</w:p></w:tc>"
            column += across
        rows.append(f"<w:tr>{cells}</w:tr>")
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def parts(content: Content) -> dict[str, bytes]:
    """The entries of the zip."""
    body, links = [], []
    for number, block in enumerate(content.blocks):
        if isinstance(block, Grid):
            body.append(_table(block))
            continue
        properties = f'<w:pStyle w:val="{block.level}"/>' if block.level else ""
        properties += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' if block.bullet else ""
        runs = _run(block.text)
        if block.address:
            links.append(block.address)
            runs = f'<w:hyperlink r:id="link{len(links)}">{runs}</w:hyperlink>'
        if content.hidden and number == 0:
            runs += _run(content.hidden, "<w:rPr><w:vanish/></w:rPr>") + f"<w:del><w:r><w:delText>{escape(content.hidden)}</w:delText></w:r></w:del>"
        body.append(f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>")
    if content.box:
        box = f"<w:txbxContent><w:p>{_run(content.box)}</w:p></w:txbxContent>"
        choice = f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        body.append(f"<w:p><w:r><mc:AlternateContent>{choice}<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>")
    styles = "".join(f'<w:style w:type="paragraph" w:styleId="{n}"><w:name w:val="heading {n}"/></w:style>' for n in (1, 2, 3))
    relations = "".join(
        f'<Relationship Id="link{n}" Type="{_OFFICE}/hyperlink" Target="{escape(address)}" TargetMode="External"/>' for n, address in enumerate(links, 1)
    )
    written = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
        ),
        "word/document.xml": f"{_HEAD}<w:document {_W} {_MORE}><w:body>{''.join(body)}<w:sectPr/></w:body></w:document>",
        "word/styles.xml": f"{_HEAD}<w:styles {_W}>{styles}</w:styles>",
        "word/header1.xml": f"{_HEAD}<w:hdr {_W}><w:p>{_run(content.header)}</w:p></w:hdr>",
        "word/_rels/document.xml.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>',
        "docProps/core.xml": (
            f'{_HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>{escape(content.title)}</dc:title>'
            f"<dcterms:created>2019-01-01T00:00:00Z</dcterms:created><dcterms:modified>{content.changed}T00:00:00Z</dcterms:modified></cp:coreProperties>"
        ),
    }
    return {**{entry: text.encode() for entry, text in written.items()}, **content.extra}


def docx(content: Content) -> bytes:
    """The file."""
    return packed(parts(content))
