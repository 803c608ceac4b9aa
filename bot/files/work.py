"""The worker's part with files: fetch what platforms hold for us, draw pictures anew, erase what is over.

Nothing waits for it. It holds no database connection while a platform or a decoder thinks, and takes few files at a time, so that a flood of pictures
costs pictures alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot import phrases
from bot.channels.contract import BringsFiles, Channel
from bot.files import words
from conversation import service as conversation
from conversation.files import pictures, repository, service
from conversation.files.kinds import kind_of
from conversation.files.schemas import File, Form, State
from conversation.schemas import AuthorKind, Body
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.fetching import Fetched, Fetcher, FetchFailed, FetchRefused
from core.logging import get
from core.metrics import FILES
from core.settings import Settings
from handoff.records import holds

log = get(__name__)
LOOK_S = 1.0
AT_ONCE = 3
EXPIRE_EVERY_S = 60.0
#: Fetching one file takes no longer, whatever the platform does.
FETCH_S = 60.0


class FileWork:
    """Works for the channels that are configured; uploads of the web chat need none."""

    def __init__(self, db: Database, cipher: Cipher, settings: Settings, channels: Mapping[str, Channel], fetcher: Fetcher | None = None) -> None:
        self.db = db
        self.cipher = cipher
        self.settings = settings
        self.channels = channels
        self.fetcher = fetcher or Fetcher(settings.file_max_mb * 1_000_000, timeout_s=FETCH_S, redirects=settings.file_redirects)
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.gather(self._listen(), self._loop(self.fetch, self.wake), self._loop(self.draw, self.wake), self._expire())

    async def _listen(self) -> None:
        async for _ in self.db.listen(service.NOTIFIED):
            self.wake.set()

    async def _loop(self, step: Callable[[], Awaitable[int]], wake: asyncio.Event) -> None:
        while True:
            found = 0
            try:
                found = await step()
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("file_step_failed", error=type(error).__name__, exc_info=error)
            if not found:
                wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), LOOK_S)

    async def _expire(self) -> None:
        while True:
            try:
                while await self.expire():
                    pass
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("file_expiry_failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(EXPIRE_EVERY_S)

    async def expire(self) -> int:
        """Erase files whose time is over; how many."""
        async with self.db.transaction() as tx:
            gone = await service.expire(tx, await holds.standing(tx))
        if gone:
            FILES.labels(result="expired").inc(gone)
            log.info("files_expired", count=gone)
        return gone

    async def fetch(self) -> int:
        """Fetch what waits at platforms; how many files were tried."""
        async with self.db.transaction() as tx:
            claimed = await repository.claim(tx, self.cipher, State.WAITING, AT_ONCE)
        await asyncio.gather(*(self._guarded(self._fetch, file) for file in claimed))
        return len(claimed)

    async def draw(self) -> int:
        """Draw pictures anew, one after the other; how many were tried."""
        async with self.db.transaction() as tx:
            claimed = await repository.claim(tx, self.cipher, State.RECEIVED, 1)
        for file in claimed:
            await self._guarded(self._draw, file)
        return len(claimed)

    async def _guarded(self, work: Callable[[File], Awaitable[None]], file: File) -> None:
        """One file at fault must not stop the others; it is tried again after its lease."""
        try:
            await work(file)
        except DatabaseUnavailable:
            pass
        except Exception as error:
            log.error("file_failed", conversation=file.conversation_id, file=file.id, error=type(error).__name__, exc_info=error)
            if file.attempts >= service.ATTEMPTS:
                await self._refuse(file, "unreachable")

    async def _fetch(self, file: File) -> None:
        try:
            found = await self._ask(file)
        except FetchRefused as error:
            await self._refuse(file, error.reason)
            return
        except FetchFailed as error:
            async with self.db.transaction() as tx:
                is_later = await service.later(tx, file, error.reason)
                if not is_later:
                    await self._tell(tx, file, error.reason)
            log.warning("file_not_fetched", conversation=file.conversation_id, file=file.id, reason=error.reason, again=is_later)
            return
        kind = kind_of(found.content, said_to_be=file.media_type or found.media_type)
        if kind is None:
            await self._refuse(file, "kind" if found.content else "empty")
            return
        async with self.db.transaction() as tx:
            has_room = await service.has_room(tx, file.conversation_id, len(found.content), self.settings)
            is_kept = has_room and await service.fetched(tx, self.cipher, file, found.content, kind)
        if not has_room:
            await self._refuse(file, "no_room")
        elif is_kept:
            FILES.labels(result="fetched").inc()
            self.wake.set()

    async def _ask(self, file: File) -> Fetched:
        channel = self.channels.get(file.channel)
        if not isinstance(channel, BringsFiles):
            raise FetchRefused("no_way")
        return await channel.fetch_file(file.reference, self.fetcher)

    async def _draw(self, file: File) -> None:
        async with self.db.read() as connection:
            raw = await repository.content(connection, self.cipher, file.id, Form.ORIGINAL)
        if raw is None:  # erased meanwhile
            return
        kind = kind_of(raw)
        try:
            if kind is None or kind.name != "image":
                raise pictures.NotDrawn("broken")
            drawn = await pictures.drawn(raw, kind.suffix)
        except pictures.NotDrawn as error:
            await self._refuse(file, error.reason)
            return
        async with self.db.transaction() as tx:
            if await service.drawn_anew(tx, self.cipher, file, drawn):
                FILES.labels(result="drawn").inc()

    async def _refuse(self, file: File, reason: str) -> None:
        async with self.db.transaction() as tx:
            if await service.refuse(tx, file, reason):
                await self._tell(tx, file, reason)
        FILES.labels(result="refused").inc()
        log.warning("file_refused", conversation=file.conversation_id, file=file.id, reason=reason)

    async def _tell(self, tx: Connection, file: File, reason: str) -> None:
        """Ask the citizen in words, who believes that we have the file."""
        row: dict[str, Any] = await conversation.get(tx, file.conversation_id)
        text = phrases.framed_text(words.refusal(reason), row["language"])
        await conversation.reply(
            tx,
            self.cipher,
            file.conversation_id,
            AuthorKind.SYSTEM,
            Body(text, kind=words.KIND),
            client_id=f"file-{file.id}",
            in_reply_to=file.message_id,
        )
