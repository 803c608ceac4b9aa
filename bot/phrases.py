"""What the bot says to citizens who write in another language: a short frame before its Korean words, and the way to an interpreter. Pure.

Sentences that belong to notices and crisis cards stand with them (``knowledge_base.phrases``, ``data/crisis_cards``). A language that we have
no sentences for gets the English ones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import yaml

from bot.spoken import BOT as SAID
from bot.spoken import FRAMES
from conversation.schemas import Body, Button
from core.settings import ROOT
from knowledge_base.phrases import LANGUAGES, LEAD, spoken_language
from language.detect import DEFAULT, has_common_words

#: The choice that a button to an interpreter sends; the language follows.
INTERPRETER = "interpreter:"
PERSON = "person"
INTERPRETER_TITLE = {
    "en": "통역 상담 / Interpreter",
    "ja": "통역 상담 / 通訳",
    "zh": "통역 상담 / 口译",
    "vi": "통역 상담 / Phiên dịch",
    "fr": "통역 상담 / Interprète",
    "es": "통역 상담 / Intérprete",
    "ru": "통역 상담 / Переводчик",
}

#: question, yes, no
QUESTION = {
    "ko": ("지금 위험한 상황인가요?", "네, 위험해요", "아니요"),
    "en": ("Are you in danger right now?", "Yes, I am", "No"),
    "ja": ("今、危険な状況ですか?", "はい、危険です", "いいえ"),
    "zh": ("您现在有危险吗?", "是,有危险", "没有"),
    "vi": ("Bạn có đang gặp nguy hiểm không?", "Có, tôi đang gặp nguy hiểm", "Không"),
    "fr": ("Êtes-vous en danger en ce moment ?", "Oui, je suis en danger", "Non"),
    "es": ("¿Está en peligro ahora mismo?", "Sí, estoy en peligro", "No"),
    "ru": ("Вы сейчас в опасности?", "Да, я в опасности", "Нет"),
}
PASSED_ON = {
    "ko": "보내신 내용을 상담에 더했습니다. 상담관을 연결하고 있습니다.",
    "en": "Your message has been added to your case. We are connecting you.",
    "ja": "内容を相談に追加しました。相談員におつなぎしています。",
    "zh": "您的消息已加入咨询记录。正在为您连接。",
    "vi": "Tin nhắn của bạn đã được thêm vào hồ sơ tư vấn. Chúng tôi đang kết nối.",
    "fr": "Votre message a été ajouté à votre dossier. Nous vous mettons en relation.",
    "es": "Su mensaje se ha añadido a su caso. Le estamos comunicando.",
    "ru": "Ваше сообщение добавлено к вашему обращению. Мы вас соединяем.",
}

_HANGUL = re.compile("[\uac00-\ud7a3]")
_SPACED = re.compile(r"\S+")
#: So much Korean, of a citizen who has written in another language, is a change and not a button or a name.
_KOREAN_WORDS = 3
_LATIN = ("en", "vi", "fr", "es")
#: Words that are written so in every language; "ESTA" is a permit and no Spanish.
_BORROWED = frozenset(("esta", "visa", "e-visa", "evisa", "hotel", "ticket", "passport"))
#: Latin letters of so many words at most, in which nothing has changed the language, are a name: "San Francisco". More are a tongue that is not ours.
_NAME_WORDS = 2


@lru_cache(maxsize=1)
def _keys() -> dict[str, str]:
    """Which frame belongs to which Korean text."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    keys = {text: key for key, texts in SAID.items() for text in texts}
    for name, variants in responses.items():
        keys |= {str(variant["text"]).strip(): name for variant in variants if name in FRAMES}
    return keys


def frame(text: str, language: str, kind: str = "text") -> str:
    """The sentence to stand before a Korean text; empty where the text needs none."""
    spoken = spoken_language(language)
    if spoken == DEFAULT or not _HANGUL.search(text.partition("\n")[0]):
        return ""
    if kind == "answer":
        return LEAD[spoken]
    return FRAMES[_keys().get(text.strip(), "general")][spoken]


def framed_text(text: str, language: str, kind: str = "text") -> str:
    """The text with its frame."""
    return f"{said}\n{text}" if (said := frame(text, language, kind)) else text


def framed(bodies: tuple[Body, ...], language: str, offer: bool = True) -> tuple[Body, ...]:
    """What a turn says, each part with its frame, and at the end (``offer``) one button to an interpreter instead of one to a person."""
    spoken = spoken_language(language)
    if spoken == DEFAULT or not bodies:
        return bodies
    out = [replace(body, text=framed_text(body.text, language, body.kind), buttons=_without_person(body.buttons)) for body in bodies]
    if offer:
        out[-1] = replace(out[-1], buttons=(*out[-1].buttons, interpreter_button(language)))
    return tuple(out)


def _without_person(buttons: tuple[Button, ...]) -> tuple[Button, ...]:
    return tuple(button for button in buttons if button.payload != PERSON)


def interpreter_button(language: str) -> Button:
    """Asks for a person and says in which language; whoever writes in one that we do not interpret is told apart on the case as well."""
    return Button(INTERPRETER_TITLE[spoken_language(language)], f"{INTERPRETER}{language}")


def interpreter_language(choice: str) -> str | None:
    """The language that a pressed button asks an interpreter for; None for any other choice."""
    code = choice.removeprefix(INTERPRETER)
    return code if choice.startswith(INTERPRETER) and re.fullmatch("[a-z]{2}", code) and code != DEFAULT else None


def danger_question(language: str) -> tuple[str, str, str]:
    """The question of doubt and its two answers."""
    return QUESTION[spoken_language(language)]


def passed_on(language: str) -> str:
    """Said instead of a second crisis card."""
    return PASSED_ON[spoken_language(language)]


def language_after(current: str, text: str, detected: str) -> str:
    """The language a conversation is held in after a typed message. A name, a number, a word of every language or a Korean button changes nothing."""
    words = _SPACED.findall(text)
    if detected == current or not _has_letters(text):
        return current
    if detected == DEFAULT:
        return DEFAULT if len(words) >= _KOREAN_WORDS and text not in _titles() else current
    if detected in _LATIN and len(words) == 1 and (len(words[0]) <= 3 or words[0].strip(".,!?~").lower() in _BORROWED):
        return current
    if detected in _LATIN and not text.isascii() and detected == "vi":
        return detected
    return detected if detected not in _LATIN or has_common_words(text, min(2, len(words))) else current


def answered_in(held: str, text: str, detected: str) -> str:
    """The language in which one message is answered: a name that has left the conversation's as it was, or a number, is answered in that one."""
    is_name = detected in _LATIN and len(_SPACED.findall(text)) <= _NAME_WORDS
    return held if is_name or not _has_letters(text) else detected


def _has_letters(text: str) -> bool:
    """Numbers and pictures are no language, whatever they are taken for."""
    return any(map(str.isalpha, text))


@lru_cache(maxsize=1)
def _titles() -> frozenset[str]:
    """Titles of our own buttons, which come back as the citizen's words."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    return frozenset(str(b["title"]) for variants in responses.values() for variant in variants for b in variant.get("buttons") or ())


__all__ = ["FRAMES", "LANGUAGES", "SAID"]
