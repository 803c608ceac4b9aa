"""How long a citizen will wait, as a range from measured handling times, and the sentence that says so. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from handoff import queue_order

LONGEST_MIN = 120


@dataclass(frozen=True)
class Crew:
    """Who is there: agents at open desks, the cases they may hold together, and how many more they could take."""

    agents: int
    places: int
    free: int


@dataclass(frozen=True)
class Wait:
    """What is said of one wait; ``low_min`` and ``high_min`` None: unknown."""

    position: int
    low_min: int | None
    high_min: int | None
    crew: str

    @property
    def digest(self) -> str:
        """The same digest is not said twice."""
        return f"{self.position}:{self.low_min}-{self.high_min}:{self.crew}"


def estimate(position: int, severity: str, crew: Crew, quartiles_s: tuple[float, float] | None) -> Wait:
    """The place and the range: everyone ahead needs a place, and places become free as fast as cases end.

    The range spans the quartiles of what cases have taken, rounded outwards. An emergency needs no free place, since caps give way to it, but a person: of
    more emergencies than agents the later ones are promised nothing, because nobody knows how soon somebody turns to the next.
    """
    if crew.agents == 0:
        return Wait(position, None, None, "nobody")
    if queue_order.is_emergency(severity) and position > crew.agents:
        return Wait(position, None, None, "busy")
    ahead = 0 if queue_order.is_emergency(severity) else max(0, position - crew.free)
    if ahead == 0:
        return Wait(position, 0, 1, "open")
    if quartiles_s is None or crew.places == 0:
        return Wait(position, None, None, "busy")
    low = math.floor(ahead * quartiles_s[0] / crew.places / 60)
    high = max(low + 1, math.ceil(ahead * quartiles_s[1] / crew.places / 60))
    return Wait(position, min(low, LONGEST_MIN), min(high, LONGEST_MIN), "busy")


def words(wait: Wait, language: str, hotline: str) -> str:
    """The sentence that the citizen reads; never that help is on its way."""
    if language == "ko":
        return " ".join(part for part in (_CREW_KO[wait.crew].format(hotline=hotline), f"지금 대기 {wait.position}번째입니다.", _range_ko(wait)) if part)
    return " ".join(part for part in (_CREW_EN[wait.crew].format(hotline=hotline), f"You are number {wait.position} in the queue.", _range_en(wait)) if part)


_CREW_KO = {
    "open": "",
    "busy": "모든 상담원이 통화 중입니다. 급하시면 {hotline} 로 전화하세요.",
    "nobody": "모든 상담원이 통화 중이거나 자리에 없습니다. 급하시면 {hotline} 로 전화하세요.",
}
_CREW_EN = {
    "open": "",
    "busy": "All counsellors are busy. If it is urgent, call {hotline}.",
    "nobody": "No counsellor is available at the moment. If it is urgent, call {hotline}.",
}


def _range_ko(wait: Wait) -> str:
    if wait.low_min is None or wait.high_min is None:
        return "기다리는 시간은 아직 알 수 없습니다."
    if wait.low_min >= LONGEST_MIN:
        return f"{LONGEST_MIN}분 넘게 걸릴 수 있습니다."
    return f"약 {wait.low_min}~{wait.high_min}분 걸릴 것으로 보입니다." if wait.low_min else f"{wait.high_min}분 안에 연결될 것으로 보입니다."


def _range_en(wait: Wait) -> str:
    if wait.low_min is None or wait.high_min is None:
        return "The waiting time is not known yet."
    if wait.low_min >= LONGEST_MIN:
        return f"It may take more than {LONGEST_MIN} minutes."
    return f"It should take about {wait.low_min} to {wait.high_min} minutes." if wait.low_min else f"It should take less than {wait.high_min} min."
