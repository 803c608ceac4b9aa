"""Pictures and files from a messenger: fetched through the guard, drawn anew, kept sealed, erased in time. LINE's simulator is the platform."""

from __future__ import annotations

import asyncio
import io
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidTag
from fastapi import FastAPI
from PIL import Image

from bot import erasure, errors, turn
from bot.channels.contract import DANGER
from bot.channels.line.channel import LineChannel
from bot.channels.line.simulator import LineSimulator
from bot.files import words
from bot.files.work import FileWork
from conversation import guarding, visitors
from conversation import service as conversation
from conversation.files import repository, service
from conversation.files.schemas import File, Form, State
from conversation.schemas import SentFile
from core.fetching import Fetcher
from core.settings import Settings
from handoff.records import holds
from tests.integration.channels.conftest import Talk

PERSON = "U" + secrets.token_hex(16)


def a_picture(size: tuple[int, int] = (600, 400), *, with_place: bool = True) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    if with_place:
        exif[0x8825] = {1: "N", 2: (11.0, 33.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
    Image.new("RGB", size, (9, 120, 40)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


@dataclass
class Line:
    """The program's LINE, the platform's, and the worker's part with files."""

    talk: Talk
    platform: LineSimulator
    work: FileWork

    async def until_done(self, rounds: int = 3) -> None:
        for _ in range(rounds):
            while await self.work.fetch() + await self.work.draw():
                pass

    async def rows(self) -> list[dict[str, Any]]:
        return await self.talk.run("SELECT * FROM files ORDER BY id")

    async def file(self) -> File:
        (row,) = await self.rows()
        return repository.file_of(row, self.talk.cipher)

    async def forms(self) -> list[str]:
        return [row["form"] for row in await self.talk.run("SELECT form FROM file_contents ORDER BY form")]

    async def said(self) -> list[str]:
        async with self.talk.db.read() as connection:
            found = await self.talk.run("SELECT id FROM conversations")
            lines = await conversation.transcript(connection, self.talk.cipher, found[0]["id"])
        return [line.text for line in lines if line.author_kind == "system"]

    async def now_due(self) -> None:
        await self.talk.run("UPDATE files SET next_attempt_at = now()")


@pytest_asyncio.fixture
async def line(talk: Talk) -> AsyncIterator[Line]:
    app = FastAPI()
    errors.install(app)
    platform = LineSimulator(
        "http://program/channels/line/webhook", secret="secret", token="access", transport=httpx.ASGITransport(app, raise_app_exceptions=False)
    )
    to_platform = httpx.ASGITransport(platform.app(), raise_app_exceptions=False)
    channel = LineChannel("secret", "access", "http://line:1", to_platform, data_url="http://line:1")
    talk.channels.clear()
    talk.channels["line"] = channel
    talk.messenger.name = "line"
    app.include_router(channel.routes(talk.door))
    settings = Settings(file_max_mb=1)
    yield Line(talk, platform, FileWork(talk.db, talk.cipher, settings, talk.channels, Fetcher(1_000_000, transport=to_platform)))
    await platform.settle()
    await channel.close()


class TestFromThePlatformToTheDesk:
    async def test_a_picture_is_fetched_and_drawn_anew_and_its_place_kept_apart(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        assert (await line.file()).state is State.WAITING
        await line.until_done()
        file = await line.file()
        assert (file.state, file.kind, file.media_type, file.has_position, file.reference) == (State.READY, "image", "image/jpeg", True, "")
        assert await line.forms() == ["original", "picture", "thumbnail"]
        async with line.talk.db.transaction() as tx:
            shown = await service.look(tx, line.talk.cipher, file.id, Form.PICTURE)
            assert await service.position(tx, line.talk.cipher, file) == pytest.approx((11.55, 104.916667), abs=1e-5)
        image = Image.open(io.BytesIO(shown.content), formats=("JPEG",))
        assert image.size == (600, 400)
        assert not image.getexif()

    async def test_nothing_can_be_read_from_the_tables(self, line: Line) -> None:
        picture = a_picture()
        await line.platform.sends_file(PERSON, b"%PDF-1.7 geheim", "file", "내 여권.pdf")
        await line.platform.sends_file(PERSON, picture)
        await line.until_done()
        stored = repr(await line.rows()).encode() + b"".join(bytes(row["content"]) for row in await line.talk.run("SELECT content FROM file_contents"))
        for secret in (b"geheim", "여권".encode(), picture[100:140], b"\xff\xd8\xff"):
            assert secret not in stored

    async def test_a_content_moved_to_another_file_does_not_open(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, b"%PDF-1.7 one", "file", "1.pdf")
        await line.platform.sends_file(PERSON, b"%PDF-1.7 two", "file", "2.pdf")
        await line.until_done()
        first, second = [row["id"] for row in await line.rows()]
        await line.talk.run("UPDATE file_contents SET content = (SELECT content FROM file_contents WHERE file_id = %s) WHERE file_id = %s", first, second)
        async with line.talk.db.read() as connection:
            assert await repository.content(connection, line.talk.cipher, first, Form.ORIGINAL) == b"%PDF-1.7 one"
            with pytest.raises(InvalidTag):
                await repository.content(connection, line.talk.cipher, second, Form.ORIGINAL)

    async def test_whoever_looks_on_hears_of_it(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.until_done()
        kinds = [row["kind"] for row in await line.talk.run("SELECT kind FROM events WHERE stream LIKE 'conversation:%%' ORDER BY seq")]
        assert kinds == ["message", "file", "file"]

    async def test_a_webhook_that_comes_again_brings_the_file_once(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.platform.deliver(line.platform.delivered[-1][1])
        assert len(await line.rows()) == 1


class TestWhatIsNotTaken:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "kind"),
            (b"<html><script>alert(1)</script>", "kind"),
            (b"MZ\x90\x00" * 10, "kind"),
            (b"\xff\xd8\xff\xe0" + b"<script>" * 100, "broken"),
            (a_picture() * 1000, "too_large"),
        ],
    )
    async def test_nothing_of_it_is_kept_and_the_citizen_is_asked_in_words(self, line: Line, content: bytes, reason: str) -> None:
        await line.platform.sends_file(PERSON, content)
        await line.until_done()
        file = await line.file()
        assert (file.state, file.reason, file.size_bytes, file.reference) == (State.REFUSED, reason, 0, "")
        assert await line.forms() == []
        assert await line.said() == [words.refusal(reason)]
        await line.now_due()
        await line.until_done()
        assert len(await line.said()) == 1

    async def test_what_the_platform_has_deleted(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        line.platform.contents.clear()
        await line.until_done()
        assert (await line.file()).reason == "gone"
        assert "글로" in (await line.said())[0]

    async def test_a_conversation_does_not_fill_the_disk(self, line: Line) -> None:
        line.work.settings.file_conversation_max_mb = 1
        await line.platform.sends_file(PERSON, b"%PDF-" + b"x" * 900_000, "file", "1.pdf")
        await line.platform.sends_file(PERSON, b"%PDF-" + b"x" * 900_000, "file", "2.pdf")
        await line.until_done()
        assert sorted(row["state"] for row in await line.rows()) == ["ready", "refused"]

    async def test_a_channel_that_is_not_configured_any_more(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        line.work.channels = {}
        await line.until_done()
        assert (await line.file()).reason == "no_way"


class TestAgain:
    async def test_a_platform_that_is_down_is_asked_again(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        line.platform.state = "down"
        await line.until_done()
        assert ((await line.file()).state, (await line.file()).attempts) == (State.WAITING, 1)
        line.platform.state = "up"
        await line.until_done()
        assert (await line.file()).state is State.WAITING  # not before its time
        await line.now_due()
        await line.until_done()
        assert (await line.file()).state is State.READY
        assert await line.said() == []

    async def test_what_the_platform_is_still_preparing(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, b"\x00\x00\x00\x1cftypisom" + b"\x00" * 100, "video")
        number = next(iter(line.platform.contents))
        line.platform.preparing.add(number)
        await line.until_done()
        line.platform.preparing.clear()
        await line.now_due()
        await line.until_done()
        assert ((await line.file()).state, (await line.file()).kind) == (State.READY, "video")

    async def test_after_many_tries_it_is_given_up_and_told(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        line.platform.state = "down"
        await line.talk.run("UPDATE files SET attempts = %s", service.ATTEMPTS - 1)
        await line.until_done()
        assert ((await line.file()).state, (await line.file()).reason) == (State.REFUSED, "unreachable")
        assert len(await line.said()) == 1

    async def test_of_two_workers_one_fetches(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        async with line.talk.db.transaction() as first, line.talk.db.transaction() as second:
            one = await repository.claim(first, line.talk.cipher, State.WAITING, 5)
            two = await repository.claim(second, line.talk.cipher, State.WAITING, 5)
        assert (len(one), len(two)) == (1, 0)

    async def test_a_worker_that_comes_back_from_the_dead_changes_nothing(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        async with line.talk.db.transaction() as tx:
            (stale,) = await repository.claim(tx, line.talk.cipher, State.WAITING, 5)
        await line.now_due()
        await line.until_done()
        async with line.talk.db.transaction() as tx:
            assert not await service.refuse(tx, stale, "gone")
        assert (await line.file()).state is State.READY


class TestGoing:
    async def test_taken_back_by_its_writer(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.until_done()
        number = next(iter(line.platform.contents))
        await line.platform.happens(PERSON, "unsend", unsend={"messageId": number})
        await line.talk.run("UPDATE inbox SET triage_state = 'done', turn_state = 'answered'")
        async with line.talk.db.transaction() as tx:
            await visitors.erase_withdrawn(tx, line.talk.cipher)
        assert (await line.rows(), await line.forms()) == ([], [])

    async def test_taken_back_while_it_is_being_fetched(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        async with line.talk.db.transaction() as tx:
            (claimed,) = await repository.claim(tx, line.talk.cipher, State.WAITING, 5)
        await line.talk.run("DELETE FROM files")
        await line.work._fetch(claimed)
        assert (await line.rows(), await line.forms()) == ([], [])

    async def test_with_its_citizen(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.until_done()
        file = await line.file()
        async with line.talk.db.transaction() as tx:
            assert await service.seen(tx, file, 1, 1, "picture")
            await erasure.erase(tx, line.talk.cipher, [file.conversation_id], "chief")
        left = [await line.talk.run(f"SELECT 1 FROM {table}") for table in ("files", "file_contents", "file_views")]
        assert left == [[], [], []]

    async def test_its_time_is_over(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.until_done()
        assert await line.work.expire() == 0
        left = (await line.file()).expires_at - (await line.talk.run("SELECT now() AS at"))[0]["at"]
        assert timedelta(days=29) < left < timedelta(days=31)
        await line.talk.run("UPDATE files SET expires_at = now() - interval '1 second'")
        assert await line.work.expire() == 1
        file = await line.file()
        assert (file.state, file.name, file.has_position, await line.forms()) == (State.EXPIRED, "", False, [])
        assert await line.work.expire() == 0

    async def test_under_a_legal_hold_it_stays(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, a_picture())
        await line.until_done()
        file = await line.file()
        async with line.talk.db.transaction() as tx:
            await holds.set_hold(tx, line.talk.cipher, file.conversation_id, "chief", "수사 요청")
        await line.talk.run("UPDATE files SET expires_at = now() - interval '1 second'")
        assert await line.work.expire() == 0
        async with line.talk.db.transaction() as tx:
            await holds.lift_hold(tx, line.talk.cipher, file.conversation_id, "chief")
        assert await line.work.expire() == 1


class TestToThePlatform:
    async def test_a_picture_of_ours_is_shown_as_one_and_only_once(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        (row,) = await line.talk.run("SELECT id FROM conversations")
        picture = SentFile(1, "image", "", "https://g.example/files/1.p.9.x", "https://g.example/files/1.t.9.x")
        await line.talk.answer(row["id"], "상담관이 사진을 보냈습니다.", kind="file", file=picture)
        await line.talk.send()
        await line.talk.send()
        assert line.platform.telephones.texts(PERSON) == ["상담관이 사진을 보냈습니다.", picture.url]
        assert line.platform.refused == []

    async def test_nothing_of_it_reaches_a_guarded_screen(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        (row,) = await line.talk.run("SELECT id FROM conversations")
        async with line.talk.db.transaction() as tx:
            await guarding.mark(tx, row["id"], guarding.AGENT)
        await line.talk.answer(row["id"], "상담관이 사진을 보냈습니다.", kind="file", file=SentFile(1, "image", "", "https://g.example/files/1.p.9.x"))
        await line.talk.send()
        assert line.platform.telephones.texts(PERSON) == []


class TestDangerFirst:
    async def test_a_file_that_is_being_stored_holds_nobody_up(self, line: Line) -> None:
        """The largest file that is taken, sealed and written while the danger button is pressed in the same conversation."""
        await line.platform.says(PERSON, "여권")
        await line.platform.sends_file(PERSON, b"%PDF-" + b"x" * 990_000, "file", "1.pdf")
        fetching = asyncio.create_task(line.until_done())
        began = time.monotonic()
        assert await line.platform.happens(PERSON, "postback", postback={"data": DANGER}) == 200
        assert time.monotonic() - began < 5
        await fetching
        assert [row["severity"] for row in await line.talk.run("SELECT severity FROM cases")] == ["life_threat"]
        assert (await line.file()).state is State.READY

    async def test_a_picture_in_an_open_emergency_goes_to_the_person(self) -> None:
        row = {"status": "open", "owner_kind": "bot", "is_guarded": False, "is_hushed": False, "content": {"text": "(사진)"}, "kind": "file"}
        assert turn.plan(row | {"case_severity": "life_threat"}).kind == "acknowledge"
        assert turn.plan(row | {"case_severity": None, "owner_kind": "agent"}).kind == "to_person"
        assert turn.plan(row | {"case_severity": None}).kind == "answer"

    async def test_words_that_come_with_a_file_are_read_whatever_becomes_of_it(self, line: Line) -> None:
        await line.platform.sends_file(PERSON, b"", "file", "살려주세요 감금됐어요.pdf")
        (row,) = await line.talk.run("SELECT triage_state, turn_state FROM inbox")
        assert row == {"triage_state": "pending", "turn_state": "pending"}

    async def test_a_guarded_screen_shows_no_word_of_files(self, line: Line) -> None:
        for kind in ("file", words.KIND):
            assert guarding.screened(kind, {"text": "(사진)"}, is_guarded=True) is None
            assert guarding.screened(kind, {"text": "(사진)"}, is_guarded=False) is not None

    async def test_so_the_bots_own_answer_to_a_file_is_none_of_it_either(self, line: Line) -> None:
        slot = turn.TurnSlot(line.talk.services, turn.TurnQueue())
        reply = await slot._compose({"kind": "file", "content": {"text": "(사진)"}}, "answer")
        assert [(body.kind, "글로도" in body.text) for body in reply.bodies] == [(words.KIND, True)]
