"""The records of an incident."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

#: How a person stands, in the order in which a list shows them.
STATES = {"needs_help": "도움 필요", "unknown": "모름", "safe": "안전"}
#: Who said so.
SAID_BY = {"citizen": "본인", "companion": "일행", "family": "가족", "mission": "재외공관", "local": "현지 기관", "staff": "상담관 판단"}
#: Why a statement was held back from a conversation.
HELD = {"quiet": "옆에서 볼 수 있는 사람이 있음", "phone": "전화 상담", "ended": "종료된 대화", "drill": "훈련"}


@dataclass(frozen=True)
class Incident:
    """What happened, as staff named it."""

    id: int
    title: str = field(repr=False)
    category: str
    country: str | None
    status: str
    opened_by: int
    opened_at: datetime
    merged_into: int | None


@dataclass(frozen=True)
class Suggestion:
    """Cases that look like one event; ``incident_id`` is an open incident of that kind and country, if there is one."""

    category: str
    country: str | None
    case_ids: tuple[int, ...]
    since: datetime
    near: bool
    incident_id: int | None = None


@dataclass(frozen=True)
class Member:
    """A case of the incident, with nothing personal but a coarse cell of at least 5 km."""

    case_id: int
    status: str
    severity: str
    category: str
    country: str | None
    arrival_at: datetime
    owner_name: str | None
    cell: str | None


@dataclass(frozen=True)
class Person:
    """One person on the list, how they stand, and who said so when."""

    id: int
    case_id: int | None
    is_citizen: bool
    name: str = field(repr=False)
    state: str
    said_by: str
    recorded_by_name: str | None
    said_at: datetime


@dataclass(frozen=True)
class Statement:
    """A statement to everybody of the incident, and how far it has come; ``left_out`` are cases that were added after its approval."""

    id: int
    text: str = field(repr=False)
    author_id: int
    author_name: str
    written_at: datetime
    approved_by_name: str | None
    approved_at: datetime | None
    withdrawn_at: datetime | None
    pending: int
    sent: int
    held: tuple[tuple[int, str], ...]
    left_out: int


@dataclass(frozen=True)
class Picture:
    """Everything that the page shows, from one look."""

    incident: Incident
    members: tuple[Member, ...]
    people: tuple[Person, ...]
    statements: tuple[Statement, ...]

    def counts(self) -> dict[str, int]:
        """How many people stand how."""
        found = Counter(person.state for person in self.people)
        return {state: found[state] for state in STATES}
