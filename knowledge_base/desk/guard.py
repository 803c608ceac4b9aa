"""The edge of the page: an expected failure becomes a sentence, a lost sign-in the way to sign in again, and nothing is ever silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote

from nicegui import Client, background_tasks, ui

from core.errors import CATALOGUE, AppError
from core.logging import get
from knowledge_base.errors import NoticeError

T = TypeVar("T")
log = get(__name__)
Refused = Callable[[AppError], bool]


def place(notice_id: str = "", *, is_new: bool = False) -> str:
    """The page's address with a notice opened, or with one that is being written and is not stored yet."""
    return f"/kb/{'new' if is_new else 'notice'}/{quote(notice_id, safe='')}" if notice_id else "/kb"


class Guard:
    """Runs what a person has asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.here = place()

    async def run(self, action: Callable[[], Awaitable[T]], refused: Refused | None = None) -> T | None:
        """The action's result, or None after saying why not. ``refused`` may take a failure over by answering True."""
        try:
            return await action()
        except (AppError, NoticeError) as found:
            error = found if isinstance(found, AppError) else AppError(found.code, str(found))
            with self._client:
                if error.code == "not_signed_in":
                    self.sign_in()
                elif refused is None or not refused(error):
                    self.tell(error.kind.korean)
        except Exception:  # the edge of the page: a person must never press a button and see nothing
            log.exception("kb_action_failed")
            with self._client:
                self.tell(CATALOGUE["internal"].korean)
        return None

    async def done(self, action: Callable[[], Awaitable[Any]], sentence: str, refused: Refused | None = None) -> bool:
        """Whether it succeeded; then it is said."""
        ok = False

        async def do() -> None:
            nonlocal ok
            await action()
            ok = True

        await self.run(do, refused)
        if ok and sentence:
            with self._client:
                ui.notify(sentence, type="positive", position="top")
        return ok

    def sign_in(self) -> None:
        """To the sign-in and back; what was typed waits in the browser's tab."""
        ui.run_javascript("window.kbLeaving = true")
        ui.navigate.to(f"/staff/sign-in?next={quote(self.here, safe='')}")

    def tell(self, sentence: str) -> None:
        """A failure, to be read and closed by the person."""
        ui.notify(sentence, type="negative", position="top", close_button="닫기", timeout=0 if len(sentence) > 60 else 6000)


class Later:
    """Does the last of several things asked for in quick succession, after a pause."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._number = 0

    def ask(self, action: Callable[[], Awaitable[Any]], pause_s: float | None = None) -> None:
        """Do this, unless something else is asked for first."""
        self._number += 1
        background_tasks.create(self._do(self._number, action, self._pause_s if pause_s is None else pause_s), name="kb-later")

    async def _do(self, number: int, action: Callable[[], Awaitable[Any]], pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        if number == self._number:
            await action()

    def drop(self) -> None:
        """Nothing of it any more."""
        self._number += 1
