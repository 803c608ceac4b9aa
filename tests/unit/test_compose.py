"""Turns are planned by who owns the conversation and what is open."""

from __future__ import annotations

import pytest

from bot.compose import by_intent, from_answer, from_dialogue
from bot.dialogue.client import BotMessage
from bot.escalation import NO
from bot.turn import plan
from conversation.schemas import SourceCard
from knowledge_base.schemas import Answer, Outcome


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": "closed", "owner_kind": "bot", "case_severity": None, "kind": "text"}, "drop"),
        ({"status": "open", "owner_kind": "agent", "case_severity": None, "kind": "text"}, "to_person"),
        ({"status": "open", "owner_kind": "agent", "case_severity": "life_threat", "kind": "text"}, "to_person"),
        ({"status": "open", "owner_kind": "bot", "case_severity": "life_threat", "kind": "text"}, "acknowledge"),
        ({"status": "open", "owner_kind": "bot", "case_severity": "urgent", "kind": "text"}, "acknowledge"),
        ({"status": "open", "owner_kind": "bot", "case_severity": "none", "kind": "text"}, "answer"),
        ({"status": "open", "owner_kind": "bot", "case_severity": None, "kind": "location"}, "acknowledge"),
        ({"status": "open", "owner_kind": "bot", "case_severity": None, "kind": "text"}, "answer"),
    ],
)
def test_plan(row, expected):
    assert plan(row | {"is_guarded": False, "is_hushed": False, "content": {}}).kind == expected


@pytest.mark.parametrize(("choice", "is_guarded", "expected"), [(NO, True, "answer"), (NO, False, "acknowledge"), ("", True, "acknowledge")])
def test_a_guarded_no_looks_like_any_other(choice, is_guarded, expected):
    row = {"status": "open", "owner_kind": "bot", "case_severity": "urgent", "kind": "choice", "content": {"choice": choice}}
    assert plan(row | {"is_guarded": is_guarded, "is_hushed": False}).kind == expected


def test_an_answer_carries_its_source_and_a_way_to_a_person():
    card = SourceCard("여권 수수료", "2026-03-01", "https://www.passport.go.kr/", "외교부", "passport-fee-2026-03", test_only=True)
    reply = from_answer(Answer(Outcome.ANSWERED, "5만 원입니다.", ("passport-fee-2026-03",), card, ("긴급여권은?",)))
    assert reply.bodies[0].source == card
    assert [b.title for b in reply.bodies[0].buttons] == ["긴급여권은?", "상담관과 이야기"]
    assert reply.bodies[0].buttons[-1].payload == "person"


def test_a_wish_for_a_person_is_a_typed_payload_never_prose():
    prose = from_dialogue([BotMessage(text="상담관에게 연결해 드릴까요? handoff request_person", buttons=[], custom=None)])
    assert prose.person == ""
    typed = from_dialogue([BotMessage(text="", buttons=[], custom={"type": "request_person", "reason": "asked"})])
    assert typed.person == "asked"


@pytest.mark.parametrize(("titles", "expected"), [((), "상담관과 이야기"), (("상담관 연결",), "상담관 연결"), (("Talk to a person",), "Talk to a person")])
def test_there_is_one_button_to_a_person_and_it_goes_there(titles, expected):
    buttons = from_answer(Answer(Outcome.ABSTAIN, "…", quick_replies=titles)).bodies[0].buttons
    assert [(button.title, button.payload) for button in buttons] == [(expected, "person")]


@pytest.mark.parametrize(
    ("intent", "confidence", "outcome"),
    [("ask_person", 0.9, "handoff"), ("greet", 0.9, "smalltalk"), ("greet", 0.3, None), ("ask_notice", 0.9, None)],
)
def test_without_rasa_the_intent_alone_brings_a_person_or_a_greeting(intent, confidence, outcome):
    said = by_intent(intent, confidence)
    assert (said.outcome if said else None) == outcome
    assert bool(said and said.person) == (outcome == "handoff")
