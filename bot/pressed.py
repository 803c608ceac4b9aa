"""What was typed before the danger button was pressed.

The press is a life threat whatever the words say; they only choose the card. Somebody who writes that they are locked in and then presses the red button
instead of "send" must not get loud words and numbers to call onto a screen that another may hold.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.services import Services
from core.logging import get
from knowledge_base.crisis_cards import QUIET
from language.analysis import Analysis
from language.category_words import named
from language.triage import Decision

log = get(__name__)
#: The press waits no longer for its words to be read; then plain words in them are looked for, which needs no model.
PATIENCE_S = 0.25


async def read(services: Services, decision: Decision, text: str) -> tuple[Decision, dict[str, Any]]:
    """The press with the kind of trouble that its words tell of, and what is known of them for whoever writes it down."""
    if not text.strip():
        return decision, {}
    analysis, found = await _understood(services, text)
    known = {} if analysis is None else {"analysis": analysis}
    if found is not None and found.action != "none":
        return replace(decision, category=found.category, category_score=found.category_score, possible=found.possible), known
    return by_words(decision, text), known


def by_words(decision: Decision, text: str) -> Decision:
    """The press with the trouble that is named in plain words; of several the one in which somebody may read along. Pure."""
    kinds = named(text)
    quiet = next((kind for kind in kinds if kind in QUIET), None)
    if quiet is None and len(kinds) != 1:
        return decision
    return replace(decision, category=quiet or kinds[0], category_score=1.0, possible=kinds)


async def _understood(services: Services, text: str) -> tuple[Analysis | None, Decision | None]:
    if services.understanding is None:
        return None, None
    try:
        async with asyncio.timeout(PATIENCE_S):
            analysis = (await services.understanding.analyse([text]))[0]
        return analysis, services.understanding.triage.decide(analysis)
    except TimeoutError:
        return None, None
    except Exception as error:  # noqa: BLE001  (whatever the model does, the press goes on without it)
        log.error("press_not_read", error=type(error).__name__)
        return None, None
