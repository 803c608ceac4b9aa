"""The whole program under load while its processes are killed at random; then everything is counted.

``GILDONGMU_KILL_ROUNDS=10`` repeats the round ten times; ``GILDONGMU_KILL_SEED`` repeats one chaos.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from citizens import DANGER, ROUTINE, Citizen

from core.errors import HOTLINE
from tests.program import Program, body_text

pytestmark = pytest.mark.kill
ROUNDS = int(os.environ.get("GILDONGMU_KILL_ROUNDS", "1"))
SEED = int(os.environ.get("GILDONGMU_KILL_SEED", "20261122"))
CHAOS_S = 35.0
CITIZENS = 10
PAUSE_S = 2.5
#: From the acknowledgement to the open case on the desks' stream.
DANGER_LIMIT_S = 1.0
SETTLE_S = 180.0


@asynccontextmanager
async def browser(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(base_url=program.url, timeout=8, limits=limits) as http:
        yield http


# --- danger


def find_case(connection: psycopg.Connection[dict[str, Any]], conversation_id: str) -> bool:
    """Whether the danger is an open case and the desks have been told."""
    row = connection.execute(
        """SELECT 1 FROM cases c JOIN events e ON e.stream = 'queue' AND (e.payload->>'case_id')::bigint = c.id
           WHERE c.conversation_id = %s AND c.status <> 'closed' AND c.severity IN ('life_threat', 'urgent')""",
        (conversation_id,),
    ).fetchone()
    return row is not None


async def seconds_to_queue(program: Program, conversation_id: str, since: float) -> float:
    """How long after ``since`` the case was there, seen from outside."""
    connection = None
    try:
        while time.monotonic() - since < 20:
            try:
                connection = connection or await asyncio.to_thread(program.connect)
                if await asyncio.to_thread(find_case, connection, conversation_id):
                    return time.monotonic() - since
            except psycopg.Error:
                connection = None
            await asyncio.sleep(0.01)
        return float("inf")
    finally:
        if connection is not None:
            connection.close()


async def danger_in_a_dying_turn(program: Program, http: httpx.AsyncClient, choice: random.Random, *, button: bool = False) -> float:
    """A routine message puts the worker into a turn of this conversation; it is killed; danger is written into the same conversation."""
    citizen = await Citizen(http).start()
    await citizen.send(choice.choice(ROUTINE))
    await asyncio.sleep(choice.uniform(0, 0.05))
    program.kill("worker")
    await (citizen.send("", danger=True) if button else citizen.send(choice.choice(DANGER)))
    return await seconds_to_queue(program, citizen.id, time.monotonic())


# --- chaos


@dataclass
class Chaos:
    """What was done, and how long danger took meanwhile."""

    killed: Counter[str] = field(default_factory=Counter)
    danger_s: list[float] = field(default_factory=list)


async def rage(program: Program, http: httpx.AsyncClient, choice: random.Random) -> Chaos:
    """Kill someone every few seconds; each of them at least once."""
    chaos = Chaos()
    ends = time.monotonic() + CHAOS_S
    order = [*choice.sample(["worker", "web", "postmaster"], 3), "rasa"]  # from the end: Rasa, which starts last, while it lives
    while time.monotonic() < ends or order:
        victim = order.pop() if order else choice.choice(["worker", "worker", "web", "rasa", "postmaster"])
        if victim == "worker" and (await asyncio.to_thread(program.state))["parts"].get("understanding"):
            chaos.danger_s.append(await danger_in_a_dying_turn(program, http, choice))
            chaos.killed["worker"] += 1
        else:
            chaos.killed[victim] += await asyncio.to_thread(program.kill, victim)
        await asyncio.sleep(choice.uniform(1.0, 3.5))
    return chaos


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_nothing_is_lost_and_nothing_comes_twice(program: Program, number: int) -> None:
    choice = random.Random(SEED + number)
    await asyncio.to_thread(program.wait_until, "database", "understanding", "worker")
    async with browser(program) as http:
        citizens = [await Citizen(http, streams=n % 2 == 0).start() for n in range(CITIZENS)]
        over = asyncio.Event()
        following = [asyncio.create_task(citizen.follow()) for citizen in citizens]
        chatting = [asyncio.create_task(citizen.chat(over, PAUSE_S, choice)) for citizen in citizens]
        try:
            chaos = await rage(program, http, choice)
            over.set()
            await asyncio.wait_for(asyncio.gather(*chatting), SETTLE_S)
            await asyncio.to_thread(program.wait_until, "database", "understanding", "worker")
            await asyncio.to_thread(wait_until_settled, program)
        finally:
            for task in (*following, *chatting):
                task.cancel()
            await asyncio.gather(*following, *chatting, return_exceptions=True)
        for citizen in citizens:
            await citizen.catch_up()
    print(f"\nround {number}: killed {dict(chaos.killed)}, danger to queue {[f'{s:.2f} s' for s in chaos.danger_s]}")
    assert all(chaos.killed[victim] for victim in ("worker", "web", "postmaster"))
    assert number or chaos.killed["rasa"] or not program.has_dialogue
    assert sum(citizen.resumed for citizen in citizens) > CITIZENS, "the streams were broken and resumed"
    count_everything(program, citizens)
    assert [s for s in chaos.danger_s if s > DANGER_LIMIT_S] == []


def wait_until_settled(program: Program) -> None:
    """Until nothing waits any more: each inbound is triaged and has its outcome."""
    deadline = time.monotonic() + SETTLE_S
    left: Any = None
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.Error), program.connect() as connection:
            left = connection.execute(
                "SELECT triage_state, turn_state, count(*) AS n FROM inbox WHERE triage_state = 'pending' OR turn_state IN ('pending', 'held') GROUP BY 1, 2"
            ).fetchall()
            if not left:
                return
        time.sleep(0.3)
    raise AssertionError(f"still waiting after {SETTLE_S:.0f} s: {left}\n{program.last_words()}")


def count_everything(program: Program, citizens: list[Citizen]) -> None:
    """From the database and from each citizen's own view."""
    cipher = program.cipher
    with program.connect() as connection:

        def rows(statement: str, *args: Any) -> list[dict[str, Any]]:
            return connection.execute(statement, args).fetchall()

        for citizen in citizens:
            assert citizen.refusals == []
            inbox = rows(
                "SELECT i.message_id, i.seq, i.event_id, i.turn_state, m.body FROM inbox i JOIN messages m ON m.id = i.message_id WHERE i.conversation_id = %s",
                citizen.id,
            )
            stored = {row["event_id"].partition(":")[2]: (row["seq"], body_text(cipher, row["body"])) for row in inbox}
            assert stored == citizen.acknowledged, "what was acknowledged is there, once, with its words, and nothing else is"
            assert len(inbox) == len(stored)
            events = rows("SELECT seq, kind, payload FROM events WHERE stream = %s ORDER BY seq", f"conversation:{citizen.id}")
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            assert [event["seq"] for event in citizen.seen] == [event["seq"] for event in events], "each event was seen once and in order"
            told = [event["message"]["seq"] for event in citizen.seen if event["kind"] == "message"]
            written = [row["seq"] for row in rows("SELECT seq FROM messages WHERE conversation_id = %s ORDER BY seq", citizen.id)]
            assert sorted(told) == written == list(range(1, len(written) + 1))

        states = Counter(row["turn_state"] for row in rows("SELECT turn_state FROM inbox"))
        assert set(states) <= {"answered", "to_person", "dropped"}, states
        assert rows("SELECT conversation_id, client_id FROM outbox GROUP BY 1, 2 HAVING count(*) > 1") == []
        assert (
            rows(
                """SELECT in_reply_to FROM outbox WHERE in_reply_to IS NOT NULL AND (client_id LIKE 'danger-%%' OR client_id LIKE 'turn-%%-0')
               GROUP BY 1 HAVING count(*) > 1"""
            )
            == []
        ), "answered twice"
        assert (
            rows(
                """SELECT i.message_id FROM inbox i WHERE i.turn_state = 'answered'
               AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.in_reply_to = i.message_id)"""
            )
            == []
        ), "answered, but nothing was said"
        assert (
            rows(
                """SELECT i.message_id FROM inbox i WHERE i.action = 'escalate'
               AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.conversation_id = i.conversation_id)"""
            )
            == []
        ), "danger without a case"
        assert (
            rows(
                """SELECT s.name FROM streams s LEFT JOIN events e ON e.stream = s.name GROUP BY s.name, s.last_seq
               HAVING count(e.seq) <> s.last_seq OR max(e.seq) <> s.last_seq OR min(e.seq) <> 1"""
            )
            == []
        )
        assert (
            rows(
                """SELECT c.id FROM cases c WHERE c.status = 'queued' AND c.severity IN ('life_threat', 'urgent')
               AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'case_offer' AND t.subject = c.id::text)"""
            )
            == []
        ), "an emergency without an owner and without a timer"


