"""The versions of a notice: who did what and when, what differs between two, and the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from knowledge_base.desk import words
from knowledge_base.desk.answers import show_diff
from knowledge_base.desk.elements import block, button, choose, say
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Work
from knowledge_base.editing.schemas import STATUS_LABELS, HistoryLine, NoticeDetail


class VersionsPane:
    """History above, comparison below."""

    def __init__(self, client: Client, work: Work, guard: Guard, on_revert: Callable[[int], Awaitable[None]] | None) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._on_revert = on_revert
        self._pair = (0, 0)
        self._root = block("div", "versions")

    def show(self, detail: NoticeDetail | None) -> None:
        """Draw it anew."""
        self._root.clear()
        if detail is None:
            with self._root:
                say("p", "아직 저장한 적이 없습니다.", "soft")
            return
        with self._root:
            self._history(detail)
            self._compare(detail)

    def _history(self, detail: NoticeDetail) -> None:
        say("h3", "이력")
        with block("div", "scroll"), block("table", "plain", data_history=""):
            with block("thead"), block("tr"):
                for name in ("판", "한 일", "누가", "언제 (한국)", "까닭", ""):
                    say("th", name, scope="col")
            with block("tbody"):
                offered: set[int] = set()
                for line in reversed(detail.history):
                    with block("tr"):
                        say("td", str(line.version))
                        say("td", done(line))
                        say("td", self._work.author(line.changed_by))
                        say("td", words.moment(line.changed_at))
                        say("td", reason(line.reason))
                        with block("td"):
                            is_old = line.version != detail.newest_version or detail.status.value not in ("draft", "review")
                            if self._on_revert is not None and is_old and line.version not in offered:
                                offered.add(line.version)
                                button("이 판으로 되돌리기", lambda v=line.version: self._revert(v), classes="small", data_revert=line.version)

    async def _revert(self, version: int) -> None:
        if self._on_revert is not None:
            await self._on_revert(version)

    def _compare(self, detail: NoticeDetail) -> None:
        numbers = [line.version for line in detail.versions]
        if len(numbers) < 2:
            return
        say("h3", "두 판 견주기")
        labels = {
            str(line.version): f"{line.version}판 · {STATUS_LABELS[line.status]} · {self._work.author(line.created_by)} {words.moment(line.created_at)}"
            for line in detail.versions
        }
        newest = numbers[0]
        older = detail.published_version if detail.published_version not in (None, newest) else numbers[1]
        self._pair = (older or numbers[1], newest)
        with block("div", "pair compare"):
            first = choose("앞의 판", labels, str(self._pair[0]), data_compare="old")
            second = choose("뒤의 판", labels, str(self._pair[1]), data_compare="new")
            button("견주기", lambda: compare(), data_action="compare")
        result = block("div", "diff", data_diff="", aria_live="polite")

        async def compare() -> None:
            pair = self._pair
            changes = await self._guard.run(lambda: self._work.diff(detail.content.id, *pair))
            if changes is None or pair != self._pair:
                return
            with self._client:
                result.clear()
                with result:
                    show_diff(changes)

        async def take(event: object, place: int) -> None:
            value = str(getattr(event, "args", "") or "")
            if value in labels:
                self._pair = (int(value), self._pair[1]) if place == 0 else (self._pair[0], int(value))
                await compare()

        first.on("change", lambda e: take(e, 0), js_handler="(e) => emit(e.target.value)")
        second.on("change", lambda e: take(e, 1), js_handler="(e) => emit(e.target.value)")


def done(line: HistoryLine) -> str:
    """What was done, in words."""
    if line.from_status is None:
        return "씀"
    if line.from_status == line.to_status:
        return "확인"
    return {"review": "검토 요청", "published": "게시", "superseded": "새것으로 바뀜", "expired": "끝남", "withdrawn": "철회", "draft": "돌려보냄"}[
        line.to_status.value
    ]


def reason(text: str) -> str:
    """The program's own reasons in Korean; a person's as they wrote them."""
    for start, word in (
        ("superseded by ", "대체한 공지: "),
        ("back to version ", "되돌린 판: "),
        ("renewed until ", "기한 연장: "),
        ("from ", "파일: "),
        ("version ", "새 판: "),
    ):
        if text.startswith(start):
            return word + text.removeprefix(start).replace(", before ", " (전에는 ") + (")" if ", before " in text else "")
    return text
