"""What passes between a turn and Rasa beside the words: slots that turns have filled and a form that one has begun without asking it, and what it
expects afterwards.

The turn puts both into the metadata of its message and takes them from the answer; in Rasa's process they reach the tracker store, which
alone sees a dialogue begin and end, through a context variable. Imported on both sides, so nothing else is imported here.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

#: under this name in a message's metadata, and taken out before Rasa sees it
METADATA = "meanwhile"
#: the slots that a turn may fill; whatever else is sent is left out
SLOTS = ("last_topic", "last_query", "topic_country", "failures", "offered")
#: under this name beside the slots, the form that a turn has begun by asking for its country
FORM = "form"
CLARIFY = "clarify"
NOT_SHARED = ("unknown", "none")


@dataclass
class Meanwhile:
    """One message's: ``slots`` and ``form`` go in, ``after`` comes out once the dialogue is saved."""

    slots: dict[str, Any] = field(default_factory=dict)
    form: str | None = None
    after: dict[str, Any] | None = None


current: ContextVar[Meanwhile | None] = ContextVar("meanwhile", default=None)


def received(metadata: dict[str, Any]) -> Meanwhile:
    """Take what the turn sent out of a message's metadata."""
    sent = metadata.pop(METADATA, None)
    if not isinstance(sent, dict):
        return Meanwhile()
    return Meanwhile({name: sent[name] for name in SLOTS if name in sent}, sent.get(FORM))


def left(slots: dict[str, Any], form: str | None) -> dict[str, Any]:
    """What a turn must know before it may answer without asking: whether a form waits for something, and which, whether the notices asked back, the
    country spoken of, failures in a row. A person on offer is not among them: only a yes or a no is for the offer, and those are always Rasa's.
    """
    place = slots.get("country")
    return {
        "expects": bool(form),
        "form": form,
        "asked_back": slots.get("last_topic") == CLARIFY,
        "topic_country": slots.get("topic_country") or (place if place not in NOT_SHARED else None),
        "failures": int(slots.get("failures") or 0),
    }
