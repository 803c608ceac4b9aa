"""The card asks which country somebody is in: the answer reaches the case, its missions and its numbers; what is only asked about reaches neither."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.services import Services
from bot.triage_slot import TriageSlot
from conversation import service as conversation
from conversation.schemas import Body, InboundKind, Location
from core import db as database
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.schemas import EmergencyNumber
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.triage import Decision
from tests.unit.bot.test_where import read

NONE = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
LIFE = Decision(Urgency.LIFE_THREAT, Category.ASSAULT, "escalate", 0.9, (), 0.9)


class Judge:
    """Calls for help are what has "살려" in it; countries are found as the gazetteer finds them."""

    def __init__(self) -> None:
        self.triage = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [read(text) for text in texts]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        return LIFE if "살려" in analysis.text else NONE


TODAY = datetime.now(UTC).date()
NUMBERS = [EmergencyNumber(country, "police", number, "https://example.org", "kim", TODAY) for country, number in (("KH", "117"), ("VN", "113"))]


@pytest.fixture
async def slot(db: Database, cipher):
    cards = CrisisCards.load(numbers=NUMBERS)
    made = TriageSlot(Services(Settings(dialogue=False), db, cipher, EventHub(db), cards, Judge()), "worker")  # type: ignore[arg-type]
    yield made
    await made._hang_up()


@pytest.fixture
def tell(desk, talk, slot):
    async def one(*texts: str) -> tuple[str | None, str | None]:
        for text in texts:
            await desk.say(talk, text=text)
            await slot.step()
        rows = await desk.rows("SELECT c.country, k.country AS of_case FROM conversations c LEFT JOIN cases k ON k.conversation_id = c.id")
        return rows[0]["country"], rows[0]["of_case"]

    return one


async def test_the_answer_to_the_cards_question_reaches_the_case(desk, tell) -> None:
    assert await tell("살려주세요", "캄보디아 시아누크빌이요") == ("KH", "KH")
    assert [row["kind"] for row in await desk.rows("SELECT kind FROM events WHERE stream = 'queue' ORDER BY seq")] == ["opened", "country"]


async def test_a_wrong_country_is_corrected(tell) -> None:
    assert await tell("베트남인데 살려주세요", "아 베트남 아니고 캄보디아예요") == ("KH", "KH")


async def test_what_is_asked_about_beside_an_open_case_moves_nobody(tell) -> None:
    assert await tell("태국에서 살려주세요", "일본 대사관 전화번호 알려 주세요") == ("TH", "TH")


async def test_who_said_where_they_are_and_asks_about_another_country_is_not_taken_there_by_danger(tell) -> None:
    assert await tell("저 지금 태국 방콕이에요", "일본 비자 필요한가요?", "살려주세요") == ("TH", "TH")


@pytest.mark.parametrize("is_alone", [True, False], ids=["an answer alone", "an answer with more"])
@pytest.mark.parametrize(("told", "after"), [("TH", "TH"), ("KR", "JP")])
async def test_who_told_the_dialogue_where_they_are_is_not_taken_elsewhere_by_a_question(desk, talk, slot, cipher, tell, told, after, is_alone) -> None:
    said = await desk.say(talk, text="아직 없어요")
    await slot.step()
    async with desk.db.transaction() as tx:
        if is_alone:
            assert await conversation.answer(tx, cipher, talk, said.message_id, [Body("긴급여권을 신청하실 수 있어요.")], country=told)
        else:
            await conversation.learn(tx, talk, country=told)
    assert await tell("일본 비자 필요한가요?", "살려주세요") == (after, after)


async def test_an_answer_without_a_country_moves_nobody(desk, talk, tell) -> None:
    await tell("저 지금 태국 방콕이에요")
    async with desk.db.transaction() as tx:
        await conversation.learn(tx, talk, dialogue=b"x")
    row = await desk.row(talk)
    assert (row["country"], row["country_said"], row["dialogue"]) == ("TH", True, b"x")


async def test_a_cry_that_names_its_country_is_believed(tell) -> None:
    assert await tell("저 지금 태국 방콕이에요", "살려주세요 캄보디아") == ("KH", "KH")


async def test_who_says_to_be_korean_is_not_held_for_somebody_in_korea(tell) -> None:
    assert await tell("저 한국인데요 살려주세요") == ("KR", "KR")
    assert await tell("태국 여행 왔어요") == ("TH", "TH")


async def test_while_nobody_has_said_where_they_are_the_last_country_named_is_the_guess(tell) -> None:
    assert await tell("태국 비자요", "일본 비자 필요한가요?") == ("JP", None)


async def test_several_messages_at_once_do_not_hide_where_somebody_is(desk, talk, slot) -> None:
    for text in ("저 지금 태국 방콕이에요", "일본 비자 필요한가요?"):
        await desk.say(talk, text=text)
    await slot.step()
    assert (await desk.row(talk))["country"] == "TH"


async def test_a_place_from_the_device_is_not_moved_by_a_question(desk, talk, slot, tell) -> None:
    await tell("살려주세요")
    await desk.say(talk, kind=InboundKind.LOCATION, text="", location=Location(13.7563, 100.5018, 10.0))
    await slot.step()
    assert await tell("일본 비자 필요한가요?", "살려주세요") == ("TH", "TH")


@pytest.fixture
def numbers(desk, talk):
    async def shown() -> list[list[str]]:
        async with desk.db.read() as connection:
            lines = await conversation.transcript(connection, desk.cipher, talk)
        return [[phone["number"] for phone in line.body.get("phones") or []] for line in lines if line.author_kind == "bot"]

    return shown


async def test_who_says_which_country_it_is_gets_its_checked_numbers(desk, talk, tell, numbers) -> None:
    await tell("살려주세요", "캄보디아 시아누크빌이요")
    own, both = await numbers()
    assert both == ["117", *own]
    assert (await desk.turn_states(talk)) == ["answered", "answered"]


async def test_who_corrects_the_country_gets_the_right_ones(tell, numbers) -> None:
    await tell("베트남인데 살려주세요", "아 베트남 아니고 캄보디아예요")
    assert [shown[0] for shown in await numbers()] == ["113", "117"]


async def test_a_country_without_checked_numbers_is_just_passed_on(desk, talk, tell, numbers) -> None:
    await tell("살려주세요", "대만이요")
    assert len(await numbers()) == 1
    assert (await desk.turn_states(talk)) == ["answered", "pending"]


@pytest.mark.parametrize("state", ["guarded_at = now()", "guarded_at = now(), hushed_at = now()", "owner_kind = 'agent', owner_id = 1"])
async def test_no_numbers_where_somebody_reads_along_or_a_person_answers(desk, talk, tell, numbers, state) -> None:
    await tell("살려주세요")
    async with desk.db.transaction() as tx:
        await database.run(tx, f"UPDATE conversations SET {state} WHERE id = %s", talk)
    assert (await tell("캄보디아 시아누크빌이요"))[1] == "KH"
    assert len(await numbers()) == 1


BANGKOK = {"kind": InboundKind.LOCATION, "location": Location(13.7563, 100.5018, 10.0)}


async def test_a_place_that_came_before_danger_names_the_country(desk, talk, slot, tell) -> None:
    await desk.say(talk, text="", **BANGKOK)
    await slot.step()
    assert await tell("살려주세요") == ("TH", "TH")


async def test_a_place_that_comes_with_a_call_for_help_names_it_at_once(desk, talk, slot) -> None:
    await desk.say(talk, text="살려주세요", **BANGKOK)
    await slot.step()
    (case,) = await desk.rows("SELECT country FROM cases")
    assert case["country"] == "TH"


async def test_who_says_to_be_elsewhere_than_the_telephone_writes_for_somebody_else(desk, talk, slot, tell) -> None:
    await tell("아들이 캄보디아에 있어요")
    await desk.say(talk, text="", **BANGKOK)
    await slot.step()
    assert await tell("살려주세요") == ("KH", "KH")
