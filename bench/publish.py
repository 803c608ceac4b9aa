"""``gildongmu bench publish``: from an editor's publication until two other processes quote it, with 10,000 notices.

The notices are those of ``bench.notices``, in a database of their own. Two fresh processes hold a knowledge base each and follow the database as web
processes do. This one publishes, one after the other, texts that nobody has encoded yet, and then new versions of them with another fee. A time
runs from before the publication's transaction until the slower of the two has given an answer that quotes the new sentence.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import IO

from bench import notices
from bench.stats import percentile
from core import logging
from core.db import Database
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import ROOT
from knowledge_base import publishing
from knowledge_base.schemas import NoticeContent, Outcome
from knowledge_base.service import KnowledgeBase
from language.analysis import Analyser

PROCESSES = 2
PLACES = ("호숫가", "국립공원", "유적지", "해변")
PURSUITS = ("열기구 비행", "야간 낚시", "거리 공연", "버섯 채취", "드론 촬영", "산악자전거 대회")
#: A process that has not quoted a publication within this time never will.
LONGEST_S = 60.0
POLL_S = 0.002


def subjects() -> list[str]:
    """What the published notices are about; no other notice is."""
    return [f"{place} {pursuit}" for place in PLACES for pursuit in PURSUITS]


def content(number: int, subject: str, fee: int) -> NoticeContent:
    """A notice that says what a permit costs."""
    body = f"{subject} 허가 수수료는 {fee:,}원입니다.\n\n{subject} 허가는 행사 사흘 전까지 관할 관청에 신청합니다.\n\n허가증은 신청한 곳에서 받습니다."
    day = date(2026, 1, 1)
    return NoticeContent(f"new-{number:03}", f"{subject} 허가 수수료 안내", body, day, day, review_by=date(2027, 12, 31), test_only=True)


def publications() -> list[tuple[NoticeContent, str, str]]:
    """What is published in order, the question about it, and the words that its answer must have."""
    found = []
    for base in (10_000, 50_000):
        for number, subject in enumerate(subjects()):
            fee = base + 100 * (number + 1)
            found.append((content(number, subject, fee), f"{subject} 허가 수수료가 얼마예요?", f"{fee:,}원"))
    return found


def main(seconds: int = 0, count: int = notices.NOTICES) -> int:
    """Fill a database, start the processes, publish and listen; the length is fixed."""
    del seconds
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "state") as server:
        migrate(server.dsn)
        asyncio.run(notices.fill(server.dsn, Analyser.load(), count))
        times = asyncio.run(_measure(server.dsn, count))
    sys.stdout.write("".join(f"{label}: p50 {percentile(own, 0.5):.0f} ms, p95 {percentile(own, 0.95):.0f} ms\n" for label, own in times.items()))
    every = [value for own in times.values() for value in own]
    figures = {
        "p95_ms": round(percentile(every, 0.95), 1),
        "p50_ms": round(percentile(every, 0.5), 1),
        "processes": PROCESSES,
        "n": len(every),
        "notices": count,
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


async def _measure(dsn: str, count: int) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "bench.publish", dsn, str(count)]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(PROCESSES)]  # noqa: ASYNC220 - once, before anything is measured
    outputs = [child.stdout for child in children if child.stdout is not None]
    db = await Database.open(dsn, min_size=1, max_size=2)
    times: dict[str, list[float]] = {"new notices": [], "new versions": []}
    try:
        await asyncio.gather(*(asyncio.to_thread(_line, output, "ready") for output in outputs))
        for place, (notice, _, _) in enumerate(publications()):
            async with db.transaction() as tx:
                version = await publishing.save_draft(tx, notice, "bench")
            began = time.time()
            async with db.transaction() as tx:
                await publishing.publish(tx, notice.id, version, "bench", "development")
            quoted = await asyncio.gather(*(asyncio.to_thread(_line, output, f"{notice.id} {version}") for output in outputs))
            times["new notices" if place < len(subjects()) else "new versions"].append((max(quoted) - began) * 1000)
    finally:
        await db.close()
        for child in children:
            child.kill()
            child.wait()
    return times


def _line(output: IO[bytes], expected: str) -> float:
    """When a process says that it has come so far.

    Raises:
        RuntimeError: it says something else, or has ended.
    """
    words, _, moment = output.readline().decode().strip().rpartition(" ")
    if words != expected:
        raise RuntimeError(f"expected {expected!r}, got {words!r} {moment!r}")
    return float(moment)


async def follower(dsn: str, count: int) -> None:
    """Follow the database and say when each publication is quoted: what a fresh process does."""
    analyser = Analyser.load()
    db = await Database.open(dsn, min_size=1, max_size=4)
    base = await KnowledgeBase.open(db, analyser, environment="development")
    if base.size != count:
        raise RuntimeError(f"{base.size} notices, not {count}")
    base.start()
    questions = [base.question(text) for _, text, _ in publications()]
    await asyncio.sleep(1.0)  # the listening connection stands
    _say("ready")
    versions: dict[str, int] = {}
    for (notice, _, words), question in zip(publications(), questions, strict=True):
        version = versions[notice.id] = versions.get(notice.id, 0) + 1
        async with asyncio.timeout(LONGEST_S):
            while not _holds(base, notice.id, version):  # noqa: ASYNC110 - a citizen would not be told either
                await asyncio.sleep(POLL_S)
        reply = await asyncio.to_thread(base.answer, question.analysis)
        if reply.outcome is not Outcome.ANSWERED or reply.notice_ids != (notice.id,) or words not in reply.text:
            raise RuntimeError(f"{notice.id} version {version} is not quoted: {reply}")
        _say(f"{notice.id} {version}")


def _holds(base: KnowledgeBase, notice_id: str, version: int) -> bool:
    index = base.desk.index
    number = index.by_id.get(notice_id)
    return number is not None and index.entries[number].notice.version == version


def _say(words: str) -> None:
    sys.stdout.write(f"{words} {time.time()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.configure()  # to standard error: the other side reads what is said here
    asyncio.run(follower(sys.argv[1], int(sys.argv[2])))
