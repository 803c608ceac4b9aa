"""PDF: pages of placed lines in a font that names its characters (ToUnicode) but is not embedded; enough for any reader of text."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

#: (x, y, text): points from the left and from the bottom of a page.
Placed = tuple[float, float, str]
SIZE = 10


def _stream(content: bytes, extra: str = "") -> bytes:
    packed = zlib.compress(content)
    return f"<< /Length {len(packed)} /Filter /FlateDecode {extra}>>\nstream\n".encode() + packed + b"\nendstream"


def _content(page: Sequence[Placed]) -> bytes:
    out = []
    for x, y, text in page:
        codes = text.encode("utf-16-be").hex()
        out.append(f"BT /F1 {SIZE} Tf 1 0 0 1 {x:.1f} {y:.1f} Tm <{codes}> Tj ET")
    return "\n".join(out).encode()


def _names(pages: Sequence[Sequence[Placed]]) -> bytes:
    used = sorted({ord(character) for page in pages for _, _, text in page for character in text})
    lines = [f"<{code:04x}> <{code:04x}>" for code in used]
    blocks = "\n".join(f"{len(lines[at : at + 100])} beginbfchar\n" + "\n".join(lines[at : at + 100]) + "\nendbfchar" for at in range(0, len(lines), 100))
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n" + blocks + "\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()


def pdf(pages: Sequence[Sequence[Placed]], *, title: str = "", changed: str = "", picture: bool = False) -> bytes:
    """The file; ``picture`` puts an image on each page, as a scan has."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"", b"", _stream(_names(pages)), b"", b""]
    widths = " ".join(f"{first} {last} {width}" for first, last, width in ((0x20, 0x7E, 500), (0x80, 0xFFFF, 1000)))
    objects[2] = b"<< /Type /Font /Subtype /Type0 /BaseFont /Batang /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"
    objects[3] = (
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Batang /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/DW 1000 /W [{widths}] /FontDescriptor 7 0 R >>"
    ).encode()
    objects[5] = _stream(bytes(64 * 64), "/Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8 ")
    objects[6] = (
        b"<< /Type /FontDescriptor /FontName /Batang /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>"
    )
    kids = []
    for page in pages:
        objects.append(_stream(_content(page) + (b"\nq 595 0 0 842 0 0 cm /I1 Do Q" if picture else b"")))
        images = " /XObject << /I1 6 0 R >>" if picture else ""
        fonts = f"<< /Font << /F1 3 0 R >>{images} >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R /Resources {fonts} >>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    day = f"/ModDate (D:{changed.replace('-', '')}090000+09'00')" if changed else ""
    objects.append(b"<< /Title <feff" + title.encode("utf-16-be").hex().encode() + b"> " + day.encode() + b" >>")
    out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    table = "".join(f"{at:010d} 00000 n \n" for at in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def lines(texts: Sequence[str | tuple[str, ...]], *, header: str = "", footer: str = "") -> list[Placed]:
    """A page: a text is a line, a tuple a row of a table with its columns 130 points apart."""
    page: list[Placed] = [(60, 800, header)] if header else []
    y = 770.0
    for text in texts:
        if isinstance(text, tuple):
            page.extend((60 + 130 * at, y, cell) for at, cell in enumerate(text))
        else:
            page.append((60, y, text))
        y -= 18
    return [*page, *([(280.0, 40.0, footer)] if footer else [])]
