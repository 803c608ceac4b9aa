"""How fast a worker does what can wait: as fast as it can, until the web process beside it is late with taking in what people say (``bot/strain.py``).

Then the worker gives itself a share of the processors, in seconds of its own processor time a second, takes less of them as long as it goes on hearing of it,
and more again once it does not. It measures what it has used, danger included, which waits for nothing. The share is kept by sleeping: that asks for no
privilege, and needs no help of the kernel's order of precedence, which does not reach across sessions.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.strain import VERY_LATE_S

#: The least that is left to what can wait, so that calm words are read and answered even then.
FLOOR = 0.2
LESS, MUCH_LESS = 0.75, 0.5
#: So long after the last report the share grows again, by a tenth of the machine each time.
QUIET_S, MORE = 1.0, 0.1
#: What was not used, or used beyond the share, counts for so many seconds of it at most.
SAVED_S, OWED_S = 0.25, 2.0
#: Whoever waits goes after this time in any case.
LONGEST_S = 2.0


@dataclass(frozen=True)
class Budget:
    """How much processor time may be used (``share`` seconds a second; None: any), how much is left of it (``credit_s``), and as of when.

    ``at``: the clock; ``used_s``: the processor time used until then; ``changed_at``: when the share was last changed or a report came.
    """

    most: float
    share: float | None = None
    credit_s: float = 0.0
    at: float = 0.0
    used_s: float = 0.0
    changed_at: float = 0.0

    def passed(self, at: float, used_s: float) -> Budget:
        """After the time until ``at``, in which processor time up to ``used_s`` was used."""
        if self.share is None:
            return replace(self, at=at, used_s=used_s)
        share, changed_at = self.share, self.changed_at
        while at - changed_at >= QUIET_S:
            share, changed_at = share + MORE * self.most, changed_at + QUIET_S
            if share >= self.most:
                return Budget(self.most, at=at, used_s=used_s)
        credit_s = self.credit_s + (at - self.at) * self.share - (used_s - self.used_s)
        credit_s = min(max(credit_s, -OWED_S * share), SAVED_S * share)
        return Budget(self.most, share, credit_s, at, used_s, changed_at)

    def told(self, late_s: float, at: float, used_s: float) -> Budget:
        """After the report that the web process is so late."""
        known = self.passed(at, used_s)
        share = known.most if known.share is None else known.share
        return replace(known, share=max(FLOOR, share * (MUCH_LESS if late_s >= VERY_LATE_S else LESS)), changed_at=at)

    @property
    def rest_s(self) -> float:
        """How long what can wait should wait now."""
        return 0.0 if self.share is None or self.credit_s > 0 else min(0.01 - self.credit_s / self.share, LONGEST_S)


class Pace:
    """The budget of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, used: Callable[[], float] = time.process_time) -> None:
        self._clock, self._used = clock, used
        self._budget = Budget(float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))

    def hear(self, late_s: float) -> None:
        """The web process beside us is so late."""
        if late_s > 0:
            self._budget = self._budget.told(late_s, self._clock(), self._used())

    def rest_s(self) -> float:
        """How long what can wait should wait now; 0 as a rule, and then without asking the kernel what was used, which every turn would pay for."""
        if self._budget.share is None:
            return 0.0
        self._budget = self._budget.passed(self._clock(), self._used())
        return self._budget.rest_s

    async def rest(self, longest_s: float = LONGEST_S) -> None:
        """Wait for one's share, but not longer than this."""
        if rest_s := min(self.rest_s(), longest_s):
            await asyncio.sleep(rest_s)
