"""An agent sends a picture: drawn anew, under one id, as far as the channel shows it, and never into a conversation where somebody may read along."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from accounts.schemas import COOKIE
from bot import errors
from bot.channels.webchat.routes import render_line
from bot.files.routes import build_router as files_router
from conversation import guarding, limits
from conversation import service as conversation
from conversation.files import links
from conversation.files.kinds import PDF
from conversation.schemas import ChannelLimits
from core import db as database
from core.clock import now, told_by
from core.errors import AppError
from core.settings import Settings
from handoff import files
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
    app.include_router(files_router(db, cipher))
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


@pytest.fixture
async def on_words(db, case, monkeypatch):
    """The case's citizen writes from a channel that shows words alone, and takes addresses in them."""

    async def left(connection, row):
        return ChannelLimits(1000, file_links=True)

    monkeypatch.setitem(limits._known, "kakao", left)
    await rows(db, "UPDATE conversations SET channel = 'kakao' RETURNING id")


async def sent_address(desk, case, db, cipher, content):
    assert (await send(desk, case, content)).status_code == 200
    (line,) = await lines(db, cipher, case)
    assert "72시간 동안 열립니다" in line.text
    assert line.body["file"]["preview_url"] == ""
    return line.body["file"]["url"]


class TestAsAnAddress:
    @pytest.mark.parametrize(("content", "kind"), [(a_picture(), "image/jpeg"), (b"%PDF-1.7\n", "application/pdf")])
    async def test_only_who_presses_the_button_gets_it(self, desk, case, db, cipher, on_words, content, kind):
        url = await sent_address(desk, case, db, cipher, content)
        assert url.startswith("https://g.example/f/")
        assert len(url) <= 90  # of a text message's bytes
        for _ in range(2):  # a messenger looks behind the address before the person does
            page = await desk.get(url, headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
            assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("no-store", "noindex")
            assert not any(word in page.text for word in ("영사", "상담", "안내.jpg", "2-3210"))
        opened = await desk.post(url)
        assert (opened.status_code, opened.headers["content-type"]) == (200, kind)
        assert b"GEHEIM" not in opened.content
        # What the page's address ends with opens nothing where messengers fetch pictures.
        assert (await desk.get(url.replace("/f/", "/files/"))).status_code == 404

    async def test_its_time_ends(self, desk, case, db, cipher, on_words):
        url, at = await sent_address(desk, case, db, cipher, a_picture()), now()
        with told_by(lambda: at + timedelta(hours=71)):
            assert (await desk.post(url)).status_code == 200
        with told_by(lambda: at + timedelta(hours=72)):
            assert [(await ask(url)).status_code for ask in (desk.get, desk.post)] == [404, 404]

    async def test_it_leads_nowhere_once_somebody_may_read_along(self, desk, case, db, cipher, on_words):
        url = await sent_address(desk, case, db, cipher, a_picture())
        never = (await desk.get("https://g.example/f/1.p.1.0")).content
        async with db.transaction() as tx:
            await guarding.mark(tx, case.conversation_id, guarding.AGENT)
        for ask in (desk.get, desk.post):
            answer = await ask(url)
            assert (answer.status_code, answer.content) == (404, never)
            assert "영사" not in answer.text

    async def test_never_sent_there_in_a_guarded_conversation(self, desk, case, db, on_words):
        async with db.transaction() as tx:
            await guarding.mark(tx, case.conversation_id, guarding.AGENT)
        assert code(await send(desk, case, a_picture())) == "guarded_no_file"
        assert await rows(db, "SELECT 1 FROM outbox") == []

    @pytest.mark.parametrize("bad", ["1.p.99999999999.0", "x", "1.2.3.4.5", "é", "%ff", "..%2f..%2fetc"])
    async def test_an_address_of_somebody_elses_making(self, desk, bad):
        assert [(await ask(f"/f/{bad}")).status_code for ask in (desk.get, desk.post)] == [404, 404]

    @pytest.mark.parametrize(("public_url", "may"), [("http://g.example", False), ("", False), ("http://127.0.0.1:8080", True), ("https://g.example", True)])
    async def test_nothing_goes_over_an_open_line(self, case, db, cipher, call, desk, on_words, public_url, may):
        what = (case.id, desk.agent, b"%PDF-1.7", PDF, None, "a.pdf", "f1", public_url)
        if may:
            await call(files.send, cipher, *what)
        else:
            with pytest.raises(AppError) as refused:
                await call(files.send, cipher, *what)
            assert refused.value.code == "channel_no_file"
