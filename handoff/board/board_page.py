"""``/board``: how things stand, to be read from two metres; under it how the day goes, the channels, and what more people would change."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from nicegui import Client, background_tasks, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.errors import AppError, DatabaseUnavailable
from core.logging import get
from core.staff_elements import attributes, block, button, say
from handoff.board import charts
from handoff.board.actions import BoardActions, Period
from handoff.board.channels_pane import ChannelsPane
from handoff.board.definitions import ANSWER_TARGET, ANSWER_WITHIN_S, WORDS_WITHIN_S, ZONE
from handoff.board.service import Live, is_hourly
from handoff.board.what_if import WhatIf, seen
from handoff.board.wording import GENERAL, MEASURES, brief, duration, written
from handoff.desk.guarded import guarded
from handoff.surge.switch_pane import SwitchPane

log = get(__name__)
LOOK_S = 4.0
#: The day's figures and its course are drawn anew this often; what stands above them with each look.
PERIOD_EVERY = 8
#: From this long a wait on, the number asks to be looked at.
LONG_WAIT_S = 180.0
TRENDS = (
    ("들어온 상담과 포기", charts.arrivals),
    (f"{ANSWER_WITHIN_S:.0f}초 안 응답률 % · 목표 {100 * ANSWER_TARGET:.0f} %", charts.service_level),
    (f"긴급 → 사람의 첫 말, p95 초 · 목표 {WORDS_WITHIN_S:.0f}초", charts.time_to_human),
)


class BoardLive(Element, component="static/board_live.js"):
    """How live the page is, told by the browser itself."""


class BoardPage:
    """One open page."""

    def __init__(self, client: Client, viewer: Staff, actions: BoardActions) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._days = ("", "")
        self._wished = ("", "")
        self._beat = 0
        self._numbers: dict[str, tuple[Element, TextElement, TextElement]] = {}
        self._charts: list[ui.echart] = []
        self._what_if = WhatIf()
        self._channels = ChannelsPane(client)
        self._task: asyncio.Task[Any] | None = None
        self._drawn: Period | None = None
        self._available = 0

    def build(self) -> None:
        """Make the page's frame."""
        with block("div", "desk board"):
            self._bar()
            with block("main"):
                self._channels.alarm()
                with block("section", aria_label="지금"), block("div", "numbers-now"):
                    for key, title in (
                        ("waiting", "기다리는 상담"),
                        ("oldest", "가장 오래 기다림"),
                        ("emergencies", "열린 긴급"),
                        ("human", "긴급 → 사람 (오늘 p95)"),
                        ("missed", "놓친 위험"),
                    ):
                        self._number(key, title)
                self._switch = SwitchPane(self._client, self._do.surge)
                with block("section", aria_label="추이"):
                    self._period_bar()
                    with block("div", "charts"):
                        for title, options in TRENDS:
                            with block("div", "chart"):
                                say("h3", title)
                                self._charts.append(ui.echart(options([]), renderer="svg"))
                with block("section", aria_label="채널"):
                    self._channels.build()
                self._what_if.build()
                with block("div", "pair"):
                    with block("section", aria_label="모든 숫자"):
                        say("h2", "모든 숫자와 그 뜻")
                        for line in GENERAL:
                            say("p", line, "soft")
                        self._table = block("div", "scroll")
                    with block("section", aria_label="만족도"):
                        say("h2", "만족도")
                        say("p", "점수를 주기 전에 마지막으로 종료된 상담을 종료한 사람의 것입니다. 상담이 없었으면 봇의 것입니다.", "soft")
                        self._credits = block("div")

    def start(self) -> None:
        """Fill it, and keep it fresh while it is open."""
        self._task = background_tasks.create(self._watch(), name="board-page")

    def stop(self) -> None:
        """The page is gone."""
        if self._task is not None:
            self._task.cancel()

    # -- frame --------------------------------------------------------------------------------------------------------------------

    def _bar(self) -> None:
        with block("header", "bar"):
            say("span", "길동무 상황판", "brand")
            with block("div", "bar-right"):
                self._corner = attributes(BoardLive(), beat=0, failing=False)
                for href, title in (("/desk", "상담 데스크"), ("/desk/reviews", "판정 검토")):
                    with block("a", "nav", href=href):
                        say("span", title)
                say("span", self._viewer.display_name, "who")
                with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                    say("span", "나가기")

    def _number(self, key: str, title: str) -> None:
        with block("div", "number", data_number=key) as whole:
            say("span", title, "what")
            value = say("b", "–")
            under = say("span", "", "under")
        self._numbers[key] = (whole, value, under)

    def _period_bar(self) -> None:
        with block("div", "head"):
            self._title = say("h2", "오늘")
            with block("div", "period"):
                for index, label in enumerate(("부터", "까지")):
                    with block("label"):
                        field = block("input", type="date", data_day=str(index), aria_label=f"기간 {label}")
                        say("span", label)
                    field.on("change", self._day_changed(index), js_handler="(e) => emit(e.target.value)")
                button("보기", self._show_days, classes="small", data_action="show")
                button("오늘", self._show_today, classes="small", data_action="today")
                with block("a", data_action="csv", href="/board/figures.csv", download="") as self._link:
                    say("span", "CSV로 받기")
                self._problem = say("span", "", "problem", role="alert")

    def _day_changed(self, index: int) -> Any:
        def changed(event: Any) -> None:
            written_day = str(event.args)[:10]
            self._wished = (written_day, self._wished[1]) if index == 0 else (self._wished[0], written_day)

        return changed

    async def _show_days(self) -> None:
        await self._choose(self._wished)

    async def _show_today(self) -> None:
        await self._choose(("", ""))

    async def _choose(self, days: tuple[str, str]) -> None:
        self._problem.text = ""
        await guarded(self._client, "/board", lambda: self._open(days))

    async def _open(self, days: tuple[str, str]) -> None:
        try:
            found = await self._do.period(*days)
        except AppError as error:
            if error.code not in ("bad_date", "invalid_request"):
                raise
            self._problem.text = "날짜를 다시 골라 주세요. 앞날이 뒷날보다 늦지 않아야 하고, 한 번에 93일까지 볼 수 있습니다."
            return
        self._days = days
        self._draw(found)

    # -- keeping fresh ------------------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        await self._client.connected()
        look = 0
        while True:
            await guarded(self._client, "/board", lambda look=look: self._look(look), quiet=look > 0)  # type: ignore[misc]
            look += 1
            await asyncio.sleep(LOOK_S)

    async def _look(self, look: int) -> None:
        try:
            live = await self._do.live()
            await self._switch.refresh()
            # A long period hardly changes while it is looked at, and is much to read.
            is_short = self._drawn is None or is_hourly(self._drawn.figures.window)
            period = await self._do.period(*self._days) if look % PERIOD_EVERY == 0 and is_short else None
        except DatabaseUnavailable:
            # What stands there grows old, and the corner says since when: no beat.
            attributes(self._corner, failing=True).update()
            if self._beat == 0:
                raise
            return
        with self._client:
            self._show_live(live)
            if period is not None:
                self._draw(period)
            self._beat += 1
            attributes(self._corner, beat=self._beat, failing=False).update()

    def _show_live(self, live: Live) -> None:
        self._available = live.available
        away = f" · 자리 비움 {live.away}" if live.away else ""
        self._set(
            "waiting", f"{live.waiting:,}", f"응대 가능 {live.available}명 · 맡은 상담 {live.held}{away}", _level(live.waiting > 0 and live.available == 0)
        )
        oldest = live.oldest_s
        self._set("oldest", brief(oldest), _oldest(live), "warn" if oldest is not None and oldest > LONG_WAIT_S else "ok")
        waits = f"주인 없이 기다림 {live.emergencies_waiting}건" if live.emergencies_waiting else "모두 맡은 사람이 있음" if live.emergencies else "없음"
        self._set("emergencies", f"{live.emergencies:,}", waits, _level(live.emergencies_waiting > 0))
        p95 = live.today.p95_s
        late = p95 is not None and p95 > WORDS_WITHIN_S
        said = f"{'목표 넘음 · ' if late else ''}목표 {WORDS_WITHIN_S:.0f}초 · 오늘 {live.today.count}건"
        self._set("human", brief(p95), f"{said} · 말 없음 {live.today.without_words}" if live.today.without_words else said, _pace(p95, late))
        missed = live.missed
        rate = written(missed.rate, "share") if missed.rate is not None else "–"
        between = f"95 % 구간 {100 * missed.interval[0]:.1f}–{100 * missed.interval[1]:.1f} %" if missed.interval else "다 판정한 표본이 아직 없음"
        self._set("missed", rate, f"{between} · 판정 대기 {missed.pending}", "unknown" if missed.rate is None else "ok")
        self._channels.show(live)

    def _set(self, key: str, value: str, under: str, level: str) -> None:
        whole, number, below = self._numbers[key]
        number.text, below.text = value, under
        attributes(whole, data_level=level).update()

    # -- the period ---------------------------------------------------------------------------------------------------------------

    def _draw(self, found: Period) -> None:
        if self._drawn == found:
            return
        self._drawn = found
        window = found.figures.window
        first, last = window.start.astimezone(ZONE), datetime.fromtimestamp(window.end.timestamp() - 1, ZONE)
        with self._client:
            days = f"{first:%Y년 %m월 %d일}" if first.date() == last.date() else f"{first:%Y년 %m월 %d일} – {last:%Y년 %m월 %d일}"
            self._title.text = f"오늘 · {days}" if self._days == ("", "") else days
            query = urlencode({"from": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"})
            attributes(self._link, href=f"/board/figures.csv?{query}").update()
            for chart, (_, options) in zip(self._charts, TRENDS, strict=True):
                chart.options.clear()
                chart.options.update(options(found.trend))
                chart.update()
            self._fill_table(found)
            self._fill_credits(found)
            self._what_if.start_from(seen(found.figures, clock_now(), self._available))

    def _fill_table(self, found: Period) -> None:
        self._table.clear()
        with self._table, block("table", "stacked"):
            _head("숫자", "값", "뜻")
            with block("tbody"):
                for measure in MEASURES:
                    with block("tr", data_measure=measure.key):
                        say("th", measure.name, scope="row")
                        say("td", written(measure.of(found.figures), measure.unit), "value")
                        say("td", measure.meaning, "meaning")

    def _fill_credits(self, found: Period) -> None:
        self._credits.clear()
        with self._credits:
            if not found.figures.satisfaction.credits:
                say("p", "이 기간에 점수를 준 사람이 없습니다.", "empty")
                return
            with block("div", "scroll"), block("table"):
                _head("종료한 사람", "응답", "평균", "4–5점")
                with block("tbody"):
                    for credit in found.figures.satisfaction.credits:
                        name = "봇" if credit.staff_id is None else found.names.get(credit.staff_id, f"계정 {credit.staff_id}")
                        with block("tr"):
                            say("th", name, scope="row")
                            say("td", f"{credit.ratings:,}", "value")
                            say("td", f"{credit.mean:.2f}", "value")
                            say("td", written(credit.satisfied, "share"), "value")


def _head(*titles: str) -> None:
    with block("thead"), block("tr"):
        for title in titles:
            say("th", title, scope="col")


def _pace(p95: float | None, is_late: bool) -> str:
    return "unknown" if p95 is None else "warn" if is_late else "ok"


def _level(is_alarm: bool) -> str:
    return "alarm" if is_alarm else "ok"


def _oldest(live: Live) -> str:
    left = f" · 떠난 사람의 건 {live.left}" if live.left else ""
    if live.oldest_emergency_s is not None:
        return f"긴급은 {duration(live.oldest_emergency_s)}{left}"
    return f"{'긴급은 기다리지 않음' if live.oldest_s is not None else '기다리는 사람 없음'}{left}"
