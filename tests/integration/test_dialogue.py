"""The real Rasa, on the real table, with the real analyser; only the notices are written here.

``pytest -m dialogue -s tests/integration/test_dialogue.py`` also prints what a turn costs.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from bot.dialogue.client import BotMessage, DialogueClient, Said
from bot.dialogue.intents import FILE, DialogueIntents
from bot.dialogue.meanwhile import METADATA
from bot.dialogue.process import DialogueProcess
from bot.services import Services
from bot.turn import TurnQueue, TurnSlot
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.schemas import Answer, Outcome
from language.intents import IntentModel
from tests.rasa import NEEDS_RASA, running_rasa, serving_actions

pytestmark = [
    pytest.mark.dialogue,
    NEEDS_RASA,
]


class Notices:
    """Answers everything with the question it was asked and its country; or not, or asks back for the country, where the words say so."""

    def answer(self, analysis: Any, country: str | None = None) -> Answer:
        asks_back = "나라마다" in analysis.normalised and not country
        outcome = "clarify" if asks_back else "abstain" if "모르는" in analysis.normalised else "answered"
        return Answer(Outcome(outcome), f"{country}: {analysis.normalised}", ("n1",))


@pytest.fixture(scope="module")
def rasa(dsn: str, analyser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DialogueProcess]:
    with serving_actions(Notices, analyser) as actions_url, running_rasa(dsn, tmp_path_factory.mktemp("dialogue"), actions_url) as process:
        yield process


@pytest_asyncio.fixture
async def client(rasa: DialogueProcess) -> AsyncIterator[DialogueClient]:
    client = DialogueClient(rasa.base_url, rasa.token, timeout_s=60)
    yield client
    await client.close()


class Talk:
    """One conversation: each ``say`` is the next message."""

    def __init__(self, client: DialogueClient, analyser: Any, name: str) -> None:
        self.client, self.analyser, self.name, self.seq = client, analyser, name, 0
        self.after: Said | None = None

    async def say(self, text: str, *, again: bool = False, **untold: Any) -> list[BotMessage]:
        self.seq += not again
        metadata = self.analyser.analyse([text])[0].to_metadata()
        said = await self.client.ask(self.name, self.seq, text, metadata | ({METADATA: untold} if untold else {}))
        self.after = said
        return list(said.messages) if said else []


@pytest.fixture
def talk(client: DialogueClient, analyser: Any, request: pytest.FixtureRequest) -> Talk:
    return Talk(client, analyser, f"c-{request.node.name}")


def texts(said: list[BotMessage]) -> str:
    return " | ".join(message.text or f"<{(message.custom or {}).get('type')}: {(message.custom or {}).get('text', '')}>" for message in said)


WHERE, WHEN, FLIGHT = "어느 나라", "언제쯤 아셨나요", "항공편은 언제"


async def test_lost_passport_over_several_turns(talk: Talk) -> None:
    assert WHERE in texts(await talk.say("여권을 잃어버렸어요 어떡하죠"))
    assert WHEN in texts(await talk.say("태국 방콕이요"))
    assert FLIGHT in texts(await talk.say("어제 저녁에요"))
    last = await talk.say("내일 저녁 비행기예요")
    assert last[0].custom is not None
    assert last[0].custom["country"] == "TH"
    assert last[0].custom["topic"] == "lost_passport"
    assert "긴급여권" in last[1].text
    assert "얼마 남지 않았네요" in last[1].text
    accepted = await talk.say("네 부탁해요")
    assert {"type": "request_person", "reason": "accepted"} in [message.custom for message in accepted]


async def test_what_was_said_at_first_is_not_asked_again(talk: Talk) -> None:
    assert FLIGHT in texts(await talk.say("어제 방콕에서 여권을 잃어버렸어요"))


@pytest.mark.parametrize(
    ("place", "day", "country"),
    [
        ("파리요", "오늘", "FR"),
        ("가나입니다", "어제요", "GH"),
        ("수단이요", "사흘 전이요", "SD"),
        ("방콕 대사관이요", "지난주 금요일", "TH"),
        ("세부", "25일이요", "PH"),
    ],
)
async def test_a_place_or_a_day_alone_is_an_answer(talk: Talk, place: str, day: str, country: str) -> None:
    await talk.say("여권을 잃어버렸어요")
    assert WHEN in texts(await talk.say(place))
    assert FLIGHT in texts(await talk.say(day))
    done = await talk.say("내일")
    assert done[0].custom is not None
    assert done[0].custom["country"] == country


async def test_the_second_passport_that_is_lost_is_asked_about_again(talk: Talk) -> None:
    for text in ("여권을 잃어버렸어요", "태국 방콕이요", "어제요"):
        await talk.say(text)
    assert "얼마 남지 않았네요" in texts(await talk.say("내일 저녁 비행기예요"))
    assert WHEN in texts(await talk.say("여권을 잃어버렸어요"))
    assert FLIGHT in texts(await talk.say("오늘 아침이요"))


async def test_a_question_in_between_is_answered_and_the_form_goes_on(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    await talk.say("필리핀 세부에 있어요")
    said = await talk.say("긴급여권 수수료가 얼마예요?")
    assert said[0].custom is not None
    assert "수수료" in said[0].custom["text"]
    assert WHEN in said[-1].text
    said = await talk.say("일본 여행경보는 몇 단계예요?")
    assert WHEN in said[-1].text
    assert FLIGHT in texts(await talk.say("오늘 아침이요"))
    done = await talk.say("아직 없어요")
    assert done[0].custom is not None
    assert done[0].custom["country"] == "PH"  # not the country that was asked about in between


async def test_a_correction_in_the_form(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    await talk.say("일본이요")
    assert WHEN in texts(await talk.say("아니 일본 말고 태국이요"))
    await talk.say("어제요")
    done = await talk.say("아직 없어요")
    assert done[0].custom is not None
    assert done[0].custom["country"] == "TH"


async def test_a_correction_after_an_answer(talk: Talk) -> None:
    said = await talk.say("일본 여행경보 몇 단계예요?")
    assert said[0].custom is not None
    assert said[0].custom["topic_country"] == "JP"
    said = await talk.say("아니 일본 말고 태국이요")
    assert said[0].custom is not None
    assert (said[0].custom["topic_country"], said[0].custom["topic"]) == ("TH", "alarm_level")


async def test_the_country_is_asked_once_and_remembered(talk: Talk) -> None:
    assert "어느 나라" in texts(await talk.say("여행경보 단계가 궁금해요"))
    said = await talk.say("멕시코요")
    assert said[0].custom is not None
    assert said[0].custom["topic_country"] == "MX"
    said = await talk.say("비자 필요한가요?")
    assert said[0].custom is not None
    assert said[0].custom["topic_country"] == "MX"


async def test_what_was_answered_without_it_is_corrected_for_another_country(talk: Talk) -> None:
    said = await talk.say("아니 일본 말고 태국이요", last_topic="search", last_query="일본 비자 수수료가 얼마예요?", topic_country="JP")
    assert said[0].custom is not None
    assert said[0].custom["topic_country"] == "TH"
    assert said[0].custom["text"] == "TH: 일본 비자 수수료가 얼마예요?"


async def test_what_was_answered_without_it_is_said_again(talk: Talk) -> None:
    await talk.say("안녕하세요")
    said = await talk.say("다시 말해 주세요", last_topic="search", last_query="아포스티유 수수료가 얼마예요?", topic_country="VN")
    assert said[0].custom is not None
    assert said[0].custom["text"] == "VN: 아포스티유 수수료가 얼마예요?"
    said = await talk.say("다시 말해 주세요")  # and it stays told
    assert said[0].custom is not None
    assert said[0].custom["text"] == "VN: 아포스티유 수수료가 얼마예요?"


async def test_a_failure_that_it_was_told_of_counts(talk: Talk) -> None:
    said = await talk.say("모르는 서류는 뭐가 필요해요?", last_topic="search", last_query="모르는 규정", failures=1.0)
    assert "상담관에게 연결해 드릴까요" in texts(said)
    assert "request_person" in texts(await talk.say("네"))


async def test_how_it_stands_is_told_after_each_message(talk: Talk) -> None:
    await talk.say("일본 여행경보 몇 단계예요?")
    assert talk.after is not None
    assert (talk.after.expects, talk.after.topic_country, talk.after.failures) == (False, "JP", 0)
    await talk.say("모르는 서류는 뭐가 필요해요?")
    assert (talk.after.expects, talk.after.failures) == (False, 1)
    await talk.say("상담이 너무 형편없네요")
    assert not talk.after.expects  # a person is offered: only a yes or a no is left to the dialogue
    await talk.say("여권을 잃어버렸어요")
    assert talk.after.expects  # a form is open
    await talk.say("그만할래요")
    await talk.say("긴급여권 수수료가 얼마예요?")
    assert not talk.after.expects


async def test_refusing_to_say_where_is_respected(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    assert WHEN in texts(await talk.say("말하고 싶지 않아요"))


async def test_cancel_and_a_person_end_the_form(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    assert "멈출게요" in texts(await talk.say("그만할래요"))
    await talk.say("여권을 잃어버렸어요")
    assert "request_person" in texts(await talk.say("상담원 연결해 주세요"))
    assert WHEN not in texts(await talk.say("안녕하세요"))


async def test_two_answers_that_do_not_help_offer_a_person(talk: Talk) -> None:
    assert "상담관" not in texts(await talk.say("모르는 규정 수수료가 얼마예요?"))
    assert "상담관에게 연결해 드릴까요" in texts(await talk.say("모르는 서류는 뭐가 필요해요?"))
    assert "request_person" in texts(await talk.say("네"))


async def test_a_repeated_message_does_not_advance_the_form_twice(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    first = await talk.say("태국 방콕이요")
    again = await talk.say("태국 방콕이요", again=True)
    assert texts(first) == texts(again)
    assert WHEN in texts(again)
    assert FLIGHT in texts(await talk.say("어제요"))


async def test_a_slash_is_no_command(talk: Talk) -> None:
    await talk.say("여권을 잃어버렸어요")
    await talk.say("태국 방콕이요")
    assert await talk.say("/restart")  # as a command it would forget everything and say nothing
    assert (await talk.say("아직 없어요"))[0].custom["country"] == "TH"  # type: ignore[index]


async def test_a_killed_rasa_continues_in_the_middle_of_the_form(talk: Talk, rasa: DialogueProcess) -> None:
    await talk.say("여권을 잃어버렸어요")
    assert WHEN in texts(await talk.say("태국 방콕이요"))
    assert rasa.pid is not None
    os.kill(rasa.pid, signal.SIGKILL)
    began = time.perf_counter()
    assert await talk.client.ask(talk.name, 99, "어제요", {}) is None
    assert time.perf_counter() - began < 30  # half of what it would wait for an answer
    for _ in range(1200):  # two minutes, for a busy machine
        await asyncio.sleep(0.1)
        if rasa.ready and talk.client.available:
            break
    assert FLIGHT in texts(await talk.say("어제요"))


async def test_a_lost_database_connection_is_replaced(talk: Talk, db: Database) -> None:
    await talk.say("여권을 잃어버렸어요")
    async with db.read() as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gildongmu-dialogue'")
    assert WHEN in texts(await talk.say("태국 방콕이요"))


async def test_state_is_bounded_and_sealed(talk: Talk, db: Database) -> None:
    for _ in range(4):
        for text in ("여권을 잃어버렸어요", "태국 방콕이요", "비밀스러운 어제 저녁이요", "아직 없어요", "감사합니다"):
            await talk.say(text)
    async with db.read() as connection:
        cursor = await connection.execute("SELECT seq, state FROM dialogue_states WHERE conversation_id = %s ORDER BY seq", (talk.name,))
        rows = await cursor.fetchall()
    assert [row["seq"] for row in rows] == [talk.seq - 2, talk.seq - 1, talk.seq]
    for row in rows:
        assert len(row["state"]) < 20_000
        for word in ("방콕", "비밀", "여권", "lost_passport", "country"):  # two letters would turn up by chance
            assert word.encode() not in row["state"]


async def test_only_the_token_opens_the_door(rasa: DialogueProcess) -> None:
    stranger = DialogueClient(rasa.base_url, "wrong")
    assert await stranger.ask("c", 1, "안녕하세요", {}) is None
    await stranger.close()


async def test_a_rasa_that_is_away_costs_nothing(tmp_path: Path) -> None:
    client = DialogueClient("http://127.0.0.1:9", "x")
    await client.ask("c", 1, "안녕하세요", {})
    assert not client.available
    rounds = []
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(100):
            assert await client.ask("c", 1, "안녕하세요", {}) is None
        rounds.append(time.perf_counter() - began)
    assert min(rounds) < 0.1  # the best of some: other work shares the machine
    await client.close()


async def test_speed_is_printed(client: DialogueClient, analyser: Any, dsn: str) -> None:
    """Not a limit: figures for docs/dialogue.md, from a machine that may be busy."""
    questions = ["긴급여권 수수료가 얼마예요?", "안녕하세요", "신속해외송금 한도가 얼마예요", "감사합니다", "대사관 전화번호 알려주세요"]
    metadata = {text: analysis.to_metadata() for text, analysis in zip(questions, analyser.analyse(questions), strict=True)}

    async def one(name: str, seq: int) -> float:
        text = questions[seq % len(questions)]
        began = time.perf_counter()
        assert await client.ask(name, seq, text, metadata[text])
        return 1000 * (time.perf_counter() - began)

    turns = int(os.environ.get("DIALOGUE_TURNS", "200"))
    long = [await one("speed-long", seq) for seq in range(1, turns + 1)]
    print(f"\nturn 1-20: {statistics.median(long[:20]):.1f} ms, turn {turns - 19}-{turns}: {statistics.median(long[-20:]):.1f} ms")
    for width in (1, 8):
        numbers = iter(range(turns))

        async def work(numbers: Iterator[int] = numbers, width: int = width) -> list[float]:
            return [await one(f"speed-{width}-{number}", 1 + number % 5) for number in numbers]

        began = time.perf_counter()
        done = [ms for batch in await asyncio.gather(*(work() for _ in range(width))) for ms in batch]
        rate = len(done) / (time.perf_counter() - began)
        print(f"concurrency {width}: {rate:.0f} messages/s, p50 {statistics.median(done):.1f} ms, p95 {sorted(done)[int(len(done) * 0.95)]:.1f} ms")
    with psycopg.connect(dsn) as connection:
        kept = connection.execute("SELECT count(*), max(length(state)) FROM dialogue_states WHERE conversation_id = 'speed-long'").fetchone()
    print(f"saved states of the long conversation: {kept[0]}, largest {kept[1]} bytes")


class Asked:
    """The client, and what it was asked."""

    def __init__(self, client: DialogueClient) -> None:
        self.client = client
        self.texts: list[str] = []

    async def ask(self, conversation_id: str, seq: int, text: str, metadata: Any) -> Said | None:
        self.texts.append(text)
        return await self.client.ask(conversation_id, seq, text, metadata)


class Chat:
    """A conversation in the tables, answered by the worker's own turns."""

    def __init__(self, services: Services, talk: str) -> None:
        self.services, self.talk, self.numbers = services, talk, itertools.count(1)
        self.turns = TurnSlot(services, TurnQueue())

    async def say(self, text: str) -> str:
        db, cipher = self.services.db, self.services.cipher
        async with db.transaction() as tx:
            inbound = Inbound("webchat", f"{self.talk}:{next(self.numbers)}", self.talk, InboundKind.TEXT, text=text)
            accepted = await conversation.accept(tx, cipher, inbound)
            await tx.execute("UPDATE inbox SET triage_state = 'done' WHERE message_id = %s", (accepted.message_id,))
        await self.turns._serve(self.talk)
        async with db.read() as connection:
            said = await conversation.transcript(connection, cipher, self.talk, after=accepted.sequence)
        return " | ".join(line.text for line in said)


