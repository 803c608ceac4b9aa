"""Asked for what is kept about them: who asked, how that was made sure, and what must be known before anything is made."""

from __future__ import annotations

from datetime import date
from typing import Any

from nicegui import ui

from core.clock import now as clock_now
from handoff.desk import words
from handoff.desk.elements import say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Sheet, field
from handoff.desk.when import SEOUL
from handoff.records.export_rules import CARES, DUE_DAYS, REQUESTERS, Care
from handoff.schemas import Case


def day_of(text: str) -> date | None:
    """The day that a date field names; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def acknowledged(cares: tuple[Care, ...]) -> Any:
    """The warnings, and one box that says that they were read; None where nothing has to be said."""
    for care in cares:
        say("p", CARES[care], "warning", data_care=care.value)
    return ui.checkbox("주의를 읽었고 그대로 하겠습니다").props("data-field=known") if cares else None


async def ask_export(floor: Floor, case: Case) -> None:
    """Make an export of the open case and go to it; supervisors only, which the service decides."""
    do = floor.do.exports
    cares = await do.cares(case.id)
    with Sheet(floor.client, "정보 열람 자료 만들기", "export", is_wide=True) as sheet:
        say("p", words.case_label(case), "what")
        say(
            "p",
            f"대화·위치·동의·메모·처리 과정을 지금 그대로 떠 둡니다. 가린 뒤 다른 책임자가 내줍니다. {DUE_DAYS}일 안에 보여 주어야 합니다.",
        )
        known = acknowledged(cares)
        requester: Any = ui.select({one.value: label for one, label in REQUESTERS.items()}, value="self", label="누가 요청했나요")
        requester.props("outlined dense options-dense data-field=requester").classes("wide")
        identity = field("누구인지 어떻게 확인했나요 (다섯 글자 이상)", "identity", lines=2)
        asked_on = field("요청한 날 (연-월-일)", "asked-on", most=10, value=f"{clock_now().astimezone(SEOUL):%Y-%m-%d}")

        async def act() -> str | None:
            day = day_of(asked_on.value or "")
            if day is None:
                return "요청한 날을 연-월-일로 적으세요."
            said = [care.value for care in cares] if known is not None and known.value else []
            number = await do.prepare(case.id, requester=str(requester.value), identity=identity.value or "", asked_on=day, known=said)
            with floor.client:
                ui.navigate.to(f"/desk/exports?id={number}")
            return None

        sheet.foot("만들기", act)
