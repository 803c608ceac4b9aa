"""Which sentences of a notice are quoted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from knowledge_base import picking
from knowledge_base.answer import choose_passages
from knowledge_base.aspects import ASPECTS, asked_aspects, given_aspects
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.picking import MOST_JUDGED, SIGNS, Picker, grams_of, judged_places, signs_of_sentences
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus
from knowledge_base.search import Question, Ranked
from language.analysis import Analysis

TODAY = date(2026, 11, 22)
TITLE = "유리배 승선권 안내"
SENTENCES = (
    "유리배는 호수를 한 바퀴 도는 관광선입니다.",
    "승선권 값은 한 사람에 7,500원입니다.",
    "표는 선착장 창구에서 삽니다.",
    "유리배 문의 전화는 02-555-0199입니다.",
    "승선권은 산 날부터 30일 동안 쓸 수 있습니다.",
)


def index_of(sentences: tuple[str, ...], topics: tuple[str, ...] = ()) -> Index:
    notice = Notice(
        NoticeContent("glass-boat", TITLE, " ".join(sentences), TODAY, TODAY, topics=topics, countries=("XA",) if topics else ()), 1, NoticeStatus.PUBLISHED
    )
    cut = Cut.of(notice)
    texts = index_texts(notice, cut.pieces)
    prepared = {cut.key: Prepared([text.replace(".", " ").split() for text in texts], None), reference_key(): Prepared([], None)}
    return Index.build([notice], prepared, False)


def ask(text: str) -> Question:
    return Question(Analysis(text, text, "ko"), tuple(text.split()), (), TODAY, TODAY, None, (), None)


def quoted(text: str, sentences: tuple[str, ...] = SENTENCES, max_chars: int = 900, topics: tuple[str, ...] = ()) -> list[str]:
    index, question = index_of(sentences, topics), ask(text)
    ranked = Ranked(question, (0,), (1.0,), (0,), (0.0,), False)
    return [index.entries[0].passages[row].text for row in choose_passages(index, ranked, Picker.load(), max_chars)]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("유리배 승선권 얼마예요", "7,500원"),
        ("유리배 문의는 몇 번으로 하나요", "02-555-0199"),
        ("승선권 며칠 동안 쓸 수 있나요", "30일"),
        ("유리배 표는 어디서 사요", "창구"),
    ],
)
def test_what_is_asked_for_is_among_what_is_quoted(question: str, answer: str) -> None:
    assert any(answer in sentence for sentence in quoted(question))
    # Where there is room for one sentence alone, it is that one.
    if not question.endswith("사요"):
        assert answer in quoted(question, max_chars=30)[0]


def test_at_most_three_in_the_order_of_the_notice_and_within_the_length() -> None:
    found = quoted("유리배 승선권 얼마고 어디서 사고 며칠 동안 쓰고 몇 번으로 문의하나요")
    assert 1 <= len(found) <= 3
    assert [SENTENCES.index(sentence) for sentence in found] == sorted(SENTENCES.index(sentence) for sentence in found)
    assert sum(map(len, quoted("유리배 승선권 얼마예요", max_chars=60))) <= 60


def test_who_asks_for_a_value_is_given_all_of_a_short_notice_and_where_it_may_be_otherwise() -> None:
    short = (SENTENCES[1], SENTENCES[0], SENTENCES[3], "표는 선착장 창구에서 삽니다.")
    assert quoted("유리배 승선권 얼마예요", short) == list(short)
    proviso = "승선권 값은 철마다 다르므로 선착장에 물어보십시오."
    assert proviso in quoted("유리배 승선권 얼마예요", (*SENTENCES, "호수에는 오리가 삽니다.", proviso))


def test_of_brief_prose_three_sentences_are_quoted_or_all() -> None:
    assert len(quoted("유리배 표는 선착장 창구에서 어디서 사요")) == 3
    # Where none of them is sure, all.
    assert quoted("유리배가 뭐예요") == list(SENTENCES)


def test_of_long_prose_what_is_unlikely_stays_out() -> None:
    long = tuple(f"{said} {'호수 둘레길은 언제나 걸을 수 있고 ' * 8}오리가 삽니다." for said in SENTENCES)
    assert sum(map(len, quoted("유리배 승선권 얼마예요", long))) < sum(map(len, long))


def test_of_an_alarm_the_ban_is_quoted_whatever_is_asked() -> None:
    ban = "가람국은 나라 전체가 여행금지로 지정되었습니다."
    rest = tuple(f"가람국에 봉사하러 가는 사람도 허가를 먼저 받고 {k}번 창구에 서류를 내고 {'담당자의 안내를 기다려 ' * 6}야 합니다." for k in range(6))
    assert ban in quoted("봉사하러 가는 사람의 허가", (*rest, ban), topics=("travel-ban",))


def test_of_a_long_document_the_sentence_far_down_is_found() -> None:
    filler = tuple(f"호수의 {k}번째 물고기는 배를 따라다니는 버릇이 있습니다." for k in range(MOST_JUDGED + 30))
    long = (*filler, *SENTENCES)
    assert len(judged_places(index_of(long), 0, ask("승선권 값은"))) == MOST_JUDGED
    assert any("7,500원" in sentence for sentence in quoted("승선권 값은 얼마", long))


def test_the_committed_weights_know_every_sign() -> None:
    weights = Picker.load().weights
    assert len(weights) == len(SIGNS)
    assert np.count_nonzero(weights) > 0.9 * len(SIGNS)


def test_aspects_tell_sides_of_a_subject_apart() -> None:
    names = [aspect.name for aspect in ASPECTS]
    asked = {name for name, is_asked in zip(names, asked_aspects("위임장 공증 받으러 갈 때 뭐 챙겨 가요"), strict=True) if is_asked}
    assert "papers" in asked
    assert "penalty" not in asked
    given = {name for name, is_given in zip(names, given_aspects("허가 없이 들어가면 처벌받을 수 있습니다."), strict=True) if is_given}
    assert "penalty" in given


def test_pairs_of_letters_survive_missing_spaces() -> None:
    assert grams_of("여권 수수료") == grams_of("여권수수료")


def test_the_sentences_of_a_notice_are_judged_once_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the notice answers and what is quoted of it rest on the same odds."""
    read: list[int] = []
    monkeypatch.setattr(picking, "signs_of_sentences", lambda index, number, *more: read.append(number) or signs_of_sentences(index, number, *more))
    index, picker, question = index_of(SENTENCES), Picker.load(), ask("유리배 승선권 얼마예요")
    first, again = picker.odds(index, 0, question), picker.odds(index, 0, question)
    assert read == [0]
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert not np.array_equal(picker.odds(index, 0, ask("유리배 문의는 몇 번으로 하나요"))[1], first[1])
    assert read == [0, 0]
