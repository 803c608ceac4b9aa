"""``gildongmu bench channels``: signed webhooks of each platform against the running program, with wrong ones among them.

Every channel is loaded for itself, with so many requests a second whether or not those before are answered, each from a telephone that has not written
before and with other words. A web process acknowledges once it has committed; where the response is the answer itself (KakaoTalk, WeChat) it waits for the
answer as long as the platform does, and then says that it comes later, or says so at once where too many wait already. Meanwhile the worker triages and
answers what came, and its processor time is lost to the acknowledging: the figures of processor time tell what a webhook costs each process on a machine of
any size. Among every ten requests is one that must be refused, or one that was acknowledged and is brought again. At the end the tables must have exactly
what was acknowledged, each once. The rate is that of requests acknowledged within the platform's deadline, over the time in which they were sent. Turns may
lag behind: how many were not done when the last was acknowledged, and how long they took, stands apart.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from bench import program
from bench.client import session
from bench.stats import percentile, table
from bench.webhooks import EXAMPLES, Example, Hook
from core import db as database
from core.db import Connection, Database
from core.ports import free_port
from core.postgres import EmbeddedPostgres

OFFERED_PER_S = 330
#: Requests under way at once, beyond which the load waits: more than a rate that is wanted fills within the longest deadline.
AT_ONCE = 2000
WRONG_EVERY = 10
WANTED_PER_S = 300
#: What is not answered yet is waited for, so long at most, before the next channel is loaded; lines that wait for the next words of a person are not.
DRAIN_S = 120.0
_LEFT = """
SELECT (SELECT count(*) FROM inbox WHERE turn_state = 'pending') AS turns, (
    SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending') AND last_error IS DISTINCT FROM 'no_window') AS lines
"""
#: What somebody holds at that moment is left to them, so that nobody waits for us in a ring.
_GIVE_UP = tuple(
    f"UPDATE {table} SET {values} WHERE message_id IN (SELECT message_id FROM {table} WHERE {state} = 'pending' LIMIT 500 FOR UPDATE SKIP LOCKED)"
    for table, values, state in (
        ("inbox", "triage_state = 'done', turn_state = 'dropped'", "turn_state"),
        ("outbox", "state = 'dead'", "state"),
    )
)


@dataclass
class Run:
    """What was seen on one channel; ``wrong`` counts (kind, refused or not), ``seconds`` is how long requests were sent."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[tuple[str, bool]] = field(default_factory=Counter)
    seconds: float = 0.0
    stored: int = 0
    answered: int = 0
    lagging: int = 0
    drained_s: float = 0.0
    left: int = 0
    cpu_ms: dict[str, float] = field(default_factory=dict)

    @property
    def without_word(self) -> int:
        """Right ones that were not taken, as far as the platform was told: it brings those again, and some may have been stored after all."""
        return sum(self.statuses.values()) - len(self.times)

    @property
    def has_leaked(self) -> bool:
        """Whether something was acknowledged and not stored, stored twice, or taken although wrong."""
        is_told_right = len(self.times) <= self.stored <= len(self.times) + self.without_word
        return not is_told_right or any(not is_refused for (kind, is_refused) in self.wrong if kind != "replayed")


def main(seconds: int) -> int:
    """Run the benchmark; 1 if a wrong request got in, or a right one was lost."""
    import uvloop

    return uvloop.run(_bench(seconds))


async def _bench(seconds: int) -> int:
    sink = web.Application()
    sink.router.add_route("*", "/{path:.*}", _taken)
    runner = web.AppRunner(sink, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    environment = {"GILDONGMU_DIALOGUE": "false"}
    for example in EXAMPLES.values():
        environment |= example.environment(f"http://127.0.0.1:{port}")
    started = program.running(whole=False, **environment)
    ours = await asyncio.to_thread(started.__enter__)
    try:
        dsn = EmbeddedPostgres(ours.data_dir).attach()
        if dsn is None:
            raise RuntimeError("the program's database is away")
        db = await Database.open(dsn, min_size=1, max_size=2)
        try:
            runs = {name: await _channel(db, ours, example, seconds) for name, example in EXAMPLES.items()}
        finally:
            await db.close()
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)
        await runner.cleanup()
    return _report(runs)


async def _taken(request: web.Request) -> web.Response:
    """The platforms' side takes whatever we send, and gives WeChat's token to whoever asks."""
    await request.read()
    return web.json_response({"sentMessages": [], "errcode": 0, "access_token": "bench", "expires_in": 7200})


async def _channel(db: Database, ours: program.Program, example: Example, seconds: int) -> Run:
    run = Run()
    wrongs = itertools.cycle([*example.told, *example.silent, *(["replayed"] if example.tells_copies else [])])
    if example.prepare:
        async with db.read() as connection:
            await database.run(connection, example.prepare)
    async with session() as http:
        used = ours.cpu_s()
        began = time.perf_counter()
        asking: set[asyncio.Task[None]] = set()
        for number in itertools.count(1):
            due = began + number / OFFERED_PER_S
            if due > began + seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if len(asking) >= AT_ONCE:
                await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            if time.perf_counter() > began + seconds:
                break
            task = asyncio.create_task(_telephone(http, ours.url, example, run, number, wrongs))
            asking.add(task)
            task.add_done_callback(asking.discard)
        run.seconds = time.perf_counter() - began
        await asyncio.gather(*asking)
        run.cpu_ms = {role: round((total - used.get(role, 0.0)) * 1000 / max(1, len(run.times)), 2) for role, total in ours.cpu_s().items()}
    async with db.read() as connection:
        row = await database.one(connection, example.stored)
        run.stored = int(row["stored"]) if row else 0
        await _drain(connection, run)
    return run


async def _drain(connection: Connection, run: Run) -> None:
    """Wait until everything is answered and sent; whatever is left then has had its turn in this measurement."""
    began = time.perf_counter()
    behind = await _behind(connection)
    run.lagging = behind[0]
    while any(behind):
        if time.perf_counter() > began + DRAIN_S:
            break
        await asyncio.sleep(0.5)
        behind = await _behind(connection)
    run.drained_s, run.left = time.perf_counter() - began, behind[0]
    if any(behind):
        for statement in _GIVE_UP:
            while await database.run(connection, statement):
                pass


async def _behind(connection: Connection) -> tuple[int, int]:
    row = await database.one(connection, _LEFT)
    return (int(row["turns"]), int(row["lines"])) if row else (0, 0)


async def _telephone(http: aiohttp.ClientSession, url: str, example: Example, run: Run, number: int, wrongs: itertools.cycle[str]) -> None:
    hook = example.make(number)
    began = time.perf_counter()
    status, said = await _post(http, url, hook)
    if status == 200 and example.is_sorry(said):
        status = 503
    run.statuses[status] += 1
    if status == 200:
        run.times.append((time.perf_counter() - began) * 1000)
        run.answered += example.has_answer(said)
    if number % WRONG_EVERY == 0:
        kind = next(wrongs)
        if kind != "replayed" or status == 200:
            await _wrong(http, url, example, run, kind, hook)


async def _wrong(http: aiohttp.ClientSession, url: str, example: Example, run: Run, kind: str, hook: Hook) -> None:
    """Whether what must be silent has stored something is seen at the end, in the table."""
    if kind in example.told:
        status, _ = await _post(http, url, example.told[kind](hook))
        run.wrong[kind, status != 200] += 1  # with a megabyte still on its way the line may break before the refusal is read
    else:
        status, _ = await _post(http, url, hook if kind == "replayed" else example.silent[kind](hook))
        run.wrong[kind, status == 200] += 1


async def _post(http: aiohttp.ClientSession, url: str, hook: Hook) -> tuple[int, bytes]:
    """Status and answer; 0 where there was none."""
    try:
        async with http.post(URL(url + hook.path, encoded=True), data=hook.body, headers={"content-type": hook.kind, **hook.headers}) as answer:
            return answer.status, await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        return 0, b""


def _report(runs: dict[str, Run]) -> int:
    lines, figures, is_wrong = [], {}, False
    for name, run in runs.items():
        deadline, refused = EXAMPLES[name].deadline_ms, sum(count for (_, is_refused), count in run.wrong.items() if is_refused)
        p50, p99, worst = (percentile(run.times, share) for share in (0.5, 0.99, 1.0))
        per_s = sum(took <= deadline for took in run.times) / run.seconds
        cpu = (run.cpu_ms.get("web", 0.0), run.cpu_ms.get("postgres", 0.0), run.cpu_ms.get("worker", 0.0))
        turns = (run.answered, run.lagging, run.drained_s)
        lines.append((name, len(run.times), per_s, p50, p99, worst, deadline, refused, sum(run.wrong.values()), run.stored, *turns, *cpu))
        figures[name] = {
            "acks_per_s": round(per_s, 1),
            "p99_ms": round(p99, 1),
            "deadline_ms": deadline,
            "within_deadline": p99 <= deadline,
            "acknowledged": len(run.times),
            "stored": run.stored,
            "not_acknowledged": run.without_word,
            "wrong": sum(run.wrong.values()),
            "wrong_refused": refused,
            "answered_in_response": run.answered,
            "turns_behind": run.lagging,
            "drained_s": round(run.drained_s, 1),
            "never_answered": run.left,
            "cpu_ms_per_ack": run.cpu_ms,
        }
        is_wrong = is_wrong or run.has_leaked
    heads = (
        "channel",
        "acknowledged",
        "in time per s",
        "p50 ms",
        "p99 ms",
        "max ms",
        "deadline ms",
        "refused",
        "of wrong",
        "stored",
        "with answer",
        "turns behind",
        "drained s",
        "web ms",
        "database ms",
        "worker ms",
    )
    sys.stdout.write(
        table(heads, lines) + f"\noffered: {OFFERED_PER_S} per s; wanted: {WANTED_PER_S} per s, all wrong ones refused, stored what was acknowledged\n"
    )
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if is_wrong else 0
