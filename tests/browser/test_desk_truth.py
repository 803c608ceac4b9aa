"""What the corner of a desk says is true: live, catching up, or broken since; whatever has died, and it comes back by itself."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.errors import DatabaseUnavailable
from core.events import EventHub
from handoff.desk.live import FOLLOWED_STALE_S, STALE_S, Follower, QueueFeed, worst
from handoff.desk.session import Session

ERRORS = pytest.mark.parametrize("error", [DatabaseUnavailable("away"), RuntimeError("nobody has thought of this")], ids=["away", "unforeseen"])


class Away:
    """The database, which can be away or fail in a way that nobody has foreseen."""

    def __init__(self, db):
        self._db, self.error = db, None

    @asynccontextmanager
    async def read(self):
        if self.error is not None:
            raise self.error
        async with self._db.read() as connection:
            yield connection


@pytest.mark.parametrize(
    ("feed", "feed_silent", "follower_silent", "said"),
    [
        ("live", 0.5, 0.5, ("live", 0.5)),
        ("catching_up", 0.5, 0.5, ("catching_up", 0.5)),
        ("broken", 9.0, 0.5, ("broken", 9.0)),
        ("live", 0.5, FOLLOWED_STALE_S + 0.1, ("broken", FOLLOWED_STALE_S + 0.1)),
        ("live", 0.5, FOLLOWED_STALE_S - 0.1, ("live", 0.5)),
    ],
)
def test_the_worse_of_queue_and_conversation_is_said(feed, feed_silent, follower_silent, said):
    assert worst(feed, feed_silent, follower_silent) == said


@ERRORS
async def test_a_feed_that_hears_nothing_says_so_and_catches_up_by_itself(db, make_case, error):
    away = Away(db)
    feed = QueueFeed(away, EventHub(db), Session.name_of)
    await feed.ready()
    assert feed.freshness == "live"
    away.error = error
    await asyncio.sleep(STALE_S + 1.5)
    assert feed.freshness == "broken"
    assert feed.silent_s > STALE_S
    case = await make_case()
    away.error = None
    async with asyncio.timeout(60):
        while feed.freshness != "live":
            await asyncio.sleep(0.01)
    assert case.id in feed.rows, "never live without the news"
    await feed.stop()


async def test_a_feed_that_is_killed_is_broken_until_somebody_starts_it(db):
    feed = QueueFeed(db, EventHub(db), Session.name_of)
    await feed.ready()
    await feed.stop()
    await asyncio.sleep(STALE_S + 0.2)
    assert feed.freshness == "broken"
    await feed.ready()
    assert feed.freshness == "live"
    await feed.stop()


@ERRORS
async def test_lines_that_stop_coming_are_noticed_and_come_after_all(db, cipher, make_case, error):
    case, heard, away = await make_case(), [], Away(db)

    async def take(_stream, news):
        heard.extend(event.kind for event in news)

    follower = Follower(away, EventHub(db), take)
    async with db.read() as connection:
        await follower.follow([conversation.stream(case.conversation_id)], connection)
    running = asyncio.create_task(follower.run())
    await asyncio.sleep(0.3)
    away.error = error
    async with db.transaction() as tx:
        await conversation.accept(tx, cipher, Inbound("webchat", "e1", case.conversation_id, InboundKind.TEXT, text="거기 있어요?"))
    await asyncio.sleep(FOLLOWED_STALE_S + 0.5)
    assert heard == []
    assert worst("live", 0.1, follower.silent_s)[0] == "broken"
    away.error = None
    async with asyncio.timeout(60):
        while not heard:
            await asyncio.sleep(0.05)
    assert heard == ["message"]
    await asyncio.sleep(0.2)
    assert worst("live", 0.1, follower.silent_s)[0] == "live"
    running.cancel()


@pytest.mark.browser
async def test_a_server_that_stands_still_for_seconds_is_shown_and_what_came_meanwhile_is_there(seat, make_case, staff_server, picture):
    desk = await seat()
    corner = desk.page.locator(".corner")
    await expect(corner).to_contain_text("실시간")
    staff_server.loop.call_soon_threadsafe(time.sleep, 12)
    case = await make_case()
    await expect(corner).to_contain_text("초째 끊김")
    await expect(desk.page.locator(f"[data-case-id='{case.id}']")).to_have_count(0)
    await picture(desk.page, "broken")
    await expect(corner).to_contain_text("실시간")
    await expect(desk.page.locator(f"[data-case-id='{case.id}']")).to_be_visible()


@pytest.mark.browser
async def test_a_rude_word_is_veiled_until_a_key_and_danger_never_is(seat, make_case, db, cipher, picture):
    desk, case = await seat(), await make_case("urgent", "robbery_theft", summary="가방을 뺏겼어요")
    async with db.transaction() as tx:
        for number, (text, urgency) in enumerate((("야 씨발 <b>빨리</b> 좀", "none"), ("씨발 칼을 들고 있어", "life_threat"), ("ㅅㅂ 아직 판별 전", None))):
            done = await conversation.accept(tx, cipher, Inbound("webchat", f"v{number}", case.conversation_id, InboundKind.TEXT, text=text))
            if urgency:
                await database.run(tx, "UPDATE inbox SET urgency = %s, triage_state = 'done' WHERE message_id = %s", urgency, done.message_id)
    page = desk.page
    await page.locator("[data-case-id] .main").click()
    lines = page.locator(".line.by-citizen .words")
    await expect(lines).to_have_count(3)
    await expect(lines.nth(0)).to_have_text("야 ●● <b>빨리</b> 좀")
    await expect(lines.nth(1)).to_have_text("씨발 칼을 들고 있어")
    await expect(lines.nth(2)).to_have_text("ㅅㅂ 아직 판별 전")
    await picture(page, "veil")
    await page.keyboard.press("o")
    await expect(lines.nth(0)).to_have_text("야 씨발 <b>빨리</b> 좀")
    await page.keyboard.press("o")
    await page.locator(".veil").click()
    await expect(lines.nth(0)).to_have_text("야 씨발 <b>빨리</b> 좀")
    assert desk.complaints == []
