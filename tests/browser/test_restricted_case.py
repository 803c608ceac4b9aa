"""A restricted case on real desks: refused, opened by break-glass with its line in the access log, told to a supervisor at once, and reviewed."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from accounts.schemas import Staff
from core import audit
from core import db as database
from handoff import service as handoff
from handoff.records import holds, restricted

pytestmark = pytest.mark.browser

WORDS = "문이 밖에서 잠겨 있어요 <b>굵게</b>"
WHY = "동료의 가족이 관련된 상담"
REASON = "담당자가 쓰러져 대신 확인합니다"


async def lines(db, *actions):
    async with db.read() as connection:
        found = await database.rows(connection, "SELECT * FROM access_log WHERE action = ANY(%s) ORDER BY id", list(actions))
        assert (await audit.verify_chain(connection)).intact
    return found


async def test_refused_then_opened_by_break_glass_with_its_audit_line(seat, staff_server, make_case, db, cipher, picture):
    chief = await seat("boss", "박감독", "supervisor")
    named = await seat("haneul", "김하늘", opened=False)
    other = await seat("bada", "이바다")
    case = await make_case("urgent", "domestic_violence", summary=WORDS)
    async with db.transaction() as tx:
        await restricted.restrict(tx, cipher, case.id, chief.staff, [named.staff.id], WHY)

    # The queue keeps the row: number, severity and country, and nothing else of it.
    row = other.page.locator(f"[data-case-id='{case.id}']").first
    await expect(row).to_contain_text("긴급")
    await expect(row).to_contain_text("캄보디아")
    await expect(row).to_contain_text("열람 제한")
    await expect(row).not_to_contain_text("가정폭력")
    await picture(other.page, "restricted-queue")

    # Looking is refused, and the refusal asks why.
    await other.page.goto(f"{staff_server.url}/desk?case={case.id}")
    dialog = other.page.locator("[data-dialog=glass]")
    await expect(dialog).to_contain_text("지정된 사람만")
    await expect(other.page.locator("body")).not_to_contain_text("잠겨 있어요")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".problem")).to_contain_text("다섯 글자")
    (refused,) = await lines(db, "case.restricted_refused")
    assert (refused["account"], refused["case_id"], refused["address"]) == ("bada", case.id, "127.0.0.1")
    assert await lines(db, "case.view") == []

    # A reason opens it, for some minutes, and everybody who must know knows.
    await dialog.locator("[data-field=reason]").fill(REASON)
    await picture(other.page, "restricted-glass")
    await dialog.locator("[data-confirm]").click()
    await expect(other.page.locator(".handoff-card")).to_contain_text("잠겨 있어요")
    await expect(other.page.locator(".case-strip")).to_contain_text("까닭을 적고 연 제한 상담")
    await expect(chief.page.locator(".q-notification")).to_contain_text(f"#{case.id} 열람 제한 상담")
    (opened,) = await lines(db, "case.break_glass")
    assert (opened["account"], opened["case_id"], opened["subject"]) == ("bada", case.id, cipher.pseudonym(case.conversation_id))
    assert [row["detail"] for row in await lines(db, "case.view")] == [{"restricted": True}]
    await picture(other.page, "restricted-opened")

    # When the minutes are over it goes from the screen.
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE glass_openings SET opened_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'")
        await handoff.mark_cannot_speak(tx, case.id, await _owner(tx, case, named.staff), True)
    await expect(other.page.locator(".handoff-card")).to_be_hidden()

    # The supervisor reads the reason, and says so.
    page = chief.page
    await page.goto(f"{staff_server.url}/desk/access")
    tab = page.locator("[data-access-tab=openings]")
    await expect(tab).to_contain_text("비상 열람 1")
    await tab.click()
    await expect(page.locator("[data-panel=openings]")).to_contain_text(REASON)
    await picture(page, "access-openings")
    await page.locator("[data-action=glass-seen]").click()
    await expect(page.locator("[data-panel=openings]")).to_contain_text("박감독 님이 확인함")

    # The month: the account stands on top, is looked through, and marked by this supervisor.
    await page.locator("[data-access-tab=months]").click()
    first = page.locator("[data-table=months] tbody tr").first
    await expect(first).to_have_attribute("data-account", "bada")
    await expect(first).to_contain_text("제한 상담 1")
    await picture(page, "access-months")
    await first.locator("[data-action=account]").click()
    await expect(page.locator("[data-table=lines]")).to_contain_text("제한 상담 비상 열람")
    await expect(page.locator("[data-table=lines]")).not_to_contain_text("잠겨")
    await page.locator("[data-action=reviewed]").click()
    await expect(page.locator("[data-account=bada]")).to_contain_text("박감독")
    async with page.expect_download() as download:
        await page.locator("[data-action=csv]").click()
    text = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert "제한 상담 비상 열람" in text
    assert REASON not in text
    await page.locator("[data-access-tab=kept]").click()
    await expect(page.locator("[data-table=kept]")).to_contain_text("대화 내용")
    await picture(page, "access-kept")
    for done in ("access.list", "access.detail", "access.openings", "access.glass_seen", "access.reviewed", "access.export"):
        assert await lines(db, done), done
    assert not [one for one in chief.complaints + other.complaints if "favicon" not in one]


@pytest.fixture
def make_chief(db):
    """A supervisor without a page."""

    async def make():
        async with db.transaction() as tx:
            row = await database.one(
                tx, "INSERT INTO staff (login, display_name, password_hash, roles) VALUES ('chief', '최책임', 'x', '{supervisor}') RETURNING id"
            )
        return Staff(row["id"], "chief", "최책임", frozenset({"supervisor"}))

    return make


async def _owner(tx, case, staff):
    """The named agent takes it, as they may."""
    await handoff.claim(tx, case.id, staff)
    return staff


async def test_a_life_threat_is_claimed_from_the_queue_without_a_reason(seat, make_case, db, cipher, make_chief):
    other = await seat("bada", "이바다")
    case = await make_case("life_threat", "confinement", summary=WORDS)
    async with db.transaction() as tx:
        await restricted.restrict(tx, cipher, case.id, await make_chief(), [], WHY)
    row = other.page.locator(f"[data-case-id='{case.id}']").first
    await expect(row).to_contain_text("열람 제한")
    await expect(row).to_contain_text("생명 위험")
    await other.page.keyboard.press("n")
    await expect(other.page.locator(".handoff-card")).to_contain_text("잠겨 있어요")


async def test_a_supervisor_restricts_and_holds_from_the_menu_and_an_agent_cannot(seat, staff_server, make_case, db, cipher, picture):
    chief = await seat("boss", "박감독", "supervisor", opened=False)
    agent = await seat("bada", "이바다", opened=False)
    case = await make_case("urgent", "robbery_theft", summary=WORDS)
    page = chief.page
    await page.goto(f"{staff_server.url}/desk?case={case.id}")
    await expect(page.locator(".handoff-card")).to_contain_text("잠겨 있어요")
    await page.locator("[data-action=menu]").click()
    await page.locator("[data-dialog=moves] [data-move=hold]").click()
    dialog = page.locator("[data-dialog=hold]")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".problem")).to_contain_text("이유를 적어")
    await dialog.locator("[data-field=reason]").fill("소송이 예정되어 있습니다")
    await dialog.locator("[data-confirm]").click()
    await expect(page.locator(".case-strip")).to_contain_text("보존 지정")
    async with db.read() as connection:
        assert await holds.held(connection, [case.conversation_id])

    await expect(dialog).to_have_count(0)  # no press before the dialog has gone
    await page.locator("[data-action=menu]").click()
    await page.locator("[data-dialog=moves] [data-move=restrict]").click()
    dialog = page.locator("[data-dialog=restrict]")
    await dialog.locator("[data-field=reason]").fill(WHY)
    await picture(page, "restrict-dialog")
    await dialog.locator("[data-confirm]").click()
    await expect(page.locator(".case-strip")).to_contain_text("열람 제한")
    await picture(page, "restricted-strip")

    await agent.page.goto(f"{staff_server.url}/desk/access")
    await expect(agent.page.locator(".refused")).to_contain_text("권한이 없습니다")
    answer = await agent.context.request.get(f"{staff_server.url}/desk/access/log.csv")
    assert answer.status == 403
    odd = await chief.context.request.get(f"{staff_server.url}/desk/access/log.csv?month=%3Cb%3E")
    assert odd.status == 422
