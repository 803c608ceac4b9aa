"""``gildongmu bench surge``: forty times the usual emergencies, and routine wishes for a person at forty times what the team can serve, for a minute.

The whole program runs (web, inbox, triage, turns, queue); a supervisor has switched surge mode on; a small team takes what stands first and ends it through
the services, with exponential handling times. Whoever asks routinely, by a button or (one in three) in words, is told the truth; one in five asks again, waits,
and leaves when their patience ends. Half of the emergencies press the button, the others write; in some of their messages no word says that there is danger.
An emergency is in the queue when a reader of the queue's stream, as a desk is, sees it. The citizens, the team and that reader are this process, on the same
machine: their processor time is printed beside the program's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from dataclasses import dataclass, field

import aiohttp
import psutil

from accounts.schemas import Staff
from bench import program
from bench.client import Failed, new_id, session
from bench.danger import actions, escalated
from bench.queue import staff
from bench.queue_audit import SEED, Taken, Waited, out_of_order
from bench.sentences import emergencies, varied
from bench.stats import percentile, table
from bot.escalation import PERSON
from core import db as database
from core import logging
from core.crypto import Cipher, load_cipher
from core.db import Database
from core.events import EventHub
from core.postgres import EmbeddedPostgres
from core.settings import Settings
from handoff import service as handoff
from handoff.board.erlang import Shift, expected
from handoff.queue_order import is_emergency
from handoff.schemas import Claimed
from handoff.surge import service as surge

TIMES = 40
LASTS_S = 60
#: An ordinary hour: 45 emergencies.
USUAL_EMERGENCIES_PER_S = 0.0125
AGENTS = 8
HANDLING_S = 12.0
PATIENCE_S = 15.0
INSISTS = 0.2
#: One wish in so many is written, so that triage has to read it.
WRITES_EVERY = 3
WISHES = ("상담원 연결해 주세요", "사람이랑 얘기하고 싶어요", "상담사 바꿔 주세요", "직원분과 통화할 수 있을까요", "상담관님 연결 부탁드립니다")
INSISTS_AFTER_S = 3.0
#: A desk is woken by the queue's events; here each agent who is free looks so often, which is a load of its own.
LOOKS_S = 0.25
BEAT_S = 10.0
LATEST_S = 15.0
MOST_P95_MS = 2000.0
#: How far the share that left may be from the law's: some hundred people, each with their own patience.
TOLERANCE = 0.25
OPENING = "큰 지진이 났습니다. 넓은 곳으로 피하고 안내 방송을 따르세요."


@dataclass
class Run:
    """What has happened; times in seconds since the epoch, ``seen`` by conversation."""

    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    #: Whether the button was pressed, by conversation; the others are words, which triage has to read.
    emergencies: dict[str, bool] = field(default_factory=dict)
    wishes: int = 0
    failed: list[str] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    waited: list[Waited] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    routine: dict[int, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    leaving: set[asyncio.Task[None]] = field(default_factory=set)
    processor_s: dict[str, float] = field(default_factory=dict)


def main(seconds: int = 0) -> int:
    """Run the benchmark; its length is fixed. 1 if an emergency was lost, late or out of order, or the waits break Erlang-A's law."""
    del seconds
    logging.configure()
    words = escalated(emergencies(3 * round(TIMES * USUAL_EMERGENCIES_PER_S * LASTS_S), implicit=True))
    wishes = _harmless(list(itertools.islice(varied(WISHES), 600)))
    with program.running() as ours:
        return asyncio.run(_bench(ours, words, wishes))


def _harmless(texts: list[str]) -> list[str]:
    """Those that triage lets pass, in other words each: a remembered analysis would flatter us, and a question back is no routine wish."""
    return [text for text, action in zip(texts, actions(texts), strict=True) if action == "none"]


