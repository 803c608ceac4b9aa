"""The sandbox's sample cases are real cases of every kind, and a reset takes all citizens away and leaves staff, notices and the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from accounts import service as accounts
from bot import sandbox_cases
from bot.cli import main
from bot.services import Services
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.errors import StartError
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from handoff.desk.words import why
from knowledge_base.crisis_cards import CrisisCards
from language.categories import Category, Urgency


@pytest.fixture
def services(db: Database, cipher: Cipher) -> Services:
    settings = Settings(sandbox=True)
    return Services(settings, db, cipher, EventHub(db), CrisisCards.load(hotline=settings.hotline))


async def rows(db: Database, statement: str) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return await database.rows(connection, statement)


def test_every_kind_of_trouble_and_every_urgency_has_a_sample():
    there = sandbox_cases.samples()
    assert {sample.kind for sample in there} == set(Category)
    assert {sample.urgency for sample in there} == set(Urgency)
    assert any(sample.cannot_speak for sample in there)
    assert any(sample.place for sample in there)


async def test_they_stand_in_the_queue_as_real_ones_do(services: Services, db: Database):
    brought = await sandbox_cases.bring(services)
    cases = await rows(db, "SELECT c.*, v.guarded_at FROM cases c JOIN conversations v ON v.id = c.conversation_id")
    assert brought == len(cases) == len(sandbox_cases.samples())
    assert {case["status"] for case in cases} == {"queued"}
    assert {case["category"] for case in cases if case["guarded_at"]} >= {"confinement", "domestic_violence", "stalking", "arrest_detention"}
    assert any(case["cannot_speak"] for case in cases)
    assert why(tuple(cases[0]["reason"].split(","))) == ["연습용 예시"]
    emergencies = [case for case in cases if case["severity"] in ("life_threat", "urgent")]
    cards = await rows(db, "SELECT conversation_id FROM messages WHERE kind LIKE 'crisis:%%'")
    assert {card["conversation_id"] for card in cards} == {case["conversation_id"] for case in emergencies}, "each has its crisis card"
    assert len(await rows(db, "SELECT 1 AS one FROM geo_fixes")) == sum(sample.place is not None for sample in sandbox_cases.samples())
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


async def test_one_kind_alone(services: Services, db: Database):
    assert await sandbox_cases.bring(services, {"fire_gas"}) == 1
    assert [case["category"] for case in await rows(db, "SELECT category FROM cases")] == ["fire_gas"]


async def test_outside_a_sandbox_there_are_none(services: Services, db: Database):
    services.settings = Settings()
    with pytest.raises(StartError):
        await sandbox_cases.bring(services)
    assert await rows(db, "SELECT 1 AS one FROM conversations") == []


async def test_a_reset_takes_all_citizens_and_leaves_the_staff(services: Services, db: Database, cipher: Cipher):
    await sandbox_cases.bring(services, {"confinement", "fire_gas"})
    async with db.transaction() as tx:
        token = await accounts.invite(tx, ["agent"])
    async with db.transaction() as tx:
        agent = await accounts.accept_invite(tx, token, "haneul", "김하늘", "긴-암호-문장-스물두-글자-이상")
    async with db.transaction() as tx:
        await handoff.heartbeat(tx, agent)
    (first, *_) = await rows(db, "SELECT id FROM cases ORDER BY id")
    async with db.transaction() as tx:
        await handoff.claim(tx, first["id"], agent)
        await handoff.add_note(tx, cipher, first["id"], agent, "연습 메모")
    before = await rows(db, "SELECT max(seq) AS seq FROM events WHERE stream = 'queue'")
    assert await sandbox_cases.clear(db) == 2
    for table in sandbox_cases.CLEARED:
        assert await rows(db, f"SELECT 1 AS one FROM {table} LIMIT 1") == [], table
    ends = await rows(db, f"SELECT kind, payload->>'status' AS status FROM events WHERE stream = 'queue' AND seq > {before[0]['seq']}")
    assert [(end["kind"], end["status"]) for end in ends] == [("closed", "closed")] * 2, "open desks learn of it"
    assert len(await rows(db, "SELECT 1 AS one FROM staff")) == 1
    assert await rows(db, "SELECT 1 AS one FROM access_log") != []
    assert await sandbox_cases.bring(services) == len(sandbox_cases.samples()), "and everything works as before"
    async with db.read() as connection:
        assert await handoff.violations(connection) == []
        assert not await sandbox_cases.is_new(connection)


@pytest.mark.parametrize("command", [["sandbox", "samples"], ["sandbox", "reset"]])
def test_on_a_folder_of_real_work_nothing_is_brought_and_nothing_goes(command: list[str], tmp_path: Path):
    (tmp_path / "keys.json").write_text("{}")
    result = CliRunner().invoke(main, [*command, "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "not a training sandbox" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