@pytest_asyncio.fixture
async def chat(client: DialogueClient, rasa: DialogueProcess, analyser: Any, db: Database, cipher: Any) -> AsyncIterator[Chat]:
    async def of_query(text: str) -> Any:
        return (await asyncio.to_thread(analyser.analyse, [text]))[0]

    understanding = SimpleNamespace(of_message=lambda _, text: of_query(text), of_query=of_query, intents=IntentModel.load())
    services = Services(Settings(), db, cipher, EventHub(db), CrisisCards.load(), understanding, Notices(), Asked(client))  # type: ignore[arg-type]
    services.dialogue_intents = DialogueIntents.load(rasa.model.with_name(FILE))
    async with db.transaction() as tx:
        talk, _ = await conversation.start(tx, "webchat")
    chat = Chat(services, talk)
    yield chat
    if chat.turns._session is not None:
        await chat.turns._session.close()


async def test_a_plain_question_is_answered_without_asking(chat: Chat) -> None:
    assert "긴급여권 수수료가 얼마예요?" in await chat.say("긴급여권 수수료가 얼마예요?")
    assert "다행입니다" in await chat.say("감사합니다")
    assert chat.services.dialogue.texts == []  # type: ignore[union-attr]


async def test_a_correction_after_an_answer_at_once(chat: Chat) -> None:
    assert "JP: 일본 대사관 전화번호 알려주세요" in await chat.say("일본 대사관 전화번호 알려주세요")
    assert "TH: 일본 대사관 전화번호 알려주세요" in await chat.say("아니 일본 말고 태국이요")
    assert chat.services.dialogue.texts == ["아니 일본 말고 태국이요"]  # type: ignore[union-attr]
    assert "TH: 긴급여권 수수료가 얼마예요?" in await chat.say("긴급여권 수수료가 얼마예요?")  # the country that was meant is still spoken of


