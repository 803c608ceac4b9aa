"""A web process that starts while the database is away waits for it: it must be there to say which number to call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot import roles
from core.errors import DatabaseUnavailable


class Exited(BaseException):
    """The process would have ended."""


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        raise Exited

    monkeypatch.setattr(roles.os, "_exit", leave)
    return codes


def fails_at_first(error: Exception, times: int, done: list[str], name: str) -> Any:
    left = [error] * times

    async def work(_services: Any) -> None:
        if left:
            raise left.pop()
        done.append(name)

    return work


@pytest.mark.parametrize("part", ["load_models", "_first_run"])
async def test_whatever_part_of_the_start_finds_the_database_away_is_tried_again(part: str, exits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for name in ("load_models", "_first_run"):
        monkeypatch.setattr(roles, name, fails_at_first(DatabaseUnavailable("stopping"), int(name == part), done, name))
    monkeypatch.setattr(roles, "announce", done.append)
    await roles._load(SimpleNamespace())  # type: ignore[arg-type]
    assert (done, exits) == (["load_models", "_first_run", "READY"], [])


async def test_any_other_failure_ends_the_process_so_that_it_is_started_again(exits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(roles, "load_models", fails_at_first(ValueError("broken"), 1, done, "load_models"))
    with pytest.raises(Exited):
        await roles._load(SimpleNamespace())  # type: ignore[arg-type]
    assert (done, exits) == ([], [3])
