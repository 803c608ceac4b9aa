"""How much danger is missed, from a sample whose members had unequal chances. Pure; ``docs/reviews.md`` explains the formulas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handoff.reviews.schemas import Share

Z = 1.96
#: Below the first a distribution counts as stable, above the second as another one (the usual reading of the index).
PSI_SHIFTED, PSI_CHANGED = 0.1, 0.25


@dataclass(frozen=True)
class Item:
    """One drawn message: its chance of being drawn, and whether it turned out to be danger (None: nobody can tell any more)."""

    probability: float
    was_emergency: bool | None


@dataclass(frozen=True)
class Drawn:
    """One week's sample and the number of messages that it stands for."""

    population: int
    items: tuple[Item, ...]

    @property
    def answered(self) -> list[Item]:
        """Those that were judged."""
        return [item for item in self.items if item.was_emergency is not None]


def wilson(rate: float, n: float, z: float = Z) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in ``n`` (possibly effective, hence fractional) draws."""
    if n <= 0:
        return 0.0, 1.0
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(max(0.0, rate * (1 - rate) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def share(hits: int, n: int) -> Share | None:
    """An ordinary share, None of nothing."""
    return Share(hits / n, *wilson(hits / n, n), float(n)) if n else None


def effective_size(weights: Iterable[float]) -> float:
    """Kish: unequal weights tell less than as many equal ones."""
    values = list(weights)
    squares = sum(weight * weight for weight in values)
    return sum(values) ** 2 / squares if squares else 0.0


def missed_total(drawn: Drawn) -> float:
    """How many of the week's messages were danger that triage let pass.

    Horvitz–Thompson, the sum of 1/probability over the danger found, which is unbiased for any drawing. Where some members can no longer
    be judged (erased), the share among the weights of the others stands for them.
    """
    answered = drawn.answered
    found = sum(1 / item.probability for item in answered if item.was_emergency)
    if len(answered) < len(drawn.items):
        weight = sum(1 / item.probability for item in answered)
        found = drawn.population * found / weight if weight else 0.0
    return min(found, float(drawn.population))


def omission(weeks: Sequence[Drawn]) -> Share | None:
    """The share of danger among what was not escalated, over some weeks; None before anything was judged."""
    population = sum(week.population for week in weeks)
    weights = [1 / item.probability for week in weeks for item in week.answered]
    if not population or not weights:
        return None
    rate = sum(missed_total(week) for week in weeks) / population
    size = effective_size(weights)
    return Share(rate, *wilson(rate, size), size)


def confirmed_share(yes: int, judged: int) -> float:
    """How much of what was escalated was danger, by those cases that people have judged; with none judged, all of it."""
    return (yes + 1) / (judged + 1)


def missed_share(passed: Share | None, population: int, caught: float) -> Share | None:
    """Of all danger, the share that triage let pass: the figure that stands beside the written one.

    It rises with the number missed, so its bounds are those of ``passed``; that ``caught`` is an estimate too is left out.
    """
    if passed is None or not population:
        return None

    def of(rate: float) -> float:
        missed = rate * population
        return missed / (missed + caught) if missed + caught else 0.0

    return Share(of(passed.rate), of(passed.low), of(passed.high), passed.n)


def stability_index(before: Sequence[int], since: Sequence[int]) -> float | None:
    """The population stability index of two histograms over the same bins; an empty bin counts as half a message."""
    total_before, total_since = sum(before), sum(since)
    if not total_before or not total_since:
        return None
    index = 0.0
    for a, b in zip(before, since, strict=True):
        if not a and not b:
            continue
        p, q = max(a, 0.5) / total_before, max(b, 0.5) / total_since
        index += (q - p) * math.log(q / p)
    return index


def drift_level(index: float | None) -> str | None:
    """The index in a word."""
    if index is None:
        return None
    return "stable" if index < PSI_SHIFTED else "shifted" if index < PSI_CHANGED else "changed"
