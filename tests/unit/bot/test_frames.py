"""What citizens who write in another language are told: no language lacks a sentence, and every Korean text of the bot has a frame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from actions import consular
from bot import compose, phrases, stateless, turn
from bot.spoken import BOT, FRAMES
from conversation.schemas import Body, Button
from knowledge_base.phrases import LANGUAGES, LEAD
from language.detect import detect

FOREIGN = [code for code in LANGUAGES if code != "ko"]
HANGUL = re.compile("[가-힣]")
SCRIPT = {"ja": "[ぁ-ん]", "zh": "[一-鿿]", "ru": "[а-я]", "vi": "[ăđơưạ-ỹ]"}
PROMISES = re.compile(r"on (?:the|our) way|dispatch|en route|en camino|едут|выехал|đang đến|向かって|赶往|rescue|secours|rescat|спасат", re.I)


def texts_of_the_bot(root: Path) -> set[str]:
    responses = yaml.safe_load((root / "domain.yml").read_text(encoding="utf-8"))["responses"]
    said = {str(variant["text"]).strip() for variants in responses.values() for variant in variants}
    said |= {compose.ASKED_PERSON, turn.WAITING, turn.LOCATED, f"{turn.LOCATED} {turn.WAITING}", turn.GLAD, turn.NO_ANSWER, *stateless.FORMS.values()}
    said |= {consular.OFFER_TEXT, consular.MISSION_TEXT, f"{consular.MISSION_TEXT}\n{consular.FLIGHT_SOON_TEXT}", consular.BOUNDARY_TEXT}
    return said | {text for texts in BOT.values() for text in texts}


@pytest.mark.parametrize("key", FRAMES)
def test_no_language_lacks_a_sentence(key: str) -> None:
    assert set(FRAMES[key]) == set(FOREIGN)
    assert len(set(FRAMES[key].values())) == len(FOREIGN)
    for language, sentence in FRAMES[key].items():
        assert not HANGUL.search(sentence)
        assert 1 < len(sentence) <= 200
        assert not PROMISES.search(sentence)
        assert language not in SCRIPT or re.search(SCRIPT[language], sentence.lower())
        if len(sentence.split()) >= 4 or language in ("ja", "zh"):
            assert detect(sentence) == language, sentence


def test_every_korean_text_has_a_frame_of_its_own(root: Path) -> None:
    without = {text for text in texts_of_the_bot(root) if phrases.frame(text, "en") == FRAMES["general"]["en"]}
    assert without == set()


@pytest.mark.parametrize("table", [phrases.QUESTION, phrases.PASSED_ON])
def test_the_question_and_the_note_in_every_language(table: dict) -> None:
    assert set(table) == set(LANGUAGES)
    assert len(set(map(str, table.values()))) == len(LANGUAGES)


@pytest.mark.parametrize("language", FOREIGN)
def test_an_answer_a_question_and_an_unknown_text_carry_a_frame(language: str) -> None:
    for body in (Body("여권 수수료는 5만 3천 원입니다.", kind="answer"), Body("여권이 없어진 것은 언제쯤 아셨나요?"), Body("아무도 모르는 말입니다.")):
        (framed,) = phrases.framed((body,), language)
        first, _, rest = framed.text.partition("\n")
        assert rest == body.text
        assert not HANGUL.search(first)
        assert framed.buttons == (Button(phrases.INTERPRETER_TITLE[language], f"interpreter:{language}"),)
    assert phrases.framed((Body("…답", kind="answer"),), language)[0].text.startswith(LEAD[language])


def test_what_is_in_the_citizens_language_already_gets_no_frame() -> None:
    body = Body(f"{LEAD['fr']}\n여권 안내", kind="answer", buttons=(Button("다음 질문"), Button("Parler à une personne", "person")))
    (framed,) = phrases.framed((body,), "fr")
    assert framed.text == body.text
    assert [button.payload for button in framed.buttons] == ["", "interpreter:fr"]


def test_korean_is_left_alone_and_others_get_english() -> None:
    bodies = (Body("안녕하세요", buttons=(Button("상담관 연결", "person"),)),)
    assert phrases.framed(bodies, "ko") is bodies
    (framed,) = phrases.framed(bodies, "th")
    assert framed.text.startswith(FRAMES["general"]["en"])
    assert framed.buttons == (Button("통역 상담 / Interpreter", "interpreter:th"),)
    assert phrases.danger_question("th")[0] == "Are you in danger right now?"


def test_only_the_last_part_offers_and_danger_offers_nothing() -> None:
    two = (Body("하나", buttons=(Button("상담관과 이야기", "person"),)), Body("둘"))
    assert [len(body.buttons) for body in phrases.framed(two, "es")] == [0, 1]
    assert phrases.framed(two, "es", offer=False)[-1].buttons == ()


@pytest.mark.parametrize(
    ("choice", "language"), [("interpreter:fr", "fr"), ("interpreter:th", "th"), ("interpreter:ko", None), ("person", None), ("interpreter:", None)]
)
def test_the_button_names_the_language(choice: str, language: str | None) -> None:
    assert phrases.interpreter_language(choice) == language


@pytest.mark.parametrize(
    ("current", "text", "after"),
    [
        ("ko", "j'ai perdu mon passeport", "fr"),
        ("ko", "lost passport", "en"),
        ("ko", "hello", "en"),
        ("ko", "mất hộ chiếu", "vi"),
        ("ko", "我的护照丢了", "zh"),
        ("ko", "Bangkok", "ko"),  # an answer, not a language
        ("ko", "Los Angeles", "ko"),
        ("ko", "ok", "ko"),
        ("ko", "SOS", "ko"),
        ("ko", "ESTA", "ko"),
        ("ko", "visa?", "ko"),
        ("fr", "passport", "fr"),
        ("ko", "ESTA cost", "en"),
        ("ko", "HELLO", "en"),
        ("fr", "오늘이나 내일", "fr"),  # our own button
        ("fr", "여권을 잃어버렸어요", "fr"),
        ("fr", "서울", "fr"),
        ("fr", "저는 한국어도 할 수 있어요", "ko"),
        ("fr", "123", "fr"),
        ("es", "не могу найти паспорт", "ru"),
        ("en", "+66 81 234 5678", "en"),
        ("ja", "👍 👍 👍", "ja"),
    ],
)
def test_the_language_of_a_conversation(current: str, text: str, after: str) -> None:
    assert phrases.language_after(current, text, detect(text)) == after


@pytest.mark.parametrize(
    ("held", "text", "language"),
    [
        ("ko", "San Francisco", "ko"),
        ("ko", "K-ETA", "ko"),
        ("ko", "ESTA", "ko"),
        ("fr", "Los Angeles", "fr"),
        ("en", "lost passport", "en"),
        ("ko", "Ich habe meinen Pass verloren", "en"),  # no language of ours, and Korean least of all
        ("fr", "서울", "ko"),
        ("ja", "旅券をなくしました", "ja"),
        ("en", "+66 81 234 5678", "en"),
    ],
)
def test_the_language_of_one_answer(held: str, text: str, language: str) -> None:
    assert phrases.answered_in(held, text, detect(text)) == language
