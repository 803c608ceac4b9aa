"""``gildongmu bench channels``: signed webhooks of each messenger against the running program, with wrong ones among them.

Every channel is loaded for itself. Citizens write one after the other from as many telephones as there are requests under way; a web process acknowledges once
it has committed (KakaoTalk's response is the answer itself). Among every ten requests is one that must be refused, or one that was acknowledged and
is brought again. At the end the table of inbounds must have exactly what was acknowledged, each once.
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

from bench import program
from bench.client import session
from bench.stats import percentile, table
from bench.webhooks import EXAMPLES, Example, Hook
from core import db as database
from core.db import Database
from core.postgres import EmbeddedPostgres

#: Requests under way at once; what KakaoTalk's wait for answers needs is more than an acknowledgement does.
AT_ONCE = 64
WRONG_EVERY = 10
WANTED_PER_S = 300


@dataclass
class Run:
    """What was seen on one channel; ``wrong`` counts (kind, refused or not)."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[tuple[str, bool]] = field(default_factory=Counter)
    seconds: float = 0.0
    stored: int = 0

    @property
    def has_leaked(self) -> bool:
        """Whether something was stored that was not acknowledged, acknowledged and not stored, stored twice, or taken although wrong."""
        return self.stored != len(self.times) or any(not is_refused for _, is_refused in self.wrong)


def main(seconds: int) -> int:
    """Run the benchmark; 1 if a wrong request got in, or a right one was lost."""
    import uvloop

    return uvloop.run(_bench(seconds))


async def _bench(seconds: int) -> int:
    sink = web.Application()
    sink.router.add_route("*", "/{path:.*}", _taken)
    runner = web.AppRunner(sink, access_log=None)
    await runner.setup()
    port = program.free_port()
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
            runs = {name: await _channel(db, ours.url, name, example, seconds) for name, example in EXAMPLES.items()}
        finally:
            await db.close()
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)
        await runner.cleanup()
    return _report(runs)


async def _taken(request: web.Request) -> web.Response:
    """The platforms' side takes whatever we send."""
    await request.read()
    return web.json_response({"sentMessages": []})


async def _channel(db: Database, url: str, name: str, example: Example, seconds: int) -> Run:
    run = Run()
    numbers, wrongs = itertools.count(1), itertools.cycle([*example.told, *example.silent, *(["replayed"] if example.silent else [])])
    async with session() as http:
        began = time.perf_counter()
        await asyncio.gather(*(_telephones(http, url, example, run, numbers, wrongs, began + seconds) for _ in range(AT_ONCE)))
        run.seconds = time.perf_counter() - began
    async with db.read() as connection:
        row = await database.one(connection, "SELECT count(*) AS stored FROM inbox WHERE channel = %s", name)
    run.stored = int(row["stored"]) if row else 0
    return run


async def _telephones(
    http: aiohttp.ClientSession, url: str, example: Example, run: Run, numbers: itertools.count[int], wrongs: itertools.cycle[str], until: float
) -> None:
    while time.perf_counter() < until:
        number = next(numbers)
        hook = example.make(number)
        began = time.perf_counter()
        status = await _post(http, url, hook)
        run.statuses[status] += 1
        if status == 200:
            run.times.append((time.perf_counter() - began) * 1000)
        if number % WRONG_EVERY == 0:
            await _wrong(http, url, example, run, next(wrongs), hook if status == 200 else example.make(number))


async def _wrong(http: aiohttp.ClientSession, url: str, example: Example, run: Run, kind: str, hook: Hook) -> None:
    """Whether what must be silent has stored something is seen at the end, in the table."""
    if kind in example.told:
        status = await _post(http, url, example.told[kind](hook))
        run.wrong[kind, 400 <= status < 500] += 1
    else:
        status = await _post(http, url, hook if kind == "replayed" else example.silent[kind](hook))
        run.wrong[kind, status == 200] += 1


async def _post(http: aiohttp.ClientSession, url: str, hook: Hook) -> int:
    """The status; 0 where there was no answer."""
    try:
        async with http.post(url + hook.path, data=hook.body, headers={"content-type": "application/json", **hook.headers}) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


def _report(runs: dict[str, Run]) -> int:
    lines, figures, is_wrong = [], {}, False
    for name, run in runs.items():
        deadline, refused = EXAMPLES[name].deadline_ms, sum(count for (_, is_refused), count in run.wrong.items() if is_refused)
        p50, p99, worst = (percentile(run.times, share) for share in (0.5, 0.99, 1.0))
        per_s = len(run.times) / run.seconds
        lines.append((name, len(run.times), per_s, p50, p99, worst, deadline, refused, sum(run.wrong.values()), run.stored))
        figures[name] = {
            "acks_per_s": round(per_s, 1),
            "p99_ms": round(p99, 1),
            "deadline_ms": deadline,
            "within_deadline": p99 <= deadline,
            "acknowledged": len(run.times),
            "stored": run.stored,
            "not_acknowledged": sum(count for status, count in run.statuses.items() if status != 200),
            "wrong": sum(run.wrong.values()),
            "wrong_refused": refused,
        }
        is_wrong = is_wrong or run.has_leaked
    heads = ("channel", "acknowledged", "per s", "p50 ms", "p99 ms", "max ms", "deadline ms", "refused", "of wrong", "stored")
    sys.stdout.write(table(heads, lines) + f"\nwanted: {WANTED_PER_S} per s, all wrong ones refused, stored what was acknowledged\n")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if is_wrong else 0
