"""Editors at work on the real database: two at once, a second pair of eyes, going back, renewing, and nothing half-done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.schemas import Staff
from core import audit
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from knowledge_base.editing import freshness, jobs, questions, service
from knowledge_base.editing.errors import StaleEdit
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import Due, Flag, ListFilter
from knowledge_base.schemas import NoticeKind, NoticeStatus

TODAY = date(2026, 11, 22)
KIM = Staff(1, "kim.editor", "김편집", frozenset({"editor"}))
LEE = Staff(2, "lee.editor", "이편집", frozenset({"editor"}))
AGENT = Staff(3, "park.agent", "박상담", frozenset({"agent"}))
CONTENT: dict[str, Any] = {
    "id": "drone",
    "title": "드론 촬영 허가 수수료",
    "body": "드론 촬영 허가 수수료는 10,000원입니다.",
    "published_at": "2026-11-01",
    "effective_from": "2026-11-01",
    "review_by": "2027-03-01",
}
QUESTION = "드론 촬영 허가 수수료가 얼마예요?"


class Office:
    """The editing services on one database and one day."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self.db, self.cipher = db, cipher

    async def save(self, staff: Staff | None, based_on: int | None = None, **changes: Any) -> service.Saved:
        return await service.save(self.db, staff, {**CONTENT, **changes}, based_on, house=House(), today=TODAY)

    async def publish(self, staff: Staff, version: int, notice_id: str = "drone", **house: Any) -> None:
        await service.publish(self.db, staff, notice_id, version, house=House(**house), today=TODAY)

    async def published(self, **changes: Any) -> service.Saved:
        saved = await self.save(KIM, None, **changes)
        await self.publish(KIM, saved.version, saved.notice_id)
        return saved

    async def opened(self, notice_id: str = "drone", version: int | None = None) -> Any:
        return await service.opened(self.db, self.cipher, notice_id, version, today=TODAY)

    async def states(self) -> list[tuple[str, int, str]]:
        async with self.db.read() as connection:
            rows = await database.rows(connection, "SELECT id, version, status FROM notices ORDER BY id, version")
        return [(row["id"], row["version"], row["status"]) for row in rows]

    async def everything(self) -> list[Any]:
        async with self.db.read() as connection:
            counts = [await database.rows(connection, f"SELECT * FROM {table}") for table in ("notices", "notice_history", "access_log", "notice_questions")]
        return counts


@pytest.fixture
def house(db: Database, cipher: Cipher) -> Office:
    return Office(db, cipher)


async def refused(house: Office, wish: Awaitable[Any], code: str) -> AppError:
    """It fails with the code and a Korean sentence, and leaves nothing behind."""
    before = await house.everything()
    with pytest.raises(AppError) as error:
        await wish
    assert error.value.code == code
    assert error.value.kind.korean
    assert await house.everything() == before
    return error.value


