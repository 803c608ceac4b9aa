"""One person of the team: what they can do, how much at once, and when they work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nicegui import Client, ui

from handoff import service as handoff
from handoff.choosing import CENTRE
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.sheet import Act, Sheet
from handoff.desk.team_actions import TeamActions
from language.categories import Category

#: The languages offered by name; any other that somebody already has stays.
LANGUAGES = ("ko", "en", "ja", "zh", "es", "fr", "de", "it", "pt", "ru", "ar", "tr", "th", "vi", "km", "lo", "my", "id", "ms", "tl", "mn", "hi", "uz")
Changed = Callable[[], Awaitable[None]]


def ask_person(client: Client, do: TeamActions, one: handoff.Colleague, shifts: Iterable[handoff.Shift], teams: Iterable[str], on_change: Changed) -> None:
    """Change a person; shifts count at once, the rest when it is saved."""
    options = {code: words.language_name(code) for code in sorted({*LANGUAGES, *one.languages}, key=words.language_name)}
    with Sheet(client, f"{one.name} 님", "person", is_wide=True) as sheet:
        skills = _many({category.value: category.label for category in Category}, one.skills, "전문 분야", "skills")
        languages = _many(options, one.languages, "상담할 수 있는 언어", "languages")
        known = sorted({*teams, *one.teams} - {CENTRE})
        team = _many(known, one.teams, "팀 (없으면 기본 팀, 새 이름은 적고 Enter)", "teams").props("use-input").classes("wide")
        team.props('new-value-mode="add-unique"')
        cap = ui.number(label="한 번에 맡는 상담 수", value=one.cap, min=0, max=50, precision=0).props("outlined dense data-field=cap").classes("wide")
        say("p", "긴급은 하나 더, 생명 위험은 언제나 맡을 수 있습니다.", "soft")
        with block("div", "optional"):
            say("p", "근무", "what")
            with block("ul", "rows", role="list"):
                for shift in shifts:
                    with block("li", "row-line", data_shift=shift.id):
                        say("span", f"{shift.starts_at.astimezone(when.SEOUL):%m월 %d일 %H:%M} – {shift.ends_at.astimezone(when.SEOUL):%m월 %d일 %H:%M}")
                        button("빼기", _canceller(sheet, do, shift.id, on_change), classes="small", data_cancel_shift="")
            with block("div", "pair"):
                starts = ui.input(label="시작 (한국 시각)").props("outlined dense type=datetime-local stack-label data-field=starts")
                ends = ui.input(label="끝 (한국 시각)").props("outlined dense type=datetime-local stack-label data-field=ends")
            button("근무 넣기", lambda: sheet.run(plan), classes="small", data_plan="")

        async def plan() -> str | None:
            first, last = when.from_field(str(starts.value or "")), when.from_field(str(ends.value or ""))
            if first is None or last is None:
                return "근무의 시작과 끝을 정하세요."
            await do.plan_shift(one.id, first, last)
            await on_change()
            return None

        async def save() -> str | None:
            if cap.value is None:
                return "한 번에 맡는 상담 수를 적으세요."
            await do.save_person(one, skills.value or [], languages.value or [], team.value or [], int(cap.value))
            await on_change()
            return None

        sheet.foot("저장", save)


def _many(options: Any, chosen: Iterable[str], label: str, code: str) -> Any:
    return ui.select(options, value=list(chosen), label=label, multiple=True).props(f"outlined dense options-dense use-chips data-field={code}").classes("wide")


def _canceller(sheet: Sheet, do: TeamActions, shift_id: int, on_change: Changed) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        await do.cancel_shift(shift_id)
        await on_change()

    cancel: Act = act
    return lambda: sheet.run(cancel)
