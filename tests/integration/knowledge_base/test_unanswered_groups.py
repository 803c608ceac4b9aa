"""From what citizens asked in vain to a draft: grouped by meaning, taken once, and gone when the citizen is."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from knowledge_base.editing import jobs, misses, questions, service, unanswered
from knowledge_base.editing.misses import Miss
from knowledge_base.editing.rules import BODY_TO_WRITE, TITLE_TO_WRITE, House
from knowledge_base.editing.schemas import Group, Reason
from knowledge_base.schemas import NoticeStatus

TODAY = date(2026, 11, 22)
KIM = Staff(1, "kim.editor", "김편집", frozenset({"editor"}))
LEE = Staff(2, "lee.editor", "이편집", frozenset({"editor"}))
AGENT = Staff(3, "park.agent", "박상담", frozenset({"agent"}))
FEE = {
    "id": "drone",
    "title": "드론 촬영 허가 수수료",
    "body": "드론 촬영 허가 수수료는 10,000원입니다.",
    "published_at": "2026-01-10",
    "review_by": "2027-06-01",
}
VOLCANO = ("화산재 때문에 비행기가 결항됐어요", "화산재로 결항되면 어떻게 하나요", "결항인데 화산재 때문이래요 어떡하죠")
TATTOO = "문신 있으면 온천에 못 들어가나요"


class Citizens:
    """Citizens whose questions found no answer."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self.db, self.cipher = db, cipher
        self._events = count(1)

    async def ask(self, text: str, country: str | None = None, reason: Reason = Reason.NO_ANSWER) -> str:
        """One citizen, one conversation, one question on the list."""
        async with self.db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
            inbound = Inbound("webchat", f"e{next(self._events)}", conversation_id, InboundKind.TEXT, text)
            accepted = await conversation.accept(tx, self.cipher, inbound)
            miss = Miss(conversation_id, accepted.message_id, misses.safe_text(text), "ko", country, reason)
            await misses.keep(tx, self.cipher, [miss])
        return conversation_id

    async def states(self) -> list[tuple[str, str | None]]:
        async with self.db.read() as connection:
            rows = await database.rows(connection, "SELECT state, handled_by FROM unanswered_questions ORDER BY id")
        return [(row["state"], row["handled_by"]) for row in rows]

    async def erase(self, conversation_id: str) -> None:
        async with self.db.transaction() as tx:
            await database.run(tx, "DELETE FROM conversations WHERE id = %s", conversation_id)


@pytest.fixture
def citizens(db: Database, cipher: Cipher) -> Citizens:
    return Citizens(db, cipher)


@pytest.fixture
async def base(db: Database, bring: Any, open_base: Any) -> Any:
    await bring(db, FEE)
    return await open_base()


async def groups_of(citizens: Citizens, base: Any, **options: Any) -> list[Group]:
    return await unanswered.groups(citizens.db, KIM, citizens.cipher, base, **options)


async def drafted(citizens: Citizens, ids: Any, notice_id: str | None = None, staff: Staff = KIM, **options: Any) -> service.Saved:
    return await unanswered.draft_from(citizens.db, staff, citizens.cipher, ids, notice_id, house=House(), today=TODAY, **options)


async def test_what_means_the_same_is_one_group_with_the_nearest_notice(citizens: Citizens, base: Any) -> None:
    for text in VOLCANO:
        await citizens.ask(text, "ID")
    await citizens.ask(TATTOO, "JP", Reason.RATED_BADLY)
    first, second = await groups_of(citizens, base)
    assert (first.count, {one.text for one in first.examples}, first.countries) == (3, set(VOLCANO), ("ID",))
    assert first.text in VOLCANO
    assert (second.count, second.text, second.reasons) == (1, TATTOO, {Reason.RATED_BADLY: 1})
    assert (first.nearest_id, first.nearest_title) == ("drone", FEE["title"])
    assert [group.text for group in await groups_of(citizens, base, reasons=(Reason.RATED_BADLY,))] == [TATTOO]


async def test_nothing_waits(citizens: Citizens, base: Any) -> None:
    assert await groups_of(citizens, base) == []


async def test_looking_is_logged_and_only_for_editors(citizens: Citizens, base: Any) -> None:
    await citizens.ask(TATTOO)
    await groups_of(citizens, base)
    with pytest.raises(AppError) as refused:
        await unanswered.groups(citizens.db, AGENT, citizens.cipher, base)
    assert refused.value.code == "forbidden"
    async with citizens.db.read() as connection:
        rows = await database.rows(connection, "SELECT account, action, detail FROM access_log")
    assert [(row["account"], row["action"], row["detail"]) for row in rows] == [("kim.editor", "unanswered.view", {"questions": 1})]


async def test_one_step_to_a_draft_with_its_test_questions(citizens: Citizens, base: Any) -> None:
    for text in (*VOLCANO, VOLCANO[0]):
        await citizens.ask(text, "ID")
    (group,) = await groups_of(citizens, base)
    saved = await drafted(citizens, group.ids, title=group.text)
    detail = await service.opened(citizens.db, citizens.cipher, saved.notice_id, today=TODAY)
    assert (detail.status, detail.content.title, detail.content.body, detail.content.countries) == (
        NoticeStatus.DRAFT,
        TITLE_TO_WRITE,  # a citizen's words are no title: they would stay when the citizen is erased
        BODY_TO_WRITE,
        ("ID",),
    )
    assert detail.content.review_by == TODAY + timedelta(days=180)
    assert {(one.text, one.country, one.from_citizen) for one in detail.test_questions} == {(text, "ID", True) for text in VOLCANO}
    assert await citizens.states() == [("drafted", "kim.editor")] * 4
    assert await groups_of(citizens, base) == []
    with pytest.raises(AppError) as refused:  # nobody has written it yet
        await service.publish(citizens.db, KIM, saved.notice_id, saved.version, house=House(), today=TODAY)
    assert (refused.value.code, refused.value.extra) == ("bad_notice", {"field": "title"})


