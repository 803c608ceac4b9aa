"""A shift change in one go: each of one's cases with a receiver and a note, each promise with a receiver.

Routine cases move at once. An emergency stays until the other accepts, and the dialog shows which have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.element import Element

from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.people import receivers
from handoff.desk.queue_pane import is_hidden
from handoff.desk.sheet import Sheet
from handoff.promises import Promise
from handoff.queue_order import is_emergency, order_key
from handoff.schemas import QueueRow

STAYS = 0


@dataclass(frozen=True)
class _Row:
    """One line of the dialog: what goes, to whom, with which words."""

    id: int
    to: Any
    note: Any = None

    @property
    def to_id(self) -> int:
        return int(self.to.value or STAYS)


def problem_of(cases: list[tuple[int, int, str]], promises: list[tuple[int, int]]) -> str | None:
    """What is missing from (case, receiver, note) and (promise, receiver); receiver 0 stays. Pure."""
    if not any(to_id for _, to_id, _ in cases) and not any(to_id for _, to_id in promises):
        return "받는 사람을 고르세요."
    silent = [f"#{case_id}" for case_id, to_id, note in cases if to_id and not note.strip()]
    return f"메모가 비어 있습니다: {', '.join(silent)}. 받는 사람이 알아야 할 것을 적으세요." if silent else None


def outcome_of(case_id: int, row: QueueRow | None, from_id: int, to_id: int) -> tuple[str, str]:
    """(code, words) of how far a handed-over case has come, from the live queue. Pure."""
    if row is None:
        return "gone", "끝났습니다"
    if row.owner_id == to_id:
        return "moved", "넘어갔습니다"
    if row.owner_id != from_id:
        return "gone", "대기열로 돌아갔습니다" if row.status == "queued" else "다른 사람이 맡았습니다"
    if row.asked_to == to_id:
        return "asked", "수락을 기다립니다 · 그때까지 그대로"
    return "stayed", "받지 않았습니다 · 그대로 남음" if is_emergency(row.severity) else "정원이 차서 남았습니다"


class ShiftDialog:
    """Lives while it is open; ``listen`` keeps the second half true."""

    def __init__(self, floor: Floor, from_id: int | None = None, from_name: str = "") -> None:
        self._floor = floor
        #: Whose cases these are: one's own, or (for supervisors) those of somebody who has gone.
        self._from_id = from_id or floor.viewer.id
        self._is_others = self._from_id != floor.viewer.id
        self._title = f"{from_name} 님의 상담 인계" if self._is_others else "교대 인계"
        self._names: dict[int, str] = {}
        self._sent: dict[int, int] = {}
        self._states: dict[int, tuple[Element, Any]] = {}
        self._cases: list[_Row] = []
        self._promises: list[_Row] = []
        self._sheet: Sheet | None = None

    async def open(self) -> None:
        """Read what one holds and who is there."""
        floor = self._floor
        mine = sorted(
            (row for row in floor.feed.rows.values() if row.owner_id == self._from_id), key=lambda row: order_key(row.severity, row.arrival_at, row.case_id)
        )
        owed = await floor.do.promises(self._from_id if self._is_others else None)
        people = receivers(await floor.do.roster(), "life_threat", without=(self._from_id,), now=clock_now())
        self._names = {row["id"]: row["name"] for row in people}
        free = {row["id"]: f"{row['name']} · {row['detail']}" for row in people if not row["why"]}
        with Sheet(floor.client, self._title, "shift", is_wide=True) as self._sheet:
            self._body = block("div", "shift")
            with self._body:
                self._ask(mine, owed, free)
            if mine or owed:
                self._sheet.foot("인계하기", self._hand_over)
            else:
                self._sheet.foot("", None)

    def _ask(self, mine: list[QueueRow], owed: list[Promise], free: dict[int, str]) -> None:
        if not mine and not owed:
            say("p", "넘길 상담도 약속도 없습니다.", "none")
            return
        if not free:
            say("p", "지금 받을 수 있는 상담관이 없습니다. 자리를 비우면 상담은 대기열로 돌아가 처음 온 시각의 순서를 지킵니다.", "warning")
        say("p", "한 건씩 받는 사람과 메모를 정합니다. 긴급 상담은 받는 사람이 맡아야 넘어가니, 그때까지 데스크를 닫지 마세요.", "soft")
        everyone = ui.select(free, label="모두 이 사람에게", on_change=lambda e: self._all_to(e.value)).props("outlined dense options-dense data-field=all-to")
        everyone.classes("wide")
        with block("ul", "rows shift-rows", role="list"):
            for row in mine:
                with block("li", f"row-line sev-{row.severity}", data_shift_case=row.case_id):
                    say("b", words.case_label(row, hidden=is_hidden(row, self._floor.viewer)))
                    with block("div", "pair"):
                        to = self._select(free)
                        note = ui.input(label="메모 (지금까지, 다음 할 일)").props("outlined dense autocomplete=off maxlength=2000 data-field=note")
                    self._cases.append(_Row(row.case_id, to, note))
            for one in owed:
                with block("li", "row-line", data_shift_promise=one.id):
                    say("b", f"약속 · {when.said(one.due_at, clock_now())}까지 · #{one.case_id}")
                    say("p", one.text or words.RESTRICTED, "soft")
                    self._promises.append(_Row(one.id, self._select(free)))

    def _select(self, free: dict[int, str]) -> Any:
        return ui.select({STAYS: "넘기지 않음"} | free, label="받는 사람", value=STAYS).props("outlined dense options-dense data-field=to")

    def _all_to(self, to_id: Any) -> None:
        for row in (*self._cases, *self._promises):
            row.to.set_value(to_id)

    async def _hand_over(self) -> str | None:
        cases = [(row.id, row.to_id, str(row.note.value or "")) for row in self._cases]
        promises = [(row.id, row.to_id) for row in self._promises]
        if (missing := problem_of(cases, promises)) is not None:
            return missing
        parcels = {case_id: handoff.Parcel(to_id, note) for case_id, to_id, note in cases if to_id}
        owed = {promise_id: to_id for promise_id, to_id in promises if to_id}
        result = await self._floor.do.hand_over(parcels, owed, from_id=self._from_id if self._is_others else None)
        self._sent = {case_id: parcel.to_id for case_id, parcel in parcels.items()}
        with self._floor.client:
            self._show(len(result.promises))
        return ""  # the dialog stays, and shows who has accepted

    def _show(self, promises: int) -> None:
        self._body.clear()
        self._states.clear()
        with self._body, block("ul", "rows", role="list"):
            for case_id, to_id in self._sent.items():
                row = self._floor.feed.rows.get(case_id)
                with block("li", "row-line", data_handed=case_id) as line:
                    say("b", words.case_label(row, hidden=is_hidden(row, self._floor.viewer)) if row else f"#{case_id}")
                    self._states[case_id] = (line, say("span", "", "handed", role="status"))
                    say("span", f"→ {self._names.get(to_id, '')}", "soft")
            if promises:
                with block("li", "row-line"):
                    say("b", f"약속 {promises}건")
                    say("span", "넘어갔습니다", "handed")
        if self._sheet is not None:
            self._sheet.finish()
        self.listen()

    def listen(self) -> None:
        """The queue has changed: say how far each has come."""
        for case_id, (line, state) in self._states.items():
            if not line.is_deleted:
                code, text = outcome_of(case_id, self._floor.feed.rows.get(case_id), self._from_id, self._sent[case_id])
                line.classes(replace=f"row-line is-{code}")
                state.set_text(text)
