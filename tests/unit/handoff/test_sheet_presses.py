"""A dialog's button acts once, however often and whenever it is pressed; what goes to a citizen goes once, and with a second press only after a warning."""

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from core.errors import AppError
from handoff.desk.desk import Desk
from handoff.desk.press import SAME_PRESS_S, Press
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


class Sending:
    """A press whose answers are given: None is written, a code refused. ``seen``: the id and the confirmation of each."""

    def __init__(self, *answers: str | None) -> None:
        self.at = 100.0
        self.seen: list[tuple[str, bool]] = []
        self._answers = iter(answers)
        self.press = Press(self.guarded, lambda: self.at)

    async def guarded(self, action: Any) -> bool:
        try:
            await action()
        except AppError:
            return False
        return True

    async def send(self, client_id: str, is_confirmed: bool) -> None:
        self.seen.append((client_id, is_confirmed))
        await asyncio.sleep(0)
        code = next(self._answers)
        if code is not None:
            raise AppError(code)

    async def __call__(self, what: object = "글", after_s: float = 1.0) -> bool:
        self.at += after_s
        return await self.press.run(what, self.send)

    @property
    def confirmed(self) -> list[bool]:
        return [one for _, one in self.seen]


async def test_only_the_warning_of_telling_words_makes_the_next_press_a_confirmation() -> None:
    press = Sending("database_unavailable", "guardian_refused", "telling_words", "database_unavailable", "telling_words", None)
    assert [await press() for _ in range(6)] == [False] * 5 + [True]
    assert press.confirmed == [False, False, False, True, False, True]


async def test_the_same_text_tried_again_keeps_its_id_and_the_next_one_has_its_own() -> None:
    press = Sending("database_unavailable", "telling_words", None, None, None)
    for what in ("글", "글", "글", "글", "다른 글"):
        await press(what)
    ids = [client_id for client_id, _ in press.seen]
    assert len(set(ids[:3])) == 1
    assert len(set(ids)) == 3


async def test_a_press_while_one_is_on_its_way_and_a_double_click_are_the_same_press() -> None:
    press = Sending("telling_words", None, None)
    assert await asyncio.gather(press(), press()) == [False, False]
    assert not await press(after_s=SAME_PRESS_S / 2)
    assert press.confirmed == [False], "the second click of a double click has read no warning"
    assert await press()
    assert not await press(after_s=SAME_PRESS_S / 2)
    assert press.confirmed == [False, True]


async def test_a_warning_is_of_one_text_and_over_once_something_else_is_looked_at() -> None:
    press = Sending("telling_words", "telling_words", "telling_words")
    await press("글")
    await press("다른 글")
    press.press.disarm()
    await press("다른 글")
    assert press.confirmed == [False, False, False]


async def test_asking_for_the_place_is_confirmed_by_nothing_but_the_warning(monkeypatch) -> None:
    desk: Any = Desk.__new__(Desk)
    sent, said = Sending("guardian_refused", "telling_words", None), []
    desk._case, desk._client, desk._place_press = SimpleNamespace(id=7), nullcontext(), sent.press
    desk._do = SimpleNamespace(ask_place=lambda case_id, client_id, *, is_confirmed: sent.send(client_id, is_confirmed))
    monkeypatch.setattr("handoff.desk.desk.ui.notify", lambda text, **_: said.append(text))
    for _ in range(3):
        sent.at += 1
        await desk._ask_place()
    assert sent.confirmed == [False, False, True]
    assert said == ["위치 링크를 보냈습니다."]
