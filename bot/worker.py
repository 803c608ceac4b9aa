"""The worker: triage slot, turns, timers and sweeper; one Rasa beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from bot import escalation, strain
from bot.channels import registry
from bot.channels.contract import Works
from bot.channels.door import Door
from bot.channels.health import Watch
from bot.dialogue.client import DialogueClient
from bot.dialogue.intents import FILE, DialogueIntents
from bot.dialogue.process import DialogueProcess
from bot.drill_ways import DrillWays
from bot.escalation import Danger
from bot.files.work import FileWork
from bot.rounds import go_on
from bot.sender import Sender
from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from bot.typing_display import TypingDisplay
from bot.wake import Wake
from conversation import guarding
from conversation import service as conversation
from core import db as database
from core import heartbeat, timers
from core.clock import now
from core.db import Connection
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import DIALOGUE_UP
from handoff import service as handoff
from handoff.calls import service as calls
from handoff.drills import jobs as drill_jobs
from handoff.incidents import statements
from handoff.officers import jobs as officer_jobs
from handoff.records import jobs as record_jobs
from handoff.reviews import jobs as review_jobs
from knowledge_base.crisis_cards import GENERIC
from knowledge_base.editing import jobs as editing_jobs
from knowledge_base.editing.known import KnownQuestions
from knowledge_base.opendata import jobs as opendata_jobs
from language.categories import Urgency

log = get(__name__)
SWEEP_S = 1.0
CALLS_S = 5.0
#: Between two rounds of a sweep that has more to do: those who take cases come in between.
MORE_S = 0.05


class Worker:
    """Runs the slots of one worker process on loaded services."""

    def __init__(self, services: Services, dialogue: DialogueProcess | None) -> None:
        self.services = services
        self.dialogue = dialogue
        self.queue = TurnQueue()
        self.wake = Wake()
        self.triage = [TriageSlot(services, "worker", turns=self.queue.put, wake=self.wake) for _ in range(services.settings.triage_slots)]
        channels = registry.configured(services.settings, services.db, services.cipher)
        self.sender = Sender(services.db, services.cipher, channels, services.settings.sender_slots)
        self.drills = DrillWays(services, channels)

    async def run(self) -> None:
        """Work until cancelled."""
        tasks = [
            *(slot.run() for slot in self.triage),
            self._listen(),
            *self._rounds(),
            self.sender.run(),
            TypingDisplay(self.services.db, self.services.cipher, self.sender.channels).run(),
            heartbeat.beat(self.services.db, "worker", self._state),
            review_jobs.run(self.services.db),
            editing_jobs.run(self.services.db, self.services.settings),
            opendata_jobs.run(self.services.db, self.services.settings),
            record_jobs.run(self.services.db, self.services.settings),
            officer_jobs.run(self.services.db, self.services.cipher, self.services.settings),
            drill_jobs.run(self.services.db, self.services.cipher, self.services.settings, self.drills),
            *(TurnSlot(self.services, self.queue, self._stand_back).run() for _ in range(self.services.settings.turn_slots)),
        ]
        if self.services.knowledge is not None:
            tasks.append(self.services.knowledge.watch())
            tasks.append(KnownQuestions(self.services.knowledge, self.services.db, self.services.cipher).watch())
        door = Door(self.services, self.sender.channels)
        tasks.append(FileWork(self.services.db, self.services.cipher, self.services.settings, self.sender.channels).run())
        tasks.append(Watch(self.services.db, self.services.settings, self.sender.channels).run())
        tasks += [channel.work(door) for channel in self.sender.channels.values() if isinstance(channel, Works)]
        await asyncio.gather(*tasks)

    def _rounds(self) -> list[Coroutine[Any, Any, None]]:
        """Each beside the others, and none waits for another's."""
        return [
            go_on(self._sweep, lambda error: log.error("sweep_failed", error=type(error).__name__, exc_info=error), pause_s=SWEEP_S, more_s=MORE_S),
            go_on(self._tell_waiting, lambda error: log.error("telling_failed", error=type(error).__name__, exc_info=error), pause_s=SWEEP_S),
            go_on(self._statements, lambda error: log.error("statements_failed", error=type(error).__name__, exc_info=error), pause_s=SWEEP_S, more_s=MORE_S),
            go_on(self._free_calls, lambda error: log.error("free_calls_failed", error=type(error).__name__, exc_info=error), pause_s=CALLS_S),
            go_on(self._unattended, lambda error: log.error("unattended_failed", error=type(error).__name__, exc_info=error), pause_s=CALLS_S),
            self._duty_calls(),
        ]

    def _state(self) -> dict[str, Any]:
        up = self.dialogue is not None and self.dialogue.ready
        DIALOGUE_UP.set(up)
        return {"dialogue": up}

    async def _listen(self) -> None:
        async for channel, payload in self.services.db.listen("inbox", "turns", strain.CHANNEL):
            if channel in ("inbox", ""):
                self.wake.set()
            if channel == "turns":
                self.queue.put(payload)
            elif channel == strain.CHANNEL:
                self.services.pace.hear(strain.heard(payload))
            elif not channel:
                await self._requeue()

    async def _stand_back(self, longest_s: float) -> None:
        """A turn lets go first whoever has not been read yet, and those whose words are not stored yet."""
        for slot in self.triage:
            await slot.idle(longest_s)
        await self.services.pace.rest()

    async def _requeue(self) -> None:
        """Find turns that nobody was woken for: after a start, a lost connection, or a dead worker."""
        with contextlib.suppress(DatabaseUnavailable):
            async with self.services.db.read() as connection:
                for row in await database.rows(
                    connection,
                    "SELECT DISTINCT conversation_id FROM inbox WHERE turn_state = 'pending' AND triage_state <> 'pending' LIMIT 1000",
                ):
                    self.queue.put(row["conversation_id"])

    async def _sweep(self) -> bool:
        await self._requeue()
        await self._timers()
        async with self.services.db.transaction() as tx:
            more = (await handoff.sweep(tx, now())).more
            await heartbeat.forget_dead(tx)
        async with self.services.db.read() as connection:
            broken = await handoff.violations(connection)
        if broken:
            log.error("invariant_violated", count=len(broken), cases=broken[:10])
        return more

    async def _tell_waiting(self) -> bool:
        """Beside the sweep: in a flood, telling hundreds of citizens of their place takes longer than the next emergency may wait for its offer."""
        await handoff.tell_waiting(self.services.db, self.services.cipher)
        return False

    async def _statements(self) -> bool:
        """What is said to everybody of an incident, once it is approved."""
        return await statements.deliver(self.services.db, self.services.cipher) >= statements.AT_ONCE

    async def _unattended(self) -> bool:
        """Emergencies that somebody owns and nobody answers; beside the sweep, which must not depend on them."""
        async with self.services.db.transaction() as tx:
            await handoff.call_for_unattended(tx, self.services.cipher, now())
        return False

    async def _duty_calls(self) -> None:
        """Telephone calls have a round of their own: a gateway that thinks for ten seconds must not stop the sweep."""
        port = handoff.gateway_of(self.services.settings)
        if port is None:
            return

        async def place() -> bool:
            await handoff.place_calls(self.services.db, port)
            return False

        await go_on(place, lambda error: log.error("duty_calls_failed", error=type(error).__name__, exc_info=error), pause_s=SWEEP_S)

    async def _free_calls(self) -> bool:
        """Calls whose two pages have vanished; beside the sweep, which must not depend on them."""
        async with self.services.db.transaction() as tx:
            await calls.settle(tx, now())
        return False

    async def _timers(self) -> None:
        async with self.services.db.read() as connection:
            expired = await timers.expired(connection, escalation.ASK_TIMER)
        for timer in expired:
            try:
                async with self.services.db.transaction() as tx:
                    # The case before the timer, as triage takes them; whoever removes the timer handles it.
                    await handoff.lock_open_case(tx, timer["subject"])
                    if await timers.take(tx, timer["id"]):
                        await self._unanswered(tx, timer)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                # One timer at fault must not stop the others, nor the sweep that follows; it is tried again.
                log.error("timer_failed", timer=timer["id"], error=type(error).__name__, exc_info=error)

    async def _unanswered(self, tx: Connection, timer: dict[str, Any]) -> None:
        """The danger question was not answered in time: that counts as yes."""
        row = await database.one(
            tx,
            """SELECT c.*, i.message_id, i.category, m.body FROM inbox i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = i.conversation_id
               WHERE i.message_id = %s AND c.status = 'open'""",
            timer["payload"]["message_id"],
        )
        if row is None:
            return
        text = str(conversation.open_body(self.services.cipher, row["body"]).get("text", ""))
        category = row["category"] or "other"
        card = category if guarding.guards(category) else GENERIC
        danger = Danger(Urgency.URGENT, category, "unanswered_question", row["country"], row["language"], card)
        await escalation.escalate(self.services, tx, row, row["message_id"], text, danger)


async def start_dialogue(services: Services, action_url: str, action_token: str) -> DialogueProcess | None:
    """Start Rasa beside the worker, unless it is switched off; turns use it once it answers."""
    settings = services.settings
    if not settings.dialogue:
        return None
    process = DialogueProcess(settings, action_url=action_url, action_token=action_token)
    process.start()
    services.dialogue = DialogueClient(process.base_url, process.token, timeout_s=settings.dialogue_timeout_ms / 1000)
    services.dialogue_intents = DialogueIntents.load(process.model.with_name(FILE))
    return process
