"""A person who opens an old link sees words and a number, a program sees the one JSON shape."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from core.errors import HOTLINE, AppError


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    errors.install(app)

    @app.get("/gone")
    async def gone() -> None:
        raise AppError("link_expired", hint="x")

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_a_browser_gets_a_page(client: httpx.AsyncClient):
    answer = await client.get("/gone", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 410
    assert "열 수 없는 링크" in answer.text
    assert f"tel:{HOTLINE}" in answer.text


@pytest.mark.parametrize("path", ["/gone", "/nowhere"])
async def test_a_program_gets_json(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["message"]
