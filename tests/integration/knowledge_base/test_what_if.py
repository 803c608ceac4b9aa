"""What would change is what does change: forecasts held against the answers after publishing."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from accounts.schemas import Staff
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.settings import Settings
from knowledge_base.editing import commands, questions, seed, service
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import WhatIf
from knowledge_base.editing.whatif import tried, what_if
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent
from knowledge_base.service import KnowledgeBase
from knowledge_base.service import seed as seed_notices

TODAY = date(2026, 11, 22)
KIM = Staff(1, "kim.editor", "김편집", frozenset({"editor"}))


def record(notice_id: str, title: str, body: str, **changes: Any) -> dict[str, Any]:
    return {"id": notice_id, "title": title, "body": body, "published_at": "2026-01-10", "review_by": "2027-06-01", **changes}


DRONE = record("drone", "드론 촬영 허가 수수료", "드론 촬영 허가 수수료는 10,000원입니다. 신청은 사흘 전까지 하십시오.")
CAT = record("cat", "반려묘 동반 입국 검역", "반려묘를 데리고 입국하려면 광견병 예방접종 증명서가 필요합니다.")
ASKED = {
    "drone": ("드론 촬영 허가 수수료가 얼마예요?", "드론 허가 신청은 언제까지 해야 하나요?"),
    "cat": ("고양이 데리고 입국하려면 뭐가 필요해요?",),
    "snow": ("폭설로 공항이 닫히면 어디에 연락하나요?",),
}
SNOW = record("snow", "폭설로 공항이 닫힐 때", "폭설로 공항이 닫히면 항공사와 영사안전콜센터에 연락하십시오.", published_at="2026-11-20")


@pytest.fixture
async def base(db: Database, cipher: Cipher, bring: Any, open_base: Any) -> KnowledgeBase:
    await bring(db, DRONE, CAT)
    async with db.transaction() as tx:
        for notice_id, texts in ASKED.items():
            for text in texts:
                await questions.insert(tx, cipher, notice_id, text, None, "kim.editor")
    return await open_base()


async def publish(db: Database, content: NoticeContent, based_on: int | None) -> None:
    saved = await service.save(db, KIM, service.as_record(content), based_on, house=House(), today=TODAY)
    await service.publish(db, KIM, saved.notice_id, saved.version, house=House(), today=TODAY)


async def holds(db: Database, cipher: Cipher, base: KnowledgeBase, content: NoticeContent, based_on: int | None) -> WhatIf:
    """Forecast, publish, ask again: every question must now be answered as was foretold, and the others as before."""
    before = {one.question.id: one.said for one in await tried(db, cipher, base)}
    found = await what_if(db, cipher, base, content)
    assert {one.question.id: one.said for one in await tried(db, cipher, base)} == before  # looking has changed nothing
    await publish(db, content, based_on)
    await base.reload()
    now = await tried(db, cipher, base)
    foretold = {**before, **{change.question.id: change.after for change in found.changed}}
    assert {one.question.id: one.said for one in now} == foretold
    assert found.right_after == sum(one.right for one in now)
    assert all(change.before == before[change.question.id] for change in found.changed)
    return found


async def test_a_new_amount_changes_the_words_of_one_answer(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    found = await holds(db, cipher, base, parse_record({**DRONE, "body": DRONE["body"].replace("10,000", "25,000")}), 1)
    assert {change.verdict for change in found.changed} == {"other_words"}
    (fee,) = [change for change in found.changed if "얼마" in change.question.text]
    assert "10,000원" in fee.before.text
    assert "25,000원" in fee.after.text
    assert (found.day, found.questions) == (TODAY, 4)


async def test_a_new_notice_answers_what_nothing_did(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    found = await holds(db, cipher, base, parse_record(SNOW), None)
    (change,) = [change for change in found.changed if change.question.notice_id == "snow"]
    assert (change.verdict, change.before.outcome, change.after.notice_id) == ("better", "abstain", "snow")
    assert found.unanswered_own == ()


async def test_a_text_that_loses_what_it_answered_is_told_as_worse(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    gone = parse_record({**CAT, "title": "선박 등록 서류", "body": "선박을 등록하려면 매매 계약서를 내십시오."})
    found = await holds(db, cipher, base, gone, 1)
    assert [change.question.notice_id for change in found.worse] == ["cat"]
    assert [one.text for one in found.unanswered_own] == list(ASKED["cat"])


async def test_what_supersedes_a_notice_answers_its_questions_rightly(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    newer = parse_record({**DRONE, "id": "drone-2027", "body": "드론 촬영 허가 수수료는 30,000원입니다. 신청은 이레 전까지 하십시오.", "supersedes": ["drone"]})
    found = await holds(db, cipher, base, newer, None)
    changes = [change for change in found.changed if change.question.notice_id == "drone"]
    assert {(change.verdict, change.before.notice_id, change.after.notice_id) for change in changes} == {("other_words", "drone", "drone-2027")}
    assert found.worse == ()


async def test_a_first_day_to_come_is_asked_as_of_that_day(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    later = parse_record({**DRONE, "body": DRONE["body"].replace("10,000", "25,000"), "effective_from": "2027-01-01"})
    found = await what_if(db, cipher, base, later)
    assert found.day == date(2027, 1, 1)
    (fee,) = [change for change in found.changed if "얼마" in change.question.text]
    assert fee.after.text.startswith("드론 촬영 허가 수수료는 25,000원입니다.")  # not as a thing of the past


async def test_a_changed_field_that_no_answer_depends_on_changes_nothing(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    found = await holds(db, cipher, base, parse_record({**DRONE, "review_by": "2027-09-01"}), 1)
    assert found.changed == ()
    assert found.right_before == found.right_after == 3


async def test_questions_at_rest_are_not_asked(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    one = (await tried(db, cipher, base, "cat"))[0].question
    await questions.change(db, KIM, cipher, one.id, one.text, None, active=False)
    assert (await what_if(db, cipher, base, parse_record(DRONE))).questions == 3
    assert await tried(db, cipher, base, "cat") == []


class TestCommands:
    async def test_questions_are_listed_and_asked(self, db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
        out = io.StringIO()
        assert await commands.list_questions(db, cipher, "cat", out, None) == 0
        (line,) = [json.loads(text) for text in out.getvalue().splitlines()]
        assert (line["text"], line["active"], line["by"]) == (ASKED["cat"][0], True, "kim.editor")
        out = io.StringIO()
        assert await commands.list_questions(db, cipher, None, out, base) == 1  # nothing answers about snow
        rights = {line["notice_id"]: line["right"] for line in map(json.loads, out.getvalue().splitlines())}
        assert rights == {"drone": True, "cat": True, "snow": False}
        assert await commands.list_questions(db, cipher, "cat", io.StringIO(), base) == 0

    async def test_history_differences_and_going_back(self, db: Database, base: KnowledgeBase) -> None:
        await publish(db, parse_record({**DRONE, "body": DRONE["body"].replace("10,000", "25,000")}), 1)
        out = io.StringIO()
        assert await commands.revert(db, Settings(), "drone", 1, out) == 0
        assert json.loads(out.getvalue()) == {"id": "drone", "outcome": "draft", "version": 3}
        out = io.StringIO()
        assert await commands.history(db, "drone", out) == 0
        lines = [json.loads(text) for text in out.getvalue().splitlines()]
        assert [(line["version"], line["to"]) for line in lines] == [
            (1, "published"),
            (2, "draft"),
            (1, "superseded"),
            (2, "published"),
            (3, "draft"),
            (3, "draft"),
        ]
        assert lines[-1]["reason"] == "back to version 1"
        out = io.StringIO()
        assert await commands.differences(db, "drone", 1, 2, out) == 0
        (change,) = [json.loads(text) for text in out.getvalue().splitlines()]
        assert change["field"] == "body"
        assert ["gone", "10,000원입니다"] in change["words"]

    @pytest.mark.parametrize("command", [lambda db, out: commands.history(db, "none", out), lambda db, out: commands.differences(db, "drone", 1, 9, out)])
    async def test_what_is_not_there(self, db: Database, base: KnowledgeBase, command: Any) -> None:
        out = io.StringIO()
        assert await command(db, out) == 1
        assert json.loads(out.getvalue())["code"] == "unknown_notice"


FEES = "여권 발급 수수료가 올랐습니다. 여권 만드는 비용은 10년 복수여권 58면이 {}원입니다. 재외공관에서는 1,000원을 미화 1달러로 계산하여 받습니다."


async def test_the_notices_that_come_with_the_program_have_questions_and_a_second_forecast_reads_only_what_is_new(
    db: Database, cipher: Cipher, open_base: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed_notices(db, "development")
    count = await seed.seed_questions(db, cipher, "development")
    assert count > 50
    assert await seed.seed_questions(db, cipher, "development") == 0
    async with db.transaction() as tx:  # as many as an office may write: 300
        known = await questions.of_all(tx, cipher)
        for number in range(300 - count):
            one = known[number % count]
            await questions.insert(tx, cipher, one.notice_id, f"{one.text} ({number})", one.country, "kim.editor")
    base = await open_base()
    async with db.read() as connection:
        row = await database.one(connection, "SELECT count(*) AS n FROM notices WHERE status = 'published' AND kind = 'notice'")
    assert row is not None
    assert row["n"] > 100
    # What replaces a notice takes over the questions that are known to belong to it.
    content = parse_record({**DRONE, "title": "여권 발급 수수료 안내", "body": FEES.format("60,000"), "supersedes": ["passport-fee-2026-03"]})
    first = await what_if(db, cipher, base, content)
    assert first.questions == 300
    read: list[str] = []
    analyser = base._analyser
    looks, encodes = analyser.analyse, analyser.encode
    monkeypatch.setattr(analyser, "analyse", lambda texts: read.extend(texts) or looks(texts))
    monkeypatch.setattr(analyser, "encode", lambda texts, **kind: read.extend(texts) or encodes(texts, **kind))
    again = await what_if(db, cipher, base, parse_record({**service.as_record(content), "body": FEES.format("61,000")}))
    # Analysing is what takes time: the 300 questions and the notices that stand were read once, and are not read again.
    assert any("61,000" in text for text in read)
    assert len(read) <= 7
    assert again.questions == 300
    assert any(change.after.notice_id == "drone" for change in again.changed)


async def test_in_production_no_question_is_seeded(db: Database, cipher: Cipher) -> None:
    await seed_notices(db, "development")
    assert await seed.seed_questions(db, cipher, "production") == 0


async def test_questions_that_somebody_took_out_do_not_come_back(db: Database, cipher: Cipher) -> None:
    await seed_notices(db, "development")
    assert await seed.seed_questions(db, cipher, "development")
    async with db.read() as connection:
        every = await questions.of_all(connection, cipher)
    await questions.remove(db, KIM, every[0].id)
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM notice_questions")
    assert await seed.seed_questions(db, cipher, "development") == 0