class TestSaving:
    async def test_every_change_is_a_version_and_a_repeat_is_none(self, house: Office) -> None:
        assert await house.save(KIM) == service.Saved("drone", 1)
        assert await house.save(KIM) == service.Saved("drone", 1, changed=False)
        assert await house.save(KIM, 1, body="수수료는 12,000원입니다.") == service.Saved("drone", 2)
        detail = await house.opened()
        assert [(line.version, line.status.value, line.created_by) for line in detail.versions] == [(2, "draft", "kim.editor"), (1, "draft", "kim.editor")]
        assert (await house.opened(version=1)).content.body == CONTENT["body"]

    async def test_two_editors_the_second_is_told_and_loses_nothing(self, house: Office) -> None:
        await house.save(KIM)
        await house.save(LEE, 1, title="이편집의 제목")
        error = await refused(house, house.save(KIM, 1, title="김편집의 제목"), "notice_changed")
        assert isinstance(error, StaleEdit)
        assert (error.version, error.by) == (2, "lee.editor")
        assert await house.save(KIM, error.version, title="김편집의 제목") == service.Saved("drone", 3)

    async def test_of_many_at_once_one_wins(self, house: Office) -> None:
        await house.save(KIM)
        done = await asyncio.gather(*(house.save(LEE, 1, title=f"제목 {n}") for n in range(8)), return_exceptions=True)
        assert sum(isinstance(one, service.Saved) for one in done) == 1
        assert all(isinstance(one, service.Saved | StaleEdit) for one in done)
        assert len(await house.states()) == 2

    async def test_an_id_is_made_and_another_s_is_not_taken(self, house: Office) -> None:
        saved = await house.save(KIM, None, id="")
        assert saved.notice_id.startswith("20261122-")
        await house.save(KIM)
        await refused(house, house.save(LEE, None, title="다른 글"), "id_taken")

    async def test_a_review_day_is_given_and_cannot_be_left_out(self, house: Office) -> None:
        saved = await house.save(KIM, None, review_by=None)
        assert (await house.opened(saved.notice_id)).content.review_by == TODAY + timedelta(days=180)
        await refused(house, house.save(KIM, 1, review_by="2026-11-21"), "review_day")

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"expires_at": "2026-10-01"}, "dates_contradict", "expires_at"),
            ({"effective_from": "어제"}, "bad_date", None),
            ({"title": ""}, "bad_notice", "title"),
            ({"countries": ["대한민국"]}, "bad_notice", "countries"),
            ({"supersedes": ["drone"]}, "supersedes_loop", None),
            ({"body": "가" * 200_001}, "notice_too_long", "body"),
            ({"source_url": "javascript:alert(1)"}, "bad_notice", "source_url"),
        ],
    )
    async def test_what_contradicts_itself_is_refused_by_name(self, house: Office, changes: dict[str, Any], code: str, field: str | None) -> None:
        error = await refused(house, house.save(KIM, None, **changes), code)
        assert field is None or error.extra == {"field": field}

    async def test_a_loop_over_several_is_refused_when_it_is_saved(self, house: Office) -> None:
        await house.published(id="old")
        await house.published(id="new", supersedes=["old"])
        await refused(house, house.save(KIM, 1, id="old", supersedes=["new"]), "supersedes_loop")

    async def test_files_stay_with_the_next_version(self, house: Office) -> None:
        from knowledge_base import repository
        from knowledge_base.schemas import Attachment

        await house.save(KIM)
        async with house.db.transaction() as tx:
            await repository.attach(tx, "drone", 1, Attachment("원본.hwpx", "application/hwp+zip", "a" * 64, 3, ("표가 있습니다.",)), b"abc", "kim.editor")
        await house.save(KIM, 1, title="고친 제목")
        assert [(file.name, file.warnings) for file in (await house.opened()).attachments] == [("원본.hwpx", ("표가 있습니다.",))]

    @pytest.mark.parametrize(("staff", "code"), [(AGENT, "forbidden"), (None, "not_signed_in"), (replace(KIM, disabled=True), "not_signed_in")])
    async def test_only_editors_write(self, house: Office, staff: Staff | None, code: str) -> None:
        await refused(house, house.save(staff), code)
        await house.save(KIM)
        for wish in (
            service.submit(house.db, staff, "drone", 1),
            service.publish(house.db, staff, "drone", 1),
            service.withdraw(house.db, staff, "drone", 1, "까닭"),
            service.renew(house.db, staff, "drone", TODAY),
            service.revert(house.db, staff, "drone", 1, 1),
            questions.add(house.db, staff, house.cipher, "drone", QUESTION),
        ):
            await refused(house, wish, code)


