"""The triage slot and its standby: who judges what, when, and that nothing stops them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot import escalation, triage_slot
from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.turn import GLAD, TurnQueue, TurnSlot
from bot.worker import Worker
from conversation import guarding
from conversation.schemas import Attachment, InboundKind, Location
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.detect import detect
from language.entity import Entity
from language.triage import Decision

NONE = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
ASK = Decision(Urgency.URGENT, Category.OTHER, "ask", 0.5, ())
LIFE = Decision(Urgency.LIFE_THREAT, Category.ASSAULT, "escalate", 0.9, (), 0.9)


class Judge:
    """Stands in for analyser and triage: one decision for every message, or a failure."""

    def __init__(self, decision: Decision | None = NONE) -> None:
        self.decision = decision
        self.triage = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        if self.decision is None:
            raise RuntimeError("the model failed")
        return self.decision


@pytest.fixture
def services(db: Database, cipher) -> Services:
    return Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), Judge())  # type: ignore[arg-type]


@pytest.fixture
async def slots(services):
    made: list[TriageSlot] = []

    def make(name: str, delay_ms: int = 0) -> TriageSlot:
        made.append(TriageSlot(services, name, delay_ms))
        return made[-1]

    yield make
    for slot in made:
        await slot._hang_up()


async def judged(desk) -> list[tuple[str, str]]:
    return [(row["triage_state"], row["triaged_by"]) for row in await desk.rows("SELECT triage_state, triaged_by FROM inbox ORDER BY message_id")]


class TestStandby:
    async def test_it_waits_while_a_worker_lives(self, desk, talk, slots) -> None:
        worker, standby = slots("worker"), slots("standby", 60_000)
        await worker.step()
        await desk.say(talk)
        assert await standby.step() == 0
        assert await worker.step() == 1
        assert await judged(desk) == [("done", "worker")]

    async def test_it_takes_what_a_living_worker_leaves_too_long(self, desk, talk, slots) -> None:
        worker, standby = slots("worker"), slots("standby", 250)
        await worker.step()
        await desk.say(talk)
        await asyncio.sleep(0.3)
        assert await standby.step() == 1
        assert await judged(desk) == [("done", "standby")]

    async def test_it_waits_for_nobody_when_no_worker_lives(self, desk, talk, slots) -> None:
        standby = slots("standby", 60_000)
        await desk.say(talk)
        assert await standby.step() == 1

    async def test_while_a_worker_lives_a_flood_leaves_it_most_of_its_time(self, desk, talk, slots) -> None:
        worker, standby = slots("worker"), slots("standby", 1)
        await worker.step()
        await desk.say(talk)
        await asyncio.sleep(0.05)
        assert (await standby.step(), standby._stands_aside) == (1, True)

    async def test_it_pauses_for_nobody_when_no_worker_lives(self, desk, talk, slots) -> None:
        standby = slots("standby", 60_000)
        await desk.say(talk)
        assert (await standby.step(), standby._stands_aside) == (1, False)

    async def test_the_pause_is_some_times_as_long_as_the_reading(self, slots, monkeypatch) -> None:
        standby, pauses = slots("standby", 1), []
        standby._stands_aside = True

        async def reads() -> int:
            await real(0.02)
            return 1

        async def waits(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                raise asyncio.CancelledError

        real = asyncio.sleep
        monkeypatch.setattr(standby, "step", reads)
        monkeypatch.setattr(triage_slot.asyncio, "sleep", waits)
        with pytest.raises(asyncio.CancelledError):
            await standby.run()
        assert all(0.02 * triage_slot.STANDBY_PAUSE <= pause <= triage_slot.LONGEST_PAUSE_S for pause in pauses)

    async def test_a_dead_workers_claims_die_with_it(self, desk, talk, slots, db) -> None:
        worker, standby = slots("worker"), slots("standby", 60_000)
        await worker.step()
        said = await desk.say(talk)
        await worker._session.execute("SELECT pg_advisory_lock(%s)", (-said.message_id,))
        assert await standby.step() == 0
        await worker._hang_up()
        async with asyncio.timeout(30):
            while not await standby.step():
                await asyncio.sleep(0.01)
        assert await judged(desk) == [("done", "standby")]

    async def test_claims_of_a_slow_worker_do_not_hide_what_came_after(self, desk, talk, slots) -> None:
        worker, standby = slots("worker"), slots("standby", 1)
        await worker.step()
        held = [(await desk.say(talk)).message_id for _ in range(30)]
        await worker._session.execute("SELECT pg_advisory_lock(-id) FROM unnest(%s::bigint[]) AS id", (held,))
        last = await desk.say(talk)
        await asyncio.sleep(0.05)
        assert await standby.step() == 1
        (row,) = await desk.rows("SELECT message_id FROM inbox WHERE triage_state = 'done'")
        assert row["message_id"] == last.message_id

    async def test_both_at_once_judge_each_once(self, desk, talk, slots, services) -> None:
        services.understanding.decision = LIFE
        for _ in range(10):
            await desk.say(talk)
        one, other = slots("one"), slots("other")
        while sum(await asyncio.gather(one.step(), other.step())):
            pass
        assert await desk.count("cases") == 1
        assert await desk.count("outbox") == 10
        assert [state for state, _ in await judged(desk)] == ["done"] * 10


class TestWhateverHappens:
    async def drain(self, slot: TriageSlot) -> None:
        for _ in range(6):
            await slot.step()

    async def test_a_failing_model_brings_a_person(self, desk, talk, slots, services) -> None:
        services.understanding.decision = None
        await desk.say(talk)
        await self.drain(slots("worker"))
        assert [row["severity"] for row in await desk.rows("SELECT severity FROM cases")] == ["urgent"]

    async def test_a_failing_model_shows_who_says_to_be_held_nothing_loud(self, desk, talk, slots, services) -> None:
        services.understanding.decision = None
        other = await desk.start()
        await desk.say(talk, text="갇혀 있어요 감시당하고 있어요 여권도 뺏겼어요")
        await desk.say(other, text="여기요")
        await self.drain(slots("worker"))
        shown = await desk.rows("SELECT conversation_id, kind FROM messages WHERE author_kind = 'bot'")
        assert {row["conversation_id"]: row["kind"] for row in shown} == {talk: "crisis:confinement", other: "crisis:generic"}
        assert (await desk.row(talk))["guarded_at"] is not None

    async def test_a_decision_whose_place_cannot_be_stored_is_followed_all_the_same(self, desk, talk, slots, services, monkeypatch) -> None:
        async def fail(*args: Any, **kwargs: Any) -> None:
            raise OverflowError

        monkeypatch.setattr(triage_slot.location, "record_message_fix", fail)
        services.understanding.decision = Decision(Urgency.LIFE_THREAT, Category.CONFINEMENT, "escalate", 0.9, ("classifier",), 0.9)
        await desk.say(talk, kind=InboundKind.LOCATION, text="못 나가게 해요", location=Location(1.0, 2.0))
        await self.drain(slots("worker"))
        assert [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot'")] == ["crisis:confinement"]
        assert [(row["severity"], row["category"]) for row in await desk.rows("SELECT severity, category FROM cases")] == [("life_threat", "confinement")]

    async def test_a_message_that_cannot_be_opened_brings_a_person_and_stops_nobody(self, desk, talk, slots, db) -> None:
        other = await desk.start()
        broken = await desk.say(talk)
        await desk.say(other)
        async with db.transaction() as tx:
            await tx.execute("UPDATE messages SET body = 'nonsense' WHERE id = %s", (broken.message_id,))
        await self.drain(slots("worker"))
        assert [state for state, _ in await judged(desk)] == ["done", "done"]
        assert [row["conversation_id"] for row in await desk.rows("SELECT conversation_id FROM cases")] == [talk]

    async def test_a_place_that_cannot_be_stored_brings_a_person_after_some_tries(self, desk, talk, slots, monkeypatch) -> None:
        from bot import triage_slot

        async def fail(*args: Any, **kwargs: Any) -> None:
            raise OverflowError

        monkeypatch.setattr(triage_slot.location, "record_message_fix", fail)
        await desk.say(talk, kind=InboundKind.LOCATION, text="", location=Location(1.0, 2.0))
        await self.drain(slots("worker"))
        assert [state for state, _ in await judged(desk)] == ["done"]
        assert await desk.count("cases") == 1


class TestTheQuestion:
    @pytest.fixture
    async def asked(self, desk, talk, slots, services) -> TriageSlot:
        services.understanding.decision = ASK
        await desk.say(talk)
        slot = slots("worker")
        await slot.step()
        return slot

    async def due_at(self, desk) -> Any:
        return [row["due_at"] for row in await desk.rows("SELECT due_at FROM timers WHERE kind = %s", escalation.ASK_TIMER)]

    async def test_it_holds_the_message_and_starts_a_clock(self, desk, talk, asked) -> None:
        assert await desk.turn_states(talk) == ["held"]
        assert len(await self.due_at(desk)) == 1

    async def test_whoever_keeps_writing_does_not_wait_longer(self, desk, talk, asked) -> None:
        before = await self.due_at(desk)
        await desk.say(talk)
        await asked.step()
        assert await self.due_at(desk) == before
        assert await desk.turn_states(talk) == ["held", "held"]
        assert await desk.count("outbox") == 1, "one question"

    async def test_yes_ends_the_waiting(self, desk, talk, asked) -> None:
        await desk.say(talk, kind=InboundKind.CHOICE, choice=escalation.YES)
        await asked.step()
        assert await desk.turn_states(talk) == ["answered", "answered"]
        assert await self.due_at(desk) == []
        assert await desk.count("cases") == 1

    async def test_no_gives_the_message_to_the_bot(self, desk, talk, asked) -> None:
        await desk.say(talk, kind=InboundKind.CHOICE, choice=escalation.NO)
        await asked.step()
        assert await desk.turn_states(talk) == ["pending", "dropped"]
        assert await self.due_at(desk) == []
        assert await desk.count("cases") == 0

    @pytest.mark.parametrize("text", ["네", "ㅇㅇ!", "yes", "はい"])
    async def test_a_typed_yes_ends_the_waiting_as_a_pressed_one_does(self, desk, talk, asked, services, text) -> None:
        services.understanding.decision = NONE
        await desk.say(talk, text=text)
        await asked.step()
        assert await desk.turn_states(talk) == ["answered", "answered"]
        assert await self.due_at(desk) == []
        assert [row["severity"] for row in await desk.rows("SELECT severity FROM cases")] == ["urgent"]

    async def test_a_typed_no_gives_the_message_to_the_bot(self, desk, talk, asked, services) -> None:
        services.understanding.decision = NONE
        await desk.say(talk, text="아니요")
        await asked.step()
        assert await desk.turn_states(talk) == ["pending", "dropped"]
        assert (await self.due_at(desk), await desk.count("cases")) == ([], 0)

    @pytest.mark.parametrize("text", ["아니요 근데 무서워요", "괜찮아요", "빨리요"])
    async def test_what_is_no_plain_answer_leaves_the_clock_running(self, desk, talk, asked, services, text) -> None:
        services.understanding.decision = NONE
        await desk.say(talk, text=text)
        await asked.step()
        assert (len(await self.due_at(desk)), await desk.count("cases")) == (1, 0)

    async def test_a_no_that_was_typed_before_the_question_came_is_no_answer(self, desk, talk, slots, services) -> None:
        services.understanding.decision = ASK
        await desk.say(talk, text="칼")
        await desk.say(talk, text="아니")
        await slots("worker").step()
        assert (len(await self.due_at(desk)), await desk.count("cases")) == (1, 0)

    async def test_a_yes_where_nothing_was_asked_is_the_bots(self, desk, talk, slots, services) -> None:
        services.understanding.decision = NONE
        await desk.say(talk, text="네")
        await slots("worker").step()
        assert await desk.turn_states(talk) == ["pending"]
        assert await desk.count("cases") == 0

    async def test_a_guarded_persons_typed_no_brings_a_person_and_shows_what_any_no_shows(self, desk, talk, asked, services, db) -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE conversations SET guarded_at = now(), guarded_why = 'category' WHERE id = %s", (talk,))
        services.understanding.decision = NONE
        await desk.say(talk, text="아니요")
        await asked.step()
        assert [row["reason"] for row in await desk.rows("SELECT reason FROM cases")] == [escalation.SAID_SAFE]
        slot = TurnSlot(services, TurnQueue())
        await slot._serve(talk)
        await slot._hang_up()
        assert (await desk.lines(talk))[-1][2] == GLAD

    async def test_silence_counts_as_yes(self, desk, talk, asked, services, db) -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE timers SET due_at = now() - interval '1 second'")
        await asyncio.gather(Worker(services, None)._timers(), Worker(services, None)._timers())
        assert await desk.turn_states(talk) == ["answered"]
        assert await desk.count("cases") == 1
        assert [row["client_id"] for row in await desk.rows("SELECT client_id FROM outbox ORDER BY message_id")] == ["ask-1", "danger-1"]

    @pytest.mark.parametrize("is_pressed", [True, False])
    @pytest.mark.parametrize("category", sorted(guarding.GUARDING))
    async def test_doubt_about_whoever_may_hold_the_telephone_ends_with_its_own_card(self, desk, talk, slots, services, db, category, is_pressed) -> None:
        services.understanding.decision = replace(ASK, category=category)
        await desk.say(talk, text="이상해요")
        await slots("worker").step()
        if is_pressed:
            services.understanding.decision = NONE
            await desk.say(talk, kind=InboundKind.CHOICE, choice=escalation.YES)
            await slots("worker").step()
        else:
            async with db.transaction() as tx:
                await tx.execute("UPDATE timers SET due_at = now() - interval '1 second'")
            await Worker(services, None)._timers()
        assert [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot' ORDER BY id")][1:] == [f"crisis:{category}"]
        assert (await desk.row(talk))["guarded_at"] is not None

    async def test_a_timer_at_fault_does_not_stop_the_others(self, desk, talk, asked, services, db) -> None:
        other = await desk.start()
        await desk.say(other)
        await asked.step()
        async with db.transaction() as tx:
            await tx.execute("UPDATE timers SET due_at = now() - interval '1 second'")
            await tx.execute("UPDATE messages SET body = 'nonsense' WHERE conversation_id = %s", (talk,))
        await Worker(services, None)._timers()
        assert [row["conversation_id"] for row in await desk.rows("SELECT conversation_id FROM cases")] == [other]


class TestAnswersToTheCard:
    """The card asks where and how many; beside an open emergency a classifier takes much for danger, and guesses of what kind."""

    FIRE = Decision(Urgency.LIFE_THREAT, Category.FIRE_GAS, "escalate", 0.2, ("classifier", "context"), 0.74)
    HELD = Decision(Urgency.LIFE_THREAT, Category.CONFINEMENT, "escalate", 0.2, ("classifier", "context"), 0.65)
    SAID = Decision(Urgency.LIFE_THREAT, Category.FIRE_GAS, "escalate", 0.9, ("classifier",), 0.74)

    @pytest.fixture
    async def pressed(self, desk, talk, slots, services) -> TriageSlot:
        slot = slots("worker")
        services.understanding.decision = NONE
        await desk.say(talk, kind=InboundKind.DANGER, text="")
        await slot.step()
        return slot

    async def cards(self, desk) -> list[str]:
        return [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot' AND kind LIKE 'crisis:%%' ORDER BY seq")]

    async def category(self, desk) -> str:
        return str((await desk.rows("SELECT category FROM cases"))[0]["category"])

    async def test_a_guess_by_context_raises_the_case_and_brings_no_other_card(self, desk, talk, pressed, services) -> None:
        first = await self.cards(desk)
        services.understanding.decision = self.FIRE
        await desk.say(talk, text="세븐일레븐 옆")
        await pressed.step()
        assert (await self.cards(desk), await self.category(desk)) == (first, "other")
        assert [row["kind"] for row in await desk.rows("SELECT kind FROM events WHERE stream = 'queue' ORDER BY seq")] == ["opened", "repeated"]
        assert await desk.turn_states(talk) == ["answered", "answered"]

    async def test_that_somebody_may_perhaps_read_along_takes_no_numbers_off_the_screen(self, desk, talk, pressed, services) -> None:
        """ "호텔 3층이요" is an answer to the card; who wrote it from a fire lost the numbers and the fire's card."""
        first = await self.cards(desk)
        services.understanding.decision = replace(self.HELD, category=Category.OTHER, possible=(Category.OTHER, Category.CONFINEMENT))
        await desk.say(talk, text="호텔 3층이요")
        await pressed.step()
        assert await self.cards(desk) == first
        assert (await desk.row(talk))["guarded_at"] is None
        services.understanding.decision = self.SAID
        await desk.say(talk, text="불이 번지고 있어요")
        await pressed.step()
        assert (await self.cards(desk))[-1] == "crisis:fire_gas"

    async def test_what_is_danger_by_itself_brings_its_card(self, desk, talk, pressed, services) -> None:
        services.understanding.decision = self.SAID
        await desk.say(talk, text="불이 났어요")
        await pressed.step()
        assert ((await self.cards(desk))[-1], await self.category(desk)) == ("crisis:fire_gas", "fire_gas")

    async def test_a_guess_that_somebody_reads_along_keeps_the_screen_quiet(self, desk, talk, pressed, services) -> None:
        services.understanding.decision = self.HELD
        await desk.say(talk, text="화장실에 있어요")
        await pressed.step()
        assert ((await self.cards(desk))[-1], await self.category(desk)) == ("crisis:confinement", "confinement")

    @pytest.mark.parametrize("text", ["여자 2명이요", "저 혼자예요", "저까지 3명"])
    async def test_how_many_there_are_is_no_danger(self, desk, talk, pressed, services, text) -> None:
        first = await self.cards(desk)
        services.understanding.decision = self.HELD
        await desk.say(talk, text=text)
        await pressed.step()
        assert (await self.cards(desk), await self.category(desk)) == (first, "other")
        assert (await desk.row(talk))["guarded_at"] is None

    async def test_the_name_of_a_place_is_no_danger(self, desk, talk, pressed, services, monkeypatch) -> None:
        async def analyse(texts: list[str]) -> list[Analysis]:
            return [Analysis(text, text, "ko", entities=(Entity("city", "이스탄불", "이스탄불", 0, 4, "TR"),)) for text in texts]

        first = await self.cards(desk)
        services.understanding.decision = self.FIRE
        monkeypatch.setattr(services.understanding, "analyse", analyse)
        await desk.say(talk, text="이스탄불이요")
        await pressed.step()
        assert (await self.cards(desk), await self.category(desk)) == (first, "other")
        assert [row["country"] for row in await desk.rows("SELECT country FROM cases")] == ["TR"]

    async def test_with_nothing_open_they_are_judged_like_any_words(self, desk, talk, slots, services) -> None:
        services.understanding.decision = self.HELD
        await desk.say(talk, text="여자 2명이요")
        await slots("worker").step()
        assert await self.category(desk) == "confinement"


