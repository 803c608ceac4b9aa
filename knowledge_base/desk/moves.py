"""The buttons under a notice: what may be done with it now, asked once more where it matters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from nicegui import Client
from nicegui.element import Element

from core.errors import AppError
from knowledge_base.desk import dialogs
from knowledge_base.desk.elements import button, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Viewer, Work
from knowledge_base.editing.schemas import Flag, NoticeDetail
from knowledge_base.schemas import NoticeKind, NoticeStatus

if TYPE_CHECKING:
    from knowledge_base.desk.notice_pane import NoticePane

SECOND_PERSON = "이 글은 직접 쓰셨으므로 다른 편집자가 게시해야 합니다. ‘검토 요청’을 누르세요."


class Moves:
    """Saving, asking for a second pair of eyes, publishing, renewing, withdrawing."""

    def __init__(self, client: Client, viewer: Viewer, work: Work, guard: Guard, pane: NoticePane) -> None:
        self._client = client
        self._viewer = viewer
        self._work = work
        self._guard = guard
        self._pane = pane

    def draw(self, root: Element, detail: NoticeDetail | None) -> None:
        """The buttons that this state allows."""
        root.clear()
        if not self._viewer.may_write:
            with root:
                say("p", "보기만 할 수 있습니다. 고치는 것은 안내 편집·책임자·관리자가 합니다.", "soft")
            return
        may = detail.may if detail else frozenset()
        with root:
            if detail is not None and self.needs_other(detail):
                say("p", SECOND_PERSON, "second-person", data_second="")
            if "withdraw" in may:
                button("철회…", self._ask_withdraw, classes="quiet", data_action="withdraw")
            if "renew" in may:
                due = detail is not None and bool({Flag.REVIEW_OVERDUE, Flag.REVIEW_SOON, Flag.NO_REVIEW_DAY} & set(detail.flags))
                button("기한 연장…", self._ask_renew, classes="strong" if due else "", data_action="renew")
            if "send_back" in may:
                button("돌려보내기…", self._ask_send_back, data_action="send-back")
            button("저장", self.save, hint="Ctrl+S", data_action="save")
            if detail is None or detail.status is not NoticeStatus.REVIEW:
                button("검토 요청", self._submit, data_action="submit", classes="primary" if detail is not None and self.needs_other(detail) else "")
            if detail is None or not self.needs_other(detail):
                button("게시…", self._ask_publish, classes="primary", data_action="publish")

    def needs_other(self, detail: NoticeDetail) -> bool:
        """Whether the operator demands a second person and this one wrote the text."""
        return self._work.needs_second_person and detail.created_by == self._viewer.staff.login and detail.status in (NoticeStatus.DRAFT, NoticeStatus.REVIEW)

    async def save(self) -> str | None:
        """Store what is typed as a draft; its id, or None after saying why not."""
        return await self._save("저장했습니다. 아직 게시되지 않은 초안입니다.")

    async def _save(self, sentence: str) -> str | None:
        content = await self._pane.typed()
        if content is None:
            return None
        if not await self._guard.done(lambda: self._work.save(content, self._pane.based_on), sentence, self._pane.refused):
            return None
        await self._pane.stored(content.id)
        return content.id

    async def _submit(self) -> None:
        notice_id = await self._save("")
        detail = self._pane.detail
        if notice_id is None or detail is None:
            return
        if await self._guard.done(
            lambda: self._work.submit(notice_id, detail.newest_version), "검토를 요청했습니다. 다른 편집자의 목록에 ‘검토 중’으로 보입니다.", self._pane.refused
        ):
            await self._pane.stored(notice_id)

    async def _ask_publish(self) -> None:
        """Save, ask every test question, show what changes; only then the button."""
        notice_id = await self._save("")
        detail = self._pane.detail
        if notice_id is None or detail is None:
            return
        if self.needs_other(detail):
            with self._client:
                self._guard.tell(SECOND_PERSON)
            return
        is_canned = detail.content.kind is NoticeKind.CANNED
        found = None if is_canned else await self._pane.what_if(detail.content)
        if found is None and not is_canned:
            return
        notes = []
        if detail.content.effective_from > self._work.today:
            notes.append(f"{detail.content.effective_from} 시행입니다. 그날부터 답하고, 아래는 그날의 답입니다.")
        if not is_canned and not detail.test_questions:
            notes.append("시험 질문이 없습니다. 이 공지가 제대로 답하는지 아무도 확인하지 않은 채 게시됩니다.")
        if found is not None and found.all.unanswered_own:
            notes.append(f"시험 질문 {len(found.all.unanswered_own)}개에는 게시해도 이 공지로 답하지 않습니다.")

        async def publish(reason: str) -> str | None:
            return await self._move(lambda: self._work.publish(notice_id, detail.newest_version, reason), "게시했습니다.", notice_id)

        with self._client:
            dialogs.ask_publish(detail.content.title, found.all if found else None, notes, publish, is_canned=is_canned)

    def _ask_withdraw(self) -> None:
        detail = self._pane.detail
        if detail is None:
            return

        async def withdraw(reason: str) -> str | None:
            return await self._move(lambda: self._work.withdraw(detail.content.id, detail.version, reason), "철회했습니다.", detail.content.id, rebuild=True)

        text = "다시 쓸 수 없게 됩니다. 이 판은 지난 일을 물어도 인용하지 않습니다." if detail.status is not NoticeStatus.DRAFT else "이 초안을 버립니다."
        dialogs.ask_reason(f"{detail.version}판 철회", text, "철회", withdraw, name="withdraw", danger=True)

    def _ask_send_back(self) -> None:
        detail = self._pane.detail
        if detail is None:
            return

        async def send_back(reason: str) -> str | None:
            return await self._move(lambda: self._work.send_back(detail.content.id, detail.version, reason), "돌려보냈습니다.", detail.content.id)

        dialogs.ask_reason(
            "돌려보내기", f"{self._work.author(detail.created_by)} 님이 고칠 수 있게 초안으로 돌려보냅니다.", "돌려보내기", send_back, name="send-back"
        )

    def _ask_renew(self) -> None:
        detail = self._pane.detail
        if detail is None:
            return

        async def renew(day: str) -> str | None:
            try:
                chosen = date.fromisoformat(day)
            except ValueError:
                return "날짜를 골라 주세요."
            return await self._move(lambda: self._work.renew(detail.content.id, chosen), f"{chosen}까지 연장했습니다.", detail.content.id, rebuild=True)

        dialogs.ask_day(self._work.today, renew)

    async def _move(self, action: Callable[[], Awaitable[Any]], sentence: str, notice_id: str, *, rebuild: bool = False) -> str | None:
        """Do it; the sentence to show in the dialog when it was refused."""
        why: list[str] = []

        def refused(error: AppError) -> bool:
            why.append(error.kind.korean)
            return True

        if await self._guard.done(action, sentence, refused):
            await self._pane.stored(notice_id, rebuild=rebuild)
            return None
        return why[0] if why else "처리하지 못했습니다."
