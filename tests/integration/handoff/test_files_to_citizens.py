"""An agent sends a picture: drawn anew, under one id, as far as the channel shows it, and never into a conversation where somebody may read along."""

from __future__ import annotations

import io
import json

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from accounts.schemas import COOKIE
from bot import errors
from bot.channels.webchat.routes import render_line
from conversation import guarding, limits
from conversation import service as conversation
from conversation.files import links
from conversation.schemas import ChannelLimits
from core import db as database
from core.errors import AppError
from core.settings import Settings
from handoff import service as handoff
from handoff.desk.file_routes import build_router


def a_picture():
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x8825] = {1: "N", 2: (37.0, 33.0, 0.0), 3: "E", 4: (127.0, 0.0, 0.0)}
    exif[0x010F] = "GEHEIM"
    Image.new("RGB", (60, 40), (9, 120, 40)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


@pytest.fixture
async def desk(db, cipher, monkeypatch, make_staff):
    agent = await make_staff()

    async def person(self, connection):
        if self._token != "agent":
            raise AppError("not_signed_in")
        return agent

    monkeypatch.setattr("handoff.desk.session.Session.person", person)
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(db, cipher, Settings(file_max_mb=1, public_url="https://g.example")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="https://g.example") as client:
        client.agent = agent
        yield client


@pytest.fixture
async def case(call, make_case, desk):
    made = await make_case()
    await call(handoff.claim, made.id, desk.agent)
    return made


async def send(desk, case, content, client_id="f1", cookie="agent", **headers):
    given = {"Cookie": f"{COOKIE}={cookie}", "Origin": "https://g.example", "X-Client-Id": client_id, "X-File-Name": "%EC%95%88%EB%82%B4.jpg"} | headers
    return await desk.post(f"/desk/files/{case.id}", content=content, headers=given)


async def rows(db, statement, *values):
    async with db.read() as connection:
        return await database.rows(connection, statement, *values)


async def lines(db, cipher, case):
    async with db.read() as connection:
        return await conversation.transcript(connection, cipher, case.conversation_id)


def code(answer):
    return answer.json().get("error", {}).get("code")


async def test_a_picture_goes_without_its_place_and_only_once(desk, case, db, cipher):
    first, again = await send(desk, case, a_picture()), await send(desk, case, a_picture())
    assert (first.status_code, first.json()) == (200, again.json())
    (line,) = await lines(db, cipher, case)
    shown = render_line(line)
    assert (shown["author"], shown["kind"], shown["file"]["kind"]) == ("person", "file", "image")
    assert shown["file"]["url"].startswith(links.PATH)
    assert [row["form"] for row in await rows(db, "SELECT form FROM file_contents ORDER BY form")] == ["picture", "thumbnail"]
    assert [row["position"] for row in await rows(db, "SELECT position FROM files")] == [None]
    assert [row["detail"] for row in await rows(db, "SELECT detail FROM access_log WHERE action = 'file.send'")] == [{"file": line.body["file"]["id"]}]


async def test_a_pdf_goes_as_it_is(desk, case, db, cipher):
    assert (await send(desk, case, b"%PDF-1.7\n")).status_code == 200
    (line,) = await lines(db, cipher, case)
    assert render_line(line)["file"] == {"kind": "document", "name": "안내.jpg", "url": render_line(line)["file"]["url"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "file_empty"), (b"<svg/>", "file_kind"), (b"\xff\xd8\xff<html>", "file_picture_broken"), (b"%PDF-" + b"x" * 1_000_000, "file_over_limit")],
)
async def test_bad_files(desk, case, db, content, said):
    assert code(await send(desk, case, content)) == said
    assert await rows(db, "SELECT 1 FROM files") == []


async def test_never_where_somebody_may_read_along(desk, case, db):
    async with db.transaction() as tx:
        await guarding.mark(tx, case.conversation_id, guarding.AGENT)
    assert code(await send(desk, case, a_picture())) == "guarded_no_file"


async def test_not_by_whoever_may_not_write(desk, case, make_case):
    other = await make_case()
    assert code(await send(desk, other, a_picture())) == "not_owner"
    assert code(await send(desk, case, a_picture(), cookie="")) == "not_signed_in"
    assert code(await send(desk, case, a_picture(), Origin="https://evil.example")) == "cross_site"
    assert code(await send(desk, case, a_picture(), client_id="a b")) == "invalid_request"


@pytest.mark.parametrize(
    ("images", "files", "content", "said"),
    [(True, False, a_picture(), None), (True, False, b"%PDF-1.7", "channel_no_file"), (False, False, a_picture(), "channel_no_file")],
)
async def test_as_far_as_the_channel_takes_it(desk, case, db, monkeypatch, images, files, content, said):
    async def left(connection, row):
        return ChannelLimits(1000, images=images, files=files)

    monkeypatch.setitem(limits._known, "line", left)
    await rows(db, "UPDATE conversations SET channel = 'line' RETURNING id")
    assert code(await send(desk, case, content)) == said
    if said is None:
        (row,) = await rows(db, "SELECT state, channel FROM outbox")
        assert row == {"state": "pending", "channel": "line"}


async def test_the_address_stands_sealed(desk, case, db):
    await send(desk, case, a_picture())
    assert "/files/" not in json.dumps(await rows(db, "SELECT * FROM messages"), default=repr)
