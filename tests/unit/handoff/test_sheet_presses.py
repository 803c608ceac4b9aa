"""A dialog's button acts once, however often and whenever it is pressed."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from handoff.desk.sheet import Sheet


def sheet(closed: list[str]) -> Any:
    made = Sheet.__new__(Sheet)
    made._client, made._button, made._is_busy, made._code = nullcontext(), None, False, "person"
    made._dialog = SimpleNamespace(close=lambda: closed.append("closed"))
    made._problem = SimpleNamespace(set_text=closed.append)
    return made


async def test_a_press_that_was_on_its_way_when_the_first_was_done_is_the_same_press() -> None:
    closed: list[str] = []
    made = sheet(closed)
    acts: list[int] = []

    async def act() -> str | None:
        acts.append(1)
        return None

    await made.run(act)
    await made.run(act)
    assert (acts, closed) == ([1], ["closed"])


async def test_after_a_refusal_it_may_be_pressed_again() -> None:
    closed: list[str] = []
    made = sheet(closed)
    answers = iter(["공관을 고르세요.", None])

    async def act() -> str | None:
        return next(answers)

    await made.run(act)
    await made.run(act)
    assert closed == ["공관을 고르세요.", "closed"]
