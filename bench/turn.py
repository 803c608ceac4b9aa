"""``gildongmu bench turn``: a citizen's message to the stored answer, beside Rasa's default pipeline in the same run.

The phases of the two systems alternate, so that a machine that gets slower hurts both, and the ratios are those of medians over phases.
A turn of ours: from just before ``POST …/messages`` until the stored answer is seen on the conversation's open event stream. A turn of
the baseline: from just before the POST to Rasa's REST channel until its response.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import uvloop

from bench import baseline, program
from bench.client import ChatCitizen, Citizen, Diverted, Failed, Load, RestCitizen, session
from bench.sentences import routine
from bench.stats import Phase, memory_line, over, table

CONCURRENCIES = (1, 8)
ROUNDS = 2
WARM_UP_S = 5.0
LONG_TURNS = 1000
#: The same sentences are compared early and late, so that only the length of the conversation differs.
CYCLE = 10
WARM_TURNS = 5
FRESH = 3
Arrive = Callable[[], Awaitable[Citizen]]


def main(seconds: int) -> int:
    """Run the benchmark; 1 if a message was not answered."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gildongmu-bench-")))
        other = stack.enter_context(baseline.running(scratch))
        ours = stack.enter_context(program.running())
        result = uvloop.run(_measure(ours, other, float(seconds)))
    print(json.dumps(result))
    return 1 if result["ours"]["errors"] or result["rasa_default"]["errors"] else 0


async def _measure(ours: program.Program, other: baseline.Baseline, seconds: float) -> dict[str, Any]:
    async with session() as http:
        arrive: dict[str, Arrive] = {"ours": lambda: ChatCitizen.arrive(http, ours.url), "rasa_default": lambda: _sender(http, other.url)}
        sentences = await _routine(http, ours.url)
        print(f"{len(sentences)} sentences that triage lets pass; {seconds:.0f} s a phase")
        loads = {name: Load(sentences) for name in arrive}
        for name, load in loads.items():
            await load.run(arrive[name], max(CONCURRENCIES), WARM_UP_S)
        seen: dict[tuple[str, int], list[Phase]] = {}
        lines: list[tuple[object, ...]] = []
        processor: dict[str, list[float]] = {}
        for concurrency in CONCURRENCIES:
            for number in range(ROUNDS):
                for name, load in loads.items():
                    before = _cpu_s(ours)
                    phase = await load.run(arrive[name], concurrency, seconds)
                    seen.setdefault((name, concurrency), []).append(phase)
                    times = [phase.p(share) for share in (0.5, 0.95, 0.99)]
                    counts = (len(phase.errors), phase.diverted)
                    lines.append((f"{name} {number + 1}", concurrency, len(phase.times), phase.rate, *times, *counts))
                    if name == "ours" and concurrency == max(CONCURRENCIES) and phase.times:
                        for role, used in _cpu_s(ours).items():
                            processor.setdefault(role, []).append((used - before.get(role, 0.0)) * 1000 / len(phase.times))
        print(table(("phase", "at once", "turns", "turns/s", "p50 ms", "p95 ms", "p99 ms", "errors", "diverted"), lines))
        memory, memory_other = ours.memory_mb(), other.memory_mb()
        cost = {role: round(median(used), 1) for role, used in processor.items()}
        cost["all"] = round(sum(cost.values()), 1)
        print("processor ms a turn, ours, at 8:", "  ".join(f"{role} {used:.1f}" for role, used in cost.items()))
        growth = await _long(http, ours.url, sentences)
    for phases in seen.values():
        for error in sorted({error for phase in phases for error in phase.errors})[:5]:
            print("error:", error)
    print("memory, ours:    ", memory_line(memory))
    print("memory, baseline:", memory_line(memory_other))
    result: dict[str, dict[str, float]] = {name: _summary(seen[name, 1], seen[name, 8]) for name in arrive}
    mine, default = result["ours"], result["rasa_default"]
    figures = {
        "ratio_rate_8": round(mine["rate_8"] / default["rate_8"], 2) if default["rate_8"] else 0.0,
        "ratio_p95_8": round(mine["p95_ms_8"] / default["p95_ms_8"], 3) if default["p95_ms_8"] else 0.0,
        "turn_1000_over_10": round(growth, 3),
    }
    return {**result, **figures, "processor_ms_8": cost, "rss_mb": memory | {f"baseline_{name}": size for name, size in memory_other.items()}}


def _cpu_s(ours: program.Program) -> dict[str, float]:
    """Processor seconds used until now: the program's by role, and the client's, which shares the machine."""
    return ours.cpu_s() | {"client": time.process_time()}


async def _sender(http: aiohttp.ClientSession, url: str) -> RestCitizen:
    return RestCitizen(http, url)


def _summary(one: list[Phase], eight: list[Phase]) -> dict[str, float]:
    return {
        "rate_1": round(over(one), 1),
        "rate_8": round(over(eight), 1),
        "p50_ms_1": round(over(one, 0.5), 1),
        "p95_ms_1": round(over(one, 0.95), 1),
        "p50_ms_8": round(over(eight, 0.5), 1),
        "p95_ms_8": round(over(eight, 0.95), 1),
        "p99_ms_8": round(over(eight, 0.99), 1),
        "errors": sum(len(phase.errors) for phase in (*one, *eight)),
    }


async def _routine(http: aiohttp.ClientSession, url: str) -> list[str]:
    """The sentences that our triage answers as routine; both systems then get the same ones."""
    passed: list[str] = []
    waiting = routine()[::-1]

    async def ask() -> None:
        while waiting:
            text = waiting.pop()
            citizen = await ChatCitizen.arrive(http, url)
            try:
                await citizen.say(text)
                passed.append(text)
            except Diverted:
                pass
            finally:
                await citizen.leave()

    await asyncio.gather(*(ask() for _ in range(4)))
    return sorted(passed)


async def _long(http: aiohttp.ClientSession, url: str, sentences: list[str]) -> float:
    """A thousand turns in one conversation; the last ones in turn with the first of fresh conversations, so that both meet the same machine."""
    chosen = sentences[:: max(1, len(sentences) // CYCLE)][:CYCLE]
    old = await ChatCitizen.arrive(http, url)
    times: list[float] = []
    early: list[float] = []
    late: list[float] = []

    async def go_on(citizen: ChatCitizen, number: int) -> float:
        return await citizen.say(chosen[number % len(chosen)])

    try:
        for number in range(LONG_TURNS - FRESH * (WARM_TURNS + CYCLE)):
            times.append(await go_on(old, number))
        for _ in range(FRESH):
            fresh = await ChatCitizen.arrive(http, url)
            for number in range(WARM_TURNS + CYCLE):
                new, aged = await go_on(fresh, number), await go_on(old, number)
                times.append(aged)
                if number >= WARM_TURNS:
                    early.append(new)
                    late.append(aged)
            await fresh.leave()
    except (Failed, Diverted, TimeoutError) as error:
        print(f"the long conversation ended at turn {len(times) + 1}: {type(error).__name__} {error}")
        return 0.0
    finally:
        await old.leave()
    around = {mark: median(times[mark - CYCLE : mark]) for mark in (100, 250, 500, 750, LONG_TURNS)}
    print("turn:", "  ".join(f"{mark}th {spent:.1f} ms" for mark, spent in around.items()))
    print(f"side by side: turns 6 to 15 {median(early):.1f} ms, the last before the {LONG_TURNS:,}th {median(late):.1f} ms")
    return median(late) / median(early)


if __name__ == "__main__":
    raise SystemExit(main(10))
