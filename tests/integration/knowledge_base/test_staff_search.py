"""Search for those who write replies: suggestions as sure as the bot's answers, canned texts by their dictionary words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.db import Database
from knowledge_base.service import KnowledgeBase
from knowledge_base.staff_texts import MOST_SUGGESTED, StaffSearch, canned_texts, offer_notices
from language.analysis import Analysis

TODAY = date(2026, 11, 22)


def search(base: KnowledgeBase, analyser: Any) -> StaffSearch:
    async def analyse(texts: Sequence[str]) -> list[Analysis]:
        return list(analyser.analyse(list(texts)))

    return StaffSearch(base, analyser, analyse)


async def test_suggestions_hold_today_and_are_none_where_the_bot_would_abstain(shipped: KnowledgeBase, analyser: Any) -> None:
    staff = search(shipped, analyser)
    found = await staff.suggest("해외에서 여권을 도난당했는데 어떻게 하나요?", None)
    assert 1 <= len(found) <= MOST_SUGGESTED
    assert found[0].notice_id in {"passport-lost-abroad", "passport-lost"}
    assert all(hit.in_force for hit in found)
    assert await staff.suggest("오늘 점심으로 뭘 먹으면 좋을까요?", None) == []
    assert await staff.suggest("2020년에는 마스크를 몇 장까지 보낼 수 있었나요?", None) == []  # the past is for the agent to ask about
    assert await staff.suggest("", None) == []


async def test_an_agent_may_search_the_past_and_is_told_that_it_is_past(shipped: KnowledgeBase, analyser: Any) -> None:
    hits = await search(shipped, analyser).find("2020년에는 마스크를 몇 장까지 보낼 수 있었나요?", None)
    assert not hits[0].in_force
    for hit, offer in zip(hits, offer_notices(hits), strict=True):
        assert bool(offer.stale) is not hit.in_force
        assert offer.text.startswith("지난 공지입니다(") is not hit.in_force
        assert offer.detail.startswith("유효 · " if hit.in_force else "지난 공지 · ")


async def test_canned_texts_are_found_by_dictionary_words(db: Database, bring: Any, open_base: Any, analyser: Any) -> None:
    canned = {"published_at": "2026-01-10", "review_by": "2027-01-31", "kind": "canned"}
    await bring(
        db,
        {**canned, "id": "c1", "title": "분실 안내", "body": "여권을 잃어버리셨다면 가까운 공관에 신고해 주세요."},
        {**canned, "id": "c2", "title": "병원 안내", "body": "진단서와 영수증을 챙겨 주세요."},
    )
    async with db.read() as connection:
        texts = await canned_texts(connection, TODAY, with_test_only=True)
    staff = search(await open_base(), analyser)
    assert [one.id for one in await staff.canned(texts, "여권 잃어버렸대요")] == ["c1"]
    assert [one.id for one in await staff.canned(texts, "")] == ["c1", "c2"]
    assert await staff.canned(texts, "군대") == []