class TestWordsBeside:
    """A place, a file and a sticker are no words; what was written beside them, or named so, is read all the same."""

    HERE = Location(11.55, 104.92, 10.0)
    STATION = Location(11.55, 104.92, None, title="119안전센터", address="1 Danger Road")
    NAMED = Decision(Urgency.LIFE_THREAT, Category.SELF_HARM, "ask", 0.05, ("doubt", "rule:plain_words"))
    CALLED = Decision(Urgency.LIFE_THREAT, Category.OTHER, "escalate", 0.9, ("classifier", "rule:rescue"))
    DOUBT = Decision(Urgency.URGENT, Category.OTHER, "ask", 0.2, ("doubt",))

    @pytest.mark.parametrize(
        ("decision", "said", "states", "severities"),
        [
            (CALLED, {"kind": InboundKind.LOCATION, "text": "살려주세요 갇혔어요", "location": HERE}, ["answered"], ["life_threat"]),
            (DOUBT, {"kind": InboundKind.LOCATION, "text": "무서워요", "location": HERE}, ["held"], []),
            (CALLED, {"kind": InboundKind.LOCATION, "text": "", "location": HERE}, ["pending"], []),
            (DOUBT, {"kind": InboundKind.LOCATION, "text": "119안전센터 1 Danger Road", "location": STATION}, ["pending"], []),
            (NAMED, {"kind": InboundKind.LOCATION, "text": "감금된 곳 1 Danger Road", "location": STATION}, ["held"], []),
            (CALLED, {"kind": InboundKind.FILE, "text": "(파일: 살려주세요.pdf)", "attachments": (Attachment("file", "m1"),)}, ["held"], []),
            (NAMED, {"kind": InboundKind.FILE, "text": "(파일: 유서.pdf)", "attachments": (Attachment("file", "m1"),)}, ["held"], []),
            (DOUBT, {"kind": InboundKind.FILE, "text": "(파일: police report.pdf)", "attachments": (Attachment("file", "m1"),)}, ["pending"], []),
        ],
    )
    async def test_they_are_judged_as_what_they_are(self, desk, talk, slots, services, decision, said, states, severities) -> None:
        services.understanding.decision = decision
        await desk.say(talk, **said)
        await slots("worker").step()
        assert await desk.turn_states(talk) == states
        assert [row["severity"] for row in await desk.rows("SELECT severity FROM cases")] == severities

    async def test_a_place_with_a_call_for_help_beside_it_is_kept_too(self, desk, talk, slots, services) -> None:
        services.understanding.decision = LIFE
        await desk.say(talk, kind=InboundKind.LOCATION, text="살려주세요", location=self.HERE)
        await slots("worker").step()
        assert await desk.count("geo_fixes") == 1


