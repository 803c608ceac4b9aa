"""The records of phone callers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from handoff.schemas import Case, ClaimResult


@dataclass(frozen=True)
class Caller:
    """What an agent enters of a caller; only what has happened and how bad it is must be known."""

    what: str = field(repr=False)
    severity: str
    category: str
    started_at: datetime
    client_id: str
    country: str | None = None
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    language: str = "ko"


@dataclass(frozen=True)
class Opened:
    """The case of a caller, what became of taking it, and other open cases of the same number."""

    case: Case
    claim: ClaimResult
    same_number: tuple[int, ...] = ()


@dataclass(frozen=True)
class IssuedCode:
    """A code to read out: shown once, stored as a keyed hash."""

    digits: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Redeemed:
    """The digits were right: the token of the location page."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class Refused:
    """The digits were not accepted; ``code`` is a row of the error catalogue. A result and not an exception: the wrong try must be kept."""

    code: str
