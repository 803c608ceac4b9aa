"""The notice's test questions with their answers before and after, and how many answers of all would change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import Client

from knowledge_base.desk import words
from knowledge_base.desk.answers import asked, mark, said, show_changes, verdict_of
from knowledge_base.desk.elements import attributes, block, button, choose, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Forecast, Work
from knowledge_base.editing.schemas import ChangedAnswer, NoticeDetail, TestQuestion, WhatIf

MOST_CHARS = 500


class QuestionsPane:
    """Questions below the editor; ``on_change`` is called after one was added or taken out."""

    def __init__(self, client: Client, work: Work, guard: Guard, *, may_write: bool, on_change: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._may_write = may_write
        self._on_change = on_change
        self._detail: NoticeDetail | None = None
        self._country = ""
        self._typed = ""
        with block("section", "questions", aria_label="시험 질문"):
            with block("div", "questions-head"):
                say("h2", "시험 질문")
                say("p", "이 공지가 답해야 하는 말을 민원인이 쓸 법한 말로 적어 두세요. 게시하기 전에 모든 공지의 시험 질문을 다시 물어봅니다.", "soft")
            self._list = block("div", "question-list")
            self._form = block("div", "question-form")

    def show(self, detail: NoticeDetail | None, found: Forecast | None) -> None:
        """Draw the list anew; without answers while they are not there yet."""
        fresh = self._detail is None or detail is None or self._detail.content.id != detail.content.id
        self._detail = detail
        self._list.clear()
        with self._list:
            if detail is None:
                say("p", "한 번 저장하면 시험 질문을 붙일 수 있습니다.", "soft")
            elif not detail.test_questions:
                say("p", "아직 없습니다. 하나라도 있어야 이 공지가 제대로 답하는지 알 수 있습니다.", "empty")
            else:
                answers = found.own if found else {}
                with block("ul", "changes", role="list"):
                    for question in detail.test_questions:
                        self._question(question, answers)
        if fresh:
            self._draw_form()

    def _question(self, question: TestQuestion, answers: Mapping[int, ChangedAnswer]) -> None:
        change = answers.get(question.id)
        with block("li", "change", data_question=question.id):
            with block("p", "change-head"):
                if change is not None:
                    mark(verdict_of(change))
                say("strong", asked(question))
                if question.from_citizen:
                    say("span", "민원인의 질문에서", "flag")
                if not question.active:
                    say("span", "쉬는 중", "flag")
                if self._may_write:
                    attributes(
                        button("빼기", lambda: self._remove(question.id), classes="small off", data_remove=question.id), aria_label=f"{question.text} 빼기"
                    )
            if change is not None:
                with block("div", "before-after"):
                    said(change.before, "지금")
                    said(change.after, "게시하면")

    def _draw_form(self) -> None:
        self._form.clear()
        if not self._may_write or self._detail is None:
            return
        self._typed = ""
        with self._form:
            with block("label", "field grow"):
                say("span", "질문 더하기")
                box = block("input", type="text", maxlength=MOST_CHARS, autocomplete="off", placeholder="예: 여권 잃어버렸는데 얼마예요", data_new_question="")
            box.on("input", lambda e: setattr(self, "_typed", str(e.args or "")), js_handler="(e) => emit(e.target.value)")
            box.on("keydown", lambda e: self._add(), js_handler="(e) => { if (e.key === 'Enter' && !e.isComposing) { e.preventDefault(); emit(); } }")
            country = choose("묻는 곳", {"": "어디서든"} | words.countries(), self._country, data_question_country="")
            country.on("change", lambda e: setattr(self, "_country", str(e.args or "")), js_handler="(e) => emit(e.target.value)")
            button("더하기", self._add, data_action="add-question")

    async def _add(self) -> None:
        text, detail = self._typed.strip(), self._detail
        if detail is None or not text:
            return
        country = self._country if self._country in words.countries() else None
        if await self._guard.run(lambda: self._work.add_question(detail.content.id, text, country)) is not None:
            with self._client:
                self._draw_form()
            await self._on_change()

    async def _remove(self, question_id: int) -> None:
        if await self._guard.done(lambda: self._work.remove_question(question_id), "시험 질문을 뺐습니다."):
            await self._on_change()


class ChangeBar:
    """The one sentence that stands beside the publish button: how many answers change."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._root = block("div", "change-bar", role="status", data_bar="")

    def waiting(self) -> None:
        """It is being computed."""
        attributes(self._root, data_bar="computing")
        self._say("◔", "시험 질문을 다시 물어보는 중…")

    def quiet(self, sentence: str) -> None:
        """There is nothing to compute."""
        attributes(self._root, data_bar="quiet")
        self._say("", sentence)

    def show(self, found: WhatIf) -> None:
        """How many change, and which."""
        count, worse = len(found.changed), len(found.worse)
        attributes(self._root, data_bar="ready", data_count=count)
        self._root.clear()
        with self._root:
            if not count:
                say("p", f"이대로 게시해도 답이 바뀌는 질문이 없습니다 (시험 질문 {found.questions}개).", "bar-line")
                return
            with block("details", "bar-details"):
                with block("summary", "bar-line" + (" is-worse" if worse else "")):
                    say("span", "▼ " if worse else "◆ ", aria_hidden="true")
                    say("strong", f"이대로 게시하면 답이 바뀌는 질문 {count}개")
                    say("span", f" · 맞는 답 {found.right_before} → {found.right_after}" + (f" · 나빠짐 {worse}" if worse else ""))
                with block("div", "bar-list"):
                    show_changes(found.changed)

    def _say(self, shape: str, sentence: str) -> None:
        self._root.clear()
        with self._root, block("p", "bar-line"):
            if shape:
                say("span", shape + " ", aria_hidden="true")
            say("span", sentence)
