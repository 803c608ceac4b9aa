"""Which whole messages answer the danger question."""

import pytest

from bot.escalation import NO, YES
from bot.phrases import QUESTION
from bot.typed_answer import answer


@pytest.mark.parametrize("text", ["네", "네!", " ㅇㅇ ", "응ㅠㅠ", "예...", "위험해요", "Yes", "はい", "是的。", "có", "oui", "sí", "Да", "ใช่", "نعم", "1"])
def test_a_bare_yes_in_any_language_is_a_yes(text):
    assert answer({"text": text}) == YES


@pytest.mark.parametrize("text", ["아니요", "ㄴㄴ", "아뇨.", "NO", "いいえ", "没有", "không", "non", "нет"])
def test_a_bare_no_is_a_no(text):
    assert answer({"text": text}) == NO


@pytest.mark.parametrize(
    "text",
    [
        "아니요 근데 무서워요",
        "괜찮아요",
        "안 위험해요",
        "아니 괜찮지 않아요",
        "네?? 무슨 말이에요",
        "2",
        ".",
        "?",
        "모르겠어요",
        "",
        "네 여권 잃어버렸어요",
        "no help",
    ],
)
def test_whatever_says_more_or_something_else_is_for_triage(text):
    assert answer({"text": text}) == ""


def test_a_pressed_button_is_not_read_again():
    assert answer({"text": "네", "choice": "danger:no"}) == ""


def test_what_the_buttons_say_is_never_taken_for_the_other():
    said = {language: (answer({"text": yes}), answer({"text": no})) for language, (_, yes, no) in QUESTION.items()}
    assert all(yes in (YES, "") and no in (NO, "") for yes, no in said.values())
    assert all(no == NO for _, no in said.values())
