"""Beside the place: whose consent stands, and the way to write one down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handoff.desk.consent_words import headline, state
from handoff.desk.elements import block, button, say
from handoff.records.consent_rules import standing
from handoff.schemas import CaseCard


def fill(card: CaseCard, on_consent: Callable[[], Any]) -> None:
    """Inside the current element. Nothing here stands before the place or its request."""
    found = standing(card.consents)
    with block("div", "consents", role="group", aria_label="동의 기록"):
        for one in found[:2]:
            say("p", " · ".join(part for part in (headline(one), state(one)) if part), "soft", data_consent=one.id)
        label = "동의 기록" if found else "동의 적기 (아동 · 의식 없음)"
        button(label, on_consent, classes="small wide", data_action="consents")
