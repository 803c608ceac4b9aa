"""The board's trends as options of the chart library. Pure; colours are chosen to be read on light and dark paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handoff.board.definitions import ANSWER_TARGET, WORDS_WITHIN_S, ZONE, Slot

AXIS, GRID, MAIN, SECOND, LINE = "#7b8794", "rgba(123,135,148,.25)", "#3f87d2", "#d98e04", "#d4434b"


def arrivals(slots: Sequence[Slot]) -> dict[str, Any]:
    """What came in, and who left."""
    return _options(
        slots,
        [
            {"name": "들어옴", "type": "bar", "data": [slot.waiting.offered for slot in slots], "itemStyle": {"color": MAIN}},
            {"name": "포기", "type": "bar", "data": [slot.waiting.abandoned for slot in slots], "itemStyle": {"color": SECOND, "decal": {"symbol": "rect"}}},
        ],
        whole=True,
    )


def service_level(slots: Sequence[Slot]) -> dict[str, Any]:
    """Answered in time, in per cent, with the target."""
    values = [None if slot.waiting.service_level is None else round(100 * slot.waiting.service_level, 1) for slot in slots]
    return _options(slots, [_line("응답률 %", values, MAIN) | {"markLine": _target(100 * ANSWER_TARGET)}], most=100)


def time_to_human(slots: Sequence[Slot]) -> dict[str, Any]:
    """Emergencies until a person's first words, with the target."""
    values = [None if slot.emergencies.p95_s is None else round(slot.emergencies.p95_s, 1) for slot in slots]
    return _options(slots, [_line("p95 초", values, SECOND) | {"markLine": _target(WORDS_WITHIN_S)}], least_top=2 * WORDS_WITHIN_S)


def _line(name: str, values: list[float | None], colour: str) -> dict[str, Any]:
    # A stretch without anything to count is a gap, not nought; single values show as points.
    return {"name": name, "type": "line", "data": values, "connectNulls": False, "symbolSize": 8, "itemStyle": {"color": colour}, "lineStyle": {"width": 2.5}}


def _target(value: float) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": LINE, "type": "dashed"},
        "label": {"show": False},
        "data": [{"yAxis": value}],
    }


def _options(
    slots: Sequence[Slot], series: list[dict[str, Any]], *, whole: bool = False, most: float | None = None, least_top: float | None = None
) -> dict[str, Any]:
    by_hour = len(slots) < 2 or (slots[1].start - slots[0].start).total_seconds() <= 3600
    axis: dict[str, Any] = {"type": "value", "min": 0, "axisLabel": {"color": AXIS}, "splitLine": {"lineStyle": {"color": GRID}}}
    if whole:
        axis["minInterval"] = 1
    if most is not None:
        axis["max"] = most
    elif least_top is not None:
        shown = [value for one in series for value in one["data"] if value is not None]
        axis["max"] = None if max(shown, default=0) > least_top else least_top
    return {
        "animation": False,
        "aria": {"enabled": True},
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 14, "top": 30 if len(series) > 1 else 14, "bottom": 8, "containLabel": True},
        "legend": {"show": len(series) > 1, "top": 0, "itemGap": 18, "left": 0, "itemHeight": 10, "textStyle": {"color": AXIS}},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "category",
            "data": [f"{slot.start.astimezone(ZONE):{'%H시' if by_hour else '%m-%d'}}" for slot in slots],
            "axisLabel": {"color": AXIS, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": GRID}},
        },
        "yAxis": axis,
        "series": series,
    }
