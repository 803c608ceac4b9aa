"""The whole story through LINE and the real program: question, danger, place, a person, the end, and a night without the platform."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
import uvicorn

from accounts.schemas import Staff
from bot.channels.demo import Beside
from bot.channels.line.simulator import LineSimulator
from core import db as database
from core.db import Database
from core.postgres import EmbeddedPostgres
from handoff import service as handoff
from tests.program import Program, free_port

SECRET, ACCESS = "story-secret", "story-access"


@dataclass
class Story:
    program: Program
    line: LineSimulator
    db: Database
    person: str = field(default_factory=lambda: "U" + secrets.token_hex(16))

    def texts(self) -> list[str]:
        return self.line.telephones.texts(self.person)

    async def until(self, seen: Callable[[], bool], seconds: float = 30) -> float:
        """Wait until the person's telephone shows it; how long that took."""
        began = time.monotonic()
        while not seen():
            assert time.monotonic() - began < seconds, f"not seen; the telephone shows {self.texts()}\n{self.program.last_words()}"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def agent(self, login: str) -> Staff:
        async with self.db.transaction() as tx:
            row = await database.one(
                tx, "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', '{agent}', 5) RETURNING id", login, login
            )
            assert row is not None
            await database.run(tx, "INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, 'available', 5)", row["id"])
        return Staff(row["id"], login, login, frozenset({"agent"}), ("ko",), 5)

    async def case(self) -> dict:
        async with self.db.read() as connection:
            row = await database.one(connection, "SELECT * FROM cases ORDER BY id DESC LIMIT 1")
        assert row is not None
        return row

    async def one(self, statement: str) -> dict:
        async with self.db.read() as connection:
            row = await database.one(connection, statement)
        assert row is not None
        return row


@pytest_asyncio.fixture(scope="module")
async def program_and_line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Program, LineSimulator]]:
    port = free_port()
    program = Program(
        tmp_path_factory.mktemp("line"),
        GILDONGMU_DIALOGUE="false",
        GILDONGMU_PUBLIC_URL="https://gildongmu.example",
        GILDONGMU_LINE_CHANNEL_SECRET=SECRET,
        GILDONGMU_LINE_CHANNEL_TOKEN=ACCESS,
        GILDONGMU_LINE_API_URL=f"http://127.0.0.1:{port}",
    )
    line = LineSimulator(f"{program.url}/channels/line/webhook", secret=SECRET, token=ACCESS, again_s=(0.5, 1.0, 2.0))
    server = Beside(uvicorn.Config(line.app(), host="127.0.0.1", port=port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.to_thread(program.wait_ready)
        await asyncio.to_thread(program.wait_until, "understanding", "worker")
        yield program, line
    finally:
        server.should_exit = True
        await serving
        await asyncio.to_thread(program.stop)


@pytest_asyncio.fixture
async def story(program_and_line: tuple[Program, LineSimulator]) -> AsyncIterator[Story]:
    program, line = program_and_line
    line.state = "up"
    dsn = EmbeddedPostgres(program.data).attach()
    assert dsn is not None
    db = await Database.open(dsn, min_size=1, max_size=4)
    yield Story(program, line, db)
    await db.close()


async def test_question_danger_place_person_end(story: Story) -> None:
    line, person = story.line, story.person
    cipher = story.program.cipher

    assert await line.happens(person, "follow") == 200
    await story.until(lambda: len(story.texts()) == 1)
    assert "+82-2-3210-0404" in story.texts()[0]

    assert await line.says(person, "여권을 잃어버렸어요") == 200
    await story.until(lambda: len(story.texts()) >= 3)
    source = line.telephones.shown[person][-1]
    assert source.title
    assert source.buttons[0]["link"].startswith("http")
    assert any(button["asks_location"] for button in source.quick_replies)

    assert await line.says(person, "칼을 든 사람이 쫓아와요 도와주세요") == 200
    known = len(story.texts())
    await story.until(lambda: len(story.texts()) > known)
    await story.until(
        lambda: any(button["link"].startswith("https://gildongmu.example/locate/") for m in line.telephones.shown[person] for button in m.buttons)
    )
    case = await story.case()
    assert case["severity"] in ("life_threat", "urgent")
    assert case["status"] == "queued"

    assert await line.shares_place(person, 11.5564, 104.9282, "프놈펜") == 200
    await story.until(lambda: any("위치를 받았습니다" in text for text in story.texts()))
    fix = await story.one("SELECT source, datum FROM geo_fixes ORDER BY id DESC LIMIT 1")
    assert (fix["source"], fix["datum"]) == ("line", "WGS84")

    kim, lee = await story.agent("kim"), await story.agent("lee")
    async with story.db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case["id"], kim), handoff.Claimed)
    async with story.db.transaction() as tx:
        await handoff.reply(tx, cipher, case["id"], kim, "상담관입니다. 지금 안전한 곳에 계신가요?", "reply-1")
    await story.until(lambda: story.texts()[-1] == "상담관입니다. 지금 안전한 곳에 계신가요?")
    assert await line.says(person, "네, 호텔로 왔어요") == 200
    # What somebody says after the end was asked for is looked at first: triage must have read it.
    while (await story.one("SELECT count(*) AS n FROM inbox WHERE triage_state = 'pending'"))["n"]:
        await asyncio.sleep(0.1)
    async with story.db.transaction() as tx:
        await handoff.close(tx, cipher, case["id"], kim, "resolved", verified_contact="라인 대화로 본인 확인")
    async with story.db.transaction() as tx:
        await handoff.confirm_close(tx, case["id"], lee)
    assert (await story.case())["status"] == "closed"

    known = len(story.texts())
    assert await line.says(person, "여권 수수료가 얼마예요?") == 200
    await story.until(lambda: len(story.texts()) > known)
    assert line.refused == []
    while (await story.one("SELECT count(*) AS n FROM outbox WHERE state <> 'sent'"))["n"]:
        await asyncio.sleep(0.1)


async def test_the_danger_button_rings_whatever_stands_in_the_way(story: Story) -> None:
    line, person = story.line, story.person
    await line.happens(person, "follow")
    await story.until(lambda: bool(line.telephones.quick_replies(person)))
    (danger,) = [button for button in line.telephones.quick_replies(person) if button["label"] == "지금 위험해요"]
    story.program.kill("worker")
    assert await line.presses(person, danger) == 200
    case = await story.case()
    assert (case["severity"], case["status"]) == ("life_threat", "queued")
    known = len(story.texts())
    await story.until(lambda: len(story.texts()) > known, 180)


async def test_a_question_while_line_is_down_is_answered_once_when_it_is_back(story: Story) -> None:
    line, person = story.line, story.person
    await asyncio.to_thread(story.program.wait_for_live_worker)
    line.state = "down"
    for text in ("여권을 잃어버렸어요", "비자가 필요한가요?", "마스크를 써야 하나요?"):
        assert await line.says(person, text) == 200
        await asyncio.sleep(1)
    assert story.texts() == []
    line.state = "up"
    await story.until(lambda: len(story.texts()) >= 3, 120)
    await asyncio.sleep(3)
    async with story.db.read() as connection:
        rows = await database.rows(
            connection, "SELECT o.state FROM outbox o JOIN conversations c ON c.id = o.conversation_id ORDER BY c.created_at DESC, o.message_id LIMIT 3"
        )
    assert {row["state"] for row in rows} == {"sent"}
    assert len(story.texts()) == len(set(story.texts()))
    assert line.refused == []