async def test_for_a_notice_that_is_there_a_new_draft_then_the_same_one(citizens: Citizens, base: Any) -> None:
    await citizens.ask("드론 허가 수수료 카드로 내도 되나요")
    await citizens.ask(TATTOO)
    texts = {one.text: one.id for one in await unanswered.waiting(citizens.db, citizens.cipher)}
    saved = await drafted(citizens, [texts["드론 허가 수수료 카드로 내도 되나요"]], "drone")
    assert (saved.notice_id, saved.version) == ("drone", 2)
    assert (await drafted(citizens, [texts[TATTOO]], "drone")).version == 2
    detail = await service.opened(citizens.db, citizens.cipher, "drone", today=TODAY)
    assert (detail.published_version, detail.content.body, len(detail.test_questions)) == (1, FEE["body"], 2)
    assert detail.history[-1].reason == "for 1 questions of citizens"


async def test_of_two_editors_one_takes_them(citizens: Citizens, base: Any) -> None:
    await citizens.ask(TATTOO)
    (group,) = await groups_of(citizens, base)
    done = await asyncio.gather(drafted(citizens, group.ids, staff=KIM), drafted(citizens, group.ids, staff=LEE), return_exceptions=True)
    assert sorted(getattr(one, "code", "saved") for one in done) == ["already_taken", "saved"]
    async with citizens.db.read() as connection:
        assert len(await database.rows(connection, "SELECT 1 FROM notices WHERE status = 'draft'")) == 1
    with pytest.raises(AppError):
        await drafted(citizens, group.ids, "no-such-notice")


async def test_a_notice_that_is_not_there_takes_nothing_off_the_list(citizens: Citizens, base: Any) -> None:
    await citizens.ask(TATTOO)
    (group,) = await groups_of(citizens, base)
    with pytest.raises(AppError) as refused:
        await drafted(citizens, group.ids, "no-such-notice")
    assert refused.value.code == "unknown_notice"
    assert await citizens.states() == [("open", None)]


async def test_dismissed_is_off_the_list(citizens: Citizens, base: Any) -> None:
    await citizens.ask(TATTOO)
    (group,) = await groups_of(citizens, base)
    assert await unanswered.dismiss(citizens.db, KIM, group.ids) == 1
    assert await unanswered.dismiss(citizens.db, LEE, group.ids) == 0
    assert await citizens.states() == [("dismissed", "kim.editor")]
    assert await groups_of(citizens, base) == []


class TestErasing:
    async def taken(self, citizens: Citizens, base: Any) -> tuple[str, str]:
        conversation_id = await citizens.ask(TATTOO)
        (group,) = await groups_of(citizens, base)
        return conversation_id, (await drafted(citizens, group.ids, title="온천과 문신")).notice_id

    async def left(self, citizens: Citizens, notice_id: str) -> list[str]:
        async with citizens.db.read() as connection:
            return [one.text for one in await questions.of_notice(connection, citizens.cipher, notice_id)]

    async def test_a_test_question_in_a_citizen_s_words_goes_with_the_citizen(self, citizens: Citizens, base: Any) -> None:
        conversation_id, notice_id = await self.taken(citizens, base)
        assert await self.left(citizens, notice_id) == [TATTOO]
        await citizens.erase(conversation_id)
        assert await self.left(citizens, notice_id) == []
        assert await citizens.states() == []
        assert (await service.opened(citizens.db, citizens.cipher, notice_id, today=TODAY)).content.title == "온천과 문신"

    async def test_one_that_an_editor_has_reworded_is_the_editor_s(self, citizens: Citizens, base: Any) -> None:
        conversation_id, notice_id = await self.taken(citizens, base)
        async with citizens.db.read() as connection:
            (one,) = await questions.of_notice(connection, citizens.cipher, notice_id)
        changed = await questions.change(citizens.db, KIM, citizens.cipher, one.id, "온천에 문신이 있어도 되나요?")
        assert not changed.from_citizen
        await citizens.erase(conversation_id)
        assert await self.left(citizens, notice_id) == ["온천에 문신이 있어도 되나요?"]

    async def test_when_its_time_is_over_it_goes_and_the_link_that_erasing_needs_stays(self, citizens: Citizens, base: Any) -> None:
        conversation_id, notice_id = await self.taken(citizens, base)
        await citizens.ask(VOLCANO[0])
        later = datetime.now(UTC) + timedelta(days=180, minutes=1)
        assert await jobs.forget(citizens.db, 180, later - timedelta(hours=1)) == 0
        assert await jobs.forget(citizens.db, 180, later) == 2
        async with citizens.db.read() as connection:
            rows = await database.rows(connection, "SELECT text, state FROM unanswered_questions")
        assert rows == [{"text": None, "state": "drafted"}]
        assert await self.left(citizens, notice_id) == [TATTOO]
        await citizens.erase(conversation_id)
        assert await self.left(citizens, notice_id) == []
