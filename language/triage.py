"""Is somebody in danger? A calibrated classifier joined with rules that can only raise, and three answers: escalate, ask, carry on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from language.analysis import Analysis
from language.categories import Category, Urgency
from language.category_words import BONUS, category_bonus, is_held_by_things
from language.linear import Features, Head, features, load_heads
from language.paths import MODELS
from language.rules import Hit, hits

Action = Literal["escalate", "ask", "none"]
FOLDER = MODELS / "triage"
# The closed list in the order of the category head's rows.
CATEGORIES: tuple[Category, ...] = tuple(Category)


SURE_CATEGORY = 0.4
POSSIBLE = 0.08


@dataclass(frozen=True)
class Context:
    """What the conversation already knows; each part can only lower the thresholds."""

    previous_urgency: Urgency | None = None
    open_case: bool = False
    heightened: bool = False  # a location request is open, or the citizen was asked whether it is dangerous
    last_turns: tuple[float, ...] = ()  # `Decision.score` of the citizen's last messages, newest last

    @property
    def shift(self) -> float:
        """By how much, in log-odds, doubt counts for more than in a first message; never enough to make "네" an emergency."""
        shift = 0.0
        if self.previous_urgency is not None and self.previous_urgency.is_emergency:
            shift += 0.8
        if self.open_case:
            shift += 0.4
        if self.heightened:
            shift += 0.8
        if self.last_turns:
            shift += min(1.0, 2.0 * max(self.last_turns[-3:]))
        return min(shift, 2.0)


NO_CONTEXT = Context()


@dataclass(frozen=True)
class Decision:
    """What to do. `score` is the calibrated probability of an emergency by the classifier alone."""

    urgency: Urgency
    category: Category
    action: Action
    score: float
    reasons: tuple[str, ...]
    # Probability of `category`; below `SURE_CATEGORY` the generic crisis card is the right one.
    category_score: float = 0.0
    # What else it may be, likeliest first, each with at least `POSSIBLE`: an unsure category may still be one where somebody reads along.
    possible: tuple[Category, ...] = ()

    @property
    def is_category_sure(self) -> bool:
        """Whether the category may choose the crisis card."""
        return self.category_score >= SURE_CATEGORY


@dataclass(frozen=True)
class Calibration:
    """Platt scaling of one emergency head, and the two thresholds on its log-odds."""

    slope: float
    offset: float
    escalate: float
    ask: float

    def log_odds(self, raw: float) -> float:
        """Calibrated log-odds."""
        return self.slope * raw + self.offset


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))


def tier(x: Features) -> str:
    """Which emergency head fits what is known of a text: with the adapted vector, with the plain one (another encoder, no adapter), or by its letters alone."""
    return "adapted" if x.adapted is not None else "plain" if x.dense is not None else "blind"


class Triage:
    """The trained arrays and their thresholds. Heads: adapted, plain, blind (see `tier`), life_threat, non_urgent, category."""

    def __init__(self, heads: Mapping[str, Head], mean: np.ndarray, calibration: Mapping[str, Calibration]) -> None:
        self.heads = heads
        self.mean = mean
        self.calibration = calibration

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Triage:
        """Read `triage.npz` and `thresholds.json`; 20 ms."""
        heads, mean = load_heads(folder / "triage.npz")
        saved = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))
        return cls(heads, mean, {name: Calibration(**values) for name, values in saved["calibration"].items()})

    def _passages(self, analysis: Analysis) -> Iterator[Features]:
        """The whole message, or of a long one its windows: no training sentence is as long as that."""
        if not analysis.window_rows:
            yield features(analysis.normalised, analysis.tokens, analysis.vector, self.mean, analysis.adapted)
        vectors, adapted = analysis.window_vectors, analysis.window_adapted
        for place, (row, tokens) in enumerate(zip(analysis.window_rows, analysis.window_tokens, strict=True)):
            vector = None if vectors is None else vectors[place]
            yield features(analysis.windows[row], tokens, vector, self.mean, None if adapted is None else adapted[place])

    def log_odds(self, x: Features) -> tuple[float, Calibration]:
        """Calibrated log-odds of an emergency by the head that fits what is known of the text."""
        name = tier(x)
        calibration = self.calibration[name]
        return calibration.log_odds(float(self.heads[name].score(x)[0])), calibration

    def decide(self, analysis: Analysis, context: Context = NO_CONTEXT) -> Decision:
        """The decision for one message; works without a vector, less well."""
        found = _hits(analysis)
        if not analysis.normalised:
            return Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ("empty",))
        judged = [(*self.log_odds(x), x) for x in self._passages(analysis)]
        # The passage that goes furthest beyond its own threshold speaks for the message.
        worst, calibration, x = max(judged, key=lambda j: j[0] - j[1].escalate)
        reasons: list[str] = []
        if analysis.window_rows:
            reasons.append("windows")
        if tier(x) != "adapted":
            reasons.append("no_vector" if x.dense is None else "no_adapter")
        raised = worst + context.shift
        action: Action = "none"
        if raised >= calibration.escalate:
            action = "escalate"
            reasons.append("classifier")
        elif raised >= calibration.ask:
            action = "ask"
            reasons.append("doubt")
        if context.shift and action != _action(worst, calibration):
            reasons.append("context")
        by_rule = _raise(found, worst, calibration)
        if _RANK[by_rule] > _RANK[action]:
            action = by_rule
        reasons.extend(f"rule:{hit.name}" for hit in found if not hit.is_hint or by_rule != "none")
        urgency = self._urgency(x, action, found)
        category, category_score, possible = self._category(analysis, x, action, found) if urgency is not Urgency.NONE else (Category.OTHER, 1.0, ())
        return Decision(
            urgency=urgency,
            category=category,
            action=action,
            score=round(_probability(worst), 4),
            reasons=tuple(reasons),
            category_score=category_score,
            possible=possible,
        )

    def _urgency(self, x: Features, action: Action, found: Sequence[Hit]) -> Urgency:
        if action == "none":
            return Urgency.NON_URGENT if float(self.heads["non_urgent"].score(x)[0]) > 0 else Urgency.NONE
        rules = [hit.urgency for hit in found if hit.is_certain and not hit.is_softened]
        is_life = float(self.heads["life_threat"].score(x)[0]) > 0
        return min([Urgency.LIFE_THREAT if is_life else Urgency.URGENT, *rules], key=lambda u: u.rank)

    def _category(self, analysis: Analysis, x: Features, action: Action, found: Sequence[Hit]) -> tuple[Category, float, tuple[Category, ...]]:
        text = "\n".join(analysis.windows) or analysis.normalised
        logits = self.heads["category"].score(x) + category_bonus(text)
        if action != "none":
            for hit in found:
                if hit.category is not None and not hit.is_softened and not (hit.category is Category.CONFINEMENT and is_held_by_things(text)):
                    logits[CATEGORIES.index(hit.category)] += BONUS
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        order = [int(place) for place in np.argsort(-shares) if shares[place] >= POSSIBLE] or [int(np.argmax(shares))]
        return CATEGORIES[order[0]], round(float(shares[order[0]]), 4), tuple(CATEGORIES[place] for place in order)


_RANK: Mapping[str, int] = {"none": 0, "ask": 1, "escalate": 2}
# A softened call for rescue asks only when the classifier is not sure of the contrary.
_SOFTENED_MARGIN = 2.0
# How much smaller a doubt may be, in log-odds, when the words are plain.
HINT_MARGIN = 1.5


def _action(log_odds: float, calibration: Calibration) -> Action:
    return "escalate" if log_odds >= calibration.escalate else "ask" if log_odds >= calibration.ask else "none"


def _hits(analysis: Analysis) -> tuple[Hit, ...]:
    """Rules over the message, or over each window of a long one: a softener elsewhere in it does not count."""
    if not analysis.windows:
        return hits(analysis.normalised)
    found: dict[str, Hit] = {}
    for window in analysis.windows:
        for hit in hits(window):
            known = found.get(hit.name)
            if known is None or (known.is_softened and not hit.is_softened):
                found[hit.name] = hit
    return tuple(found.values())


def _raise(found: Sequence[Hit], log_odds: float, calibration: Calibration) -> Action:
    """The least that the rules demand."""
    demand: Action = "none"
    for hit in found:
        if hit.is_hint:
            if not hit.is_softened and log_odds >= calibration.ask - HINT_MARGIN:
                demand = "ask"
            continue
        if hit.is_certain and not hit.is_softened:
            return "escalate"
        if not hit.is_softened or (hit.is_certain and log_odds >= calibration.ask - _SOFTENED_MARGIN):
            demand = "ask"
    return demand
