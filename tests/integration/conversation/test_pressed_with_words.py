"""The danger button with words in the box: they choose the card, and nothing about them keeps the press from the queue."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import pressed
from bot.channels.webchat.routes import DANGER, _press
from bot.services import Services
from conversation import service as conversation
from conversation.schemas import InboundKind
from core import db as database
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.detect import detect
from language.triage import Decision

HELD = Decision(Urgency.LIFE_THREAT, Category.CONFINEMENT, "escalate", 0.9, ("classifier",), 0.9)
CALM = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, (), 1.0)


class Reader:
    """Stands in for analyser and triage."""

    def __init__(self, decision: Decision | None, *, hangs: bool = False) -> None:
        self.decision, self.hangs, self.triage = decision, hangs, self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        if self.hangs:
            await asyncio.Event().wait()
        return [Analysis(text, text, detect(text)) for text in texts]

    def decide(self, analysis: Analysis) -> Decision:
        if self.decision is None:
            raise RuntimeError("the model failed")
        return self.decision


@pytest.fixture
def press(db: Database, cipher, desk, inbound):
    """``await press("…", reader)``: the kind of the card that is shown, whether the conversation is guarded, and the case's severity, category and language."""

    async def make(text: str, reader: Reader | None) -> tuple[str, bool, str, str, str]:
        services = Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), reader)  # type: ignore[arg-type]
        async with db.transaction() as tx:
            talk, token = await conversation.start(tx, "webchat")
        await _press(services, inbound(talk, kind=InboundKind.DANGER, text=text), token, DANGER)
        async with db.read() as connection:
            row: dict[str, Any] | None = await database.one(
                connection,
                """SELECT m.kind, c.guarded_at IS NOT NULL AS guarded, k.severity, k.category, c.language FROM conversations c
                   JOIN cases k ON k.conversation_id = c.id JOIN messages m ON m.conversation_id = c.id AND m.author_kind = 'bot' WHERE c.id = %s""",
                talk,
            )
        assert row is not None
        return row["kind"], row["guarded"], row["severity"], row["category"], row["language"]

    return make


async def test_who_writes_that_they_are_held_and_presses_the_red_button_gets_the_quiet_card(press) -> None:
    assert await press("문을 밖에서 걸었어요", Reader(HELD)) == ("crisis:confinement", True, "life_threat", "confinement", "ko")


@pytest.mark.parametrize("reader", [None, Reader(None), Reader(CALM), Reader(HELD, hangs=True)], ids=["not_loaded", "failing", "calm", "hanging"])
async def test_plain_words_are_enough_where_nothing_reads_them(press, reader) -> None:
    pressed_at = asyncio.get_running_loop().time()
    assert (await press("감금당했어요 들키면 안 돼요", reader))[:4] == ("crisis:confinement", True, "life_threat", "confinement")
    assert asyncio.get_running_loop().time() - pressed_at < 5


async def test_words_that_name_nothing_leave_the_press_as_it_was(press) -> None:
    assert (await press("여기요", Reader(CALM)))[:4] == ("crisis:generic", False, "life_threat", "other")


async def test_an_empty_box_is_read_by_nobody(press) -> None:
    assert (await press("", Reader(None, hangs=True)))[:4] == ("crisis:generic", False, "life_threat", "other")


async def test_the_card_comes_in_the_language_of_the_words(press) -> None:
    assert (await press("閉じ込められています。助けて", Reader(HELD)))[4] == "ja"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("남편이 때려서 도망 나왔는데 집에 불이 났어요", Category.DOMESTIC_VIOLENCE),
        ("불이 났어요", Category.FIRE_GAS),
        ("엘리베이터에 갇혔어요", Category.OTHER),
        ("지진이 났고 강도를 만났어요", Category.OTHER),
    ],
)
def test_of_several_kinds_the_one_in_which_somebody_may_read_along(text: str, category: Category) -> None:
    assert pressed.by_words(DANGER, text).category is category
