"""The editors' whole story in a browser, with everything real: a ministry's file becomes a draft, is tried, published and quoted to a citizen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.documents.content import Content, Line
from bench.documents.hwpx import hwpx
from tests.browser.conftest import join
from tests.program import Program

pytestmark = pytest.mark.browser

QUESTION = "고슴도치 데리고 탈린 가려면 뭐가 필요해요?"
#: Long enough for a machine that is busy with other things.
SLOW = 60_000


@pytest.fixture(scope="module")
def editor(program: Program, browser: Browser) -> Iterator[Page]:
    """An administrator, who may write, at the page."""
    page = browser.new_context(locale="ko-KR", viewport={"width": 1440, "height": 900}, accept_downloads=True).new_page()
    join(page, program.first_run_link(), "choi", "최편집")
    page.goto(f"{program.url}/kb")
    expect(page).to_have_url(re.compile("/kb$"))
    page.wait_for_selector("body[data-kb=ready]", timeout=SLOW)
    yield page
    page.context.close()


def ministry_file() -> bytes:
    """A notice as a ministry sends it."""
    return hwpx(
        Content(
            blocks=(
                Line("고슴도치 동반 에스토니아 입국 안내"),
                Line("게시일: 2026. 11. 2."),
                Line("고슴도치와 함께 에스토니아 탈린에 들어가려면 건강증명서와 예방접종 증명서가 필요합니다."),
                Line("건강증명서는 출발 열흘 안에 발급받은 것이어야 합니다."),
            )
        )
    )


def test_a_ministrys_file_becomes_a_draft_is_tried_published_and_quoted_to_a_citizen(program: Program, browser: Browser, editor: Page):
    page = editor
    page.locator("[data-tab=import]").click()
    page.locator(".importer input[type=file]").set_input_files(
        [
            {"name": "고슴도치 안내.hwpx", "mimeType": "application/octet-stream", "buffer": ministry_file()},
            {"name": "깨진 문서.hwpx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04 broken"},
        ]
    )
    taken = page.locator("[data-file='고슴도치 안내.hwpx']")
    expect(taken).to_have_attribute("data-state", "taken", timeout=SLOW)
    broken = page.locator("[data-file='깨진 문서.hwpx']")
    expect(broken).to_have_attribute("data-state", "refused", timeout=SLOW)
    expect(broken).to_contain_text("깨졌거나")

    # The draft, with the file it was made from.
    taken.locator("button.link").click()
    form = page.locator(".notice-form")
    expect(form.locator("[name=title]")).to_have_value("고슴도치 동반 에스토니아 입국 안내", timeout=SLOW)
    expect(form.locator("[name=body]")).to_have_value(re.compile("건강증명서와 예방접종 증명서"))
    expect(form.locator("[name=published_at]")).to_have_value("2026-11-02")
    expect(form.locator("[name=review_by]")).not_to_have_value("")
    expect(page.locator(".notice-head")).to_contain_text("초안")
    page.locator(".inner-tab[data-tab=files]").click()
    with page.expect_download() as download:
        page.locator("a.file-link").click()
    assert download.value.suggested_filename == "고슴도치 안내.hwpx"
    assert download.value.path().read_bytes() == ministry_file()
    page.locator(".inner-tab[data-tab=edit]").click()

    # A review day is needed; then the text is made better and saved.
    kept = form.locator("[name=review_by]").input_value()
    form.locator("[name=review_by]").fill("")
    page.locator("[data-action=save]").click()
    expect(form).to_contain_text("검토 기한을 정해 주세요")
    form.locator("[name=review_by]").fill(kept)
    body = form.locator("[name=body]").input_value()
    form.locator("[name=body]").fill(body.replace("출발 열흘 안에", "출발 7일 안에"))
    form.locator("[name=countries]").fill("에스토니아")
    form.locator("[name=countries]").press("Enter")
    expect(form.locator("[data-chip=EE]")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator(".notice-head")).to_contain_text("2판", timeout=SLOW)

    # What citizens of each channel will read, before it is published.
    page.locator("[data-preview-question]").select_option("own")
    page.locator("[data-preview-typed]").fill(QUESTION)
    screen = page.locator(".preview-screen")
    expect(screen.locator("[data-note=own]")).to_be_visible(timeout=SLOW)
    expect(screen.locator(".source-card")).to_contain_text("고슴도치 동반 에스토니아 입국 안내")
    page.locator("[data-channel=sms]").click()
    expect(screen.locator("[data-measure]")).to_contain_text("/90바이트")
    expect(screen.locator(".beyond")).to_be_visible()
    page.locator("[data-channel=webchat]").click()

    # A test question; publishing would change its answer, and says so.
    page.locator("[data-new-question]").fill(QUESTION)
    page.locator("[data-action=add-question]").click()
    question = page.locator("[data-question]")
    expect(question).to_contain_text(QUESTION, timeout=SLOW)
    expect(question.locator(".verdict-mark")).to_have_text(re.compile("좋아짐"), timeout=SLOW)
    bar = page.locator("[data-bar]")
    expect(bar).to_have_attribute("data-bar", "ready", timeout=SLOW)
    # Another question near its threshold may change as well, since rare words weigh less in a larger collection.
    expect(bar).to_contain_text(re.compile(r"이대로 게시하면 답이 바뀌는 질문 [1-9]개"))
    page.locator("[data-action=publish]").click()
    dialog = page.locator("[data-dialog=publish]")
    expect(dialog.locator("[data-count]:not([data-count='0'])")).to_be_visible(timeout=SLOW)
    expect(dialog.locator("[data-change]").filter(has_text=QUESTION)).to_have_count(1)
    assert published(program) == []
    dialog.locator("[data-confirm]").click()
    expect(page.locator(".notice-head .state.is-in_force")).to_be_visible(timeout=SLOW)
    assert published(program) == ["고슴도치 동반 에스토니아 입국 안내"]

    # Said by the bot to a citizen.
    citizen = browser.new_context(locale="ko-KR").new_page()
    citizen.goto(program.url)
    citizen.fill("#text", QUESTION)
    citizen.keyboard.press("Enter")
    answer = citizen.locator("article.bot.answer").first
    expect(answer).to_contain_text("건강증명서", timeout=SLOW)
    expect(answer.locator(".source")).to_contain_text("고슴도치 동반 에스토니아 입국 안내")
    citizen.context.close()

    # Who did what; what changed, word by word. The address has kept what is open.
    page.reload()
    expect(form.locator("[name=title]")).to_have_value("고슴도치 동반 에스토니아 입국 안내", timeout=SLOW)
    page.locator(".inner-tab[data-tab=versions]").click()
    expect(page.locator("[data-history]")).to_contain_text("게시")
    page.locator("[data-compare=old]").select_option("1")
    page.locator("[data-compare=new]").select_option("2")
    expect(page.locator("[data-diff] [data-field=body] del")).to_contain_text("열흘", timeout=SLOW)
    expect(page.locator("[data-diff] [data-field=body] ins")).to_contain_text("7일")


def published(program: Program) -> list[str]:
    """Titles of published notices on hedgehogs, asked of the database."""
    with program.connect() as connection:
        return [row["title"] for row in connection.execute("SELECT title FROM notices WHERE status = 'published' AND title LIKE '%고슴도치%'").fetchall()]
