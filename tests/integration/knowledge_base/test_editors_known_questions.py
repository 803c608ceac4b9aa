"""What editors expect a notice to answer helps search to find it, once it is published."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Database
from knowledge_base.editing import questions, repository
from knowledge_base.editing.known import KnownQuestions
from knowledge_base.service import SEED_AUTHOR, KnowledgeBase

KIM = Staff(1, "kim.editor", "김편집", frozenset({"editor"}))
ODD = "하늘로 장난감 띄워 사진 찍는 데 드는 돈"


def record(notice_id: str, title: str, body: str) -> dict[str, Any]:
    return {"id": notice_id, "title": title, "body": body, "published_at": "2026-01-10", "review_by": "2027-06-01"}


@pytest.fixture
async def base(db: Database, bring: Any, open_base: Any) -> KnowledgeBase:
    await bring(
        db,
        record("drone", "무인기 촬영 허가 안내", "무인기 촬영 허가에는 심사료가 10,000원입니다."),
        record("toy", "장난감 사진 공모전", "장난감 사진을 보내 주십시오. 상금은 없습니다."),
    )
    return await open_base()


def likeness(base: KnowledgeBase, notice_id: str) -> float:
    found = base.question(ODD).likeness.get(notice_id)
    return 0.0 if found is None else found.cosine


async def test_a_question_is_known_once_it_is_followed_and_forgotten_with_it(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    known = KnownQuestions(base, db, cipher)
    assert await known.refresh() == 0
    before = base.search(ODD)[0].notice_id
    assert before == "toy"
    added = await questions.add(db, KIM, cipher, "drone", ODD)
    assert await known.refresh() == 1
    assert likeness(base, "drone") == pytest.approx(1.0, abs=0.01)
    assert base.search(ODD)[0].notice_id == "drone"
    await questions.remove(db, KIM, added.id)
    assert await known.refresh() == 0
    assert likeness(base, "drone") == 0.0
    assert base.search(ODD)[0].notice_id == before


async def test_what_is_not_published_or_a_citizen_s_own_words_is_not_known(db: Database, cipher: Cipher, base: KnowledgeBase) -> None:
    async with db.transaction() as tx:
        await questions.insert(tx, cipher, "nowhere", ODD, None, "kim.editor")
        await questions.insert(tx, cipher, "drone", ODD, None, SEED_AUTHOR)
        assert await repository.editors_questions(tx, SEED_AUTHOR) == []
        await questions.insert(tx, cipher, "drone", ODD, None, "kim.editor")
        await tx.execute("UPDATE notices SET status = 'withdrawn' WHERE id = 'drone'")
        assert await repository.editors_questions(tx, SEED_AUTHOR) == []
    assert await KnownQuestions(base, db, cipher).refresh() == 0
