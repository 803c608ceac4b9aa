"""``gildongmu bench queue``: 10,000 waiting cases, 200 agents who claim at once, the program's own PostgreSQL.

Every agent takes what stands first for them (``handoff.service.claim_next``) until they have no room or nothing is left. Meanwhile emergencies go on
arriving and a worker's rounds go on (offers, ladder, silent desks, citizens told of their place). Then the tables are audited.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from accounts.schemas import Staff
from bench.queue_audit import SEED, Taken, Waited, ages, double_claims, out_of_order, severities
from bench.stats import percentile, table
from bot.worker import MORE_S, SWEEP_S
from conversation import service as conversation
from core import audit, events, logging
from core import db as database
from core.clock import now
from core.crypto import Cipher, load_cipher
from core.db import Database
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from handoff import service as handoff
from handoff.desk.live import MAX_ROWS, apply
from handoff.queue_order import is_emergency
from handoff.schemas import Claimed, QueueRow

WAITING = 10_000
AGENTS = 200
EMERGENCIES = 0.05
#: As many as an account may have: 200 agents have room for all that wait, so that nothing but claiming is measured.
CAP = 50
#: Below the server's 100; the other agents wait for a connection, as they would in a desk process.
CONNECTIONS = 80
ARRIVALS = 150
ARRIVAL_EVERY_S = 0.15
BEAT_S = 15.0
#: Whoever has no room looks again for a life threat after this time.
REFUSED_S = 1.0
CATEGORIES = ("natural_disaster", "illness_injury", "assault", "robbery_theft", "traffic_accident")
COUNTRIES = ("JP", "TH", "VN", "PH", "US", "FR", None)


@dataclass
class Run:
    """What has happened."""

    waited: list[Waited] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    rounds: list[float] = field(default_factory=list)
    began_at: float = 0.0
    arriving: bool = True
    #: When an agent was first told that there is nothing (more) for them: until then everybody was claiming.
    first_refusal_at: float = 0.0

    @property
    def rate(self) -> float:
        """Claims a second while everybody was claiming."""
        until = self.first_refusal_at or max((claim.done_at for claim in self.taken), default=self.began_at)
        return sum(claim.done_at <= until for claim in self.taken) / (until - self.began_at) if until > self.began_at else 0.0


def main(seconds: int = 0, waiting: int = WAITING, agents: int = AGENTS) -> int:
    """Fill, claim, audit; the length is fixed. 1 if anything was claimed twice, out of order, or told otherwise than it stands."""
    del seconds
    import uvloop

    logging.configure()
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "state") as server:
        migrate(server.dsn)
        return uvloop.run(_bench(server.dsn, load_cipher(Path(name) / "keys.json"), waiting, agents))


async def _bench(dsn: str, cipher: Cipher, waiting: int, agents: int) -> int:
    db = await Database.open(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, timeout_s=60.0)
    run = Run()
    try:
        crew = await staff(db, agents)
        await fill(db, cipher, run, waiting)
        rows, seq = await _picture(db)
        beside = [asyncio.create_task(_worker(db, run)), asyncio.create_task(_tell(db, cipher))]
        arrivals = asyncio.create_task(_arrive(db, cipher, run))
        run.began_at = time.time()
        await asyncio.gather(*(_agent(db, run, agent) for agent in crew), arrivals)
        for task in beside:
            task.cancel()
        for outcome in await asyncio.gather(*beside, return_exceptions=True):
            if not isinstance(outcome, asyncio.CancelledError):
                raise RuntimeError("the worker's rounds have ended") from outcome
        return await _report(db, run, rows, seq, waiting, agents)
    finally:
        await db.close()


async def staff(db: Database, count: int) -> list[Staff]:
    """Agents at open desks."""
    async with db.transaction() as tx:
        rows = await database.rows(
            tx,
            """WITH made AS (
                   INSERT INTO staff (login, display_name, password_hash, roles, cap)
                   SELECT 'agent' || n, 'Agent ' || n, 'x', '{agent}', %s FROM generate_series(1, %s) AS n RETURNING id, login, display_name
               ), present AS (INSERT INTO agent_presence (staff_id, state, cap) SELECT id, 'available', %s FROM made)
               SELECT * FROM made ORDER BY id""",
            CAP,
            count,
            CAP,
        )
    return [Staff(row["id"], row["login"], row["display_name"], frozenset({"agent"}), ("ko",), CAP) for row in rows]


async def fill(db: Database, cipher: Cipher, run: Run, count: int) -> None:
    """Those who wait: emergencies through the service, with their timers and ladders; routine cases by one statement, to save minutes."""
    kinds, waits = severities(count, EMERGENCIES), ages(count)
    line = list(zip(kinds, waits, strict=True))
    async with db.transaction() as tx:
        await database.run(
            tx,
            """WITH line AS (SELECT n, 'bench-' || n AS name, severity, now() - make_interval(secs => age) AS at
                             FROM unnest(%(severities)s::text[], %(ages)s::float[]) WITH ORDINALITY AS l(severity, age, n)),
               talks AS (INSERT INTO conversations (id, channel, visitor, token_hash, language) SELECT name, 'webchat', '', ''::bytea, 'ko' FROM line)
               INSERT INTO cases (conversation_id, severity, category, reason, arrival_at, opened_at, queued_at)
               SELECT name, severity, 'other', 'asked', at, at, at FROM line""",
            severities=[kind for kind, _ in line if not is_emergency(kind)],
            ages=[age for kind, age in line if not is_emergency(kind)],
        )
        for number, (kind, age) in enumerate((kind, age) for kind, age in line if is_emergency(kind)):
            case_id = await _open(tx, cipher, kind, number)
            await database.run(
                tx, "UPDATE cases SET arrival_at = x.at, opened_at = x.at FROM (SELECT now() - make_interval(secs => %s) AS at) x WHERE id = %s", age, case_id
            )
    async with db.read() as connection:
        # Statistics as a database that has run for a while has them: autovacuum comes by within a minute.
        await database.run(connection, "ANALYZE cases, conversations, staff, agent_presence, timers, case_rungs, events, streams")
        found = await database.rows(connection, "SELECT id, severity FROM cases")
    run.waited = [Waited(row["id"], row["severity"], 0.0) for row in found]


async def _open(tx: database.Connection, cipher: Cipher, severity: str, number: int) -> int:
    conversation_id, _ = await conversation.start(tx, "webchat")
    category, country = CATEGORIES[number % len(CATEGORIES)], COUNTRIES[number % len(COUNTRIES)]
    return (await handoff.open_or_raise(tx, cipher, conversation_id, severity, category, "direct,ongoing", country=country, summary="도와주세요")).id


async def _arrive(db: Database, cipher: Cipher, run: Run) -> None:
    """Emergencies that come while everybody is claiming."""
    for number in range(ARRIVALS):
        await asyncio.sleep(ARRIVAL_EVERY_S)
        severity = "urgent" if number % 2 else "life_threat"
        async with db.transaction() as tx:
            case_id = await _open(tx, cipher, severity, number)
        run.waited.append(Waited(case_id, severity, time.time()))
    run.arriving = False


async def _worker(db: Database, run: Run) -> None:
    """A worker's rounds."""
    while True:
        began = time.perf_counter()
        async with db.transaction() as tx:
            more = (await handoff.sweep(tx, now())).more
        run.rounds.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(MORE_S if more else SWEEP_S)


