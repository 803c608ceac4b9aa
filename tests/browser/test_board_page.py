"""The supervisors' board in a browser: true numbers, honest about how live it is, hostile names as text, a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import expect

from bot.channels.health import for_board
from conversation import ratings
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import audit
from core import db as database
from core.clock import now
from core.errors import DatabaseUnavailable
from core.settings import Settings
from handoff import service as handoff
from handoff.board import actions
from handoff.board import page as board_mount

pytestmark = pytest.mark.browser

HOSTILE = '=1+1<img src=x onerror="hacked=1">'

#: What of the two parts on channels is wider than the page; a table scrolls in a place of its own.
STICKS_OUT = """() => [...document.querySelectorAll(".channel-alarm, .channel-alarm *, section[aria-label='채널'], section[aria-label='채널'] > div > *")]
  .filter((part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map((part) => part.className)"""


@pytest.fixture
def board(seat, staff_server):
    """``await board("boss")``: a supervisor with the board open and live."""

    async def make(login="boss", *roles, **values):
        made = await seat(login, "박감독", *(roles or ("supervisor",)), opened=False, **values)
        await made.page.goto(f"{staff_server.url}/board")
        await made.page.wait_for_selector("body[data-board=live]")
        await expect(made.page.locator("[data-measure=offered]")).to_be_visible()
        return made

    return make


@pytest.fixture
def messengers(staff_server, monkeypatch):
    """The board of a program on which LINE and WeChat are configured."""
    health = for_board(Settings(), ["line", "wechat"])
    monkeypatch.setattr(board_mount, "_parts", [replace(part, health=health) for part in board_mount._parts])


async def number(page, key):
    return await page.locator(f"[data-number={key}] b").inner_text()


async def test_numbers_follow_what_happens(board, seat, make_case, db, cipher):
    supervisor = await board()
    page = supervisor.page
    assert await number(page, "waiting") == "0"
    await expect(page.locator("[data-measure=service_level] .value")).to_have_text("–")
    agent = await seat("haneul", HOSTILE, "agent")
    case = await make_case("life_threat")
    routine = await make_case("non_urgent", "other")
    await expect(page.locator("[data-number=waiting] b")).to_have_text("2")
    await expect(page.locator("[data-number=emergencies]")).to_have_attribute("data-level", "alarm")
    async with db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case.id, agent.staff), handoff.Claimed)
    async with db.transaction() as tx:
        await handoff.reply(tx, cipher, case.id, agent.staff, "상담관입니다", "first")
    async with db.transaction() as tx:
        await handoff.claim(tx, routine.id, agent.staff)
        await handoff.close(tx, cipher, routine.id, agent.staff, "resolved")
        await ratings.keep(tx, routine.conversation_id, 5)
    await expect(page.locator("[data-number=emergencies] .under")).to_have_text("모두 맡은 사람이 있음")
    await expect(page.locator("[data-number=human] .under")).to_contain_text("오늘 1건")
    await page.locator("[data-action=today]").click()
    await expect(page.locator("[data-measure=answered] .value")).to_have_text("2")
    await expect(page.locator("[data-measure=service_level] .value")).to_have_text("100.0 %")
    await expect(page.get_by_text(HOSTILE)).to_be_visible()
    await expect(page.locator("[data-channel=webchat]")).to_contain_text("웹 채팅")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator(".chart svg").count() == 3
    assert supervisor.complaints == []
    assert all(url.startswith(("http://127.0.0.1", "data:")) for url in supervisor.asked)

    # The file: definitions above, no cell that a spreadsheet would run, and a line in the access log.
    async with page.expect_download() as waiting:
        await page.locator("[data-action=csv]").click()
    path = await (await waiting.value).path()
    text = path.read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert any(row[0].startswith("# 응답률") and "÷" in row[0] for row in rows)
    assert ["만족도", "'" + HOSTILE, "5"] in [[row[0], row[3], row[4]] for row in rows if len(row) == 6]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert ["전체", "응답한 상담", "2"] in [[row[0], row[2], row[4]] for row in rows if len(row) == 6]
    async with db.read() as connection:
        assert await database.one(connection, "SELECT 1 FROM access_log WHERE action = 'board.export' AND account = 'boss'")
        assert (await audit.verify_chain(connection)).intact


async def test_a_channel_that_stops_delivering_stands_above_everything(board, db, cipher, messengers, picture):
    async with db.transaction() as tx:
        talk, _ = await conversation.start(tx, "line", visitor="somebody")
        await conversation.reply(tx, cipher, talk, AuthorKind.BOT, Body("상담관을 연결하고 있습니다."), client_id="danger-1", policy="at_least_once")
        await database.run(tx, "UPDATE messages SET created_at = now() - interval '95 seconds'")
    supervisor = await board()
    page = supervisor.page
    bar, row = page.locator("[data-alarm]"), page.locator("tr[data-channel=line]")
    await expect(bar).to_have_attribute("data-alarm", "on")
    await expect(bar.locator("[data-stuck=line]")).to_have_text(re.compile(r"▲ 라인: 위험한 분께 보낼 안내 1건이 \d+분 \d+초째 나가지 않았습니다\. .*"))
    await expect(row).to_contain_text("▲ 위험 안내가 나가지 않음")
    await expect(row).to_contain_text("1 (위험 1)")
    await expect(page.locator("tr[data-channel=wechat]")).to_contain_text("정상")
    await picture(page, "board-channel-stuck")
    await row.scroll_into_view_if_needed()
    await picture(page, "board-channels")
    for width, name in ((768, "board-channel-768"), (360, "board-channel-360")):
        await page.set_viewport_size({"width": width, "height": 900})
        await bar.scroll_into_view_if_needed()
        await picture(page, name)
        assert await page.evaluate(STICKS_OUT) == [], f"at {width} px"
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE outbox SET state = 'sent', sent_at = now()")
    await expect(bar).to_have_attribute("data-alarm", "off")
    await expect(row).to_contain_text("정상")
    assert supervisor.complaints == []


async def test_it_says_since_when_it_is_not_live(board, db, monkeypatch):
    page = (await board()).page
    corner = page.locator(".corner")
    await expect(corner).to_have_text("실시간")

    async def gone(self):
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(actions.BoardActions, "live", gone)
    await expect(corner).to_have_text("따라잡는 중")
    await expect(corner).to_contain_text("부터 갱신되지 않음")
    assert await number(page, "waiting") == "0"  # what stood there stays
    monkeypatch.undo()
    await expect(corner).to_have_text("실시간")


async def test_a_lost_connection_is_seen_by_the_page_itself(board):
    supervisor = await board()
    await supervisor.context.set_offline(True)
    await expect(supervisor.page.locator(".corner")).to_contain_text("부터 갱신되지 않음")


async def test_what_if_by_keyboard(board):
    page = (await board()).page
    level, needed = page.locator("[data-result=service_level]"), page.locator("[data-result=needed]")
    ordinary = await level.inner_text()
    await page.locator("[data-preset='40']").click()
    await expect(level).not_to_have_text(ordinary)
    await expect(needed).to_contain_text("명 더")
    await page.locator("[data-preset='1']").click()
    await expect(level).to_have_text(ordinary)
    await page.locator("[data-slider=agents] [tabindex='0'], [data-slider=agents][tabindex='0']").first.focus()
    for left in (5, 4, 3, 2):
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator(".slider", has_text="상담관").locator(".now")).to_have_text(f"{left}명")
    await expect(level).not_to_have_text(ordinary)


async def test_other_days_and_days_that_are_none(board):
    page = (await board()).page
    yesterday = (now() - timedelta(days=3)).date().isoformat()
    first, last = page.locator("[data-day='0']"), page.locator("[data-day='1']")
    await first.fill(yesterday)
    await last.fill((now() - timedelta(days=2)).date().isoformat())
    await page.locator("[data-action=show]").click()
    await expect(page.locator("section[aria-label=추이] h2")).to_contain_text("–")
    await last.fill("2020-01-01")
    await page.locator("[data-action=show]").click()
    await expect(page.locator(".problem")).to_contain_text("날짜를 다시")


@pytest.mark.parametrize("role", ["agent", "editor", "officer"])
async def test_who_may_not(seat, staff_server, role):
    made = await seat(f"{role}1", "김아무", role, opened=False)
    answer = await made.page.goto(f"{staff_server.url}/board")
    assert answer.status == 403
    await expect(made.page.locator("h1")).to_have_text("상황판을 열 수 없습니다")
    assert (await made.context.request.get(f"{staff_server.url}/board/figures.csv")).status == 403


async def test_nobody_signed_in(desk_browser, staff_server):
    page = await desk_browser.new_page()
    await page.goto(f"{staff_server.url}/board")
    assert "/staff/sign-in?next=/board" in page.url
    assert (await page.context.request.get(f"{staff_server.url}/board/figures.csv")).status == 401
    await page.close()


async def test_a_supervisor_who_is_dismissed_sees_nothing_more(board, db):
    supervisor = await board()
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s", supervisor.staff.id)
    await supervisor.page.wait_for_url("**/staff/sign-in**")
