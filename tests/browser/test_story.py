"""The whole story in a browser, with everything real: question → answer with its source; danger → desk → map → reply → close."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.settings import ROOT
from tests.browser.conftest import join
from tests.program import Program

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def agent(program: Program, browser: Browser) -> Iterator[Page]:
    """An agent who made the first account through the one-time link and sits at the desk."""
    context = browser.new_context(locale="ko-KR", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    join(page, program.first_run_link(), "haneul", "김하늘")
    page.goto(f"{program.url}/desk")
    expect(page).to_have_url(re.compile("/desk"))
    yield page
    context.close()


def test_question_is_answered_from_a_notice(program: Program, browser: Browser):
    page = browser.new_context(locale="ko-KR").new_page()
    page.goto(program.url)
    page.fill("#text", "긴급여권은 어떤 경우에 발급받을 수 있나요?")
    page.keyboard.press("Enter")
    answer = page.locator("article.bot.answer").first
    expect(answer).to_be_visible()
    source = answer.locator(".source")
    expect(source).to_contain_text("시험용")
    expect(source).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d 시행"))
    assert re.match(r"https://", source.get_attribute("href") or "")
    expect(page.locator("article.citizen")).to_have_count(1)


def test_danger_reaches_a_person_who_replies_and_closes(program: Program, browser: Browser, agent: Page):
    place = {"latitude": 11.5564, "longitude": 104.9282, "accuracy": 18}
    context = browser.new_context(locale="ko-KR", geolocation=place, permissions=["geolocation"], viewport={"width": 360, "height": 740})
    citizen = context.new_page()
    citizen.goto(program.url)
    citizen.fill("#text", "문이 밖에서 잠겨 있고 여권을 다 뺏겼어요 여기 프놈펜이에요 제발 도와주세요")
    citizen.keyboard.press("Enter")

    card = citizen.locator("article.bot.crisis")
    expect(card).to_be_visible()
    expect(card).to_contain_text("현장 출동이 아닙니다")
    expect(card.locator("a.tel")).to_have_count(0)  # no number to dial in front of a captor

    row = agent.locator("[data-case-id]").first
    expect(row).to_be_visible()

    citizen.click("#place")
    citizen.click("#gps")
    expect(citizen.locator("article.citizen", has_text="위치를 보냈습니다")).to_be_visible()

    row.click()
    agent.keyboard.press("Enter")
    expect(agent.locator("body")).to_contain_text("프놈펜")
    expect(agent.locator(".leaflet-container")).to_be_visible()
    expect(agent.locator("body")).to_contain_text("주캄보디아")
    expect(citizen.locator("#status")).to_contain_text("상담관이 연결되었습니다")

    composer = agent.locator("textarea[data-composer], [data-composer] textarea").first
    composer.fill("상담관 김하늘입니다. 지금 글을 봐도 안전한가요?")
    composer.press("Enter")
    expect(citizen.locator("article.person")).to_contain_text("김하늘입니다")

    # A person owns it now: the bot stays silent, whatever is asked.
    bots = citizen.locator("article.bot").count()
    citizen.fill("#text", "여권 수수료는 얼마예요?")
    citizen.keyboard.press("Enter")
    expect(agent.locator("body")).to_contain_text("여권 수수료는 얼마예요?")
    citizen.wait_for_timeout(1500)
    assert citizen.locator("article.bot").count() == bots

    close(agent)
    expect(agent.locator("[data-case-id]")).to_contain_text("종료 확인을 기다리는 중")
    confirm_as_somebody_else(program, browser)
    expect(citizen.locator("#status")).to_contain_text("상담봇이 이어받았습니다")
    expect(agent.locator("[data-case-id]")).to_have_count(0)
    context.close()


def close(agent: Page) -> None:
    """End the emergency: never one key; an outcome and how the contact was verified."""
    agent.locator("[data-action=close]").click()
    dialog = agent.locator("[data-dialog=close]")
    expect(dialog).to_be_visible()
    dialog.locator("[data-outcome]").first.click()
    agent.locator("[role=option]", has_text="현지 구조기관에 인계").click()
    dialog.locator("[data-verified-contact] input, input[data-verified-contact]").fill("본인과 채팅으로 안전 확인")
    dialog.locator("[data-confirm]").click()


def confirm_as_somebody_else(program: Program, browser: Browser) -> None:
    """A second person reads the case and agrees that it is over."""
    command = [str(ROOT / ".venv" / "bin" / "gildongmu"), "staff", "invite", "--role", "agent", "--data-dir", str(program.data)]
    link = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()[-1])["link"]
    context = browser.new_context(locale="ko-KR", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    join(page, program.url + link[link.index("/staff/") :], "minsu", "박민수")
    page.goto(f"{program.url}/desk")
    row = page.locator("[data-case-id]", has_text="종료 확인 필요")
    row.locator(".main").click()
    page.locator("[data-action=close]").click()
    page.locator("[data-dialog='confirm-close'] [data-confirm]").click()
    expect(page.locator("[data-case-id]")).to_have_count(0)
    context.close()


def test_pages_ask_nobody_outside(program: Program, browser: Browser):
    page = browser.new_context().new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(program.url)
    page.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith(program.url)] == []
    assert complaints == []


def test_hangul_composition_sends_once(program: Program, browser: Browser):
    page = browser.new_context(locale="ko-KR").new_page()
    page.goto(program.url)
    keys = page.context.new_cdp_session(page)
    page.focus("#text")
    for syllable in ("ㅇ", "여", "여권"):
        keys.send("Input.imeSetComposition", {"text": syllable, "selectionStart": len(syllable), "selectionEnd": len(syllable)})
    # Enter while the last syllable is still being composed, as a Korean keyboard sends it.
    enter = "new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, isComposing: true, bubbles: true})"
    page.evaluate(f"document.getElementById('text').dispatchEvent({enter})")
    assert page.locator("article.citizen").count() == 0
    keys.send("Input.insertText", {"text": "여권"})
    expect(page.locator("article.citizen")).to_have_count(1)
    expect(page.locator("article.citizen")).to_contain_text("여권")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert page.locator("article.citizen").count() == 1


def test_what_is_written_offline_is_kept_and_sent_once(program: Program, browser: Browser):
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    page.goto(program.url)
    page.fill("#text", "안녕하세요")
    page.keyboard.press("Enter")
    expect(page.locator("article.bot")).to_have_count(2)
    context.set_offline(True)
    page.fill("#text", "긴급여권은 어떤 경우에 발급받을 수 있나요?")
    page.keyboard.press("Enter")
    expect(page.locator("#hotline")).to_be_visible()
    expect(page.locator("#hotline")).to_contain_text("+82-2-3210-0404")
    expect(page.locator("article.citizen").last).to_contain_text("이 기기에 보관")
    context.set_offline(False)
    expect(page.locator("article.bot.answer")).to_be_visible(timeout=30_000)
    page.reload()
    expect(page.locator("article.citizen")).to_have_count(2)
    expect(page.locator("article.bot.answer")).to_have_count(1)


def test_hostile_words_stay_words_and_leaving_wipes_the_device(program: Program, browser: Browser):
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    page.goto(program.url)
    hostile = "<img src=x onerror=\"document.title='x'\"> **굵게** javascript:alert(1) {{7*7}}"
    page.fill("#text", hostile)
    page.keyboard.press("Enter")
    expect(page.locator("article.citizen")).to_contain_text(hostile)
    assert page.locator("main img").count() == 0
    assert page.title() == "영사 상담"
    page.click("#leave")
    page.wait_for_url("**/blank.html")
    assert page.evaluate("localStorage.length") == 0
    page.go_back()
    page.wait_for_timeout(500)
    assert page.locator("article.citizen").count() == 0
