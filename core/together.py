"""Asks the database for all who want the same kind of thing at the same moment: one statement for whoever came while the last was under way.

Nobody waits for a clock: whoever comes alone is asked for at once. A thousand who ask together hold one connection, not a thousand.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from core.deadline import within

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
MOST = 200


class Together(Generic[Key, Value]):
    """One kind of question; ``ask`` answers many of them in one statement, and leaves out what it knows nothing about."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]], most: int = MOST) -> None:
        self._ask = ask
        self._most = most
        self._line: deque[tuple[Key, asyncio.Future[Value | None]]] = deque()
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """The answer for one; None where there is none.

        Raises:
            DatabaseUnavailable: the server is away, or does not answer in time.
        """
        place: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._line.append((key, place))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await place

    async def _ask_all(self) -> None:
        try:
            while self._line:
                asked = [self._line.popleft() for _ in range(min(len(self._line), self._most))]
                wanted = [(key, place) for key, place in asked if not place.done()]  # else they have gone meanwhile
                if wanted:
                    await self._answer(wanted)
        finally:
            self._asking = None

    async def _answer(self, wanted: Sequence[tuple[Key, asyncio.Future[Value | None]]]) -> None:
        try:
            found = await within(self._found([key for key, _ in wanted]))
        except Exception as error:  # noqa: BLE001  (it is theirs who asked)
            for _, place in wanted:
                if not place.done():
                    place.set_exception(error)
                    place.exception()  # who asked may have gone: then nobody else would look
            return
        for key, place in wanted:
            if not place.done():
                place.set_result(found.get(key))

    async def _found(self, keys: Sequence[Key]) -> Mapping[Key, Value]:
        return await self._ask(keys)
