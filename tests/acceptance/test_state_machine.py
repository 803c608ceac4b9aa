"""The life of conversations and cases as a Hypothesis state machine on the real database.

The machine drives what the processes run: accepting, the triage slot, turns, the danger button, the sweeper and the handoff's services.
Only the analyser and the telephone gateway are stand-ins: a message says itself what triage shall think of it. After every step the
invariants are read from the database (``handling/holds.py``), and at the end everything is run dry: then no inbound may be without an answer
or a person.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from handling.base import RULES
from handling.citizens import Citizens
from handling.holds import Seen, Step, check_changes, check_replay, check_states, order
from handling.machinery import Machinery
from handling.people import People
from handling.world import CAPS, World
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from core import audit
from core.crypto import Cipher
from core.migrate import migrate
from core.settings import settings as configured
from handoff import service as handoff


class Handling(Citizens, Machinery, People):
    """Everything that can happen to a conversation and its case, in any order."""

    @invariant()
    def everything_holds(self) -> None:
        if not self.staff:
            return
        self.world.steps += 1
        seen = self.look()
        if seen is not self.seen:
            self.world.changes += 1
            self.check(seen)
        self.seen, self.step = seen, Step()
        self.queue_seq = seen.news[-1]["seq"] if seen.news else self.queue_seq

    def check(self, seen: Seen) -> None:
        check_states(seen)
        check_changes(self.seen, seen, {staff.id: cap for staff, cap in zip(self.staff, CAPS, strict=True)}, self.step)
        check_replay(self.queue, seen)
        assert seen.inbounds == len(seen.inbox), "an inbound was stored twice"
        assert seen.inbox == self.sequences, "an inbound is lost, or has another number than its sender was told"
        assert seen.promises == self.promises, "a promise belongs to nobody who was told of it"
        if seen.news:
            assert [row.case_id for row in self.run(self._queue())] == order(seen.cases), "not the worst first, and then who came first"

    async def _queue(self) -> list[Any]:
        async with self.world.db.read() as connection:
            return await handoff.queue(connection)

    def teardown(self) -> None:
        """Run everything dry: whatever came is answered, with a person, or needs no answer."""
        if not self.staff:
            return
        for _ in range(4):  # a message whose analysis fails goes to a person after some tries
            while self.run(self.triage.step()):
                pass
            self.let_the_question_time_out()
            for row in self.rows("SELECT DISTINCT conversation_id FROM inbox WHERE turn_state = 'pending' AND triage_state <> 'pending'"):
                self.run(self.turns._serve(row["conversation_id"]))
        left = self.rows("SELECT message_id, triage_state, turn_state FROM inbox WHERE triage_state = 'pending' OR turn_state IN ('pending', 'held')")
        assert left == [], "lost"
        assert not self.rows(
            "SELECT 1 FROM inbox i WHERE action = 'escalate' AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.conversation_id = i.conversation_id)"
        )
        self.everything_holds()
        self.run(self._product_agrees())
        for row in self.rows("SELECT kind, count(*) AS n FROM events GROUP BY kind"):
            self.world.happened[row["kind"]] += row["n"]

    async def _product_agrees(self) -> None:
        """The product's own alarm sees what the machine sees, each place in the queue is the right one, and the access log is intact."""
        async with self.world.db.read() as connection:
            assert await handoff.violations(connection) == []
            for place, case_id in enumerate(order(self.seen.cases), start=1):
                assert await handoff.position(connection, case_id) == place
            assert (await audit.verify_chain(connection)).intact, "the access log does not fit together"


NIGHTLY = bool(os.environ.get("GILDONGMU_NIGHTLY"))
NIGHTLY_STEPS = 100_000
#: Rounds are short, because Hypothesis changes old examples instead of making new ones once it has seen ten; they are numbered, so that any can be run again.
EXAMPLES, STEPS = 9, 100 if NIGHTLY else 60
ROUNDS = int(os.environ.get("GILDONGMU_ROUNDS", "115" if NIGHTLY else "4"))
#: What must have happened even in a short run, and in the nightly one: otherwise the machine no longer reaches it, and its silence proves nothing.
OFTEN = frozenset({"claimed", "closed", "closing", "escalated", "grouped", "offer_expired", "offered", "opened", "place", "raised", "returned", "ring_all"})
MUST_HAPPEN = frozenset(
    {
        *("accepted", "asked", "claimed", "closed", "closing", "closing_withdrawn", "doubt", "escalated", "grouped", "handed_back", "invited", "merged"),
        *("offer_declined", "offer_expired", "offer_withdrawn", "offered", "opened", "overridden", "place", "place_consent", "place_stopped"),
        *("promise_kept", "promised", "raised", "refused", "reopened", "repeated", "returned", "ring_all", "rung_acknowledged", "snoozed", "woken"),
    }
)


@pytest.fixture
def world(make_database: Any, cipher: Cipher, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GILDONGMU_DUTY_CALL_URL", "https://gateway.invalid/call")
    monkeypatch.setenv("GILDONGMU_DUTY_PHONE", "+82 2 000 0000")
    configured.cache_clear()
    dsn = make_database()
    migrate(dsn)
    world = World(dsn, cipher)
    yield world
    world.close()
    configured.cache_clear()


@pytest.mark.timeout(6 * 3600 if NIGHTLY else 900)
def test_handling(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The same examples on every machine, so that a failure is a change and not luck. Shrinking takes minutes: ask for it.

    ``GILDONGMU_NIGHTLY`` runs over 100,000 steps that are new each time, and prints what it did.
    """
    machine = type("HandlingHere", (Handling,), {"world": world})
    started = time.monotonic()
    first = int(os.environ.get("GILDONGMU_SEED", secrets.randbelow(10**9) if NIGHTLY else 0))
    for number in range(first, first + ROUNDS):
        print(f"GILDONGMU_SEED={number} GILDONGMU_ROUNDS=1")  # shown when it fails: how to see it again
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=[Phase.generate, Phase.shrink] if os.environ.get("GILDONGMU_SHRINK") else [Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if NIGHTLY:
            with capsys.disabled():
                print(f"round {number}: {world.steps} steps so far, {(time.monotonic() - started) / 60:.1f} minutes", flush=True)
    seconds = time.monotonic() - started
    if NIGHTLY:
        with capsys.disabled():
            changing = f"{world.changes} of them changed something"
            print(f"\n{world.steps} steps ({changing}) in {world.examples} examples, {seconds / 60:.1f} minutes, {world.steps / seconds:.0f} steps/s")
            print("rules fired:", ", ".join(f"{name} {count}" for name, count in world.fired.most_common()))
            print("events told:", ", ".join(f"{name} {count}" for name, count in world.happened.most_common()))
    assert world.steps >= (NIGHTLY_STEPS if NIGHTLY else 1000), f"only {world.steps} steps"
    assert set(world.happened) >= OFTEN, f"never happened: {sorted(OFTEN - set(world.happened))}"
    if NIGHTLY:
        assert set(world.fired) == RULES, f"never fired: {sorted(RULES - set(world.fired))}"
        assert set(world.happened) >= MUST_HAPPEN, f"never happened: {sorted(MUST_HAPPEN - set(world.happened))}"
