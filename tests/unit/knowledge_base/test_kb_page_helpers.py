"""What the editors' page decides without a browser: lengths by channel, the form, states in words, files' names and results."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from knowledge_base.desk import channels, form, uploads, words
from knowledge_base.desk.channels import CHANNELS, Channel, characters, fit
from knowledge_base.desk.guard import place
from knowledge_base.desk.notice_pane import NoticePane
from knowledge_base.desk.versions_pane import reason
from knowledge_base.editing.schemas import Flag
from knowledge_base.ingest.drafts import Draft, Refusal, Row
from knowledge_base.schemas import NoticeContent, NoticeKind, NoticeStatus, RowResult

TODAY = date(2026, 11, 22)
BASE = NoticeContent("n-1", "제목", "본문입니다.", TODAY, TODAY, review_by=date(2027, 5, 1))


def by_code(code: str) -> Channel:
    return next(channel for channel in CHANNELS if channel.code == code)


@pytest.mark.parametrize(
    ("code", "text", "size"),
    [
        ("kakao", "여권😀", 3),
        ("line", "여권😀", 4),
        ("wechat", "여권😀", 10),
        ("sms", "여권a", 5),
        ("sms", "여권😀", 5),  # what the carrier's code page lacks goes out as a question mark
    ],
)
def test_each_channel_counts_in_its_own_unit(code, text, size):
    assert by_code(code).measure(text) == size


def test_a_text_is_cut_where_the_limit_falls_and_never_inside_a_character():
    shown = fit(by_code("sms"), "가" * 44 + "abc" + "나" * 10)
    assert channels.euc_kr_bytes(shown.shown) <= 90 < channels.euc_kr_bytes(shown.shown + shown.beyond[0])
    assert shown.shown + shown.beyond == "가" * 44 + "abc" + "나" * 10
    assert shown.is_over
    assert not shown.is_folded
    emoji = fit(Channel("x", "x", 3, "자", channels.utf16_units, False), "😀😀")
    assert (emoji.shown, emoji.beyond) == ("😀", "😀")


def test_kakao_folds_before_it_cuts():
    folded = fit(by_code("kakao"), "가" * 600)
    assert (folded.is_folded, folded.is_over, folded.measured) == (True, False, "600/1,000자")
    assert not fit(by_code("kakao"), "가" * 500).is_folded
    assert fit(by_code("kakao"), "가" * 1001).is_over


def test_a_text_within_the_limit_is_shown_whole():
    assert fit(Channel("x", "x", 5, "자", characters, False), "여권 수수") == channels.Fit(Channel("x", "x", 5, "자", characters, False), "여권 수수", "", 5)


def test_the_form_shows_a_notice_and_gives_the_same_notice_back():
    notice = replace(BASE, countries=("VN", "TH"), topics=("pets",), source="외교부", source_url="https://www.0404.go.kr/", expires_at=date(2027, 1, 1))
    assert form.content_of(form.fields_of(notice), notice) == (notice, {})


@pytest.mark.parametrize(
    ("changes", "field", "words_in_it"),
    [
        ({"title": "  "}, "title", "제목"),
        ({"body": ""}, "body", "본문"),
        ({"review_by": ""}, "review_by", "검토 기한을 정해"),
        ({"published_at": ""}, "published_at", "게시일"),
        ({"expires_at": "2026-11-22"}, "expires_at", "시행일보다 뒤"),
        ({"effective_from": "어제"}, "effective_from", "연-월-일"),
        ({"source_url": "javascript:alert(1)"}, "source_url", "https://"),
        ({"countries": ["Vietnam"]}, "countries", "나라"),
        ({"supersedes": ["n-1"]}, "supersedes", "자기 자신"),
        ({"title": "가" * 301}, "title", "너무 깁니다"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(changes, field, words_in_it):
    content, problems = form.content_of(form.fields_of(BASE) | changes, BASE)
    assert content is None
    assert list(problems) == [field]
    assert words_in_it in problems[field]


@pytest.mark.parametrize("fields", [None, 7, [], {"title": 3, "countries": "VN", "topics": [1]}])
def test_a_browser_that_sends_nonsense_gets_problems_and_no_error(fields):
    content, problems = form.content_of(fields, BASE)
    assert content is None
    assert "title" in problems


def test_the_form_cannot_change_what_it_does_not_hold():
    forged = form.fields_of(BASE) | {"id": "other", "kind": "canned", "language": "en", "test_only": True, "shortcut": "x"}
    content, problems = form.content_of(forged, BASE)
    assert problems == {}
    assert content == BASE


def test_a_canned_text_keeps_its_shortcut():
    base = replace(BASE, kind=NoticeKind.CANNED)
    content, _ = form.content_of(form.fields_of(base) | {"shortcut": "/분실"}, base)
    assert content is not None
    assert content.shortcut == "분실"


def test_a_half_written_notice_is_previewed_only_once_it_has_words():
    assert form.for_preview(None, {"title": "새 제목", "body": ""}, BASE, TODAY) is None
    shown = form.for_preview(None, {"title": "새 제목", "body": "새 본문"}, BASE, TODAY)
    assert shown is not None
    assert (shown.title, shown.body, shown.id) == ("새 제목", "새 본문", "n-1")


@pytest.mark.parametrize(
    ("status", "in_force", "flags", "word"),
    [
        (NoticeStatus.PUBLISHED, True, (), "시행 중"),
        (NoticeStatus.PUBLISHED, True, (Flag.CHANGED_SINCE,), "시행 중"),
        (NoticeStatus.PUBLISHED, False, (Flag.REVIEW_OVERDUE,), "검토 기한 지남"),
        (NoticeStatus.PUBLISHED, False, (Flag.REVIEW_OVERDUE, Flag.ENDED), "효력 끝남"),
        (NoticeStatus.PUBLISHED, False, (Flag.STARTS_LATER,), "시행 전"),
        (NoticeStatus.PUBLISHED, False, (Flag.ENDED,), "효력 끝남"),
        (NoticeStatus.DRAFT, False, (Flag.NEVER_PUBLISHED,), "초안"),
        (NoticeStatus.REVIEW, False, (Flag.NEVER_PUBLISHED,), "검토 중"),
        (NoticeStatus.SUPERSEDED, False, (Flag.ENDED,), "대체됨"),
        (NoticeStatus.WITHDRAWN, False, (), "철회"),
    ],
)
def test_a_state_says_what_citizens_get(status, in_force, flags, word):
    state = words.state_of(status, in_force, flags)
    assert state.word == word
    assert state.shape
    assert word not in words.more_flags(state, flags)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/공지.hwpx", "공지.hwpx"),
        ("C:\\문서\\공지.hwp", "공지.hwp"),
        ("공지\u202egpj.pdf", "공지gpj.pdf"),
        (".숨김.csv", "숨김.csv"),
        ("", "file"),
        ("<img src=x onerror=alert(1)>.html", "<img src=x onerror=alert(1)>.html"),
    ],
)
def test_a_file_name_loses_folders_and_disguises_and_nothing_else(name, safe):
    assert uploads.safe_name(name) == safe


def test_a_long_file_name_keeps_its_ending():
    assert uploads.safe_name("가" * 500 + ".hwpx").endswith(".hwpx")
    assert len(uploads.safe_name("가" * 500 + ".hwpx")) == uploads.MOST_NAME_CHARS


def test_what_became_of_a_file_is_said_and_refusals_come_first():
    taken = uploads.summary([RowResult("a", "draft", version=1, warnings=("날짜를 확인하십시오.",))], {"a": "가"})
    assert (taken.state, taken.word) == ("taken", "초안 1건이 되었습니다")
    assert taken.lines[0]["title"] == "가"
    assert taken.lines[0]["message"].endswith("날짜를 확인하십시오.")
    partly = uploads.summary([RowResult("a", "draft", version=1), RowResult("b", "error", "x", code="bad_date")], {})
    assert (partly.state, partly.lines[0]["outcome"], partly.lines[0]["name"]) == ("partly", "error", "b")
    assert "연-월-일" in partly.lines[0]["message"]
    row = uploads.summary([RowResult("목록.csv line 3", "error", code="bad_notice")], {})
    assert row.lines[0]["name"] == "목록.csv 3번째 줄"
    assert uploads.summary([RowResult("a", "unchanged")], {}).state == "unchanged"
    assert uploads.summary([RowResult("a", "error", code="file_broken")], {}).state == "refused"
    many = uploads.summary([RowResult(str(n), "draft", version=1) for n in range(80)], {})
    assert many.lines[-1] == {"outcome": "more", "message": "그 밖에 30건"}


def test_rows_of_a_jsonl_file_become_drafts_and_a_bad_one_stops_no_other():
    good = {"id": "a", "title": "가", "body": "나", "published_at": "2026-01-02", "countries": ["VN"], "test_only": True}
    raw = b"\n".join([json.dumps(good).encode(), b"{broken", json.dumps({"id": "c", "title": "", "body": "x"}).encode()])
    first, second, third = uploads.read_ready(raw, "x.jsonl").items
    assert isinstance(first, Draft)
    assert (first.id, first.published_at, first.countries, first.test_only) == ("a", "2026-01-02", ("VN",), True)
    assert isinstance(second, Row)
    assert isinstance(third, Row)
    with pytest.raises(Refusal):
        uploads.read_ready(b"\n\n", "x.jsonl")


def test_a_plain_markdown_file_is_titled_by_its_heading():
    [draft] = uploads.read_plain_markdown("# 반려동물 안내\n\n검역증이 필요합니다.".encode(), "메모 1.md").items
    assert isinstance(draft, Draft)
    assert (draft.title, draft.body, draft.id) == ("반려동물 안내", "검역증이 필요합니다.", "메모-1.md")
    [bare] = uploads.read_plain_markdown("검역증이 필요합니다.".encode(), "메모.md").items
    assert isinstance(bare, Draft)
    assert bare.title == "메모"
    with pytest.raises(Refusal):
        uploads.read_plain_markdown(b"\xff\xfe\x00", "메모.md")


def test_an_address_of_a_notice_holds_any_id():
    assert place() == "/kb"
    assert place("notice-20261122-00ff00ff", is_new=True) == "/kb/new/notice-20261122-00ff00ff"
    assert form.kind_of_new("canned-20261122-00ff00ff") is NoticeKind.CANNED
    assert form.kind_of_new("../notice-20261122-00ff00ff") is None
    assert place("a/b'c\"</script>") == "/kb/notice/a%2Fb%27c%22%3C%2Fscript%3E"


def test_the_programs_own_reasons_are_told_in_korean():
    assert reason("superseded by b") == "대체한 공지: b"
    assert reason("renewed until 2027-01-01, before 2026-12-01") == "기한 연장: 2027-01-01 (전에는 2026-12-01)"
    assert reason("오타를 고침") == "오타를 고침"


async def test_of_two_forecasts_that_overlap_the_one_asked_last_stays_however_late_the_first_ends():
    """A question was added while an answer to the old ones was still being worked out: that one called it wrong, and it stayed so."""
    ends, shown = {"old": asyncio.Event(), "new": asyncio.Event()}, []
    pane = object.__new__(NoticePane)
    pane._asked, pane._base, pane._detail, pane._found = 0, SimpleNamespace(id="n1"), None, None
    pane._client, pane._bar, pane._questions = contextlib.nullcontext(), Mock(), Mock()
    pane._bar.show.side_effect = shown.append

    async def what_if(content):
        await ends[content.text].wait()
        return SimpleNamespace(all=content.text, own={})

    async def run(action):
        return await action()

    pane._work, pane._guard = SimpleNamespace(what_if=what_if), SimpleNamespace(run=run)
    old, new = (asyncio.create_task(pane.what_if(SimpleNamespace(id="n1", text=text))) for text in ("old", "new"))
    await asyncio.sleep(0)
    ends["new"].set()
    await new
    ends["old"].set()
    assert (await old).all == "old", "whoever waits for it still gets it"
    assert shown == ["new"]
    assert pane._found.all == "new"
