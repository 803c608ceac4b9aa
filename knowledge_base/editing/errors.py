"""How an edit is refused: always an ``AppError`` with a code and a Korean sentence, so that a page has one thing to catch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from core.errors import AppError
from knowledge_base.errors import NoticeError
from knowledge_base.schemas import NoticeContent


class StaleEdit(AppError):
    """Somebody else has saved since this edit was begun. ``version`` and ``by`` tell what is newest now."""

    def __init__(self, notice_id: str, version: int, by: str) -> None:
        self.version = version
        self.by = by
        super().__init__("notice_changed", f"{notice_id} is at version {version}", version=version, by=by)


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """What the rules of notices refuse, as the one error of this package; ``field`` names the field where there is one."""
    try:
        yield
    except NoticeError as error:
        word = str(error).split(" ", 1)[0]
        extra = {"field": word} if word in NoticeContent.__dataclass_fields__ else {}
        raise AppError(error.code, str(error), **extra) from error
