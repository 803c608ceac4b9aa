"""Turns that are answered at once, without asking Rasa: questions that are searched for, and small talk.

Only where the dialogue expects nothing, and only with the answer that Rasa would have given: its own classifier names the rule, and
:data:`RULES` says what the rule does. What was said is kept in a note of the conversation, and the next message to Rasa carries it, so that a
correction, a repeat and the second answer that does not help find it there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from actions.remembered import (
    ALARM_LEVEL,
    CLARIFY,
    FAILURES_BEFORE_PERSON,
    OFFER_BUTTONS,
    OFFER_TEXT,
    PERSON,
    REGISTER_ALERTS,
    after_search,
    failures_after,
)
from bot import smalltalk
from bot.compose import Reply, from_answer
from bot.dialogue.client import Said
from bot.dialogue.intents import FALLBACK
from bot.dialogue.meanwhile import FORM
from bot.dialogue.reading import MAX_TOKENS, Entity, Reading, countries_of, country_of, split
from conversation.schemas import Body, Button
from core.crypto import Cipher
from core.logging import get
from knowledge_base.answer import Answer
from language.analysis import Analysis

log = get(__name__)
CONTEXT = "conversations.dialogue"


@dataclass(frozen=True)
class Rule:
    """What Rasa's rule for an intent does (``data/rules``, ``actions/consular.py``).

    ``query`` is searched for, or the message's own words where it is empty. A rule with a ``form`` (its name) asks for the country first, unless one has
    been spoken of. What may be asked again, for another country for instance, are the words themselves where they are ``kept``, else the ``topic``;
    without either it stays as it was.
    """

    query: str = ""
    kept: bool = False
    topic: str = ""
    form: str = ""


#: Other rules need more of what was said before than the note knows, or fill more slots.
RULES: Mapping[str, Rule] = {
    "ask_notice": Rule(kept=True),
    FALLBACK: Rule(kept=True),
    smalltalk.OUT_OF_SCOPE: Rule(),
    "register_alerts": Rule(REGISTER_ALERTS),
    "ask_alarm_level": Rule(ALARM_LEVEL, topic="alarm_level", form="alarm_level_form"),
    "entry_rules": Rule(topic="entry_rules", form="entry_rules_form"),
}
#: Forms that wait for nothing but a country. What interrupts them is answered and the question put again (``data/rules/interruptions.yml``).
COUNTRY_FORMS = tuple(rule.form for rule in RULES.values() if rule.form)
#: Small talk that ends a form instead of interrupting it.
ENDING = ("goodbye",)


#: As the client renders what an action offers: a button whose payload is its title sends the title.
OFFER = Body(OFFER_TEXT, buttons=tuple(Button(b["title"], "" if b["payload"] == b["title"] else b["payload"]) for b in OFFER_BUTTONS))


@dataclass(frozen=True)
class Note:
    """How the dialogue stands between two messages, as far as turns must know it.

    ``expects``: a form waits for something, or nobody knows. ``untold``: slots that turns have filled since Rasa was asked last. ``asked_back``: the
    notices asked for which country, so that a message may be the answer. ``form``: one of ``COUNTRY_FORMS`` that waits.
    """

    expects: bool = False
    topic_country: str | None = None
    failures: int = 0
    untold: Mapping[str, Any] = field(default_factory=dict)
    asked_back: bool = False
    form: str = ""

    def seal(self, cipher: Cipher, conversation_id: str) -> bytes:
        """The form that is kept with the conversation; it holds the citizen's words."""
        content = [self.expects, self.topic_country, self.failures, dict(self.untold), self.asked_back, self.form]
        return cipher.seal(json.dumps(content, ensure_ascii=False), f"{CONTEXT}:{conversation_id}")

    def unknown(self) -> Note:
        """Rasa was asked and gave no answer: nobody knows how it stands."""
        return replace(self, expects=True)


UNKNOWN = Note(expects=True)


def note_of(cipher: Cipher, row: Mapping[str, Any]) -> Note:
    """The note of a conversation. None was needed before its first message; otherwise a missing or damaged one means: ask Rasa."""
    if row["dialogue"] is None:
        return Note() if row["seq"] == 1 else UNKNOWN
    try:
        expects, country, failures, untold, asked_back, form = json.loads(cipher.open(row["dialogue"], f"{CONTEXT}:{row['id']}"))
        return Note(bool(expects), country, int(failures), untold, bool(asked_back), str(form))
    except Exception as error:  # noqa: BLE001  (a lost key, a damaged row: it must not stop the turn)
        log.error("note_unreadable", conversation=row["id"], error=type(error).__name__)
        return UNKNOWN


