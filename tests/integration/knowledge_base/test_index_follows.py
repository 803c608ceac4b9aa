"""A running process follows the database: in place, once, and even when it was told nothing."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.db import Database
from knowledge_base import keeper, publishing, repository, service
from knowledge_base.index import Index
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeStatus
from knowledge_base.service import KnowledgeBase
from language.analysis import Analysis
from language.morphology import MORPHEMES, Token

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Light:
    """Analyses by spaces and encodes by hashes: following is what is tested here, not understanding."""

    degraded = None

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.odd = ""
        self.morphology: Any = SimpleNamespace(docs=lambda texts: [SimpleNamespace(user_data={MORPHEMES: self.tokens(t)}) for t in texts])

    @staticmethod
    def tokens(text: str) -> tuple[Token, ...]:
        return tuple(Token(word, "NNG", 0, 0) for word in text.split())

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        return [Analysis(t, t, "ko", self.tokens(t), v) for t, v in zip(texts, self.encode(texts), strict=True)]

    def encode(self, texts: Sequence[str], kind: str = "query") -> np.ndarray:
        if self.odd and any(self.odd in text for text in texts):
            raise ValueError("odd text")
        if kind == "passage":
            self.encoded.extend(texts)
        seeds = [int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) for text in texts]
        rows = np.stack([np.random.default_rng(seed).standard_normal(24) for seed in seeds])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def record(notice_id: str, body: str, **changes: Any) -> dict[str, Any]:
    return {"id": notice_id, "title": f"{notice_id} 안내", "body": body, "published_at": "2026-01-10", **changes}


@pytest.fixture
def light() -> Light:
    return Light()


@pytest.fixture
async def follow(db: Database, light: Light) -> Any:
    """Opens a knowledge base that follows the test database on connections of its own, as another process would."""
    opened: list[tuple[KnowledgeBase, Database]] = []

    async def start() -> KnowledgeBase:
        own = await Database.open(db.dsn, min_size=1, max_size=3)
        base = await KnowledgeBase.open(own, light, environment="development", now=lambda: NOW)
        opened.append((base, own))
        base.start()
        await listening(db, len(opened))
        return base

    yield start
    for base, own in opened:
        await base.stop()
        await own.close()


async def listening(db: Database, count: int = 1) -> list[int]:
    """The server's processes that listen for knowledge bases, once there are so many."""
    async with asyncio.timeout(60):
        while True:
            async with db.read() as connection:
                cursor = await connection.execute("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()", ())
                found = [int(row["pid"]) for row in await cursor.fetchall()]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def held(base: KnowledgeBase) -> set[tuple[str, int]]:
    return {(e.notice.id, e.notice.version) for e in base.desk.index.entries}


async def settled(base: KnowledgeBase, rounds: int = 5) -> None:
    """Some turns of the watch: whatever it is going to do at once is done."""
    for _ in range(rounds):
        await asyncio.sleep(0.1)