async def test_a_repeat_after_an_answer_at_once(chat: Chat) -> None:
    await chat.say("안녕하세요")
    await chat.say("긴급여권 수수료가 얼마예요?")
    assert "긴급여권 수수료가 얼마예요?" in await chat.say("다시 말해 주세요")
    assert chat.services.dialogue.texts == ["다시 말해 주세요"]  # type: ignore[union-attr]


#: Whole conversations: what is answered at once in them must not show.
TALKS = (
    ("일본 여행경보 몇 단계예요?", "아니 일본 말고 태국이요", "비자 필요한가요?", "다시 말해 주세요"),
    ("베트남 입국하려면 비자가 필요한가요?", "여행경보 단계가 궁금해요", "아니 베트남 말고 필리핀이요"),
    ("안녕하세요", "여행경보 단계가 궁금해요", "멕시코요", "입국 조건도 알려 주세요"),
    ("안전 문자는 어떻게 신청해요?", "다시 말해 주세요", "프랑스 여행경보 알려 주세요", "다시 말해 주세요"),
    ("피자 시켜 주세요", "모르는 노래 틀어 주세요", "일본 여행경보 몇 단계예요?", "네"),
    ("나라마다 다른 비자 수수료가 얼마예요?", "태국이요", "긴급여권 수수료가 얼마예요?"),
    ("나라마다 다른 비자 수수료가 얼마예요?", "감사합니다", "일본 비자 수수료가 얼마예요?", "다시 말해 주세요"),
    ("모르는 규정 수수료가 얼마예요?", "모르는 서류는 뭐가 필요해요?", "긴급여권 수수료가 얼마예요?", "네"),
    ("모르는 규정 수수료가 얼마예요?", "모르는 서류는 뭐가 필요해요?", "감사합니다", "네"),
    ("모르는 규정 수수료가 얼마예요?", "모르는 서류는 뭐가 필요해요?", "모르는 사증은 얼마예요?", "모르는 증명서 수수료는요?", "아니요"),
    ("여행경보 단계가 궁금해요", "긴급여권 수수료가 얼마예요?", "감사합니다", "사람이에요?", "멕시코요", "다시 말해 주세요"),
    ("입국 조건이 궁금해요", "모르는 규정 수수료가 얼마예요?", "모르는 서류는 뭐가 필요해요?", "네", "태국이요"),
    ("여행경보 단계가 궁금해요", "베트남이요", "입국 조건이 궁금해요", "아니 베트남 말고 태국이요"),
    ("긴급여권 수수료가 얼마예요?", "입국 조건이 궁금해요", "여권을 잃어버렸어요", "일본이요", "모르겠어요"),
    ("입국 조건이 궁금해요", "말하기 싫어요", "긴급여권 수수료가 얼마예요?"),
    ("여행경보 단계가 궁금해요", "다시 말해 주세요", "상담관이랑 얘기할래요"),
    ("입국 조건이 궁금해요", "피자 시켜 주세요", "안전 문자는 어떻게 신청해요?", "안녕히 계세요", "긴급여권 수수료가 얼마예요?"),
)