class TestPublishing:
    async def test_from_draft_to_quoted_and_the_one_before_steps_back(self, house: Office, open_base: Any) -> None:
        await house.published()
        base = await open_base()
        assert "10,000원" in base.answer(QUESTION).text
        await house.save(LEE, 1, body="드론 촬영 허가 수수료는 25,000원입니다.", effective_from="2026-11-22")
        assert (await house.opened()).may == {"submit", "publish", "withdraw"}
        await service.submit(house.db, LEE, "drone", 2)
        await house.publish(KIM, 2)
        await base.reload()
        assert "25,000원" in base.answer(QUESTION).text
        assert await house.states() == [("drone", 1, "superseded"), ("drone", 2, "published")]
        history = (await house.opened()).history
        assert [(line.version, line.from_status and line.from_status.value, line.to_status.value, line.changed_by) for line in history] == [
            (1, None, "draft", "kim.editor"),
            (1, "draft", "published", "kim.editor"),
            (2, None, "draft", "lee.editor"),
            (2, "draft", "review", "lee.editor"),
            (1, "published", "superseded", "kim.editor"),
            (2, "review", "published", "kim.editor"),
        ]

    async def test_a_draft_beside_it_changes_nothing_for_citizens(self, house: Office, open_base: Any) -> None:
        await house.published()
        await house.save(LEE, 1, body="드론 촬영 허가 수수료는 25,000원입니다.")
        assert "10,000원" in (await open_base()).answer(QUESTION).text

    async def test_a_second_pair_of_eyes_when_the_house_wants_it(self, house: Office) -> None:
        await house.save(KIM)
        await refused(house, house.publish(KIM, 1, needs_second_person=True), "second_person")
        await house.publish(LEE, 1, needs_second_person=True)
        assert await house.states() == [("drone", 1, "published")]

    async def test_only_the_newest_text_can_be_published_so_nobody_publishes_what_they_have_not_seen(self, house: Office) -> None:
        await house.save(KIM)
        await house.save(LEE, 1, body="그사이에 고친 글입니다.")
        await refused(house, house.publish(KIM, 1), "notice_changed")
        await refused(house, house.publish(KIM, 3), "unknown_notice")
        await refused(house, house.publish(KIM, 1, "no-such"), "unknown_notice")

    async def test_it_is_published_once_however_many_press(self, house: Office) -> None:
        await house.save(KIM)
        done = await asyncio.gather(*(house.publish(KIM, 1) for _ in range(6)), return_exceptions=True)
        assert [getattr(one, "code", "done") for one in done].count("done") == 1
        assert {getattr(one, "code", "done") for one in done} == {"done", "illegal_move"}

    async def test_what_is_over_or_a_test_in_production_is_refused_and_nothing_is_half_published(self, house: Office) -> None:
        await house.published(id="other")
        await house.save(KIM, None, expires_at="2026-11-22", supersedes=["other"])
        await refused(house, house.publish(KIM, 1), "already_over")
        await house.save(KIM, 1, supersedes=["other"], test_only=True)
        await refused(house, house.publish(KIM, 2, environment="production"), "test_text")
        assert ("other", 1, "published") in await house.states()

    async def test_a_loop_that_arose_after_the_save_is_refused(self, house: Office) -> None:
        await house.save(KIM, None, id="a", supersedes=["b"])
        async with house.db.transaction() as tx:  # another process has brought it in the meantime
            from knowledge_base import repository
            from knowledge_base.notices import parse_record

            await repository.insert(tx, parse_record({**CONTENT, "id": "b", "supersedes": ["a"]}), 1, NoticeStatus.DRAFT, "import")
        await refused(house, house.publish(KIM, 1, "b"), "supersedes_loop")

    async def test_sent_back_with_a_reason(self, house: Office) -> None:
        await house.save(KIM)
        await refused(house, service.send_back(house.db, LEE, "drone", 1, "출처가 없습니다"), "illegal_move")
        await service.submit(house.db, KIM, "drone", 1)
        await refused(house, service.send_back(house.db, LEE, "drone", 1, "  "), "reason_missing")
        await service.send_back(house.db, LEE, "drone", 1, "출처가 없습니다")
        detail = await house.opened()
        assert (detail.status, detail.history[-1].reason) == (NoticeStatus.DRAFT, "출처가 없습니다")

    async def test_each_move_is_in_the_access_log_and_the_chain_holds(self, house: Office) -> None:
        await house.published()
        await service.renew(house.db, LEE, "drone", date(2027, 6, 1), address="192.0.2.7", today=TODAY)
        await service.withdraw(house.db, LEE, "drone", 1, "잘못 올렸습니다")
        async with house.db.read() as connection:
            rows = await database.rows(connection, "SELECT account, address, action, detail FROM access_log ORDER BY id")
            assert (await audit.verify_chain(connection)).intact
        assert [(row["account"], row["action"]) for row in rows] == [
            ("kim.editor", "notice.save"),
            ("kim.editor", "notice.publish"),
            ("lee.editor", "notice.renew"),
            ("lee.editor", "notice.withdraw"),
        ]
        assert (rows[2]["address"], rows[2]["detail"]) == ("192.0.2.7", {"notice": "drone", "version": 1})


