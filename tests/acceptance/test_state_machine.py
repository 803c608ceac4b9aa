"""The life of conversations and cases as a Hypothesis state machine on the real database.

The machine drives what the processes run: accepting, the triage slot, turns, the danger button, the sweeper and the handoff's services.
Only the analyser is a stand-in: a message says itself what triage shall think of it. After every step the invariants are read from the
database, and at the end everything is run dry: then no inbound may be without an answer or a person.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.schemas import Staff
from bot import escalation
from bot.compose import Reply
from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.turn import _NEXT, TurnQueue, TurnSlot, plan
from bot.worker import Worker
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Inbound, InboundKind, Location, NotOwner
from core import db as database
from core.clock import now
from core.crypto import Cipher
from core.db import Database, metadata
from core.errors import AppError
from core.events import EventHub
from core.migrate import migrate
from core.settings import Settings
from handoff import queue_order
from handoff import service as handoff
from handoff.choosing import MAX_OFFERS
from handoff.schemas import AgentFull, Claimed, OfferedToAnother
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.triage import Decision

#: What a citizen may write, and what triage then thinks.
THOUGHTS = {
    "life": Decision(Urgency.LIFE_THREAT, Category.ASSAULT, "escalate", 0.99, ("test",), 0.9),
    "urgent": Decision(Urgency.URGENT, Category.ROBBERY_THEFT, "escalate", 0.9, ("test",), 0.9),
    "doubt": Decision(Urgency.URGENT, Category.OTHER, "ask", 0.5, ("test",)),
    "plain": Decision(Urgency.NONE, Category.OTHER, "none", 0.01, ()),
    "broken": None,
}
CAPS = (0, 1, 2)
QUEUE_STATE = (
    "conversation_id",
    "status",
    "severity",
    "category",
    "language",
    "country",
    "owner_id",
    "returned",
    "doubts",
    "version",
    "offered_to",
    "rings",
    "ladder",
    "asked_to",
)


class Loop:
    """An event loop in a thread of its own, since Hypothesis is not asynchronous."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def __call__(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(120)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


class Thinker:
    """Stands in for the analyser: the first word of a message decides."""

    triage: Any
    intents: Any

    def __init__(self) -> None:
        self.triage = self.intents = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]

    async def of_message(self, message_id: int, text: str) -> Analysis:
        return (await self.analyse([text]))[0]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return ("ask_person", 1.0) if analysis.text.startswith("person") else ("ask_notice", 1.0)

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        decision = THOUGHTS[analysis.text.partition(" ")[0] or "plain"]
        if decision is None:
            raise RuntimeError("the model failed")
        return decision


class World:
    """The real parts on a database of their own."""

    def __init__(self, run: Loop, dsn: str, cipher: Cipher) -> None:
        self.run = run
        self.db: Database = run(Database.open(dsn, min_size=1, max_size=6))
        configured = Settings(dialogue=False, offer_timeout_s=25, ask_timeout_s=60)
        self.services = Services(configured, self.db, cipher, EventHub(self.db), CrisisCards.load(), Thinker())  # type: ignore[arg-type]
        self.steps = 0
        self.tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)

    async def empty(self) -> None:
        async with self.db.transaction() as tx:
            await tx.execute(f"TRUNCATE {self.tables} RESTART IDENTITY CASCADE")

    async def staff(self) -> list[Staff]:
        made = []
        async with self.db.transaction() as tx:
            for number, cap in enumerate(CAPS):
                roles = ["agent", "supervisor"] if number == len(CAPS) - 1 else ["agent"]
                row = await database.one(
                    tx,
                    "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', %s, %s) RETURNING id",
                    f"agent{number}",
                    f"상담관 {number}",
                    roles,
                    cap,
                )
                assert row is not None
                made.append(Staff(row["id"], f"agent{number}", f"상담관 {number}", frozenset(roles), ("ko",), cap))
                await handoff.set_presence(tx, made[-1], "available")
        return made

    def close(self) -> None:
        self.run(self.db.close())


