"""What a messenger shows in a guarded conversation, where a line cannot be taken back from the screen."""

import pytest

from bot import phrases
from bot.turn import LOCATED, WAITING
from conversation import guarding, telling
from core.errors import HOTLINE


@pytest.mark.parametrize("text", [WAITING, f"{LOCATED} {WAITING}", *(phrases.passed_on(language) for language in ("ko", "en", "ja", "zh", "vi"))])
def test_that_somebody_is_being_fetched_is_not_said_after_each_line(text):
    assert guarding.brief("passed_on", {"text": text, "buttons": [{"title": "x"}]}) == {"text": guarding.NOTED, "source": None, "buttons": []}


def test_the_card_keeps_its_first_lines_and_an_ordinary_answer_its_first_sentences():
    assert guarding.brief("crisis:confinement", {"text": "하나\n둘\n셋"})["text"] == "하나\n둘"
    assert guarding.brief("answer", {"text": "수수료는 5만 원입니다."})["text"] == "수수료는 5만 원입니다."


@pytest.mark.parametrize(
    ("language", "said"), [("ko", guarding.NOTED), ("en", "Thank you, noted."), ("ja", "はい、確認しました。"), ("th", "Thank you, noted.")]
)
def test_harmless_words_are_the_citizens_language(language: str, said: str) -> None:
    assert guarding.brief("passed_on", {"text": "보내신 내용을 상담에 더했습니다."}, language)["text"] == said


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("112로 전화하세요", ("police",)),
        ("지금 112에 걸어 주세요", ("police",)),
        ("cop을 불렀습니다", ("police",)),
        ("policía를 불렀습니다", ("police",)),
        ("La policière arrive", ("police",)),
        ("119에 전화해 주세요", ("rescue",)),
        ("report를 써 주세요", ("report",)),
        ("GPS를 켜 주세요", ("place",)),
        ("휴대전화GPS로 보내 주세요", ("place",)),
        (f"{HOTLINE}로 전화하세요", ()),
        ("1120원이고 2119번입니다", ()),
        ("Send us a copy for the policies and the reporter", ()),
    ],
)
def test_a_telling_word_is_found_before_a_korean_particle(text: str, kinds: tuple[str, ...]) -> None:
    assert telling.tells(text) == kinds
