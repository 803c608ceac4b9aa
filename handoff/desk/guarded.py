"""The edge of a page: an expected failure becomes a sentence, a lost sign-in the way to sign in again, and nothing is ever silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks, ui

from core.errors import CATALOGUE, AppError
from core.logging import get

log = get(__name__)


async def guarded(client: Client, here: str, action: Callable[[], Awaitable[Any]], *, quiet: bool = False, case_id: int | None = None) -> bool:
    """Run what a person has asked for; whether it succeeded.

    ``here`` is the page, where signing in leads back to. ``quiet``: nobody has asked, so nothing is said.
    """
    try:
        await action()
    except AppError as error:
        with client:
            if error.code == "not_signed_in":
                ui.navigate.to(f"/staff/sign-in?next={here}")
            elif not quiet:
                ui.notify(error.kind.korean, type="negative", close_button="닫기")
        return False
    except Exception:  # the edge of the page: a person must never press a button and see nothing
        log.exception("desk_action_failed", page=here, case_id=case_id)
        if not quiet:
            with client:
                ui.notify(CATALOGUE["internal"].korean, type="negative", close_button="닫기")
        return False
    return True


def spawn(work: Awaitable[Any]) -> None:
    """Start what nobody waits for; an expected failure of it is a line in the log."""

    async def run() -> None:
        try:
            await work
        except AppError as error:
            log.warning("desk_refresh_failed", code=error.code)

    background_tasks.create(run(), name="desk-work")
