"""The records of the reviews."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from core.errors import AppError
from language.categories import Category, Urgency


@dataclass(frozen=True)
class Label:
    """What a person judged: how urgent, and what kind of trouble."""

    urgency: Urgency
    category: Category

    @property
    def was_emergency(self) -> bool:
        """Whether a person had to be brought in."""
        return self.urgency.is_emergency

    @classmethod
    def of(cls, urgency: str, category: str) -> Label:
        """From codes.

        Raises:
            AppError: ``invalid_request``.
        """
        try:
            return cls(Urgency(urgency), Category(category))
        except ValueError as error:
            raise AppError("invalid_request", field="label") from error


@dataclass(frozen=True)
class Said:
    """One line as a reviewer sees it."""

    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True)
class Context:
    """The message to judge and what its citizen wrote before; nothing of what triage thought."""

    message_id: int
    text: str = field(repr=False)
    at: datetime
    before: tuple[Said, ...] = field(repr=False)
    language: str
    country: str | None


@dataclass(frozen=True)
class Verdict:
    """What one person said of a message."""

    account_id: int
    account_name: str
    label: Label
    at: datetime


@dataclass(frozen=True)
class ReviewRow:
    """A review in a list: no words."""

    id: int
    message_id: int
    case_id: int | None
    account_id: int
    account_name: str
    source: str
    label: Label
    marked_at: datetime
    state: str


@dataclass(frozen=True)
class OpenedReview:
    """A review with what is needed to decide on it."""

    row: ReviewRow
    context: Context
    note: str = field(repr=False)
    others: tuple[Verdict, ...]
    action: str | None
    score: float | None


@dataclass(frozen=True)
class SampleRow:
    """A sampled message in a reviewer's list; the order tells nothing of its score."""

    id: int
    week: date
    state: str
    judged: bool


@dataclass(frozen=True)
class OpenedSample:
    """A sampled message before a reviewer's eyes. ``verdicts`` and ``score`` stay empty until both have judged; to the third, only the verdicts show."""

    row: SampleRow
    context: Context
    mine: Label | None
    verdicts: tuple[Label, ...] = ()
    score: float | None = None
    final: Label | None = None


@dataclass(frozen=True)
class ClosedCase:
    """A case that a person has ended and not judged yet."""

    case_id: int
    message_id: int
    severity: str
    category: str
    closed_at: datetime


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval; ``n`` is the size of a simple random sample that would tell as much."""

    rate: float
    low: float
    high: float
    n: float


@dataclass(frozen=True)
class WeekProgress:
    """How far a week's sample is."""

    week: date
    population: int
    drawn: int
    settled: int
    gone: int
    disputed: int
    missed: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to judge; what was erased meanwhile is not waited for."""
        return self.settled + self.gone >= self.drawn


@dataclass(frozen=True)
class Figures:
    """What the board shows: the missed rate of the last complete samples beside the written one."""

    weeks: tuple[WeekProgress, ...]
    counted: tuple[date, ...]
    population: int
    caught: int
    confirmed: float
    missed_found: int
    omission: Share | None
    missed: Share | None
    written: Share | None
    pending: int
    last_missed_rate: float | None
