"""Learning from use in a browser: a case is marked, the mark is reviewed, a blind sample is judged by two."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.clock import now
from handoff.reviews import sampling

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hacked=1">{{constructor.constructor("window.hacked=1")()}}'


@pytest.fixture
def write(db, cipher):
    """``await write(conversation_id, "…", action="none", score=0.07, days_ago=0)``: a triaged line of the citizen; its id."""
    number = iter(range(10_000))

    async def make(conversation_id, text, *, action="none", score=0.07, at=None):
        async with db.transaction() as tx:
            done = await conversation.accept(tx, cipher, Inbound("webchat", f"review-{next(number)}", conversation_id, InboundKind.TEXT, text=text))
            await database.run(
                tx,
                """UPDATE inbox SET urgency = 'none', triage_state = 'done', action = %s, score = %s, received_at = COALESCE(%s, received_at)
                   WHERE message_id = %s""",
                action,
                score,
                at,
                done.message_id,
            )
        return done.message_id

    return make


@pytest.fixture
def sampled(db, write):
    """``await sampled("…", "…")``: a drawn message of last week (the last of these lines); draw after the seats are taken."""
    week = sampling.last_week(now())

    async def make(*lines):
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
        for line in lines[:-1]:
            await write(conversation_id, line, at=sampling.bounds(week)[0] - timedelta(days=1))
        await write(conversation_id, lines[-1], score=0.0713, at=sampling.bounds(week)[0] + timedelta(days=3))

    async def draw():
        async with db.transaction() as tx:
            return await sampling.draw(tx, week)

    make.draw = draw
    return make


async def rows(db, statement, *args):
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


@pytest.fixture
def reviewer(seat, staff_server):
    """``await reviewer("editor1", "최편집", "editor")``: signed in, the review page open and filled."""

    async def make(*args, **values):
        desk = await seat(*args, opened=False, **values)
        await desk.page.goto(f"{staff_server.url}/desk/reviews")
        await desk.page.wait_for_selector("body[data-reviews=ready]")
        await expect(desk.page.locator(".worklist section").first).to_be_visible()
        return desk

    return make


async def test_a_case_is_marked_reviewed_and_listed(seat, make_case, write, reviewer, db):
    agent = await seat()
    case = await make_case("urgent", "robbery_theft", summary="지갑을 뺏겼어요")
    await write(case.conversation_id, "지갑을 뺏겼어요 " + HOSTILE, action="escalate", score=0.8)
    second = await write(case.conversation_id, "사실은 문이 밖에서 잠겨 있어요")
    page = agent.page
    await page.locator("[data-case-id] .main").click()
    await page.locator("[data-action=take]").click()
    await expect(page.locator(".case-head")).to_contain_text("내 상담")

    # The case, by keyboard.
    await page.keyboard.press("v")
    dialog = page.locator("[data-dialog=mark]")
    await expect(dialog.locator(".quoted")).to_have_text("지갑을 뺏겼어요 " + HOSTILE)
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".verdict-problem")).to_contain_text("‘예’나 ‘아니요’")
    await dialog.locator("[data-answer=no]").click()
    await expect(dialog.locator("[data-urgency=life_threat]")).to_be_hidden()
    await expect(dialog.locator("[data-urgency=none]")).to_have_attribute("aria-pressed", "true")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog).to_have_count(0)

    # A line that triage let pass.
    await page.locator(".line .judge:not(.abusive)").nth(1).click()
    await expect(dialog.locator(".quoted")).to_have_text("사실은 문이 밖에서 잠겨 있어요")
    await dialog.locator("[data-answer=yes]").click()
    await dialog.locator("[data-confirm]").click()
    await expect(dialog.locator(".verdict-problem")).to_contain_text("얼마나 급했는지")
    await dialog.locator("[data-urgency=life_threat]").click()
    await dialog.locator("[data-category]").click()
    await page.locator("[role=option]", has_text="감금·납치").click()
    await dialog.locator("input[data-note]").fill("통화로 확인함")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog).to_have_count(0)
    assert await page.evaluate("window.hacked") is None
    assert agent.complaints == []

    # What one has said is there when one asks again.
    await page.locator(".line .judge:not(.abusive)").nth(1).click()
    await expect(dialog.locator("[data-urgency=life_threat]")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")

    editor = await reviewer("editor1", "최편집", "editor")
    page = editor.page
    await expect(page.locator("[data-figure=pending] .tile-value")).to_have_text("2")
    await expect(page.locator("[data-figure=written] .tile-value")).to_contain_text("%")
    entries = page.locator("[data-section=review] [data-entry]")
    await expect(entries).to_have_count(2)
    await expect(entries.nth(1)).to_contain_text("응급 · 생명 위험 · 감금·납치")
    await expect(page.locator(".worklist")).not_to_contain_text("잠겨")
    assert [row["action"] for row in await rows(db, "SELECT action FROM access_log WHERE account = 'editor1' AND action LIKE 'review%%'")] == []

    await page.keyboard.press("j")
    await expect(entries.nth(0)).to_be_focused()
    await page.keyboard.press("Enter")
    detail = page.locator(".review-detail")
    await expect(detail.locator("[data-message]")).to_have_text("지갑을 뺏겼어요 " + HOSTILE)
    await page.keyboard.press("x")
    # The next one opens by itself; it is corrected before it is taken over.
    await expect(detail.locator("[data-message]")).to_have_text("사실은 문이 밖에서 잠겨 있어요")
    await expect(detail.locator(".earlier")).to_have_text("지갑을 뺏겼어요 " + HOSTILE)
    await expect(detail).to_contain_text("통화로 확인함")
    await expect(detail).to_contain_text("부르지 않았음 · 점수 0.07")
    await page.keyboard.press("2")
    await expect(detail.locator("[data-urgency=urgent]")).to_have_attribute("aria-pressed", "true")
    await expect(detail.locator("[data-action=accept]")).to_contain_text("고쳐서 받아들이기")
    await page.keyboard.press("a")
    await expect(page.locator("[data-section=review]")).to_contain_text("기다리는 제안이 없습니다")
    await expect(page.locator("[data-figure=pending] .tile-value")).to_have_text("0")
    [done] = await rows(db, "SELECT * FROM triage_reviews WHERE message_id = %s", second)
    assert (done["state"], done["urgency"], done["accepted_urgency"], done["accepted_category"]) == ("accepted", "life_threat", "urgent", "confinement")
    assert [row["action"] for row in await rows(db, "SELECT action FROM access_log WHERE account = 'editor1' AND action LIKE 'review%%' ORDER BY id")] == [
        "review.view",
        "review.reject",
        "review.view",
        "review.accept",
    ]
    assert await page.evaluate("window.hacked") is None
    assert await page.locator(".desk img, .desk script").count() == 0
    assert editor.complaints == []


async def test_two_judge_blind_and_see_each_other_only_afterwards(reviewer, sampled, db):
    one = await reviewer("editor1", "최편집", "editor")
    two = await reviewer("boss", "박책임", "supervisor")
    await sampled("여기 일이 좀 이상해요", "사장님이 여권을 안 줘요")
    frames: list[str] = []
    two.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    await sampled.draw()
    for desk in (one, two):
        await desk.page.reload()
        await desk.page.locator("[data-section=sample] [data-entry]").click()
        await expect(desk.page.locator("[data-message]")).to_have_text("사장님이 여권을 안 줘요")
        await expect(desk.page.locator(".earlier")).to_have_text("여기 일이 좀 이상해요")

    async def picture() -> str:
        await expect(two.page.locator("time[data-local]")).to_have_count(1)
        await expect(two.page.locator("[data-entry][aria-current=true]")).to_have_count(1)
        html = await two.page.locator(".review-panes").inner_html()
        return re.sub(r'(id|for|aria-controls|aria-describedby)="[^"]*"|data-v-\w+|c\d+', "", html)

    before = await picture()
    await one.page.keyboard.press("y")
    await one.page.keyboard.press("1")
    await one.page.locator(".review-detail [data-category]").click()
    await one.page.locator("[role=option]", has_text="노동 착취").click()
    await one.page.keyboard.press("Escape")
    await one.page.locator("[data-action=save]").click()
    await expect(one.page.locator(".help")).to_contain_text("지금도 위험할 수 있으면")
    await expect(one.page.locator("[data-section=judged]")).to_contain_text("다른 사람을 기다림")

    # The second reviewer's page is the same as if nobody had judged: elements, attributes, and what came over the line.
    await two.page.reload()
    await two.page.locator("[data-section=sample] [data-entry]").click()
    await expect(two.page.locator("[data-message]")).to_be_visible()
    assert await picture() == before
    received = "".join(frames) + await two.page.content()
    assert "0.0713" not in received + await one.page.content()
    assert "최편집" not in received
    assert "판정 1" not in received

    await two.page.keyboard.press("n")
    await two.page.keyboard.press("s")
    await expect(two.page.locator("[data-section=judged]")).to_contain_text("의견 갈림")
    third = await reviewer("editor2", "이편집", "editor")
    await third.page.locator("[data-section=dispute] [data-entry]").click()
    await expect(third.page.locator(".verdicts .chip")).to_have_text(["응급 · 생명 위험 · 노동 착취", "응급 아님 · 일반 · 기타"])
    await expect(third.page.locator("[data-message]")).to_be_visible()
    await third.page.keyboard.press("y")
    await third.page.keyboard.press("2")
    await third.page.locator(".review-detail [data-category]").click()
    await third.page.locator("[role=option]", has_text="노동 착취").click()
    await third.page.locator("[data-action=save]").click()
    await expect(third.page.locator("[data-figure=sample] .tile-value")).to_have_text("1 / 1")
    await expect(third.page.locator("[data-figure=missed] .tile-value")).to_have_text("100.0 %")

    await two.page.reload()
    await two.page.locator("[data-section=judged] [data-entry]").click()
    await expect(two.page.locator(".review-detail")).to_contain_text("0.071")
    await expect(two.page.locator(".review-detail")).to_contain_text("응급 · 긴급 · 노동 착취")
    [done] = await rows(db, "SELECT state, accepted_urgency FROM triage_reviews")
    assert (done["state"], done["accepted_urgency"]) == ("accepted", "urgent")
    for desk in (one, two, third):
        assert desk.complaints == []


async def test_what_is_recognised_as_danger_goes_to_the_desks_at_once(reviewer, seat, sampled):
    editor = await reviewer("editor1", "최편집", "editor")
    agent = await seat()
    await sampled("살려 달라는 말을 못 하겠어요")
    await sampled.draw()
    await editor.page.reload()
    await editor.page.locator("[data-section=sample] [data-entry]").click()
    await expect(editor.page.locator("[data-message]")).to_be_visible()
    await editor.page.keyboard.press("y")
    await editor.page.keyboard.press("1")
    await editor.page.locator(".review-detail [data-category]").click()
    await editor.page.locator("[role=option]", has_text="기타").click()
    await editor.page.locator("[data-action=save]").click()
    await editor.page.locator("[data-action=call]").click()
    await expect(agent.page.locator("[data-case-id]")).to_contain_text("생명 위험")
    await agent.page.locator("[data-case-id] .main").click()
    await expect(agent.page.locator(".handoff-card")).to_contain_text("판정 검토에서 발견")


async def test_ending_a_case_may_answer_the_question_and_later_is_possible_too(seat, make_case, write, staff_server, db):
    agent = await seat()
    page = agent.page
    for number in range(2):
        case = await make_case("none", "other", country=None)
        await write(case.conversation_id, f"문의 {number}")
        await page.locator(f"[data-case-id='{case.id}'] .main").click()
        await page.locator("[data-action=take]").click()
        await expect(page.locator(".case-head")).to_contain_text("상담 중 · 내 상담")
        await page.keyboard.press("e")
        dialog = page.locator("[data-dialog=close]")
        await dialog.locator("[data-outcome]").click()
        await page.locator("[role=option]", has_text="해결됨").click()
        if number == 0:
            await dialog.locator("[data-answer=no]").click()
        await dialog.locator("[data-confirm]").click()
        await expect(page.locator("[data-case-id]")).to_have_count(0)
    assert [row["urgency"] for row in await rows(db, "SELECT urgency FROM triage_reviews")] == ["none"]

    # An agent sees what they have ended, and neither figures nor colleagues' proposals.
    await page.locator("a.nav[href='/desk/reviews']").click()
    await expect(page.locator("[data-section=closed] [data-entry]")).to_have_count(1)
    await expect(page.locator(".figures")).to_be_hidden()
    await expect(page.locator("[data-section=review]")).to_have_count(0)
    await page.locator("[data-section=closed] [data-entry]").click()
    await expect(page.locator("[data-message]")).to_have_text("문의 1")
    await page.keyboard.press("n")
    await page.keyboard.press("s")
    await expect(page.locator(".worklist")).to_contain_text("판정할 상담이 없습니다")
    assert len(await rows(db, "SELECT 1 FROM triage_reviews")) == 2

    # A closed case by its link: to be read, and marked, but not written to.
    await page.goto(f"{staff_server.url}/desk?case={case.id}")
    await expect(page.locator(".case-head .status")).to_have_text("종료")
    await expect(page.locator("[data-composer]")).to_be_hidden()
    await page.keyboard.press("v")
    await expect(page.locator("[data-dialog=mark] [data-urgency=none]")).to_have_attribute("aria-pressed", "true")
    assert agent.complaints == []


async def test_who_may_come_in(seat, staff_server, desk_browser):
    stranger = await (await desk_browser.new_context()).new_page()
    await stranger.goto(f"{staff_server.url}/desk/reviews")
    assert stranger.url.startswith(f"{staff_server.url}/staff/sign-in")
    officer = await seat("officer1", "정영사", "officer", opened=False)
    answer = await officer.page.goto(f"{staff_server.url}/desk/reviews")
    assert answer.status == 403
    await expect(officer.page.locator(".refused")).to_contain_text("권한이 없습니다")
