"""Rules that protect people: every approved card keeps them, and a card that breaks one stops the start."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import HOTLINE, StartError
from knowledge_base import reference
from knowledge_base.crisis_cards import CALL_FIRST, CARDS_FOLDER, NOT_A_RESCUE, QUIET, WHERE, CrisisCards, check_card
from knowledge_base.errors import CardError
from knowledge_base.phrases import LANGUAGES
from knowledge_base.schemas import EmergencyNumber
from language.categories import Category

TODAY = date(2026, 11, 22)
SAFE = "지금 글을 봐도 안전한가요?"
FIVE = ("confinement", "labour_abuse", "domestic_violence", "stalking", "arrest_detention")
FORBIDDEN = re.compile(r"출동했습니다|출동합니다|구조대가 가|구조대가 오|가고 있습니다|오고 있습니다|곧 도착|on the way|dispatched|help is coming")


@pytest.fixture(scope="module")
def cards() -> CrisisCards:
    return CrisisCards.load()


def checked(number: str = "000", days_ago: int = 10, **changes: Any) -> EmergencyNumber:
    fields = {"source": "https://example.org", "checked_by": "kim", "checked_at": TODAY - timedelta(days=days_ago), **changes}
    return EmergencyNumber("AU", "police", number, **fields)


@pytest.mark.parametrize("category", [*Category, None, "nonsense"])
@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi", "fr", "es", "ru", "th"])
@pytest.mark.parametrize("country", ["KH", None])
def test_every_card(cards: CrisisCards, category: str | None, language: str, country: str | None) -> None:
    card = cards.card(category, country, language, today=TODAY)
    assert not FORBIDDEN.search(card.text)
    assert card.author
    assert card.approver
    assert card.source
    if card.language == "ko":
        assert "상담관을 연결하고 있습니다." in card.text
        assert "현장 출동이 아닙니다." in card.text
        assert "안전하게 전화할 수 있으면" in card.text
        assert ("어느 나라, 어느 도시에 계신가요?" in card.text) is (country is None)
    assert not re.search(r"\d{3}", card.text)
    assert all(phone.number == HOTLINE for phone in card.phones)


@pytest.mark.parametrize("category", Category)
def test_every_category_has_its_own_card_in_korean(cards: CrisisCards, category: Category) -> None:
    assert cards.card(category, "JP", "ko", today=TODAY).id == f"{category}-ko"


@pytest.mark.parametrize("category", sorted(QUIET))
@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi", "fr", "es", "ru", "th"])
def test_whoever_reads_along_learns_nothing(cards: CrisisCards, category: str, language: str) -> None:
    numbered = cards.with_numbers([checked()])
    card = numbered.card(category, "AU", language, today=TODAY)
    assert card.category == category
    assert not card.offer_local_numbers
    assert card.phones == ()
    assert card.lines[0] == SAFE or card.language != "ko"
    for word in ("경찰", "구조기관", "신고", "감금", "납치", "police", "rescue", "警察"):
        assert word not in card.text


@pytest.mark.parametrize("category", [None, *sorted(QUIET)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_is_answered_in_the_citizens_language(cards: CrisisCards, category: str | None, language: str) -> None:
    card = cards.card(category, None, language, today=TODAY)
    assert card.language == language
    assert card.category == (category or "generic")
    assert card.lines[-1] == WHERE[language]
    assert all(sentence in card.text for sentence in NOT_A_RESCUE[language])


@pytest.mark.parametrize(
    "sentence",
    ["Les secours arrivent.", "Une ambulance est en route.", "La ayuda va en camino.", "La policía llegará pronto.", "Помощь едет.", "К вам уже выехали."],
)
def test_no_promise_of_rescue_in_further_languages(sentence: str) -> None:
    with pytest.raises(CardError, match="on the way"):
        check_card(
            {
                "id": "x",
                "category": "generic",
                "countries": [],
                "language": "fr",
                "lines": ["Mettez-vous en lieu sûr.", sentence, *NOT_A_RESCUE["fr"], CALL_FIRST["fr"]],
                "author": "a",
                "approver": "b",
                "approved_at": TODAY,
                "source": "c",
            }
        )


def test_the_five_are_quiet() -> None:
    assert {str(c) for c in QUIET} >= set(FIVE)


def test_self_harm_is_warm_and_short(cards: CrisisCards) -> None:
    card = cards.card("self_harm", "KR", "ko", today=TODAY)
    assert card.lines[0].startswith("말해 줘서 고마워요.")
    assert len(card.lines) <= 4


def test_numbers_stay_text() -> None:
    numbers = {(n.country, n.service): n.number for n in reference.read_numbers()}
    assert numbers["AU", "police"] == "000"
    assert all(isinstance(value, str) and value for value in numbers.values())


def test_a_candidate_is_never_dialable() -> None:
    assert not any(reference.is_dialable(number, TODAY) for number in reference.read_numbers())


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (checked(), True),
        (checked(days_ago=179), True),
        (checked(days_ago=180), False),
        (checked(days_ago=-1), False),
        (checked(source=None), False),
        (checked(checked_by=""), False),
        (checked(checked_at=None), False),
    ],
)
def test_a_number_needs_source_checker_and_a_fresh_date(cards: CrisisCards, number: EmergencyNumber, expected: bool) -> None:
    assert reference.is_dialable(number, TODAY) is expected
    phones = cards.with_numbers([number]).card("robbery_theft", "AU", "ko", today=TODAY).phones
    assert [p.number for p in phones] == (["000", HOTLINE] if expected else [HOTLINE])


def test_another_countrys_number_is_never_offered(cards: CrisisCards) -> None:
    with_numbers = cards.with_numbers([checked()])
    for country in (None, "NZ", "??"):
        assert [p.number for p in with_numbers.card("assault", country, "ko", today=TODAY).phones] == [HOTLINE]


def raw(**changes: Any) -> dict[str, Any]:
    stored = yaml.safe_load((CARDS_FOLDER / "generic.yaml").read_text(encoding="utf-8"))
    return {**next(c for c in stored if c["language"] == "ko"), **changes}


LOUD = ["먼저 피하세요.", "상담관을 연결하고 있습니다. 현장 출동이 아닙니다.", "안전하게 전화할 수 있으면 현지 구조기관에 먼저 연락하세요."]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": [*LOUD, "구조대가 가고 있습니다."]}, "on the way"),
        ({"lines": [*LOUD, "경찰이 출동했습니다."]}, "on the way"),
        ({"lines": [*LOUD, "곧 도착합니다."]}, "on the way"),
        ({"lines": LOUD[:2]}, "missing"),
        ({"lines": [LOUD[0], LOUD[2]]}, "missing"),
        ({"lines": [LOUD[1], LOUD[0], LOUD[2]]}, "first line"),
        ({"lines": [*LOUD, "112로 전화하세요."]}, "number never stands"),
        ({"lines": [*LOUD, "하나. 둘. 셋."]}, "two short sentences"),
        ({"lines": [*LOUD, "가" * 100 + "."]}, "two short sentences"),
        ({"category": "confinement"}, "first line must be"),
        ({"category": "confinement", "lines": [SAFE, *LOUD[1:]]}, "give the person away"),
        ({"category": "space"}, "no category"),
        ({"extra": 1}, "unknown fields"),
        ({"approved_at": "soon"}, "must be a date"),
        ({"countries": ["Korea"]}, "ISO"),
        ({"author": ""}, "author"),
        ({"language": "xx"}, "language"),
    ],
)
def test_a_card_that_breaks_a_rule(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CardError, match=message):
        check_card(raw(**changes))


def test_unapproved_card_is_passed_over(tmp_path: Path) -> None:
    own = raw(id="x", category="other", approver="")
    (tmp_path / "a.yaml").write_text(yaml.safe_dump([raw(), own], allow_unicode=True), encoding="utf-8")
    assert CrisisCards.load(tmp_path).card("other", "JP", "ko", today=TODAY).id == "generic-ko"


@pytest.mark.parametrize("content", ["[]", "{", "- 1", "just text"])
def test_without_a_generic_card_nothing_starts(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(StartError):
        CrisisCards.load(tmp_path)


def test_a_country_has_its_own_card(tmp_path: Path) -> None:
    own = raw(id="kh", countries=["KH"])
    (tmp_path / "a.yaml").write_text(yaml.safe_dump([raw(), own], allow_unicode=True), encoding="utf-8")
    loaded = CrisisCards.load(tmp_path)
    assert loaded.card(None, "kh", "ko", today=TODAY).id == "kh"
    assert loaded.card(None, "JP", "ko", today=TODAY).id == "generic-ko"
