"""Somebody rings: the agent opens the case by key, reads six digits out, and the caller's place appears on the agent's map."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from core import db as database

pytestmark = pytest.mark.browser


async def choose(page: Page, field: str, option: str) -> None:
    await page.locator(f"[data-field={field}]").first.click()
    await page.locator(".q-menu .q-item", has_text=option).first.click()


async def fill_form(page: Page, what: str) -> None:
    await page.locator("[data-field=what]").fill(what)
    await choose(page, "severity", "긴급")
    await choose(page, "category", "강도·절도")
    await page.locator("[data-field=number]").fill("+82 10 1234 5678")
    await page.locator("[data-field=name]").fill("<b>김길동</b>")


async def test_a_caller_types_the_code_and_stands_on_the_map(seat, db, staff_server, desk_browser, picture):
    desk = await seat()
    page = desk.page
    await page.keyboard.press("c")
    dialog = page.locator("[data-dialog=phone]")
    await expect(dialog).to_be_visible()
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".problem")).to_have_text("무슨 일인지 적으세요.")
    await fill_form(page, "방콕 시장에서 가방을 뺏겼다고 함")
    await picture(page, "phone-form")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog).to_be_hidden()

    head = page.locator(".case-head")
    await expect(head).to_contain_text("상담 중 · 내 상담")
    await expect(page.locator(".handoff-card")).to_contain_text("전화로 받음")
    await expect(page.locator(".phone")).to_contain_text("<b>김길동</b>")
    await expect(page.locator(".phone .tel")).to_have_attribute("href", "tel:+821012345678")
    await expect(page.locator(".composer .why")).to_contain_text("전화 상담입니다")
    await expect(page.locator(".phone")).to_contain_text("문자로 링크 보내기: 설정되지 않음")
    await expect(page.locator(".phone .calls")).to_contain_text("통화 중")

    await page.locator("[data-action=locate-code]").click()
    digits = await page.locator("[data-code]").inner_text()
    await expect(page.locator(".code-page")).to_have_text(f"127.0.0.1:{staff_server.port}/locate")

    phone = await desk_browser.new_context(
        viewport={"width": 360, "height": 640}, permissions=["geolocation"], geolocation={"latitude": 13.7563, "longitude": 100.5018, "accuracy": 25}
    )
    citizen = await phone.new_page()
    await citizen.goto(f"{staff_server.url}/locate")
    await citizen.locator("#code").fill("12345")
    await citizen.keyboard.press("Enter")
    await expect(citizen.locator("#status")).to_contain_text("여섯 자리")
    await citizen.locator("#code").fill("000000" if digits != "000 000" else "000001")
    await citizen.keyboard.press("Enter")
    await expect(citizen.locator("#status")).to_contain_text("맞지 않거나 기한이")
    await picture(citizen, "code-page")
    await citizen.locator("#code").fill(digits)
    await citizen.keyboard.press("Enter")
    await citizen.wait_for_url("**/locate/*")
    await expect(page.locator(".phone")).to_contain_text("번호를 넣었습니다")
    await expect(page.locator("[data-code]")).to_have_count(0)
    assert await rows(db, "SELECT 1 FROM geo_fixes") == [], "nothing before the tap"
    await citizen.locator("#share").click()
    await expect(citizen.locator("#accuracy")).to_contain_text("보냈습니다")

    await expect(page.locator(".situation")).to_contain_text("기기 위치 ±25 m")
    await expect(page.locator(".leaflet-container path.person")).to_be_visible()
    await expect(head).to_contain_text("태국")
    await page.locator("[data-action=end-call]").click()
    await expect(page.locator(".phone .calls")).not_to_contain_text("통화 중")
    await expect(page.locator("[data-action=end-call]")).to_have_count(0)
    await picture(page, "phone-case")
    assert desk.complaints == []


async def rows(db, statement):
    async with db.read() as connection:
        return await database.rows(connection, statement)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_landline_callers_words_become_a_circle_on_the_map(seat, dark, picture):
    desk = await seat(dark=dark)
    page = desk.page
    await page.locator("[data-action=phone]").click()
    await fill_form(page, "집 전화로 거심. 파타야에서 다침")
    await page.locator("[data-dialog=phone] [data-confirm]").click()
    await page.locator("[data-action=spoken-place]").click()
    await page.locator("[data-field=spoken]").fill("파타야 해변 호텔")
    await page.locator("[data-dialog=spoken-place] [data-confirm]").click()
    await expect(page.locator(".typed")).to_contain_text("파타야 해변 호텔")
    await page.locator("[data-town]").first.click()
    await expect(page.locator(".leaflet-container path.accuracy")).to_have_count(1)
    await page.locator("[data-action=locate-code]").click()
    await expect(page.locator("[data-code]")).to_be_visible()
    await picture(page, f"phone-landline-{'dark' if dark else 'light'}")
    assert desk.complaints == []
