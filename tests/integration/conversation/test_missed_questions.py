"""What citizens ask in vain, on the real database: written in the turn's own transaction, redacted, sealed, and gone with the citizen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from conversation.schemas import InboundKind, SourceCard
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.editing import misses
from knowledge_base.schemas import Answer, Hit, Outcome
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.triage import Decision

HARMLESS = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
FEE = "여권 수수료가 얼마예요?"
DRONE = "드론 촬영 허가는 어디서 받아요? 제 번호는 010-1234-5678입니다"


class Understands:
    """Stands in for analyser, triage and intents: thanks are thanks, a wish for a person is one, everything else is a question."""

    def __init__(self) -> None:
        self.triage = self.intents = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]

    async def of_message(self, message_id: int, text: str) -> Analysis:
        return (await self.analyse([text]))[0]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        return HARMLESS

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return ("thank", 0.9) if analysis.text == "고마워요" else ("ask_person", 0.9) if "상담관" in analysis.text else ("ask_notice", 0.9)


class Knows:
    """Knows the fee of a passport, and nothing of drones."""

    broken = False
    searched = 0
    nearest: tuple[str, float] | None = None

    def crisis_card(self, *_: Any) -> Any:
        raise AssertionError("nothing here is dangerous")

    def answer(self, analysis: Analysis, country: str | None = None) -> Answer:
        if "경보" in analysis.text:
            return Answer(Outcome.ABSTAIN, "그 나라의 여행경보는 현재 확인할 수 없습니다.", of_row=True)
        if "드론" in analysis.text:
            return Answer(Outcome.ABSTAIN, "안내해 드릴 공지를 찾지 못했습니다.", nearest=self.nearest)
        card = SourceCard("여권 수수료", "2026-01-01", "", "", "passport-fee")
        return Answer(Outcome.ANSWERED, "53,000원입니다.", ("passport-fee",), card)

    def search(self, analysis: Analysis, country: str | None = None, limit: int = 10) -> list[Hit]:
        self.searched += 1
        if self.broken:
            raise RuntimeError("index")
        return [Hit("passport-fee", 0.31, "53,000원", "여권 수수료", date(2026, 1, 1), None, True)]


@pytest.fixture
def services(db: Database, cipher: Cipher) -> Services:
    made = Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), Understands())  # type: ignore[arg-type]
    made.knowledge = Knows()  # type: ignore[assignment]
    return made


@pytest.fixture
async def chat(desk: Any, services: Services) -> AsyncIterator[Any]:
    slots = TriageSlot(services, "t"), TurnSlot(services, TurnQueue())

    async def start(**values: Any) -> Any:
        conversation_id = await desk.start(**values)

        async def say(text: str = "", choice: str = "") -> list[str]:
            before = (await desk.row(conversation_id))["last_seq"]
            await desk.say(conversation_id, text=text, choice=choice, kind=InboundKind.CHOICE if choice else InboundKind.TEXT)
            assert await slots[0].step() == 1
            await slots[1]._serve(conversation_id)
            return [text for seq, author, text in await desk.lines(conversation_id) if author == "bot" and seq > before]

        return SimpleNamespace(id=conversation_id, say=say)

    yield start
    for slot in slots:
        await slot._hang_up()


async def kept(desk: Any) -> list[dict[str, Any]]:
    return await desk.rows("SELECT * FROM unanswered_questions ORDER BY id")


async def test_a_question_without_an_answer_is_kept_redacted_and_sealed(desk: Any, chat: Any) -> None:
    talk = await chat()
    assert await talk.say(DRONE) == ["안내해 드릴 공지를 찾지 못했습니다."]
    (row,) = await kept(desk)
    assert (row["reason"], row["state"], row["conversation_id"], row["notice_id"], row["score"]) == ("no_answer", "open", talk.id, "passport-fee", 0.31)
    assert desk.cipher.open(row["text"], misses.TEXT) == "드론 촬영 허가는 어디서 받아요? 제 번호는 [phone]입니다"
    assert "드론".encode() not in bytes(row["text"])
    assert (await desk.turn_states(talk.id)) == ["answered"]


async def test_a_row_about_a_country_that_we_do_not_have_is_nothing_for_editors(desk: Any, chat: Any) -> None:
    talk = await chat()
    assert await talk.say("케냐 여행경보 몇 단계예요?") == ["그 나라의 여행경보는 현재 확인할 수 없습니다."]
    assert await kept(desk) == []


async def test_the_notice_that_the_answer_came_nearest_to_is_kept_without_searching_again(desk: Any, chat: Any, services: Services) -> None:
    services.knowledge.nearest = ("drone-permit", 0.4)  # type: ignore[union-attr]
    await (await chat()).say(DRONE)
    (row,) = await kept(desk)
    assert (row["notice_id"], row["score"]) == ("drone-permit", 0.4)
    assert services.knowledge.searched == 0  # type: ignore[union-attr]


async def test_an_answered_question_leaves_nothing(desk: Any, chat: Any) -> None:
    talk = await chat()
    await talk.say(FEE)
    assert await kept(desk) == []


async def test_a_person_asked_for_right_after_the_answer_puts_the_question_on_the_list(desk: Any, chat: Any) -> None:
    talk = await chat()
    await talk.say(FEE)
    await talk.say("상담관과 이야기", choice="person")
    (row,) = await kept(desk)
    assert (row["reason"], row["notice_id"], desk.cipher.open(row["text"], misses.TEXT)) == ("asked_person_after", "passport-fee", FEE)
    assert len(await desk.rows("SELECT 1 FROM cases")) == 1


async def test_a_person_asked_for_at_the_start_or_after_small_talk_says_nothing_of_the_notices(desk: Any, chat: Any) -> None:
    talk = await chat()
    await talk.say("상담관 바꿔 주세요")
    other = await chat()
    await other.say(FEE)
    await other.say("고마워요")
    await other.say("상담관 바꿔 주세요")
    assert await kept(desk) == []


async def test_the_first_reason_stays(desk: Any, chat: Any) -> None:
    talk = await chat()
    await talk.say(DRONE)
    await talk.say("상담관과 이야기", choice="person")
    assert [row["reason"] for row in await kept(desk)] == ["no_answer"]


async def test_a_low_mark_puts_the_answered_questions_on_the_list_and_a_high_one_does_not(desk: Any, chat: Any) -> None:
    for mark in ("rate:1", "rate:5"):
        talk = await chat()
        await talk.say(FEE)
        await talk.say("고마워요")
        await talk.say(mark, choice=mark)
    assert [(row["reason"], row["notice_id"]) for row in await kept(desk)] == [("rated_badly", "passport-fee")]


async def test_a_drill_leaves_nothing(desk: Any, chat: Any) -> None:
    talk = await chat(synthetic=True)
    assert await talk.say(DRONE)
    assert await kept(desk) == []


@pytest.mark.parametrize("broken", ["search", "table"])
async def test_what_breaks_here_never_costs_the_citizen_the_answer(desk: Any, chat: Any, services: Services, broken: str, monkeypatch: Any) -> None:
    if broken == "search":
        services.knowledge.broken = True  # type: ignore[union-attr]
    else:
        monkeypatch.setattr(misses, "_KEEP", misses._KEEP.replace("unanswered_questions", "no_such_table"))
    talk = await chat()
    assert await talk.say(DRONE) == ["안내해 드릴 공지를 찾지 못했습니다."]
    assert await kept(desk) == []


async def test_it_goes_with_the_message_the_conversation_or_the_command(desk: Any, chat: Any, db: Database) -> None:
    for statement in ("DELETE FROM messages WHERE conversation_id = %s", "DELETE FROM conversations WHERE id = %s", ""):
        talk = await chat()
        await talk.say(DRONE)
        assert len(await kept(desk)) == 1
        async with db.transaction() as tx:
            if statement:
                await database.run(tx, statement, talk.id)
            else:
                assert await misses.erase(tx, talk.id) == 1
        assert await kept(desk) == []
