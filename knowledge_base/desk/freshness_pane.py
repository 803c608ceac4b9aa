"""The freshness board: what grows stale, most urgent first, one click to the notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from knowledge_base.desk import words
from knowledge_base.desk.board import Board
from knowledge_base.desk.elements import block, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Work
from knowledge_base.editing.schemas import Freshness, FreshnessRow

#: Each list with its shape, its name, and what its day means.
LISTS = (
    ("overdue", "▲", "검토 기한이 지났습니다", "답하지 않고 있습니다. 맞는지 확인하고 기한을 연장하거나 고치세요."),
    ("due_soon", "◆", "30일 안에 검토", "기한이 지나면 답하지 않습니다."),
    ("expires_soon", "◷", "30일 안에 만료", "이어지는 공지가 필요한지 보세요."),
    ("waiting", "◐", "게시를 기다리는 초안과 검토", "오래된 것부터입니다."),
    ("no_review_day", "◇", "검토 기한이 없습니다", "가져온 공지입니다. 기한을 정하세요."),
    ("untested", "?", "시험 질문이 없습니다", "제대로 답하는지 알 수 없습니다."),
    ("no_expiry", "∞", "만료일이 없습니다", "끝이 정해지지 않은 것이 맞는지 보세요."),
)
MOST_ROWS = 30


class FreshnessPane(Board[Freshness]):
    """Redrawn when its tab is opened and when something was saved."""

    def __init__(self, client: Client, work: Work, guard: Guard, on_open: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(client, work, guard, "기한 점검")
        self._on_open = on_open

    async def refresh(self) -> int:
        """Draw it anew; how many need somebody now."""
        found = await self._redraw(self._work.freshness, self._fill)
        return len(found.overdue) if found else 0

    def _fill(self, found: Freshness) -> None:
        with block("div", "tiles"):
            for name, label in (("in_force", "시행 중"), ("overdue", "검토 기한 지남"), ("due_soon", "30일 안에 검토"), ("waiting", "게시 기다림")):
                with block("div", "tile" + (" is-alarming" if name == "overdue" and found.overdue else ""), data_figure=name):
                    say("span", label, "tile-name")
                    say("strong", f"{found.counts.get(name, 0):,}", "tile-value")
        for name, shape, title, help_ in LISTS:
            rows: tuple[FreshnessRow, ...] = getattr(found, name)
            with block(
                "details", f"stale-list is-{name}", data_list=name, open=True if rows and name in ("overdue", "due_soon", "expires_soon", "waiting") else None
            ):
                with block("summary"):
                    say("span", shape + " ", aria_hidden="true")
                    say("strong", title)
                    say("span", f" {len(rows)}", "count")
                    say("span", " " + help_, "soft")
                if not rows:
                    say("p", "없습니다.", "empty")
                    continue
                with block("ul", "entries", role="list"):
                    for row in rows[:MOST_ROWS]:
                        self._row(row, found)
                if len(rows) > MOST_ROWS:
                    say("p", f"그 밖에 {len(rows) - MOST_ROWS}건. 공지 목록에서 찾으세요.", "empty")

    def _row(self, row: FreshnessRow, found: Freshness) -> None:
        with block("li", "entry"), block("button", "main", type="button", data_entry=row.id) as entry:
            say("span", row.title, "what")
            day = f"{row.day} · {words.days_left(row.day, found.day)}" if row.day else f"{row.version}판"
            say("span", f"{day} · {self._work.author(row.changed_by)}", "where")
        entry.on("click", lambda: self._on_open(row.id), [])
