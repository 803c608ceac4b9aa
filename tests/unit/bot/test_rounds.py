"""A worker's round goes on whatever one of them meets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot import rounds
from core.errors import DatabaseUnavailable

PAUSE_S, MORE_S = 7.0, 0.5


async def what_follows(monkeypatch: pytest.MonkeyPatch, *rounds_of_it: bool | Exception) -> tuple[list[float], list[Exception]]:
    """How long each round was followed by a pause, and what was reported."""
    left, pauses, reported = list(rounds_of_it), [], []

    async def work() -> bool:
        if not left:
            raise asyncio.CancelledError
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(rounds.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await run(work, reported.append)
    return pauses, reported


async def run(work: Callable[[], Awaitable[bool]], failed: Callable[[Exception], object]) -> None:
    await rounds.go_on(work, failed, pause_s=PAUSE_S, more_s=MORE_S)


async def test_what_has_more_to_do_comes_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await what_follows(monkeypatch, True, True, False) == ([MORE_S, MORE_S, PAUSE_S], [])


async def test_an_error_is_reported_once_and_the_next_round_comes_after_the_usual_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ValueError("wrong")
    assert await what_follows(monkeypatch, True, wrong, False) == ([MORE_S, PAUSE_S, PAUSE_S], [wrong])


async def test_a_lost_database_is_waited_out_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await what_follows(monkeypatch, DatabaseUnavailable(), False) == ([PAUSE_S, PAUSE_S], [])
