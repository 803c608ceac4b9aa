"""One statement to everybody of an incident: written here, approved by a second person, and how far it has come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import Client

from accounts.schemas import Role, Staff
from handoff.board.definitions import ZONE
from handoff.desk.elements import block, button, say
from handoff.desk.sheet import Sheet, field
from handoff.incidents.pages.actions import IncidentActions
from handoff.incidents.schemas import HELD, Statement

RULE = "다른 책임자가 읽고 보냅니다. 한 대화에 한 번만 갑니다. 옆에서 볼 수 있는 사람이 있는 상담(감금·가정폭력·체포 등)에는 보내지 않고 아래에 남깁니다."

Act = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


class StatementsPane:
    """A part of the incident's page."""

    def __init__(self, client: Client, viewer: Staff, actions: IncidentActions, incident_id: int, act: Act) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._incident = incident_id
        self._act = act
        with block("div", "head"):
            say("h2", "모두에게 안내")
            button("안내 쓰기", self._ask, classes="small", data_action="statement")
        say("p", RULE, "soft")
        self._rows = block("div", "rows")

    def show(self, statements: Sequence[Statement]) -> None:
        """Draw them, the newest first."""
        self._rows.clear()
        with self._rows:
            if not statements:
                say("p", "아직 안내가 없습니다.", "empty")
            for one in statements:
                with block("article", "row", data_statement=str(one.id)):
                    self._statement(one)

    def _statement(self, one: Statement) -> None:
        say("p", one.text, "words")
        say("span", f"쓴 사람 {one.author_name} · {one.written_at.astimezone(ZONE):%m-%d %H:%M}", "soft")
        if one.withdrawn_at is not None:
            say("span", "거둔 안내", "soft")
        elif one.approved_at is None:
            self._draft(one)
        else:
            said = f"보낸 사람 {one.approved_by_name} · 보냄 {one.sent} · 보내는 중 {one.pending} · 보류 {len(one.held)}"
            say("span", said, "progress")
            if one.left_out:
                say("span", f"▲ 이 안내 뒤에 들어온 상담 {one.left_out}건은 받지 못했습니다.", "warning")
            for case_id, why in one.held:
                with block("div", "held", data_held=str(case_id)):
                    with block("a", href=f"/desk?case={case_id}"):
                        say("span", f"#{case_id}")
                    say("span", f" {HELD[why]} ", "soft")
                    if why == "quiet":
                        button("이 상담에 보내기", self._sender(one.id, case_id), classes="small", data_action="send-held")

    def _draft(self, one: Statement) -> None:
        if one.author_id == self._viewer.id:
            say("span", "다른 책임자의 확인을 기다립니다.", "warning")
        elif self._viewer.has(Role.SUPERVISOR):
            button("읽었고, 모두에게 보내기", self._asker(one), classes="primary small", data_action="approve")
        if one.author_id == self._viewer.id or self._viewer.has(Role.SUPERVISOR):
            button("거두기", lambda: self._act(lambda: self._do.withdraw(one.id)), classes="small", data_action="withdraw")

    def _sender(self, statement_id: int, case_id: int) -> Callable[[], Awaitable[bool]]:
        return lambda: self._act(lambda: self._do.send_held(statement_id, case_id))

    def _ask(self) -> None:
        with Sheet(self._client, "모두에게 안내 쓰기", "statement") as sheet:
            say("p", RULE, "soft")
            text = field("안내", "text", lines=5, most=1000)

            async def act() -> str | None:
                if not (text.value or "").strip():
                    return "보낼 말을 적으세요."
                await self._do.write_statement(self._incident, text.value)
                return None

            sheet.foot("초안으로 올리기", act)

    def _asker(self, one: Statement) -> Callable[[], None]:
        def ask() -> None:
            with Sheet(self._client, "안내 보내기", "approve") as sheet:
                say("p", one.text, "what")
                say("p", "지금 이 사고에 있는 모든 대화에 한 번씩 갑니다. 보낸 뒤에는 거둘 수 없습니다.", "warning")

                async def act() -> str | None:
                    await self._do.approve(one.id)
                    return None

                sheet.foot("모두에게 보내기", act, is_danger=True)

        return ask
