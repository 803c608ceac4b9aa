"""Turns on the real database: frames for who writes in another language, the interpreter, and the question how satisfied one is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actions.remembered import ALARM_LEVEL
from bot import at_once, smalltalk, turn
from bot.dialogue.client import BotMessage, Said
from bot.dialogue.reading import HERE
from bot.satisfaction import KIND
from bot.services import Services
from bot.spoken import FRAMES
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from conversation import ratings
from conversation.schemas import InboundKind
from core.clock import now
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.phrases import LEAD
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.detect import detect
from language.triage import Decision

NONE = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
ASK = Decision(Urgency.URGENT, Category.OTHER, "ask", 0.5, ())
LIFE = Decision(Urgency.LIFE_THREAT, Category.OTHER, "escalate", 0.9, (), 0.9)
THANKS = ("고마워요", "merci", "ありがとう")


class Understands:
    """Stands in for analyser, triage and intents: thanks are thanks, "danger" is danger, everything else is a question."""

    def __init__(self) -> None:
        self.triage = self.intents = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, detect(text)) for text in texts]

    async def of_message(self, message_id: int, text: str) -> Analysis:
        return (await self.analyse([text]))[0]

    async def of_query(self, query: str) -> Analysis:
        return (await self.analyse([query]))[0]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        return LIFE if "danger" in analysis.text else ASK if "doute" in analysis.text else NONE

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return ("thank", 0.9) if analysis.text in THANKS else ("ask_notice", 0.9)


class Knows:
    """One Korean answer, and the real crisis cards."""

    def __init__(self) -> None:
        self.cards = CrisisCards.load()
        self.asked: list[tuple[str, str]] = []

    def crisis_card(self, category: str, country: str | None, language: str) -> Any:
        return self.cards.card(category, country, language, today=now().date())

    def answer(self, analysis: Analysis, country: str | None = None) -> Any:
        from knowledge_base.schemas import Answer, Outcome

        self.asked.append((analysis.text, analysis.language))
        lead = f"{LEAD[analysis.language]}\n" if analysis.language != "ko" else ""
        return Answer(Outcome.ANSWERED, f"{lead}여권 수수료는 5만 3천 원입니다.", quick_replies=("다음 질문",), language=analysis.language)


@pytest.fixture
def services(db: Database, cipher) -> Services:
    made = Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), Understands())  # type: ignore[arg-type]
    made.knowledge = Knows()  # type: ignore[assignment]
    return made


@pytest.fixture
async def chat(desk, services):
    slots = TriageSlot(services, "t"), TurnSlot(services, TurnQueue())
    conversation_id = await desk.start()

    async def say(text: str = "", choice: str = "", kind: InboundKind = InboundKind.TEXT) -> list[Any]:
        before = (await desk.row(conversation_id))["last_seq"]
        await desk.say(conversation_id, text=text, choice=choice, kind=InboundKind.CHOICE if choice else kind)
        assert await slots[0].step() == 1
        await slots[1]._serve(conversation_id)
        async with desk.db.read() as connection:
            from conversation import service

            return [line for line in await service.transcript(connection, desk.cipher, conversation_id, after=before) if line.author_kind == "bot"]

    yield SimpleNamespace(id=conversation_id, say=say)
    for slot in slots:
        await slot._hang_up()


def buttons(line: Any) -> list[str]:
    return [button["payload"] for button in line.body["buttons"]]


class TestAPlaceAlone:
    """Nobody looks at a place while there is no case: who sends one is offered a person in the same breath."""

    @pytest.mark.parametrize(("language", "way"), [("ko", "person"), ("en", "interpreter:en")])
    async def test_a_person_is_offered(self, desk, chat, db, language, way) -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE conversations SET language = %s WHERE id = %s", (language, chat.id))
        (said,) = await chat.say(kind=InboundKind.LOCATION)
        assert turn.LOCATED in said.text
        assert buttons(said) == [way]

    async def test_where_somebody_waits_already_or_may_read_along_nothing_is_offered(self, desk, chat, db) -> None:
        await chat.say("danger")
        (said,) = await chat.say(kind=InboundKind.LOCATION)
        assert buttons(said) == []
        async with db.transaction() as tx:
            await tx.execute("UPDATE cases SET status = 'closed', outcome = 'resolved', closed_at = now()")
            await tx.execute("UPDATE conversations SET guarded_at = now(), guarded_why = 'category' WHERE id = %s", (chat.id,))
        (said,) = await chat.say(kind=InboundKind.LOCATION)
        assert buttons(said) == []


class TestFrames:
    async def test_an_answer_in_french_and_small_talk_after_it(self, desk, chat) -> None:
        (said,) = await chat.say("combien coûte un passeport d'urgence")
        assert said.text.startswith(LEAD["fr"])
        assert buttons(said) == ["", "interpreter:fr"]
        assert (await desk.row(chat.id))["language"] == "fr"
        said, question = await chat.say("merci")
        assert said.text == f"{FRAMES['utter_thank']['fr']}\n{smalltalk.replies()['thank'].text}"
        assert question.text.startswith(FRAMES["utter_ask_rating"]["fr"])

    async def test_the_button_opens_a_case_with_the_language(self, desk, chat) -> None:
        await chat.say("сколько стоит срочный паспорт")
        (said,) = await chat.say("통역 상담 / Переводчик", choice="interpreter:ru")
        assert said.text.startswith(FRAMES["connecting"]["ru"])
        (case,) = await desk.rows("SELECT severity, language, reason FROM cases")
        assert (case["severity"], case["language"]) == ("none", "ru")
        assert case["reason"] == "interpreter"

    async def test_a_korean_conversation_has_no_frames(self, chat) -> None:
        (said,) = await chat.say("여권 수수료가 얼마예요?")
        assert said.text == "여권 수수료는 5만 3천 원입니다."
        assert buttons(said) == ["", "person"]

    @pytest.mark.parametrize("name", ["San Francisco", "K-ETA", "ESTA"])
    async def test_a_name_in_latin_letters_is_answered_in_korean(self, desk, chat, name) -> None:
        (said,) = await chat.say(name)
        assert said.text == "여권 수수료는 5만 3천 원입니다."
        assert (await desk.row(chat.id))["language"] == "ko"

    async def test_the_first_english_words_are_answered_in_english_at_once(self, chat) -> None:
        (said,) = await chat.say("lost passport")
        assert said.text.startswith(LEAD["en"])

    async def test_the_doubt_question_in_french(self, chat) -> None:
        (said,) = await chat.say("j'ai un doute, on me suit")
        assert said.text == "Êtes-vous en danger en ce moment ?"

    async def test_danger_in_spanish(self, desk, chat) -> None:
        (said,) = await chat.say("estoy en danger aquí con mi hijo")
        assert "Le estamos comunicando con una persona." in said.text
        (case,) = await desk.rows("SELECT language FROM cases")
        assert case["language"] == "es"


class Dialogue:
    """Stands in for Rasa: remembers what it was told beside the words; its classifier takes everything for one intent."""

    def __init__(self, intent: str = "ask_alarm_level") -> None:
        self.intent = intent
        self.told: list[dict[str, Any]] = []

    async def ask(self, conversation_id: str, seq: int, text: str, metadata: dict[str, Any]) -> Said:
        self.told.append(metadata)
        return Said((BotMessage("네"),))

    def predict(self, tokens: list[str], vector: Any) -> str:
        return self.intent


class TestDialogue:
    async def test_an_alarm_level_is_searched_for_in_our_words_and_answered_in_the_citizens_language(self, desk, chat, services) -> None:
        services.dialogue = services.dialogue_intents = Dialogue()
        async with desk.db.transaction() as tx:
            note = at_once.Note(untold={"topic_country": "MX"}, topic_country="MX").seal(desk.cipher, chat.id)
            await tx.execute("UPDATE conversations SET dialogue = %s WHERE id = %s", (note, chat.id))
        (said,) = await chat.say("what is the travel alert level there")
        assert services.knowledge.asked == [(ALARM_LEVEL, "en")]
        assert said.text.startswith(LEAD["en"])

    @pytest.mark.parametrize(("is_said", "here"), [(False, None), (True, "JP")])
    async def test_a_country_that_was_only_asked_about_is_not_told_as_the_one_where_the_citizen_is(self, desk, chat, services, is_said, here) -> None:
        services.dialogue = told = Dialogue()
        async with desk.db.transaction() as tx:
            await tx.execute("UPDATE conversations SET country = 'JP', country_said = %s WHERE id = %s", (is_said, chat.id))
        await chat.say("여권을 잃어버렸어요")
        assert [(metadata["country"], metadata[HERE]) for metadata in told.told] == [("JP", here)]


class TestSatisfaction:
    async def test_asked_once_after_an_answer_and_kept(self, desk, chat) -> None:
        await chat.say("여권 수수료가 얼마예요?")
        _, question = await chat.say("고마워요")
        assert question.kind == KIND
        assert buttons(question) == ["rate:1", "rate:2", "rate:3", "rate:4", "rate:5"]
        (said,) = await chat.say("5 좋아요", choice="rate:5")
        assert "평가해 주셔서 고맙습니다" in said.text
        assert await desk.rows("SELECT score FROM ratings") == [{"score": 5}]
        assert len(await chat.say("고마워요")) == 1  # not asked again

    async def test_a_typed_number_counts_only_after_the_question(self, desk, chat) -> None:
        await chat.say("여권 수수료가 얼마예요?")
        await chat.say("3")
        assert await desk.rows("SELECT score FROM ratings") == []
        await chat.say("고마워요")
        (said,) = await chat.say("2점")
        assert buttons(said) == ["person"]  # a low one is met with a person
        async with desk.db.read() as connection:
            assert await ratings.summary(connection) == {"n": 1, "mean": 2.0, "satisfied": 0.0}

    async def test_not_before_anything_was_answered(self, chat) -> None:
        assert len(await chat.say("고마워요")) == 1

    async def test_never_where_there_was_danger(self, desk, chat) -> None:
        await chat.say("여권 수수료가 얼마예요?")
        await chat.say("danger")
        async with desk.db.transaction() as tx:
            await tx.execute("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved'")
            await tx.execute("UPDATE conversations SET owner_kind = 'bot', owner_id = NULL, last_urgency = 'none'")
        assert [line.kind for line in await chat.say("고마워요")] == ["text"]
        await chat.say("1", choice="rate:1")
        assert await desk.rows("SELECT score FROM ratings") == []

    async def test_a_choice_that_is_no_rating_is_none(self, desk, chat) -> None:
        await chat.say("여권 수수료가 얼마예요?")
        for wrong in ("rate:0", "rate:6", "rate:", "rate:-1", "rate:٣", "rate:1; DROP"):
            await chat.say("x", choice=wrong)
        assert await desk.rows("SELECT score FROM ratings") == []