async def test_the_index_is_built_once_at_start(db: Database, bring: Any, follow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await bring(db, record("a", "첫째 문장입니다."))
    built: list[int] = []
    make = Index.__init__
    monkeypatch.setattr(Index, "__init__", lambda self, *args, **options: built.append(len(args)) or make(self, *args, **options))
    base = await follow()
    at_start = base.desk.index
    await settled(base)
    assert base.desk.index is at_start
    assert len([arguments for arguments in built if arguments]) == 1  # and the empty one that it begins with


async def test_a_publication_adds_to_what_is_there(db: Database, bring: Any, follow: Any, light: Light) -> None:
    await bring(db, record("a", "첫째 문장입니다."), record("b", "둘째 문장입니다."))
    base = await follow()
    before = base.desk.index
    light.encoded.clear()
    await bring(db, record("c", "셋째 문장입니다.", supersedes=["a"]))
    await until(lambda: ("c", 1) in held(base))
    now = base.desk.index
    assert now.segments[0] is before.segments[0]
    assert light.encoded == ["c 안내", "c 안내. 셋째 문장입니다."]
    assert [e.force.end is None for e in now.entries] == [False, True, True]
    assert {e.notice.id: e.notice.status for e in now.entries}["a"] is NoticeStatus.SUPERSEDED
    assert held(base) == {("a", 1), ("b", 1), ("c", 1)}


async def untold(db: Database, monkeypatch: pytest.MonkeyPatch, *records: dict[str, Any]) -> None:
    """Publish without telling anybody, as when the line was down."""

    async def silent(tx: Any, *ids: str) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(repository, "announce", silent)
        async for _ in publishing.import_published(db, [parse_record(r) for r in records], "test", "development"):
            pass


async def test_a_missed_notification_is_made_up_for_after_a_reconnection(db: Database, bring: Any, follow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await bring(db, record("a", "첫째 문장입니다."))
    base = await follow()
    await untold(db, monkeypatch, record("b", "둘째 문장입니다."))
    await settled(base)
    assert held(base) == {("a", 1)}
    async with db.read() as connection:
        for process in await listening(db):
            await connection.execute("SELECT pg_terminate_backend(%s)", (process,))
    await until(lambda: held(base) == {("a", 1), ("b", 1)})


async def test_a_missed_notification_is_made_up_for_now_and_then(db: Database, bring: Any, follow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "COMPARE_S", 0.3)
    await bring(db, record("a", "첫째 문장입니다."))
    base = await follow()
    await untold(db, monkeypatch, record("b", "둘째 문장입니다."))
    await until(lambda: held(base) == {("a", 1), ("b", 1)})


async def test_what_one_notification_does_not_name_comes_with_it(db: Database, bring: Any, follow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    base = await follow()
    await untold(db, monkeypatch, record("a", "첫째 문장입니다."))
    await bring(db, record("b", "둘째 문장입니다."))
    await until(lambda: held(base) == {("a", 1), ("b", 1)})


async def test_a_day_changed_in_place_counts_at_once(db: Database, bring: Any, follow: Any) -> None:
    await bring(db, record("a", "첫째 문장입니다.", review_by="2026-11-01"))
    base = await follow()
    assert base.search("첫째 문장입니다.") == []
    async with db.transaction() as tx:
        await tx.execute("UPDATE notices SET review_by = '2027-11-01' WHERE id = 'a'")
        await repository.announce(tx, "a")
    await until(lambda: [hit.notice_id for hit in base.search("첫째 문장입니다.")] == ["a"])


async def test_one_odd_notice_keeps_no_other_out(db: Database, bring: Any, follow: Any, light: Light) -> None:
    base = await follow()
    light.odd = "이상한"
    await bring(db, record("a", "첫째 문장입니다."), record("b", "이상한 문장입니다."), record("c", "셋째 문장입니다."))
    await until(lambda: held(base) == {("a", 1), ("c", 1)})
    light.odd = ""
    await base.reload()
    assert held(base) == {("a", 1), ("b", 1), ("c", 1)}


async def test_too_many_names_for_a_notification_are_compared_instead(db: Database, bring: Any, follow: Any) -> None:
    base = await follow()
    await bring(db, *(record(f"{'가' * 40}{n}", f"문장 {n}입니다.") for n in range(80)))
    await until(lambda: base.size == 80)


async def test_two_processes_and_one_that_starts_later_hold_the_same_after_any_sequence(
    db: Database, bring: Any, follow: Any, light: Light, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "APPLIED", 2)
    chance = random.Random(3)
    first, second = await follow(), await follow()
    for step in range(25):
        name = f"n{chance.randrange(8)}"
        async with db.read() as connection:
            versions = [row for row in await repository.listing(connection) if row["id"] == name and row["status"] in ("published", "superseded")]
        if versions and chance.random() < 0.35:
            async with db.transaction() as tx:
                await publishing.withdraw(tx, name, chance.choice(versions)["version"], "test")
        else:
            olders = [f"n{n}" for n in range(int(name[1:])) if chance.random() < 0.2]
            await bring(db, record(name, f"{step}째 문장입니다. 다음 문장 {step % 3}입니다.", supersedes=olders))
    late = await KnowledgeBase.open(db, light, environment="development", now=lambda: NOW)
    for base in (first, second):
        await until(lambda base=base: [(e.notice, e.force) for e in base.desk.index.entries] == [(e.notice, e.force) for e in late.desk.index.entries])
    for question in ("3째 문장입니다.", "다음 문장 1입니다.", "n4 안내"):
        rankings = [[(h.notice_id, h.passage, round(h.score, 3)) for h in base.search(question)] for base in (first, second, late)]
        assert rankings[0] == rankings[1] == rankings[2]


async def test_laid_side_by_side_while_changes_go_on(db: Database, bring: Any, follow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index, "wants_compaction", property(lambda index: len(index.segments) > 1))
    await bring(db, record("a", "첫째 문장입니다."))
    base = await follow()
    for n in range(6):
        await bring(db, record(f"b{n}", f"{n}째 문장입니다."))
    await until(lambda: len(held(base)) == 7)
    await until(lambda: len(base.desk.index.segments) == 1 or sum(s.slots for s in base.desk.index.segments[1:]) < 6)
    assert {hit.notice_id for hit in base.search("3째 문장입니다.")} >= {"b3"}


async def test_as_if_it_were_published(db: Database, bring: Any, follow: Any) -> None:
    await bring(db, record("a", "첫째 문장입니다."), record("b", "둘째 문장입니다."))
    base = await follow()
    content = parse_record(record("a", "고친 문장입니다.", supersedes=["b"]))
    supposed = await asyncio.to_thread(base.supposing, content)
    assert [(e.notice.id, e.notice.version, e.force.end is None) for e in supposed.index.entries] == [("a", 1, False), ("a", 2, True), ("b", 1, False)]
    assert base.search("고친 문장입니다.", desk=supposed)[0].passage == "고친 문장입니다."
    assert held(base) == {("a", 1), ("b", 1)}
