"""Bringing notices in: many files at once, or pasted text. Everything becomes a draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import Client, ui

from knowledge_base.desk.elements import Importer, block, button, say
from knowledge_base.desk.form import new_content
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.uploads import ACCEPTED
from knowledge_base.desk.work import Work
from knowledge_base.notices import MOST_BODY_CHARS, MOST_TITLE_CHARS
from knowledge_base.schemas import NoticeKind


class ImportPane:
    """Drop area, results, and a box for pasted text."""

    def __init__(self, client: Client, work: Work, guard: Guard, on_open: Callable[[str], Awaitable[None]], on_done: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._on_open = on_open
        with block("section", "board import", aria_label="가져오기"):
            say("h2", "파일에서 가져오기")
            importer = Importer()
            importer.props["most-mb"] = work.settings.import_max_mb
            importer.props["accept"] = ACCEPTED
            importer.on("done", lambda _: on_done())
            importer.on("open", lambda e: on_open(str(e.args or "")))
            importer.on("signed_out", lambda _: guard.sign_in())
            say("h2", "글을 붙여 넣기")
            say("p", "첫 줄이 제목이 됩니다.", "soft")
            with block("label", "field"):
                say("span", "붙여 넣을 글", "unseen")
                self._box = block("textarea", "paste", rows=8, maxlength=MOST_BODY_CHARS, placeholder="제목\n\n본문…", data_paste="")
            with block("div", "foot-buttons"):
                button("초안 만들기", self._paste, classes="primary", data_action="paste")

    async def _paste(self) -> None:
        with self._client:
            text = await ui.run_javascript("return document.querySelector('[data-paste]').value", timeout=10)
        first, _, rest = str(text or "").strip().partition("\n")
        title, body = first.lstrip("# ").strip()[:MOST_TITLE_CHARS], rest.strip()
        if not title or not body:
            with self._client:
                self._guard.tell("제목이 될 첫 줄과 본문을 붙여 넣어 주세요.")
            return
        today = self._work.today
        content = replace(new_content(NoticeKind.NOTICE, today, self._work.first_review(today)), title=title, body=body)
        if await self._guard.done(lambda: self._work.save(content, None), "초안을 만들었습니다."):
            with self._client:
                ui.run_javascript("document.querySelector('[data-paste]').value = ''")
            await self._on_open(content.id)
