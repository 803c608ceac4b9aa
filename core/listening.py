"""LISTEN: one connection for all parts of a process that want to be woken, since the server wakes every listening session at every notification."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg

Connect = Callable[[], Awaitable["psycopg.AsyncConnection[Any]"]]
Heard = tuple[str, str]
RETRY_S = 0.2


class Ear:
    """One part that listens: its channels, what it has not taken yet, and whom to tell when the line breaks."""

    def __init__(self, channels: frozenset[str], lost: Callable[[], None]) -> None:
        self.channels = channels
        self.lost = lost
        self.heard: asyncio.Queue[Heard | Exception] = asyncio.Queue()


class Line:
    """The connection. It is made anew when somebody wants another channel, and everybody is then told to look at the tables.

    ``away`` are the errors that mean "try again"; ``back`` is awaited after the line was broken and before anybody is told that it is up.
    """

    def __init__(self, connect: Connect, back: Callable[[], Awaitable[None]], away: tuple[type[Exception], ...]) -> None:
        self._connect = connect
        self._back = back
        self._away = away
        self._ears: list[Ear] = []
        self._channels: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._is_up = False

    async def listen(self, channels: frozenset[str], lost: Callable[[], None]) -> AsyncIterator[Heard]:
        """Notifications for ever, as (channel, payload); ``("", "")`` after each (re)connection."""
        ear = Ear(channels, lost)
        self._ears.append(ear)
        try:
            if self._task is None or self._task.done() or not channels <= self._channels:
                self._restart()
            elif self._is_up:
                ear.heard.put_nowait(("", ""))
            while True:
                heard = await ear.heard.get()
                if isinstance(heard, Exception):
                    raise heard
                yield heard
        finally:
            self._ears.remove(ear)
            if not self._ears and self._task is not None:
                self._task.cancel()
                self._task = None

    async def close(self) -> None:
        """End the line; whoever still listens hears nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _restart(self) -> None:
        self._channels = frozenset().union(*(ear.channels for ear in self._ears))
        before, self._task = self._task, asyncio.create_task(self._keep(self._channels), name="listening")
        self._is_up = False
        if before is not None:
            before.cancel()

    async def _keep(self, channels: frozenset[str]) -> None:
        """Hold the line, and make it again whenever it breaks."""
        broken = False
        while True:
            connection: psycopg.AsyncConnection[Any] | None = None
            try:
                connection = await self._connect()
                for channel in sorted(channels):
                    await connection.execute(f'LISTEN "{channel}"')  # type: ignore[arg-type]
                if broken:
                    await self._back()
                    broken = False
                self._is_up = True
                self._tell(("", ""))
                async for notification in connection.notifies():
                    self._tell((notification.channel, notification.payload))
            except self._away:
                self._is_up, broken = False, True
                for ear in list(self._ears):
                    ear.lost()
                await asyncio.sleep(RETRY_S)
            except Exception as error:  # noqa: BLE001  (whoever listens raises it: a process that hears nothing must not go on as if nothing were said)
                self._tell(error)
                return
            finally:
                if connection is not None:
                    with contextlib.suppress(Exception):
                        await connection.close()

    def _tell(self, heard: Heard | Exception) -> None:
        for ear in self._ears:
            if isinstance(heard, Exception) or heard[0] in ear.channels or not heard[0]:
                ear.heard.put_nowait(heard)
