"""Uploads of the web chat: stored once under their client id, by what they are and not by what they are called, and never more than allowed."""

from __future__ import annotations

import io

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from bot import errors
from bot.channels.webchat.routes import build_router
from bot.files.routes import build_router as files_router
from bot.limits import Limits
from bot.services import Services
from conversation import guarding
from conversation import service as conversation
from conversation.files import links, service
from conversation.files.kinds import JPEG
from conversation.files.names import name_of
from conversation.files.pictures import Drawn
from conversation.files.schemas import Form
from conversation.schemas import AuthorKind, Body
from core import db as database
from core.clock import now
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards

BASE = "/webchat/v1/conversations"


def a_picture(colour=(9, 120, 40)):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def settings():
    return Settings(file_max_mb=1, file_conversation_max_mb=2, files_per_minute=8)


@pytest.fixture
async def client(db, cipher, settings):
    hub = EventHub(db)
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(Services(settings, db, cipher, hub, CrisisCards.load(hotline=settings.hotline)), Limits(settings)))
    app.include_router(files_router(db, cipher))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://chat.test") as client:
        yield client


@pytest.fixture
async def talk(client):
    made = (await client.post(BASE, json={"view": True})).json()
    return made["conversation_id"], {"Authorization": f"Bearer {made['token']}"}


async def send(client, talk, content, client_id="f1", name="", **headers):
    given = {"X-Client-Id": client_id, "X-File-Name": name} | talk[1] | headers
    return await client.post(f"{BASE}/{talk[0]}/files", content=content, headers=given)


async def rows(db, statement, *values):
    async with db.read() as connection:
        return await database.rows(connection, statement, *values)


async def count(db, table):
    return (await rows(db, f"SELECT count(*) AS n FROM {table}"))[0]["n"]


