"""Canned texts: what stands, what has run out, what may stand in braces, and what a case makes of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from knowledge_base import canned, slots
from knowledge_base.canned import CaseFacts, fill, last_words, search, standing
from knowledge_base.errors import NoticeError
from knowledge_base.notices import parse_record
from knowledge_base.schemas import Hit, Notice, NoticeStatus

TODAY = date(2026, 11, 22)
HOTLINE = "+82-2-3210-0404"


def text(notice_id: str = "c", body: str = "안녕하세요.", version: int = 1, status: NoticeStatus = NoticeStatus.PUBLISHED, **changes: Any) -> Notice:
    record = {"id": notice_id, "title": "인사", "body": body, "published_at": "2026-01-10", "kind": "canned", "review_by": "2027-01-31", **changes}
    return Notice(parse_record(record), version, status)


def notice(notice_id: str = "n", version: int = 1, status: NoticeStatus = NoticeStatus.PUBLISHED, **changes: Any) -> Notice:
    record = {
        "id": notice_id,
        "title": "여권을 잃어버렸을 때",
        "body": "경찰서에서 **분실 증명서**를 받으십시오.\n공관에 신고하십시오.",
        "published_at": "2026-02-01",
        "source_url": "https://example.org/passport",
        **changes,
    }
    return Notice(parse_record(record), version, status)


def facts(**changes: str) -> CaseFacts:
    return CaseFacts(7, TODAY, HOTLINE, **changes)


def one(record: Notice) -> canned.Standing:
    (found,) = standing([record], TODAY)
    return found


class TestSlots:
    @pytest.mark.parametrize(
        ("body", "odd"),
        [
            ("{공관 이름} {공관이름} { 접수  번호 } {공지: a-b} {공지:a-b}", ""),
            ("{이름}님", "{이름}"),
            ("{공지}", "{공지}"),
            ("{공지: }", "{공지: }"),
            ("{공지: a b}", "{공지: a b}"),
            ("{공관 전화: 12}", "{공관 전화: 12}"),
            ("남는 } 괄호", "}"),
            ("{{공관 이름}}", "{…}"),
            ("{\n}", "{\n}"),
        ],
    )
    def test_only_the_closed_set_may_stand_in_braces(self, body: str, odd: str) -> None:
        assert slots.unknown(body) == odd
        record = {"id": "c", "title": "t", "body": body, "published_at": "2026-01-10", "kind": "canned", "review_by": "2027-01-31"}
        if odd:
            with pytest.raises(NoticeError) as refused:
                parse_record(record)
            assert refused.value.code == "unknown_variable"
        else:
            assert parse_record(record).body == body

    def test_a_notice_may_hold_any_brace(self) -> None:
        assert notice(body="{이름} 칸을 채우십시오.").content.body.startswith("{이름}")

    def test_what_a_text_quotes(self) -> None:
        assert slots.quoted_ids("{공지: b} {공지:a} {공지: b} {공관 이름}") == ("b", "a")


class TestStanding:
    def test_in_force(self) -> None:
        assert one(text()).ended is None

    @pytest.mark.parametrize(
        ("changes", "ended", "why"),
        [
            ({"review_by": "2026-11-21"}, date(2026, 11, 22), "정형문 ‘인사’: 검토 기한(2026년 11월 21일)이 지났습니다."),
            ({"expires_at": "2026-06-01"}, date(2026, 6, 1), "정형문 ‘인사’: 2026년 6월 1일부터 유효하지 않습니다."),
        ],
    )
    def test_past_its_time_it_still_stands_and_says_so(self, changes: dict[str, str], ended: date, why: str) -> None:
        found = one(text(**changes))
        assert found.ended == ended
        assert canned.why_over(found, "정형문") == why
        assert fill(found, facts(), {}).stale == (why,)

    def test_the_last_day_of_review_still_counts(self) -> None:
        assert one(text(review_by="2026-11-22")).ended is None

    @pytest.mark.parametrize("status", [NoticeStatus.DRAFT, NoticeStatus.REVIEW, NoticeStatus.WITHDRAWN])
    def test_what_nobody_stands_behind_is_not_there(self, status: NoticeStatus) -> None:
        assert standing([text(status=status)], TODAY) == []

    def test_what_was_replaced_or_has_not_begun_is_not_there(self) -> None:
        old = text("old", status=NoticeStatus.SUPERSEDED)
        assert [s.id for s in standing([old, text("new", supersedes=["old"])], TODAY)] == ["new"]
        assert standing([text(effective_from="2027-01-01")], TODAY) == []
        first = text(status=NoticeStatus.SUPERSEDED)
        (now,) = standing([first, text(version=2, effective_from="2027-01-01")], TODAY)
        assert (now.version, now.ended) == (1, None)

    def test_the_newest_version_that_holds(self) -> None:
        (now,) = standing([text(version=2, body="둘째"), text(status=NoticeStatus.SUPERSEDED)], TODAY)
        assert (now.version, now.content.body) == (2, "둘째")


class TestFilling:
    def test_what_is_known_is_filled(self) -> None:
        filled = fill(
            one(text(body="{접수 번호} {오늘 날짜} {콜센터 전화} {공관 이름} {공관 전화}")),
            facts(mission="주캄보디아대사관", mission_phone="+855-23-211-900"),
            {},
        )
        assert filled == canned.Filled("#7 2026년 11월 22일 +82-2-3210-0404 주캄보디아대사관 +855-23-211-900")

    def test_what_is_not_known_stays_visible_with_a_sentence_and_is_never_a_blank(self) -> None:
        filled = fill(one(text(body="{공관 이름}: {공관 전화} / {공지: x}")), facts(), {})
        assert filled.text == "{공관 이름}: {공관 전화} / {공지: x}"
        assert filled.problems == (canned.NO_MISSION, canned.NO_PHONE, canned.NO_NOTICE.format(id="x"))
        assert canned.left_open(filled.text) == ("{공관 이름}", "{공관 전화}", "{공지: x}")

    def test_a_notice_is_quoted_live_with_title_day_sentences_and_link(self) -> None:
        quoted = last_words([notice()], ["n"], TODAY)
        assert fill(one(text(body="안내드립니다.\n{공지: n}")), facts(), quoted) == canned.Filled(
            "안내드립니다.\n「여권을 잃어버렸을 때」 (2026년 2월 1일 시행)\n경찰서에서 분실 증명서를 받으십시오.\n공관에 신고하십시오.\nhttps://example.org/passport"
        )

    @pytest.mark.parametrize("changes", [{"expires_at": "2026-06-01"}, {"review_by": "2026-05-31"}])
    def test_a_quoted_notice_that_is_over_is_said_to_be_past_and_makes_the_text_stale(self, changes: dict[str, str]) -> None:
        filled = fill(one(text(body="{공지: n}")), facts(), last_words([notice(**changes)], ["n"], TODAY))
        assert filled.text.startswith("지난 공지입니다(2026년 2월 1일부터 2026년 5월 31일까지). 지금은 다를 수 있습니다.\n「")
        assert len(filled.stale) == 1
        assert filled.stale[0].startswith("인용한 공지 ‘여권을 잃어버렸을 때’:")

    def test_a_superseded_notice_is_over_too(self) -> None:
        both = [notice(status=NoticeStatus.SUPERSEDED), notice("m", effective_from="2026-10-01", supersedes=["n"])]
        assert last_words(both, ["n"], TODAY)["n"].ended == date(2026, 10, 1)
        assert last_words(both, ["n"], date(2026, 9, 30))["n"].ended is None

    def test_words_of_a_citizen_or_a_notice_are_never_read_as_variables(self) -> None:
        quoted = last_words([notice(body="{공관 전화} 로 물어보십시오.")], ["n"], TODAY)
        filled = fill(one(text(body="{공지: n}")), facts(mission_phone="+1"), quoted)
        assert "{공관 전화} 로" in filled.text

    def test_a_long_notice_is_quoted_by_its_first_sentences(self) -> None:
        body = "\n".join(f"{n}번째 문장은 이 공지의 내용을 길게 설명하는 문장입니다." for n in range(60))
        quoted = canned.quote_notice(last_words([notice(body=body)], ["n"], TODAY)["n"])
        assert len(quoted) < canned.MOST_QUOTE_CHARS + 100
        assert quoted.endswith("https://example.org/passport")

    def test_a_hit_is_quoted_in_the_same_form(self) -> None:
        hit = Hit("n", 1.0, "경찰서에서 받으십시오.", "여권", date(2026, 2, 1), None, True, source_url="https://e.org", test_only=True)
        assert canned.quote_hit(hit) == "「여권」 (2026년 2월 1일 시행 · 시험용)\n경찰서에서 받으십시오.\nhttps://e.org"
        past = Hit("n", 1.0, "마스크는 8장입니다.", "마스크", date(2020, 2, 1), date(2020, 6, 1), False)
        assert canned.quote_hit(past).startswith("지난 공지입니다(2020년 2월 1일부터 2020년 5월 31일까지).")


class TestSearch:
    TEXTS = standing(
        [
            text("1", title="상담 시작 인사", shortcut="시작", body="안녕하세요. 영사 상담관입니다."),
            text("2", title="여권을 잃어버렸을 때", shortcut="여권", body="가까운 경찰서에서 분실 증명서를 받아 주세요."),
            text("3", title="병원에 가야 할 때", shortcut="병원", body="여권과 보험 서류를 가져가 주세요.", topics=["의료"]),
            text("4", title="지난 여권 안내", shortcut="여권옛날", review_by="2026-01-31"),
        ],
        TODAY,
    )

    @pytest.mark.parametrize(
        ("query", "ids"),
        [
            ("", "1234"),
            ("여권", "234"),
            ("여", "234"),
            ("여ㄱ", "234"),
            ("ㅇㄱ", "234"),
            ("ㅂ", "32"),
            ("경찰서 분실", "2"),
            ("의료", "3"),
            ("잃어버렸을때", "2"),
            ("없는말", ""),
        ],
    )
    def test_by_shortcut_title_initials_and_letters_with_what_has_run_out_last(self, query: str, ids: str) -> None:
        assert "".join(found.id for found in search(self.TEXTS, query)) == ids

    def test_by_dictionary_words_in_another_form(self) -> None:
        words = {"2": frozenset({"여권", "잃어버리", "경찰서"}), "3": frozenset({"여권", "병원"})}
        assert [found.id for found in search(self.TEXTS, "여권을 잃어버렸대요", ["여권", "잃어버리"], words)] == ["2"]
