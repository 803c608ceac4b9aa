"""What can be wrong with a notice or a card; every message names the thing and is one plain sentence."""

from __future__ import annotations


class NoticeError(ValueError):
    """A notice cannot be read, stored or published as it is."""

    def __init__(self, notice_id: str, message: str) -> None:
        self.notice_id = notice_id
        super().__init__(message)


class CardError(ValueError):
    """A crisis card breaks a rule that protects people."""
