"""How late the web process is with taking in what people say, and who must know it.

In a flood three things compete for the processors: taking in, reading, answering. What has been taken in is safe and is read in the order of the first
look; what is not acknowledged in time is brought again by its platform, or lost. So the web process measures how long words wait until they are stored,
and how long its own loop lets everything wait. While it is late it says so: those who wait here for their answer are sent on, and the worker on the same
machine does what can wait more slowly (``bot/pace.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from core import db as database
from core.db import Database
from core.deadline import within
from core.errors import DatabaseUnavailable
from core.metrics import STORED_LATE

CHANNEL = "strain"
EVERY_S = 0.25
#: The strictest platform waits two seconds, on the way there and back as well. One look alone may have met a pause of the collector.
LATE_S, VERY_LATE_S = 0.2, 1.0
#: A process that was late a moment ago still counts as late.
HOLDS_S = 1.0


@lru_cache(maxsize=1)
def machine() -> str:
    """What two processes have in common that share processors: the kernel's own run, which is the same in every container on it."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return socket.gethostname()


class Strain:
    """Of one web process; in any other it is never late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._worst_s = 0.0
        self._before_s = 0.0
        self._until = float("-inf")

    @property
    def is_late(self) -> bool:
        """Whether words wait too long until they are stored."""
        return self._clock() < self._until

    def note(self, late_s: float) -> None:
        """Somebody's words were stored so long after they came, or the loop came round so late."""
        self._worst_s = max(self._worst_s, late_s)

    def look(self) -> float:
        """How late it was since the last look, 0 if that is nothing: late twice in a row, or very late once."""
        late_s, before_s = self._worst_s, self._before_s
        self._worst_s, self._before_s = 0.0, late_s
        if late_s >= VERY_LATE_S or min(late_s, before_s) >= LATE_S:
            self._until = self._clock() + HOLDS_S
            return late_s
        return 0.0

    async def watch(self, db: Database) -> None:
        """Measure for ever, and tell whoever listens; a lost database is waited out."""
        while True:
            began = self._clock()
            await asyncio.sleep(EVERY_S)
            self.note(self._clock() - began - EVERY_S)
            late_s = self.look()
            STORED_LATE.set(late_s)
            if late_s:
                with contextlib.suppress(DatabaseUnavailable):
                    await within(_tell(db, late_s), HOLDS_S)


async def _tell(db: Database, late_s: float) -> None:
    async with db.read() as connection:
        await database.run(connection, "SELECT pg_notify(%s, %s)", CHANNEL, f"{machine()} {late_s:.3f}")


def heard(payload: str) -> float:
    """How late a web process on this machine is; 0 where it is another's machine or nothing that we know. Pure but for the machine's name."""
    where, _, late_s = payload.partition(" ")
    try:
        return float(late_s) if where == machine() else 0.0
    except ValueError:
        return 0.0
