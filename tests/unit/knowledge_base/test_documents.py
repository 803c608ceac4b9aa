"""Documents as offices send them: title, day, text in reading order, tables with every merged cell spelled out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bench.documents import Content, Grid, Line, csv_rows, docx, html, hwp, hwpx, notice, pdf
from bench.documents.docx import parts as docx_parts
from bench.documents.hwp import section
from bench.documents.hwpx import parts as hwpx_parts
from bench.documents.packed import packed
from bench.documents.pdf import lines
from knowledge_base.ingest.blocks import Cell, Paragraph, escape, markdown, plain, table
from knowledge_base.ingest.charset import decode
from knowledge_base.ingest.csv import country_code
from knowledge_base.ingest.days import parse_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row
from knowledge_base.ingest.kinds import document_id, parse, sniff
from knowledge_base.passages import split_passages

WRITERS = {"hwp": hwp, "hwpx": hwpx, "docx": docx, "html": html}
ROWS = [
    "복수여권: 기간 10년, 수수료 국내 50,000원, 수수료 재외공관 50달러",
    "복수여권: 기간 5년, 수수료 국내 42,000원, 수수료 재외공관 42달러",
    "긴급여권: 기간 1년, 수수료 국내 48,000원, 수수료 재외공관 48달러",
]


def one(raw: bytes, name: str) -> Draft:
    (draft,) = parse(raw, name)[1]
    assert isinstance(draft, Draft)
    return draft


@pytest.mark.parametrize("kind", WRITERS)
class TestEachFormat:
    def test_title_day_and_order(self, kind: str) -> None:
        draft = one(WRITERS[kind](notice()), f"안내.{kind}")
        assert draft.title == "여권 발급 수수료 변경 안내"
        assert draft.published_at == "2026-03-01"
        parts = [
            "## 수수료",
            "2026년 3월 1일부터 여권 발급 수수료가",
            "| 긴급여권 | 1년 | 48,000원 | 48달러 |",
            "## 준비물",
            "여권용 사진 한 장",
            "자세한 내용은",
        ]
        places = [draft.body.index(part) for part in parts]
        assert places == sorted(places)
        assert draft.body.count("여권용 사진") == 1

    def test_fees_can_be_quoted_with_their_columns(self, kind: str) -> None:
        draft = one(WRITERS[kind](notice()), f"안내.{kind}")
        assert [p.text for p in split_passages(draft.body) if p.is_row] == ROWS

    def test_what_is_not_text_of_the_notice_stays_out(self, kind: str) -> None:
        draft = one(WRITERS[kind](notice()), f"안내.{kind}")
        for outside in ("외교부 영사안전국", "이 줄은 지울 것", "alert", "로그인", "옛 문서"):
            assert outside not in draft.title + draft.body

    def test_links_lead_to_the_web_only(self, kind: str) -> None:
        assert "](https://www.example.go.kr/passport?a=1)" in one(WRITERS[kind](notice()), f"a.{kind}").body
        words = "누리집에서 확인하십시오. 아래 주소로 가면 자세한 안내가 있으니 신청하기 전에 꼭 읽어 보시기 바랍니다."
        bad = Content(
            (Line("제목입니까"), Line("본문의 첫 문장은 이렇게 충분히 길게 적어 둡니다. 그래야 기사로 봅니다."), Line(words, address="javascript:alert(1)"))
        )
        body = one(WRITERS[kind](bad), f"a.{kind}").body
        assert "누리집에서" in body
        assert "javascript" not in body

    def test_markup_in_the_words_stays_words(self, kind: str) -> None:
        text = "표시는 <b>굵게</b> 또는 <script>alert(1)</script> 그리고 5*3*2 이며 [여기](눌러)와 &lt;둘&gt; 입니다."
        body = one(WRITERS[kind](Content((Line("글자 그대로"), Line(text), Line("다음 문장은 앞의 문장과 이어지지 않고 따로 서 있습니다.")))), f"a.{kind}").body
        assert "<b" not in body
        assert "<script" not in body
        assert "굵게" in body

    def test_the_kind_is_known_by_content(self, kind: str) -> None:
        found, (draft,) = parse(WRITERS[kind](notice()), "이름.pdf")
        assert found == kind
        assert isinstance(draft, Draft)
        assert any(kind in warning for warning in draft.warnings)


@pytest.mark.parametrize("kind", ["hwp", "hwpx", "docx"])
class TestWordProcessors:
    def test_text_boxes_are_read_once(self, kind: str) -> None:
        assert one(WRITERS[kind](notice()), "a").body.count("02-0000-0000") == 1

    def test_without_a_line_for_a_title_the_properties_have_one(self, kind: str) -> None:
        draft = one(WRITERS[kind](Content((Grid.of(("종류", "값"), ("가", "1원")),), title="속성의 제목", changed="2026-03-02")), f"파일 이름.{kind}")
        assert (draft.title, draft.published_at) == ("속성의 제목", "2026-03-02")

    def test_the_properties_are_in_utc_and_the_day_is_seouls(self, kind: str) -> None:
        content = Content((Grid.of(("종류", "값"), ("가", "1원")),), title="속성의 제목", changed="2026-02-28")
        made = {"docx": docx_parts, "hwpx": hwpx_parts}
        if kind == "hwp":
            raw = hwp(replace(content, changed="2026-02-28T15:00:00"))
        else:
            at_midnight = {entry: re.sub(rb"(2026-02-28)T\d\d:\d\d:\d\dZ", rb"\1T15:00:00Z", part) for entry, part in made[kind](content).items()}
            raw = packed(at_midnight)
        assert one(raw, f"a.{kind}").published_at == "2026-03-01"

    def test_otherwise_the_file_names_itself(self, kind: str) -> None:
        draft = one(WRITERS[kind](Content((Grid.of(("종류", "값"), ("가", "1원")),))), f"여권_수수료 안내.{kind}")
        assert (draft.title, draft.id) == ("여권 수수료 안내", f"여권_수수료-안내.{kind}")

    def test_without_words(self, kind: str) -> None:
        with pytest.raises(Refusal) as caught:
            parse(WRITERS[kind](Content((Line(""),))), "a")
        assert caught.value.code == "file_no_text"

    def test_a_box_around_text_is_no_table(self, kind: str) -> None:
        body = one(WRITERS[kind](Content((Line("제목"), Grid.of(("네모 안의 글입니다.",)), Line("끝입니다.")))), "a").body
        assert body == "네모 안의 글입니다.\n\n끝입니다."

    def test_breaks_and_characters_beyond_the_basic_plane(self, kind: str) -> None:
        body = one(WRITERS[kind](Content((Line("제목"), Line("첫 줄\n둘째 줄 𠮷 😀")))), "a").body
        assert body == "첫 줄\n둘째 줄 𠮷 😀"


class TestHwp:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"version": (6, 0, 0, 0)}, "file_version_unknown"),
            ({"version": (3, 0, 0, 0)}, "file_version_unknown"),
            ({"flags": 1 | 2}, "file_encrypted"),
            ({"flags": 1 | 4}, "file_encrypted"),
            ({"flags": 1 | 16}, "file_encrypted"),
            ({"body": b"\xff" * 500, "preview": ""}, "file_broken"),
        ],
    )
    def test_named_refusals(self, changes: dict, code: str) -> None:
        with pytest.raises(Refusal) as caught:
            parse(hwp(notice(), **changes), "a.hwp")
        assert caught.value.code == code

    def test_the_old_binary_form(self) -> None:
        with pytest.raises(Refusal) as caught:
            parse(b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05" + bytes(500), "a.hwp")
        assert caught.value.code == "file_version_unknown"

    def test_stored_without_compression_and_newer_minor_version(self) -> None:
        draft = one(hwp(notice(), flags=0, version=(5, 1, 1, 0)), "a.hwp")
        assert "48,000원" in draft.body

    def test_a_broken_body_leaves_the_preview_with_a_warning(self) -> None:
        draft = one(hwp(notice(), body=b"\xff" * 500), "a.hwp")
        assert draft.title == "여권 발급 수수료 변경 안내"
        assert any("미리보기" in warning for warning in draft.warnings)

    def test_a_truncated_body_is_not_taken_for_the_whole(self) -> None:
        whole = section(notice())
        with pytest.raises(Refusal) as caught:
            parse(hwp(notice(), flags=0, body=whole[:-7], preview=""), "a.hwp")
        assert caught.value.code == "file_broken"

    def test_long_paragraphs_have_their_size_apart(self) -> None:
        long = "긴 문장입니다. " * 600
        assert one(hwp(Content((Line("제목"), Line(long)))), "a.hwp").body.count("긴 문장입니다.") == 600

    def test_footnotes_become_paragraphs(self) -> None:
        assert "(주: 단수여권은 제외합니다.)" in one(hwp(notice()), "a.hwp").body
        assert "(주: 단수여권은 제외합니다.)" in one(hwpx(notice()), "a.hwpx").body


class TestHwpx:
    def test_encrypted(self) -> None:
        manifest = (
            '<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<odf:file-entry full-path="Contents/section0.xml"><odf:encryption-data/></odf:file-entry></odf:manifest>'
        )
        with pytest.raises(Refusal) as caught:
            parse(hwpx(replace(notice(), extra={"META-INF/manifest.xml": manifest.encode()})), "a.hwpx")
        assert caught.value.code == "file_encrypted"

    def test_sections_come_in_the_order_of_their_numbers(self) -> None:
        from bench.documents.hwpx import section as body

        extra = {f"Contents/section{n}.xml": body(Content((Line(f"{n}번째 구역의 문장입니다."),))).encode() for n in (10, 2, 1)}
        found = one(hwpx(replace(notice(), extra=extra)), "a.hwpx").body
        assert found.index("1번째") < found.index("2번째") < found.index("10번째")


class TestDocx:
    def test_lists(self) -> None:
        assert "- 여권용 사진 한 장\n- 신분증" in one(docx(notice()), "a.docx").body


class TestPdf:
    PAGES = (
        lines(
            [
                "여권 발급 수수료 안내",
                "게시일: 2026. 3. 1.",
                "2026년 3월 1일부터 여권 발급 수수료가 아래와 같이 바뀌니 신청하실 때",
                "미리 확인하여 주시기 바랍니다.",
                ("종류", "국내", "재외공관"),
                ("복수여권", "50,000원", "50달러"),
                ("긴급여권", "48,000원", "48달러"),
            ],
            header="외교부 영사안전국",
            footer="- 1 -",
        ),
        lines(["○ 준비물: 사진 한 장", "신 청 서 를 내 십 시 오"], header="외교부 영사안전국", footer="- 2 -"),
        lines(["○ 문의는 가까운 재외공관에 하십시오."], header="외교부 영사안전국", footer="- 3 -"),
    )

    def test_text_table_edges_and_spacing(self) -> None:
        draft = one(pdf(self.PAGES, title="속성", changed="2026-03-05"), "a.pdf")
        assert draft.title == "여권 발급 수수료 안내"
        assert draft.published_at == "2026-03-01"
        assert "신청하실 때 미리 확인하여" in draft.body
        assert [p.text for p in split_passages(draft.body) if p.is_row] == [
            "복수여권: 국내 50,000원, 재외공관 50달러",
            "긴급여권: 국내 48,000원, 재외공관 48달러",
        ]
        assert "외교부 영사안전국" not in draft.title + draft.body
        assert "- 2 -" not in draft.body
        assert "신청서를내십시오" in draft.body
        assert len(draft.warnings) == 2

    def test_fees_and_numbers_to_call_at_the_edges_of_pages_stay(self) -> None:
        first = ["수수료와 연락처 안내", "아래 표를 보십시오.", ("복수여권", "50,000원"), "경찰", "112"]
        second = [("복수여권", "20,000원"), "재외공관에서 신청하실 때의 수수료입니다.", "구급", "119"]
        pages = [lines(page, header=f"외교부 2026년 2월 {number} / 2", footer=footer) for number, page, footer in ((1, first, "1"), (2, second, "2"))]
        body = one(pdf(pages), "a.pdf").body
        for said in ("50,000원", "20,000원", "112", "119"):
            assert said in body
        assert "2026년" not in body
        assert not {"1", "2"} & set(body.split("\n"))

    def test_a_cover_that_is_not_counted_does_not_keep_page_numbers(self) -> None:
        texts = ("재외국민을 위한 여권 안내 표지입니다", "○ 사진을 한 장 미리 준비하여 주십시오.", "○ 수수료를 창구에 내 주십시오.")
        pages = [lines([text], footer=footer) for text, footer in zip(texts, ("", "- 1 -", "- 2 -"), strict=True)]
        assert "- 1 -" not in one(pdf(pages), "a.pdf").body

    def test_the_properties_are_days_of_seoul(self) -> None:
        raw = pdf([lines(["여권 안내 제목", "여권 수수료가 바뀝니다."])], changed="2026-02-28")
        assert one(raw, "a.pdf").published_at == "2026-02-28"
        assert one(raw.replace(b"090000+09'00'", b"150000+00'00'"), "a.pdf").published_at == "2026-03-01"

    def test_a_scan_is_called_a_scan(self) -> None:
        with pytest.raises(Refusal) as caught:
            parse(pdf([[], []], picture=True), "a.pdf")
        assert caught.value.code == "file_scanned"
        assert "스캔" in caught.value.korean

    def test_an_empty_one_is_not(self) -> None:
        with pytest.raises(Refusal) as caught:
            parse(pdf([[]]), "a.pdf")
        assert caught.value.code == "file_no_text"

    def test_pages_that_are_pictures_are_named(self) -> None:
        draft = one(pdf([self.PAGES[0], [], self.PAGES[2]], picture=True), "a.pdf")
        assert any(": 2." in warning for warning in draft.warnings)

    @pytest.mark.parametrize(("password", "code"), [("열쇠", "file_encrypted"), ("", "")])
    def test_encrypted(self, password: str, code: str) -> None:
        import io

        from pypdf import PdfWriter

        writer = PdfWriter(clone_from=io.BytesIO(pdf(self.PAGES)))
        writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
        out = io.BytesIO()
        writer.write(out)
        if not code:
            assert "긴급여권" in one(out.getvalue(), "a.pdf").body
            return
        with pytest.raises(Refusal) as caught:
            parse(out.getvalue(), "a.pdf")
        assert caught.value.code == code


class TestHtml:
    def test_korean_charsets(self) -> None:
        for charset in ("utf-8", "euc-kr"):
            assert "48,000원" in one(html(notice(), charset), "a.html").body
        undeclared = html(notice(), "euc-kr").replace(b'<meta charset="euc-kr">', b"")
        assert "48,000원" in one(undeclared, "a.html").body

    def test_address_and_day_from_the_head(self) -> None:
        head = '<link rel="canonical" href="https://www.example.go.kr/notice/12"><meta property="article:published_time" content="2026-02-03T09:00:00+09:00">'
        content = Content((Line("제목입니다만"), Line("본문 문장은 이렇게 길게 적습니다. 그래야 기사로 보고 가져옵니다. 한 문장 더 적습니다.")))
        draft = one(html(content, head=head), "a.html")
        assert (draft.source_url, draft.published_at) == ("https://www.example.go.kr/notice/12", "2026-02-03")
        assert draft.warnings

    def test_a_few_broken_bytes(self) -> None:
        raw = html(notice(), "euc-kr").replace("접수".encode("cp949"), b"\xff\xff", 1)
        assert one(raw, "a.html").warnings


class TestCsv:
    HEADER = ("번호", "제목", "내용", "게시일", "시행일", "만료일", "국가", "출처", "링크")
    ROW = ("17", "여행 안내", "짧은 본문,\n둘째 줄", "2026. 3. 1.", "2026-04-01", "2026/12/31", "일본, 프랑스", "외교부", "https://example.org/a")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_columns(self, encoding: str, delimiter: str) -> None:
        draft = one(csv_rows([self.HEADER, self.ROW], encoding, delimiter), "a.csv")
        assert (draft.id, draft.title, draft.body) == ("17", "여행 안내", "짧은 본문,\n둘째 줄")
        assert (draft.published_at, draft.effective_from, draft.expires_at) == ("2026-03-01", "2026-04-01", "2026-12-31")
        assert (draft.countries, draft.source, draft.source_url) == (("JP", "FR"), "외교부", "https://example.org/a")

    @pytest.mark.parametrize(
        ("columns", "cells", "expires_at"),
        [
            (("만료일",), ("2026-12-31",), "2026-12-31"),
            (("종료일",), ("2026-12-31",), "2027-01-01"),
            (("마감일자",), ("2026. 2. 28.",), "2026-03-01"),
            (("종료일", "만료일"), ("2026-12-31", "2027-06-01"), "2027-06-01"),
            (("종료일", "만료일"), ("2026-12-31", ""), "2027-01-01"),
            (("종료일",), ("",), ""),
            (("종료일",), ("2099-12-31",), "2100-01-01"),
        ],
    )
    def test_a_last_day_still_counts_and_a_day_of_expiry_does_not(self, columns: tuple[str, ...], cells: tuple[str, ...], expires_at: str) -> None:
        draft = one(csv_rows([("제목", "내용", *columns), ("가", "나", *cells)]), "a.csv")
        assert draft.expires_at == expires_at

    def test_english_columns_and_rows_that_are_refused(self) -> None:
        rows = [("Title", "Body", "Published At"), ("a", "b", "2026-01-02"), ("", "b", ""), ("c", "d", "soon"), ("e", "f", "")]
        kind, found = parse(csv_rows(rows), "list.csv")
        assert kind == "csv"
        assert [item.code if isinstance(item, Row) else item.title for item in found] == ["a", "bad_notice", "bad_date", "e"]

    def test_rows_without_a_number_keep_their_id_when_they_move(self) -> None:
        rows = [("제목", "내용"), ("가", "1"), ("나", "2")]
        ids = {item.title: item.id for item in parse(csv_rows(rows), "목록.csv")[1] if isinstance(item, Draft)}
        moved = {item.title: item.id for item in parse(csv_rows([rows[0], rows[2], rows[1]]), "목록.csv")[1] if isinstance(item, Draft)}
        assert ids == moved
        assert len(set(ids.values())) == 2

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (csv_rows([("가", "나"), ("1", "2")]), "file_columns"),
            (csv_rows([("제목", "내용")]), "file_no_text"),
            (b"\xff\xfd\xfc\xfb\x80", "file_charset"),
            (b"title,body\na,b\x00", "file_charset"),
            ("title,body\na,b\x00".encode("utf-16"), "file_charset"),
            (b'title,body\na,"' + b"x" * 300_000 + b'"', "file_broken"),
            (b"", "file_columns"),
        ],
    )
    def test_named_refusals(self, raw: bytes, code: str) -> None:
        with pytest.raises(Refusal) as caught:
            parse(raw, "a.csv")
        assert caught.value.code == code

    def test_countries(self) -> None:
        assert [country_code(word) for word in ("일본", "JP", "jp", "Japan", "미국", "없는나라", "ZZZ")] == ["JP", "JP", "JP", "JP", "US", "", ""]


class TestPieces:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("2026-03-01", "2026-03-01"),
            ("2026. 3. 1.", "2026-03-01"),
            ("2026년 3월 1일(일)", "2026-03-01"),
            ("20260301", "2026-03-01"),
            ("2026/3/1 09:00", "2026-03-01"),
            ("2026-02-28T15:00:00.000Z", "2026-03-01"),
            ("2026-02-28T15:00:00", "2026-02-28"),
            ("2026-02-30T15:00:00Z", None),
            ("2026-13-01", None),
            ("26-03-01", None),
            ("", None),
        ],
    )
    def test_days(self, text: str, day: str | None) -> None:
        found = parse_day(text)
        assert (found.isoformat() if found else None) == day

    @pytest.mark.parametrize("text", ["1*2*3", "[가](나)", "<b>", "&amp;", "\\*", "# 아님", "| 세로", "`코드`", "> 인용", "○ 항목", "- 항목"])
    def test_escaped_words_read_the_same(self, text: str) -> None:
        assert plain(escape(text)) == text

    def test_wide_tables_of_a_stranger_cost_nothing(self) -> None:
        assert table([Cell(0, 0, "가"), Cell(65_535, 65_535, "나")]) == "가\n\n나"
        assert table([Cell(0, 0, "가", 65_535, 65_535), Cell(1, 1, "나")])

    def test_a_caption_row_stands_before_its_table(self) -> None:
        cells = [Cell(0, 0, "표 1", 1, 2), Cell(1, 0, "종류"), Cell(1, 1, "값"), Cell(2, 0, "가"), Cell(2, 1, "1|2")]
        assert table(cells) == "표 1\n\n| 종류 | 값 |\n| --- | --- |\n| 가 | 1\\|2 |"

    def test_headings_that_say_something_stay_text(self) -> None:
        assert markdown([Paragraph("수수료는 5만원입니다.", 1), Paragraph("수수료", 1)]) == "수수료는 5만원입니다.\n\n## 수수료"

    def test_a_mark_that_lies(self) -> None:
        with pytest.raises(Refusal):
            decode(b"\xef\xbb\xbf\xff", "a")

    def test_names_become_ids(self) -> None:
        assert document_id(" 여권 안내 (최종).hwp ") == "여권-안내-(최종).hwp"
        assert document_id("\n") == "document"
        assert len(document_id("가" * 500 + ".pdf")) == 200

    def test_a_page_without_a_name(self) -> None:
        assert sniff(b"<!-- a --><!DOCTYPE html><html>", "page") == "html"
