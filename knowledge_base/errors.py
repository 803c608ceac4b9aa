"""What can be wrong with a notice or a card; every message names the thing and is one plain sentence."""

from __future__ import annotations

from core.errors import CATALOGUE


class NoticeError(ValueError):
    """A notice or a file of notices cannot be read, stored or published as it is; ``code`` is a row of the catalogue in ``core/errors.py``."""

    def __init__(self, notice_id: str, message: str, code: str = "bad_notice") -> None:
        self.notice_id = notice_id
        self.code = code
        super().__init__(message)

    @property
    def korean(self) -> str:
        """The sentence for the person who brought it."""
        return CATALOGUE[self.code].korean


class CardError(ValueError):
    """A crisis card breaks a rule that protects people."""
