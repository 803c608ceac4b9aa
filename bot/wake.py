"""Waking one of several who wait for the same: the others would only look, and find that it has been taken."""

from __future__ import annotations

import asyncio


class Wake:
    """Like an event that lets one pass: of those who wait, the one that came last, whose session's end in the server has everything at hand.

    Where nobody waits, the next who would wait does not. Whoever begins to look clears it: what was told until then is seen by that look.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: list[asyncio.Future[None]] = []

    def set(self) -> None:
        """Wake one."""
        while self._waiting:
            waiter = self._waiting.pop()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._is_set = True

    def clear(self) -> None:
        """What was told is about to be looked at."""
        self._is_set = False

    async def wait(self, longest_s: float) -> None:
        """Wait until woken, but not longer than this."""
        if self._is_set:
            self._is_set = False
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(longest_s):
                await waiter
        except TimeoutError:  # then it looks, woken or not
            pass
        except BaseException:
            if waiter.done() and not waiter.cancelled():  # woken and ended at once: somebody else is to look
                self.set()
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