async def _bench(ours: program.Program, words: list[str], wishes: list[str]) -> int:
    dsn = EmbeddedPostgres(ours.data_dir).attach()
    if dsn is None:
        raise RuntimeError("the program's database is away")
    db = await Database.open(dsn, min_size=4, max_size=16, timeout_s=30.0)
    cipher = load_cipher(Settings(data_dir=ours.data_dir).resolved_key_file())
    hub = EventHub(db)
    run = Run()
    try:
        chief, crew = await _team(db)
        async with db.transaction() as tx:
            await surge.switch_on(tx, chief, OPENING)
        hub.start()
        beside = [
            asyncio.create_task(_watch(db, cipher, hub, run, chief)),
            asyncio.create_task(_beat(db, [*crew, chief])),
            *(asyncio.create_task(_agent(db, cipher, run, agent, chief)) for agent in crew),
        ]
        before = _processor_s(ours)
        async with session() as http:
            await _arrivals(http, ours.url, run, words, wishes)
        await _settle(db, run)
        run.processor_s = {role: used - before.get(role, 0.0) for role, used in _processor_s(ours).items()}
        for task in [*beside, *run.leaving]:
            task.cancel()
        for outcome in await asyncio.gather(*beside, *run.leaving, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise RuntimeError("a part of the benchmark has ended") from outcome
        return await _report(db, run)
    finally:
        await hub.stop()
        await db.close()


def _processor_s(ours: program.Program) -> dict[str, float]:
    """Processor seconds by role, this process among them."""
    times = psutil.Process().cpu_times()
    return ours.cpu_s() | {"bench": times.user + times.system}


async def _team(db: Database) -> tuple[Staff, list[Staff]]:
    """Agents who hold one case each, and a supervisor, who is the second person for ending an emergency."""
    crew = await staff(db, AGENTS)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE staff SET cap = 1")
        await database.run(tx, "UPDATE agent_presence SET cap = 1")
        row = await database.one(
            tx, "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES ('chief', 'Chief', 'x', '{supervisor}', 0) RETURNING id"
        )
    assert row is not None
    return Staff(row["id"], "chief", "Chief", frozenset({"supervisor"}), ("ko",), 0), [
        Staff(one.id, one.login, one.display_name, one.roles, one.languages, 1) for one in crew
    ]


# -- citizens ---------------------------------------------------------------------------------------------------------------------


async def _arrivals(http: aiohttp.ClientSession, url: str, run: Run, words: list[str], wishes: list[str]) -> None:
    """Both kinds at even times, whatever the program does meanwhile."""
    per_s = {"danger": TIMES * USUAL_EMERGENCIES_PER_S, "wish": TIMES * AGENTS / HANDLING_S}
    began = time.time()
    plan = sorted(((number + 0.5) / rate, kind, number) for kind, rate in per_s.items() for number in range(round(rate * LASTS_S)))
    running = []
    for at, kind, number in plan:
        await asyncio.sleep(max(0.0, began + at - time.time()))
        running.append(asyncio.create_task(_danger(http, url, run, number, words) if kind == "danger" else _wish(http, url, run, wishes)))
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(outcome, BaseException):
            run.failed.append(f"{type(outcome).__name__} {outcome}".strip())


async def _post(http: aiohttp.ClientSession, url: str, token: str, conversation_id: str, **message: object) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{url}/webchat/v1/conversations/{conversation_id}/messages", json={"client_id": new_id(), **message}, headers=headers) as answer:
        if answer.status != 202:
            raise Failed(f"status {answer.status}")


async def _come(http: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    async with http.post(f"{url}/webchat/v1/conversations", json={}) as answer:
        if answer.status != 201:
            raise Failed(f"no conversation: status {answer.status}")
        made = await answer.json()
    return str(made["token"]), str(made["conversation_id"])


async def _danger(http: aiohttp.ClientSession, url: str, run: Run, number: int, words: list[str]) -> None:
    token, conversation_id = await _come(http, url)
    is_button = number % 2 == 1
    run.emergencies[conversation_id] = is_button
    message: dict[str, object] = {"danger": True} if is_button else {"text": words[number % len(words)]}
    await _post(http, url, token, conversation_id, **message)


async def _wish(http: aiohttp.ClientSession, url: str, run: Run, wishes: list[str]) -> None:
    token, conversation_id = await _come(http, url)
    run.wishes += 1
    insists = run.chance.random() < INSISTS
    if run.wishes % WRITES_EVERY:
        await _post(http, url, token, conversation_id, choice=PERSON, text="상담관과 이야기")
    else:
        await _post(http, url, token, conversation_id, text=wishes[run.wishes // WRITES_EVERY % len(wishes)])
    if insists:
        await asyncio.sleep(INSISTS_AFTER_S)
        await _post(http, url, token, conversation_id, choice=PERSON, text="그래도 기다리기")


# -- the team ---------------------------------------------------------------------------------------------------------------------


async def _watch(db: Database, cipher: Cipher, hub: EventHub, run: Run, chief: Staff) -> None:
    """Read the queue's stream as a desk does; a routine case begins to lose patience when it is seen."""
    async for event in hub.follow(handoff.QUEUE, 0):
        if event is None or event.kind != "opened":
            continue
        at, case_id, severity = time.time(), int(event.payload["case_id"]), str(event.payload["severity"])
        run.seen[str(event.payload["conversation_id"])] = at
        run.waited.append(Waited(case_id, severity, at))
        if not is_emergency(severity):
            run.routine[case_id] = at
            task = asyncio.create_task(_lose_patience(db, cipher, run, case_id, chief))
            run.leaving.add(task)
            task.add_done_callback(run.leaving.discard)


async def _lose_patience(db: Database, cipher: Cipher, run: Run, case_id: int, chief: Staff) -> None:
    """After their own patience somebody leaves, unless a person has taken the case."""
    await asyncio.sleep(run.chance.expovariate(1 / PATIENCE_S))
    async with db.transaction() as tx:
        row = await database.one(tx, "SELECT status FROM cases WHERE id = %s FOR UPDATE", case_id)
        if row is None or row["status"] != "queued":
            return
        await handoff.close(tx, cipher, case_id, chief, "withdrawn")
    run.left.add(case_id)
    run.waits.append(time.time() - run.routine[case_id])


async def _agent(db: Database, cipher: Cipher, run: Run, agent: Staff, chief: Staff) -> None:
    """Take what stands first, serve it, end it, and the next."""
    while True:
        async with db.transaction() as tx:
            asked = time.time()
            result = await handoff.claim_next(tx, agent)
        if not isinstance(result, Claimed):
            await asyncio.sleep(LOOKS_S)
            continue
        case = result.case
        assert case.claimed_at is not None
        run.taken.append(Taken(case.id, agent.id, asked, case.claimed_at.timestamp(), time.time()))
        if case.id in run.routine:
            run.waits.append(time.time() - run.routine[case.id])
        await asyncio.sleep(run.chance.expovariate(1 / HANDLING_S))
        async with db.transaction() as tx:
            danger = is_emergency((await handoff.get(tx, case.id)).severity)  # it may have risen meanwhile
            await handoff.close(tx, cipher, case.id, agent, "resolved", verified_contact="본인과 통화해 안전을 확인함" if danger else "")
        if danger:
            async with db.transaction() as tx:
                await handoff.confirm_close(tx, case.id, chief)


async def _beat(db: Database, people: list[Staff]) -> None:
    for _ in itertools.count():
        for person in people:
            async with db.transaction() as tx:
                await handoff.heartbeat(tx, person)
        await asyncio.sleep(BEAT_S)


async def _settle(db: Database, run: Run) -> None:
    """Until every message has been judged and answered and no routine case waits any more."""
    deadline = time.monotonic() + LATEST_S + 8 * PATIENCE_S
    while time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        async with db.read() as connection:
            row = await database.one(
                connection,
                """SELECT (SELECT count(*) FROM inbox WHERE triage_state = 'pending' OR turn_state = 'pending')
                          + (SELECT count(*) FROM cases WHERE status = 'queued' AND severity = 'none') AS n""",
            )
        if row and row["n"] == 0 and all(one in run.seen for one in run.emergencies):
            return


async def _report(db: Database, run: Run) -> int:
    async with db.read() as connection:
        received = {
            row["conversation_id"]: float(row["at"])
            for row in await database.rows(connection, "SELECT conversation_id, extract(epoch FROM min(received_at)) AS at FROM inbox GROUP BY 1")
        }
        shed = await database.one(connection, "SELECT count(*) AS n FROM messages WHERE kind = %s", surge.SHED)
        overdue = await handoff.violations(connection)
    assert shed is not None
    by_kind = {
        name: [
            (run.seen[one] - received[one]) * 1000 for one, pressed in run.emergencies.items() if pressed == is_button and one in run.seen and one in received
        ]
        for name, is_button in (("words", False), ("button", True))
    }
    times = [*by_kind["words"], *by_kind["button"]]
    lost = len(run.emergencies) - len(times)
    wrong = out_of_order(run.waited, run.taken)
    share = len(run.left) / len(run.routine) if run.routine else 0.0
    mean_wait = sum(run.waits) / len(run.waits) if run.waits else 0.0
    by_law = mean_wait / PATIENCE_S
    # Emergencies come first and do not leave: what is left of the team serves the others.
    rest = max(1, round(AGENTS - TIMES * USUAL_EMERGENCIES_PER_S * HANDLING_S))
    foreseen = expected(Shift(3600 * len(run.routine) / LASTS_S, HANDLING_S, rest, PATIENCE_S), 20.0)
    is_lawful = abs(share - by_law) <= TOLERANCE * max(share, by_law, 0.01)
    print(
        table(
            ("received → in the queue", "n", "p50 ms", "p95 ms", "max ms"),
            [(name, len(some), *(percentile(some, part) for part in (0.5, 0.95, 1.0))) for name, some in {"all": times, **by_kind}.items() if some],
        )
    )
    print(f"{run.wishes} routine wishes: {shed['n']} met with the truth, {len(run.routine)} waited all the same, {len(run.left)} of them left")
    print(f"left {share:.3f}; patience's rate × mean wait {by_law:.3f}; Erlang-A for {rest} of {AGENTS} people {foreseen.abandonment:.3f}")
    print("processor s:", ", ".join(f"{role} {used:.1f}" for role, used in sorted(run.processor_s.items())))
    for error in sorted(set(run.failed))[:5]:
        print("error:", error)
    p95 = percentile(times, 0.95) if times else float("inf")
    figures = {
        "emergencies": len(run.emergencies),
        "lost": lost,
        "p95_ms": round(p95, 1),
        "max_ms": round(max(times, default=float("inf")), 1),
        "out_of_order": len(wrong),
        "shed": int(shed["n"]),
        "wishes": run.wishes,
        "waited": len(run.routine),
        "left_share": round(share, 4),
        "left_share_by_law": round(by_law, 4),
        "left_share_erlang_a": round(foreseen.abandonment, 4),
        "mean_wait_s": round(mean_wait, 2),
        "violations": len(overdue),
        "errors": len(run.failed),
        "processor_s": {role: round(used, 1) for role, used in sorted(run.processor_s.items())},
    }
    print(json.dumps(figures))
    return 1 if lost or wrong or overdue or not is_lawful or p95 > MOST_P95_MS else 0


if __name__ == "__main__":
    raise SystemExit(main())
