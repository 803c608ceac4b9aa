"""What citizens asked and the notices did not answer, grouped by meaning: the next notice to write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from knowledge_base.desk import words
from knowledge_base.desk.board import Board
from knowledge_base.desk.elements import block, button, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Work
from knowledge_base.editing.schemas import Group


class UnansweredPane(Board[list[Group]]):
    """Groups, the largest first, each one click from a draft."""

    def __init__(self, client: Client, work: Work, guard: Guard, on_open: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(client, work, guard, "답하지 못한 질문")
        self._on_open = on_open

    async def refresh(self) -> int:
        """Draw it anew; how many groups wait."""
        found = await self._redraw(self._work.unanswered, self._fill)
        return len(found or ())

    def _fill(self, groups: list[Group]) -> None:
        say("h2", "답하지 못한 질문")
        say(
            "p",
            "민원인이 물었지만 답하지 못했거나 답이 나빴던 말을 뜻이 같은 것끼리 모았습니다. 전화·여권번호 등은 가렸지만 이름은 남아 있을 수 있습니다.",
            "soft",
        )
        if not groups:
            say("p", "기다리는 질문이 없습니다.", "empty")
        with block("ul", "groups", role="list"):
            for group in groups:
                self._group(group)

    def _group(self, group: Group) -> None:
        with block("li", "group", data_group=group.ids[0]):
            with block("div", "group-head"):
                say("strong", f"{group.count}번", "group-count", data_group_count=group.count)
                say("h3", group.text)
            with block("p", "group-line"):
                for reason, count in group.reasons.items():
                    say("span", f"{reason.label} {count}", "flag")
                if group.countries:
                    say("span", ", ".join(words.country_name(code) for code in group.countries[:5]), "soft")
                say("span", f"마지막 {words.moment(group.newest)}", "soft")
            others = [one for one in group.examples if one.text != group.text]
            if others:
                with block("ul", "examples", role="list"):
                    for one in others:
                        say("li", one.text)
            if group.nearest_id:
                with block("p", "nearest"):
                    say("span", "가장 가까운 공지: ", "soft")
                    button(group.nearest_title, lambda: self._on_open(group.nearest_id), classes="link", data_nearest=group.nearest_id)
            with block("div", "foot-buttons"):
                button("초안 만들기", lambda: self._draft(group), classes="primary", data_action="draft-from")
                button("넘기기", lambda: self._dismiss(group), data_action="dismiss")

    async def _draft(self, group: Group) -> None:
        notice_id = await self._guard.run(lambda: self._work.draft_from(group))
        if notice_id is not None:
            await self._on_open(notice_id)
            await self.refresh()

    async def _dismiss(self, group: Group) -> None:
        if await self._guard.done(lambda: self._work.dismiss(group), "목록에서 뺐습니다."):
            await self.refresh()
