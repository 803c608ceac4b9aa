"""Connections to PostgreSQL as psycopg makes them, with less work around each statement.

A routine turn takes a dozen small statements, and most of what they cost here is not theirs: psycopg asks the event loop anew each time to watch the
socket, sets a timer that nothing of ours needs, and takes a cursor that first has to learn how its values are written. A third to a half of that is saved
by watching the socket as long as the connection lives and by keeping the cursors of the statements that come again and again.
"""

from __future__ import annotations

import asyncio
import select
from typing import TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import PipelineStatus
from psycopg.rows import DictRow
from psycopg.waiting import Ready, Wait

Result = TypeVar("Result")
#: Cursors that a connection keeps, each with the rows it has read last: few, and none with many rows.
MOST_CURSORS, MOST_ROWS = 32, 16
#: How often psycopg looks up while it waits; for what is left to its own way of waiting.
LOOKS_UP_S = 0.1
#: In a pipeline the socket is asked without the loop whether it takes more; after so many times everybody else has a turn.
POLLS_AT_ONCE = 50


class LightConnection(psycopg.AsyncConnection[DictRow]):
    """A connection of the event loop in which it is used; whoever has one must close it, since the loop holds it as long as it watches its socket.

    The loop has to forget the socket before it is closed, or it would mistake the next one of that number for it: so after every error, which may have
    closed it, and when nobody waits for what comes (the server says goodbye).
    """

    _watched: tuple[asyncio.AbstractEventLoop, int] | None = None
    _waiter: asyncio.Future[None] | None = None
    _cursors: dict[str, psycopg.AsyncCursor[DictRow]] | None = None

    async def wait(self, gen: PQGen[Result], interval: float = LOOKS_UP_S, timeout: float | None = None) -> Result:  # noqa: ASYNC109  (psycopg's)
        """Wait for the server as often as psycopg's work asks for it. A cancelled statement, and one with a time limit, is left to psycopg's own way."""
        if timeout is not None:
            self._forget()
            return await super().wait(gen, interval, timeout)
        state, polls = Wait.R, 0
        try:
            state = next(gen)
            while True:
                if state == Wait.R:
                    await self._said()
                    self._waiter = None
                    state = gen.send(Ready.R)
                    continue
                if not (ready := _ready(self.pgconn.socket)):
                    break
                polls += 1
                if polls % POLLS_AT_ONCE == 0:
                    await asyncio.sleep(0)
                state = gen.send(ready)
        except StopIteration as done:
            if self.closed:
                self._forget()
            result: Result = done.value
            return result
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            self._forget()
            return await super().wait(_begun(gen, state, error), interval)
        except OSError as error:
            self._forget()
            raise psycopg.OperationalError("connection socket closed") from error
        except BaseException:
            self._forget()
            raise
        # The server does not even read, as with a very long statement.
        self._forget()
        return await super().wait(_begun(gen, state), interval)

    async def close(self) -> None:
        """Close it."""
        self._forget()
        self._cursors = None
        await super().close()

    def take_cursor(self, statement: str) -> psycopg.AsyncCursor[DictRow]:
        """The cursor that has run this statement before, or a new one."""
        kept = self._cursors.pop(statement, None) if self._cursors else None
        return self.cursor() if kept is None else kept

    def keep_cursor(self, statement: str, cursor: psycopg.AsyncCursor[DictRow]) -> None:
        """Keep it for the next time, once its rows have been read."""
        if cursor.rowcount > MOST_ROWS or self.pgconn.pipeline_status != PipelineStatus.OFF:
            return
        kept = self._cursors = {} if self._cursors is None else self._cursors
        if len(kept) >= MOST_CURSORS:
            del kept[next(iter(kept))]
        kept[statement] = cursor

    def _said(self) -> asyncio.Future[None]:
        """Done when the server has said something."""
        loop, socket = asyncio.get_running_loop(), self.pgconn.socket
        if self._watched != (loop, socket):
            self._forget()
            loop.add_reader(socket, self._heard)
            self._watched = loop, socket
        self._waiter = waiter = loop.create_future()
        return waiter

    def _heard(self) -> None:
        waiter = self._waiter
        if waiter is None:
            self._forget()
        elif not waiter.done():  # else whoever waited has not had its turn yet
            waiter.set_result(None)

    def _forget(self) -> None:
        """Stop watching the socket."""
        self._waiter = None
        watched, self._watched = self._watched, None
        if watched is not None and not watched[0].is_closed():
            watched[0].remove_reader(watched[1])


class _Begun:
    """psycopg's work in the middle: it waits for ``state``; an ``error`` that has interrupted it is met once, as if it came only now."""

    def __init__(self, gen: PQGen[object], state: Wait, error: BaseException | None = None) -> None:
        self._gen = gen
        self._state = state
        self._error = error

    def __next__(self) -> Wait:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._state

    def send(self, ready: Ready) -> Wait:
        """Go on."""
        return self._gen.send(ready)


def _begun(gen: PQGen[Result], state: Wait, error: BaseException | None = None) -> PQGen[Result]:
    return cast("PQGen[Result]", _Begun(gen, state, error))


def _ready(socket: int) -> int:
    """What the socket is ready for at this moment. Not ``select``, which knows no number above 1,023."""
    poll = select.poll()
    poll.register(socket, select.POLLIN | select.POLLOUT)
    found = dict(poll.poll(0)).get(socket, 0)
    return (Ready.R if found & ~select.POLLOUT else 0) | (Ready.W if found & select.POLLOUT else 0)
