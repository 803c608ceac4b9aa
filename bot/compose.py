"""From Rasa's messages or an answer of the knowledge base to bodies that a channel can render. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import smalltalk
from bot.dialogue.client import BotMessage
from bot.escalation import PERSON
from conversation.schemas import Body, Button, SourceCard
from knowledge_base import phrases
from knowledge_base.answer import Answer

OFFER_PERSON = (Button("상담관과 이야기", PERSON),)
ASKED_PERSON = "상담관 연결을 요청했습니다. 연결되면 이 창에서 이어집니다."
SURE = 0.6


@dataclass(frozen=True)
class Reply:
    """What a turn says, and whether it asks for a person (the reason), has learnt the country, knows how the dialogue stands (sealed), or is a rating.

    ``asked`` is the question that was searched for, where that was not the message itself; ``nearest`` the best notice for a question without an answer,
    and its score; ``of_row`` says that a row about a country was asked for that we do not have, which editors cannot help.
    """

    bodies: tuple[Body, ...]
    person: str = ""
    country: str | None = None
    outcome: str = "answered"
    note: bytes | None = field(default=None, repr=False)
    rating: int | None = None
    asked: str = field(default="", repr=False)
    nearest: tuple[str, float] | None = None
    of_row: bool = False


def from_answer(answer: Answer) -> Reply:
    """An answer with its source; next questions and a person as buttons."""
    buttons = _next_steps(answer.quick_replies)
    return Reply(
        (Body(answer.text, kind="answer", source=answer.source, buttons=buttons),), outcome=str(answer.outcome), nearest=answer.nearest, of_row=answer.of_row
    )


def _next_steps(titles: Sequence[str]) -> tuple[Button, ...]:
    """At most three next questions, and one button to a person: the answer's own, in its language, if it brings one."""
    offered = next((title for title in titles if title in phrases.PERSON.values()), None)
    questions = [Button(title) for title in titles if title not in phrases.PERSON.values()]
    return (*questions[:3], *((Button(offered, PERSON),) if offered else OFFER_PERSON))


def by_intent(intent: str, confidence: float) -> Reply | None:
    """Small talk and the wish for a person, for the stateless turn and for when Rasa is away; None: ask the notices."""
    if confidence < SURE:
        return None
    if intent == "ask_person":
        return Reply((Body(ASKED_PERSON),), person="asked", outcome="handoff")
    said = smalltalk.replies().get(intent)
    return Reply((said,), outcome="smalltalk") if said else None


def from_dialogue(messages: Sequence[BotMessage]) -> Reply:
    """Rasa's messages in order; a typed payload says what prose must not: an answer's source, the wish for a person."""
    bodies: list[Body] = []
    person, country, outcome, asked = "", None, "dialogue", ""
    of_row = False
    for message in messages:
        payload: dict[str, Any] = message.custom or {}
        if payload.get("type") == "answer":
            bodies.append(_answer_body(payload))
            outcome = str(payload.get("outcome", "answered"))
            of_row = bool(payload.get("of_row"))
            # The dialogue's own topics are searched for in words of ours, which no citizen has asked.
            asked = "" if payload.get("topic") else str(payload.get("query") or "")
        elif payload.get("type") == "request_person":
            person = str(payload.get("reason") or "asked")
            outcome = "handoff"
        if payload.get("country"):
            country = str(payload["country"])
        if message.text:
            bodies.append(Body(message.text, buttons=tuple(Button(b["title"], b.get("payload", "")) for b in message.buttons)))
    return Reply(tuple(bodies), person=person, country=country, outcome=outcome, asked=asked, of_row=of_row)


def _answer_body(payload: dict[str, Any]) -> Body:
    card = payload.get("source")
    source = (
        SourceCard(
            str(card["title"]),
            str(card.get("effective_from") or ""),
            str(card.get("url") or ""),
            str(card.get("source") or ""),
            notice_id=str((payload.get("notice_ids") or [""])[0]),
            test_only=bool(card.get("test_only")),
            past=bool(card.get("past")),
        )
        if card
        else None
    )
    buttons = _next_steps([str(title) for title in payload.get("quick_replies") or ()])
    return Body(str(payload.get("text", "")), kind="answer", source=source, buttons=buttons)
