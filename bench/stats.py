"""Percentiles and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass
class Phase:
    """What one phase of load saw; times in milliseconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    diverted: int = 0

    @property
    def rate(self) -> float:
        """Answered messages a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def p(self, share: float) -> float:
        """A percentile of the times."""
        return percentile(self.times, share)


def over(phases: Sequence[Phase], share: float | None = None) -> float:
    """The median over phases of the rate, or of a percentile."""
    return median(phase.rate if share is None else phase.p(share) for phase in phases) if phases else 0.0


def table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """Columns, the first to the left and the others to the right."""
    cells = [[str(cell) if not isinstance(cell, float) else f"{cell:.1f}" for cell in line] for line in (head, *lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    return "\n".join("  ".join((first.ljust(widths[0]), *map(str.rjust, others, widths[1:]))) for first, *others in cells)


def memory_line(used: Mapping[str, float]) -> str:
    """Memory by role and in all."""
    return "  ".join(f"{role} {size:.0f}" for role, size in used.items()) + f"  (all {sum(used.values()):.0f} MB)"
