"""The sender: brings outbox rows to the messengers, in order, inside reply windows where there are any, with retries, and gives up visibly.

It holds no database connection while a platform thinks. Before each parcel it writes down what it is about to send, so that a sender that is
killed leaves behind what its successor must know.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any
from uuid import uuid4

from bot.channels.contract import Channel, OpenWindow, Outbound, Parcel, Refused, Retry, Screens, SendResult, Sent, WindowClosed
from bot.channels.rendering import render
from bot.delivery import Load, Step, Way, next_step, pack, patience_s
from conversation import outbox, visitors, windows
from conversation.outbox import Claim, Row
from conversation.schemas import Body
from core.clock import now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import DELIVERIES, OUTBOX_WAITING, UNDELIVERED
from handoff import service as handoff
from knowledge_base.crisis_cards import QUIET

log = get(__name__)
QUIET_CATEGORIES = sorted(str(category) for category in QUIET)
#: Longer than any send takes.
LEASE_S = 30.0
SEND_S = 12.0
LOOK_S = 1.0
#: A routine line this old says nothing any more.
GIVE_UP_S = 24 * 3600.0
#: A line that waits for the citizen's next message is looked at again this often, in case nobody woke it.
WAITING_S = 300.0
#: Slots that routine never takes, however slow a platform is.
FOR_DANGER = 2
#: While a platform is down, its other conversations wait this long between two tries.
PAUSE_S = 5.0


class Sender:
    """Sends for the channels that are configured, several conversations at a time."""

    def __init__(self, db: Database, cipher: Cipher, channels: Mapping[str, Channel], slots: int = 8, lease_s: float = LEASE_S) -> None:
        self.db = db
        self.cipher = cipher
        self.channels = channels
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.wake = asyncio.Event()
        self._slots = slots
        self._lease_s = lease_s
        self._busy: set[asyncio.Task[None]] = set()
        self._down_until: dict[str, float] = {}

    async def run(self) -> None:
        """Send until cancelled; nothing to do without channels."""
        if not self.channels:
            return
        try:
            await asyncio.gather(self._listen(), self._work(), self._keep_house())
        finally:
            for task in self._busy:
                task.cancel()
            await asyncio.gather(*self._busy, *(channel.close() for channel in self.channels.values()), return_exceptions=True)

    async def _listen(self) -> None:
        async for _ in self.db.listen("outbox"):
            self.wake.set()

    async def _work(self) -> None:
        while True:
            self.wake.clear()
            try:
                found = await self.step()
            except DatabaseUnavailable:
                found = 0
            except Exception as error:
                log.error("sender_step_failed", error=type(error).__name__, exc_info=error)
                found = 0
            if not found:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self.wake.wait()
                except TimeoutError:
                    pass

    async def step(self) -> int:
        """Claim what is due, as far as there are free slots (a few are for danger alone), and begin; how many conversations."""
        free = self._slots - len(self._busy)
        for_danger = free + FOR_DANGER
        if for_danger <= 0:
            return 0
        by = f"{self.name}-{secrets.token_hex(4)}"
        at = time.monotonic()
        ready = [name for name in self.channels if self._down_until.get(name, 0.0) <= at]
        async with self.db.transaction() as tx:
            claims = await outbox.claim(
                tx,
                self.cipher,
                ready,
                by=by,
                lease_s=self._lease_s,
                limit=free if free > 0 else for_danger,
                quiet=QUIET_CATEGORIES,
                danger_only=free <= 0,
            )
        for claim in claims:
            task = asyncio.create_task(self._serve(claim, by), name="delivery")
            self._busy.add(task)
            task.add_done_callback(self._done)
        return len(claims)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self.wake.set()

    async def drain(self) -> None:
        """Wait until everything that has begun is done."""
        while self._busy:
            await asyncio.wait(set(self._busy))

    async def _serve(self, claim: Claim, by: str) -> None:
        try:
            waiting = await self._deliver(claim, by)
            async with self.db.transaction() as tx:
                await outbox.release(tx, by, claim.conversation_id, waiting)
        except DatabaseUnavailable:
            pass  # the lease ends, and whoever comes next knows what was begun
        except Exception as error:
            log.error("delivery_failed", conversation=claim.conversation_id, error=type(error).__name__, exc_info=error)

    async def _deliver(self, claim: Claim, by: str) -> float:
        """Send the rows that are held, in order, until all are gone or one has to wait; how long those after it wait with it."""
        channel = self.channels[claim.channel]
        rows = list(claim.rows)
        if isinstance(channel, Screens):
            async with self.db.read() as connection:
                rows = await screened(connection, channel, claim)
        while rows:
            first = rows[0]
            if not claim.to:
                await self._bury(claim, by, rows, "no_address")
                return 0.0
            if first.unreadable:
                await self._bury(claim, by, [first], "unreadable")
                rows = rows[1:]
                continue
            window, attempt_window = await self._windows(claim, first)
            can = channel.capabilities if claim.may_push else replace(channel.capabilities, may_push=False, push_has_key=False)
            step = next_step(first, can, has_window=window is not None, attempt_window_is_open=attempt_window is not None)
            if step.way is Way.GIVE_UP or (now() - first.created_at).total_seconds() > GIVE_UP_S:
                alike = [row for row in rows if row.in_doubt == first.in_doubt and row.parcel == first.parcel] if first.in_doubt else [first]
                await self._bury(claim, by, alike, step.reason or "too_old")
                rows = [row for row in rows if row not in alike]
                continue
            if step.way is Way.WAIT:
                await self._postpone(by, rows, "no_window", WAITING_S, in_doubt=first.in_doubt)
                return WAITING_S
            used = attempt_window if step.way is Way.ASK else window if step.way is Way.REPLY else None
            load = self._load(claim, rows, channel, step, used)
            waiting = await self._send(claim, by, channel, step, load, used)
            if waiting is not None:
                return waiting
            rows = rows[len(load.rows) :] if not load.next_part else [_on(load.rows[-1], load.next_part), *rows[len(load.rows) :]]
        return 0.0

    def _load(self, claim: Claim, rows: list[Row], channel: Channel, step: Step, window: windows.Window | None) -> Load:
        rendered = []
        for row in takewhile(lambda row: not row.unreadable, rows):
            again = row.parts_sent if step.again and row.in_doubt else None
            rendered.append((row, render(row.body, claim.language, channel.capabilities, discreet=claim.has_quiet_danger, again=again)))
        # A body without words says nothing anywhere: one empty message stands for it and is passed over below.
        return pack([(row, messages or (Outbound(),)) for row, messages in rendered], channel.capabilities, window.messages_left if window else None)

    async def _windows(self, claim: Claim, row: Row) -> tuple[windows.Window | None, windows.Window | None]:
        async with self.db.read() as connection:
            best = await windows.best(connection, self.cipher, claim.conversation_id, row.in_reply_to)
            attempt = await windows.of_attempt(connection, self.cipher, row.window_id) if row.in_doubt and row.window_id is not None else None
        return best, attempt

    async def _send(self, claim: Claim, by: str, channel: Channel, step: Step, load: Load, window: windows.Window | None) -> float | None:
        """Send one parcel and write down what became of it; how long the conversation has to wait, None when it goes on."""
        ids = [row.message_id for row in load.rows]
        messages = tuple(message for message in load.messages if message.text)
        if not messages:
            await self._arrived(claim, by, load)
            return None
        key = load.rows[0].parcel if load.rows[0].in_doubt and load.rows[0].parcel and not step.again else uuid4()
        async with self.db.transaction() as tx:
            if step.way is Way.REPLY and window is not None and not await windows.use(tx, window.id, len(messages)):
                await outbox.postpone(tx, by, ids, "window_taken", 0.0, in_doubt=load.rows[0].in_doubt)
                return 0.0
            if not await outbox.begin(tx, by, ids, key, window.id if window else None, self._lease_s):
                return 0.0  # the claim is somebody else's by now
        opened = OpenWindow(window.id, window.token, window.deadline, window.fallback, window.single_use) if window else None
        result = await self._call(channel, Parcel(claim.to, claim.conversation_id, messages, key, opened))
        if isinstance(result, WindowClosed):
            if step.way is Way.ASK:
                result = Sent()  # its time is not over, so it was spent: the attempt in doubt had arrived
            elif channel.capabilities.may_push and claim.may_push:
                DELIVERIES.labels(channel=claim.channel, result="window_closed").inc()
                return await self._push_instead(claim, by, channel, load, messages, window)
            else:
                result = await self._no_window(window)
        elif isinstance(result, Retry) and not result.is_unknown and step.way is Way.REPLY and window is not None:
            async with self.db.transaction() as tx:
                await windows.give_back(tx, window.id, len(messages))
        return await self._settle(claim, by, load, result)

    async def _no_window(self, window: windows.Window | None) -> SendResult:
        """The platform takes no more, whatever we had counted."""
        if window is not None:
            async with self.db.read() as connection:
                await windows.spend(connection, window.id)
        return Retry("no_window", WAITING_S)

    async def _push_instead(
        self, claim: Claim, by: str, channel: Channel, load: Load, messages: tuple[Outbound, ...], window: windows.Window | None
    ) -> float | None:
        """The window was not open after all: nothing has arrived, so it goes as a push, under a key of its own."""
        key = uuid4()
        async with self.db.transaction() as tx:
            if window is not None:
                await windows.spend(tx, window.id)
            if not await outbox.begin(tx, by, [row.message_id for row in load.rows], key, None, self._lease_s):
                return 0.0
        result = await self._call(channel, Parcel(claim.to, claim.conversation_id, messages, key))
        if isinstance(result, WindowClosed):
            result = Refused("no_window")
        return await self._settle(claim, by, load, result)

    async def _call(self, channel: Channel, parcel: Parcel) -> SendResult:
        try:
            async with asyncio.timeout(SEND_S):
                return await channel.send(parcel)
        except TimeoutError:
            return Retry("timeout", is_unknown=True)
        except Exception as error:  # a fault of an adapter must not stop the others
            log.error("adapter_failed", conversation=parcel.conversation_id, error=type(error).__name__, exc_info=error)
            return Retry("adapter_failed", is_unknown=True)

    async def _settle(self, claim: Claim, by: str, load: Load, result: SendResult) -> float | None:
        ids = [row.message_id for row in load.rows]
        if isinstance(result, Sent):
            self._down_until.pop(claim.channel, None)
            await self._arrived(claim, by, load)
            return None
        if isinstance(result, Refused):
            await self._bury(claim, by, list(load.rows), result.reason)
            return None
        retry = result if isinstance(result, Retry) else Retry("no_window")
        is_danger = any(row.is_danger for row in claim.rows)
        was_in_doubt = load.rows[0].in_doubt
        waiting = patience_s(load.rows[0].attempts + 1, is_danger, retry.after_s)
        DELIVERIES.labels(channel=claim.channel, result="retry").inc()
        log.warning("delivery_postponed", channel=claim.channel, conversation=claim.conversation_id, reason=retry.reason, unknown=retry.is_unknown)
        if retry.reason in ("unreachable", "http_503", "http_502", "http_500", "timeout"):
            self._down_until[claim.channel] = time.monotonic() + min(waiting, PAUSE_S)
        async with self.db.transaction() as tx:
            await outbox.postpone(tx, by, ids, retry.reason, waiting, in_doubt=retry.is_unknown or was_in_doubt)
        return waiting

    async def _arrived(self, claim: Claim, by: str, load: Load) -> None:
        ids = [row.message_id for row in load.rows]
        if load.rows[0].withheld:  # what arrived, if anything, is that something was not said
            await self._bury(claim, by, list(load.rows), "withheld")
            return
        async with self.db.transaction() as tx:
            if load.next_part:
                await outbox.sent(tx, claim.conversation_id, by, ids[:-1])
                await outbox.advance(tx, by, ids[-1], load.next_part)
            else:
                await outbox.sent(tx, claim.conversation_id, by, ids)
        DELIVERIES.labels(channel=claim.channel, result="sent").inc(len(ids))

    async def _postpone(self, by: str, rows: list[Row], reason: str, after_s: float, *, in_doubt: bool) -> None:
        async with self.db.transaction() as tx:
            await outbox.postpone(tx, by, [rows[0].message_id], reason, after_s, in_doubt=in_doubt)

    async def _bury(self, claim: Claim, by: str, rows: list[Row], reason: str) -> None:
        """Give rows up where everybody sees it: the desk that has the case, the metrics, the log."""
        async with self.db.transaction() as tx:
            await bury(tx, claim.channel, claim.conversation_id, by, [row.message_id for row in rows], reason)

    async def _keep_house(self) -> None:
        while True:
            try:
                async with self.db.transaction() as tx:
                    await visitors.erase_withdrawn(tx, self.cipher)
                    await windows.forget(tx)
                async with self.db.read() as connection:
                    waiting = await outbox.waiting(connection)
                for name in self.channels:
                    OUTBOX_WAITING.labels(channel=name).set(waiting.get(name, 0))
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("sender_house_failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(LOOK_S)


async def screened(connection: Connection, channel: Channel, claim: Claim) -> list[Row]:
    """The rows, where the platform reads along: the bot's answers and our words of danger go as they are, all others as far as the channel lets them.

    Whatever staff write is looked at, although none of it is ever given up. Where somebody may read along, nothing stands for what is held back: that there
    is something to tell would tell that somebody helps.
    """
    if not isinstance(channel, Screens):
        return list(claim.rows)
    rows = []
    for row in claim.rows:
        answers = not row.is_staffs and (row.is_danger or row.in_reply_to is not None)
        instead = None if answers else await channel.instead(connection, claim.conversation_id, row.body, claim.language)
        rows.append(row if instead is None else replace(row, body=Body("") if claim.has_quiet_danger else instead, withheld=True))
    return rows


async def bury(tx: Connection, channel: str, conversation_id: str, by: str, message_ids: list[int], reason: str) -> None:
    """Give rows that are held up: events on the conversation's stream and on its open case's, metric, log. The case is locked first, as everywhere."""
    await handoff.lock_open_case(tx, conversation_id)
    seqs = await outbox.bury(tx, conversation_id, by, message_ids, reason)
    if not seqs:
        return
    await handoff.tell_undelivered(tx, conversation_id, seqs, reason)
    UNDELIVERED.labels(channel=channel, reason=reason).inc(len(seqs))
    log.error("undelivered", channel=channel, conversation=conversation_id, reason=reason, count=len(seqs))


def _on(row: Row, parts_sent: int) -> Row:
    """The row once so many of its parts have arrived."""
    values: dict[str, Any] = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    return Row(**values | {"parts_sent": parts_sent, "in_doubt": False, "parcel": None})
