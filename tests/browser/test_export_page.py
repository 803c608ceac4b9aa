"""A request for information on real pages: refused to an agent, made and blacked out by one supervisor, read and released by another, fetched as a file."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from handoff import service as handoff
from handoff.records import holds

pytestmark = pytest.mark.browser

SAID = "<b>굵게</b> 제 번호는 010-1234-5678, 친구는 안중근입니다 😀 끝"

#: The longest that the bar's corner says, on a browser that has not yet let the page sound; measured before the page writes its own words again.
WIDEST_BAR_FITS = """() => {
    document.querySelector('.corner').lastChild.textContent = ' 1234초째 끊김';
    if (!document.querySelector('.sound-off')) {
        const off = Object.assign(document.createElement('button'), { className: 'small sound-off', textContent: '소리 꺼짐 · 켜기' });
        document.querySelector('.signals').prepend(off);
    }
    return document.documentElement.scrollWidth <= innerWidth;
}"""


async def actions(db):
    async with db.read() as connection:
        return [row["action"] for row in await database.rows(connection, "SELECT action FROM access_log WHERE action LIKE 'export.%%' ORDER BY id")]


async def test_one_prepares_another_releases_and_an_agent_is_refused(seat, staff_server, make_case, db, cipher, picture):
    chief = await seat("boss", "박감독", "supervisor", opened=False)
    second = await seat("deputy", "최부장", "supervisor", opened=False)
    agent = await seat("bada", "이바다", opened=False)
    case = await make_case("none", "other", summary="지갑을 잃었어요")
    async with db.transaction() as tx:
        await conversation.accept(tx, cipher, Inbound("webchat", "one", case.conversation_id, InboundKind.TEXT, text=SAID))
        await handoff.claim(tx, case.id, agent.staff)
        await handoff.close(tx, cipher, case.id, agent.staff, "resolved")
        await holds.set_hold(tx, cipher, case.conversation_id, "boss", "소송 예정")

    # Whoever has not the right is told so, and it is written down.
    await agent.page.goto(f"{staff_server.url}/desk/exports")
    await expect(agent.page.locator(".refused")).to_contain_text("권한이 없습니다")
    assert (await agent.context.request.get(f"{staff_server.url}/desk/exports/1/file.json")).status == 403
    assert await actions(db) == ["export.refused", "export.refused"]

    # From the case: who asked, how that was made sure.
    page = chief.page
    await page.goto(f"{staff_server.url}/desk?case={case.id}")
    await expect(page.locator(".handoff-card")).to_contain_text("지갑을")
    for width in (1440, 1024, 360):  # one more link in the bar still fits
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate(WIDEST_BAR_FITS), width
        await picture(page, f"export-bar-{width}")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.locator("[data-action=menu]").click()
    await page.locator("[data-dialog=moves] [data-move=export]").click()
    dialog = page.locator("[data-dialog=export]")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".problem")).to_contain_text("다섯 글자")
    await dialog.locator("[data-field=identity]").fill("공관 방문, 여권과 얼굴 대조")
    await expect(dialog.locator("[data-care=held]")).to_contain_text("보존 지정된 상담")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".problem")).to_contain_text("주의를 읽고")
    await dialog.locator("[data-field=known]").click()
    await picture(page, "export-dialog")
    await dialog.locator("[data-confirm]").click()

    # The preview: a rule has found the number, which is the citizen's own; the friend's name is marked by hand, after an emoji too.
    line = page.locator("[data-section=transcript] .export-line").first
    await expect(line).to_contain_text(SAID)
    await expect(line.locator(".black")).to_have_text("010-1234-5678")
    await line.locator(".black").click()
    await expect(line.locator(".black")).to_have_count(0)
    await page.locator("[data-field=word]").fill("안중근")
    await page.locator("[data-action=mark-word]").click()
    await expect(line.locator(".black")).to_have_text("안중근")
    await line.locator("span[data-start]").last.evaluate(
        "one => getSelection().setBaseAndExtent(one.firstChild, one.firstChild.data.indexOf('끝'), one.firstChild, one.firstChild.data.length)"
    )
    await page.locator("[data-action=mark]").click()
    await expect(line.locator(".black").last).to_have_text("끝")
    await picture(page, "export-preview")
    await page.locator("[data-action=submit]").click()
    await expect(page.locator("[data-panel=exports]")).to_contain_text("만든 사람은 내줄 수 없습니다")
    await expect(page.locator("[data-action=release]")).to_have_count(0)

    # Another reads it and lets it go; then it is a file, in which what was black is nowhere.
    page = second.page
    await page.goto(f"{staff_server.url}/desk/exports")
    await page.locator("[data-export] [data-action=open]").click()
    await expect(page.locator(".export-line .black").first).to_have_text("안중근")
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await picture(page, "export-narrow")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.locator("[data-action=release]").click()
    await expect(page.locator(".q-notification")).to_contain_text("주의를 읽고")
    await page.locator("[data-field=known]").click()
    await page.locator("[data-action=release]").click()
    await expect(page.locator("[data-action=file-html]")).to_be_visible()
    await picture(page, "export-released")
    await expect(page.locator("[data-section=transcript]")).not_to_contain_text("안중근")
    async with page.expect_download() as download:
        await page.locator("[data-action=file-html]").click()
    text = (await (await download.value).path()).read_text("utf-8")
    assert "&lt;b&gt;굵게&lt;/b&gt; 제 번호는 010-1234-5678, 친구는 [가림: 다른 사람의 정보]입니다 😀 [가림: 다른 사람의 정보]" in text
    answer = await second.context.request.get(f"{staff_server.url}/desk/exports/1/file.json")
    assert json.loads(await answer.text())["case_id"] == case.id
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await actions(db))[-4:] == ["export.view", "export.release", "export.file", "export.file"]
    stranger = await chief.context.browser.new_context()
    assert (await stranger.request.get(f"{staff_server.url}/desk/exports/1/file.json")).status == 401
    assert not [one for one in chief.complaints + second.complaints if "favicon" not in one]