class TestAfterwards:
    async def test_withdrawn_is_silent_at_once(self, house: Office, open_base: Any) -> None:
        await house.published()
        await refused(house, service.withdraw(house.db, KIM, "drone", 1, ""), "reason_missing")
        await service.withdraw(house.db, KIM, "drone", 1, "잘못 올렸습니다")
        base = await open_base()
        assert base.answer(QUESTION).notice_ids == ()
        await refused(house, service.withdraw(house.db, KIM, "drone", 1, "또"), "illegal_move")

    async def test_overdue_is_not_quoted_until_somebody_renews_it(self, house: Office, open_base: Any) -> None:
        await house.published(review_by="2026-11-22")
        async with house.db.transaction() as tx:
            await database.run(tx, "UPDATE notices SET review_by = '2026-11-21'")  # a day goes by
        base = await open_base()
        assert base.answer(QUESTION).notice_ids == ()
        detail = await house.opened()
        assert (detail.status, detail.in_force, detail.flags) == (NoticeStatus.PUBLISHED, False, (Flag.REVIEW_OVERDUE,))
        await refused(house, service.renew(house.db, KIM, "drone", date(2026, 11, 21), today=TODAY), "review_day")
        assert await service.renew(house.db, LEE, "drone", date(2027, 2, 1), today=TODAY) == 1
        await base.reload()
        assert "10,000원" in base.answer(QUESTION).text
        detail = await house.opened()
        assert (detail.in_force, detail.history[-1].changed_by, detail.history[-1].reason) == (
            True,
            "lee.editor",
            "renewed until 2027-02-01, before 2026-11-21",
        )
        assert len(detail.versions) == 1

    async def test_the_same_file_again_does_not_undo_a_renewal(self, house: Office, bring: Any) -> None:
        await bring(house.db, CONTENT)
        await service.renew(house.db, KIM, "drone", date(2027, 9, 1), today=TODAY)
        assert [one.outcome for one in await bring(house.db, CONTENT)] == ["unchanged"]
        assert (await house.opened()).content.review_by == date(2027, 9, 1)

    async def test_what_has_ended_or_been_replaced_is_not_renewed(self, house: Office) -> None:
        await house.published(id="old")
        await house.published(id="new", supersedes=["old"])
        await refused(house, service.renew(house.db, KIM, "old", date(2027, 1, 1), today=TODAY), "illegal_move")
        await refused(house, service.renew(house.db, KIM, "none", date(2027, 1, 1), today=TODAY), "unknown_notice")

    async def test_back_to_an_old_text_as_a_draft_that_leaves_the_past_alone(self, house: Office, open_base: Any) -> None:
        await house.published()
        await house.save(KIM, 1, body="드론 촬영 허가 수수료는 25,000원입니다.", effective_from="2026-11-10")
        await house.publish(KIM, 2)
        await refused(house, service.revert(house.db, LEE, "drone", 1, 1, house=House(), today=TODAY), "notice_changed")
        await refused(house, service.revert(house.db, LEE, "drone", 9, 2, house=House(), today=TODAY), "unknown_notice")
        saved = await service.revert(house.db, LEE, "drone", 1, 2, house=House(), today=TODAY)
        assert await house.states() == [("drone", 1, "superseded"), ("drone", 2, "published"), ("drone", 3, "draft")]
        await house.publish(LEE, saved.version)
        base = await open_base()
        assert "10,000원" in base.answer(QUESTION).text
        assert "25,000원" in base.answer(QUESTION, at=date(2026, 11, 15)).text
        assert "10,000원" in base.answer(QUESTION, at=date(2026, 11, 5)).text

    async def test_the_night_marks_what_has_ended_and_nothing_else(self, house: Office) -> None:
        await house.published(id="ends", expires_at="2026-11-23")
        await house.published(id="overdue", review_by="2026-11-22")
        await house.published(id="stays")
        assert await jobs.expire(house.db, datetime(2026, 11, 22, 14, 59, tzinfo=UTC)) == []
        assert await jobs.expire(house.db, datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == [("ends", 1)]  # midnight in Seoul
        assert await jobs.expire(house.db, datetime(2026, 11, 22, 15, 1, tzinfo=UTC)) == []
        assert [status for _, _, status in await house.states()] == ["expired", "published", "published"]
        line = (await house.opened("ends")).history[-1]
        assert (line.changed_by, line.to_status) == (jobs.SCHEDULE, NoticeStatus.EXPIRED)


class TestLists:
    async def make(self, house: Office) -> None:
        await house.published(id="overdue", review_by="2026-11-22", countries=["JP"])
        await house.published(id="soon", review_by="2026-12-01", topics=["passport"])
        await house.published(id="fine", body="100%_안전한 안내입니다.")
        await house.save(LEE, 1, id="fine", title="고친 제목")
        await house.save(LEE, None, id="fresh")
        await house.published(id="canned", kind="canned", title="인사", body="안녕하세요. 상담관입니다.", shortcut="인사")
        async with house.db.transaction() as tx:
            await database.run(tx, "UPDATE notices SET review_by = '2026-11-21' WHERE id = 'overdue'")

    async def ids(self, house: Office, **wanted: Any) -> set[str]:
        return {row.id for row in await service.listing(house.db, ListFilter(**wanted), today=TODAY)}

    async def test_what_needs_somebody_comes_first(self, house: Office) -> None:
        await self.make(house)
        rows = await service.listing(house.db, today=TODAY)
        assert [row.id for row in rows] == ["overdue", "soon", "canned", "fresh", "fine"]
        fine = rows[-1]
        assert (fine.version, fine.status, fine.pending_version, fine.pending_status, fine.pending_by) == (
            1,
            NoticeStatus.PUBLISHED,
            2,
            NoticeStatus.DRAFT,
            "lee.editor",
        )
        assert (fine.in_force, fine.flags, fine.changed_by) == (True, (Flag.CHANGED_SINCE,), "lee.editor")
        assert [row.in_force for row in rows] == [False, True, True, False, True]

    async def test_filters(self, house: Office) -> None:
        await self.make(house)
        assert await self.ids(house, states=(NoticeStatus.DRAFT,)) == {"fine", "fresh"}
        assert await self.ids(house, due=Due.OVERDUE) == {"overdue"}
        assert await self.ids(house, due=Due.SOON) == {"soon"}
        assert await self.ids(house, country="JP") == {"overdue"}
        assert "overdue" not in await self.ids(house, country="")
        assert await self.ids(house, topic="passport") == {"soon"}
        assert await self.ids(house, kind=NoticeKind.CANNED) == {"canned"}
        assert await self.ids(house, text="고친") == {"fine"}
        assert await self.ids(house, text="%_") == {"fine"}  # taken at its word
        assert await self.ids(house, text="FRESH") == {"fresh"}
        assert await self.ids(house, text="\\") == set()
        assert len(await service.listing(house.db, ListFilter(limit=2, offset=1), today=TODAY)) == 2

    async def test_the_board(self, house: Office) -> None:
        await self.make(house)
        await questions.add(house.db, KIM, house.cipher, "soon", QUESTION)
        board = await freshness.freshness(house.db, TODAY, NoticeKind.NOTICE)
        assert [(row.id, row.days_left) for row in board.overdue] == [("overdue", -1)]
        assert [(row.id, row.days_left) for row in board.due_soon] == [("soon", 9)]
        assert {row.id for row in board.waiting} == {"fine", "fresh"}
        assert {row.id for row in board.no_expiry} == {"overdue", "soon", "fine"}
        assert {row.id for row in board.untested} == {"fine"}  # overdue is not quoted, a draft is not either
        assert (board.counts["in_force"], board.counts["published"], board.counts["all"]) == (2, 3, 4)

    async def test_an_unknown_notice_or_version(self, house: Office) -> None:
        await refused(house, house.opened(), "unknown_notice")
        await house.save(KIM)
        await refused(house, house.opened(version=2), "unknown_notice")


class TestQuestions:
    async def test_kept_sealed_changed_and_taken_out(self, house: Office) -> None:
        await house.save(KIM)
        made = await questions.add(house.db, KIM, house.cipher, "drone", f"  {QUESTION}\n", "jp")
        assert (made.text, made.country) == (QUESTION, "JP")
        assert (await questions.add(house.db, LEE, house.cipher, "drone", QUESTION, "JP")).id == made.id
        async with house.db.read() as connection:
            (row,) = await database.rows(connection, "SELECT text FROM notice_questions")
        assert "드론".encode() not in bytes(row["text"])
        changed = await questions.change(house.db, LEE, house.cipher, made.id, "드론 허가 얼마?", None, active=False)
        assert (await house.opened()).test_questions == (changed,)
        await questions.remove(house.db, KIM, made.id)
        assert (await house.opened()).test_questions == ()
        await refused(house, questions.remove(house.db, KIM, made.id), "not_found")

    @pytest.mark.parametrize(
        ("text", "country", "code"), [(" \n", None, "empty_message"), ("가" * 301, None, "too_long"), (QUESTION, "일본", "invalid_request")]
    )
    async def test_bad_ones_are_refused(self, house: Office, text: str, country: str | None, code: str) -> None:
        await house.save(KIM)
        await refused(house, questions.add(house.db, KIM, house.cipher, "drone", text, country), code)

    async def test_only_for_a_notice_that_is_there(self, house: Office) -> None:
        await refused(house, questions.add(house.db, KIM, house.cipher, "none", QUESTION), "unknown_notice")
