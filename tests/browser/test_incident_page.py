"""An incident with thirty people in a browser: suggested, confirmed, written down, one statement said once to each."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.async_api import expect

from core import audit
from core import db as database
from handoff.incidents import service, statements

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="hacked=1">'


@pytest.fixture
def incidents(seat, staff_server):
    """``await incidents("boss", "supervisor")``: somebody with the list of incidents open."""

    async def make(login, name, *roles):
        made = await seat(login, name, *roles, opened=False)
        await made.page.goto(f"{staff_server.url}/desk/incidents")
        return made

    return make


async def count(page, state):
    return await page.locator(f"[data-count={state}] b").inner_text()


async def test_thirty_people(incidents, staff_server, make_case, db, cipher, tmp_path):
    cases = [await make_case("urgent", "natural_disaster", country="JP") for _ in range(29)]
    hidden = await make_case("life_threat", "confinement")
    author = await incidents("haneul", "김하늘", "supervisor")
    page = author.page
    await page.locator("[data-action=confirm]").click()
    await page.locator("[data-field=title]").fill(f"도쿄 지진 {HOSTILE}")
    await page.locator("[data-dialog=incident] [data-confirm]").click()
    await page.wait_for_url("**/desk/incident/*")
    await expect(page.locator("[data-person]")).to_have_count(29)
    await page.locator("[data-field=case]").fill(str(hidden.id))
    await page.locator("[data-action=add-case]").click()
    await expect(page.locator("[data-person]")).to_have_count(30)
    assert await count(page, "needs_help") == "30"
    await expect(page.locator("h1")).to_contain_text(HOSTILE)

    # Somebody says that one is safe: the list changes, the case does not.
    first = page.locator("[data-person]").first
    number = await first.get_attribute("data-person")
    await first.locator("[data-action=edit]").click()
    await page.locator("[data-dialog=person-state] [data-field=name]").fill("김철수")
    await page.get_by_role("radio", name="안전").click()
    await page.locator("[data-field=said-by]").click()
    await page.get_by_role("option", name="가족").click()
    await page.locator("[data-dialog=person-state] [data-confirm]").click()
    await expect(page.locator(f"[data-person='{number}']")).to_have_attribute("data-state", "safe")
    assert (await count(page, "needs_help"), await count(page, "safe")) == ("29", "1")
    async with db.read() as connection:
        assert (await database.one(connection, "SELECT count(*) AS n FROM cases WHERE status = 'queued'"))["n"] == 30

    # One statement: written by one, sent by another, said once where nobody can read along.
    await page.locator("[data-action=statement]").click()
    await page.locator("[data-field=text]").fill("여진이 있습니다.\n넓은 곳으로 가세요.")
    await page.locator("[data-dialog=statement] [data-confirm]").click()
    await expect(page.locator("[data-statement]")).to_contain_text("다른 책임자의 확인을 기다립니다.")
    assert await page.locator("[data-action=approve]").count() == 0
    chief = await incidents("boss", "박감독", "supervisor")
    await chief.page.goto(page.url)
    await chief.page.locator("[data-action=approve]").click()
    await chief.page.locator("[data-dialog=approve] [data-confirm]").click()
    await expect(chief.page.locator("[data-statement] .progress")).to_contain_text("보내는 중 30")
    assert await statements.deliver(db, cipher) == 30
    await expect(page.locator("[data-statement] .progress")).to_contain_text("보냄 29 · 보내는 중 0 · 보류 1")
    await expect(page.locator(f"[data-held='{hidden.id}']")).to_contain_text("옆에서 볼 수 있는 사람이 있음")
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT conversation_id FROM messages WHERE kind = %s", statements.KIND)
    assert sorted(row["conversation_id"] for row in told) == sorted(case.conversation_id for case in cases)

    async with page.expect_download() as waiting:
        await page.locator("[data-action=csv]").click()
    text = (await (await waiting.value).path()).read_text("utf-8-sig")
    assert sum(row[3:4] == ["안전"] for row in csv.reader(io.StringIO(text))) == 1
    assert await page.evaluate("window.hacked") is None
    assert author.complaints == []
    assert all(url.startswith(("http://127.0.0.1", "data:")) for url in author.asked)
    async with db.read() as connection:
        assert await database.one(connection, "SELECT 1 FROM access_log WHERE action = 'incident.export' AND account = 'haneul'")
        assert (await audit.verify_chain(connection)).intact


async def test_who_may_not_and_what_is_not_there(seat, incidents, staff_server):
    officer = await seat("yeongsa", "이영사", "officer", opened=False)
    assert (await officer.page.goto(f"{staff_server.url}/desk/incidents")).status == 403
    agent = await incidents("haneul", "김하늘", "agent")
    for number in ("999", "x", "9" * 30):
        answer = await agent.page.goto(f"{staff_server.url}/desk/incident/{number}")
        assert answer.status == 404
        await expect(agent.page.locator("h1")).to_have_text("사고를 열 수 없습니다")
        assert (await agent.context.request.get(f"{staff_server.url}/desk/incident/{number}/people.csv")).status == 404


async def test_a_statement_that_cannot_be_kept_stays_in_its_dialog(incidents, staff_server, db, cipher):
    author = await incidents("haneul", "김하늘", "supervisor")
    page = author.page
    async with db.transaction() as tx:
        incident_id = await service.open_incident(tx, cipher, author.staff, "도쿄 지진", "natural_disaster", "JP")
    await page.goto(f"{staff_server.url}/desk/incident/{incident_id}")
    await page.locator("[data-action=statement]").click()
    sheet = page.locator("[data-dialog=statement]")
    await sheet.locator("[data-field=text]").fill("여진이 있습니다.")
    async with db.transaction() as tx:  # a colleague was faster
        await service.close(tx, author.staff, incident_id)
    await sheet.locator("[data-confirm]").click()
    await expect(sheet.get_by_role("alert")).not_to_be_empty()
    await expect(sheet.locator("[data-field=text]")).to_have_value("여진이 있습니다.")
    assert author.complaints == []
