"""The records of the handoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from conversation.schemas import Line
from handoff.abuse.schemas import Abuse
from handoff.geocoding import Candidate, NearTown
from handoff.phone.caller import CallerCard
from handoff.records.consent_rules import Consent

if TYPE_CHECKING:
    from knowledge_base.of_country import CurrentNotices

#: The category of a restricted case, for whoever may not see it.
HIDDEN = "restricted"
#: The citizens' own country. Whoever names it ("한국인데요") has said what they are, not where: a guess that any other country replaces.
HOME = "KR"


@dataclass(frozen=True)
class Case:
    """One case as it stands; the summary stays sealed (see ``CaseCard``)."""

    id: int
    conversation_id: str
    status: str
    severity: str
    category: str
    reason: str
    language: str
    country: str | None
    arrival_at: datetime
    opened_at: datetime
    team: str
    owner_id: int | None
    claimed_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    first_human_reply_at: datetime | None
    returned: int
    doubts: int
    closed_at: datetime | None
    outcome: str | None
    synthetic: bool
    version: int
    asked_to: int | None = None
    closing_by: int | None = None
    closing_outcome: str | None = None
    offered_to: int | None = None
    snoozed_until: datetime | None = None
    ladder: str = ""
    cannot_speak: bool = False
    #: Who alone may see it, beside its owner and participants; none: it is not restricted.
    restricted_to: list[int] | None = None


@dataclass(frozen=True)
class QueueRow:
    """What a desk shows of a case in a list: nothing personal, so that every event can carry it."""

    case_id: int
    conversation_id: str
    status: str
    severity: str
    category: str
    language: str
    country: str | None
    arrival_at: datetime
    owner_id: int | None
    acknowledged_at: datetime | None
    returned: int
    doubts: int
    synthetic: bool
    version: int
    owner_name: str | None = None
    has_place: bool = False
    offered_to: int | None = None
    offer_due_at: datetime | None = None
    rings: int = 0
    ladder: str = ""
    asked_to: int | None = None
    snoozed_until: datetime | None = None
    closing_by: int | None = None
    cluster: int | None = None
    cannot_speak: bool = False
    restricted_to: list[int] | None = None


@dataclass(frozen=True)
class Claimed:
    """The case is the agent's now, and so is its conversation."""

    case: Case


@dataclass(frozen=True)
class AlreadyTaken:
    """Someone else was first, or the case no longer waits."""

    status: str | None
    owner_id: int | None


@dataclass(frozen=True)
class AgentFull:
    """The agent's cap is reached."""

    held: int
    cap: int


@dataclass(frozen=True)
class NotEligible:
    """The account may not take cases now: ``role``, ``disabled`` or ``away``."""

    why: str


@dataclass(frozen=True)
class OfferedToAnother:
    """A routine case is being offered to a colleague at this moment; an emergency can be taken all the same."""

    staff_id: int
    due_at: datetime


ClaimResult = Claimed | AlreadyTaken | AgentFull | NotEligible | OfferedToAnother


class Certainty(StrEnum):
    """How sure it is that a mission is competent; whether its row of the directory was checked is another question."""

    CONFIRMED = "confirmed"  # an official text, and the place lies plainly inside
    LIKELY = "likely"  # the only mission of the country, or a relayed text
    CHECK = "check"  # a person must ask


@dataclass(frozen=True)
class MissionHint:
    """A mission that may be competent; ``basis`` says in Korean why it stands here, ``source`` who says so."""

    name: str
    country: str
    distance_km: float | None
    verified: bool
    basis: str
    certainty: Certainty = Certainty.CHECK
    source: str = ""


@dataclass(frozen=True)
class MissionNow:
    """How a mission stands now. ``hours`` are staff's words; unverified: usual hours are assumed. ``duty_phone`` is empty unless somebody checked it."""

    is_open: bool
    is_verified: bool
    why: str
    time_zone: str
    local_time: datetime
    next_opening: datetime | None
    hours: str
    duty_phone: str


@dataclass(frozen=True)
class CountryCandidate:
    """A country that the place lies in (``distance_m`` 0) or that lies within its radius."""

    country: str
    distance_m: float


@dataclass(frozen=True)
class Place:
    """A place that a viewer was allowed to see: coordinates, or words that the citizen typed."""

    fix_id: int
    kind: str
    lat: float | None
    lon: float | None
    radius_m: float | None
    confidence: str
    method: str
    datum: str
    source: str
    text: str
    fixed_at: datetime
    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Phone:
    """A checked number, as text."""

    label: str
    number: str


