"""Alarms that the ministry's data lowered or took away: they hold until a second person has looked."""

from __future__ import annotations

from typing import Any

from nicegui import Client

from knowledge_base.country_facts import phrases
from knowledge_base.desk import words
from knowledge_base.desk.board import Board
from knowledge_base.desk.elements import block, button, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Work


class ChangesPane(Board[list[dict[str, Any]]]):
    """What waits, with both words of the second person."""

    def __init__(self, client: Client, work: Work, guard: Guard, *, may_write: bool) -> None:
        super().__init__(client, work, guard, "공공데이터에서 바뀐 것")
        self._may_write = may_write

    async def refresh(self) -> int:
        """Draw it anew; how many wait."""
        found = await self._redraw(self._work.open_changes, self._fill)
        return len(found or ())

    def _fill(self, rows: list[dict[str, Any]]) -> None:
        say("h2", "내려가거나 사라진 여행경보")
        say(
            "p",
            "외교부 공공데이터에서 받은 것입니다. 여행경보가 낮아지거나 없어지는 것은 두 번째 사람이 원문을 보고 확인하기 전까지 답에 쓰지 않습니다.",
            "soft",
        )
        if not rows:
            say("p", "기다리는 것이 없습니다.", "empty")
        with block("ul", "changes", role="list"):
            for row in rows:
                self._row(row)

    def _row(self, row: dict[str, Any]) -> None:
        country = words.country_name(row["country"]) if row["country"] else str(row["country_name"])
        place = f"{country} · {row['region']}" if row["region"] else country
        after = level(row["to_level"]) if row["to_level"] else "경보 없음"
        with block("li", "change", data_waiting=row["id"]):
            with block("p", "change-head"):
                say("strong", place)
                say("span", f"{level(row['level'])} → {after}")
            by = "예약 동기화" if row["proposed_by"] == "schedule" else self._work.author(row["proposed_by"])
            say("p", f"{words.moment(row['proposed_at'])}에 받음 · {by}", "soft")
            if self._may_write and row["proposed_by"].lower() != self._work.login.lower():
                with block("div", "foot-buttons"):
                    button("맞습니다. 바꾸기", lambda: self._decide(row["id"], confirms=True), classes="primary", data_confirm_change=row["id"])
                    button("아닙니다. 그대로 두기", lambda: self._decide(row["id"], confirms=False), data_refuse_change=row["id"])
            elif self._may_write:
                say("p", "직접 받으신 것이므로 다른 사람이 확인해야 합니다.", "soft")

    async def _decide(self, change_id: int, *, confirms: bool) -> None:
        done = await self._guard.done(lambda: self._work.decide_change(change_id, confirms=confirms), "바꾸었습니다." if confirms else "그대로 두었습니다.")
        if done or not confirms:
            await self.refresh()


def level(code: object) -> str:
    """A level in words."""
    return phrases.LEVELS["ko"].get(str(code), str(code))
