"""What an agent sees of a case."""

from datetime import UTC, date, datetime

import pytest

from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Inbound, InboundKind
from core import db as database
from core.errors import AppError
from handoff import location
from handoff import service as handoff
from handoff.fixes import checked_fix
from knowledge_base import repository as notices
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus


async def test_all_at_once(db, cipher, make_case, make_staff):
    case, agent = await make_case("life_threat", "confinement", summary="카지노 건물에 갇혔어요"), await make_staff()
    async with db.transaction() as tx:
        await conversation.accept(tx, cipher, Inbound("webchat", "e1", case.conversation_id, InboundKind.TEXT, "카지노 건물에 갇혔어요"))
        await conversation.reply(tx, cipher, case.conversation_id, AuthorKind.BOT, Body("지금 글을 봐도 안전한가요?"), client_id="b1")
        token = await location.request_link(tx, case.conversation_id, case.id, cipher)
        await location.consent(tx, token, "phone")
        at = datetime.now(UTC)
        await location.record_fix(tx, cipher, token, "phone", checked_fix(11.0712, 106.1334, 18, now=at))
        await location.record_typed(tx, cipher, token, "phone", "국경 옆 회색 건물 4층")
        await handoff.claim(tx, case.id, agent)
        await handoff.add_note(tx, cipher, case.id, agent, "경비가 있다고 함")
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, case.id, agent, now=datetime(2026, 7, 1, 6, 12, tzinfo=UTC))
    assert card.why == ("direct", "ongoing")
    assert card.summary == "카지노 건물에 갇혔어요"
    assert [line.text for line in card.transcript] == ["카지노 건물에 갇혔어요", "지금 글을 봐도 안전한가요?"]
    assert [line.text for line in card.bot_lines] == ["지금 글을 봐도 안전한가요?"]
    assert card.attempts == 1
    assert (card.case.country, [found.country for found in card.countries]) == ("KH", ["KH"])
    assert (card.time_zone, card.local_time.strftime("%H:%M")) == ("Asia/Phnom_Penh", "13:12")
    assert card.map["center"] == (11.0712, 106.1334)
    assert card.map["radius_m"] == 18
    assert (card.near_town.town.korean, card.near_town.town.country) == ("바벳", "KH")
    assert card.near_town.distance_km < 2
    assert card.typed_place.text == "국경 옆 회색 건물 4층"
    assert [note.text for note in card.notes] == ["경비가 있다고 함"]
    assert [phone.number for phone in card.numbers][-1] == "+82-2-3210-0404"
    assert card.alarm_level is None
    assert card.may_write
    assert card.owner_name == agent.display_name


async def test_the_highest_travel_alarm_of_its_country(db, cipher, make_case, make_staff):
    case, agent = await make_case(country="KH"), await make_staff()
    async with db.transaction() as tx:
        for level, region in (("2", "b"), ("special", "c"), ("1", "d")):
            await tx.execute(
                "INSERT INTO alarm_levels (service, country, scope, region_key, level, source, fetched_at, valid_from) "
                "VALUES ('travel-alarms', 'KH', 'part', %s, %s, 'x', now(), now())",
                (region, level),
            )
        card = await handoff.card(tx, cipher, case.id, agent)
    assert card.alarm_level == "특별여행주의보"


def notice(notice_id: str, since: date, **values) -> Notice:
    content = {
        "title": f"{notice_id}의 제목",
        "body": "본문",
        "published_at": since,
        "effective_from": since,
        "source": "외교부",
        "source_url": "https://a.example",
    }
    return Notice(NoticeContent(notice_id, **content | {"countries": ("KH",)} | values))