# --- the sentence of the design: kill a worker in mid-turn, and danger in the same conversation is on a desk within a second


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_danger_in_the_conversation_whose_worker_has_just_died(program: Program, number: int) -> None:
    choice = random.Random(SEED + 1000 + number)
    took: list[float] = []
    async with browser(program) as http:
        for attempt in range(8):
            await asyncio.to_thread(program.wait_until, "understanding")
            if attempt % 4 == 0:  # a worker that lives and works; the other times one that is just starting again
                await asyncio.to_thread(program.wait_for_live_worker)
            took.append(await danger_in_a_dying_turn(program, http, choice, button=attempt == 7))
            await asyncio.sleep(choice.uniform(0, 2))
    print(f"\ndanger to queue: {[f'{s:.2f} s' for s in took]}")
    assert [s for s in took if s > DANGER_LIMIT_S] == []


async def test_the_danger_button_needs_no_model(program: Program) -> None:
    """Web process killed: from the first moment it answers again, an acknowledged press is in the queue, whatever else is still loading."""
    async with browser(program) as http:
        citizen = await Citizen(http).start()
        program.kill("worker")
        program.kill("web")
        await citizen.send("", danger=True)
        assert await seconds_to_queue(program, citizen.id, time.monotonic()) <= DANGER_LIMIT_S


