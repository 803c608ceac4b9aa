"""``gildongmu triage`` and ``gildongmu ask``: JSONL in, JSONL out, no server, in order and line by line.

A bad line gives ``{"id", "error"}`` and exit code 1 at the end; it never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TextIO

from bot import phrases, third_party
from bot.compose import SURE, by_intent, from_answer
from bot.escalation import card_category
from bot.where import told
from core.errors import CATALOGUE
from core.settings import Settings

MAX_LINE_BYTES = 1_000_000


def lines(source: BinaryIO) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """Each non-blank line as an object, or None and the code of what is wrong with it."""
    for raw in source:
        if not raw.strip():
            continue
        if len(raw) > MAX_LINE_BYTES:
            yield None, "too_long"
            continue
        try:
            content = json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            yield None, "bad_json"
            continue
        # An id must be given back as it came: a float may be NaN, which is no JSON to answer with.
        if not isinstance(content, dict) or not isinstance(content.get("id"), str | int | None):
            yield None, "invalid_request"
        elif not isinstance(content.get("text"), str):
            yield {"id": content.get("id")}, "invalid_request"
        else:
            yield content, ""


def serve(source: BinaryIO, target: TextIO, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer each line at once; the exit code tells whether any was bad."""
    failed = 0
    for content, code in lines(source):
        identity = content.get("id") if content else None
        if code:
            failed = 1
            result: dict[str, Any] = {"id": identity, "error": {"code": code, "message": CATALOGUE[code].korean}}
        else:
            assert content is not None  # noqa: S101
            result = {"id": identity, **answer(content)}
        target.write(json.dumps(_printable(result), ensure_ascii=False) + "\n")
        target.flush()
    return failed


def _printable(value: Any) -> Any:
    """Lone surrogates cannot be written as UTF-8; an id may carry them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def triage(source: BinaryIO, target: TextIO) -> int:
    """One decision a line."""
    from language.analysis import Analyser
    from language.triage import Triage

    analyser, model = Analyser.load(), Triage.load()

    def answer(content: dict[str, Any]) -> dict[str, Any]:
        decision = model.decide(analyser.analyse([content["text"]])[0])
        return {
            "urgency": decision.urgency.value,
            "category": str(decision.category),
            "action": decision.action,
            "score": round(float(decision.score), 4),
            "reasons": list(decision.reasons),
        }

    return serve(source, target, answer)


#: What the dialogue would ask first, where no notice answers by itself.
FORMS = {
    "lost_passport": "많이 놀라셨겠어요. 지금 어느 나라, 어느 도시에 계신가요?",
    "ask_alarm_level": "어느 나라의 여행경보가 궁금하신가요?",
    "entry_rules": "어느 나라의 입국 조건이 궁금하신가요?",
}


def ask(source: BinaryIO, target: TextIO, settings: Settings, *, given: bool) -> int:
    """One stateless turn a line: triage, then intents, then search; Rasa is not started."""
    from bot.at_once import RULES
    from knowledge_base.answer import full_text
    from language.analysis import Analyser
    from language.intents import IntentModel
    from language.triage import Triage

    analyser, model, intents = Analyser.load(), Triage.load(), IntentModel.load()
    knowledge = _knowledge(analyser, settings, given=given)

    def answer(content: dict[str, Any]) -> dict[str, Any]:
        analysis = analyser.analyse([content["text"]])[0]
        decision = model.decide(analysis)
        country = content.get("country") if isinstance(content.get("country"), str) else None
        if decision.action == "escalate":
            category = card_category(decision)
            card = knowledge.crisis_card(category, country or told(analysis).country, analysis.language)
            return _result("emergency", "\n".join(card.lines), analysis.language)
        if decision.action == "ask":
            question, *answers = phrases.danger_question(analysis.language)
            return _result("clarify", question, analysis.language, replies=answers)
        if third_party.asks(content["text"]):
            refusal = third_party.answer(analysis.language)
            return _result("abstain", refusal.text, analysis.language, replies=[b.title for b in refusal.buttons])
        intent, confidence = intents.predict(analysis)
        said = by_intent(intent, confidence)
        if said is not None:
            return _result(said.outcome, phrases.framed_text(said.bodies[0].text, analysis.language), analysis.language)
        found = knowledge.answer(analysis, country=country)
        # Its form asks for a country and nothing else, and that has been said.
        has_all = intent in RULES and bool(RULES[intent].form and (country or told(analysis).country))
        if str(found.outcome) == "abstain" and intent in FORMS and confidence >= SURE and not has_all:
            return _result("form", phrases.framed_text(FORMS[intent], analysis.language), analysis.language)
        body = from_answer(found).bodies[0]
        return _result(str(found.outcome), full_text(found), analysis.language, notices=list(found.notice_ids), replies=[b.title for b in body.buttons])

    return serve(source, target, answer)


def _result(outcome: str, text: str, language: str, *, notices: list[str] | None = None, replies: list[str] | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "notice_ids": notices or [], "answer": text, "language": language, "quick_replies": replies or []}


def _knowledge(analyser: Any, settings: Settings, *, given: bool) -> Any:
    """The notices of the data folder or database if one is named, else those that come with the program."""
    from knowledge_base.service import KnowledgeBase

    if given or settings.database_url is not None:
        from bot.commands import open_knowledge

        return open_knowledge(settings, analyser)
    return KnowledgeBase.from_files(analyser)
