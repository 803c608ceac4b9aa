"""Turns that are answered at once, without asking Rasa: plain questions that search answers by itself, and small talk.

Only where the dialogue expects nothing, and only with the answer that Rasa's rules would have given. What was said is kept in a note of the
conversation, and the next message to Rasa carries it, so that a correction, a repeat and the second answer that does not help find it there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions.remembered import FAILURES_BEFORE_PERSON, after_search, failures_after
from bot import smalltalk
from bot.compose import Reply, from_answer
from bot.dialogue.client import Said
from bot.dialogue.reading import Entity, country_of
from core.crypto import Cipher
from core.logging import get
from knowledge_base.answer import Answer
from language.analysis import Analysis

log = get(__name__)
CONTEXT = "conversations.dialogue"

QUESTION = "ask_notice"
#: Intents that must never be answered past: where one of them has a tenth, Rasa decides. docs/dialogue.md has the figures.
NEVER_PASSED = frozenset(
    ("ask_person", "lost_passport", "correct_country", "affirm", "deny", "cancel", "refuse_to_share", "complaint", "repeat", "inform"),
)
A_TENTH = 0.1
#: A plain question is the likeliest intent with this share, and search has an answer that it is sure of …
LIKELY = 0.3
#: … or with this one, above which Rasa believes its own classifier, and search has none.
SURE_OF_QUESTION = 0.45
SURE_OF_SMALLTALK = 0.7


@dataclass(frozen=True)
class Note:
    """How the dialogue stands between two messages, as far as turns must know it.

    ``untold``: slots that turns have filled since Rasa was asked last.
    """

    expects: bool = False
    topic_country: str | None = None
    failures: int = 0
    untold: Mapping[str, Any] = field(default_factory=dict)

    def seal(self, cipher: Cipher, conversation_id: str) -> bytes:
        """The form that is kept with the conversation; it holds the citizen's words."""
        content = [self.expects, self.topic_country, self.failures, dict(self.untold)]
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
        expects, country, failures, untold = json.loads(cipher.open(row["dialogue"], f"{CONTEXT}:{row['id']}"))
        return Note(bool(expects), country, int(failures), untold)
    except Exception as error:  # noqa: BLE001  (a lost key, a damaged row: it must not stop the turn)
        log.error("note_unreadable", conversation=row["id"], error=type(error).__name__)
        return UNKNOWN


def after(said: Said) -> Note:
    """The note once Rasa has answered: it knows everything."""
    return Note(said.expects, said.topic_country, said.failures)


def answer_at_once(
    note: Note,
    analysis: Analysis,
    ranking: Sequence[tuple[str, float]],
    country: str | None,
    search: Callable[[Analysis, str | None], Answer],
) -> tuple[Reply, Note] | None:
    """The reply and the note that follows from it; None: Rasa is to be asked.

    ``country`` is what the conversation knows of where the citizen is; ``search`` is called only for what looks like a plain question.
    """
    intent, share = ranking[0]
    if note.expects or any(odds >= A_TENTH for name, odds in ranking if name in NEVER_PASSED):
        return None
    named = _named(analysis)
    spoken_of = {"topic_country": named} if named else {}
    if intent in smalltalk.INTENTS and share >= SURE_OF_SMALLTALK:
        reply = Reply((smalltalk.replies()[intent],), outcome="smalltalk")
        return reply, replace(note, topic_country=named or note.topic_country, untold={**note.untold, **spoken_of})
    if intent != QUESTION or share < LIKELY:
        return None
    found = search(analysis, named or note.topic_country or country)
    outcome = str(found.outcome)
    failures = failures_after(outcome, note.failures)
    if outcome != "answered" and (outcome != "abstain" or share < SURE_OF_QUESTION or failures >= FAILURES_BEFORE_PERSON):
        return None
    slots = {**spoken_of, **after_search(analysis.text.strip(), outcome), "failures": failures, "offered": None}
    return from_answer(found), Note(False, named or note.topic_country, int(failures), {**note.untold, **slots})


def _named(analysis: Analysis) -> str | None:
    """The country that a message is about, as Rasa's process finds it."""
    found = country_of(analysis.normalised, tuple(Entity(e.kind, e.start, e.end, e.text, e.value, e.country or "") for e in analysis.entities))
    return (found.country or found.value) if found is not None else None
