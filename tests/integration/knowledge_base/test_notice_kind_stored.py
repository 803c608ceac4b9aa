"""A canned text lives like a notice (versions, dates, history) and is never what a citizen is told by the bot."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

from core.db import Database
from core.settings import Settings
from knowledge_base import commands, publishing, repository, staff_texts
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent, NoticeKind, NoticeStatus

TODAY = date(2026, 11, 22)
CANNED: dict[str, Any] = {
    "id": "canned-drone",
    "title": "드론 촬영 허가 수수료",
    "body": "드론 촬영 허가 수수료는 77,000원입니다.",
    "published_at": "2026-01-10",
    "review_by": "2027-01-31",
    "kind": "canned",
    "shortcut": "드론",
}
NOTICE = {"id": "drone", "title": "드론 촬영 허가 안내", "body": "드론 촬영 허가는 국방부에 신청하십시오.", "published_at": "2026-01-10"}
QUESTION = "드론 촬영 허가 수수료가 얼마예요?"


async def test_canned_texts_are_neither_found_nor_quoted(db: Database, bring: Any, open_base: Any) -> None:
    await bring(db, CANNED)
    base = await open_base()
    assert base.size == 0
    assert base.search(QUESTION) == []
    await bring(db, NOTICE)
    await base.reload()
    assert [hit.notice_id for hit in base.search(QUESTION)] == ["drone"]
    assert "77,000" not in base.answer(QUESTION).text
    async with db.read() as connection:
        assert [n.id for n in await repository.official(connection, with_test_only=True)] == ["drone"]
        assert [n.id for n in await repository.official(connection, with_test_only=True, kind=NoticeKind.CANNED)] == ["canned-drone"]


async def test_they_share_versions_states_and_history(db: Database, bring: Any) -> None:
    await bring(db, CANNED)
    (result,) = await bring(db, CANNED)
    assert result.outcome == "unchanged"
    (result,) = await bring(db, {**CANNED, "body": "허가 수수료는 담당 기관에 확인해 주세요."})
    assert result.version == 2
    async with db.read() as connection:
        first, second = await repository.version(connection, "canned-drone", 1), await repository.version(connection, "canned-drone", 2)
        history = await repository.history(connection, "canned-drone")
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (NoticeStatus.SUPERSEDED, NoticeStatus.PUBLISHED)
    assert (second.content.kind, second.content.shortcut) == (NoticeKind.CANNED, "드론")
    assert len(history) == 3


async def test_kinds_never_share_an_id_or_replace_each_other(db: Database, bring: Any) -> None:
    await bring(db, CANNED, NOTICE)
    for bad in (
        {**NOTICE, "id": "canned-drone"},
        {**CANNED, "id": "drone"},
        {**CANNED, "id": "other", "supersedes": ["drone"]},
        {**NOTICE, "id": "other", "supersedes": ["canned-drone"]},
    ):
        (result,) = await bring(db, bad)
        assert (result.outcome, result.code) == ("error", "bad_notice")
    # Whichever of the two comes first.
    (result, later) = await bring(db, {**CANNED, "id": "early", "supersedes": ["not-yet"]}, {**NOTICE, "id": "not-yet"})
    assert (result.outcome, later.outcome) == ("imported", "error")
    async with db.read() as connection:
        assert await repository.published_version(connection, "drone") == 1


async def test_a_draft_is_published_like_a_notice_and_the_command_lists_the_kind(db: Database, tmp_path: Path) -> None:
    async with db.transaction() as tx:
        number = await publishing.save_draft(tx, parse_record(CANNED), "kim")
        await publishing.publish(tx, "canned-drone", number, "lee", "production")
    out = io.StringIO()
    await commands.list_notices(db, out)
    (row,) = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (row["kind"], row["status"]) == ("canned", "published")
    file = tmp_path / "texts.jsonl"
    file.write_text(json.dumps({**CANNED, "id": "second"}, ensure_ascii=False), encoding="utf-8")
    assert await commands.import_paths(db, Settings(environment="development"), [file], io.StringIO()) == 0
    async with db.read() as connection:
        assert {n.id for n in await repository.official(connection, with_test_only=True, kind=NoticeKind.CANNED)} == {"canned-drone", "second"}


async def test_an_editor_sees_a_canned_text_as_it_would_be_sent(db: Database) -> None:
    body = "{접수 번호} 접수되었습니다. {공관 이름}에서 연락드립니다. 급하면 {콜센터 전화}로 전화하십시오.\n{공지: never-published}"
    text = NoticeContent("canned-look", "접수 안내", body, TODAY, TODAY, kind=NoticeKind.CANNED)
    async with db.read() as connection:
        shown = await staff_texts.preview_canned(connection, text, TODAY, "+82-2-3210-0404", with_test_only=True)
    assert shown.text.startswith("#1024 접수되었습니다. [관할 공관 이름]에서 연락드립니다. 급하면 +82-2-3210-0404로")
    # What quotes a notice that nobody has published stays in its braces, and the editor is told.
    assert shown.text.endswith("{공지: never-published}")
    assert len(shown.problems) == 1
    assert "never-published" in shown.problems[0]
