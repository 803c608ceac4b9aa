"""A messenger's own typing display, shown while an agent types: a passing word on the database's line, never kept and never retried.

Every failure is ignored but for a line in the log: nobody misses anything without it, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping

from bot.channels.contract import Channel
from conversation.marks import TYPING
from conversation.visitors import ADDRESS
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.events import HINTS
from core.logging import get

log = get(__name__)
#: A desk says it every three seconds; platforms show it for five to twenty.
EVERY_S = 5.0
#: Longer than this and the answer itself is there first.
SHOW_S = 3.0
#: Displays that are under way at once; whatever comes beyond is not shown.
MOST = 8
KEPT = 1000
PREFIX = "conversation:"


class TypingDisplay:
    """Belongs to one worker; two workers show it twice, which nobody sees."""

    def __init__(self, db: Database, cipher: Cipher, channels: Mapping[str, Channel]) -> None:
        self._db = db
        self._cipher = cipher
        self._channels = channels
        self._shown: OrderedDict[str, float] = OrderedDict()
        self._busy: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Hear until cancelled; nothing to do without messengers."""
        if not self._channels:
            return
        try:
            async for _, payload in self._db.listen(HINTS):
                self.hear(payload)
        finally:
            for task in self._busy:
                task.cancel()

    def hear(self, payload: str) -> None:
        """A passing word: if an agent types, and it has not just been shown, show it."""
        stream, _, word = payload.partition(" ")
        if word != TYPING["person"] or not stream.startswith(PREFIX) or len(self._busy) >= MOST or not self._is_due(stream):
            return
        task = asyncio.create_task(self._show(stream.removeprefix(PREFIX)), name="typing-display")
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def settle(self) -> None:
        """Wait until what has begun is done."""
        while self._busy:
            await asyncio.wait(set(self._busy))

    def _is_due(self, stream: str) -> bool:
        at = time.monotonic()
        if at - self._shown.get(stream, -EVERY_S) < EVERY_S:
            return False
        self._shown[stream] = at
        self._shown.move_to_end(stream)
        while len(self._shown) > KEPT:
            self._shown.popitem(last=False)
        return True

    async def _show(self, conversation_id: str) -> None:
        try:
            async with asyncio.timeout(SHOW_S):
                async with self._db.read() as connection:
                    row = await database.one(
                        connection,
                        "SELECT channel, address FROM conversations WHERE id = %s AND status = 'open' AND address IS NOT NULL AND NOT synthetic",
                        conversation_id,
                    )
                channel = self._channels.get(row["channel"]) if row else None
                if row is not None and channel is not None:
                    await channel.show_typing(self._cipher.open(row["address"], ADDRESS))
        except (DatabaseUnavailable, TimeoutError):
            pass
        except Exception as error:  # noqa: BLE001  (a fault of an adapter must not stop the others)
            log.info("typing_not_shown", conversation=conversation_id, error=type(error).__name__)