class TestTaken:
    async def test_a_picture_is_a_line_that_waits_for_triage_and_a_file_that_waits_to_be_drawn(self, client, talk, db):
        answer = await send(client, talk, a_picture(), name="%EC%97%AC%EA%B6%8C.jpg")
        assert (answer.status_code, answer.json()) == (202, {"sequence": 1, "stays": True})
        assert await rows(db, "SELECT m.kind, i.triage_state, i.turn_state FROM messages m JOIN inbox i ON i.message_id = m.id") == [
            {"kind": "file", "triage_state": "pending", "turn_state": "pending"}
        ]
        assert [(row["state"], row["media_type"]) for row in await rows(db, "SELECT * FROM files")] == [("received", "image/jpeg")]
        events = (await client.get(f"{BASE}/{talk[0]}/events", headers=talk[1])).json()["events"]
        assert [(event["message"]["text"], event["message"]["client_id"]) for event in events] == [("(사진)", "f1")]

    async def test_a_pdf_is_ready_at_once(self, client, talk, db):
        assert (await send(client, talk, b"%PDF-1.7\n", name="%EC%97%AC%EA%B6%8C.pdf")).status_code == 202
        assert [(row["state"], row["kind"]) for row in await rows(db, "SELECT * FROM files")] == [("ready", "document")]

    async def test_what_it_is_called_counts_for_nothing(self, client, talk, db):
        answer = await send(client, talk, a_picture(), name="page.html", **{"Content-Type": "text/html"})
        assert answer.status_code == 202
        assert [row["media_type"] for row in await rows(db, "SELECT media_type FROM files")] == ["image/jpeg"]

    async def test_a_repeat_is_the_same_and_another_file_under_its_id_is_refused(self, client, talk, db):
        first, again = await send(client, talk, a_picture()), await send(client, talk, a_picture())
        assert (first.json(), again.json()) == ({"sequence": 1, "stays": True},) * 2
        other = await send(client, talk, a_picture((1, 2, 3)))
        assert (other.status_code, other.json()["error"]["code"]) == (409, "client_id_reused")
        assert (await count(db, "files"), await count(db, "messages")) == (1, 1)

    async def test_a_guarded_page_keeps_nothing(self, client, talk, db, cipher):
        async with db.transaction() as tx:
            await guarding.mark(tx, talk[0], guarding.AGENT)
        assert (await send(client, talk, a_picture())).json() == {"sequence": 1, "stays": False}
        assert (await client.get(f"{BASE}/{talk[0]}/events", headers=talk[1])).json()["events"] == []
        assert await count(db, "files") == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b"", 422, "file_empty"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "file_kind"),
            (b"<!doctype html><script>alert(1)</script>", 415, "file_kind"),
            (b"MZ\x90\x00", 415, "file_kind"),
            (b"\x00\x00\x00\x1cftypisom\x00", 415, "file_kind"),
            (b"just words", 415, "file_kind"),
            (b"\xff\xd8\xff" + b"x" * 1_000_000, 413, "file_over_limit"),
        ],
    )
    async def test_by_what_it_is(self, client, talk, db, content, status, code):
        answer = await send(client, talk, content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert (await count(db, "files"), await count(db, "messages")) == (0, 0)

    async def test_a_hundred_megabytes_that_do_not_say_so_are_not_read(self, client, talk, db):
        sent = []

        async def endless():
            for number in range(1600):
                sent.append(number)
                yield b"\xff\xd8\xff" + b"x" * 65_533

        answer = await send(client, talk, endless())
        assert answer.json()["error"]["code"] == "file_over_limit"
        assert await count(db, "files") == 0

    async def test_a_hundred_megabytes_that_are_announced(self, client, talk):
        answer = await send(client, talk, b"\xff\xd8\xff", **{"Content-Length": str(10**8)})
        assert answer.json()["error"]["code"] == "file_over_limit"

    async def test_anothers_token(self, client, talk, db):
        other = (await client.post(BASE, json={"view": True})).json()
        for token in (other["token"], "", "x"):
            answer = await client.post(f"{BASE}/{talk[0]}/files", content=a_picture(), headers={"X-Client-Id": "f1", "Authorization": f"Bearer {token}"})
            assert answer.json()["error"]["code"] == "bad_token"
        assert await count(db, "files") == 0

    @pytest.mark.parametrize("client_id", ["", "x" * 81, "a b", "a/b", "a:b"])
    async def test_a_client_id_that_is_none(self, client, talk, client_id):
        assert (await send(client, talk, a_picture(), client_id=client_id)).json()["error"]["code"] == "invalid_request"

    async def test_a_conversation_that_is_over(self, client, talk, db):
        await rows(db, "UPDATE conversations SET status = 'closed', closed_at = now() RETURNING id")
        assert (await send(client, talk, a_picture())).json()["error"]["code"] == "conversation_closed"
        assert await count(db, "files") == 0

    async def test_more_than_a_conversation_may_hold(self, client, talk):
        codes = [(await send(client, talk, b"%PDF-" + b"x" * 900_000, f"f{n}")).json().get("error", {}).get("code") for n in range(3)]
        assert codes == [None, None, "files_full"]

    async def test_file_after_file(self, client, talk):
        codes = [(await send(client, talk, a_picture(), f"f{n}")).status_code for n in range(10)]
        assert codes.count(429) == 2

    @pytest.mark.parametrize(
        ("given", "name"),
        [("", ""), ("..%2F..%2Fetc%2Fpasswd", "passwd"), ("a%0D%0Ab.pdf", "ab.pdf"), ("%E2%80%AEfdp.exe", "fdp.exe"), ("%FF", "�"), ("x" * 900, "x" * 200)],
    )
    def test_a_name_is_one_line_and_no_way(self, given, name):
        assert name_of(given) == name


class TestFromTheAgent:
    """What an agent has sent, as the citizen opens it."""

    async def sent(self, db, cipher, settings, conversation_id):
        async with db.transaction() as tx:
            posted = await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, Body("(사진)", kind="file"), client_id="x")
            file_id = await service.send(
                tx, cipher, "webchat", conversation_id, posted.message_id, b"", JPEG, "여권.jpg", service.kept_for(settings), Drawn(a_picture(), b"small")
            )
        return file_id

    async def test_the_link_opens_it_in_a_sandbox(self, client, talk, db, cipher, settings):
        file_id = await self.sent(db, cipher, settings, talk[0])
        answer = await client.get(links.path_of(cipher, file_id, Form.PICTURE, now() + service.kept_for(settings)))
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, a_picture(), "image/jpeg")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("inline")
        assert "여권" not in str(answer.headers)

    async def test_a_link_that_is_over_changed_or_guessed_leads_nowhere(self, client, talk, db, cipher, settings):
        file_id = await self.sent(db, cipher, settings, talk[0])
        good = links.path_of(cipher, file_id, Form.PICTURE, now() + service.kept_for(settings))
        over = links.path_of(cipher, file_id, Form.PICTURE, now())
        changed = good.replace(f"{file_id}.p", f"{file_id}.o")
        missing = links.path_of(cipher, file_id, Form.ORIGINAL, now() + service.kept_for(settings))
        for path in (over, changed, missing, good[:-1], "/files/1.p.99999999999.0", "/files/%ff", "/files/..%2f..%2fetc", f"{links.PATH}é"):
            assert (await client.get(path)).status_code == 404

    async def test_a_guarded_conversations_leads_nowhere(self, client, talk, db, cipher, settings):
        file_id = await self.sent(db, cipher, settings, talk[0])
        good = links.path_of(cipher, file_id, Form.PICTURE, now() + service.kept_for(settings))
        assert (await client.get(good)).status_code == 200
        async with db.transaction() as tx:
            await guarding.mark(tx, talk[0], guarding.AGENT)
        assert (await client.get(good)).status_code == 404
