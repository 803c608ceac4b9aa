"""Writing, replacing or ending one row of the table of districts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from nicegui import Client, ui

from handoff.desk import words
from handoff.desk.elements import block, say
from handoff.desk.sheet import Sheet, field
from handoff.desk.team_actions import TeamActions
from handoff.jurisdiction.records import REST, Competence, Confidence, Kind
from handoff.jurisdiction.regions import known_regions
from handoff.jurisdiction.service import Line

KINDS = {Kind.DISTRICT: "구역", Kind.ACCREDITATION: "겸임"}
CONFIDENCES = {Confidence.OFFICIAL: "공식 문서", Confidence.RELAYED: "전해 들음", Confidence.BACKGROUND: "일반 상식 · 확인 필요"}
Changed = Callable[[], Awaitable[None]]


def day_of(text: str) -> tuple[date | None, bool]:
    """(the day, whether the text is one or empty). Pure."""
    if not text.strip():
        return None, True
    try:
        return date.fromisoformat(text.strip()), True
    except ValueError:
        return None, False


def ask_row(client: Client, do: TeamActions, country: str, missions: list[str], line: Line | None, on_change: Changed) -> None:
    """A new row (``line`` None), or one that takes another's place. The box of the old one, which no form can show, stays."""
    old = line.row if line else None
    names = {REST: "나머지 전부 (*)"} | {code: f"{name} ({code})" for code, name in sorted(known_regions(country).items(), key=lambda item: item[1])}
    with Sheet(client, f"{words.country_name(country)} 관할", "district", is_wide=True) as sheet:
        with block("div", "", data_mission=""):
            mission = (
                ui.select(missions, label="공관", value=old.mission if old else None, with_input=True).props("outlined dense options-dense").classes("wide")
            )
        kind = ui.select({one.value: label for one, label in KINDS.items()}, label="종류", value=(old.kind if old else Kind.DISTRICT).value)
        kind.props("outlined dense options-dense data-field=kind").classes("wide")
        with block("div", "", data_regions=""):
            chosen = ui.select(names, label="행정 구역", value=list(old.regions) if old else [], multiple=True)
            chosen.props("outlined dense options-dense use-chips").classes("wide")
        with block("div", "pair"):
            first = ui.input(label="이날부터", value=str(old.valid_from or "") if old else "").props("outlined dense type=date stack-label data-field=from")
            last = ui.input(label="이날 전까지", value=str(old.valid_to or "") if old else "").props("outlined dense type=date stack-label data-field=to")
        sure = ui.select(
            {one.value: label for one, label in CONFIDENCES.items()}, label="누가 말했나", value=(old.confidence if old else Confidence.RELAYED).value
        )
        sure.props("outlined dense options-dense data-field=confidence").classes("wide")
        source = field("출처 (문서 이름과 날짜, 주소)", "source", most=500, value=old.source if old else "")
        note = field("덧붙임 (선택)", "note", most=300, value=old.note if old else "")

        async def act() -> str | None:
            (valid_from, is_from), (valid_to, is_to) = day_of(str(first.value or "")), day_of(str(last.value or ""))
            if not (is_from and is_to):
                return "날짜를 연-월-일로 적으세요."
            regions = set(chosen.value or [])
            new = Competence(
                Kind(kind.value),
                country,
                str(mission.value or ""),
                old.regions if old and set(old.regions) == regions else tuple(sorted(regions)),
                old.box if old else None,
                valid_from,
                valid_to,
                Confidence(sure.value),
                (source.value or "").strip(),
                (note.value or "").strip(),
            )
            if new == old:
                return "바뀐 것이 없습니다."
            await do.amend(new, line.id if line else None)
            await on_change()
            return None

        sheet.foot("저장", act)


def ask_end(client: Client, do: TeamActions, line: Line, on_change: Changed) -> None:
    """Let a row stand no longer; it stays in the history."""
    with Sheet(client, "관할 줄 끝내기", "end-row") as sheet:
        say("p", f"{words.country_name(line.row.country)} · {line.row.mission}", "what")
        say("p", "이 줄은 바로 쓰이지 않고 지난 줄에 남습니다.", "warning")

        async def act() -> None:
            await do.amend(None, line.id)
            await on_change()

        sheet.foot("끝내기", act, is_danger=True)
