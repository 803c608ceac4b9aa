"""What `make demo` puts beside the program: every platform's page does what a person does, and its settings give a channel that works."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from bot.channels import demo, registry
from core.crypto import Cipher
from core.db import Database
from core.ports import free_port
from core.settings import Settings

CHANNELS = {"line", "sms", "kakao", "wechat", "wechat_mini"}
PICTURE = b"\xff\xd8\xff\xe0 a picture"


class Program:
    """Takes every webhook and remembers it."""

    def __init__(self) -> None:
        self.took: list[tuple[str, bytes]] = []
        self.app = FastAPI()
        self.app.post("/{path:path}")(self.take)

    async def take(self, path: str, request: Request) -> PlainTextResponse:
        self.took.append((path, await request.body()))
        skill = '{"version": "2.0", "template": {"outputs": [{"simpleText": {"text": "네"}}]}}'
        return PlainTextResponse(skill if "kakao" in path else "success", media_type="application/json")


@pytest_asyncio.fixture
async def pages() -> AsyncIterator[tuple[Program, dict[str, httpx.AsyncClient]]]:
    """A program, and a browser at the page of each platform, by title."""
    program, port = Program(), free_port(together=1 + len(demo.SIMULATIONS))
    async with AsyncExitStack() as stack:
        running, _ = demo.prepared("127.0.0.1", port)
        servers = [demo.Beside(uvicorn.Config(program.app, host="127.0.0.1", port=port, log_level="warning", access_log=False))]
        servers += [one.server for one in running]
        serving = [asyncio.create_task(server.serve()) for server in servers]

        async def end() -> None:
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*serving)

        stack.push_async_callback(end)
        async with asyncio.timeout(20):
            while not all(server.started for server in servers):
                await asyncio.sleep(0.02)
        yield program, {one.simulation.title: await stack.enter_async_context(httpx.AsyncClient(base_url=one.url)) for one in running}


async def does(page: httpx.AsyncClient, what: dict[str, Any]) -> list[dict[str, Any]]:
    """Do something, and what the telephone shows then."""
    assert (await page.post("/people/somebody/does", json=what)).status_code == 200
    return list((await page.get("/people/somebody/messages")).json()["messages"])


def test_its_settings_give_every_messenger(db: Database, cipher: Cipher) -> None:
    _, environment = demo.prepared("127.0.0.1", free_port())
    given = {name.removeprefix("GILDONGMU_").lower(): value for name, value in environment.items()}
    assert given.keys() <= Settings.model_fields.keys()
    assert registry.configured(Settings(**given), db, cipher).keys() == CHANNELS


async def test_every_page_sends_words_places_and_pictures(pages: tuple[Program, dict[str, httpx.AsyncClient]]) -> None:
    program, browsers = pages
    file = {"name": "사진.jpeg", "type": "image/jpeg", "content": base64.b64encode(PICTURE).decode()}
    for title, page in browsers.items():
        assert "text/html" in (await page.get("/")).headers["content-type"]
        came = len(program.took)
        if title != "문자":  # its words go by a carrier's line, which only a program holds
            assert [one["text"] for one in await does(page, {"text": "여권을 잃어버렸어요"}) if one["side"] == "person"] == ["여권을 잃어버렸어요"]
            assert len(program.took) == came + 1, title
            shown = await does(page, {"location": {"lat": 14.5, "lon": 120.9}})
            # Some rooms take no place: they say so, as long as no page of ours was offered.
            assert any("14.5" in one["text"] for one in shown) is (title not in ("카카오톡", "위챗 미니 프로그램"))
            came = len(program.took)
            shown = await does(page, {"file": file})
            assert len(program.took) == came + 1, title
        else:
            shown = await does(page, {"file": file})
        assert any("사진" in one["text"] for one in shown), title


async def test_a_platform_is_switched_off_and_on(pages: tuple[Program, dict[str, httpx.AsyncClient]]) -> None:
    _, browsers = pages
    for page in browsers.values():
        for state in ("down", "up"):
            await page.post(f"/state/{state}")
            assert (await page.get("/people/somebody/messages")).json()["state"] == state
        assert (await page.post("/state/broken")).status_code == 422
    line = browsers["라인"]
    asked = {"to": "U" + "0" * 32, "messages": [{"type": "text", "text": "네"}]}
    await line.post("/state/down")
    assert (await line.post("/v2/bot/message/push", json=asked)).status_code == 503
    await line.post("/state/up")
    assert (await line.post("/v2/bot/message/push", json=asked)).status_code == 401


async def test_both_accounts_of_wechat_are_asked_for_at_one_address(pages: tuple[Program, dict[str, httpx.AsyncClient]]) -> None:
    _, browsers = pages
    _, environment = demo.prepared("127.0.0.1", free_port())
    assert "GILDONGMU_WECHAT_API_URL" in environment
    accounts = [(environment[f"GILDONGMU_{name}_APP_ID"], environment[f"GILDONGMU_{name}_APP_SECRET"]) for name in ("WECHAT", "WECHAT_MINI")]
    tokens = []
    for app_id, secret in accounts:
        asked = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": False}
        tokens.append((await browsers["위챗"].post("/cgi-bin/stable_token", json=asked)).json()["access_token"])
    assert len(set(tokens)) == 2
    for token in tokens:  # known, and nobody has written to either yet
        content = {"touser": "somebody", "msgtype": "text", "text": {"content": "네"}}
        answer = await browsers["위챗"].post("/cgi-bin/message/custom/send", params={"access_token": token}, json=content)
        assert answer.json()["errcode"] in (45015, 45002)