@pytest.mark.parametrize("lines", TALKS, ids=[lines[0] for lines in TALKS])
async def test_a_conversation_reads_the_same_whether_rasa_is_asked_or_not(chat: Chat, lines: tuple[str, ...]) -> None:
    at_once = [await chat.say(line) for line in lines]
    asked = len(chat.services.dialogue.texts)  # type: ignore[union-attr]
    assert asked < len(lines)
    chat.services.dialogue_intents = None
    async with chat.services.db.transaction() as tx:
        chat.talk, _ = await conversation.start(tx, "webchat")
    assert [await chat.say(line) for line in lines] == at_once
    assert len(chat.services.dialogue.texts) == asked + len(lines)  # type: ignore[union-attr]


@pytest.mark.parametrize(("is_said", "asked"), [(False, WHERE), (True, WHEN)])
async def test_where_a_passport_was_lost_is_asked_unless_the_citizen_has_said_where_they_are(chat: Chat, is_said: bool, asked: str) -> None:
    async with chat.services.db.transaction() as tx:
        await tx.execute("UPDATE conversations SET country = 'JP', country_said = %s WHERE id = %s", (is_said, chat.talk))
    assert asked in await chat.say("여권을 잃어버렸어요")


async def test_two_failures_offer_a_person_although_they_were_answered_at_once(chat: Chat) -> None:
    await chat.say("모르는 규정 수수료가 얼마예요?")
    assert chat.services.dialogue.texts == []  # type: ignore[union-attr]
    assert "상담관에게 연결해 드릴까요" in await chat.say("모르는 서류는 뭐가 필요해요?")
    assert chat.services.dialogue.texts == []  # type: ignore[union-attr]
    await chat.say("네")  # only Rasa knows what a yes is for, and it has been told of the offer
    async with chat.services.db.read() as connection:
        cursor = await connection.execute("SELECT reason FROM cases WHERE conversation_id = %s", (chat.talk,))
        assert (await cursor.fetchone())["reason"] == "accepted"  # type: ignore[index]