async def _tell(db: Database, cipher: Cipher) -> None:
    """Citizens are told of their place meanwhile."""
    while True:
        await handoff.tell_waiting(db, cipher)
        await asyncio.sleep(SWEEP_S)


async def _agent(db: Database, run: Run, agent: Staff) -> None:
    """Take what stands first, and the next, until there is nothing for this agent and nothing more will come; the desk beats all the while."""
    beat = time.monotonic()
    while True:
        if time.monotonic() - beat > BEAT_S:
            beat = time.monotonic()
            async with db.transaction() as tx:
                await handoff.heartbeat(tx, agent)
        is_last = not run.arriving
        async with db.transaction() as tx:
            asked = time.time()
            result = await handoff.claim_next(tx, agent)
        if isinstance(result, Claimed):
            assert result.case.claimed_at is not None
            run.taken.append(Taken(result.case.id, agent.id, asked, result.case.claimed_at.timestamp(), time.time()))
            continue
        run.first_refusal_at = run.first_refusal_at or time.time()
        run.refused[type(result).__name__] += 1
        if is_last:
            return
        await asyncio.sleep(REFUSED_S)


async def _picture(db: Database) -> tuple[dict[int, QueueRow], int]:
    """All open cases as a desk sees them, and the number of the newest event."""
    async with db.read() as connection:
        seq = await events.last_seq(connection, handoff.QUEUE)
        return {row.case_id: row for row in await handoff.all_open(connection, MAX_ROWS)}, seq


