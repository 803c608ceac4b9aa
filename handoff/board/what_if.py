"""What more or fewer people, or more or fewer contacts, would change: sliders over Erlang-A."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from core.staff_elements import block, button, say
from handoff.board.definitions import ANSWER_TARGET, ANSWER_WITHIN_S, Figures
from handoff.board.erlang import Shift, expected, staff_for
from handoff.board.wording import duration, written

#: Where the day has not shown it yet: an ordinary hour, a chat, a citizen.
USUAL = Shift(arrivals_per_hour=20, handling_s=600, agents=6, patience_s=300)
SURGE = 40


#: What the sliders can say: fine where a shift usually is, coarse where an earthquake is.
STOPS: dict[str, tuple[int, ...]] = {
    "arrivals_per_hour": (*range(61), *range(65, 201, 5), *range(225, 501, 25), *range(550, 2001, 50)),
    "handling_s": (*range(60, 1201, 30), *range(1260, 3601, 60)),
    "agents": (*range(1, 41), *range(45, 201, 5)),
    "patience_s": (*range(30, 601, 30), *range(660, 1801, 60)),
}
NAMES = {"arrivals_per_hour": "1시간에 오는 상담", "handling_s": "한 건 처리 시간", "agents": "상담관", "patience_s": "기다려 주는 시간"}


def seen(found: Figures, at: datetime, available: int) -> Shift:
    """The shift as the period has shown it until now, as near as the sliders can say it; the usual where there is too little to see."""
    waiting, shift = found.waiting, USUAL
    hours = (min(found.window.end, at) - found.window.start).total_seconds() / 3600
    if waiting.offered >= 5 and hours >= 1:
        shift = replace(shift, arrivals_per_hour=waiting.offered / hours)
    if waiting.mean_handling_s:
        shift = replace(shift, handling_s=waiting.mean_handling_s)
    if available:
        shift = replace(shift, agents=available)
    return Shift(*(nearest(name, getattr(shift, name)) for name in STOPS))


def nearest(name: str, value: float) -> int:
    """What a slider can say that comes nearest."""
    return min(STOPS[name], key=lambda stop: abs(stop - value))


def shown(name: str, value: float) -> str:
    """What a slider says."""
    return duration(value) if name.endswith("_s") else f"{value:,.0f}건" if name == "arrivals_per_hour" else f"{value:.0f}명"


class WhatIf:
    """The pane; its state lives with the page of one supervisor."""

    def __init__(self) -> None:
        self._shift = USUAL
        self._sliders: dict[str, ui.slider] = {}
        self._says: dict[str, TextElement] = {}
        self._results: dict[str, TextElement] = {}
        self._is_set = False

    def build(self) -> None:
        """Make it."""
        with block("section", aria_label="인원을 바꾸면"):
            with block("div", "head"):
                say("h2", "인원이나 상담이 달라지면")
                with block("div", "presets"):
                    button("평소의 2배", self._times(2), classes="small", data_preset="2")
                    button(f"큰 사고 ({SURGE}배)", self._times(SURGE), classes="small", data_preset=str(SURGE))
                    button("처음으로", lambda: self._show(self._first), classes="small", data_preset="1")
            with block("div", "what-if"):
                with block("div", "sliders"):
                    for name, stops in STOPS.items():
                        with block("div", "slider"):
                            say("span", NAMES[name])
                            slider = ui.slider(min=0, max=len(stops) - 1, step=1, value=stops.index(getattr(self._shift, name)))
                            slider.props(f'aria-label="{NAMES[name]}" data-slider="{name}"')
                            slider.on("update:model-value", self._moved(name), throttle=0.1)
                            self._sliders[name] = slider
                            self._says[name] = say("span", "", "now")
                with block("div", "results", aria_live="polite"):
                    for key, title in (
                        ("service_level", f"{ANSWER_WITHIN_S:.0f}초 안에 응답"),
                        ("mean_answer_s", "평균 대기"),
                        ("abandonment", "포기율"),
                        ("occupancy", "업무 밀도"),
                    ):
                        with block("div", "result"):
                            say("span", title, "soft")
                            self._results[key] = say("b", "", data_result=key)
                    with block("div", "result needed"):
                        say("span", f"{ANSWER_TARGET:.0%}를 {ANSWER_WITHIN_S:.0f}초 안에 응답하려면", "soft")
                        self._results["needed"] = say("b", "", data_result="needed")
                note = (
                    "Erlang-A로 셈합니다. 한 사람이 한 건씩 맡고, 도착·처리·기다림이 모두 무작위(지수 분포)라고 봅니다. "
                    "응답은 온 상담 모두를 아래에 놓고 셉니다. "
                    "긴급 상담은 늘 먼저 연결되므로, 여기서 늦어지는 것은 나머지 상담입니다."
                )
                say("p", note, "note soft")
        self._first = self._shift
        self._show(self._shift)

    def start_from(self, shift: Shift) -> None:
        """Begin at what the day shows; once, so that nobody's slider moves under their hand."""
        if not self._is_set:
            self._is_set = True
            self._first = shift
            self._show(shift)

    def _times(self, factor: int) -> Callable[[], None]:
        return lambda: self._show(replace(self._shift, arrivals_per_hour=nearest("arrivals_per_hour", self._first.arrivals_per_hour * factor)))

    def _moved(self, name: str) -> Callable[[], None]:
        def moved() -> None:
            self._is_set = True
            # A page may send anything: what no slider can say is put where one could.
            value, stops = self._sliders[name].value, STOPS[name]
            place = int(value) if isinstance(value, int | float) and 0 <= value < len(stops) else 0
            self._show(replace(self._shift, **{name: stops[place]}), but=name)

        return moved

    def _show(self, shift: Shift, but: str = "") -> None:
        self._shift = shift
        for name, slider in self._sliders.items():
            value = getattr(shift, name)
            if name != but:
                slider.set_value(STOPS[name].index(value))
            self._says[name].text = shown(name, value)
        found = expected(shift, ANSWER_WITHIN_S)
        self._results["service_level"].text = written(found.service_level, "share")
        self._results["mean_answer_s"].text = written(found.mean_answer_s, "seconds")
        self._results["abandonment"].text = written(found.abandonment, "share")
        self._results["occupancy"].text = written(found.occupancy, "share")
        needed = staff_for(shift, ANSWER_WITHIN_S, ANSWER_TARGET)
        more = f" (지금보다 {needed - shift.agents}명 더)" if needed is not None and needed > shift.agents else ""
        self._results["needed"].text = f"상담관 {needed}명{more}" if needed is not None else "이 규모로는 닿지 않습니다"
