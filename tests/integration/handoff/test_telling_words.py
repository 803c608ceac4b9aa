"""Who is about to send telling words onto a guarded screen is warned once; the second Enter sends them, and that is written down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from conversation import guarding, telling
from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.desk.actions import ASK_PLACE, ASK_PLACE_QUIETLY, Actions
from handoff.desk.officer_actions import OfficerActions
from handoff.desk.writing import refusal


@pytest.fixture
async def desk(db, cipher, make_case, make_staff):
    """An agent's desk with a case in hand; ``guard`` sets the mark."""
    case, agent = await make_case("urgent"), await make_staff()
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent)

    async def staff(_: Any) -> Any:
        return agent

    made = Actions(db, cipher, cast(Any, SimpleNamespace(staff=staff, address="10.0.0.1")), "https://chat.test")

    async def guard() -> None:
        async with db.transaction() as tx:
            await guarding.mark(tx, case.conversation_id, guarding.CATEGORY)

    return SimpleNamespace(do=made, case=case, agent=agent, guard=guard, session=made._session)


async def lines(db, desk) -> list[str]:
    return [line.text for line in await desk.do.lines(desk.case.id, 0)]


async def logged(db) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return await database.rows(connection, "SELECT account, detail FROM access_log WHERE action = 'reply.telling_words' ORDER BY id")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("경찰을 부를까요?", "경찰"),
        ("곧 구조됩니다", "구조·탈출"),
        ("신고는 저희가 하겠습니다", "신고·수사"),
        ("감금되어 계신가요?", "무슨 일인지"),
        ("지금 어디에 계세요?", "주소·위치"),
        ("119에 전화해 주세요", "구조·탈출"),
        ("주소를 알려 주시면 경찰이 갑니다", "경찰, 주소·위치"),
        ("Are you safe? What is your address?", "주소·위치"),
    ],
)
async def test_the_first_enter_warns_and_the_second_sends(db, desk, text, kinds):
    await desk.guard()
    with pytest.raises(AppError) as refused:
        await desk.do.reply(desk.case.id, text, "one")
    assert refused.value.code == "telling_words"
    assert kinds in refusal(refused.value)
    assert "한 번 더" in refusal(refused.value)
    assert await lines(db, desk) == []
    assert await logged(db) == []
    await desk.do.reply(desk.case.id, text, "one", is_confirmed=True)
    assert await lines(db, desk) == [text]
    (row,) = await logged(db)
    assert row["account"] == desk.agent.login
    assert text not in str(row["detail"])
    assert row["detail"]["kinds"] == list(telling.tells(text))


async def test_harmless_words_and_other_cases_are_not_warned_of(db, desk):
    await desk.do.reply(desk.case.id, "경찰을 부를까요?", "one")
    await desk.guard()
    await desk.do.reply(desk.case.id, "네, 내일 다시 이야기해요. 사진은 두 장이면 됩니다.", "two")
    assert len(await lines(db, desk)) == 2
    assert await logged(db) == []


async def test_asking_for_the_place_takes_two_presses_and_quiet_words(db, desk):
    await desk.do.ask_place(desk.case.id, "one")
    await desk.guard()
    with pytest.raises(AppError, match="telling_words"):
        await desk.do.ask_place(desk.case.id, "two")
    await desk.do.ask_place(desk.case.id, "two", is_confirmed=True)
    assert await lines(db, desk) == [ASK_PLACE, ASK_PLACE_QUIETLY]
    assert len(await logged(db)) == 1


async def test_an_officer_is_warned_too(db, cipher, desk, make_staff):
    officer = await make_staff("officer")
    async with db.transaction() as tx:
        await handoff.invite(tx, desk.case.id, desk.agent, officer.id)
    await desk.guard()
    page = OfficerActions.__new__(OfficerActions)
    page._db, page._cipher, page._session = db, cipher, desk.session

    async def who(_: Any) -> Any:
        return officer

    page._officer = who  # type: ignore[method-assign]
    with pytest.raises(AppError, match="telling_words"):
        await page.write(desk.case.id, "경찰과 함께 갑니다", "one")
    await page.write(desk.case.id, "경찰과 함께 갑니다", "one", is_confirmed=True)
    assert await lines(db, desk) == ["경찰과 함께 갑니다"]


def test_what_else_stands_in_the_way_is_said_in_the_same_breath():
    said = refusal(AppError("telling_words", words="경찰", why=["여권 안내: 지난 공지입니다."]))
    assert "경찰" in said
    assert "지난 공지" in said
