"""``gildongmu bench realtime``: 2,000 open web chats and 50 open desks on the running program; from publication to seen, and after all have dropped.

Messages are published as a desk process publishes them, cases as triage opens them; everything is read over the program's own web process: chats
over server-sent events, desks over the socket of their page. Half way every connection is dropped at once and all come back with their last number.
At the end the numbers that were seen are compared with the tables.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from bench import program
from bench.chat_stream import Chat, audit
from bench.client import session
from bench.desk_stream import Desk, audit_desk
from bench.stats import percentile, table
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import db as database
from core.clock import now
from core.crypto import Cipher, hash_token, load_cipher, new_token
from core.db import Database
from core.postgres import EmbeddedPostgres
from handoff import service as handoff
from handoff.desk.queue_pane import SHOWN
from handoff.models import IN_ORDER

CHATS = 2000
DESKS = 50
MESSAGES_PER_S = 40
CASES_PER_S = 1
SHORTEST_S = 10
#: Nobody is there for so long.
AWAY_S = 1.0
#: Stragglers have this long at the end.
SETTLE_S = 60.0
#: Beginners come in such groups at the start; after the drop all come at once.
GROUP = 100
FILES = 20_000


@dataclass
class Run:
    """What was published: the time of each, and whether somebody had been thrown out at that moment."""

    messages: dict[tuple[str, int], tuple[float, bool]] = field(default_factory=dict)
    cases: dict[int, tuple[float, bool]] = field(default_factory=dict)
    away: bool = False
    back_s: float = 0.0


def main(seconds: int) -> int:
    """Run the benchmark; 1 if anything was missed or came twice."""
    import uvloop

    raise_file_limit()
    with program.running(whole=False, GILDONGMU_DIALOGUE="false") as ours:
        return uvloop.run(_bench(ours, max(seconds, SHORTEST_S)))


def raise_file_limit(wanted: int = FILES) -> int:
    """Let this process and those that it starts open as many files as the system allows, up to ``wanted``; the limit now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        return target
    return soft


async def _bench(ours: program.Program, seconds: int, chats: int = CHATS, desks: int = DESKS) -> int:
    dsn = EmbeddedPostgres(ours.data_dir).attach()
    if dsn is None:
        raise RuntimeError("the program's database is away")
    cipher = load_cipher(ours.data_dir / "keys.json")
    db = await Database.open(dsn, min_size=2, max_size=8, timeout_s=30.0)
    staying: list[asyncio.Task[Any]] = []
    try:
        async with session() as http:
            citizens = await _citizens(db, ours.url, chats)
            pages = [Desk(http, ours.url, token) for token in await _sessions(db, desks)]
            staying += [asyncio.create_task(page.run()) for page in pages]
            await asyncio.wait_for(asyncio.gather(*(page.is_open.wait() for page in pages)), 300.0)
            for start in range(0, chats, GROUP):
                await asyncio.gather(*(citizen.connect() for citizen in citizens[start : start + GROUP]))
            staying += [asyncio.create_task(citizen.stay()) for citizen in citizens]
            before = ours.cpu_s()
            run = Run()
            publishing = [asyncio.create_task(_publish(db, cipher, run, citizens)), asyncio.create_task(_open_cases(db, cipher, run))]
            staying += publishing
            await asyncio.sleep(seconds)
            after = ours.cpu_s()
            await _drop(run, citizens, pages)
            await asyncio.sleep(seconds / 2)
            for task in publishing:
                task.cancel()
            await asyncio.gather(*publishing, return_exceptions=True)
            _say("processor share: " + "  ".join(f"{role} {(after[role] - before.get(role, 0)) / seconds:.2f}" for role in after))
            return await _report(db, run, citizens, pages)
    finally:
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        await db.close()


async def _citizens(db: Database, url: str, count: int) -> list[Chat]:
    address = urlsplit(url)
    async with db.transaction() as tx:
        made = [await conversation.start(tx, "webchat") for _ in range(count)]
    return [Chat(address.hostname or "", address.port or 0, *one) for one in made]


async def _sessions(db: Database, count: int) -> list[str]:
    """Agents who have signed in; their tokens."""
    tokens = [new_token() for _ in range(count)]
    async with db.transaction() as tx:
        for number, token in enumerate(tokens):
            row = await database.one(
                tx,
                "INSERT INTO staff (login, display_name, password_hash, roles) VALUES (%s, %s, 'x', '{agent}') RETURNING id",
                f"desk{number}",
                f"Desk {number}",
            )
            assert row is not None
            await database.run(
                tx,
                "INSERT INTO staff_sessions (token_hash, staff_id, expires_at) VALUES (%s, %s, %s)",
                hash_token(token),
                row["id"],
                now() + timedelta(hours=1),
            )
    return tokens


