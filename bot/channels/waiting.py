"""Those whose platform waits for the answer in its own request: woken by the conversation's stream, and looked for together.

Whoever waits holds no thread and no database connection, and a thousand who wait cost two statements at a time. There is room for as many as are
answered in time, and for nobody while the process is late with storing what people say (``bot/strain.py``): beyond, words that do not look alarming are
answered at once with "the answer comes later", so that nobody waits in vain and what others say goes on being taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from bot.channels.contract import Capabilities, Channel, Outbound
from bot.channels.rendering import render
from bot.delivery import pack
from bot.sender import QUIET_CATEGORIES, screened
from bot.services import Services
from conversation import outbox, windows
from conversation import service as conversation
from conversation.visitors import Arrived
from core import db as database
from core.clock import now
from core.db import Connection
from core.errors import DatabaseUnavailable
from core.logging import get
from core.together import Together

log = get(__name__)
#: What is left for writing the response after the answer is there.
RESPONSE_S = 0.3
#: An answer that came before anybody was listening for it is found so much later.
FIRST_LOOK_S = 0.4
#: So many may always wait; more only where more were answered in the last ``LATELY_S``, and a quarter beyond that to find out whether still more would be.
#: Where more waited in vain than were answered, fewer.
ALWAYS = 100
FEW = 10
LATELY_S = 4.0
GROWTH = 1.25
#: Who looks alarming waits for the answer even while the process is late with storing what people say, but not until the platform's last moment.
LATE_PATIENCE_S = 2.5
#: Answers that are being taken along at the same moment: the rest of the pool is for those who have something to say.
CARRIED_AT_ONCE = 4
#: What was carried and could not be said is put back, while the database is away as well.
PUT_BACK_AFTER_S = (0.0, 0.5, 2.0, 10.0, 30.0)
#: Each look with a LIMIT of its own, so that it goes through an index even where a new database plans for empty tables (see ``conversation/arriving.py``).
_STATES = """
SELECT i.message_id, c.owner_kind, c.language, i.turn_state, COALESCE((
    SELECT true FROM outbox o WHERE o.conversation_id = i.conversation_id AND o.in_reply_to = i.message_id LIMIT 1), false) AS has_answer,
    c.guarded_at IS NOT NULL OR COALESCE((
    SELECT true FROM inbox q WHERE q.conversation_id = c.id AND q.category = ANY(%(quiet)s) AND q.action IN ('ask', 'escalate')
      AND q.received_at > now() - interval '24 hours' LIMIT 1), false) AS is_quiet