async def _replayed(db: Database, rows: dict[int, QueueRow], seq: int) -> tuple[dict[int, QueueRow], list[int]]:
    """An old picture brought up to date by the events alone, as desks do it, and the numbers of those events."""
    numbers: list[int] = []
    async with db.read() as connection:
        while found := await events.read(connection, handoff.QUEUE, numbers[-1] if numbers else seq):
            for event in found:
                apply(rows, event)
                numbers.append(event.seq)
    return rows, numbers


def plain(row: QueueRow) -> QueueRow:
    """A row without what events leave out on purpose (a desk asks for names once)."""
    return replace(row, owner_name=None)


async def _report(db: Database, run: Run, rows: dict[int, QueueRow], seq: int, waiting: int, agents: int) -> int:
    replayed, numbers = await _replayed(db, rows, seq)
    fresh, _ = await _picture(db)
    stale = [case_id for case_id in replayed.keys() | fresh.keys() if _shown(replayed, case_id) != _shown(fresh, case_id)]
    gaps = numbers != list(range(seq + 1, seq + 1 + len(numbers)))
    async with db.read() as connection:
        claims = await _counted(connection, "claimed")
        returns = await _counted(connection, "returned")
        owners = {row["id"]: row["owner_id"] for row in await database.rows(connection, "SELECT id, owner_id FROM cases")}
        split = await database.rows(
            connection,
            """SELECT c.id FROM cases c JOIN conversations v ON v.id = c.conversation_id
               WHERE c.status = 'claimed' AND (v.owner_kind <> 'agent' OR v.owner_id IS DISTINCT FROM c.owner_id)""",
        )
        chain = await audit.verify_chain(connection)
        broken = await handoff.violations(connection)
    twice = sorted({*double_claims(claims, returns, owners, run.taken), *(row["id"] for row in split)})
    late = out_of_order(run.waited, run.taken)
    kinds = {case.case_id: case.severity for case in run.waited}
    lines = []
    for name, some in (
        ("emergencies", [claim for claim in run.taken if is_emergency(kinds[claim.case_id])]),
        ("routine", [claim for claim in run.taken if not is_emergency(kinds[claim.case_id])]),
    ):
        times = [(claim.done_at - claim.asked_at) * 1000 for claim in some]
        lines.append((name, len(some), *(percentile(times, share) for share in (0.5, 0.95, 0.99))))
    _say(table(("claims", "n", "p50 ms", "p95 ms", "p99 ms"), lines))
    _say(f"refusals: {dict(run.refused)}; a worker's round p50 {percentile(run.rounds, 0.5):.0f} ms, longest {max(run.rounds, default=0):.0f} ms")
    _say(f"events replayed: {len(numbers)}{' WITH GAPS' if gaps else ''}; rows of the access log: {chain.rows}{'' if chain.intact else ' BROKEN'}")
    for words, found in (
        ("claimed twice", twice),
        ("out of order (routine, emergency)", late),
        ("told otherwise than it stands", stale),
        ("forgotten", broken),
    ):
        if found:
            _say(f"{words}: {list(itertools.islice(found, 10))}")
    figures = {
        "double_claims": len(twice),
        "out_of_order": len(late),
        "claims_per_s": round(run.rate, 1),
        "waiting": waiting,
        "agents": agents,
        "claims": len(run.taken),
        "arrived_meanwhile": ARRIVALS,
        "replay_differs": len(stale) + gaps,
        "violations": len(broken),
        "seed": SEED,
    }
    _say(json.dumps(figures))
    return 1 if twice or late or stale or gaps or broken or not chain.intact else 0


def _shown(rows: dict[int, QueueRow], case_id: int) -> QueueRow | None:
    return plain(rows[case_id]) if case_id in rows else None


async def _counted(connection: database.Connection, kind: str) -> dict[int, int]:
    found: list[dict[str, Any]] = await database.rows(
        connection, "SELECT (payload->>'case_id')::bigint AS id, count(*) AS n FROM events WHERE stream = %s AND kind = %s GROUP BY 1", handoff.QUEUE, kind
    )
    return {row["id"]: row["n"] for row in found}


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
