"""Files of notices: good rows come in, bad ones are named, hostile markup never survives."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from knowledge_base.errors import NoticeError
from knowledge_base.ingest import read_jsonl, read_path
from knowledge_base.ingest.markdown import read_markdown
from knowledge_base.passages import LONGEST_PASSAGE, split_passages, split_sentences
from knowledge_base.schemas import NoticeContent

GOOD = {"id": "a", "title": "t", "body": "b", "published_at": "2026-01-10"}


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_bad_line_does_not_stop_the_rest() -> None:
    found = list(read_jsonl([line(), b"{", b"\xff\xfe", b"[]", b"\n", line(id="b", published_at="never"), line(id="c"), b"[" * 100_000]))
    kinds = [item.id if isinstance(item, NoticeContent) else item.notice_id for item in found]
    assert kinds == ["a", "line 2", "line 3", "line 4", "b", "c", "line 8"]
    assert sum(isinstance(item, NoticeError) for item in found) == 5


def test_characters_that_no_database_takes_cost_only_their_line() -> None:
    bad = [line(topics=["\x00"]), line(supersedes=["\ud800"]), line(id="\ud800"), line(id="d\ud800"), line(published_at="9999-12-31T23:59:59-12:00")]
    found = list(read_jsonl([*bad, line(id="c")]))
    assert [getattr(item, "id", None) or item.notice_id for item in found] == ["a", "a", "line 3", "d", "a", "c"]  # type: ignore[union-attr]
    assert [type(item) for item in found] == [NoticeError] * 4 + [NoticeContent] * 2


def test_a_row_without_id_is_named_by_its_line() -> None:
    (error,) = read_jsonl([json.dumps({"title": "t"}).encode()])
    assert isinstance(error, NoticeError)
    assert error.notice_id == "line 1"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"no front matter", "front matter"),
        (b"---\n[1, 2]\n---\ntext", "keys and values"),
        (b"---\na: &x [1]\nb: *x\n---\ntext", "anchors"),
        (b"---\ntitle: 'open\n---\ntext", "YAML"),
        (b"---\ntitle: t\npublished_at: 2026-02-30\n---\ntext", "published_at must be a date"),
        (b"---\ntitle: t\npublished_at: 2026-02-30T25:00:00+99:00\n---\ntext", "published_at must be a date"),
        (b"---\ntitle: " + b"[" * 10_000 + b"\n---\ntext", "YAML"),
        (b"---\ntitle: !!int ''\n---\ntext", "YAML"),
        (b"---\ntitle: !!bool maybe\n---\ntext", "YAML"),
        (b"---\ntitle: " + b"9" * 10_000 + b"\n---\ntext", "YAML"),
        (b'---\ntitle: t\npublished_at: 2026-01-01\ntopics: ["\\uD800"]\n---\ntext', "topics"),
        ("---\ntitle: 제목\n---\n본문".encode("euc-kr"), "UTF-8"),
        (b"---\ntitle: t\npublished_at: 2026-01-01\n---\n", "body is empty"),
    ],
)
def test_a_bad_file_is_refused_by_name(raw: bytes, message: str) -> None:
    with pytest.raises(NoticeError, match=message) as caught:
        read_markdown(raw, "file")
    assert caught.value.notice_id == "file"


def test_a_moment_in_front_matter_is_a_day_of_seoul() -> None:
    assert read_markdown(b"---\ntitle: t\npublished_at: 2026-02-28T15:00:00Z\n---\ntext", "a").published_at == date(2026, 3, 1)
    assert read_markdown(b"---\ntitle: t\npublished_at: 2026-02-28 15:00:00\n---\ntext", "a").published_at == date(2026, 2, 28)


def test_folder_with_one_bad_file(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("---\ntitle: 제목\npublished_at: 2026-01-01\n---\n본문입니다.", encoding="utf-8")
    (tmp_path / "bad.md").write_text("?", encoding="utf-8")
    (tmp_path / "README.md").write_text("about", encoding="utf-8")
    found = list(read_path(tmp_path))
    assert [getattr(item, "id", None) or item.notice_id for item in found] == ["bad", "good"]  # type: ignore[union-attr]


def test_unknown_type_and_missing_file(tmp_path: Path) -> None:
    (tmp_path / "x.exe").write_bytes(b"MZ")
    assert "cannot be read yet" in str(next(read_path(tmp_path / "x.exe")))
    assert "cannot be read" in str(next(read_path(tmp_path / "gone.md")))


HOSTILE = """# 제목 <b onclick=x>굵게</b>
<script>alert(1)</script>
문장 <img src=x onerror=alert(1)> 하나입니다. &lt;script&gt;alert(2)&lt;/script&gt; 둘입니다.
[여기](javascript:alert(1))를 누르지 마십시오. ![그림](https://evil.example/x.png) 셋입니다.
&amp;lt;iframe src=x&amp;gt;넷입니다.
<style>body{}</style><svg onload=alert(1)>
<!-- 숨은 말 --> 다섯입니다.
| 종류 | 값 |
|---|---|
| <script>alert(3)</script>가 | <b>1</b> |
"""


def test_hostile_markup_leaves_only_words() -> None:
    text = " ".join(p.text + p.heading for p in split_passages(HOSTILE))
    for bad in ("<", ">", "alert", "javascript", "onerror", "evil.example", "숨은", "body{}"):
        assert bad not in text, (bad, text)
    for good in ("문장 하나입니다.", "둘입니다.", "여기를 누르지", "셋입니다.", "넷입니다.", "다섯입니다.", "가: 값 1"):
        assert good in text, (good, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("수수료는 <USD 53>입니다.", "수수료는 <USD 53>입니다."),
        ("수수료는 &lt;USD 53&gt;입니다.", "수수료는 <USD 53>입니다."),
        ("<K-ETA> 대상국입니다.", "<K-ETA> 대상국입니다."),
        ("| 종류 | 값 |\n|---|---|\n| 긴급 | <USD 48> |", "긴급: 값 <USD 48>"),
    ],
)
def test_a_value_between_angles_is_no_tag(body: str, text: str) -> None:
    assert [p.text for p in split_passages(body)] == [text]


@pytest.mark.parametrize(
    "tag",
    [
        "<b>",
        "</FONT>",
        "<br/>",
        "<img src=x onerror=alert(1)>",
        "<img/onerror=alert(1)>",
        "&lt;img src=x onerror=alert(1)&gt;",
        "&amp;lt;x-part onclick=alert(1)&amp;gt;",
        "<x-part onclick='alert(1)'>",
        "<o:p>",
        "</o:p>",
        "<v:shape id=a>",
        "<whatever/>",
        "</whatever>",
    ],
)
def test_a_tag_leaves_nothing(tag: str) -> None:
    assert [p.text for p in split_passages(f"앞 {tag}뒤입니다.")] in (["앞 뒤입니다."], ["앞", "뒤입니다."])


def test_unclosed_script_hides_the_rest() -> None:
    assert [p.text for p in split_passages("앞입니다.\n\n<script>alert(1)\n뒤입니다.")] == ["앞입니다."]


def test_table_rows_carry_their_headers() -> None:
    (row,) = [p for p in split_passages("| 종류 | 국내 | 공관 |\n|---|---|---|\n| 긴급여권 | 48,000원 | 48달러 |") if p.is_row]
    assert row.text == "긴급여권: 국내 48,000원, 공관 48달러"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2026. 3. 1.(일)부터 시행합니다.", 1),
        ("수수료는 3.5달러입니다. 0404.go.kr에서 확인하십시오.", 2),
        ("첫째입니다.둘째입니다.", 2),
        ("○ 하나\n- 둘\n1. 셋", 3),
        ("질문입니까? 네! 그렇습니다", 3),
        ("", 0),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count


def test_endless_line_is_cut() -> None:
    parts = split_sentences("가나다 " * 2000)
    assert max(map(len, parts)) <= LONGEST_PASSAGE
    assert "".join(parts).count("가나다") == 2000


def test_hostile_length_is_quick() -> None:
    split_passages("<" * 100_000)
    split_passages("[" * 50_000)
    split_passages("가" * 200_000)
    split_passages("<svg " * 40_000)
    split_passages("<svg x></iframe>" * 12_000)