async def _publish(db: Database, cipher: Cipher, run: Run, citizens: list[Chat]) -> None:
    """A line for one citizen after the other, at even times whatever happens."""
    began = time.monotonic()
    numbers: dict[str, int] = {}
    writing: set[asyncio.Task[None]] = set()

    async def write(conversation_id: str, number: int) -> None:
        at, away = time.time(), run.away
        async with db.transaction() as tx:
            body = Body("상담관이 확인하고 있습니다. 잠시만 기다려 주세요.")
            await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, body, client_id=f"bench-{number}")
        run.messages[conversation_id, number] = (at, away)

    for tick, citizen in enumerate(itertools.cycle(citizens), 1):
        number = numbers[citizen.conversation_id] = numbers.get(citizen.conversation_id, 0) + 1
        task = asyncio.create_task(write(citizen.conversation_id, number))
        writing.add(task)
        task.add_done_callback(writing.discard)
        await asyncio.sleep(max(0.0, began + tick / MESSAGES_PER_S - time.monotonic()))


async def _open_cases(db: Database, cipher: Cipher, run: Run) -> None:
    """Cases for the desks, each in a conversation of its own."""
    for number in itertools.count():
        await asyncio.sleep(1 / CASES_PER_S)
        at, away = time.time(), run.away
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
            severity = "urgent" if number % 3 == 0 else "none"
            case = await handoff.open_or_raise(tx, cipher, conversation_id, severity, "other", "asked", summary="여권을 잃어버렸어요")
        run.cases[case.id] = (at, away)


async def _drop(run: Run, citizens: list[Chat], pages: list[Desk]) -> None:
    """Every line breaks at the same moment; a little later all come back at once."""
    run.away = True
    come_back = asyncio.Event()
    for citizen in citizens:
        citizen.drop(come_back)
    for page in pages:
        page.drop(come_back)
    await asyncio.sleep(AWAY_S)
    began = time.monotonic()
    come_back.set()
    await asyncio.gather(*(citizen.is_open.wait() for citizen in citizens), *(page.is_open.wait() for page in pages))
    run.back_s = time.monotonic() - began
    run.away = False


async def _report(db: Database, run: Run, citizens: list[Chat], pages: list[Desk]) -> int:
    async with db.read() as connection:
        queued = await database.rows(connection, f"SELECT id FROM cases WHERE status = 'queued' ORDER BY {IN_ORDER}, arrival_at, id")
    waiting = [int(row["id"]) for row in queued]
    numbers = await _settled(db, citizens, pages, set(waiting[:SHOWN]) & run.cases.keys())
    audits = [audit(citizen.seen, numbers.get(conversation.stream(citizen.conversation_id), set())) for citizen in citizens]
    missed, twice = sum(one for one, _ in audits), sum(other for _, other in audits)
    desks_missed = sum(audit_desk(page.rows.keys(), page.seen.keys(), waiting, run.cases.keys(), SHOWN) + page.gaps for page in pages)
    desks_twice = sum(page.twice for page in pages)
    lines, worst = [], 0.0
    for name, is_away in (("seen", False), ("seen, dropped and coming back", True)):
        of_chats = [
            (citizen.seen.times[number] - at) * 1000
            for citizen in citizens
            for number in citizen.seen.times
            if (found := run.messages.get((citizen.conversation_id, number))) is not None
            for at, away in [found]
            if away is is_away
        ]
        of_desks = [(page.seen[case_id] - at) * 1000 for page in pages for case_id, (at, away) in run.cases.items() if away is is_away and case_id in page.seen]
        for reader, times in (("chats", of_chats), ("desks", of_desks)):
            lines.append((f"{reader}, {name}", len(times), *(percentile(times, share) for share in (0.5, 0.95, 0.99, 1.0))))
            if not is_away:
                worst = max(worst, percentile(times, 0.99))
    _say(table(("published to", "n", "p50 ms", "p95 ms", "p99 ms", "max ms"), lines))
    refused = sum(citizen.refused for citizen in citizens)
    anew = sum(page.loads for page in pages) - len(pages)
    _say(f"all back after {run.back_s:.1f} s; {refused} streams refused and asked for again; {anew} desks loaded anew")
    if missed or twice or desks_missed or desks_twice:
        _say(f"chats missed {missed}, twice {twice}; desks missed {desks_missed}, twice {desks_twice}")
    figures = {
        "clients": len(citizens) + len(pages),
        "p99_ms": round(worst, 1),
        "missed": missed + desks_missed,
        "duplicated": twice + desks_twice,
        "chats": len(citizens),
        "desks": len(pages),
        "published": len(run.messages) + len(run.cases),
        "all_back_s": round(run.back_s, 1),
        "refused": refused,
    }
    _say(json.dumps(figures))
    return 1 if missed or twice or desks_missed or desks_twice else 0


async def _settled(db: Database, citizens: list[Chat], pages: list[Desk], cases: set[int]) -> dict[str, set[int]]:
    """The numbers of every stream, once all have seen everything or the time for stragglers is over."""
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT stream, seq FROM events WHERE stream LIKE 'conversation:%%'")
    numbers: dict[str, set[int]] = {}
    for row in rows:
        numbers.setdefault(row["stream"], set()).add(row["seq"])
    until = time.monotonic() + SETTLE_S
    owed = [(citizen.seen.times, numbers.get(conversation.stream(citizen.conversation_id), set())) for citizen in citizens]
    for had, wanted in [*owed, *((page.seen, cases) for page in pages)]:
        while wanted - had.keys() and time.monotonic() < until:  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.25)
    await asyncio.sleep(2.0)  # what is wrongly sent twice has time to come
    return numbers


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
