"""The three sums of which the figures are made. Of nothing each is None, never nought. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def share(part: float, whole: float) -> float | None:
    """A part of a whole; of nothing, None."""
    return part / whole if whole > 0 else None


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; of nothing, None."""
    return math.fsum(values) / len(values) if values else None


def percentile(values: Sequence[float], part: float) -> float | None:
    """The smallest value that at least this part of all does not exceed (nearest rank): always one that somebody has lived through."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)] if ranked else None
