"""Map tiles come through our own address, for signed-in staff, and only pictures do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from fastapi import FastAPI

from accounts import service as accounts
from accounts.schemas import COOKIE
from bot import errors
from handoff.desk.tiles import build_router

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PASSWORD = "긴-암호-문장-스물두-글자-이상"


@contextmanager
def tile_server(body):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(db):
    async def make(url, *, signed_in=True):
        app = FastAPI()
        errors.install(app)
        app.include_router(build_router(db, url))
        cookies = {}
        if signed_in:
            async with db.transaction() as tx:
                token = await accounts.invite(tx, ["agent"])
            async with db.transaction() as tx:
                await accounts.accept_invite(tx, token, "haneul", "김하늘", PASSWORD)
            cookies = {COOKIE: (await accounts.sign_in(db, "haneul", PASSWORD, "127.0.0.1")).token}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", cookies=cookies, headers={"User-Agent": "desk-of-haneul"})

    return make


async def test_a_tile_is_fetched_once_and_says_nothing_of_who_looks(client):
    with tile_server(PNG) as (url, asked):
        async with await client(url) as desk:
            first, second = [await desk.get("/desk/tiles/12/3000/1900.png") for _ in range(2)]
    assert (first.status_code, first.content, first.headers["content-type"]) == (200, PNG, "image/png")
    assert second.content == PNG
    assert [path for path, _ in asked] == ["/12/3000/1900.png"]
    assert "desk-of-haneul" not in str(asked)
    assert "Cookie" not in asked[0][1]


async def test_what_is_no_picture_and_what_is_no_tile_is_not_passed_on(client):
    with tile_server(b"<script>alert(1)</script>") as (url, asked):
        async with await client(url) as desk:
            assert (await desk.get("/desk/tiles/3/1/1.png")).status_code == 404
            for path in ("3/9/1", "99/1/1", "3/-1/1"):
                assert (await desk.get(f"/desk/tiles/{path}.png")).status_code == 404
            assert (await desk.get("/desk/tiles/3/x/1.png")).status_code == 422
    assert len(asked) == 1


async def test_nothing_is_asked_for_a_stranger_or_without_a_server(client):
    with tile_server(PNG) as (url, asked):
        async with await client(url, signed_in=False) as stranger:
            assert (await stranger.get("/desk/tiles/3/1/1.png")).status_code == 401
    assert asked == []
    async with await client("") as desk:
        assert (await desk.get("/desk/tiles/3/1/1.png")).status_code == 404
