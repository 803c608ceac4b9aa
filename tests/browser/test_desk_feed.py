"""The picture a desk keeps: an old picture with the events since equals a fresh one, and what a person sees follows from it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from accounts import service as accounts
from accounts.schemas import Staff
from conversation import service as conversation
from core import events
from core.events import EventHub
from handoff import location
from handoff import service as handoff
from handoff.desk import words
from handoff.desk.actions import Actions
from handoff.desk.live import Change, QueueFeed, apply
from handoff.desk.queue_pane import calls, rings, section_of
from handoff.desk.session import Session
from handoff.schemas import AgentFull, AlreadyTaken, NotEligible

PASSWORD = "긴-암호-문장-스물두-글자-이상"
ME, OTHER = Staff(1, "me", "나", frozenset({"agent"})), Staff(2, "you", "너", frozenset({"agent"}))
CHIEF = Staff(3, "chief", "책임자", frozenset({"supervisor"}))


@pytest.fixture
def make_actions(db, cipher):
    async def make(login="haneul"):
        async with db.transaction() as tx:
            token = await accounts.invite(tx, ["agent"])
        async with db.transaction() as tx:
            await accounts.accept_invite(tx, token, login, login, PASSWORD)
        signed_in = await accounts.sign_in(db, login, PASSWORD, "127.0.0.1")
        return Actions(db, cipher, Session(signed_in.token), "http://desk.test")

    return make


async def test_old_picture_and_events_make_the_fresh_picture(db, cipher, make_case, make_actions):
    actions = await make_actions()

    async def fresh():
        async with db.read() as connection:
            seq = await events.last_seq(connection, handoff.QUEUE)
            return seq, {row.case_id: replace(row, owner_name=None) for row in await handoff.all_open(connection)}

    case = await make_case("urgent", "robbery_theft", country=None)

    async def place():
        async with db.transaction() as tx:
            await location.record_message_fix(tx, cipher, case.conversation_id, {"lat": 11.55, "lon": 104.9, "accuracy_m": 20})

    async def worse():
        async with db.transaction() as tx:
            await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "confinement", "rule:rescue")

    steps = [
        make_case,
        place,
        lambda: actions.acknowledge(case.id),
        lambda: actions.take(case.id),
        worse,
        lambda: actions.hand_back(case.id),
        worse,
        lambda: actions.take(case.id),
        lambda: actions.to_queue(case.id),
        lambda: actions.take(case.id),
        lambda: actions.close(case.id, "resolved", "본인과 통화함"),
    ]
    for step in steps:
        seq, known = await fresh()
        await step()
        async with db.read() as connection:
            news = await events.read(connection, handoff.QUEUE, seq)
        assert news
        for event in news:
            apply(known, event)
        assert known == (await fresh())[1]


async def test_the_feed_needs_no_wake_up(db, make_case):
    hub = EventHub(db)  # never started: nobody is ever woken
    feed = QueueFeed(db, hub, Session.name_of)
    heard: list[list[Change] | None] = []
    await feed.ready()
    feed.attach(heard.append)
    assert feed.freshness == "live"
    case = await make_case()
    async with asyncio.timeout(60):
        while case.id not in feed.rows:
            await asyncio.sleep(0.05)
    assert [change.kind for change in heard[-1] or []] == ["opened"]
    assert feed.waiting == 1
    await feed.stop()


async def test_one_broken_desk_does_not_silence_the_others(db, make_case):
    feed = QueueFeed(db, EventHub(db), Session.name_of)
    heard: list[list[Change] | None] = []
    await feed.ready()
    feed.attach(lambda _changes: 1 / 0)
    feed.attach(heard.append)
    await make_case()
    async with asyncio.timeout(60):
        while not heard:
            await asyncio.sleep(0.05)
    await feed.stop()


async def test_a_late_claim_names_who_was_first(make_actions, make_case):
    one, two = await make_actions("haneul"), await make_actions("minsu")
    case = await make_case()
    assert await one.take(case.id) is None
    assert await two.take(case.id) == "haneul 님이 먼저 맡았습니다."


async def test_reading_a_line_asks_for_access_again(db, make_actions, make_case):
    one, two = await make_actions("haneul"), await make_actions("minsu")
    case = await make_case()
    await two.open(case.id)
    await one.take(case.id)
    for look in (two.open(case.id), two.lines(case.id, 0)):
        with pytest.raises(Exception, match="may not see"):
            await look
    async with db.transaction() as tx:
        await conversation.close(tx, case.conversation_id)
    assert (await one.open(case.id)).card.conversation_open is False


async def test_who_sees_and_hears_what(db, make_case):
    case = await make_case()
    async with db.read() as connection:
        row = (await handoff.all_open(connection))[0]
    assert [section_of(row, who) for who in (ME, CHIEF)] == ["waiting", "waiting"]
    assert rings(row, ME)
    taken = replace(row, status="claimed", owner_id=OTHER.id)
    assert [section_of(taken, who) for who in (ME, OTHER, CHIEF)] == [None, "mine", "others"]
    assert [rings(taken, who) for who in (ME, OTHER, CHIEF)] == [False, True, True]
    assert not rings(replace(row, severity="urgent"), ME)
    opened = Change("opened", case.id, None, row, {})
    assert calls(opened, ME)
    assert not calls(replace(opened, after=replace(row, severity="none")), ME)
    assert not calls(replace(opened, kind="repeated"), ME)
    assert calls(Change("raised", case.id, taken, taken, {}), OTHER)
    assert not calls(Change("raised", case.id, taken, taken, {}), ME)
    assert calls(Change("ring_all", case.id, row, replace(row, severity="urgent"), {}), ME)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (AlreadyTaken("claimed", 2), "박민수 님이 먼저"),
        (AlreadyTaken("closed", None), "이미 종료"),
        (AgentFull(3, 3), "3/3"),
        (NotEligible("away"), "생명 위험 상담만"),
        (NotEligible("role"), "역할이 아닙니다"),
    ],
)
def test_refusals_are_plain(result, says):
    assert says in words.refusal(result, "박민수")


@pytest.mark.parametrize(
    ("url", "kept"), [("https://www.0404.go.kr/a?b=1", True), ("javascript:alert(1)", False), ("//evil.test", False), ("https://a\nb", False), ("", False)]
)
def test_only_web_addresses_become_links(url, kept):
    assert words.safe_url(url) == (url if kept else "")