async def test_while_a_form_is_open_rasa_is_asked_and_an_offer_keeps_no_question_from_its_answer(chat: Chat) -> None:
    asked = chat.services.dialogue.texts  # type: ignore[union-attr]
    await chat.say("여권을 잃어버렸어요")
    assert WHERE in await chat.say("긴급여권 수수료가 얼마예요?")  # answered, and the form goes on
    await chat.say("그만할래요")
    assert "연결해 드릴까요" in await chat.say("상담이 너무 형편없네요")
    assert len(asked) == 4
    await chat.say("긴급여권 수수료가 얼마예요?")
    assert len(asked) == 4
    assert "무엇을 도와드릴까요" in await chat.say("네")  # the offer has lapsed with that question, and Rasa was told
    assert len(asked) == 5


async def test_with_rasa_away_search_answers_as_before_and_then_rasa_is_asked_again(chat: Chat) -> None:
    there = chat.services.dialogue
    await chat.say("여권을 잃어버렸어요")
    chat.services.dialogue = DialogueClient("http://127.0.0.1:9", "x")
    assert "None: 긴급여권 수수료가 얼마예요?" in await chat.say("긴급여권 수수료가 얼마예요?")
    await chat.services.dialogue.close()
    chat.services.dialogue = there
    assert WHERE in await chat.say("긴급여권 수수료가 얼마예요?")


async def test_without_rasas_intents_it_is_always_asked(chat: Chat) -> None:
    chat.services.dialogue_intents = None
    assert "긴급여권 수수료가 얼마예요?" in await chat.say("긴급여권 수수료가 얼마예요?")
    assert len(chat.services.dialogue.texts) == 1  # type: ignore[union-attr]
