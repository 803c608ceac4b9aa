"""Answers from the notices that come with the program."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from actions.remembered import ALARM_LEVEL
from knowledge_base import phrases
from knowledge_base.answer import LONGEST_WITH_ONE_MORE, answer, full_text
from knowledge_base.consistency import is_critical
from knowledge_base.evaluation import load_cases, questions_of, score_answers, score_search
from knowledge_base.notices import parse_record
from knowledge_base.schemas import Outcome
from knowledge_base.service import KnowledgeBase

TODAY = date(2026, 11, 22)


def test_quotes_stand_in_the_notice_word_for_word_and_in_order(shipped: KnowledgeBase, analyser: Any) -> None:
    for question in questions_of(load_cases(split="train")[:120], analyser, TODAY):
        reply = shipped.answer(question.analysis)
        if reply.outcome is not Outcome.ANSWERED:
            continue
        entry = shipped.desk.index.entries[shipped.desk.index.by_id[reply.notice_ids[0]]]
        body = entry.notice.content.body
        at = 0
        is_brief = sum(map(len, reply.quotes)) <= LONGEST_WITH_ONE_MORE
        assert reply.quotes
        assert is_brief or len(reply.quotes) <= (4 if is_critical(question.analysis.normalised) else 3)
        for quote in reply.quotes:
            assert quote in reply.text
            passage = next(p for p in entry.passages if p.text == quote)
            if not passage.is_row:
                assert body.index(quote) >= at
                at = body.index(quote)


def test_source_card_says_that_it_is_a_test_text(shipped: KnowledgeBase) -> None:
    reply = shipped.answer("신속해외송금 한도가 얼마예요?")
    assert reply.notice_ids == ("remittance-limit",)
    assert "3,000달러" in reply.text
    assert reply.source is not None
    assert "시험용" in reply.source.source
    assert not reply.source.past
    assert "2026년 2월 27일 시행" in full_text(reply)
    assert reply.source.url in full_text(reply)


@pytest.mark.parametrize(("text", "country"), [("일본 여행경보 몇 단계야?", None), (ALARM_LEVEL, "JP"), ("여기 여행경보 몇 단계야?", "JP")])
def test_an_alarm_that_nobody_can_tell_is_said_so_with_a_number_to_call(shipped: KnowledgeBase, text: str, country: str | None) -> None:
    reply = shipped.answer(text, country=country)
    assert reply.outcome is Outcome.ABSTAIN
    assert reply.text == "일본의 여행경보는 현재 확인할 수 없습니다. 영사안전콜센터 +82-2-3210-0404 로 확인하실 수 있습니다. 상담관에게 연결해 드릴까요?"
    assert reply.of_row
    assert "확인할 수 없습니다" not in shipped.answer("여행경보 단계별 뜻이 뭐예요?", country=country).text


@pytest.mark.parametrize(
    ("text", "country", "notice"),
    [
        ("우크라이나 여행경보 몇단계인가요", None, "alarm-ua"),
        ("여기 여행경보 몇단계에요", "KH", "alarm-kh-2025-10"),
        ("카불 출장 여행금지인가요", None, "travel-ban-list-2026-02"),
        ("다마스쿠스 가도 되나요", None, "travel-ban-list-2026-02"),
        ("콩고공화국 브라자빌 여행경보", None, None),
        ("여행경보 단계", "UA", "alarm-ua"),  # how the dialogue asks once it has been told a country
        ("여행경보 단계", "FR", None),
    ],
)
def test_an_alarm_comes_from_the_notice_in_force_that_names_the_country(shipped: KnowledgeBase, text: str, country: str | None, notice: str | None) -> None:
    assert shipped.answer(text, country=country).notice_ids == ((notice,) if notice else ())


@pytest.mark.parametrize("text", ["인도네시아 대사관 대표번호 알려주세요", "애틀랜타 총영사관 당직 번호", "취리히 영사관 전화번호", "이즈미르 영사관 연락처"])
def test_the_line_of_another_mission_or_of_none_is_not_given(shipped: KnowledgeBase, text: str) -> None:
    assert shipped.answer(text).outcome is Outcome.ABSTAIN


@pytest.mark.parametrize(
    "text", ["오늘 서울 날씨 어때?", "김치찌개 끓이는 법", "삼성전자 주가", "asdf qwer", "거실 불 꺼줘", "문 닫아", "?!", "", "   ", "\ud800\x00"]
)
def test_what_is_not_in_the_notices_is_not_answered(shipped: KnowledgeBase, text: str) -> None:
    reply = shipped.answer(text)
    assert reply.outcome is Outcome.ABSTAIN
    assert "찾지 못했습니다" in reply.text or reply.language != "ko"
    assert reply.quick_replies
    assert reply.notice_ids == ()
    best = shipped.search(text, limit=1)
    assert reply.nearest == ((best[0].notice_id, best[0].score) if best and text.strip() not in ("", "\ud800\x00") else None)


def test_titles_are_offered_where_nothing_is_sure_enough_to_quote(shipped: KnowledgeBase) -> None:
    reply = shipped.answer("여권 재발급 수수료")
    assert reply.outcome is Outcome.ABSTAIN
    assert reply.notice_ids == ()
    assert reply.quick_replies[0] == "전자여권 발급 수수료 알려 주세요"
    assert 2 <= len(reply.quick_replies) <= 4
    assert reply.quick_replies[-1] == phrases.PERSON["ko"]


@pytest.mark.parametrize("text", ["오늘 서울 날씨 어때?", "거실 불 꺼줘", "김치찌개 끓이는 법"])
def test_no_title_is_offered_for_what_has_nothing_to_do_with_notices(shipped: KnowledgeBase, text: str) -> None:
    assert shipped.answer(text).quick_replies == (phrases.PERSON["ko"],)


def test_every_title_that_is_pressed_brings_its_own_notice(shipped: KnowledgeBase) -> None:
    for entry in shipped.desk.index.entries:
        if entry.force.on(TODAY):
            reply = shipped.answer(phrases.title_as_question(entry.notice.content.title))
            assert reply.notice_ids == (entry.notice.id,), entry.notice.content.title


@pytest.mark.parametrize("title", ["[주중국대사관] 창구 잔돈 교환 기준표(2026년 7월 1일 시행)", "창구 잔돈 교환 기준표"])
def test_a_title_without_its_mission_is_judged_as_any_question_in_another_country(shipped: KnowledgeBase, title: str) -> None:
    content = parse_record(
        {"id": "change-cn", "title": title, "body": "잔돈은 100위안까지 바꿔 드립니다.", "published_at": "2026-07-01", "countries": ["CN"], "test_only": True}
    )
    desk = shipped.supposing(content)
    assert shipped.answer("창구 잔돈 교환 기준표 알려 주세요", country="US", desk=desk).score < 1.0
    pressed = phrases.title_as_question(title)
    for country in (None, "CN", "KR", *(["US"] if title.startswith("[") else [])):
        reply = shipped.answer(pressed, country=country, desk=desk)
        assert (reply.notice_ids, reply.score) == (("change-cn",), 1.0)


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("창구 잔돈 교환 기준표", "잔돈은 100위안까지 바꿔 드립니다. 지폐는 바꿔 드리지 않습니다.", "잔돈 얼마까지 바꿔줘요"),
        ("전자여권 발급 수수료표", "발급 수수료는 100위안입니다.", "여권 수수료표"),
    ],
)
def test_a_title_of_another_country_is_not_offered(shipped: KnowledgeBase, title: str, body: str, text: str) -> None:
    desk = shipped.supposing(parse_record({"id": "fee-cn", "title": title, "body": body, "published_at": "2026-07-01", "countries": ["CN"], "test_only": True}))
    assert phrases.title_as_question(title) not in shipped.answer(text, country="US", desk=desk).quick_replies


class TestPast:
    def test_asked_about_2020(self, shipped: KnowledgeBase) -> None:
        reply = shipped.answer("2020년에는 마스크 몇 장까지 됐어요?")
        assert reply.outcome is Outcome.ANSWERED
        assert reply.notice_ids[0].startswith("mask-")
        assert reply.text.startswith("지난 공지입니다(")
        assert reply.source is not None
        assert reply.source.past

    def test_asked_about_now(self, shipped: KnowledgeBase) -> None:
        reply = shipped.answer("마스크 해외로 몇 장까지 보낼 수 있어요?")
        assert reply.notice_ids in ((), ("mask-limit-ended",))

    def test_nothing_out_of_force_is_quoted_as_current(self, shipped: KnowledgeBase, analyser: Any) -> None:
        for split in ("train", "test"):
            assert score_answers(shipped.desk, analyser, TODAY, split)["expired_quoted"] == 0


class TestCountries:
    def test_level_without_a_country_is_asked_for(self, shipped: KnowledgeBase) -> None:
        assert shipped.answer("여행경보 몇 단계예요?").outcome is Outcome.CLARIFY

    def test_alarm_of_a_country_without_a_notice_is_not_guessed(self, shipped: KnowledgeBase) -> None:
        reply = shipped.answer("일본 여행경보 몇 단계야?")
        assert reply.outcome is Outcome.ABSTAIN
        assert "현재 확인할 수 없습니다" in reply.text

    def test_named_country_goes_before_the_citizens(self, shipped: KnowledgeBase) -> None:
        assert shipped.search("캄보디아 여행금지 지역이 어디예요?", country="PH")[0].notice_id == "alarm-kh-2025-10"

    def test_the_citizens_country_goes_before_others(self, shipped: KnowledgeBase) -> None:
        found = [hit.notice_id for hit in shipped.search("여행금지 지역이 어디예요?", country="KH")]
        assert found.index("alarm-kh-2025-10") < min((found.index(i) for i in found if i.startswith("alarm-") and i != "alarm-kh-2025-10"), default=99)


@pytest.mark.parametrize(
    ("text", "language", "lead"),
    [
        ("How do I get an emergency passport?", "en", "The official notice below is in Korean"),
        ("緊急旅券の申請に必要な書類は何ですか", "ja", "以下の公式案内は韓国語です"),
        ("紧急护照需要什么材料", "zh", "官方通知为韩语"),
        ("Tôi cần giấy tờ gì để làm hộ chiếu khẩn cấp?", "vi", "Thông báo chính thức bằng tiếng Hàn"),
    ],
)
def test_other_languages_get_the_korean_words_with_a_line_before(shipped: KnowledgeBase, text: str, language: str, lead: str) -> None:
    reply = shipped.answer(text)
    assert reply.language == language
    if reply.outcome is Outcome.ANSWERED:
        assert reply.text.startswith(lead)
        assert reply.quick_replies
    assert shipped.search(text)[0].notice_id.startswith("passport")


def test_length_of_a_channel_is_kept(shipped: KnowledgeBase) -> None:
    long = shipped.answer("긴급여권 신청할 때 뭐가 필요해요?")
    short = shipped.answer("긴급여권 신청할 때 뭐가 필요해요?", max_chars=100)
    assert long.outcome is short.outcome is Outcome.ANSWERED
    assert len(short.text) <= 100


def test_next_questions_lead_to_their_notice(shipped: KnowledgeBase) -> None:
    asked = found = 0
    for text in (
        "신속해외송금 한도가 얼마예요?",
        "긴급여권 신청 서류",
        "재외국민등록 어떻게 해요",
        "여권 잃어버렸어요",
        "아포스티유가 뭐예요",
    ):
        for question in shipped.answer(text).quick_replies:
            asked += 1
            title = shipped.search(question)[0].title
            words = set(question.split())
            found += bool(words & set(title.replace("(", " ").split()))
    assert asked >= 8
    assert found >= 0.9 * asked


def test_broken_encoder_leaves_words(shipped: KnowledgeBase, analyser: Any, tmp_path: Any) -> None:
    class Deaf:
        morphology = analyser.morphology
        degraded = "encoder_gone"

        def encode(self, texts: Any, kind: str = "query") -> Any:
            raise RuntimeError("no encoder")

        def analyse(self, texts: Any) -> Any:
            return [replace(a, vector=None) for a in analyser.analyse(texts)]

    base = KnowledgeBase.from_files(Deaf(), environment="development", cache=tmp_path)
    assert base.search("신속해외송금 한도")[0].notice_id == "remittance-limit"
    assert base.answer("신속해외송금 한도가 얼마예요?").outcome is Outcome.ANSWERED
    assert base.answer("오늘 날씨").outcome is Outcome.ABSTAIN
    # One whose encoder breaks later keeps its vectors and answers from words.
    assert shipped.search(replace(analyser.analyse(["신속해외송금 한도"])[0], vector=None))[0].notice_id == "remittance-limit"


def test_damaged_cache_is_computed_again(analyser: Any, tmp_path: Any) -> None:
    folder, cache = tmp_path / "notices", tmp_path / "cache"
    folder.mkdir()
    (folder / "a.md").write_text("---\ntitle: 드론 허가\npublished_at: 2026-01-01\n---\n드론은 허가를 받아 날립니다.", encoding="utf-8")
    KnowledgeBase.from_files(analyser, folder, environment="development", cache=cache)
    (stored,) = cache.iterdir()
    stored.write_bytes(b"damaged")
    assert KnowledgeBase.from_files(analyser, folder, environment="development", cache=cache).size == 1


def test_production_does_not_read_test_texts(analyser: Any, tmp_path: Any) -> None:
    base = KnowledgeBase.from_files(analyser, environment="production", cache=tmp_path)
    assert base.size == 0
    assert base.search("여권") == []
    assert base.answer("여권 수수료").outcome is Outcome.ABSTAIN


def test_search_beats_its_peers_and_keeps_its_level(shipped: KnowledgeBase, analyser: Any) -> None:
    result = score_search(shipped.desk, analyser, TODAY, "test")
    assert result["ndcg_at_10"] >= 0.93
    assert result["p_at_1"] >= 0.9
    for peer in result["peers"].values():
        assert result["ndcg_at_10"] > peer["ndcg_at_10"]
        assert result["p_at_1"] > peer["p_at_1"]


def test_answers_keep_their_level(shipped: KnowledgeBase, analyser: Any) -> None:
    result = score_answers(shipped.desk, analyser, TODAY, "test")
    korean = result["by_language"]["ko"]
    assert korean["wrong"] / korean["n"] <= 0.03
    assert result["answered_wrong"] <= 0.03
    assert result["no_answer_recognised"] >= 0.95
    assert result["answered_right"] >= 0.67
    assert result["expired_quoted"] == 0
    assert result["critical_wrong"] / result["critical_n"] <= 0.02  # none is wanted: docs/knowledge.md says what is missing
    unseen = result["unseen"]
    assert unseen["answered_wrong"] <= 0.03
    assert unseen["no_answer_recognised"] >= 0.94
    assert unseen["answered_right"] >= 0.44
    assert unseen["expired_quoted"] == 0
    assert result["critical_n"] >= 400


def test_a_query_costs_little_beside_its_encoding(shipped: KnowledgeBase, analyser: Any) -> None:
    questions = questions_of(load_cases(split="test")[:50], analyser, TODAY)
    desk = shipped.desk
    best = min(_seconds(lambda: [answer(desk, q) for q in questions]) for _ in range(3))
    assert best / len(questions) < 0.02  # 4 ms measured; of this process alone, since other work shares the machine


def _seconds(work: Any) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
