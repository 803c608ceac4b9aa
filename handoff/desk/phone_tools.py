"""On the right pane of a caller's case: who rings and for how long, the code to read out, the place in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from core.clock import now as clock_now
from core.settings import settings
from handoff.desk.elements import block, button, say
from handoff.desk.phone_actions import PhoneActions
from handoff.desk.sheet import Sheet, field
from handoff.location import MAX_TYPED_CHARS
from handoff.phone.caller import Call, CallerCard
from handoff.phone.rules import shown_number
from handoff.phone.schemas import IssuedCode
from handoff.schemas import CaseCard

Guarded = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]
SEOUL = ZoneInfo("Asia/Seoul")
PAUSED = "지금은 틀린 시도가 많아 번호가 받아들여지지 않습니다. 계신 곳을 말로 받아 적으세요."


def call_words(call: Call) -> str:
    """A call in one line: who, when, how long."""
    length = "통화 중" if call.seconds is None else f"{call.seconds // 60}분 {call.seconds % 60:02d}초"
    return f"{call.started_at.astimezone(SEOUL):%m-%d %H:%M} · {call.staff_name or '사용 중지된 계정'} · {length}"


def code_words(caller: CallerCard) -> str:
    """How the newest code stands, when its digits are not on the screen."""
    if caller.code_until is not None:
        return f"불러 준 번호가 {caller.code_until.astimezone(SEOUL):%H:%M} 까지 쓰입니다. 숫자는 다시 볼 수 없으니 필요하면 새로 만드세요."
    if caller.code_used_at is not None:
        return f"번호를 넣었습니다 ({caller.code_used_at.astimezone(SEOUL):%H:%M}). 민원인이 동의하면 위치가 나옵니다."
    return ""


def consent_sentence() -> str:
    """What is read to a caller before the place is written down (``phone-spoken-1``)."""
    return f"“말씀하신 곳을 적겠습니다. 상담관과 긴급할 때 관할 공관이 보고, {settings().location_ttl_hours}시간 뒤에 지웁니다.”"


class PhoneTools:
    """The buttons of one desk; filled anew when ``says`` changes. The digits of a code live here only, until it is typed or over."""

    def __init__(self, do: PhoneActions, guarded: Guarded) -> None:
        self._do = do
        self._guarded = guarded
        self._codes: dict[int, tuple[IssuedCode, bool]] = {}

    def says(self, card: CaseCard) -> tuple[Any, ...]:
        """What ``fill`` shows of a card."""
        return card.case.id, card.may_write, card.caller, card.caller and self._read_out(card.case.id, card.caller)

    def _read_out(self, case_id: int, caller: CallerCard) -> tuple[IssuedCode, bool] | None:
        """The code on the screen: not over, not typed, and not replaced at another desk."""
        kept = self._codes.get(case_id)
        return kept if kept is not None and caller.code_until == kept[0].expires_at and kept[0].expires_at > clock_now() else None

    def fill(self, card: CaseCard) -> None:
        """Inside the current element: everything about the call, for a case that has one."""
        caller = card.caller
        if caller is None:
            return
        with block("div", "phone", role="group", aria_label="전화"):
            self._draw(card, caller)

    def _draw(self, card: CaseCard, caller: CallerCard) -> None:
        case_id = card.case.id
        say("h2", "전화 건 사람")
        with block("p", "caller"):
            say("b", caller.name or "이름 모름")
            if caller.number:
                say("a", shown_number(caller.number), "tel", href=f"tel:{caller.number}")
            else:
                say("span", "번호 모름", "soft")
        with block("ul", "calls"):
            for call in caller.calls:
                say("li", call_words(call), "soft")
        if not card.may_write:
            return
        if any(call.ended_at is None for call in caller.calls):
            button("통화 끝남", lambda: self._guarded(lambda: self._do.end_call(case_id)), classes="small wide", data_action="end-call")
        code = block("div", "code-block")
        with code:
            self._draw_code(code, case_id, caller)
        button("장소를 말로 받아 적기", lambda: self._ask_place(case_id), classes="small wide", data_action="spoken-place")
        if caller.number and self._do.can_text:
            button("위치 링크를 문자로 보내기", lambda: self._text(case_id), classes="small wide", data_action="text-link")
        else:
            say("p", "문자로 링크 보내기: " + ("번호를 모름" if self._do.can_text else "설정되지 않음"), "soft")

    def _draw_code(self, holder: Element, case_id: int, caller: CallerCard) -> None:
        live = self._read_out(case_id, caller)
        if live is not None:
            issued, paused = live
            with block("div", "code-card", role="status"):
                say("p", "읽어 주세요", "soft")
                say("p", self._do.page, "code-page")
                say("p", f"{issued.digits[:3]} {issued.digits[3:]}", "code-digits", data_code="")
                say("p", f"{issued.expires_at.astimezone(SEOUL):%H:%M} 까지, 한 번만 쓸 수 있습니다.", "soft")
                if paused:
                    say("p", PAUSED, "warning")
        elif note := code_words(caller):
            say("p", note, "soft")
        label = "새 번호 만들기" if live else "위치 번호 만들기 (여섯 자리)"
        button(label, lambda: self._issue(holder, case_id, caller), classes="small wide", data_action="locate-code")

    async def _issue(self, holder: Element, case_id: int, caller: CallerCard) -> None:
        async def make() -> None:
            self._codes[case_id] = await self._do.issue(case_id)

        if await self._guarded(make) and not holder.is_deleted:
            holder.clear()
            with holder:
                self._draw_code(holder, case_id, replace(caller, code_until=self._codes[case_id][0].expires_at, code_used_at=None))

    def _ask_place(self, case_id: int) -> None:
        with Sheet(ui.context.client, "장소를 말로 받아 적기", "spoken-place") as sheet:
            say("p", f"먼저 읽어 주세요: {consent_sentence()}")
            text = field("말한 장소", "spoken", lines=2, most=MAX_TYPED_CHARS)

            async def act() -> str | None:
                if not (text.value or "").strip():
                    return "장소를 적으세요."
                await self._do.write_place(case_id, text.value)
                return None

            sheet.foot("적기", act, cancel="취소")

    async def _text(self, case_id: int) -> None:
        client, taken = ui.context.client, []

        async def send() -> None:
            taken.append(await self._do.text_link(case_id))

        if await self._guarded(send):
            with client:
                said = "문자를 보냈습니다." if taken[0] else "문자를 보내지 못했습니다. 번호를 불러 주세요."
                ui.notify(said, type="positive" if taken[0] else "negative")
