"""Texts that are put into a reply: filled from what is known and checked, and looked at once more before they go out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from accounts import service as accounts
from core import db as database
from core.audit import verify_chain
from core.errors import AppError
from core.settings import Settings
from handoff import service as handoff
from handoff.desk.actions import Actions
from handoff.desk.session import Session
from handoff.desk.texts import Texts, competent, triaged
from handoff.schemas import Certainty, MissionHint
from knowledge_base import publishing
from knowledge_base.notices import parse_record
from knowledge_base.staff_texts import Used

PASSWORD = "긴-암호-문장-스물두-글자-이상"
PHONE = "+855-23-211-900"
CANNED: dict[str, Any] = {
    "id": "mission",
    "title": "관할 공관 알리기",
    "body": "맡는 공관은 {공관 이름}입니다. 전화는 {공관 전화}입니다.\n접수 번호는 {접수 번호}입니다.",
    "published_at": "2026-01-10",
    "review_by": "2099-01-01",
    "kind": "canned",
    "shortcut": "공관",
}
QUOTING = {**CANNED, "id": "quoting", "title": "분실 안내", "body": "먼저 아래 안내를 읽어 주세요.\n{공지: lost}", "shortcut": "여권"}
OLD = {**CANNED, "id": "old", "title": "옛 안내", "body": "창구는 오전에만 문을 엽니다.", "review_by": "2026-01-31", "shortcut": "창구"}
LOST = {"id": "lost", "title": "여권을 잃어버렸을 때", "body": "가까운 경찰서에 신고하십시오.", "published_at": "2026-02-01"}


@pytest.fixture
def bring(db):
    async def brought(*records):
        results = [r async for r in publishing.import_published(db, [parse_record(record) for record in records], "test", "development")]
        assert {r.outcome for r in results} <= {"imported", "unchanged"}, results

    return brought


@pytest.fixture
def sit_down(db, cipher):
    """An agent at a desk with one claimed case."""

    async def make(case, login="haneul"):
        async with db.transaction() as tx:
            token = await accounts.invite(tx, ["agent"])
        async with db.transaction() as tx:
            staff = await accounts.accept_invite(tx, token, login, login, PASSWORD)
        session = Session((await accounts.sign_in(db, login, PASSWORD, "127.0.0.1")).token, "127.0.0.1")
        actions = Actions(db, cipher, session, "http://desk.test")
        if case is not None:
            async with db.transaction() as tx:
                await handoff.set_presence(tx, staff, "available")
            assert await actions.take(case.id) is None
        return actions, Texts(db, session, Settings(), lambda: None)

    return make


async def offered(texts, actions, case, query=""):
    return {offer.used.id: offer for offer in await texts.canned((await actions.open(case.id)).card, query)}


async def lines(db, case):
    async with db.read() as connection:
        return await database.rows(connection, "SELECT seq FROM messages WHERE conversation_id = %s AND author_kind = 'agent'", case.conversation_id)


async def audited(db):
    async with db.read() as connection:
        assert (await verify_chain(connection)).intact
        return await database.rows(connection, "SELECT case_id, account, subject, detail FROM access_log WHERE action = 'reply.stale_text' ORDER BY id")


async def mission_row(db, *, verified):
    async with db.transaction() as tx:
        await database.run(
            tx,
            """INSERT INTO missions (name, country, kind, city, lat, lon, source, verified)
               VALUES ('주캄보디아대사관', 'KH', '대사관', 'Phnom Penh', 11.5, 104.9, 't', %s)""",
            verified,
        )
        await database.run(
            tx,
            """INSERT INTO mission_facts (code, country, name, phone, source, fetched_at, valid_from)
               VALUES ('1', 'KH', '주캄보디아대사관', %s, 't', now(), now())""",
            PHONE,
        )


class TestFilling:
    async def test_a_checked_mission_is_named_with_its_number(self, db, make_case, bring, sit_down):
        await bring(CANNED)
        await mission_row(db, verified=True)
        case = await make_case(country="KH")
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["mission"]
        assert offer.text == f"맡는 공관은 주캄보디아대사관입니다. 전화는 {PHONE}입니다.\n접수 번호는 #{case.id}입니다."
        assert (offer.problems, offer.stale, offer.detail) == ((), (), "/공관")

    async def test_a_number_that_nobody_has_checked_is_never_put_into_a_citizens_hands(self, db, make_case, bring, sit_down):
        await bring(CANNED)
        await mission_row(db, verified=False)
        case = await make_case(country="KH")
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["mission"]
        assert PHONE not in offer.text
        assert "{공관 전화}" in offer.text
        assert len(offer.problems) == 1

    async def test_without_a_country_nothing_is_guessed(self, db, make_case, bring, sit_down):
        await bring(CANNED)
        case = await make_case()
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["mission"]
        assert "{공관 이름}" in offer.text
        assert len(offer.problems) == 2

    async def test_of_several_missions_none_is_named(self, db, make_case, sit_down):
        case = await make_case()
        actions, _ = await sit_down(case)
        card = (await actions.open(case.id)).card
        one = MissionHint("가", "KH", 1.0, True, "", Certainty.LIKELY)
        assert competent(replace(card, missions=[one])) == one
        assert competent(replace(card, missions=[one, replace(one, name="나")])) is None
        assert competent(replace(card, missions=[one], country_conflict=True)) is None
        assert competent(replace(card, missions=[replace(one, certainty=Certainty.CHECK)])) is None
        assert competent(replace(card, missions=[])) is None

    async def test_what_has_run_out_is_offered_last_and_says_so(self, make_case, bring, sit_down):
        await bring(OLD, QUOTING, LOST)
        case = await make_case()
        actions, texts = await sit_down(case)
        found = await offered(texts, actions, case)
        assert list(found) == ["quoting", "old"]
        assert found["old"].stale == ("정형문 ‘옛 안내’: 검토 기한(2026년 1월 31일)이 지났습니다.",)
        assert "가까운 경찰서에 신고하십시오." in found["quoting"].text
        assert list(await offered(texts, actions, case, "창구")) == ["old"]

    async def test_only_for_a_case_that_is_this_persons_to_see(self, make_case, bring, sit_down):
        await bring(QUOTING, LOST)
        case = await make_case()
        actions, _ = await sit_down(case)
        _, others = await sit_down(None, "minsu")
        with pytest.raises(AppError) as refused:
            await others.canned((await actions.open(case.id)).card, "")
        assert refused.value.code == "forbidden"
        with pytest.raises(AppError) as refused:
            await others.notices((await actions.open(case.id)).card, "여권")
        assert refused.value.code == "still_loading"


class TestSending:
    async def test_braces_never_reach_a_citizen(self, db, make_case, sit_down):
        case = await make_case()
        actions, _ = await sit_down(case)
        with pytest.raises(AppError) as refused:
            await actions.reply(case.id, "전화는 {공관 전화}입니다.", "a", is_confirmed=True)
        assert (refused.value.code, refused.value.extra) == ("unfilled_text", {"slots": ["{공관 전화}"]})
        assert await lines(db, case) == []
        await actions.reply(case.id, "{이것}은 변수가 아닙니다.", "b")
        assert len(await lines(db, case)) == 1

    async def test_a_text_past_its_time_goes_only_after_a_second_word_and_that_is_written_down(self, db, cipher, make_case, bring, sit_down):
        await bring(OLD)
        case = await make_case()
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["old"]
        with pytest.raises(AppError) as refused:
            await actions.reply(case.id, offer.text, "a", [offer.used])
        assert refused.value.code == "stale_text"
        assert refused.value.extra["why"] == list(offer.stale)
        assert (await lines(db, case), await audited(db)) == ([], [])
        await actions.reply(case.id, offer.text, "a", [offer.used], is_confirmed=True)
        assert len(await lines(db, case)) == 1
        (row,) = await audited(db)
        assert (row["case_id"], row["account"], row["subject"]) == (case.id, "haneul", cipher.pseudonym(case.conversation_id))
        assert row["detail"] == {"texts": [{"kind": "canned", "id": "old", "version": 1}]}
        assert "창구" not in json.dumps(row["detail"], ensure_ascii=False)

    async def test_what_holds_goes_at_once_and_leaves_no_trace(self, db, make_case, bring, sit_down):
        await bring(QUOTING, LOST)
        case = await make_case()
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["quoting"]
        await actions.reply(case.id, offer.text, "a", [offer.used], is_confirmed=True)
        assert (len(await lines(db, case)), await audited(db)) == (1, [])

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (
                {**LOST, "id": "newer", "effective_from": "2026-03-01", "supersedes": ["lost"]},
                "공지 ‘여권을 잃어버렸을 때’: 2026년 3월 1일부터 유효하지 않습니다.",
            ),
            ({**LOST, "review_by": "2026-02-28"}, "공지 ‘여권을 잃어버렸을 때’: 검토 기한(2026년 2월 28일)이 지났습니다."),
            ({**QUOTING, "body": "고친 글입니다.\n{공지: lost}"}, "정형문 ‘분실 안내’: 그사이에 고쳐졌습니다. 새것으로 다시 넣으세요."),
        ],
    )
    async def test_what_changed_between_putting_in_and_sending_is_seen(self, make_case, bring, sit_down, change, why):
        await bring(QUOTING, LOST)
        case = await make_case()
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["quoting"]
        assert offer.stale == ()
        await bring(change)
        with pytest.raises(AppError) as refused:
            await actions.reply(case.id, offer.text, "a", [offer.used])
        assert refused.value.extra["why"] == [why]

    async def test_a_withdrawn_text_or_notice_is_seen_too(self, db, make_case, bring, sit_down):
        await bring(QUOTING, LOST)
        case = await make_case()
        actions, texts = await sit_down(case)
        offer = (await offered(texts, actions, case))["quoting"]
        async with db.transaction() as tx:
            await publishing.withdraw(tx, "lost", 1, "kim")
            await publishing.withdraw(tx, "quoting", 1, "kim")
        with pytest.raises(AppError) as refused:
            await actions.reply(case.id, offer.text, "a", [offer.used])
        assert refused.value.extra["why"] == ["정형문 ‘분실 안내’: 더는 쓰지 않는 정형문입니다. 공지 ‘lost’: 더는 게시되어 있지 않습니다."]

    async def test_what_was_rewritten_altogether_is_the_agents_own_word(self, make_case, bring, sit_down):
        await bring(OLD)
        case = await make_case()
        actions, texts = await sit_down(case)
        used: Used = (await offered(texts, actions, case))["old"].used
        assert used.is_in("네, 창구는 오전에만 문을 엽니다. 그렇습니다.")
        assert not used.is_in("창구 시간은 공관에 물어보겠습니다.")


@pytest.mark.parametrize(
    ("row", "done", "calm"),
    [
        ({"triage_state": "done", "urgency": "none", "action": "none"}, True, True),
        ({"triage_state": "done", "urgency": "non_urgent", "action": "none"}, True, True),
        ({"triage_state": "pending", "urgency": None, "action": None}, False, False),
        ({"triage_state": "failed", "urgency": None, "action": None}, True, False),
        ({"triage_state": "done", "urgency": "none", "action": "ask"}, True, False),
        ({"triage_state": "done", "urgency": "urgent", "action": "escalate"}, True, False),
        ({"triage_state": "done", "urgency": "life_threat", "action": "none"}, True, False),
        (None, True, False),
    ],
)
def test_only_a_message_that_triage_found_calm_is_calm(row, done, calm):
    found = triaged(row)
    assert (found.is_done, found.is_calm) == (done, calm)
