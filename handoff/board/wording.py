"""The board's words: what each figure is called, what it means, and how values are written. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from handoff.board import definitions as d
from handoff.board.definitions import Figures

NOTHING = "–"
Value = float | int | None


@dataclass(frozen=True)
class Measure:
    """One figure: its name, its unit (``share``, ``seconds``, ``count``, ``hours``, ``ratio``, ``score``), its meaning, and where it stands."""

    key: str
    name: str
    unit: str
    meaning: str
    of: Callable[[Figures], Value]


_Y = f"{d.ANSWER_WITHIN_S:.0f}초"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "offered", "들어온 상담", "count", "이 기간에 사람을 기다리기 시작한 상담 건. 자정을 넘겨도 들어온 날에 한 번만 셉니다.", lambda f: f.waiting.offered
    ),
    Measure("answered", "응답한 상담", "count", "그 가운데 상담관이 처음 맡은 건.", lambda f: f.waiting.answered),
    Measure(
        "abandoned",
        "포기",
        "count",
        "상담관이 맡기 전에 대화를 끝냈거나, 아무도 맡지 않은 채 종료된 건. 창만 닫고 나간 것은 알 수 없습니다.",
        lambda f: f.waiting.abandoned,
    ),
    Measure(
        "short_abandoned", "짧은 포기", "count", f"{d.SHORT_ABANDON_S:.0f}초가 되기 전에 떠난 건. 포기에 들어 있습니다.", lambda f: f.waiting.short_abandoned
    ),
    Measure(
        "service_level",
        f"응답률 ({_Y} 안)",
        "share",
        f"{_Y} 안에 맡은 건 ÷ (맡은 건 + {_Y}를 넘겨 떠난 건 + {_Y}를 넘겨 아직 기다리는 건). {_Y} 안에 떠난 건은 빼고 셉니다.",
        lambda f: f.waiting.service_level,
    ),
    Measure(
        "service_level_all",
        f"응답률 ({_Y} 안, 모두 포함)",
        "share",
        f"{_Y} 안에 맡은 건 ÷ (맡은 건 + 떠난 건 모두 + {_Y}를 넘겨 아직 기다리는 건). 일찍 떠난 건도 못 받은 것으로 셉니다.",
        lambda f: f.waiting.service_level_all,
    ),
    Measure("mean_wait", "평균 대기", "seconds", "맡은 건이 기다린 시간의 평균. 떠난 사람의 시간은 들어 있지 않습니다.", lambda f: f.waiting.mean_wait_s),
    Measure("p95_wait", "대기 p95", "seconds", "맡은 건의 95 %가 이 시간 안에 맡겨졌습니다.", lambda f: f.waiting.p95_wait_s),
    Measure("abandonment", "포기율", "share", "포기 ÷ (맡은 건 + 포기).", lambda f: f.waiting.abandonment),
    Measure(
        "abandonment_without_short", "포기율 (짧은 포기 빼고)", "share", "짧은 포기를 위아래에서 모두 뺀 포기율.", lambda f: f.waiting.abandonment_without_short
    ),
    Measure(
        "handling", "평균 처리 시간", "seconds", "종료된 건을 상담관이 맡고 있던 시간의 평균. 봇에 되돌린 동안은 뺍니다.", lambda f: f.waiting.mean_handling_s
    ),
    Measure("emergencies", "긴급 상담", "count", "이 기간에 위험을 알린 글이 온 건 (생명 위험·긴급).", lambda f: f.emergencies.count),
    Measure(
        "without_words",
        "사람의 말이 없는 긴급",
        "count",
        "아직 상담관이나 영사의 말 또는 통화가 없는 건. 그대로 종료된 건도 셉니다.",
        lambda f: f.emergencies.without_words,
    ),
    Measure(
        "to_human_p50",
        "긴급 → 사람의 첫 말 (가운데)",
        "seconds",
        "위험을 알린 글이 온 때부터 사람의 첫 말 또는 통화까지. 아직 없으면 지금까지, 없이 종료되었으면 종료까지의 시간으로 셉니다.",
        lambda f: f.emergencies.p50_s,
    ),
    Measure(
        "to_human_p95",
        "긴급 → 사람의 첫 말 (p95)",
        "seconds",
        f"긴급의 95 %가 이 시간 안에 사람의 말 또는 통화를 받았습니다. 목표는 {d.WORDS_WITHIN_S:.0f}초입니다.",
        lambda f: f.emergencies.p95_s,
    ),
    Measure("to_human_max", "긴급 → 사람의 첫 말 (가장 김)", "seconds", "이 기간에 가장 오래 걸린 한 건.", lambda f: f.emergencies.max_s),
    Measure("with_fix", "위치를 안 긴급", "share", "맡을 때 기기 위치가 있던 긴급 ÷ 맡은 긴급.", lambda f: f.places.with_fix),
    Measure("exact", "정확한 위치", "share", "맡을 때 반경 50 m 이내의 위치가 있던 긴급 ÷ 맡은 긴급.", lambda f: f.places.exact),
    Measure("good", "정확하고 새로운 위치", "share", f"그 위치가 {d.FRESH_S:.0f}초 안의 것이던 긴급 ÷ 맡은 긴급.", lambda f: f.places.good),
    Measure(
        "staffed",
        "자리에 있던 시간",
        "hours",
        "상담관이 데스크를 열고 ‘응대 가능’이던 시간의 합. 45초 넘게 소식이 없던 데스크는 뺍니다.",
        lambda f: f.work.staffed_h,
    ),
    Measure("occupancy", "업무 밀도", "share", "그 시간 가운데 상담을 하나라도 맡고 있던 시간.", lambda f: f.work.occupancy),
    Measure("at_once", "한 번에 맡은 상담", "ratio", "맡고 있던 시간에 함께 맡은 상담 수의 평균.", lambda f: f.work.at_once),
    Measure("calls", "음성 통화", "count", "이 기간에 민원인이 건 무료 통화. 한 상담에서 여러 번 걸면 여러 번 셉니다.", lambda f: f.calls.started),
    Measure("calls_answered", "받은 통화", "count", "그 가운데 상담관이 받은 통화.", lambda f: f.calls.answered),
    Measure(
        "calls_missed",
        "받지 못한 통화",
        "count",
        "그 가운데 받기 전에 끝난 통화. 민원인이 먼저 끊은 것도 들어 있고, 상담관이 거절한 것은 빼고 셉니다.",
        lambda f: f.calls.missed,
    ),
    Measure("call_wait_p50", "통화를 받기까지 (가운데)", "seconds", "받은 통화가 울린 시간의 가운데 값.", lambda f: f.calls.p50_wait_s),
    Measure(
        "calls_failed",
        "이어지지 않은 통화",
        "count",
        "받았지만 두 브라우저가 서로 닿지 못한 통화 (상담관이 건 것 포함). 잦으면 중계 서버를 설정해야 합니다.",
        lambda f: f.calls.failed,
    ),
    Measure("calls_by_agents", "상담관이 건 통화", "count", "이 기간에 상담관이 민원인에게 건 무료 통화.", lambda f: f.calls.by_agents),
    Measure("visits", "봇 이용", "count", "이 기간에 시작해 끝난 이용. 6시간 동안 글이 없거나 대화를 닫으면 끝난 것으로 봅니다.", lambda f: f.bot.visits),
    Measure(
        "containment", "봇에서 끝난 이용", "share", "상담 건이 생기지 않고 끝난 이용 ÷ 끝난 이용. 해결되었다는 뜻은 아닙니다.", lambda f: f.bot.containment
    ),
    Measure(
        "verified",
        "확인된 해결",
        "share",
        "봇에서 끝난 이용 가운데 4–5점을 주었거나 7일 안에 다시 오지 않은 이용. 1–2점은 해결이 아닙니다. 아직 알 수 없는 이용은 빼고 셉니다.",
        lambda f: f.bot.verified,
    ),
    Measure("verifiable", "해결을 알 수 있는 이용", "count", "‘확인된 해결’을 셀 때 아래에 놓인 수.", lambda f: f.bot.verifiable),
    Measure("ratings", "만족도 응답", "count", "이 기간에 점수를 준 사람. 긴급 상담에는 묻지 않습니다.", lambda f: f.satisfaction.ratings),
    Measure(
        "asked",
        "만족도를 물은 대화",
        "count",
        "이 기간에 물은 대화. 묻지 않아도 스스로 점수를 줄 수 있어 응답이 더 많을 수 있습니다.",
        lambda f: f.satisfaction.asked,
    ),
    Measure("score", "평균 점수", "score", "1–5점의 평균.", lambda f: f.satisfaction.mean),
    Measure("satisfied", "만족", "share", "4–5점을 준 사람 ÷ 점수를 준 사람.", lambda f: f.satisfaction.satisfied),
)
#: What stands above the figures, on the page and in the file.
GENERAL = (
    "하루는 서울 시각 0시에 시작합니다. 기간은 시작을 포함하고 끝은 포함하지 않습니다.",
    "훈련 상담과 다른 상담에 합쳐진 중복은 어느 숫자에도 들어 있지 않습니다.",
    "셀 것이 없는 숫자는 0이 아니라 ‘–’(파일에서는 빈칸)입니다.",
)


def written(value: Value, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return NOTHING
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "seconds":
        return duration(float(value))
    if unit == "hours":
        return f"{value:.1f}시간"
    return f"{value:,.0f}" if unit == "count" else f"{value:.2f}"


def duration(seconds: float | None) -> str:
    """A stretch of time: seconds, then minutes, then hours."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < 60:
        return f"{whole}초"
    if whole < 3600:
        return f"{whole // 60}분 {whole % 60}초"
    return f"{whole // 3600:,}시간 {whole % 3600 // 60}분"


def brief(seconds: float | None) -> str:
    """The same for eyes at two metres: never longer than two numbers, and only as exact as matters."""
    if seconds is None or seconds < 600:
        return duration(seconds)
    return f"{round(seconds) // 60}분" if seconds < 3600 else f"{round(seconds) // 3600:,}시간"


def ago(then: datetime | None, at: datetime) -> str:
    """How long ago something was."""
    return f"{duration(max(0.0, (at - then).total_seconds()))} 전" if then is not None else "없음"