# --- the database away


def test_without_its_database_the_hotline_is_there(program: Program) -> None:
    program.wait_until("database", "understanding")
    # No connection is kept: one that lies idle while the database stops may be closed by the server just as it is used again.
    with httpx.Client(base_url=program.url, timeout=15, limits=httpx.Limits(max_keepalive_connections=0)) as http:
        made = http.post("/webchat/v1/conversations").json()
        base, headers = f"/webchat/v1/conversations/{made['conversation_id']}", {"Authorization": f"Bearer {made['token']}"}
        message = {"client_id": "a", "text": ROUTINE[0]}
        with program.without_database():
            for content in (message, {"client_id": "b", "danger": True}):
                answer = http.post(f"{base}/messages", json=content, headers=headers)
                assert answer.status_code == 503
                assert answer.json()["error"]["code"] == "database_unavailable"
                assert answer.json()["error"]["hotline"] == HOTLINE
            page = http.get("/")
            assert page.status_code == 200
            assert HOTLINE in page.text
            assert http.get("/static/chat.js").status_code == 200
            assert http.get("/readyz").status_code == 503
            assert http.get("/healthz").status_code == 200
        deadline = time.monotonic() + 30
        while (answer := http.post(f"{base}/messages", json=message, headers=headers)).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.3)
        assert answer.json() == {"sequence": 1}


# --- and the end


def test_nothing_is_left_after_the_supervisor_is_killed(program: Program) -> None:
    program.wait_until("database", "worker")
    known = program.tree()
    assert len([process for process in known if process.name() == "postgres"]) > 3
    program.process.kill()
    program.process.wait()
    _, alive = psutil.wait_procs(known[1:], timeout=20)
    assert [" ".join(process.cmdline())[:100] for process in alive] == []
    assert not [p.pid for p in psutil.process_iter(["cmdline"]) if str(program.data) in " ".join(p.info["cmdline"] or ())]