async def test_the_notices_that_hold_today_about_its_country_the_newest_first(db, cipher, make_case, make_staff):
    case, agent = await make_case(country="KH"), await make_staff()
    days = [date(2026, 1, day) for day in range(1, 20)]
    stored = [
        notice("old", days[0]),
        notice("entry", days[3], title="입국 요건"),
        notice("over", days[4], expires_at=date(2026, 3, 1)),
        notice("later", date(2026, 9, 1)),
        notice("replaced", days[5]),
        notice("other", days[6], countries=("TH",), supersedes=("replaced",)),
        notice("trial", days[7], test_only=True),
        notice("draft", days[8]),
    ]
    async with db.transaction() as tx:
        for one in stored:
            status = NoticeStatus.DRAFT if one.id == "draft" else NoticeStatus.PUBLISHED
            await notices.insert(tx, one.content, 1, status, "minji")
        shown = await handoff.card(tx, cipher, case.id, agent, now=datetime(2026, 7, 1, 6, 12, tzinfo=UTC))
        elsewhere = await handoff.card(tx, cipher, (await make_case(country="VN")).id, agent)
    assert [one.id for one in shown.notices.newest] == ["trial", "entry", "old"]
    assert (shown.notices.total, shown.notices.newest[1].title, shown.notices.newest[0].test_only) == (3, "입국 요건", True)
    assert elsewhere.notices.total == 0


async def test_who_may_open_it(db, cipher, make_case, make_staff):
    case, agent, other = await make_case(), await make_staff(), await make_staff()
    officer, supervisor = await make_staff("officer"), await make_staff("supervisor")

    async def opens(staff):
        try:
            async with db.transaction() as tx:
                return (await handoff.card(tx, cipher, case.id, staff)).may_write
        except AppError as error:
            return error.code

    assert [await opens(staff) for staff in (agent, other, supervisor, officer)] == [False, False, False, "forbidden"]
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent)
    assert [await opens(staff) for staff in (agent, other, supervisor, officer)] == [True, "forbidden", False, "forbidden"]
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO participants (conversation_id, staff_id, role) VALUES (%s, %s, 'officer')", case.conversation_id, officer.id)
        posted = await handoff.reply(tx, cipher, case.id, officer, "영사입니다.", "o1")
        lines = await conversation.transcript(tx, cipher, case.conversation_id)
    assert await opens(officer) is True
    assert [(line.seq, line.author_kind) for line in lines] == [(posted.seq, "officer")]


async def test_opening_is_written_down_once_a_minute(db, cipher, make_case, make_staff):
    case, agent = await make_case(), await make_staff()
    for _ in range(3):
        async with db.transaction() as tx:
            await handoff.card(tx, cipher, case.id, agent, address="10.0.0.9")
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT account, case_id, address FROM access_log WHERE action = 'case.view'")
    assert rows == [{"account": agent.login, "case_id": case.id, "address": "10.0.0.9"}]


async def test_unknown_case(db, cipher, make_staff):
    async with db.transaction() as tx:
        with pytest.raises(AppError, match="not_found"):
            await handoff.card(tx, cipher, 12345, await make_staff())


async def test_numbers_only_when_checked_and_missions_of_the_country(db, cipher, make_case, make_staff):
    case, agent = await make_case(country="KH"), await make_staff()

    async def card():
        async with db.transaction() as tx:
            return await handoff.card(tx, cipher, case.id, agent)

    async with db.transaction() as tx:
        for service, number, checked in (("police", "117", None), ("ambulance", "119", "10 days"), ("fire", "000", "200 days")):
            await database.run(
                tx,
                """INSERT INTO emergency_numbers (country, service, number, source, checked_by, checked_at)
                   VALUES ('KH', %s, %s, 'mission site', %s, (now() - %s::interval)::date)""",
                service,
                number,
                "minji" if checked else None,
                checked,
            )
    shown = await card()
    assert [(phone.label, phone.number) for phone in shown.numbers] == [("구급", "119"), ("영사안전콜센터", "+82-2-3210-0404")]
    assert "주캄보디아대사관" in [mission.name for mission in shown.missions]
    assert {mission.basis for mission in shown.missions} == {"위치 미상 — 관할 확인 필요"}
    assert not any(mission.verified for mission in shown.missions)


async def test_at_a_border_the_missions_of_both_sides_are_shown(db, cipher, make_case, make_staff):
    case, agent = await make_case(), await make_staff()
    async with db.transaction() as tx:
        await location.record_message_fix(tx, cipher, case.conversation_id, {"lat": 20.36, "lon": 100.10, "accuracy_m": 3000})
        shown = await handoff.card(tx, cipher, case.id, agent)
    assert shown.case.country is None
    assert [found.country for found in shown.countries] == ["LA", "TH", "MM"]
    assert {mission.country for mission in shown.missions} == {"LA", "TH", "MM"}
