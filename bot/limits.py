"""Per-address and per-conversation limits, in the web process's memory; the danger button is never asked."""

from __future__ import annotations

import time
from collections import OrderedDict

from fastapi import Request

from core.errors import AppError
from core.settings import Settings

REMEMBERED = 20_000
#: The page says it every three seconds at most.
TYPING_PER_MINUTE = 30


class Bucket:
    """A token bucket per key: ``per_minute`` on average, and as much at once."""

    def __init__(self, per_minute: int) -> None:
        self.capacity = float(per_minute)
        self.per_second = per_minute / 60
        self._state: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Whether one more is allowed now."""
        at = time.monotonic()
        level, since = self._state.pop(key, (self.capacity, at))
        level = min(self.capacity, level + (at - since) * self.per_second)
        allowed = level >= 1
        self._state[key] = (level - 1 if allowed else level, at)
        while len(self._state) > REMEMBERED:
            self._state.popitem(last=False)
        return allowed


class Limits:
    """The web process's limits."""

    def __init__(self, settings: Settings) -> None:
        self._conversation = Bucket(settings.messages_per_minute)
        self._address = Bucket(settings.conversations_per_minute)
        self._typing = Bucket(TYPING_PER_MINUTE)
        self._files = Bucket(settings.files_per_minute)

    def check_conversation(self, conversation_id: str) -> None:
        """Raises ``too_many_requests`` when one conversation floods."""
        if not self._conversation.take(conversation_id):
            raise AppError("too_many_requests")

    def check_files(self, conversation_id: str) -> None:
        """Raises ``too_many_requests`` when one conversation sends file after file."""
        if not self._files.take(conversation_id):
            raise AppError("too_many_requests")

    def allows_typing(self, conversation_id: str) -> bool:
        """Whether one more word on typing is passed on; nobody is told when not."""
        return self._typing.take(conversation_id)

    def check_address(self, request: Request) -> None:
        """Raises ``too_many_requests`` when one address opens conversation after conversation."""
        if not self._address.take(request.client.host if request.client else ""):
            raise AppError("too_many_requests")
