"""Whose crisis card answers."""

from __future__ import annotations

import pytest

from bot.escalation import card_category
from knowledge_base.crisis_cards import GENERIC
from language.categories import Category, Urgency
from language.triage import Decision


@pytest.mark.parametrize(
    ("category", "score", "possible", "expected"),
    [
        (Category.NATURAL_DISASTER, 0.9, (Category.NATURAL_DISASTER,), "natural_disaster"),
        (Category.NATURAL_DISASTER, 0.2, (Category.NATURAL_DISASTER, Category.FIRE_GAS), GENERIC),
        (Category.STRANDED, 0.2, (Category.STRANDED, Category.CONFINEMENT), "confinement"),
        (Category.CONFINEMENT, 0.2, (Category.CONFINEMENT,), "confinement"),
        (Category.OTHER, 0.0, (), GENERIC),
        (Category.OTHER, 0.6, (Category.OTHER, Category.CONFINEMENT), "confinement"),
        (Category.OTHER, 0.6, (Category.OTHER, Category.STRANDED), "other"),
    ],
)
def test_unsure_is_generic_unless_somebody_may_read_along(category, score, possible, expected):
    decision = Decision(Urgency.URGENT, category, "escalate", 0.9, ("classifier",), score, possible)
    assert card_category(decision) == expected
