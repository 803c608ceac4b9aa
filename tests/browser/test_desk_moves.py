"""Every move of a case between people, from the page: by keyboard, by mouse, refused with a sentence, and once however often it is pressed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from core import db as database
from core.clock import now
from handoff import service as handoff
from handoff.schemas import Claimed

pytestmark = pytest.mark.browser


@pytest.fixture
def one(db):
    """``await one("SELECT …")``: one row."""

    async def read(statement, *args):
        async with db.read() as connection:
            return await database.one(connection, statement, *args)

    return read


@pytest.fixture
def hold(db, make_case):
    """``await hold(desk, "none")``: a case that the person at a desk has in hand, opened there."""

    async def make(desk, severity="none", category="other", *, opened=True, **more):
        case = await make_case(severity, category, **more)
        async with db.transaction() as tx:
            assert isinstance(await handoff.claim(tx, case.id, desk.staff), Claimed)
        row = desk.page.locator(f"[data-case-id='{case.id}'] .main")
        await row.wait_for()
        if opened:
            await row.click()
            await expect(desk.page.locator(".case-head")).to_contain_text(f"#{case.id}")
            await expect(desk.page.locator(".case-head")).to_contain_text("내 상담")
        return case

    return make


def dialog(page, code):
    return page.locator(f"[data-dialog='{code}']")


async def write(page, code, text):
    box = dialog(page, code).locator("textarea, input[data-field]").last
    await box.fill(text)


async def test_a_routine_case_goes_to_a_colleague_by_keyboard_alone_and_once(seat, hold, db, one):
    me, you = await seat(), await seat("minsu", "박민수")
    away = await seat("sora", "이소라")
    async with db.transaction() as tx:
        await handoff.set_presence(tx, away.staff, "away", reason="meal")
    case = await hold(me)
    page = me.page
    await page.keyboard.press("t")
    box = dialog(page, "transfer")
    await expect(box.locator("[data-person]")).to_have_count(2)
    await expect(box.locator(f"[data-person='{away.staff.id}']")).to_contain_text("자리 비움 · 식사")
    await expect(box.locator(f"[data-person='{away.staff.id}']")).to_have_attribute("aria-disabled", "true")
    await expect(box.locator("[role=listbox]")).to_be_focused()
    await page.keyboard.press("Enter")  # the first who can; on to the note
    await expect(box.locator("textarea")).to_be_focused()
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("한 줄이라도")
    await box.locator("textarea").focus()
    await page.keyboard.type("jk t x . 여권 사본을 기다립니다")
    await box.locator("[data-confirm]").dblclick()
    await expect(page.locator("[data-case-id]")).to_have_count(0)
    await expect(page.locator(".q-notification", has_text="박민수 님에게 넘겼습니다")).to_be_visible()
    await expect(you.page.locator(".q-notification")).to_contain_text("넘겨받았습니다. 메모를 먼저 읽으세요")
    await you.page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(you.page.locator(".case-strip")).to_contain_text("김하늘: jk t x . 여권 사본을 기다립니다")
    assert (await one("SELECT count(*) AS n FROM case_notes"))["n"] == 1
    assert (await one("SELECT owner_id FROM cases"))["owner_id"] == you.staff.id
    assert me.complaints == []
    assert you.complaints == []


async def test_a_note_is_written_from_the_first_letter_and_kept_without_a_mouse(seat, hold, one):
    me = await seat()
    await hold(me)
    page = me.page
    await page.keyboard.press(".")
    await expect(dialog(page, "moves")).to_be_visible()
    await page.keyboard.press("n")
    box = dialog(page, "notes").locator("textarea")
    await expect(box).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page, "notes").locator(".problem")).to_have_text("메모를 적으세요.")
    await page.keyboard.type("jk n 호텔 3층")
    await page.keyboard.press("Enter")
    await page.keyboard.type("경비에게 알리지 말 것")
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page, "notes")).to_have_count(0)
    await expect(page.locator(".case-strip")).to_contain_text("jk n 호텔 3층")
    assert (await one("SELECT count(*) AS n FROM case_notes"))["n"] == 1


async def test_an_emergency_is_asked_for_refused_taken_back_and_accepted(seat, hold, one):
    me, you = await seat(), await seat("minsu", "박민수")
    case = await hold(me, "life_threat", "confinement")
    mine, yours = me.page.locator(f"[data-case-id='{case.id}']"), you.page.locator(f"[data-case-id='{case.id}']")

    async def ask():
        await me.page.keyboard.press("t")
        await dialog(me.page, "transfer").locator(f"[data-person='{you.staff.id}']").click()
        await write(me.page, "transfer", "경찰과 통화 중")
        await dialog(me.page, "transfer").locator("[data-confirm]").click()
        await expect(dialog(me.page, "transfer")).to_have_count(0)
        await expect(yours).to_contain_text("나에게 인계 요청")

    await ask()
    await expect(me.page.locator(".pending.is-asked")).to_contain_text("박민수 님의 수락을 기다립니다. 그때까지 내 상담")
    assert (await one("SELECT owner_id FROM cases"))["owner_id"] == me.staff.id
    await you.page.keyboard.press("j")
    await you.page.keyboard.press("d")
    await expect(me.page.locator(".q-notification", has_text="계속 내 상담")).to_be_visible()
    await expect(me.page.locator(".pending.is-asked")).to_have_count(0)

    await ask()
    await me.page.locator(".pending [data-move=unask]").click()
    await expect(yours).to_have_count(0)

    await ask()
    await yours.locator(".main").click()
    await expect(you.page.locator(".pending.is-asked")).to_contain_text("김하늘 님이 맡아 달라고 합니다")
    await expect(you.page.locator(".case-strip")).to_contain_text("경찰과 통화 중")
    await you.page.locator(".pending [data-move=claim]").click()
    await expect(you.page.locator(".case-head")).to_contain_text("내 상담")
    await expect(mine).to_have_count(0)
    await expect(me.page.locator(".q-notification", has_text="박민수 님이 넘겨받았습니다")).to_be_visible()
    assert (await one("SELECT owner_id, asked_to FROM cases")) == {"owner_id": you.staff.id, "asked_to": None}


async def test_an_offer_is_declined_with_one_key_and_the_next_is_asked(seat, make_case, db, one):
    me, you = await seat(), await seat("minsu", "박민수")
    case = await make_case("urgent", "robbery_theft")
    async with db.transaction() as tx:
        await handoff.sweep(tx, now())
    first, second = (me, you) if (await one("SELECT offered_to FROM cases"))["offered_to"] == me.staff.id else (you, me)
    row = first.page.locator(f"[data-case-id='{case.id}']")
    await expect(row).to_contain_text("나에게 제안됨")
    await first.page.keyboard.press("j")
    await first.page.keyboard.press("d")
    await expect(row).not_to_contain_text("나에게 제안됨")
    await expect(first.page.locator("[data-move=decline], .decline")).to_have_count(0)
    async with db.transaction() as tx:
        await handoff.sweep(tx, now())
    await expect(second.page.locator(f"[data-case-id='{case.id}']")).to_contain_text("나에게 제안됨")
    assert (await one("SELECT status, arrival_at FROM cases")) == {"status": "queued", "arrival_at": case.arrival_at}


async def test_the_menu_says_what_can_be_done_and_why_the_rest_cannot(seat, make_case, hold):
    me = await seat()
    page = me.page
    await page.keyboard.press("Period")
    await expect(dialog(page, "moves")).to_have_count(0)  # nothing is open: the button is not there
    case = await make_case("urgent", "robbery_theft")
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator(".case-head")).to_contain_text(f"#{case.id}")
    await page.keyboard.press("Period")
    menu = dialog(page, "moves")
    await expect(menu.locator("[data-move=claim]")).to_be_visible()
    await expect(menu.locator("[data-move=close]")).to_have_count(0)
    await menu.locator("summary").click()
    await expect(menu.locator(".barred")).to_contain_text("아직 아무도 맡지 않았습니다. 먼저 맡으세요.")
    await expect(menu.locator(".barred")).to_contain_text("책임자만 할 수 있습니다.")
    await page.keyboard.press("e")  # a letter without its row does nothing
    await expect(menu).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await hold(me)
    await page.keyboard.press("Period")
    await page.keyboard.press("ArrowDown")
    await expect(menu.locator("[data-move=transfer]")).to_be_focused()
    await page.keyboard.press("s")
    await expect(dialog(page, "snooze")).to_be_visible()
    await expect(menu).to_have_count(0)
    assert me.complaints == []


async def test_put_aside_for_a_while_but_an_emergency_for_an_hour_at_most(seat, hold, one):
    me = await seat()
    page = me.page
    case = await hold(me, "urgent", "robbery_theft")
    await page.keyboard.press("Period")
    await page.keyboard.press("s")
    box = dialog(page, "snooze")
    await expect(box.locator("[data-moment='1시간 뒤']")).to_be_visible()
    await expect(box.locator("[data-moment='3시간 뒤']")).to_have_count(0)
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("언제까지")
    await box.locator("input[data-field=moment]").fill("2099-01-01T09:00")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("긴급 상담은 1시간")
    await box.locator("[data-moment='1시간 뒤']").click()
    await box.locator("[data-confirm]").click()
    await expect(page.locator(f"[data-case-id='{case.id}']")).to_contain_text("까지 미룸")
    await expect(page.locator(".pending.is-later")).to_contain_text("미뤄 두었습니다")
    until = (await one("SELECT snoozed_until FROM cases"))["snoozed_until"]
    assert timedelta(minutes=58) < until - now() <= timedelta(hours=1)


async def test_promises_are_made_seen_late_and_kept(seat, hold, db, cipher, one):
    me = await seat()
    page = me.page
    case = await hold(me)
    await page.keyboard.press("p")
    box = dialog(page, "promises")
    await expect(box).to_contain_text("지키지 않은 약속이 없습니다")
    await box.locator("input[data-field=promise]").fill("다시 전화하기로 함")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("언제까지")
    await box.locator("[data-moment='30분 뒤']").click()
    await box.locator("[data-confirm]").click()
    await expect(page.locator("[data-action=promises]")).to_contain_text("약속 1")
    await expect(page.locator(".pending.is-promise")).to_contain_text("다시 전화하기로 함")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE case_promises SET due_at = now() - interval '1 minute'")
        await handoff.add_note(tx, cipher, case.id, me.staff, "시간이 지남")
    await expect(page.locator(".pending.is-late")).to_contain_text("지난 내 약속")
    await expect(box).to_have_count(0)  # no key is heard while a dialog is on its way out
    await page.keyboard.press("p")
    await expect(box.locator(".row-line.late")).to_contain_text("지남")
    await expect(page.locator("[data-action=promises]")).to_contain_text("지난 약속 1")
    await box.locator("[data-keep]").dblclick()
    await expect(page.locator(".pending.is-late")).to_have_count(0)
    await expect(page.locator("[data-action=promises]")).to_have_text("약속p")
    assert (await one("SELECT kept_by FROM case_promises"))["kept_by"] == me.staff.id
    assert me.complaints == []


async def test_a_duplicate_goes_into_the_case_in_hand_and_a_case_closed_too_early_opens_again(seat, hold, make_case, one, db):
    me = await seat()
    page = me.page
    stays = await hold(me, "urgent", "robbery_theft", opened=False)
    twin = await make_case("life_threat", "assault")
    await page.locator(f"[data-case-id='{twin.id}'] .main").click()
    await expect(page.locator(".case-head")).to_contain_text(f"#{twin.id}")
    await page.keyboard.press("Period")
    await page.keyboard.press("w")
    box = dialog(page, "merge")
    await expect(box).to_contain_text("다른 사람이면 각각 도와야 합니다")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("남길 상담을 고르세요")
    await box.locator("[data-into]").click()
    await page.locator("[role=option]", has_text=f"#{stays.id}").click()
    await box.locator("[data-confirm]").click()
    await expect(page.locator(f"[data-case-id='{twin.id}']")).to_have_count(0)
    await expect(page.locator(f"[data-case-id='{stays.id}']")).to_contain_text("생명 위험")
    assert (await one("SELECT status, merged_into FROM cases WHERE id = %s", twin.id)) == {"status": "closed", "merged_into": stays.id}

    await page.locator(f"[data-case-id='{stays.id}'] .main").click()
    await page.keyboard.press("Period")
    await page.keyboard.press("l")
    closed = dialog(page, "closed").locator(f"[data-closed='{twin.id}']")
    await expect(closed).to_contain_text("중복")
    await closed.locator("[data-reopen]").click()
    await expect(page.locator(f"[data-case-id='{twin.id}']")).to_contain_text("되돌아옴 1")
    row = await one("SELECT status, arrival_at FROM cases WHERE id = %s", twin.id)
    assert row == {"status": "queued", "arrival_at": twin.arrival_at}


async def test_a_supervisor_takes_over_with_a_reason_and_whoever_had_it_is_told(seat, hold, one):
    me, chief = await seat(), await seat("chief", "박민수", "supervisor")
    case = await hold(me, "urgent", "robbery_theft")
    page = chief.page
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator(".case-head")).to_contain_text("김하늘")
    await page.keyboard.press("Period")
    await page.keyboard.press("o")
    box = dialog(page, "take-from")
    await box.locator("textarea").fill("급함")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("다섯 글자 이상")
    await box.locator("textarea").fill("한 시간째 답이 없음")
    await box.locator("[data-confirm]").click()
    await expect(page.locator(".case-head")).to_contain_text("내 상담")
    await expect(me.page.locator(".q-notification")).to_contain_text("박민수 님이 책임자로서 가져갔습니다")
    await expect(me.page.locator(".case-head")).to_be_hidden()
    assert (await one("SELECT owner_id FROM cases"))["owner_id"] == chief.staff.id
    assert (await one("SELECT count(*) AS n FROM access_log WHERE action = 'case.override'"))["n"] == 1


async def test_the_second_person_reads_how_contact_was_verified_and_may_object(seat, hold, db, cipher, one):
    me, you = await seat(), await seat("minsu", "박민수")
    case = await hold(me, "life_threat", "confinement")

    async def ask():
        async with db.transaction() as tx:
            await handoff.close(tx, cipher, case.id, me.staff, "referred_local", verified_contact="현지 경찰서와 통화, 함께 있음")

    await ask()
    page = you.page
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator(".pending.is-closing")).to_contain_text("김하늘 님이 종료를 요청했습니다: 현지 구조기관에 인계")
    await page.keyboard.press("e")
    box = dialog(page, "confirm-close")
    await expect(box).to_contain_text("현지 경찰서와 통화, 함께 있음")
    await page.keyboard.press("Enter")  # no button has the focus: two keys never end an emergency
    await page.keyboard.press("Control+Enter")  # which acts in every other dialog
    await page.wait_for_timeout(300)
    assert (await one("SELECT status FROM cases"))["status"] == "claimed"
    await box.locator("[data-other]").click()
    await expect(me.page.locator(".q-notification")).to_contain_text("동료가 반대했습니다")
    await expect(me.page.locator(".pending.is-closing")).to_have_count(0)

    await ask()
    await expect(me.page.locator(".pending.is-closing")).to_contain_text("다른 상담관의 종료 확인을 기다립니다")
    await me.page.keyboard.press("e")
    mine = dialog(me.page, "confirm-close")
    await expect(mine).to_contain_text("내가 종료를 요청했습니다")
    await expect(mine.locator("[data-confirm]")).to_have_text("종료 요청 취소")
    await mine.locator("[data-confirm]").click()
    await expect(me.page.locator(".pending.is-closing")).to_have_count(0)
    assert (await one("SELECT status, closing_by FROM cases")) == {"status": "claimed", "closing_by": None}


async def test_rungs_are_listed_and_acknowledged_one_by_one(seat, make_case, db, one):
    me = await seat()
    page = me.page
    case = await make_case()
    async with db.transaction() as tx:
        await handoff.sweep(tx, now() + timedelta(seconds=61))
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator(".case-head")).to_contain_text(f"#{case.id}")
    await page.keyboard.press("Period")
    await page.keyboard.press("u")
    box = dialog(page, "rungs")
    await expect(box.locator("[data-rung=duty_phone]")).to_contain_text("직접 전화하세요")
    await expect(box.locator("[data-rung=mission_voice]")).to_contain_text("아직 시간이")
    await expect(box.locator("[data-heard]")).to_have_count(2)
    await box.locator("[data-rung=supervisor] [data-heard]").click()
    await expect(page.locator(".q-notification")).to_contain_text("책임자 호출을 확인했습니다")
    found = await one("SELECT array_agg(rung::text) AS heard FROM case_rungs WHERE acknowledged_by = %s", me.staff.id)
    assert found["heard"] == ["supervisor"]


async def test_a_shift_change_hands_over_everything_by_name_and_shows_what_still_waits(seat, hold, db, cipher, one):
    me, you = await seat(), await seat("minsu", "박민수")
    urgent, routine = await hold(me, "life_threat", "confinement"), await hold(me)
    async with db.transaction() as tx:
        promised = await handoff.promise(tx, cipher, routine.id, me.staff, "내일 오전에 다시 전화", now() + timedelta(hours=10))
    page = me.page
    await page.keyboard.press("h")
    box = dialog(page, "shift")
    await expect(box.locator("[data-shift-case]")).to_have_count(2)
    await expect(box.locator("[data-shift-case]").first).to_contain_text("생명 위험")
    await expect(box.locator(f"[data-shift-promise='{promised}']")).to_contain_text("내일 오전에 다시 전화")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("받는 사람을 고르세요")
    await box.locator(".q-select", has=page.locator("[data-field=all-to]")).click()
    await page.locator("[role=option]", has_text="박민수").click()
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text(f"메모가 비어 있습니다: #{urgent.id}, #{routine.id}")
    await box.locator(f"[data-shift-case='{urgent.id}'] input[data-field=note]").fill("경찰과 통화 중")
    await box.locator(f"[data-shift-case='{routine.id}'] input[data-field=note]").fill("여권 사본을 기다림")
    await box.locator("[data-confirm]").dblclick()
    await expect(box.locator(f"[data-handed='{routine.id}']")).to_contain_text("넘어갔습니다")
    await expect(box.locator(f"[data-handed='{urgent.id}']")).to_contain_text("수락을 기다립니다 · 그때까지 그대로")
    await expect(box.locator("[data-confirm]")).to_have_count(0)
    await expect(you.page.locator(f"[data-case-id='{urgent.id}']")).to_contain_text("나에게 인계 요청")
    await expect(you.page.locator("[data-action=promises]")).to_contain_text("약속 1")
    await you.page.locator(f"[data-case-id='{urgent.id}'] .main").focus()
    await you.page.keyboard.press("Enter")
    await expect(box.locator(f"[data-handed='{urgent.id}']")).to_have_text(f"● 생명 위험 · 감금·납치 · 캄보디아 · #{urgent.id}넘어갔습니다→ 박민수")
    assert (await one("SELECT array_agg(DISTINCT owner_id) AS who FROM cases"))["who"] == [you.staff.id]
    assert (await one("SELECT count(*) AS n FROM case_notes"))["n"] == 2
    assert me.complaints == []


async def test_the_mark_of_somebody_reading_along_is_set_explained_and_taken_away_with_a_reason_only(seat, hold, one):
    me = await seat()
    case = await hold(me, "urgent", "other")
    await me.page.keyboard.press(".")
    await me.page.keyboard.press("v")
    guard = dialog(me.page, "guard")
    await expect(guard).to_contain_text("휴대전화를 다른 사람이 볼 수 있으면")
    await guard.locator("[data-other]", has_text="여섯 자리 숫자").click()
    await expect(guard.locator(".problem")).to_contain_text("15분 동안 한 번")
    await guard.locator("[data-confirm]").click()
    await expect(guard).to_have_count(0)
    await expect(me.page.locator("body")).to_contain_text("휴대전화를 다른 사람이 보고 있을 수 있습니다.")
    marked = await one("SELECT guarded_why, proof_code IS NOT NULL AS has_digits FROM conversations WHERE id = %s", case.conversation_id)
    assert (marked["guarded_why"], marked["has_digits"]) == ("agent", True)
    await me.page.keyboard.press(".")
    await me.page.keyboard.press("v")
    await guard.locator("[data-confirm]").click()
    await expect(guard.locator(".problem")).to_contain_text("이유를 적어 주세요")
    await guard.locator("[data-field='reason']").fill("전화로 혼자 있는 것을 확인")
    await guard.locator("[data-confirm]").click()
    await expect(guard).to_have_count(0)
    assert (await one("SELECT guarded_at FROM conversations WHERE id = %s", case.conversation_id))["guarded_at"] is None
    assert (await one("SELECT detail FROM access_log WHERE action = 'case.guarded' ORDER BY id DESC LIMIT 1"))["detail"] == {"on": False}
    await expect(me.page.locator("body")).to_contain_text("보호 표시를 풀었습니다: 전화로 혼자 있는 것을 확인")
