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
from knowledge_base.schemas import Answer, NoticeContent, Outcome
from knowledge_base.service import KnowledgeBase
from language.analysis import Analyser

PROCESSES = 2
#: What a notice is about, and what its fee is called. No two share a word that tells: of two that do, each one's fee is a rival of the other's, and a
#: question for it is doubtful.
SUBJECTS = (
    ("호숫가 열기구 비행", "탑승료"),
    ("국립공원 버섯 채취", "허가 수수료"),
    ("유적지 드론", "촬영료"),
    ("해변 모닥불 모임", "예약료"),
    ("사막 산악자전거 대회", "참가비"),
    ("항구 야간 낚시", "면허 수수료"),
    ("광장 거리 공연", "등록비"),
    ("동굴 암벽 등반", "안내비"),
    ("산호초 스쿠버 잠수", "장비 대여료"),
    ("화산 야영장", "이용료"),
    ("빙하 개썰매", "체험료"),
    ("온천 결혼식", "대관료"),
    ("성당 음악회", "관람료"),
    ("운하 조정 경기", "심판비"),
    ("목장 승마", "강습료"),
    ("포도밭 마차", "승차료"),
    ("전통시장 먹거리 노점", "자릿세"),
    ("등대 천체 관측", "입장료"),
    ("습지 철새 관찰", "해설료"),
    ("폭포 번지 점프", "보험료"),
    ("경기장 불꽃놀이", "안전 점검비"),
    ("수목원 묘목", "반출 검역비"),
    ("활주로 패러글라이딩", "이륙료"),
    ("박물관 탁본", "작업료"),
)
#: A process that has not quoted a publication within this time never will.
LONGEST_S = 60.0
POLL_S = 0.002


def content(number: int, subject: str, fee: str, amount: int) -> NoticeContent:
    """A notice that says what something costs."""
    body = f"{subject} {fee}는 {amount:,}원입니다.\n\n{subject} 신청서는 사흘 전까지 관할 관청에 냅니다.\n\n확인증은 신청한 곳에서 받습니다."
    day = date(2026, 1, 1)
    return NoticeContent(f"new-{number:03}", f"{subject} {fee} 안내", body, day, day, review_by=date(2027, 12, 31), test_only=True)


def publications() -> list[tuple[NoticeContent, str, str]]:
    """What is published in order, the question about it, and the words that its answer must have."""
    found = []
    for base in (10_000, 50_000):
        for number, (subject, fee) in enumerate(SUBJECTS):
            amount = base + 100 * (number + 1)
            found.append((content(number, subject, fee, amount), f"{subject} {fee}가 얼마예요?", f"{amount:,}원"))
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
            times["new notices" if place < len(SUBJECTS) else "new versions"].append((max(quoted) - began) * 1000)
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
        if not is_quoted(reply, notice.id, words):
            raise RuntimeError(f"{notice.id} version {version} is not quoted: {reply}")
        _say(f"{notice.id} {version}")


def is_quoted(reply: Answer, notice_id: str, words: str) -> bool:
    """Whether an answer is this notice's, with these words."""
    return reply.outcome is Outcome.ANSWERED and reply.notice_ids == (notice_id,) and words in reply.text


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