def after(said: Said) -> Note:
    """The note once Rasa has answered: it knows everything."""
    form = said.form if said.form in COUNTRY_FORMS else ""
    return Note(said.expects and not form, said.topic_country, said.failures, asked_back=said.asked_back, form=form)


def reading_of(analysis: Analysis) -> Reading:
    """A message as Rasa's process would read it: it gets the vector in half precision."""
    tokens = tuple((token.form, token.start, token.end) for token in analysis.tokens if token.form)[:MAX_TOKENS]
    vector = None if analysis.vector is None else analysis.vector.astype("<f2").astype("float32")
    entities = tuple(Entity(e.kind, e.start, e.end, e.text, e.value, e.country or "") for e in analysis.entities)
    return Reading(analysis.normalised, tokens or split(analysis.normalised), vector, entities)


def query_of(intent: str, reading: Reading) -> str:
    """What the rule of an intent searches for in our words; empty: in the citizen's, or not at all. Ours are about one country."""
    rule = RULES.get(intent)
    if rule is None or (rule.form and len(countries_of(reading.text, reading.entities)) > 1):
        return ""
    return rule.query


def answer_at_once(note: Note, reading: Reading, intent: str, search: Callable[[str | None], Answer]) -> tuple[Reply, Note] | None:
    """The reply and the note that follows from it; None: Rasa is to be asked.

    ``intent`` is whose rule Rasa would follow; ``search`` answers what the rule asks (:func:`query_of`) for the country that is spoken of, or for
    what else is known.
    """
    if note.expects:
        return None
    found = _answer(note, reading, intent, search)
    if found is None or not note.form:
        return found
    reply, follows = found
    return replace(reply, bodies=(*reply.bodies, smalltalk.which_country())), follows


def _begun(note: Note, form: str) -> tuple[Reply, Note]:
    """The form asks for its country, and Rasa is told that it has."""
    return Reply((smalltalk.which_country(),), outcome="dialogue"), replace(note, form=form, untold={**note.untold, FORM: form})


def _answer(note: Note, reading: Reading, intent: str, search: Callable[[str | None], Answer]) -> tuple[Reply, Note] | None:
    """The same, whether a form waits or not, without what the form asks again."""
    found = country_of(reading.text, reading.entities)
    named = (found.country or found.value) if found is not None else None
    country = named or note.topic_country
    untold = {**note.untold, "topic_country": named} if named else dict(note.untold)
    unchanged = replace(note, topic_country=country, untold=untold)
    if note.form and (named or intent in ENDING):
        return None  # it fills the form, or ends it
    if intent in smalltalk.INTENTS:
        said = smalltalk.within_form(intent) if note.form else smalltalk.replies()[intent]
        return Reply((said,), outcome="smalltalk"), unchanged
    rule = RULES.get(intent)
    if rule is None:
        return None
    if rule.form and (note.form or not untold.get("topic_country")):
        # What the note calls the country spoken of may be the place where the citizen is, which the form does not take for an answer.
        return None if note.form or country else _begun(unchanged, rule.form)
    if note.asked_back and named and intent == FALLBACK:
        return None  # "태국이요": the question before is meant
    answer = search(country)
    outcome = str(answer.outcome)
    if intent == smalltalk.OUT_OF_SCOPE and outcome != "answered":
        return Reply((smalltalk.out_of_scope(),), outcome="dialogue"), unchanged
    failures = failures_after(outcome, note.failures)
    reply, offered = from_answer(answer), None
    if failures >= FAILURES_BEFORE_PERSON:
        reply, offered, failures = replace(reply, bodies=(*reply.bodies, OFFER)), PERSON, 0.0
    untold |= {"failures": failures, "offered": offered}
    asked_back = note.asked_back
    if rule.kept:
        untold |= after_search(reading.text, outcome)
        asked_back = outcome == CLARIFY
    elif rule.topic:
        untold["last_topic"], asked_back = rule.topic, False
    return reply, Note(False, country, int(failures), untold, asked_back, note.form)
