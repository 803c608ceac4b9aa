"""What citizens notice of surge mode: an opening that is said first, and the truth instead of a place in the queue for routine wishes.

Danger never comes here: it is answered by triage. Whoever asks for a person again, or presses [그래도 기다리기], gets one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.compose import Reply
from bot.escalation import PERSON
from bot.phrases import framed_text
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Button
from core.crypto import Cipher
from core.db import UNAVAILABLE, Connection, Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import SHED
from handoff.surge import service
from handoff.surge.service import Surge
from handoff.wait_estimate import LONGEST_MIN, Wait
from language.detect import DEFAULT

log = get(__name__)
#: Wishes for a person that may be asked to wait; a language that the bot does not speak is none of them.
ROUTINE = ("asked", "accepted")
INSIST = {DEFAULT: "그래도 기다리기", "en": "Wait for a person anyway"}


def shed_words(wait: Wait, language: str, hotline: str) -> str:
    """The truth: who is served first, how long it would take, whom to call, what can be had here at once. Pure."""
    if language == DEFAULT:
        return (
            "지금 큰 사고가 나서 위험한 분을 먼저 연결하고 있습니다.\n"
            f"{_lengthko(wait)} 급하면 {hotline} 로 전화하세요. 위험하면 ‘지금 위험해요’를 누르면 먼저 연결합니다.\n"
            "여권·입국·안전 안내는 여기에 물어보면 바로 답합니다. 그래도 상담관을 기다리려면 아래를 누르거나 한 번 더 말씀해 주세요."
        )
    return (
        "There has been a major incident and people in danger are connected first.\n"
        f"{_lengthen(wait)} If it is urgent, call {hotline}. In danger, press the danger button and you are connected first.\n"
        "Questions about passports, entry and safety are answered here right away. To wait for a person anyway, press below or ask again."
    )


def _lengthko(wait: Wait) -> str:
    if wait.low_min is None or wait.high_min is None:
        return "상담관을 기다리는 시간은 알 수 없습니다."
    length = f"{LONGEST_MIN}분 넘게" if wait.low_min >= LONGEST_MIN else f"약 {wait.low_min}~{wait.high_min}분"
    return f"상담관을 기다리면 {length} 걸릴 수 있습니다."


def _lengthen(wait: Wait) -> str:
    if wait.low_min is None or wait.high_min is None:
        return "How long you would wait for a counsellor is not known."
    return (
        f"You would wait more than {LONGEST_MIN} minutes."
        if wait.low_min >= LONGEST_MIN
        else f"You would wait about {wait.low_min} to {wait.high_min} minutes."
    )


def opening(surge: Surge, language: str) -> Body:
    """The line that is said first, with the notice that is pinned to it."""
    return Body(framed_text(surge.opening, language), kind=surge.kind, source=surge.card)


async def meet(connection: Connection, row: dict[str, Any], reply: Reply, hotline: str) -> Reply:
    """What the bot was about to say, as surge mode has it: the opening first, once; a routine wish for a person met with the truth, once."""
    try:
        surge = await service.current(connection)
        if surge is None or row["synthetic"] or await service.is_spared(connection, row["id"]):
            return reply
        has_opening, was_asked = await service.told(connection, row["id"], surge)
        if reply.person in ROUTINE and not was_asked:
            language = row["language"]
            words = shed_words(await service.expected_wait(connection), language, hotline)
            button = Button(INSIST[DEFAULT if language == DEFAULT else "en"], PERSON)
            reply = replace(reply, bodies=(Body(words, kind=service.SHED, buttons=(button,)),), person="", outcome="shed")
            SHED.inc()
        if not has_opening:
            first = Body(surge.opening, kind=surge.kind, source=surge.card)
            reply = replace(reply, bodies=(first, *reply.bodies))
    except UNAVAILABLE:
        raise
    except Exception as error:  # noqa: BLE001  (surge mode must never cost a citizen the answer)
        log.error("surge_not_read", conversation=row["id"], error=type(error).__name__)
    return reply


async def say_opening(tx: Connection, cipher: Cipher, conversation_id: str, language: str) -> None:
    """Say it to whoever has just come, in the caller's transaction; nothing while surge mode is off or where it has been said."""
    surge = await service.current(tx)
    if surge is None or await service.is_spared(tx, conversation_id):
        return
    await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, opening(surge, language), client_id=f"surge-{surge.id}")


async def open_with(db: Database, cipher: Cipher, conversation_id: str, language: str) -> None:
    """The same for a conversation that has begun already: it goes on whatever becomes of this."""
    try:
        async with db.read() as connection:
            if await service.current(connection) is None:
                return
        async with db.transaction() as tx:
            await say_opening(tx, cipher, conversation_id, language)
    except DatabaseUnavailable:
        log.warning("surge_opening_not_said", conversation=conversation_id)
