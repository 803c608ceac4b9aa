"""What is forged, cut, too large or old is refused before anything is asked of the database: in a flood of it, those who are citizens pay nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bench.webhooks import EXAMPLES
from bot import errors
from bot.channels import registry
from core.settings import Settings

WRONG = [(name, kind) for name, example in EXAMPLES.items() for kind in (*example.told, *example.silent)]


class Untouched:
    """Stands for the door, the database and the keys, and remembers who has asked for anything of them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        raise LookupError(name)


async def ask(name: str, kind: str, ours: Untouched, monkeypatch: pytest.MonkeyPatch) -> int:
    example = EXAMPLES[name]
    for variable, value in example.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(variable, value)
    channel = registry.configured(Settings(), ours, ours)[name]  # type: ignore[arg-type]
    app = FastAPI()
    errors.install(app)
    app.include_router(channel.routes(ours))  # type: ignore[arg-type]
    hook = example.make(1)
    if kind:
        hook = (example.told | example.silent)[kind](hook)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        answer = await client.post(hook.path, content=hook.body, headers={"content-type": hook.kind, **hook.headers})
    await channel.close()
    return answer.status_code


@pytest.mark.parametrize(("name", "kind"), WRONG)
async def test_it_is_refused_and_nothing_was_asked(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Untouched()
    status = await ask(name, kind, ours, monkeypatch)
    assert ours.asked == []
    assert status == 200 if kind in EXAMPLES[name].silent else 400 <= status < 500


@pytest.mark.parametrize("name", EXAMPLES)
async def test_what_is_right_goes_further(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Untouched()
    await ask(name, "", ours, monkeypatch)
    assert ours.asked != []
