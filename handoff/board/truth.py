"""What truly happened on a simulated day, counted by other means than the board's, and where the board says something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from handoff.board.definitions import Figures
from handoff.board.simulated import Caller, Lived
from handoff.queue_order import is_emergency

DAY_S = 86_400
#: Half a millisecond, for shares and times alike: PostgreSQL counts microseconds.
TOLERANCE = 5e-4


def _lowest(values: list[int], part: float) -> float | None:
    return float(np.percentile(values, 100 * part, method="inverted_cdf")) if values else None


def _ratio(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole else None


def truth(lived: Lived, within_s: int = 60) -> dict[str, Any]:
    """The figures of the day by name, as a person with the list of callers on paper would count them."""
    came = [life for life in lived.lives if life.opened is not None and 0 <= life.opened < lived.seconds]
    waits = [life.answered - life.opened for life in came if life.answered is not None and life.opened is not None]
    went = [life.left - life.opened for life in came if life.left is not None and life.opened is not None]
    ended = [sum(b - a for _, a, b in life.hands) for life in came if life.answered is not None and life.ended is not None]
    soon = sum(wait <= within_s for wait in waits)
    short = sum(wait < 5 for wait in went)
    danger = [
        life for life in lived.lives if life.opened is not None and is_emergency(life.caller.severity or "none") and 0 <= life.caller.arrives < lived.seconds
    ]
    words = [(life.words if life.words is not None else life.ended or 0) - life.caller.arrives for life in danger]
    located = [(life.caller.radius_m, life.caller.fix_age + (life.answered or 0) - life.caller.arrives) for life in danger if life.caller.radius_m is not None]
    return (
        {
            "waiting.offered": len(came),
            "waiting.answered": len(waits),
            "waiting.abandoned": len(went),
            "waiting.short_abandoned": short,
            "waiting.service_level": _ratio(soon, len(waits) + sum(wait > within_s for wait in went)),
            "waiting.service_level_all": _ratio(soon, len(came)),
            "waiting.mean_wait_s": float(np.mean(waits)) if waits else None,
            "waiting.p95_wait_s": _lowest(waits, 0.95),
            "waiting.abandonment": _ratio(len(went), len(came)),
            "waiting.abandonment_without_short": _ratio(len(went) - short, len(came) - short),
            "waiting.mean_handling_s": float(np.mean(ended)) if ended else None,
            "emergencies.count": len(danger),
            "emergencies.without_words": sum(life.words is None for life in danger),
            "emergencies.p50_s": _lowest(words, 0.5),
            "emergencies.p95_s": _lowest(words, 0.95),
            "emergencies.max_s": float(max(words)) if words else None,
            "places.taken": len(danger),
            "places.with_fix": _ratio(len(located), len(danger)),
            "places.exact": _ratio(sum(radius <= 50 for radius, _ in located), len(danger)),
            "places.fresh": _ratio(sum(age <= 60 for _, age in located), len(danger)),
            "places.good": _ratio(sum(radius <= 50 and age <= 60 for radius, age in located), len(danger)),
        }
        | dict(_of_desks(lived))
        | dict(_of_bot(lived))
        | dict(_of_ratings(lived))
    )


def _of_desks(lived: Lived) -> Iterator[tuple[str, Any]]:
    """Second by second: who sits there, and with how many cases."""
    staffed = busy = cases = 0
    for staff_id in {desk[0] for desk in lived.desks}:
        there, held = np.zeros(lived.seconds, dtype=bool), np.zeros(lived.seconds, dtype=np.int8)
        for who, start, end in lived.desks:
            if who == staff_id:
                there[max(start, 0) : max(end, 0)] = True
        for life in lived.lives:
            for who, start, end in life.hands:
                if who == staff_id:
                    held[max(start, 0) : max(end, 0)] += 1
        staffed += int(there.sum())
        busy += int((there & (held > 0)).sum())
        cases += int(held[there].sum())
    yield "work.staffed_h", staffed / 3600
    yield "work.occupancy", _ratio(busy, staffed)
    yield "work.at_once", _ratio(cases, busy)


def _of_bot(lived: Lived) -> Iterator[tuple[str, Any]]:
    """Ten days later: every visit is over, and whoever would come back within seven days has."""
    visits = [life for life in lived.lives if 0 <= life.caller.arrives < lived.seconds]
    alone = [life for life in visits if life.caller.severity is None]
    outcomes = Counter(_outcome(life.caller) for life in alone)
    yield "bot.visits", len(visits)
    yield "bot.containment", _ratio(len(alone), len(visits))
    yield "bot.verifiable", len(alone)
    yield "bot.verified", _ratio(outcomes["yes"] + outcomes["stayed_away"], len(alone))


def _outcome(caller: Caller) -> str:
    if caller.score is not None and caller.score != 3:
        return "yes" if caller.score > 3 else "no"
    comes_back = caller.returns_after is not None and not caller.hangs_up and caller.returns_after <= 7 * DAY_S
    return "back" if comes_back else "stayed_away"


def _of_ratings(lived: Lived) -> Iterator[tuple[str, Any]]:
    given = [(life.closed_by, life.caller.score) for life in lived.lives if life.rated is not None and life.caller.score and 0 <= life.rated < lived.seconds]
    scores = [score for _, score in given]
    yield "satisfaction.ratings", len(scores)
    yield "satisfaction.mean", _ratio(sum(scores), len(scores))
    yield "satisfaction.satisfied", _ratio(sum(score >= 4 for score in scores), len(scores))
    yield "satisfaction.credits", {(who, sum(1 for closed, _ in given if closed == who)) for who, _ in given}


def differences(found: Figures, true: dict[str, Any]) -> list[str]:
    """The figures that are not what truly happened."""
    wrong = []
    for name, value in true.items():
        part, _, figure = name.partition(".")
        shown = getattr(getattr(found, part), figure)
        if figure == "credits":
            shown = {(credit.staff_id, credit.ratings) for credit in shown}
        same = shown == value if value is None or shown is None or isinstance(value, set) else abs(shown - value) <= TOLERANCE
        if not same:
            wrong.append(f"{name}: {shown} instead of {value}")
    return wrong
