"""What the processes do and suffer: triage, turns, timers, sweeps, telephone calls, and their deaths in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from typing import Any

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import consumes, multiple, precondition

from bot import escalation
from bot.compose import Reply
from bot.triage_slot import TriageSlot
from bot.turn import _NEXT, TurnQueue, TurnSlot, plan
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, NotOwner
from core import db as database
from core.clock import now
from core.db import Connection
from handling.base import Rules, event, late, talks
from handoff import service as handoff
from handoff.duty import Call

#: What ends with its database session.
DEATHS = (psycopg.OperationalError, psycopg.InterfaceError)


class Telephone:
    """The operator's gateway, which takes a call on or does not."""

    def __init__(self, takes: bool, placed: dict[str, bool]) -> None:
        self.takes = takes
        self.placed = placed

    async def place(self, call: Call) -> bool:
        assert not self.placed.get(call.key), "a call that was taken on is placed again"
        assert call.number, "nobody is called without a number"
        self.placed[call.key] = self.takes
        return self.takes


class Machinery(Rules):
    """Rules of the program's own processes."""

    @event()
    def triage_step(self) -> None:
        self.judge()

    @event()
    def two_triage_slots_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.triage.step(), self.standby.step())
            # A slot lets go of what it has judged with its next step, which looks at nothing here.
            assert self.standby._session is not None
            await self.standby._claim(self.standby._session, 3600.0)

        self.run(both())

    @event()
    def worker_dies_in_triage(self) -> None:
        """Its claims die with its session; whoever comes next judges what it had claimed."""
        slot = TriageSlot(self.services, "dying")

        async def die(rows: list[dict[str, Any]]) -> Any:
            await self._kill(slot._session)
            raise psycopg.OperationalError("the worker is dead")

        slot._decide = die  # type: ignore[method-assign]
        if not self._ends(slot.step()):
            self.run(slot._hang_up())
        self.judge_everything()

    @event(talk=talks)
    def worker_dies_in_a_turn(self, talk: str) -> None:
        slot = TurnSlot(self.services, TurnQueue())

        async def die(row: dict[str, Any], kind: str) -> Reply:
            await self._kill(slot._session)
            raise psycopg.OperationalError("the worker is dead")

        slot._compose = die  # type: ignore[method-assign]
        if not self._ends(slot._serve(talk)):
            self.run(slot._hang_up())
        if talk not in self.held_back:
            self.run(self.turns._serve(talk))
            assert not self.rows(_NEXT, talk), "a dead worker's turn was not taken up"

    def judge_everything(self) -> None:
        for _ in range(6):  # a message whose analysis fails goes to a person after some tries
            if not self.run(self.triage.step()):
                break
        assert not self.rows("SELECT 1 FROM inbox WHERE triage_state = 'pending'"), "claimed by the dead for ever"

    async def _kill(self, session: Connection | None) -> None:
        assert session is not None
        await asyncio.to_thread(self.world.look.execute, "SELECT pg_terminate_backend(%s, 5000)", (session.info.backend_pid,))

    def _ends(self, doing: Any) -> bool:
        try:
            self.run(doing)
        except DEATHS:
            return True
        return False

    @event(talk=talks)
    def turn(self, talk: str) -> None:
        if talk not in self.held_back:
            self.run(self.turns._serve(talk))

    @event(target=late, talk=talks)
    def begin_a_turn(self, talk: str) -> Any:
        """Rasa thinks; what it says is written only after other things have happened."""
        found = self.rows(_NEXT, talk)
        if not found and self.accept(self.inbound(talk, text="plain 글")):
            self.judge()
            found = self.rows(_NEXT, talk)
        if not found or talk in self.held_back:
            return multiple()
        found[0]["content"] = {"text": "plain"}
        self.held_back.add(talk)
        return (talk, found[0])

    @event(begun=consumes(late))
    def end_a_turn_late(self, begun: Any) -> None:
        talk, row = begun
        kind = plan(row).kind
        reply = Reply((Body("늦은 답"),)) if kind in ("answer", "acknowledge") else Reply(())
        before = self.seen.conversations[talk]
        self.run(self.end_turn(row, kind, reply))
        after = self.rows("SELECT owner_kind, last_seq FROM conversations WHERE id = %s", talk)[0]
        if before["owner_kind"] != "bot" or before["status"] != "open":
            assert after["last_seq"] == before["last_seq"], "the bot wrote into a conversation that was not its own"
        self.held_back.discard(talk)

    async def end_turn(self, row: dict[str, Any], kind: str, reply: Reply) -> None:
        async with self.world.db.read() as connection:
            await self.turns._end(connection, row, kind, reply)

    @event(talk=talks)
    def bot_speaks(self, talk: str) -> None:
        posted = self.write(conversation.reply, self.services.cipher, talk, AuthorKind.BOT, Body("x"), client_id=f"free-{self.number()}")
        before = self.seen.conversations[talk]
        assert isinstance(posted, NotOwner) == (before["owner_kind"] != "bot" or before["status"] != "open")

    # --- time

    @event(seconds=st.sampled_from([0, 26, 26, 120]))
    def sweep(self, seconds: int) -> None:
        """Offers time out, rungs come due and silent desks are found; nobody else beats meanwhile, so that a long pause finds every desk silent."""
        self.sweep_at(now() + timedelta(seconds=seconds))

    @event(seconds=st.sampled_from([0, 26]))
    def two_sweepers_at_once(self, seconds: int) -> None:
        at = now() + timedelta(seconds=seconds)
        told = self.queue_seq

        async def one() -> None:
            async with self.world.db.transaction() as tx:
                await handoff.sweep(tx, at)

        async def both() -> None:
            await asyncio.gather(one(), one())

        self.run(both())
        self.look_after_sweep(at)
        once = Counter((row["kind"], row["case"]) for row in self._told_since(told) if row["kind"] in ("returned", "woken", "grouped", "offer_expired"))
        assert all(count == 1 for count in once.values()), "two sweepers did the same thing"

    def _told_since(self, seq: int) -> list[dict[str, Any]]:
        return self.rows("SELECT kind, payload->>'case_id' AS case FROM events WHERE stream = 'queue' AND seq > %s", seq)

    @event()
    def a_sweeper_dies(self) -> None:
        """Half a sweep is none, and its lock is free again."""
        at = now() + timedelta(seconds=26)

        async def die() -> None:
            async with self.world.db.transaction() as tx:
                await handoff.sweep(tx, at)
                raise asyncio.CancelledError

        with contextlib.suppress(asyncio.CancelledError):
            self.run(die())
        assert not self._told_since(self.queue_seq), "half a sweep was kept"
        self.sweep_at(at)

    @event()
    def question_times_out(self) -> None:
        self.let_the_question_time_out()

    def let_the_question_time_out(self) -> None:
        self.write(database.run, "UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = %s", escalation.ASK_TIMER)
        self.run(self.worker._timers())
        assert not self.rows("SELECT 1 FROM timers WHERE kind = %s", escalation.ASK_TIMER)

    @event()
    def a_timer_is_lost(self) -> None:
        """As after a restored backup: the sweeper starts it again."""
        self.write(database.run, "DELETE FROM timers WHERE kind = 'case_offer'")
        self.sweep_now()

    @precondition(lambda self: self.has("claimed"))
    @event(which=st.integers(0, 4))
    def what_was_put_aside_is_due(self, which: int) -> None:
        """It comes back to its owner, who is told."""
        case = self.case(which, "claimed")
        assert case is not None
        owner = self.agent(self.staff_number(case["owner_id"]))
        self.try_to(handoff.snooze, case["id"], owner, now() + timedelta(minutes=5))
        self.everything_holds()
        asleep = {row["id"]: row["owner_id"] for row in self.seen.cases.values() if row["snoozed_until"] is not None}
        self.write(database.run, "UPDATE cases SET snoozed_until = now() - interval '1 second' WHERE snoozed_until IS NOT NULL")
        told = self.queue_seq
        at = now()
        self.sweep_at(at)
        returned = {int(row["case"]) for row in self._told_since(told) if row["kind"] == "returned"}
        woken = {int(row["case"]) for row in self._told_since(told) if row["kind"] == "woken"}
        assert woken == asleep.keys() - returned
        assert all(self.fresh(case_id)["owner_id"] == asleep[case_id] for case_id in woken)

    @event(takes=st.booleans())
    def duty_calls_are_placed(self, takes: bool) -> None:
        before = dict(self.calls)
        calling = {
            f"case-{row['case_id']}-{row['wait']}-{row['rung']}" for row in self.rows("SELECT case_id, wait, rung FROM case_rungs WHERE state = 'calling'")
        }
        self.run(handoff.place_calls(self.world.db, Telephone(takes, self.calls)))
        assert {key for key, taken in self.calls.items() if before.get(key) != taken} <= calling, "a call for a case that does not wait"

    @precondition(lambda self: self.has("queued"))
    @event(seconds=st.sampled_from([0, 6, 70]))
    def those_who_wait_are_told(self, seconds: int) -> None:
        told = self.run(handoff.tell_waiting(self.world.db, self.services.cipher, now() + timedelta(seconds=seconds)))
        assert all(self.seen.cases[case_id]["status"] == "queued" for case_id in told), "somebody was told to wait who has a person"
        assert not self.run(handoff.tell_waiting(self.world.db, self.services.cipher, now() + timedelta(seconds=seconds))), "told twice"
