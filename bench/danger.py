"""``gildongmu bench danger``: from a citizen's danger to a row on an agent's open desk, under a routine load of 20 messages a second.

The desk is open in Chromium, and a MutationObserver notes when the case's row is in the page. Receipt is the inbound's ``received_at`` in
the database. All clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field

import aiohttp
import psycopg
from playwright.async_api import Page, async_playwright

from bench import program
from bench.client import ChatCitizen, Diverted, Failed, session
from bench.sentences import emergencies, routine, varied
from bench.stats import Phase, percentile, table
from core.postgres import EmbeddedPostgres

COUNT = 72
#: One danger in so many is a press of the button, the others are words.
BUTTON_EVERY = 4
SHORTEST_S = 30
ROUTINE_PER_S = 20
CITIZENS = 60
LATEST_S = 10.0
ARGS = ("--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-component-update", "--no-first-run")
LINK = re.compile(rb"https?://\S+/staff/invite/[\w-]+")
OBSERVER = """() => {
  window.seen = {};
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    for (const row of document.querySelectorAll("[data-case-id]")) window.seen[row.dataset.caseId] ??= now;
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, attributes: true, attributeFilter: ["data-case-id"]});
  look();
}"""


@dataclass
class Sent:
    """One danger that was sent; times in seconds since the epoch."""

    conversation_id: str
    button: bool
    posted_at: float
    received_at: float = 0.0
    seen_at: float = 0.0


@dataclass
class Routine:
    """The load beside it."""

    phase: Phase = field(default_factory=Phase)
    sent: int = 0


def main(seconds: int) -> int:
    """Run the benchmark; 1 if a danger did not reach the desk."""
    browser = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if browser is None:
        print("Chromium is not installed.", file=sys.stderr)
        return 2
    words = escalated(emergencies(3 * COUNT))
    with program.running() as ours:
        sent, load = asyncio.run(_measure(ours, browser, words, max(seconds, SHORTEST_S)))
    return _report(sent, load)


def escalated(texts: list[str]) -> list[str]:
    """Those that triage takes for danger at once. What it misses or asks about is measured by ``gildongmu evaluate triage``, not here."""
    chosen = [text for text, action in zip(texts, actions(texts), strict=True) if action == "escalate"]
    print(f"{len(chosen)} of {len(texts)} held-out life threats are escalated at once")
    return chosen


def actions(texts: list[str]) -> list[str]:
    """What triage does with each text."""
    lines = "".join(json.dumps({"id": str(number), "text": text}) + "\n" for number, text in enumerate(texts))
    done = subprocess.run([sys.executable, "-m", "bot.cli", "triage"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    return [str(json.loads(line).get("action")) for line in done.stdout.splitlines()]


async def _measure(ours: program.Program, browser_path: str, words: list[str], seconds: float) -> tuple[list[Sent], Routine]:
    async with session() as http, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=list(ARGS))
        try:
            page = await _desk(await browser.new_page(), ours)
            people = [await ChatCitizen.arrive(http, ours.url) for _ in range(COUNT)]
            load = Routine()
            stop = asyncio.Event()
            routine_load = asyncio.create_task(_routine(http, ours.url, load, stop))
            await asyncio.sleep(3.0)
            sent = await _dangers(people, words, seconds)
            await asyncio.sleep(1.0)
            stop.set()
            await routine_load
            await _complete(ours, page, sent)
            for person in people:
                await person.leave()
            return sent, load
        finally:
            await browser.close()


async def _desk(page: Page, ours: program.Program) -> Page:
    """Make the first account through the one-time link, sign in, open the desk."""
    link = LINK.search(ours.log.read_bytes())
    if link is None:
        raise RuntimeError("the program has printed no first-run link")
    password = secrets.token_urlsafe(18)
    await page.goto(link[0].decode())
    for name, value in (("login", "bench"), ("display_name", "측정"), ("password", password), ("again", password)):
        await page.fill(f"[name={name}]", value)
    await page.click("button[type=submit]")
    await page.wait_for_url(re.compile("sign-in"))
    await page.fill("[name=login]", "bench")
    await page.fill("[name=password]", password)
    await page.click("button[type=submit]")
    await page.goto(ours.url + "/desk")
    await page.wait_for_selector('[data-state="live"]')
    await page.evaluate(OBSERVER)
    return page


async def _dangers(people: list[ChatCitizen], words: list[str], seconds: float) -> list[Sent]:
    """One after the other at even times, each from a person who has not written before."""
    began = time.perf_counter()
    sent: list[Sent] = []
    posts: list[asyncio.Task[int]] = []
    for number, person in enumerate(people):
        await asyncio.sleep(max(0.0, began + number * seconds / len(people) - time.perf_counter()))
        button = number % BUTTON_EVERY == 0
        sent.append(Sent(person.conversation_id, button, time.time()))
        posts.append(asyncio.create_task(person.post(danger=True) if button else person.post(text=words[number % len(words)])))
    for outcome in await asyncio.gather(*posts, return_exceptions=True):
        if isinstance(outcome, BaseException):
            print("error:", type(outcome).__name__, outcome)
    return sent


async def _routine(http: aiohttp.ClientSession, url: str, load: Routine, stop: asyncio.Event) -> None:
    """Twenty messages a second whatever happens: a slow answer does not slow the next question, as long as somebody is free to ask it."""
    texts = varied(routine())
    idle = deque([await ChatCitizen.arrive(http, url) for _ in range(CITIZENS)])
    running: set[asyncio.Task[None]] = set()

    async def one(citizen: ChatCitizen, text: str) -> None:
        try:
            load.phase.times.append(await citizen.say(text))
        except Diverted:
            load.phase.diverted += 1
            await citizen.leave()
            citizen = await ChatCitizen.arrive(http, url)
        except (Failed, TimeoutError, aiohttp.ClientError) as error:
            load.phase.errors.append(f"{type(error).__name__} {error}".strip())
        idle.append(citizen)

    began = time.perf_counter()
    for tick in itertools.count(1):
        if stop.is_set():
            break
        if idle:
            task = asyncio.create_task(one(idle.popleft(), next(texts)))
            running.add(task)
            task.add_done_callback(running.discard)
            load.sent += 1
        await asyncio.sleep(max(0.0, began + tick / ROUTINE_PER_S - time.perf_counter()))
    load.phase.seconds = time.perf_counter() - began
    await asyncio.gather(*running, return_exceptions=True)
    for citizen in idle:
        await citizen.leave()


async def _complete(ours: program.Program, page: Page, sent: list[Sent]) -> None:
    """When each was received, and when its row was seen; waits a little for stragglers."""
    dsn = EmbeddedPostgres(ours.data_dir).attach()
    if dsn is None:
        raise RuntimeError("the program's database is away")
    deadline = time.monotonic() + LATEST_S
    while True:
        seen = await page.evaluate("() => window.seen")
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            cursor = await connection.execute(
                """SELECT c.id, (SELECT extract(epoch FROM min(received_at)) FROM inbox WHERE conversation_id = c.id), k.id
                   FROM conversations c LEFT JOIN cases k ON k.conversation_id = c.id WHERE c.id = ANY(%s)""",
                ([each.conversation_id for each in sent],),
            )
            known = {row[0]: row[1:] for row in await cursor.fetchall()}
        for each in sent:
            received, case_id = known.get(each.conversation_id, (None, None))
            each.received_at = float(received or 0)
            each.seen_at = float(seen.get(str(case_id), 0)) / 1000
        if all(each.seen_at for each in sent) or time.monotonic() > deadline:
            return
        await asyncio.sleep(0.5)


def _report(sent: list[Sent], load: Routine) -> int:
    reached = [each for each in sent if each.seen_at and each.received_at]
    lost = len(sent) - len(reached)
    lines: list[tuple[object, ...]] = []
    for name, some in (
        ("all", reached),
        ("words", [each for each in reached if not each.button]),
        ("button", [each for each in reached if each.button]),
    ):
        for start in ("receipt", "post"):
            times = [(each.seen_at - (each.received_at if start == "receipt" else each.posted_at)) * 1000 for each in some]
            lines.append((f"{name}, from {start}", len(times), *(percentile(times, share) for share in (0.5, 0.95, 1.0))))
    print(table(("danger to desk", "n", "p50 ms", "p95 ms", "max ms"), lines))
    phase = load.phase
    rate = load.sent / phase.seconds if phase.seconds else 0.0
    print(f"routine load beside it: {rate:.1f} messages/s, p50 {phase.p(0.5):.0f} ms, p95 {phase.p(0.95):.0f} ms, {len(phase.errors)} errors")
    for error in sorted(set(phase.errors))[:5]:
        print("error:", error)
    figures = {line[0]: line for line in lines}
    print(
        json.dumps(
            {
                "p50_ms": round(float(str(figures["all, from receipt"][2])), 1),
                "p95_ms": round(float(str(figures["all, from receipt"][3])), 1),
                "n": len(sent),
                "lost": lost,
                "p95_ms_from_post": round(float(str(figures["all, from post"][3])), 1),
                "p95_ms_words": round(float(str(figures["words, from receipt"][3])), 1),
                "p95_ms_button": round(float(str(figures["button, from receipt"][3])), 1),
                "routine_per_s": round(rate, 1),
                "routine_p95_ms": round(phase.p(0.95), 1),
                "routine_errors": len(phase.errors),
            }
        )
    )
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main(SHORTEST_S))
