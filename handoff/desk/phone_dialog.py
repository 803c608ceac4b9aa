"""The form for somebody who rings: what has happened and how bad it is; everything else may stay empty."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from nicegui import Client, ui

from core.clock import now as clock_now
from handoff.desk import words
from handoff.desk.elements import attributes, block, say
from handoff.desk.phone_actions import PhoneActions
from handoff.desk.phone_tools import consent_sentence
from handoff.desk.sheet import Sheet, field
from handoff.location import MAX_TYPED_CHARS
from handoff.phone.schemas import Caller, Opened
from handoff.phone.service import MAX_NAME_CHARS, MAX_WHAT_CHARS
from handoff.schemas import Claimed
from language.categories import Category, Urgency

#: The most severe last: a slip of the finger should not ring every desk.
SEVERITIES = {str(urgency): f"{words.severity_shape(urgency)} {words.severity_word(urgency)}" for urgency in reversed(Urgency)}
CATEGORIES = {str(category): category.label for category in Category}


def same_number_words(opened: Opened) -> str:
    """The sentence on other open cases of the number; empty when there are none."""
    numbers = ", ".join(f"#{case_id}" for case_id in opened.same_number)
    return f"같은 번호의 열린 상담이 있습니다: {numbers}. 같은 일이면 합치세요." if numbers else ""


def ask_caller(client: Client, do: PhoneActions, on_opened: Callable[[Opened], Awaitable[None]]) -> None:
    """Open the form; the call counts from this moment."""
    started_at, client_id = clock_now(), secrets.token_hex(12)
    with Sheet(client, "전화 상담 열기", "phone", is_wide=True) as sheet:
        what = field("무슨 일인가요", "what", lines=3, most=MAX_WHAT_CHARS)
        with block("div", "pair"):
            severity = ui.select(SEVERITIES, label="심각도").props("outlined dense options-dense data-field=severity").classes("wide")
            category = ui.select(CATEGORIES, label="유형", value="other").props("outlined dense options-dense data-field=category").classes("wide")
        with block("div", "pair"):
            country = ui.select(words.country_names(), label="나라", with_input=True, clearable=True)
            country.props("outlined dense options-dense data-field=country").classes("wide")
            number = field("전화번호 (선택)", "number", most=40)
        with block("div", "pair"):
            name = field("이름 (선택)", "name", most=MAX_NAME_CHARS)
            place = field("말한 장소 (선택)", "place", most=MAX_TYPED_CHARS)
        say("p", f"장소를 적기 전에 읽어 주세요: {consent_sentence()}", "soft")

        async def act() -> str | None:
            if not (what.value or "").strip():
                return "무슨 일인지 적으세요."
            if not severity.value:
                return "심각도를 고르세요."
            caller = Caller(
                what=what.value,
                severity=str(severity.value),
                category=str(category.value),
                started_at=started_at,
                client_id=client_id,
                country=country.value or None,
                name=name.value or "",
                number=number.value or "",
                place=place.value or "",
            )
            opened = await do.open(caller)
            with client:
                if not isinstance(opened.claim, Claimed):
                    reason = words.refusal(opened.claim)
                    ui.notify(f"#{opened.case.id} 상담을 열었고 대기열에 있습니다. {reason}", type="warning", close_button="닫기")
                if said := same_number_words(opened):
                    ui.notify(said, type="warning", close_button="닫기")
            await on_opened(opened)
            return None

        sheet.foot("열고 맡기", act, cancel="취소")
    attributes(what, autofocus=True)
