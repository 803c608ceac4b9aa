"""A drill rings like a life threat because triage reads it as one, not because anybody told it to."""

from __future__ import annotations

from handoff.drills.service import TEXT
from language.categories import Urgency


def test_triage_takes_the_sentence_of_a_drill_for_a_life_threat(decide):
    decision = decide(TEXT)
    assert (decision.urgency, decision.action) == (Urgency.LIFE_THREAT, "escalate")
    assert "훈련" in TEXT
