"""Guarded conversations: the phone may be in the hand of whoever holds or threatens the person.

What a guarded citizen must not see is decided here alone. The web chat reads its lines through :func:`screened`, and so do the sender and the door of
every messenger, so that a channel inherits the rules without knowing them. The mark is set by what was told, by the code word or by an agent; nothing
that the citizen's side says takes it away.
"""

from __future__ import annotations

from typing import Any

from conversation import telling
from core import db as database
from core import events
from core.db import Connection
from language.categories import Category

#: Whoever does this to a person may hold the person's phone.
GUARDING = frozenset(
    {
        Category.CONFINEMENT,
        Category.LABOUR_ABUSE,
        Category.DOMESTIC_VIOLENCE,
        Category.STALKING,
        Category.ARREST_DETENTION,
        Category.SEXUAL_VIOLENCE,
        Category.DRUGGED,
    }
)
#: Lines that would tell a reader over the shoulder that somebody waits for help or has sent a picture, or ask a person in danger for a mark out of five.
WITHHELD = frozenset({"queue_status", "rating_request", "safety_check", "view_log", "file", "file_notice"})
#: The only lines that may bring numbers to tap: their card names an ambulance and no police.
MAY_CALL = frozenset({"crisis:drugged"})
#: What would show that a person has come or looks on; kept off the screen once the code word was said.
OF_A_PERSON = frozenset({"owner", "read"})
#: Longer lines of ours are cut, at the end of a sentence, where they stay on the screen.
BRIEF_CHARS = 120
#: Said there instead of words that tell something, in the citizen's language: another one on the screen would ask for an explanation.
NOTED = "네, 확인했습니다."
_NOTED = {"ko": NOTED, "ja": "はい、確認しました。", "zh": "好的,已确认。", "vi": "Vâng, đã ghi nhận."}
_NOTED_ELSEWHERE = "Thank you, noted."
#: That what was written waits for a person: whoever reads along must not see it after each line, since a stranger would get an ordinary answer.
PASSED_ON = "passed_on"
#: Why a conversation is guarded.
CATEGORY, CODE_WORD, AGENT, DISGUISE = "category", "code_word", "agent", "disguise"


def guards(category: str) -> bool:
    """Whether trouble of this kind makes a conversation guarded."""
    return category in GUARDING


def screened(kind: str, body: dict[str, Any], *, is_guarded: bool) -> dict[str, Any] | None:
    """What a line of ours may show on the citizen's screen; None: nothing of it."""
    if not is_guarded:
        return body
    if kind in WITHHELD:
        return None
    return body if kind in MAY_CALL or not body.get("phones") else {**body, "phones": []}


def brief(kind: str, body: dict[str, Any], language: str = "ko") -> dict[str, Any]:
    """A line of the bot's or ours as a messenger may show it, where nothing can be made to go from the screen again: short, and in harmless words.

    Of a crisis card its first two lines and the way to send a place; the danger question as it is, since its answer must mean what it says.
    """
    if kind == "danger_question":
        return body
    text = str(body.get("text") or "")
    if kind.startswith("crisis:"):
        return {**body, "text": "\n".join(text.split("\n")[:2])}
    if kind == PASSED_ON or telling.tells(text):
        text = _NOTED.get(language, _NOTED_ELSEWHERE)
    elif len(text) > BRIEF_CHARS:
        cut = text[:BRIEF_CHARS]
        end = max(cut.rfind(mark) for mark in (".", "?", "!", "。", "\n"))
        text = cut[: end + 1].strip() if end > 0 else cut.rstrip() + "…"
    return {**body, "text": text, "source": None, "buttons": []}


def hides(kind: str, payload: dict[str, Any]) -> bool:
    """Whether an event since the code word stays off the citizen's screen: that a person has come, gone or read."""
    return kind in OF_A_PERSON and payload.get("by") != "citizen"


def shown_author(author_kind: str, *, had_person: bool) -> str:
    """Who seems to write since the code word: the bot, unless the screen has shown a person before."""
    return author_kind if had_person or author_kind not in ("agent", "officer") else "bot"


def may_tell_who_looked(*, is_guarded: bool) -> bool:
    """Whether the citizen's screen may say who has looked at the place, and how often."""
    return not is_guarded


async def is_guarded(connection: Connection, conversation_id: str) -> bool:
    """Whether the conversation carries the mark."""
    return await database.one(connection, "SELECT 1 FROM conversations WHERE id = %s AND guarded_at IS NOT NULL", conversation_id) is not None


async def is_hushed(connection: Connection, conversation_id: str) -> bool:
    """Whether the code word was said, so that nothing of a person may be seen."""
    return await database.one(connection, "SELECT 1 FROM conversations WHERE id = %s AND hushed_at IS NOT NULL", conversation_id) is not None


async def mark(tx: Connection, conversation_id: str, why: str) -> bool:
    """Guard a conversation from now on; False if it is guarded already, whose reason stays."""
    changed = await database.run(
        tx,
        "UPDATE conversations SET guarded_at = clock_timestamp(), guarded_why = %s WHERE id = %s AND guarded_at IS NULL",
        why,
        conversation_id,
    )
    if changed and why != CODE_WORD:  # after the code word nothing may change before the eyes of whoever looks on
        await _tell(tx, conversation_id, on=True)
    return changed > 0


async def unmark(tx: Connection, conversation_id: str) -> bool:
    """Take the mark away; only a person's deliberate act may lead here (see ``handoff.guarding``)."""
    changed = await database.run(
        tx, "UPDATE conversations SET guarded_at = NULL, guarded_why = '', hushed_at = NULL WHERE id = %s AND guarded_at IS NOT NULL", conversation_id
    )
    if changed:
        await _tell(tx, conversation_id, on=False)
    return changed > 0


async def _tell(tx: Connection, conversation_id: str, *, on: bool) -> None:
    """Let open pages know that lines go after a while, or stay."""
    await events.append(tx, f"conversation:{conversation_id}", "fading", {"on": on})


async def hush(tx: Connection, conversation_id: str) -> None:
    """The code word was said: from now on the screen shows nothing of a person's coming and going. The conversation is guarded too."""
    await mark(tx, conversation_id, CODE_WORD)
    await database.run(tx, "UPDATE conversations SET hushed_at = COALESCE(hushed_at, clock_timestamp()) WHERE id = %s", conversation_id)
