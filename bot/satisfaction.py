"""The short question how satisfied a citizen is: after thanks or goodbye, or on request; never where there was danger."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

import yaml

from bot.compose import OFFER_PERSON, Reply
from bot.spoken import BOT
from conversation.ratings import HIGHEST, LOWEST
from conversation.schemas import Body, Button
from core import db as database
from core.db import Connection
from core.settings import ROOT

CHOICE = "rate:"
KIND = "rating_request"
BUTTONS = tuple(Button({LOWEST: "1 아쉬워요", HIGHEST: "5 좋아요"}.get(n, str(n)), f"{CHOICE}{n}") for n in range(LOWEST, HIGHEST + 1))
#: Up to this score a person is offered.
LOW = 2
_TYPED = re.compile(r"\s*([1-5])\s*(?:점|/\s*5)?\s*[.!]?\s*")

_ALLOWED = """
SELECT NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.severity IN ('life_threat', 'urgent'))
       AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.conversation_id = c.id AND (i.action = 'escalate' OR i.urgency IN ('life_threat', 'urgent')))
       AND c.last_urgency NOT IN ('life_threat', 'urgent') AND c.guarded_at IS NULL AS allowed,
       EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.kind = 'answer') AS answered,
       EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.kind = 'rating_request') AS asked,
       (SELECT m.kind FROM messages m WHERE m.conversation_id = c.id AND m.author_kind = 'bot' ORDER BY m.seq DESC LIMIT 1) AS last_kind
FROM conversations c WHERE c.id = %s
"""


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    return {name: str(responses[f"utter_{name}"][0]["text"]).strip() for name in ("thank", "goodbye", "ask_rating", "no_rating")}


def question() -> Body:
    """The question with its five buttons."""
    return Body(_texts()["ask_rating"], kind=KIND, buttons=BUTTONS)


def score_of(choice: str, text: str, last_kind: str | None) -> int | None:
    """The number that was pressed, or typed right after the question."""
    if choice.startswith(CHOICE):
        number = choice.removeprefix(CHOICE)
        return int(number) if number in {str(n) for n in range(LOWEST, HIGHEST + 1)} else None
    typed = _TYPED.fullmatch(text) if last_kind == KIND and not choice else None
    return int(typed.group(1)) if typed else None


def thanks(score: int) -> Reply:
    """What is said to a rating."""
    if score <= LOW:
        return Reply((Body(BOT["rated_low"][0], buttons=OFFER_PERSON),), outcome="rated", rating=score)
    return Reply((Body(BOT["rated"][0]),), outcome="rated", rating=score)


async def rating(connection: Connection, row: dict[str, Any]) -> Reply | None:
    """The reply to a message that is a rating; None for any other."""
    choice, text = str(row["content"].get("choice") or ""), str(row["content"].get("text") or "")
    if not choice.startswith(CHOICE) and not _TYPED.fullmatch(text):
        return None
    state = await database.one(connection, _ALLOWED, row["id"])
    score = score_of(choice, text, state["last_kind"] if state else None)
    if score is None:
        return None
    return thanks(score) if state and state["allowed"] else replace(thanks(HIGHEST), rating=None)


async def with_question(connection: Connection, conversation_id: str, reply: Reply) -> Reply:
    """The reply, and the question after it where it belongs: once a conversation, after something was answered, never where there was danger."""
    texts = _texts()
    last = reply.bodies[-1].text if reply.bodies else ""
    is_closing = len(reply.bodies) == 1 and last in (texts["thank"], texts["goodbye"])
    if not is_closing and last != texts["ask_rating"]:
        return reply
    state = await database.one(connection, _ALLOWED, conversation_id)
    if is_closing:
        may_ask = state and state["allowed"] and state["answered"] and not state["asked"]
        return replace(reply, bodies=(*reply.bodies, question())) if may_ask else reply
    asked = question() if state and state["allowed"] else Body(texts["no_rating"])
    return replace(reply, bodies=(*reply.bodies[:-1], asked))
