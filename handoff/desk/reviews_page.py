"""``/desk/reviews``: the blind sample, what colleagues have judged, one's own ended cases, and the figures they come to.

The list holds no word of a citizen; a message is opened one at a time, and each opening is written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks, ui

from accounts.schemas import Role, Staff
from core.errors import CATALOGUE, AppError, DatabaseUnavailable
from core.logging import get
from handoff.desk import words
from handoff.desk.elements import ReviewKeys, block, button, say
from handoff.desk.guarded import guarded
from handoff.desk.review_actions import ReviewActions, Work
from handoff.desk.review_figures import show_figures
from handoff.desk.verdict import VerdictForm
from handoff.reviews.schemas import ClosedCase, Context, Label, OpenedReview, OpenedSample, ReviewRow, SampleRow

log = get(__name__)
LOOK_S = 15.0
ACTIONS = {"escalate": "상담관을 불렀음", "ask": "위험한지 물었음", "none": "부르지 않았음"}
#: An entry of the list: which kind, and its number.
Key = tuple[str, int]


def label_words(label: Label) -> str:
    """A verdict in words."""
    answer = "응급" if label.was_emergency else "응급 아님"
    return f"{answer} · {words.severity_word(label.urgency)} · {words.category_word(label.category)}"


class ReviewPage:
    """One open page."""

    def __init__(self, client: Client, viewer: Staff, actions: ReviewActions) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._open: Key | None = None
        self._listed: list[Key] = []
        self._shown: Work | None = None
        self._busy = asyncio.Lock()
        self._task: asyncio.Task[Any] | None = None

    def build(self) -> None:
        """Make the page's frame."""
        with block("div", "desk reviews"):
            with block("header", "bar"):
                say("span", "길동무 판정 검토", "brand")
                with block("div", "bar-right"):
                    ReviewKeys()
                    if self._viewer.has(Role.AGENT, Role.SUPERVISOR):
                        with block("a", "nav", href="/desk"):
                            say("span", "상담 데스크")
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("main", "review-panes"):
                self._figures = block("section", "figures", aria_label="수치")
                self._list = block("nav", "worklist", aria_label="할 일")
                self._detail = block("section", "review-detail", aria_label="판정", aria_live="polite")
        self._clear()

    def start(self) -> None:
        """Fill it, and keep it fresh while it is open."""
        self._task = background_tasks.create(self._watch(), name="review-page")

    def stop(self) -> None:
        """The page is gone."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        await self._client.connected()
        while True:
            await self._guarded(self._refresh)
            await asyncio.sleep(LOOK_S)

    async def _guarded(self, action: Callable[[], Awaitable[Any]]) -> bool:
        return await guarded(self._client, "/desk/reviews", action)

    # -- the list -----------------------------------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        try:
            work = await self._do.work()
        except DatabaseUnavailable:
            if self._shown is None:
                raise
            return
        if work == self._shown:
            return
        self._shown = work
        with self._client:
            self._figures.clear()
            self._figures.set_visibility(work.figures is not None)
            if work.figures is not None:
                with self._figures:
                    show_figures(work.figures)
            self._fill_list(work)

    def _fill_list(self, work: Work) -> None:
        self._list.clear()
        self._listed = []
        waiting = [row for row in work.samples if not row.judged and row.state == "open"]
        judged = [row for row in work.samples if row.judged]
        with self._list:
            if work.figures is not None:
                self._section("내 표본", "sample", [(row.id, *_sample_words(n, row)) for n, row in enumerate(waiting, 1)], "판정할 표본이 없습니다.")
                self._section("의견이 갈린 표본", "dispute", [(row.id, *_sample_words(n, row)) for n, row in enumerate(work.disputed, 1)])
                self._section("판정 제안", "review", [(row.id, *_review_words(row, self._viewer)) for row in work.proposals], "기다리는 제안이 없습니다.")
            self._section(
                "내가 종료한 상담", "closed", [(row.case_id, *_closed_words(row)) for row in work.closed], "" if work.figures else "판정할 상담이 없습니다."
            )
            self._section("판정한 표본", "judged", [(row.id, *_sample_words(n, row)) for n, row in enumerate(judged, 1)])

    def _section(self, title: str, kind: str, entries: list[tuple[int, str, str]], empty: str = "") -> None:
        if not entries and not empty:
            return
        with block("section", "", data_section=kind):
            with block("h2"):
                say("span", title)
                say("span", f" {len(entries)}", "count")
            if not entries:
                say("p", empty, "empty")
            with block("ul", "", role="list"):
                for number, what, where in entries:
                    key = (kind, number)
                    self._listed.append(key)
                    with block("li", "entry"):
                        entry = block("button", "main", type="button", data_entry=f"{kind}-{number}", aria_current="true" if key == self._open else None)
                        with entry:
                            say("span", what, "what")
                            say("span", where, "where")
                        entry.on("click", lambda key=key: self.look(key), [])

    # -- one entry ----------------------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> None:
        """Open an entry."""
        async with self._busy:
            await self._guarded(lambda: self._look(key))

    async def _look(self, key: Key) -> None:
        kind, number = key
        fill: Callable[[], None]
        try:
            if kind == "review":
                review = await self._do.open_review(number)
                fill = lambda: self._show_review(review)  # noqa: E731
            elif kind == "closed":
                context = await self._do.open_closed(number)
                fill = lambda: self._show_closed(number, context)  # noqa: E731
            else:
                sample = await self._do.open_sample(number)
                fill = lambda: self._show_sample(sample)  # noqa: E731
        except AppError as error:
            if error.code in ("not_found", "forbidden"):  # decided, erased or handed on since the list was drawn
                self._shown = None
                await self._refresh()
            raise
        with self._client:
            self._open = key
            self._detail.clear()
            with self._detail:
                fill()
            self._mark_current()

    def _mark_current(self) -> None:
        name = f"{self._open[0]}-{self._open[1]}" if self._open else ""
        ui.run_javascript(f"document.dispatchEvent(new CustomEvent('review:current', {{ detail: '{name}' }}))")

    def _clear(self, sentence: str = "목록에서 하나를 고르세요.") -> None:
        self._open = None
        self._detail.clear()
        with self._detail, block("div", "nothing"):
            say("p", sentence)
            say("p", "j · k 로 움직이고 Enter 로 엽니다. y 예, n 아니요, s 저장.", "hint")

    def _show_sample(self, opened: OpenedSample) -> None:
        third = opened.row.state == "disputed" and opened.mine is None
        left = sum(not row.judged and row.state == "open" for row in self._shown.samples) if self._shown else 0
        say("h1", "의견이 갈린 표본" if third else f"표본 — {left}개 남음" if opened.mine is None else "판정한 표본")
        _context(opened.context)
        if opened.final is not None:
            _outcome(opened)
            return
        if third:
            with block("div", "verdicts", role="group", aria_label="두 사람의 판정"):
                say("span", "두 사람의 판정", "soft")
                for label in opened.verdicts:
                    say("span", label_words(label), "chip")
        elif opened.row.state == "disputed":
            say("p", "두 사람의 의견이 갈렸습니다. 다른 사람이 정합니다.", "warning")
            return
        else:
            say("p", "다른 한 사람도 이 글을 따로 판정합니다. 두 판정이 다 있어야 서로 볼 수 있습니다.", "soft")
        form = VerdictForm(label=opened.mine, keys=True)

        async def save() -> None:
            label = form.label()
            if label is None:
                return
            done = await self._guarded(lambda: self._do.decide(opened.row.id, label) if third else self._do.judge(opened.row.id, label))
            if done:
                await self._after_sample(opened, label)

        with block("div", "buttons"):
            button("판정 저장", save, classes="primary", hint="s", data_key="KeyS", data_action="save")
        if opened.mine is not None and opened.mine.was_emergency:
            self._offer_help(opened.row.id)

    async def _after_sample(self, opened: OpenedSample, label: Label) -> None:
        with self._client:
            ui.notify("판정을 저장했습니다.", type="positive")
        if label.was_emergency:  # stay: somebody may still be in danger
            self._shown = None
            await self._refresh()
            await self.look(("judged", opened.row.id)) if opened.row.state == "open" else await self._next()
        else:
            await self._next()

    def _offer_help(self, sample_id: int) -> None:
        """What was missed last week may go on today."""

        async def call() -> None:
            found: list[int] = []

            async def do() -> None:
                found.append(await self._do.call_for_help(sample_id))

            if await self._guarded(do):
                with self._client:
                    ui.notify(f"대기열에 올렸습니다: #{found[0]}", type="positive")

        with block("div", "warning help"):
            say("p", "응급으로 판정하셨습니다. 지금도 위험할 수 있으면 상담관이 바로 보게 하세요.")
            button("대기열에 올리기", call, classes="strong", data_action="call")

    def _show_review(self, opened: OpenedReview) -> None:
        row = opened.row
        own = row.account_id == self._viewer.id
        say("h1", f"판정 제안 — {row.account_name or '퇴직한 직원'}")
        _context(opened.context)
        with block("dl", "facts"):
            _fact("제안", label_words(row.label))
            _fact("프로그램", f"{ACTIONS.get(opened.action or '', '판별 없음')}" + (f" · 점수 {opened.score:.2f}" if opened.score is not None else ""))
            if opened.note:
                _fact("까닭", opened.note)
            for other in opened.others:
                _fact(other.account_name or "다른 직원", label_words(other.label))
        if row.case_id is not None and self._viewer.has(Role.SUPERVISOR):
            with block("a", "nav", href=f"/desk?case={row.case_id}"):
                say("span", f"상담 #{row.case_id} 열기")
        if own:
            say("p", CATALOGUE["own_review"].korean, "warning")
        form = None if own else VerdictForm(label=row.label, keys=True, on_change=lambda: relabel())

        def relabel() -> None:
            if form is not None:
                changed = form.label(say_why_not=False) not in (None, row.label)
                taking.default_slot.children[0].set_text("고쳐서 받아들이기" if changed else "받아들이기")  # type: ignore[attr-defined]

        async def accept() -> None:
            label = form.label() if form else None
            if label is not None and await self._guarded(lambda: self._do.accept(row.id, label, row.marked_at)):
                with self._client:
                    ui.notify("받아들였습니다." if label == row.label else "고쳐서 받아들였습니다.", type="positive")
                await self._next()

        async def reject() -> None:
            if await self._guarded(lambda: self._do.reject(row.id, row.marked_at)):
                with self._client:
                    ui.notify("제안을 거두었습니다." if own else "받아들이지 않았습니다.", type="positive")
                await self._next()

        with block("div", "buttons"):
            if not own:
                taking = button("받아들이기", accept, classes="primary", hint="a", data_key="KeyA", data_action="accept")
            button("제안 거두기" if own else "받아들이지 않기", reject, hint="x", data_key="KeyX", data_action="reject")

    def _show_closed(self, case_id: int, context: Context) -> None:
        row = next((one for one in self._shown.closed if one.case_id == case_id), None) if self._shown else None
        say("h1", f"내가 종료한 상담 #{case_id}")
        _context(context)
        form = VerdictForm(category=row.category if row else None, keys=True)

        async def save() -> None:
            label = form.label()
            if label is not None and await self._guarded(lambda: self._do.mark(case_id, context.message_id, label)):
                with self._client:
                    ui.notify("판정을 남겼습니다.", type="positive")
                await self._next()

        with block("div", "buttons"):
            button("판정 저장", save, classes="primary", hint="s", data_key="KeyS", data_action="save")
            with block("a", "nav", href=f"/desk?case={case_id}"):
                say("span", "상담 전체 보기")

    async def _next(self) -> None:
        """The entry that stood after the one just done, of the same kind; else nothing."""
        done, before = self._open, list(self._listed)
        self._shown = None
        await self._refresh()
        following: Key | None = None
        if done in before:
            place = before.index(done)
            following = next((key for key in (*before[place + 1 :], *before[:place]) if key[0] == done[0] and key in self._listed), None)
        if following is not None:
            await self.look(following)
        else:
            with self._client:
                self._clear("여기는 다 끝났습니다.")


def _context(context: Context) -> None:
    """The words to judge and what came before them; text, whatever they hold."""
    with block("div", "said"):
        if context.before:
            say("p", "앞서 쓴 글", "soft")
        for line in context.before:
            say("p", line.text or "(글 없음)", "earlier")
        say("blockquote", context.text or "(글 없음)", "judged", data_message="")
    with block("dl", "facts"):
        _fact("언어", words.language_name(context.language))
        _fact("국가", words.country_name(context.country))
        with block("div", "fact"):
            say("dt", "보낸 때")
            with block("dd"):
                say("time", f"{context.at:%Y-%m-%d %H:%M} UTC", data_moment=context.at.timestamp() * 1000)


def _outcome(opened: OpenedSample) -> None:
    with block("dl", "facts"):
        if opened.final is not None:
            _fact("결과", label_words(opened.final))
        for place, label in enumerate(opened.verdicts, 1):
            _fact(f"판정 {place}", label_words(label))
        if opened.score is not None:
            _fact("프로그램의 점수", f"{opened.score:.3f}")


def _fact(name: str, value: str) -> None:
    with block("div", "fact"):
        say("dt", name)
        say("dd", value)


def _sample_words(number: int, row: SampleRow) -> tuple[str, str]:
    state = "끝남" if row.state == "settled" else "의견 갈림" if row.state == "disputed" else "다른 사람을 기다림" if row.judged else "판정 전"
    return f"표본 {number}", f"{row.week.month}월 {row.week.day}일 주 · {state}"


def _review_words(row: ReviewRow, viewer: Staff) -> tuple[str, str]:
    who = "나" if row.account_id == viewer.id else row.account_name or "퇴직한 직원"
    case = f" · #{row.case_id}" if row.case_id else " · 표본"
    return label_words(row.label), f"{who} · {row.marked_at:%m-%d}{case}"


def _closed_words(row: ClosedCase) -> tuple[str, str]:
    return (
        f"{words.severity_shape(row.severity)} {words.severity_word(row.severity)} · {words.category_word(row.category)}",
        f"#{row.case_id} · {row.closed_at:%m-%d} 종료",
    )


def refuse(error: AppError) -> None:
    """The page for who may not come in."""
    with block("div", "refused"):
        say("h1", "판정 검토를 열 수 없습니다")
        say("p", error.kind.korean)
