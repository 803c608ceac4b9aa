"""The figures at the top of the review page: what real messages say triage misses, beside what written ones say."""

from __future__ import annotations

from handoff.desk.elements import block, say
from handoff.reviews.schemas import Figures, Share


def percent(value: float) -> str:
    """A share as people read it: one decimal, two below one per cent."""
    return f"{100 * value:.2f} %" if 0 < value < 0.01 else f"{100 * value:.1f} %"


def interval(share: Share) -> str:
    """Its 95 % interval."""
    return f"{percent(share.low).removesuffix(' %')}–{percent(share.high)}"


def show_figures(found: Figures) -> None:
    """Four numbers to read from two metres, the weeks behind them on request."""
    with block("div", "tiles"):
        _tile("놓친 비율 · 최근 표본", found.missed, _counted(found) if found.missed else "다 판정한 주가 아직 없습니다", name="missed")
        _tile(
            "놓친 비율 · 글로 쓴 시험", found.written, f"시험 문장 {found.written.n:,.0f}개" if found.written else "모델 카드에 값이 없습니다", name="written"
        )
        current = found.weeks[0] if found.weeks else None
        with block("div", "tile", data_figure="sample"):
            say("span", "이번 표본", "tile-name")
            say("b", f"{current.settled} / {current.drawn}" if current else "–", "tile-value")
            say("span", _progress(current.week.month, current.week.day, current.disputed) if current else "월요일 0시(UTC)에 처음 뽑습니다", "soft")
        with block("div", "tile", data_figure="pending"):
            say("span", "판정 제안", "tile-name")
            say("b", f"{found.pending}", "tile-value")
            say("span", "다른 사람의 확인을 기다림", "soft")
    if found.weeks:
        _weeks(found)


def _tile(title: str, share: Share | None, under: str, *, name: str) -> None:
    with block("div", "tile", data_figure=name):
        say("span", title, "tile-name")
        say("b", percent(share.rate) if share else "–", "tile-value")
        if share is not None:
            say("span", f"95 % 구간 {interval(share)}", "tile-interval")
        say("span", under, "soft")


def _counted(found: Figures) -> str:
    return f"{len(found.counted)}주 · 표본에서 응급 {found.missed_found}건"


def _progress(month: int, day: int, disputed: int) -> str:
    return f"{month}월 {day}일 주" + (f" · 의견 갈림 {disputed}" if disputed else "")


def _weeks(found: Figures) -> None:
    with block("details", "weeks"):
        with block("summary"):
            say("span", "주별로 보기")
        with block("div", "scroll"), block("table"):
            with block("thead"), block("tr"):
                for title in ("주 (월요일)", "지나친 글", "뽑은 글", "끝남", "의견 갈림", "응급이었음"):
                    say("th", title, scope="col")
            with block("tbody"):
                for week in found.weeks:
                    with block("tr"):
                        for value in (f"{week.week:%Y-%m-%d}", f"{week.population:,}", week.drawn, week.settled, week.disputed, week.missed):
                            say("td", str(value))
        if found.omission is not None:
            text = (
                f"부르지 않은 글 가운데 응급은 {percent(found.omission.rate)} (95 % 구간 {interval(found.omission)})로 추정합니다. "
                f"놓친 비율은 이것을 부른 글 {found.caught:,}건과 견준 것입니다. 표본이 작아 구간이 넓습니다."
            )
            say("p", text, "soft")
