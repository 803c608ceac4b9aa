"""What a search leaves in the dialogue's slots; for the action, and for a turn that searches without asking Rasa."""

from __future__ import annotations

from typing import Any

#: after so many answers in a row that did not help, a person is offered
FAILURES_BEFORE_PERSON = 2
QUERY_CHARS = 200
#: the notices asked back
CLARIFY = "clarify"
SEARCH = "search"


def failures_after(outcome: str | None, failures: float) -> float:
    """Answers in a row that did not help, this one included; ``outcome`` is None where there was no answer at all."""
    return failures + 1 if outcome in (None, "abstain") else 0.0


def after_search(query: str, outcome: str | None) -> dict[str, Any]:
    """What may be asked for again, or for another country."""
    return {"last_topic": CLARIFY if outcome == CLARIFY else SEARCH, "last_query": query[:QUERY_CHARS]}
