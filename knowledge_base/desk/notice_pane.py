"""One opened notice: head, form, preview, test questions, versions, files, and the bar with what may be done now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from nicegui import Client, ui

from core.errors import AppError
from knowledge_base.desk import dialogs, words
from knowledge_base.desk.answers import show_diff
from knowledge_base.desk.elements import NoticeForm, attributes, block, button, say, select_tab
from knowledge_base.desk.form import content_of, fields_of, for_preview, new_content, problem
from knowledge_base.desk.guard import Guard, Later, place
from knowledge_base.desk.list_pane import chip
from knowledge_base.desk.moves import Moves
from knowledge_base.desk.preview_pane import PreviewPane
from knowledge_base.desk.questions_pane import ChangeBar, QuestionsPane
from knowledge_base.desk.versions_pane import VersionsPane
from knowledge_base.desk.work import Facets, Forecast, Viewer, Work
from knowledge_base.editing.schemas import STATUS_LABELS, NoticeDetail
from knowledge_base.schemas import NoticeContent, NoticeKind

TABS = (("edit", "글"), ("versions", "판과 이력"), ("files", "원본 파일"))
#: The whole what-if asks every test question; it waits a little longer than the preview for the next key.
WHAT_IF_PAUSE_S = 1.2


class NoticePane:
    """Wires form, preview and questions of the notice that is open; ``on_saved`` tells the page that the list has changed."""

    def __init__(
        self, client: Client, viewer: Viewer, work: Work, guard: Guard, on_saved: Callable[[str], Awaitable[None]], on_close: Callable[[], None]
    ) -> None:
        self._client = client
        self._viewer = viewer
        self._work = work
        self._guard = guard
        self._on_saved = on_saved
        self._on_close = on_close
        self._facets = Facets(frozenset(), frozenset(), {})
        self._detail: NoticeDetail | None = None
        self._base: NoticeContent | None = None
        self._based_on: int | None = None
        self._fields: Any = None
        self._found: Forecast | None = None
        self._is_dirty = False
        self._later = Later(0.0)
        self._asked = 0
        self._form: NoticeForm | None = None
        self._root = block("section", "notice-detail", aria_label="공지")
        self.clear()

    def offer(self, facets: Facets) -> None:
        """What the form offers for countries, topics and supersedes."""
        self._facets = facets

    def clear(self, sentence: str = "왼쪽에서 하나를 고르거나 새로 쓰세요.") -> None:
        """Nothing is open."""
        self._detail, self._base, self._form = None, None, None
        self._guard.here = place()
        self._later.drop()
        self._root.clear()
        with self._root, block("div", "nothing"):
            say("p", sentence)
            say("p", "j · k 로 움직이고 Enter 로 엽니다. / 찾기, Ctrl+S 저장.", "hint")

    @property
    def notice_id(self) -> str:
        """Which one is open; empty for none."""
        return self._base.id if self._base else ""

    @property
    def may_edit(self) -> bool:
        """Whether the form may be written in."""
        return self._viewer.may_write

    async def open(self, notice_id: str) -> bool:
        """Open the draft in work, else the version that leads."""
        detail = await self._guard.run(lambda: self._work.opened(notice_id))
        if detail is None:
            return False
        with self._client:
            self._build(detail, detail.content)
        await self._after_build()
        return True

    def new(self, kind: NoticeKind, notice_id: str = "") -> None:
        """An empty one; nothing is stored before the first save. With an id, one that was begun before a reload."""
        today = self._work.today
        self._build(None, new_content(kind, today, self._work.first_review(today), notice_id))

    # -- building -----------------------------------------------------------------------------------------------------------------

    def _build(self, detail: NoticeDetail | None, content: NoticeContent) -> None:
        self._detail, self._base = detail, content
        self._based_on = detail.newest_version if detail else None
        self._fields, self._found, self._is_dirty = fields_of(content), None, False
        self._guard.here = place(content.id, is_new=detail is None)
        self._root.clear()
        with self._root:
            self._head = block("header", "notice-head")
            self._warn = block("div", "notice-warn", aria_live="assertive")
            with block("div", "inner-tabs", role="tablist", aria_label="보기"):
                self._tabs = {name: self._tab(name, label) for name, label in TABS}
            with block("div", "inner edit", data_inner="edit") as edit:
                with block("div", "edit-columns"):
                    with block("div", "form-column"):
                        self._make_form(content)
                    with block("div", "preview-column"):
                        self._preview = PreviewPane(self._client, self._work, self._guard)
                self._questions = QuestionsPane(self._client, self._work, self._guard, may_write=self.may_edit, on_change=self._questions_changed)
            with block("div", "inner", data_inner="versions") as versions:
                self._versions = VersionsPane(self._client, self._work, self._guard, self._revert if self.may_edit else None)
            files = self._files = block("div", "inner files", data_inner="files")
            self._inner = {"edit": edit, "versions": versions, "files": files}
            with block("footer", "notice-foot"):
                self._bar = ChangeBar(self._client)
                self._buttons = block("div", "foot-buttons")
            self._moves = Moves(self._client, self._viewer, self._work, self._guard, self)
        self._show_tab("edit")
        self._draw_around()

    def _make_form(self, content: NoticeContent) -> None:
        form = NoticeForm()
        form.props["record"] = self._fields
        form.props["stamp"] = str(self._based_on or 0)
        form.props["readonly"] = not self.may_edit
        form.props["canned"] = content.kind is NoticeKind.CANNED
        topics = {code: words.topic_word(code) for code in sorted({*self._facets.topics, *words.TOPICS})}
        others = {code: title for code, title in self._facets.notices.items() if code != content.id}
        form.props["choices"] = {"countries": words.countries(), "topics": topics, "notices": others}
        form.on("change", lambda e: self._changed(e.args))
        form.on("dirty", lambda e: self._dirty(bool(e.args)))
        form.on("save", lambda _: self._moves.save())
        self._form = form

    def _tab(self, name: str, label: str) -> ui.element:
        with block("button", "inner-tab", type="button", role="tab", data_tab=name) as tab:
            say("span", label)
        tab.on("click", lambda: self._show_tab(name), [])
        return tab

    def _show_tab(self, name: str) -> None:
        select_tab(self._tabs, self._inner, name)

    def _draw_around(self) -> None:
        """Everything but the form, which keeps what somebody types."""
        detail, content = self._detail, self._base
        if content is None:
            return
        self._head.clear()
        with self._head:
            button("← 목록", self._on_close, classes="small back", data_action="back")
            say("h1", content.title or ("새 정형문" if content.kind is NoticeKind.CANNED else "새 공지"))
            with block("p", "notice-line"):
                if detail is None:
                    say("span", "아직 저장하지 않았습니다.", "soft")
                else:
                    state = words.state_of(detail.status, detail.in_force, detail.flags)
                    chip(state)
                    for flag in words.more_flags(state, detail.flags):
                        say("span", flag, "flag")
                    if content.kind is NoticeKind.CANNED:
                        say("span", words.KINDS["canned"], "flag kind")
                    who = f"{detail.version}판 · {STATUS_LABELS[detail.status]} · {self._work.author(detail.created_by)} {words.moment(detail.created_at)}"
                    if detail.published_version not in (None, detail.version):
                        who += f" · 지금 답하는 것은 {detail.published_version}판"
                    say("span", who, "soft")
        self._versions.show(detail)
        self._draw_files(detail)
        self._moves.draw(self._buttons, detail)
        self._questions.show(detail, self._found)
        self._preview.questions(content, detail.test_questions if detail else ())
        if content.kind is NoticeKind.CANNED:
            self._bar.quiet("정형문은 상담관만 씁니다. 상담봇의 답은 바뀌지 않습니다.")
        elif detail is None:
            self._bar.quiet("저장하면 시험 질문의 답이 어떻게 바뀌는지 보입니다.")

    def _draw_files(self, detail: NoticeDetail | None) -> None:
        self._files.clear()
        with self._files:
            say("h3", "이 판을 만든 파일")
            if detail is None or not detail.attachments:
                say("p", "파일에서 가져온 것이 아니라 여기에서 쓴 공지입니다.", "soft")
                return
            for file in detail.attachments:
                with block("div", "file", data_file=file.name):
                    query = urlencode({"notice": detail.content.id, "version": detail.version, "sha256": file.sha256})
                    with block("a", "file-link", href=f"/kb/file?{query}", download=""):
                        say("span", f"⬇ {file.name}")
                    say("span", words.size(file.size), "soft")
                    for warning in file.warnings:
                        say("p", f"▲ {warning}", "warning")

    # -- what is typed ------------------------------------------------------------------------------------------------------------

    async def _after_build(self) -> None:
        await self._show(pause_s=0.0)

    def _dirty(self, is_dirty: bool) -> None:
        self._is_dirty = is_dirty
        attributes(self._root, data_dirty=str(is_dirty).lower())

    async def _changed(self, fields: Any) -> None:
        self._fields = fields
        await self._show(pause_s=WHAT_IF_PAUSE_S)

    async def _show(self, pause_s: float) -> None:
        """Preview at once, what would change a little later."""
        base = self._base
        if base is None:
            return
        content, _ = content_of(self._fields, base)
        shown = for_preview(content, self._fields, base, self._work.today)
        await self._preview.show(shown)
        if shown is not None and base.kind is NoticeKind.NOTICE and self._detail is not None:
            with self._client:
                self._bar.waiting()
            self._later.ask(lambda: self.what_if(shown), pause_s)

    async def what_if(self, content: NoticeContent) -> Forecast | None:
        """What publishing this text would change, shown in the bar and beside the questions unless something newer has been asked meanwhile."""
        self._asked = number = self._asked + 1
        found = await self._guard.run(lambda: self._work.what_if(content))
        if self._base is None or self._base.id != content.id:
            return None
        if number != self._asked:  # two of them overlap, and the older may end last: it does not know what was added since
            return found
        with self._client:
            if found is None:
                self._bar.quiet("지금은 시험 질문의 답을 알 수 없습니다.")
                return None
            self._found = found
            self._bar.show(found.all)
            self._questions.show(self._detail, found)
        return found

    async def _questions_changed(self) -> None:
        detail = self._detail
        if detail is None:
            return
        again = await self._guard.run(lambda: self._work.opened(detail.content.id, detail.version))
        if again is None:
            return
        self._detail = again
        with self._client:
            self._questions.show(again, None)
            self._preview.questions(again.content, again.test_questions)
        await self._show(pause_s=0.0)
        await self._on_saved(again.content.id)

    # -- for the moves ------------------------------------------------------------------------------------------------------------

    @property
    def detail(self) -> NoticeDetail | None:
        """What was opened."""
        return self._detail

    @property
    def based_on(self) -> int | None:
        """The version that the text in the form stands on."""
        return self._based_on

    async def typed(self) -> NoticeContent | None:
        """The text as it stands in the form; None after saying what is wrong with it."""
        if self._form is None or self._base is None:
            return None
        with self._client:
            self._fields = await self._form.run_method("value", timeout=10)
            content, problems = content_of(self._fields, self._base)
            self._form.run_method("show", problems)
            if problems:
                ui.notify(next(iter(problems.values())), type="negative", position="top", close_button="닫기")
        return content

    def refused(self, error: AppError) -> bool:
        """A refusal that belongs to a field, or to a colleague who was faster, is shown where it can be acted on."""
        if error.code == "notice_changed":
            self._show_stale(error)
            return True
        if self._form is not None and (field := str(error.extra.get("field") or "")):
            name, sentence = problem(error.code, field)
            self._form.run_method("show", {name: sentence})
            ui.notify(sentence, type="negative", position="top", close_button="닫기")
            return True
        return False

    def _show_stale(self, error: AppError) -> None:
        version, by = int(error.extra.get("version") or 0), self._work.author(str(error.extra.get("by") or ""))
        self._warn.clear()
        with self._warn, block("div", "warning stale", role="alert", data_stale=""):
            say("p", f"그사이에 {by} 님이 {version}판을 저장했습니다. 쓰시던 글은 아래에 그대로 있고, 아직 저장되지 않았습니다.")
            with block("div", "foot-buttons"):
                button("무엇이 다른지 보기", lambda: self._compare_stale(version), classes="strong", data_action="stale-diff")
                button("내 글을 버리고 새 판 열기", lambda: self._open_newest(), data_action="stale-open")

    async def _compare_stale(self, version: int) -> None:
        mine = await self.typed()
        if mine is None or self._base is None:
            return
        changes = await self._guard.run(lambda: self._work.diff_from(mine.id, version, mine))
        if changes is None:
            return

        def actions(close: Callable[[], object]) -> None:
            def rebase() -> None:
                self._based_on = version
                self._warn.clear()
                if self._form is not None:
                    self._form.run_method("rebase", str(version))
                close()
                ui.notify("이제 저장하면 쓰신 글이 그 다음 판이 됩니다. 앞의 판은 이력에 남습니다.", type="info", position="top")

            button("닫기", close)
            button("보았습니다. 내 글로 이어 쓰기", rebase, classes="primary", data_action="rebase")

        with self._client:
            dialogs.show_diff_dialog(f"{version}판에서 내 글로 바뀌는 것", lambda: show_diff(changes), actions)

    async def _open_newest(self) -> None:
        notice_id = self.notice_id
        if self._form is not None:
            self._form.run_method("forget")
        await self.open(notice_id)

    async def stored(self, notice_id: str, *, rebuild: bool = False) -> None:
        """Something was stored: everything around the form is drawn anew, and what is typed stays."""
        detail = await self._guard.run(lambda: self._work.opened(notice_id))
        if detail is None:
            return
        with self._client:
            if rebuild or self._form is None:
                self._build(detail, detail.content)
            else:
                self._detail, self._base = detail, detail.content
                self._based_on = detail.newest_version
                self._guard.here = place(notice_id)
                self._warn.clear()
                self._form.run_method("saved", fields_of(detail.content), str(detail.newest_version))
                self._draw_around()
        await self._show(pause_s=0.0)
        await self._on_saved(notice_id)

    async def _revert(self, version: int) -> None:
        detail = self._detail
        if detail is None:
            return
        if await self._guard.done(
            lambda: self._work.revert(detail.content.id, version, detail.newest_version), f"{version}판의 글로 새 초안을 만들었습니다.", self.refused
        ):
            await self.stored(detail.content.id, rebuild=True)