@dataclass
class Case:
    """What the machine remembers of a case: what must never change, and what may only grow."""

    arrival_at: Any
    severity: str


@dataclass
class Remembered:
    sequences: dict[str, int] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    queue: dict[int, dict[str, Any]] = field(default_factory=dict)
    queue_seq: int = 0


class Handling(RuleBasedStateMachine):
    """Arrive, escalate, offer, claim, decline, go away, fall silent, time out, return, transfer, hand over, override, put aside, merge, reopen, close."""

    world: World
    talks = Bundle("talks")
    sent = Bundle("sent")
    late = Bundle("late")

    def __init__(self) -> None:
        super().__init__()
        self.services = self.world.services
        self.known = Remembered()
        self.numbers = itertools.count(1)
        self.held_back: set[str] = set()
        self.triage = TriageSlot(self.services, "test")
        self.turns = TurnSlot(self.services, TurnQueue())
        self.worker = Worker(self.services, None)

    # --- how things are done

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.world.run(doing)

    def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        async def inside() -> Any:
            async with self.world.db.transaction() as tx:
                return await function(tx, *args, **kwargs)

        return self.run(inside())

    def rows(self, statement: str, *args: Any) -> list[dict[str, Any]]:
        async def inside() -> list[dict[str, Any]]:
            async with self.world.db.read() as connection:
                return await database.rows(connection, statement, *args)

        return self.run(inside())

    def try_to(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Do something that the rules may refuse; a refusal leaves everything as it was, which the invariants see."""
        try:
            return self.write(function, *args, **kwargs)
        except AppError as error:
            if error.kind.status >= 500:
                raise
            return None

    # --- citizens

    @initialize(target=talks)
    def open_desks(self) -> Any:
        self.run(self.world.empty())
        self.staff: list[Staff] = self.run(self.world.staff())
        return multiple(*(self.write(conversation.start, "webchat")[0] for _ in range(4)))

    @precondition(lambda self: len(self.rows("SELECT 1 FROM conversations")) < 7)
    @rule(target=talks)
    def arrive(self) -> str:
        return self.write(conversation.start, "webchat")[0]

    @rule(target=sent, talk=talks, thought=st.sampled_from(["plain", "plain", "doubt", "urgent", "life", "broken"]))
    def write_text(self, talk: str, thought: str) -> Any:
        return self.accept(Inbound("webchat", f"{talk}:{next(self.numbers)}", talk, InboundKind.TEXT, text=f"{thought} 글"))

    @rule(target=sent, talk=talks, thought=st.sampled_from(["plain", "doubt", "urgent", "urgent", "life"]))
    def write_text_and_be_judged(self, talk: str, thought: str) -> Any:
        sent = self.accept(Inbound("webchat", f"{talk}:{next(self.numbers)}", talk, InboundKind.TEXT, text=f"{thought} 글"))
        self.triage_step()
        return sent

    @rule(target=sent, talk=talks, choice=st.sampled_from([escalation.YES, escalation.NO, escalation.PERSON]))
    def write_choice(self, talk: str, choice: str) -> Any:
        return self.choose(talk, choice)

    def choose(self, talk: str, choice: str) -> Any:
        return self.accept(Inbound("webchat", f"{talk}:{next(self.numbers)}", talk, InboundKind.CHOICE, text="plain", choice=choice))

    @rule(target=sent, talk=talks)
    def ask_for_a_person_and_get_the_answer(self, talk: str) -> Any:
        sent = self.choose(talk, escalation.PERSON)
        self.triage_step()
        self.turn(talk)
        return sent

    @rule(target=sent, talk=talks)
    def send_place(self, talk: str) -> Any:
        return self.accept(Inbound("webchat", f"{talk}:{next(self.numbers)}", talk, InboundKind.LOCATION, location=Location(13.7, 100.5, 30.0)))

    @rule(talk=talks)
    def press_danger(self, talk: str) -> None:
        from bot.channels.webchat.routes import _press

        inbound = Inbound("webchat", f"{talk}:{next(self.numbers)}", talk, InboundKind.DANGER)
        token = "t" * 43
        self.write(_set_token, talk, token)
        accepted = self.run(_press(self.services, inbound, token))
        self.known.sequences[inbound.event_id] = accepted.sequence
        assert self.run(_press(self.services, inbound, token)).sequence == accepted.sequence
        (case,) = self.rows("SELECT severity FROM cases WHERE conversation_id = %s AND status <> 'closed'", talk)
        assert case["severity"] == "life_threat", "an acknowledged press is a case already"

    @rule(inbound=sent)
    def repeat(self, inbound: Inbound) -> None:
        again = self.write(conversation.accept, self.services.cipher, inbound)
        assert again.duplicate
        assert again.sequence == self.known.sequences[inbound.event_id]

    @rule(inbound=sent)
    def reuse_an_id(self, inbound: Inbound) -> None:
        with pytest.raises(AppError, match="client_id_reused"):
            self.write(conversation.accept, self.services.cipher, replace(inbound, text="anders"))

    def accept(self, inbound: Inbound) -> Any:
        accepted = self.write(conversation.accept, self.services.cipher, inbound)
        assert not accepted.duplicate
        self.known.sequences[inbound.event_id] = accepted.sequence
        return inbound

    # --- the worker

    @rule()
    def triage_step(self) -> None:
        self.run(self.triage.step())

    @rule()
    def two_triage_slots_at_once(self) -> None:
        async def both() -> None:
            standby = TriageSlot(self.services, "standby")
            await asyncio.gather(self.triage.step(), standby.step())
            await standby._session.close()

        self.run(both())

    @rule(talk=talks)
    def turn(self, talk: str) -> None:
        if talk not in self.held_back:
            self.run(self.turns._serve(talk))

    @rule(target=late, talk=talks)
    def begin_a_turn(self, talk: str) -> Any:
        """Rasa thinks; what it says is written only after other things have happened."""
        found = self.rows(_NEXT, talk)
        if not found or talk in self.held_back:
            return multiple()
        found[0]["content"] = {"text": "plain"}
        self.held_back.add(talk)
        return (talk, found[0])

    @rule(begun=consumes(late))
    def end_a_turn_late(self, begun: Any) -> None:
        talk, row = begun
        kind = plan(row).kind
        reply = Reply((Body("늦은 답"),)) if kind in ("answer", "acknowledge") else Reply(())
        owner_before = self.rows("SELECT owner_kind, last_seq FROM conversations WHERE id = %s", talk)[0]
        self.run(self.end_turn(row, kind, reply))
        owner_after = self.rows("SELECT owner_kind, last_seq FROM conversations WHERE id = %s", talk)[0]
        if owner_before["owner_kind"] != "bot":
            assert owner_after["last_seq"] == owner_before["last_seq"], "the bot wrote into a person's conversation"
        self.held_back.discard(talk)

    async def end_turn(self, row: dict[str, Any], kind: str, reply: Reply) -> None:
        async with self.world.db.read() as connection:
            await self.turns._end(connection, row, kind, reply)

    @rule(talk=talks)
    def bot_speaks(self, talk: str) -> None:
        posted = self.write(conversation.reply, self.services.cipher, talk, AuthorKind.BOT, Body("x"), client_id=f"free-{next(self.numbers)}")
        owner = self.rows("SELECT owner_kind FROM conversations WHERE id = %s", talk)[0]["owner_kind"]
        assert isinstance(posted, NotOwner) == (owner != "bot")

    @rule(seconds=st.sampled_from([0, 26, 120]))
    def sweep(self, seconds: int) -> None:
        """Offers time out and silent desks are found; nobody else beats meanwhile, so that a long pause finds every desk silent."""
        self.write(handoff.sweep, now() + timedelta(seconds=seconds))

    @rule()
    def question_times_out(self) -> None:
        self.write(database.run, "UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = %s", escalation.ASK_TIMER)
        self.run(self.worker._timers())
        assert not self.rows("SELECT 1 FROM timers WHERE kind = %s", escalation.ASK_TIMER)

    @rule()
    def a_timer_is_lost(self) -> None:
        """As after a restored backup: the sweeper starts it again."""
        self.write(database.run, "DELETE FROM timers WHERE kind = 'case_offer'")
        self.write(handoff.sweep, now())

    # --- people

    def agent(self, number: int) -> Staff:
        return self.staff[number]

    def some_case(self, number: int, *statuses: str) -> dict[str, Any] | None:
        found = self.rows("SELECT * FROM cases WHERE status = ANY(%s) ORDER BY id", list(statuses))
        return found[number % len(found)] if found else None

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def claim(self, agent: int, which: int) -> None:
        self.claim_one(agent, self.some_case(which, "queued", "handed_back", "claimed"))

    def claim_one(self, agent: int, case: dict[str, Any] | None) -> None:
        if case is None:
            return
        staff = self.agent(agent)
        held = self.rows("SELECT count(*) AS n FROM cases WHERE owner_id = %s AND status = 'claimed'", staff.id)[0]["n"]
        result = self.write(handoff.claim, case["id"], staff)
        if isinstance(result, Claimed):
            own = case["status"] == "handed_back" and case["owner_id"] == staff.id
            assert case["status"] == "queued" or own or case["asked_to"] == staff.id
            assert queue_order.may_take(case["severity"], held, staff.cap), "the cap did not hold"
        if isinstance(result, AgentFull):
            assert not queue_order.may_take(case["severity"], held, staff.cap)
        if isinstance(result, OfferedToAnother):
            assert case["offered_to"] not in (None, staff.id)
            assert not queue_order.is_emergency(case["severity"]), "an emergency is anybody's"

    @rule(agent=st.integers(0, 2))
    def claim_all_that_waits(self, agent: int) -> None:
        for number in range(len(self.rows("SELECT 1 FROM cases WHERE status = 'queued'"))):
            self.claim_one(agent, self.some_case(number, "queued"))

    @rule(which=st.integers(0, 4))
    def all_claim_at_once(self, which: int) -> None:
        case = self.some_case(which, "queued")
        if case is None:
            return

        async def one(staff: Staff) -> Any:
            async with self.world.db.transaction() as tx:
                return await handoff.claim(tx, case["id"], staff)

        async def everyone() -> list[Any]:
            return await asyncio.gather(*(one(staff) for staff in self.staff))

        assert sum(isinstance(result, Claimed) for result in self.run(everyone())) <= 1

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def answer(self, agent: int, which: int) -> None:
        case = self.some_case(which, "claimed", "handed_back", "queued")
        if case is None:
            return
        posted = self.try_to(handoff.reply, self.services.cipher, case["id"], self.agent(agent), "답", f"c{next(self.numbers)}")
        owns = case["status"] == "claimed" and case["owner_id"] == self.agent(agent).id
        assert (posted is not None) == owns

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def return_to_queue(self, agent: int, which: int) -> None:
        if case := self.some_case(which, "claimed", "handed_back"):
            self.try_to(handoff.return_to_queue, case["id"], self.agent(agent))

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def hand_back(self, agent: int, which: int) -> None:
        if case := self.some_case(which, "claimed", "queued"):
            self.try_to(handoff.hand_back, case["id"], self.agent(agent))

    @rule(
        agent=st.integers(0, 2),
        which=st.integers(0, 4),
        outcome=st.sampled_from(["resolved", "handed_back", "nonsense"]),
        verified=st.booleans(),
    )
    def close(self, agent: int, which: int, outcome: str, verified: bool) -> None:
        case = self.some_case(which, "claimed", "handed_back", "queued")
        if case is None:
            return
        contact = "본인과 통화함" if verified else ""
        closed = self.try_to(handoff.close, self.services.cipher, case["id"], self.agent(agent), outcome, verified_contact=contact)
        if queue_order.is_emergency(case["severity"]) and (not verified or outcome != "resolved"):
            assert closed is None, "silence closed an emergency"
        if queue_order.is_emergency(case["severity"]) and closed is not None:
            assert closed.status != "closed", "one person alone closed an emergency"

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4), agree=st.booleans())
    def second_person(self, agent: int, which: int, agree: bool) -> None:
        found = self.rows("SELECT * FROM cases WHERE closing_by IS NOT NULL ORDER BY id")
        if not found:
            return
        case = found[which % len(found)]
        done = self.try_to(handoff.confirm_close if agree else handoff.object_to_close, case["id"], self.agent(agent))
        if agree:
            assert (done is not None) == (case["closing_by"] != self.agent(agent).id)

    @rule(agent=st.integers(0, 2), to=st.integers(0, 2), which=st.integers(0, 4))
    def transfer(self, agent: int, to: int, which: int) -> None:
        case = self.some_case(which, "claimed", "handed_back", "queued")
        if case is None:
            return
        given = self.try_to(handoff.transfer, self.services.cipher, case["id"], self.agent(agent), self.agent(to).id, "부탁합니다")
        if given is not None and queue_order.is_emergency(case["severity"]):
            assert given.owner_id == case["owner_id"], "an emergency was handed over without a yes"

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4), yes=st.booleans())
    def answer_to_being_asked(self, agent: int, which: int, yes: bool) -> None:
        found = self.rows("SELECT * FROM cases WHERE asked_to IS NOT NULL ORDER BY id")
        if not found:
            return
        case = found[which % len(found)]
        if yes:
            taken = self.write(handoff.accept, case["id"], self.agent(agent))
            assert not isinstance(taken, Claimed) or case["asked_to"] == self.agent(agent).id
        else:
            self.try_to(handoff.refuse, case["id"], self.agent(agent))

    @rule(agent=st.integers(0, 2), to=st.integers(0, 2))
    def shift_change(self, agent: int, to: int) -> None:
        leaving, cipher = self.agent(agent), self.services.cipher
        held = [row["id"] for row in self.rows("SELECT id FROM cases WHERE owner_id = %s AND status <> 'closed' ORDER BY id", leaving.id)]
        emergencies = {row["id"] for row in self.rows("SELECT id FROM cases WHERE severity IN ('life_threat', 'urgent')")}
        done = self.try_to(handoff.hand_over, cipher, leaving, leaving.id, self.agent(to).id, held, [], "교대합니다")
        if done is not None:
            assert sorted([*done.moved, *done.asked, *done.stayed]) == held, "a case was forgotten"
            assert not emergencies & set(done.moved)

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def send_to_a_team(self, agent: int, which: int) -> None:
        if case := self.some_case(which, "claimed", "handed_back"):
            self.try_to(handoff.to_team, self.services.cipher, case["id"], self.agent(agent), "night", "부탁합니다")

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def override(self, agent: int, which: int) -> None:
        if case := self.some_case(which, "claimed", "handed_back", "queued"):
            taken = self.try_to(handoff.take_from, self.services.cipher, case["id"], self.agent(agent), "답이 없어 넘겨받음")
            assert taken is None or self.agent(agent).has("supervisor")

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4), minutes=st.sampled_from([0, 5, 50, 5000]))
    def put_aside(self, agent: int, which: int, minutes: int) -> None:
        if case := self.some_case(which, "claimed", "queued"):
            self.try_to(handoff.snooze, case["id"], self.agent(agent), now() + timedelta(minutes=minutes))

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4), into=st.integers(0, 4))
    def merge(self, agent: int, which: int, into: int) -> None:
        case, stays = self.some_case(which, "claimed", "handed_back", "queued"), self.some_case(into, "claimed")
        if case and stays and self.try_to(handoff.merge, case["id"], stays["id"], self.agent(agent)):
            left = self.rows("SELECT severity, owner_id FROM cases WHERE id = %s", stays["id"])[0]
            assert queue_order.rank(left["severity"]) <= queue_order.rank(case["severity"])
            assert left["owner_id"] == stays["owner_id"]

    @rule(agent=st.integers(0, 2), which=st.integers(0, 4))
    def reopen(self, agent: int, which: int) -> None:
        if case := self.some_case(which, "closed"):
            self.try_to(handoff.reopen, case["id"], self.agent(agent))

    @rule(which=st.integers(0, 4))
    def decline(self, which: int) -> None:
        """Whoever was asked says no, and somebody who was not asked tries to."""
        if case := self.some_case(which, "queued"):
            for staff in self.staff:
                asked = self.rows("SELECT offered_to FROM cases WHERE id = %s", case["id"])[0]["offered_to"] == staff.id
                self.try_to(handoff.decline, case["id"], staff)
                if asked:
                    assert self.rows("SELECT offered_to FROM cases WHERE id = %s", case["id"])[0]["offered_to"] is None

    @rule(which=st.integers(0, 4), agent=st.integers(0, 2))
    def hear_the_bell(self, which: int, agent: int) -> None:
        if case := self.some_case(which, "queued"):
            self.write(handoff.acknowledge, case["id"], self.agent(agent))

    @rule(agent=st.integers(0, 2), state=st.sampled_from(["available", "available", "away", "offline"]))
    def say_presence(self, agent: int, state: str) -> None:
        self.write(handoff.set_presence, self.agent(agent), state)
        if state != "available":
            assert not self.rows("SELECT 1 FROM cases WHERE owner_id = %s AND status <> 'closed'", self.agent(agent).id)

    @rule(agent=st.integers(0, 2))
    def beat(self, agent: int) -> None:
        self.write(handoff.heartbeat, self.agent(agent))

    @rule(agent=st.integers(0, 2))
    def desk_falls_silent(self, agent: int) -> None:
        """A laptop is shut: no beat for two minutes, then the sweeper comes."""
        self.write(database.run, "UPDATE agent_presence SET last_seen_at = now() - interval '2 minutes' WHERE staff_id = %s", self.agent(agent).id)
        self.write(handoff.sweep, now())
        assert not self.rows("SELECT 1 FROM cases WHERE owner_id = %s AND status <> 'closed'", self.agent(agent).id)

    # --- what always holds

    @invariant()
    def everything_holds(self) -> None:
        self.world.steps += 1
        for check in CHECKS:
            getattr(self, check)()

    def every_acknowledged_inbound_is_there_once(self) -> None:
        found = self.rows("SELECT event_id, seq FROM inbox")
        assert {row["event_id"]: row["seq"] for row in found} == self.known.sequences
        assert len(found) == len(self.known.sequences)

    def nothing_is_answered_twice(self) -> None:
        outs = self.rows("SELECT conversation_id, client_id, in_reply_to FROM outbox")
        assert len({(row["conversation_id"], row["client_id"]) for row in outs}) == len(outs)
        final = Counter(row["in_reply_to"] for row in outs if row["client_id"].startswith(("turn-", "danger-")) and row["in_reply_to"])
        assert all(count == 1 for count in final.values()), final
        answered = {row["message_id"] for row in self.rows("SELECT message_id FROM inbox WHERE turn_state = 'answered'")}
        assert answered <= {row["in_reply_to"] for row in outs}, "answered, but nothing was said"
        for row in self.rows("SELECT message_id, conversation_id FROM inbox WHERE turn_state = 'held'"):
            assert self.rows("SELECT 1 FROM timers WHERE kind = %s AND subject = %s", escalation.ASK_TIMER, row["conversation_id"]), "held for ever"

    def there_is_one_owner_at_most(self) -> None:
        for row in self.rows(
            """SELECT c.id, c.owner_kind, c.owner_id, count(k.id) AS cases, max(k.owner_id) AS case_owner
               FROM conversations c LEFT JOIN cases k ON k.conversation_id = c.id AND k.status = 'claimed' GROUP BY c.id"""
        ):
            assert row["cases"] <= 1
            assert (row["owner_kind"] == "agent") == (row["cases"] == 1), row
            assert row["owner_id"] == row["case_owner"], row
        assert not self.rows("SELECT conversation_id FROM cases WHERE status <> 'closed' GROUP BY 1 HAVING count(*) > 1")

    def every_open_emergency_has_an_owner_or_a_running_timer(self) -> None:
        async def inside() -> list[int]:
            async with self.world.db.read() as connection:
                return await handoff.violations(connection)

        assert self.run(inside()) == []

    def arrivals_stay_and_severity_never_falls(self) -> None:
        for row in self.rows("SELECT id, arrival_at, severity FROM cases"):
            known = self.known.cases.setdefault(row["id"], Case(row["arrival_at"], row["severity"]))
            assert row["arrival_at"] == known.arrival_at
            assert queue_order.rank(row["severity"]) <= queue_order.rank(known.severity)
            known.severity = row["severity"]

    def the_queue_has_emergencies_first_and_then_who_came_first(self) -> None:
        async def inside() -> Any:
            async with self.world.db.read() as connection:
                return await handoff.queue(connection)

        queue = self.run(inside())
        assert [row.case_id for row in queue] == [
            row.case_id for row in sorted(queue, key=lambda row: queue_order.order_key(row.severity, row.arrival_at, row.case_id))
        ]
        assert {row.case_id for row in queue} == {row["id"] for row in self.rows("SELECT id FROM cases WHERE status = 'queued'")}

    def numbers_have_no_gaps(self) -> None:
        assert not self.rows(
            """SELECT s.name FROM streams s LEFT JOIN events e ON e.stream = s.name GROUP BY s.name, s.last_seq
               HAVING count(e.seq) <> s.last_seq OR max(e.seq) <> s.last_seq OR min(e.seq) <> 1"""
        )
        assert not self.rows(
            """SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id
               HAVING count(m.seq) <> c.last_seq OR COALESCE(max(m.seq), 0) <> c.last_seq"""
        )
        assert not self.rows(
            """SELECT c.id FROM conversations c WHERE c.last_seq <>
               (SELECT count(*) FROM events e WHERE e.stream = 'conversation:' || c.id AND e.kind = 'message')"""
        )

    def old_queue_and_events_are_the_fresh_queue(self) -> None:
        for event in self.rows("SELECT seq, kind, payload FROM events WHERE stream = 'queue' AND seq > %s ORDER BY seq", self.known.queue_seq):
            assert event["payload"].get("version", 0) >= self.known.queue.get(event["payload"]["case_id"], {}).get("version", 0)
            self.known.queue[event["payload"]["case_id"]] = event["payload"]
            self.known.queue_seq = event["seq"]
        fresh = self.rows("SELECT * FROM cases")
        assert {row["id"]: [row[name] for name in QUEUE_STATE] for row in fresh} == {
            case_id: [state[name] for name in QUEUE_STATE] for case_id, state in self.known.queue.items()
        }

    def offers_are_to_people_who_could_take_the_case(self) -> None:
        for row in self.rows("SELECT * FROM cases"):
            if row["offered_to"] is not None:
                assert row["status"] == "queued"
                assert row["offered_to"] in row["tried"]
                assert row["rings"] == 0, "once everyone has been asked, a case is everyone's"
            assert len(set(row["tried"])) == len(row["tried"]) <= MAX_OFFERS
            assert not row["tried"] or row["status"] in ("queued", "closed")

    def what_is_asked_put_aside_or_climbing_has_the_right_state(self) -> None:
        for row in self.rows("SELECT * FROM cases"):
            assert row["asked_to"] is None or (row["owner_id"] not in (None, row["asked_to"]) and queue_order.is_emergency(row["severity"]))
            assert row["snoozed_until"] is None or (row["status"] == "claimed" and row["owner_id"] is not None)
            assert row["closing_by"] is None or (row["owner_id"] is not None and row["status"] != "closed")
            assert row["merged_into"] is None or (row["status"], row["outcome"]) == ("closed", "duplicate")
        assert not self.rows(
            """SELECT r.id FROM case_rungs r JOIN cases c ON c.id = r.case_id
               WHERE r.state IN ('waiting', 'calling') AND (c.status <> 'queued' OR c.waits <> r.wait)"""
        ), "the ladder of a case that somebody owns climbs on"

    def teardown(self) -> None:
        """Run everything dry: whatever came is answered, with a person, or needs no answer."""
        if not hasattr(self, "staff"):
            return
        for _ in range(4):  # a message whose analysis fails goes to a person after some tries
            while self.run(self.triage.step()):
                pass
            self.question_times_out()
            for row in self.rows("SELECT DISTINCT conversation_id FROM inbox WHERE turn_state = 'pending' AND triage_state <> 'pending'"):
                self.run(self.turns._serve(row["conversation_id"]))
        left = self.rows("SELECT message_id, triage_state, turn_state FROM inbox WHERE triage_state = 'pending' OR turn_state IN ('pending', 'held')")
        assert left == [], "lost"
        for row in self.rows("SELECT i.conversation_id FROM inbox i WHERE i.action = 'escalate'"):
            assert self.rows("SELECT 1 FROM cases WHERE conversation_id = %s", row["conversation_id"]), "danger without a case"
        self.everything_holds()
        for slot in (self.triage, self.turns):
            if slot._session is not None:
                self.run(slot._session.close())


CHECKS = (
    "every_acknowledged_inbound_is_there_once",
    "nothing_is_answered_twice",
    "there_is_one_owner_at_most",
    "every_open_emergency_has_an_owner_or_a_running_timer",
    "arrivals_stay_and_severity_never_falls",
    "the_queue_has_emergencies_first_and_then_who_came_first",
    "numbers_have_no_gaps",
    "old_queue_and_events_are_the_fresh_queue",
    "offers_are_to_people_who_could_take_the_case",
    "what_is_asked_put_aside_or_climbing_has_the_right_state",
)


async def _set_token(tx: database.Connection, talk: str, token: str) -> None:
    from core.crypto import hash_token

    await database.run(tx, "UPDATE conversations SET token_hash = %s WHERE id = %s", hash_token(token), talk)


@pytest.fixture
def world(make_database: Any, cipher: Cipher) -> Iterator[World]:
    dsn = make_database()
    migrate(dsn)
    run = Loop()
    world = World(run, dsn, cipher)
    yield world
    world.close()
    run.stop()


NIGHTLY = bool(os.environ.get("GILDONGMU_NIGHTLY"))
NIGHTLY_STEPS = 100_000


@pytest.mark.timeout(6 * 3600 if NIGHTLY else 900)
def test_handling(world: World) -> None:
    """``derandomize``: the same examples on every machine, so that a failure is a change and not luck. Shrinking takes minutes: ask for it.

    ``GILDONGMU_NIGHTLY`` runs over 100,000 steps that are new each time.
    """
    machine = type("HandlingHere", (Handling,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("GILDONGMU_EXAMPLES", "1200" if NIGHTLY else "14")),
            stateful_step_count=100 if NIGHTLY else 50,
            deadline=None,
            derandomize="GILDONGMU_EXAMPLES" not in os.environ and not NIGHTLY,
            phases=[Phase.generate, Phase.shrink] if os.environ.get("GILDONGMU_SHRINK") else [Phase.generate],
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert world.steps >= (NIGHTLY_STEPS if NIGHTLY else 100), f"only {world.steps} steps"
