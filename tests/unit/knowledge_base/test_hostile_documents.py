"""Files made to harm: each gets a refusal with a name from the catalogue, quickly, and nothing else ever happens."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.documents import Content, Line, csv_rows, docx, html, hwp, hwpx, notice, pdf
from bench.documents.compound import compound
from bench.documents.hwp import file_header, record
from bench.documents.hwpx import parts as hwpx_parts
from bench.documents.packed import packed
from bench.documents.pdf import lines
from core.errors import CATALOGUE
from knowledge_base.ingest.archive import Archive
from knowledge_base.ingest.drafts import Draft, Refusal
from knowledge_base.ingest.isolated import Reader
from knowledge_base.ingest.kinds import parse, sniff
from knowledge_base.passages import split_passages
from knowledge_base.preview import to_html

BOMB = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><hs:sec xmlns:hs="h">&c;</hs:sec>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><hs:sec xmlns:hs="h">&b;</hs:sec>'


def refusal(raw: bytes, name: str) -> str:
    started = time.process_time()
    with pytest.raises(Refusal) as caught:
        parse(raw, name)
    assert time.process_time() - started < 20
    assert caught.value.code in CATALOGUE
    assert caught.value.korean
    return caught.value.code


def deflated(content: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(content) + machine.flush()


class TestZips:
    @pytest.mark.parametrize(("writer", "entry"), [(hwpx, "Contents/section0.xml"), (docx, "word/document.xml")])
    @pytest.mark.parametrize("xml", [BOMB, OUTSIDE])
    def test_entities(self, writer, entry: str, xml: str) -> None:
        assert refusal(writer(replace(notice(), extra={entry: xml.encode()})), "a") == "file_xml_entities"

    @pytest.mark.parametrize(("writer", "entry"), [(hwpx, "Contents/section0.xml"), (docx, "word/document.xml")])
    def test_ratio(self, writer, entry: str) -> None:
        assert refusal(writer(replace(notice(), extra={entry: b"<a>" + b" " * 20_000_000 + b"</a>"})), "a") == "file_bomb"

    def test_total(self) -> None:
        content = b"<a>" + b" " * 70_000_000 + b"</a>"
        assert refusal(hwpx(replace(notice(), extra={"Contents/section0.xml": content})), "a") == "file_bomb"

    def test_a_size_that_lies(self) -> None:
        raw = bytearray(hwpx(replace(notice(), extra={"Contents/section0.xml": b"<a>" + b" " * 40_000_000 + b"</a>"})))
        for head, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
            place = raw.find(b"Contents/section0.xml") if head == b"PK\x03\x04" else raw.rfind(b"Contents/section0.xml")
            start = raw.rfind(head, 0, place)
            struct.pack_into("<I", raw, start + at, 100)
        assert refusal(bytes(raw), "a.hwpx") in ("file_bomb", "file_broken")

    def test_entries(self) -> None:
        assert refusal(packed({f"Contents/{n}": b"" for n in range(3000)}), "a.hwpx") == "file_bomb"

    def test_names_that_lead_outside_are_ignored(self) -> None:
        bad = ["../../etc/x", "/etc/x", "a/../../x", "C:/x", "..\\x"]
        raw = packed({**hwpx_parts(notice()), **dict.fromkeys(bad, b"x")})
        assert not set(bad) & set(Archive(raw, "a").names())
        (draft,) = parse(raw, "a.hwpx")[1]
        assert isinstance(draft, Draft)

    def test_encrypted_entries(self) -> None:
        raw = bytearray(hwpx(notice()))
        for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            start = raw.find(head)
            while start >= 0:
                raw[start + at] |= 1
                start = raw.find(head, start + 4)
        assert refusal(bytes(raw), "a.hwpx") == "file_encrypted"

    def test_deep_nesting(self) -> None:
        deep = b'<hs:sec xmlns:hs="h">' + b"<p><run><tbl><tr><tc><subList>" * 2000 + b"</subList></tc></tr></tbl></run></p>" * 2000 + b"</hs:sec>"
        assert refusal(hwpx(replace(notice(), extra={"Contents/section0.xml": deep, "Preview/PrvText.txt": b""})), "a") in CATALOGUE

    def test_other_zips_and_offices(self) -> None:
        assert refusal(packed({"a.txt": b"x"}), "a.zip") == "file_type_unknown"
        assert refusal(packed({"a.txt": b"x"}), "a.docx") == "file_broken"
        assert refusal(b"PK\x03\x04 and no more", "a.hwpx") == "file_broken"
        assert refusal(compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "a.docx") == "file_encrypted"
        assert refusal(compound({"WordDocument": b"x"}), "a.doc") == "file_type_unknown"
        assert refusal(b"MZ\x90", "a.exe") == "file_type_unknown"
        assert refusal(b"", "a.pdf") == "file_no_text"


class TestHwp:
    def test_bomb(self) -> None:
        assert refusal(hwp(notice(), body=deflated(bytes(80_000_000))), "a.hwp") == "file_bomb"

    def test_too_many_records(self) -> None:
        assert refusal(hwp(notice(), body=deflated(record(66, 0, b"") * 300_001)), "a.hwp") == "file_bomb"

    def test_levels_without_end(self) -> None:
        body = b"".join(record(71, level, b" lbt") for level in range(1000))
        assert refusal(hwp(notice(), body=deflated(body)), "a.hwp") == "file_bomb"

    def test_only_a_header(self) -> None:
        assert refusal(compound({"FileHeader": file_header()}), "a.hwp") == "file_no_text"
        assert refusal(compound({"FileHeader": b"x"}), "a.hwp") == "file_broken"


class TestOthers:
    def test_pdf(self) -> None:
        assert refusal(b"%PDF-1.7\nnothing", "a.pdf") == "file_broken"
        whole = pdf([lines(["문장 하나가 여기에 있습니다."])])
        assert refusal(whole[: len(whole) // 3], "a.pdf") in ("file_broken", "file_no_text")

    def test_pdf_that_goes_in_circles(self) -> None:
        raw = pdf([lines(["문장 하나가 여기에 있습니다."])]).replace(b"/Kids [9 0 R]", b"/Kids [2 0 R]")
        assert refusal(raw, "a.pdf") in ("file_broken", "file_no_text")

    def test_html(self) -> None:
        assert refusal(b"<html>" + b"x" * 6_000_000, "a.html") == "file_too_large"
        assert refusal(b"<!DOCTYPE html [<!ENTITY a 'b'>]><html><body>&a;</body></html>", "a.html") == "file_xml_entities"
        assert refusal(b"<html><body><script>alert(1)</script></body></html>", "a.html") == "file_no_text"
        assert refusal(b"<div>" * 10_000, "a.html") in ("file_bomb", "file_no_text")
        assert refusal(b"<html><body>" + b"<p>x</p>" * 50_000, "a.html") == "file_bomb"
        parse_anything(b"<table>" + b"<tr><td colspan=9999 rowspan=9999>x" * 500, "a.html")

    @pytest.mark.parametrize(
        "raw",
        [
            b"<!-- x -->" * 30 + b"<p>",
            b"<!-- x -->" * 400 + b"<p>",
            b"<!---->\n \n" * 400 + b"<p>",
            b"<!---->" * 500 + b"<!--",
            b"<!--" * 1000,
            b"<!-->" * 800,
            b"<!--" + b"-" * 4000,
            b"<!--" + b" -- > " * 600,
            b" " * 4096,
            b"<?xml ?>" + b" " * 4000,
        ],
    )
    def test_comments_before_a_page_are_passed_in_no_time(self, raw: bytes) -> None:
        started = time.process_time()
        with pytest.raises(Refusal):
            sniff(raw, "a")
        assert time.process_time() - started < 0.5

    def test_comments_before_a_page(self) -> None:
        assert sniff(b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- a -- > - -->\n<!---->\n<!doctype  html>", "a") == "html"

    def test_scripts_never_come_along(self) -> None:
        head = '<script>steal()</script><base href="https://evil.example/">'
        words = "문장은 충분히 길어야 하므로 이렇게 적습니다. 그리고 한 문장을 더 적습니다. 마지막 문장입니다."
        page = html(Content((Line("제목입니다만"), Line(words))), head=head)
        inside = '<p onclick="steal()">누르면 안 되는 문장입니다.<img src=x onerror=steal()><svg onload=steal()></svg></p><p hidden>숨은 말</p>'
        page = page.replace(
            b"</article>", inside.encode() + b"<p style='display: none'>&#49704;&#51008; &#44544;</p><iframe src='https://evil.example'></iframe></article>"
        )
        (draft,) = parse(page, "a.html")[1]
        assert isinstance(draft, Draft)
        for bad in ("steal", "evil", "onclick", "숨은", "<"):
            assert bad not in draft.body + draft.title + draft.source_url


def parse_anything(raw: bytes, name: str) -> None:
    items = []
    code = "bad_notice"
    try:
        _, items = parse(raw, name)
    except Refusal as error:
        code = error.code
    assert code in CATALOGUE
    for item in items:
        assert item.code in CATALOGUE if not isinstance(item, Draft) else item.title and item.body and item.id


VALID = {
    "hwp": hwp(notice()),
    "hwpx": hwpx(notice()),
    "docx": docx(notice()),
    "pdf": pdf([lines(["문장 하나가 여기에 있습니다.", ("가", "나"), ("다", "라")])]),
    "html": html(notice()),
    "csv": csv_rows([("제목", "내용"), ("가", "나")]),
}
QUIET = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(st.binary(max_size=400), st.sampled_from(["a.hwp", "a.hwpx", "a.docx", "a.pdf", "a.html", "a.csv", "a", ".", "", "a.txt", "가.나"]))
def test_random_bytes_never_raise_anything_else(raw: bytes, name: str) -> None:
    parse_anything(raw, name)


@QUIET
@given(st.sampled_from([b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"HWP Document File", b"<html>"]), st.binary(max_size=800))
def test_random_bytes_after_a_true_beginning(head: bytes, raw: bytes) -> None:
    parse_anything(head + raw, "a")


@QUIET
@given(st.sampled_from(sorted(VALID)), st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), min_size=1, max_size=8), st.floats(0.2, 1))
def test_damaged_files(kind: str, changes: list[tuple[float, bytes]], kept: float) -> None:
    raw = bytearray(VALID[kind])
    for place, patch in changes:
        at = int(place * len(raw))
        raw[at : at + len(patch)] = patch
    parse_anything(bytes(raw[: int(kept * len(raw)) or 1]), f"a.{kind}")


@QUIET
@given(st.binary(max_size=600))
def test_random_records(raw: bytes) -> None:
    parse_anything(hwp(notice(), flags=0, body=raw, preview=""), "a.hwp")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[누르세요](javascript:alert(1))",
        "[누르세요](data:text/html,<script>alert(1)</script>)",
        "![그림](https://evil.example/pixel.png)",
        "<https://example.org/\"onmouseover='alert(1)'>",
        "| <b onclick=alert(1)>가</b> | 나 |\n|---|---|\n| <svg onload=alert(1)> | 라 |",
        "[ref]: javascript:alert(1)\n\n[누르세요][ref]",
        "```\n<script>alert(1)</script>\n```",
    ],
)
def test_the_editors_preview_runs_nothing(hostile: str) -> None:
    from lxml import html as lxml_html

    tree = lxml_html.fragment_fromstring(to_html(f"앞 문장입니다.\n\n{hostile}\n\n뒤 문장입니다."), create_parent=True)
    for element in tree.iter():
        assert element.tag in {"div", "p", "a", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "em", "strong"}
        assert set(element.attrib) <= {"href", "class", "style", "title"}
        assert not (element.get("href") or "").lower().startswith(("javascript", "data"))
    text = " ".join(p.text for p in split_passages(hostile))
    assert "<" not in text


class TestIsolation:
    def test_documents_go_through_a_process_of_their_own(self) -> None:
        with Reader(60) as reader:
            document = reader.read(hwp(notice()), "안내.hwp")
            assert document.kind == "hwp"
            assert document.items == tuple(parse(hwp(notice()), "안내.hwp")[1])
            with pytest.raises(Refusal) as caught:
                reader.read(hwp(notice(), flags=3), "a.hwp")
            assert caught.value.code == "file_encrypted"
            assert len(reader.read(csv_rows([("제목", "내용"), ("가", "나"), ("", "다")]), "a.csv").items) == 2

    def test_a_reader_that_is_gone_or_slow_is_a_refusal_and_the_next_file_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Reader(60) as reader:
            reader.read(hwp(notice()), "a.hwp")
            assert reader._process is not None
            reader._process.send_signal(19)  # stopped: it does not answer
            reader.timeout_s = 0.2
            with pytest.raises(Refusal) as caught:
                reader.read(hwp(notice()), "a.hwp")
            assert caught.value.code == "file_timeout"
            reader.timeout_s = 60
            reader.read(hwp(notice()), "a.hwp")
            # It dies while it reads, not before: that it is gone must not show when it is asked.
            monkeypatch.setattr(reader._process, "poll", lambda: None)
            reader._process.kill()
            with pytest.raises(Refusal) as caught:
                reader.read(hwp(notice()), "a.hwp")
            assert caught.value.code == "file_broken"
            assert reader.read(hwp(notice()), "a.hwp").items


def test_every_code_that_is_raised_stands_in_the_catalogue(root: Path) -> None:
    import ast

    codes = set()
    for path in [*(root / "knowledge_base" / "ingest").glob("*.py"), *(root / "knowledge_base").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refusal", "NoticeError", "Row") and len(node.args) == 3:
                codes |= {
                    leaf.value for leaf in ast.walk(node.args[2]) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and " " not in leaf.value
                }
    assert len(codes) > 12
    assert codes <= set(CATALOGUE) | {""}


def test_a_zip_with_a_broken_directory() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Contents/section0.xml", "<a/>")
    raw = buffer.getvalue()
    assert refusal(raw[:-10], "a.hwpx") == "file_broken"