@dataclass(frozen=True)
class Note:
    """A private note of the staff."""

    id: int
    staff_id: int
    staff_name: str
    text: str
    created_at: datetime


@dataclass(frozen=True)
class HandedOn:
    """Who handed a case on, when, to whom, and what was said."""

    staff_name: str
    target: str
    said: str = field(repr=False)
    handed_at: datetime


@dataclass(frozen=True)
class CaseCard:
    """All that an agent needs to see at once."""

    case: Case
    why: tuple[str, ...]
    summary: str
    owner_name: str | None
    channel: str
    conversation_open: bool
    transcript: list[Line] = field(repr=False)
    bot_lines: list[Line] = field(repr=False)
    attempts: int
    place: Place | None = field(repr=False)
    typed_place: Place | None = field(repr=False)
    track: list[Place] = field(repr=False)
    countries: list[CountryCandidate]
    country_conflict: bool
    time_zone: str | None
    local_time: datetime | None
    missions: list[MissionHint]
    numbers: list[Phone]
    alarm_level: str | None
    notes: list[Note] = field(repr=False)
    may_write: bool
    missions_now: dict[str, MissionNow] = field(default_factory=dict)
    towns: list[Candidate] = field(default_factory=list, repr=False)
    near_town: NearTown | None = field(default=None, repr=False)
    notices: CurrentNotices | None = None
    caller: CallerCard | None = None
    handed_on: list[HandedOn] = field(default_factory=list, repr=False)
    abuse: Abuse = field(default_factory=Abuse)
    #: Who agreed for the citizen, or why nobody was asked; the oldest first.
    consents: list[Consent] = field(default_factory=list, repr=False)

    @property
    def map(self) -> dict[str, Any] | None:
        """What a map needs: centre, accuracy circle and track in (lat, lon), or None without coordinates."""
        if self.place is None or self.place.lat is None:
            return None
        return {
            "center": (self.place.lat, self.place.lon),
            "radius_m": self.place.radius_m,
            "track": [(point.lat, point.lon) for point in self.track],
        }


@dataclass(frozen=True)
class Presence:
    """Whether an agent can be given cases."""

    staff_id: int
    state: str
    cap: int
    last_seen_at: datetime
    held: int
    away_reason: str = ""
    #: Until when they must rest after an abusive contact.
    resting_until: datetime | None = None


@dataclass(frozen=True)
class Swept:
    """What one sweep did, by case id; how many expired places it erased; and whether the next one has work at once."""

    rung: list[int]
    returned: list[int]
    repaired: list[int]
    erased: int = 0
    offered: list[int] = field(default_factory=list)
    climbed: list[tuple[int, str]] = field(default_factory=list)
    woken: list[int] = field(default_factory=list)
    grouped: list[int] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class Colleague:
    """Somebody who may be given cases, as others need to know them. ``away_reason`` is a code of ``staffing.AWAY_REASONS``."""

    id: int
    name: str
    roles: frozenset[str]
    state: str
    cap: int
    held: int
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    away_reason: str = ""
    last_seen_at: datetime | None = None
    #: Since when the state is as it is; while somebody is available it also moves with each claim.
    since: datetime | None = None
    shift_ends_at: datetime | None = None
    next_shift_at: datetime | None = None


@dataclass(frozen=True)
class Shift:
    """When somebody works."""

    id: int
    staff_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class ClosedCase:
    """A case that ended lately; nothing personal. ``is_overtaken``: its conversation has another open case, so it cannot be opened again."""

    case_id: int
    severity: str
    category: str
    country: str | None
    outcome: str
    closed_at: datetime
    closed_by_name: str
    is_overtaken: bool


@dataclass(frozen=True)
class CloseRequest:
    """What a second person must read before they end an emergency."""

    by_id: int
    by_name: str
    outcome: str
    contact: str = field(repr=False)
    asked_at: datetime


@dataclass(frozen=True)
class DutyNumber:
    """A mission's duty number: who wrote it, and who has tried it. ``is_called``: the check is recent enough for the ladder to ring it."""

    country: str
    number: str = field(repr=False)
    source: str
    entered_by: int
    entered_by_name: str
    entered_at: datetime
    checked_by_name: str
    checked_at: datetime | None
    is_called: bool
