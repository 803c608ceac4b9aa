"""Which conversation a process answers next."""

from __future__ import annotations

import asyncio
from collections import deque

#: Whoever finds a conversation locked by another process tries again after this long, until it has looked itself.
TRIES_AGAIN_S = 0.05


class TurnQueue:
    """Conversations that may have something to answer, each at most once; the tables stay the truth.

    One that is put while it is served comes back when that has ended (``done``), since only then can it be locked again. Of the slots that wait, the one
    that has worked last is given the next: its session's end in the server has everything at hand, which eight by turns have not.
    """

    def __init__(self) -> None:
        self._queue: deque[str] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._waiting: set[str] = set()
        self._served: set[str] = set()
        self._again: set[str] = set()

    def put(self, conversation_id: str) -> None:
        """Remember a conversation."""
        if conversation_id in self._served:
            self._again.add(conversation_id)
        elif conversation_id and conversation_id not in self._waiting:
            self._waiting.add(conversation_id)
            self._queue.append(conversation_id)
            self._wake()

    def put_later(self, conversation_id: str) -> None:
        """Remember a conversation that another process is at."""
        asyncio.get_running_loop().call_later(TRIES_AGAIN_S, self.put, conversation_id)

    async def get(self) -> str:
        """The next conversation; tell when it is ``done``."""
        while not self._queue:
            called = asyncio.get_running_loop().create_future()
            self._idle.append(called)
            try:
                await called
            except BaseException:
                if called in self._idle:
                    self._idle.remove(called)
                else:  # called and cancelled at once: somebody else is to come instead
                    self._wake()
                raise
        conversation_id = self._queue.popleft()
        self._waiting.discard(conversation_id)
        self._served.add(conversation_id)
        return conversation_id

    def _wake(self) -> None:
        if self._queue and self._idle:
            called = self._idle.pop()
            if not called.done():
                called.set_result(None)

    def done(self, conversation_id: str) -> None:
        """It is served no longer; if it was put meanwhile, it is the next."""
        self._served.discard(conversation_id)
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.put(conversation_id)