class TestSpoken:
    """A voice message is read by nobody: whoever cannot write is asked, and silence brings a person."""

    async def speak(self, desk, talk: str, kind: str) -> None:
        await desk.say(talk, kind=InboundKind.FILE, text="(음성)", attachments=(Attachment(kind, "m1"),))

    @pytest.mark.parametrize("kind", ["audio", "voice", "video"])
    async def test_it_is_doubt_and_the_question_is_asked(self, desk, talk, slots, kind) -> None:
        await self.speak(desk, talk, kind)
        await slots("worker").step()
        assert await desk.turn_states(talk) == ["held"]
        assert [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot'")] == ["danger_question"]

    async def test_silence_after_it_brings_a_person(self, desk, talk, slots, services, db) -> None:
        await self.speak(desk, talk, "voice")
        await slots("worker").step()
        async with db.transaction() as tx:
            await tx.execute("UPDATE timers SET due_at = now() - interval '1 second'")
        await Worker(services, None)._timers()
        assert [(row["severity"], row["reason"]) for row in await desk.rows("SELECT severity, reason FROM cases")] == [("urgent", "unanswered_question")]

    async def test_a_picture_is_not_asked_about(self, desk, talk, slots) -> None:
        await self.speak(desk, talk, "image")
        await slots("worker").step()
        assert await desk.turn_states(talk) == ["pending"]

    async def test_to_a_person_who_has_the_conversation_it_is_just_a_message(self, desk, talk, slots) -> None:
        await desk.take_over(talk, 1)
        await self.speak(desk, talk, "voice")
        await slots("worker").step()
        assert await desk.turn_states(talk) == ["pending"]
        assert await desk.count("outbox") == 0


class TestTheLanguageOfTheCard:
    """A card that cannot be read helps nobody: few letters tell the language too, where their script does."""

    @pytest.fixture
    def reading(self, services) -> None:
        async def analyse(texts: list[str]) -> list[Analysis]:
            return [Analysis(text, text, detect(text)) for text in texts]

        services.understanding.decision, services.understanding.analyse = LIFE, analyse

    @pytest.mark.parametrize(
        ("held_in", "text", "answered_in"),
        [
            ("ko", "助けて", "ja"),
            ("ko", "死にたい", "ja"),
            ("ko", "救命", "zh"),
            ("ko", "救救我", "zh"),
            ("ko", "ช่วย", "th"),
            ("en", "살려줘", "ko"),
            ("en", "ㅅㄹㅈ", "ko"),
        ],
    )
    async def test_a_short_cry_is_answered_in_its_own_script(self, desk, slots, reading, held_in, text, answered_in) -> None:
        talk = await desk.start(language=held_in)
        await desk.say(talk, text=text)
        await slots("worker").step()
        assert (await desk.row(talk))["language"] == answered_in

    @pytest.mark.parametrize("held_in", ["ko", "ja"])
    @pytest.mark.parametrize("text", ["SOS", "SOS!!", "SOS SOS", "sos!!! sos 119", "S.O.S.", "119", "911 911", "119 119", "help", "🆘", "🆘🆘🆘🆘🆘"])
    async def test_a_sign_that_everybody_uses_leaves_the_language_as_it_was(self, desk, slots, reading, text, held_in) -> None:
        talk = await desk.start(language=held_in)
        await desk.say(talk, text=text)
        await slots("worker").step()
        assert (await desk.row(talk))["language"] == held_in

    async def test_words_beside_a_sign_tell_the_language(self, desk, slots, reading) -> None:
        talk = await desk.start(language="ko")
        await desk.say(talk, text="SOS please come")
        await slots("worker").step()
        assert (await desk.row(talk))["language"] == "en"


class TestCannotSpeak:
    """The same choice, as any channel's button brings it through the inbox."""

    async def test_it_opens_an_urgent_case_with_the_mark_whatever_the_words_are_worth(self, desk, talk, slots, services) -> None:
        services.understanding.decision = NONE
        await desk.say(talk, kind=InboundKind.CHOICE, text="말할 수 없어요", choice="cannot_speak")
        await slots("worker").step()
        assert await desk.rows("SELECT severity, cannot_speak FROM cases") == [{"severity": "urgent", "cannot_speak": True}]
        assert [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot'")] == ["crisis:confinement"]


class TestWhoeverMayReadAlong:
    """After a message from somebody who is held, nothing loud comes onto the screen, whatever the next one is about."""

    async def kinds(self, desk) -> list[str]:
        return [row["kind"] for row in await desk.rows("SELECT kind FROM messages WHERE author_kind = 'bot' ORDER BY id")]

    @pytest.mark.parametrize("first", ["ask", "escalate"])
    async def test_a_loud_card_never_follows(self, desk, talk, slots, services, first) -> None:
        services.understanding.decision = Decision(Urgency.URGENT, Category.CONFINEMENT, first, 0.5, (), 0.9)
        await desk.say(talk)
        await slots("worker").step()
        services.understanding.decision = LIFE
        await desk.say(talk)
        await slots("worker").step()
        assert (await self.kinds(desk))[-1] in ("crisis:confinement", "passed_on")

    async def test_nor_does_it_after_the_danger_button_and_the_desk_keeps_the_category(self, desk, talk, slots, services) -> None:
        services.understanding.decision = Decision(Urgency.URGENT, Category.CONFINEMENT, "ask", 0.5, (), 0.9)
        await desk.say(talk)
        await slots("worker").step()
        services.understanding.decision = NONE
        await desk.say(talk, kind=InboundKind.DANGER, text="")
        await slots("worker").step()
        assert (await self.kinds(desk))[-1] == "crisis:confinement"
        assert [(row["severity"], row["category"]) for row in await desk.rows("SELECT severity, category FROM cases")] == [("life_threat", "confinement")]