FROM unnest(%(messages)s::bigint[]) AS asked(message_id)
CROSS JOIN LATERAL (SELECT * FROM inbox WHERE inbox.message_id = asked.message_id LIMIT 1) AS i
CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id LIMIT 1) AS c
"""


@dataclass(frozen=True)
class Answer:
    """What a waiting request may say: the messages, which count as sent, and how things stand.

    ``state``: ``answered``, ``to_person`` (a person has the conversation, the bot says nothing), ``waiting`` (nobody has answered in time) or ``full``
    (too many wait for this one to wait as well). ``is_quiet``: somebody may read along, so that nothing on the screen may speak of danger or help.
    """

    arrived: Arrived
    state: str
    messages: tuple[Outbound, ...] = ()
    is_quiet: bool = False
    language: str = "ko"


class WaitingRoom:
    """Those who wait, of one process."""

    def __init__(self, services: Services, channels: Mapping[str, Channel]) -> None:
        self._services = services
        self._channels = channels
        self._states: Together[int, dict[str, Any]] = Together(self._read_states)
        self._let_go: Together[tuple[int, bool], None] = Together(self._write_let_go)
        self._carrying = asyncio.Semaphore(CARRIED_AT_ONCE)
        self._left_alone: set[asyncio.Task[None]] = set()
        self._inside = 0
        self._answered: deque[float] = deque()
        self._in_vain: deque[float] = deque()

    @property
    def is_full(self) -> bool:
        """Whether those who are here will take the worker as long as a platform waits, or the machine is needed for those who are outside."""
        if self._services.strain.is_late:
            return True
        since = time.monotonic() - LATELY_S
        for times in (self._answered, self._in_vain):
            while times and times[0] < since:
                times.popleft()
        return self._inside >= room(len(self._answered), len(self._in_vain))

    def patience(self, until: datetime) -> datetime:
        """How long somebody waits whose platform would wait until then."""
        return min(until, now() + timedelta(seconds=LATE_PATIENCE_S)) if self._services.strain.is_late else until

    async def without(self, arrived: Arrived) -> Answer:
        """How things stand for words that have just been stored and that nobody waits for."""
        found = await self._states.get(arrived.message_id)
        state = "full" if arrived.owner_kind == "bot" else "to_person"
        return Answer(arrived, state, is_quiet=found["is_quiet"], language=found["language"]) if found else Answer(arrived, state)

    async def wait(self, channel: str, arrived: Arrived, until: datetime, *, was_used: bool, is_fresh: bool = False) -> Answer:
        """The answer to an inbound, if it comes in time.

        ``was_used``: its window is good for this request alone; ``is_fresh``: nothing can be there yet.
        """
        capabilities = self._channels[channel].capabilities
        answer: Answer | None = None
        has_time = _left(until) > FIRST_LOOK_S
        self._inside += 1
        try:
            with self._services.hub.subscribe(conversation.stream(arrived.conversation_id), patience_s=FIRST_LOOK_S) as wake:
                if is_fresh:
                    await _sleep_until_woken(wake, min(FIRST_LOOK_S, _left(until)))
                while answer is None:
                    wake.clear()
                    answer, is_quiet = await self._look(arrived, capabilities)
                    if answer is None and (left := _left(until)) <= 0:
                        answer = Answer(arrived, "waiting", is_quiet=is_quiet)
                    elif answer is None:
                        await _sleep_until_woken(wake, left)
        except BaseException:  # the platform gave up, or nobody knows whether what was carried is written: nothing of it has been said
            self.unsaid(arrived)
            raise
        finally:
            self._inside -= 1
            if arrived.window_id is not None:
                # Not waited for: what is found is said first, and a window that another transaction holds must not keep back the answers of all.
                self._alone(self._free(arrived.window_id, was_used or bool(answer and answer.messages)))
        if answer.state == "answered":
            self._answered.append(time.monotonic())
        elif answer.state == "waiting" and has_time:
            self._in_vain.append(time.monotonic())
        return answer

    def unsaid(self, arrived: Arrived) -> None:
        """The response that was to carry the answer does not go out: what it would have said is due again, with the next response or another way."""
        if arrived.window_id is not None:
            self._alone(self._put_back(arrived.conversation_id, arrived.window_id))

    async def _put_back(self, conversation_id: str, window_id: int) -> None:
        for pause_s in PUT_BACK_AFTER_S:
            await asyncio.sleep(pause_s)
            with contextlib.suppress(DatabaseUnavailable):
                async with self._services.db.transaction() as tx:
                    await outbox.put_back(tx, conversation_id, window_id)
                return
        log.error("answer_not_put_back", conversation=conversation_id)

    async def _free(self, window_id: int, was_used: bool) -> None:
        with contextlib.suppress(DatabaseUnavailable):  # then it is over by itself
            await self._let_go.get((window_id, was_used))

    def _alone(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._left_alone.add(task)
        task.add_done_callback(self._left_alone.discard)

    async def _look(self, arrived: Arrived, capabilities: Capabilities) -> tuple[Answer | None, bool]:
        """The answer, if it is there, and whether somebody may read along."""
        state = await self._states.get(arrived.message_id)
        if state is None:
            return Answer(arrived, "waiting"), False
        is_quiet = state["is_quiet"]
        is_persons = state["owner_kind"] != "bot" or state["turn_state"] in ("to_person", "dropped")
        if not state["has_answer"] and not is_persons:
            return None, is_quiet
        async with self._carrying, self._services.db.transaction() as tx:
            messages = await self._carry(tx, arrived, capabilities)
        if not messages and not is_persons:
            return None, is_quiet
        return Answer(arrived, "answered" if messages else "to_person", messages, is_quiet), is_quiet

    async def _read_states(self, messages: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        async with self._services.hub.look() as connection:
            found = await database.rows(connection, _STATES, messages=list(messages), quiet=QUIET_CATEGORIES)
        return {row["message_id"]: row for row in found}

    async def _write_let_go(self, free: Sequence[tuple[int, bool]]) -> Mapping[tuple[int, bool], None]:
        async with self._services.db.read() as connection:
            await windows.let_go(connection, free)
        return {}

    async def _carry(self, tx: Connection, arrived: Arrived, capabilities: Capabilities) -> tuple[Outbound, ...]:
        """Everything that waits for this person, as far as one response holds it; it counts as sent. A repeat gets what the first response was to carry."""
        if arrived.window_id is None:
            return ()
        # What waits is locked first: whoever answers the same inbound at this moment has written what it carried by then.
        claim = await outbox.take_inline(tx, self._services.cipher, arrived.conversation_id, quiet=QUIET_CATEGORIES)
        if before := await self._carried_before(tx, arrived, arrived.window_id, capabilities):
            return before
        if claim is None:
            return ()
        # What may not be said here is left to the sender, and what comes after it.
        rows = list(takewhile(lambda row: not (row.withheld or row.unreadable), await screened(tx, self._channels[claim.channel], claim)))
        if not rows:
            return ()
        rendered = []
        for row in rows:
            again = row.parts_sent if row.in_doubt else None
            rendered.append((row, render(row.body, claim.language, capabilities, discreet=claim.has_quiet_danger, again=again) or (Outbound(),)))
        # Danger need not go alone here: a response arrives as a whole or not at all.
        load = pack([(replace(row, policy="", in_doubt=False), messages) for row, messages in rendered], capabilities)
        ids = [row.message_id for row in load.rows]
        whole, partly = (ids[:-1], (ids[-1], load.next_part)) if load.next_part else (ids, None)
        await outbox.carry_inline(tx, arrived.conversation_id, arrived.window_id, whole, partly)
        return tuple(message for message in load.messages if message.text)

    async def _carried_before(self, tx: Connection, arrived: Arrived, window_id: int, capabilities: Capabilities) -> tuple[Outbound, ...]:
        """The platform asked once more because it did not see the response that carried the answer: this one carries it again."""
        cipher, parts = self._services.cipher, capabilities.messages_per_send
        claim = await outbox.sent_inline(tx, cipher, arrived.conversation_id, window_id, parts=parts, quiet=QUIET_CATEGORIES)
        if claim is None:
            return ()
        rendered = [
            (replace(row, policy=""), render(row.body, claim.language, capabilities, discreet=claim.has_quiet_danger) or (Outbound(),)) for row in claim.rows
        ]
        return tuple(message for message in pack(rendered, capabilities).messages if message.text)


def room(answered: int, in_vain: int) -> int:
    """For how many there is room, after so many were answered and waited in vain lately. Pure."""
    return max(int(GROWTH * answered), FEW if in_vain > answered else ALWAYS)


def _left(until: datetime) -> float:
    return (until - now()).total_seconds() - RESPONSE_S


async def _sleep_until_woken(wake: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
