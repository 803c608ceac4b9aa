"""The records that the knowledge base hands out; all frozen, all plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from conversation.schemas import Phone, SourceCard


class NoticeStatus(StrEnum):
    """Where a version of a notice stands with its editors; whether it may be quoted on a day is for its dates to say."""

    DRAFT = "draft"  # being written
    REVIEW = "review"  # waits for a second pair of eyes
    PUBLISHED = "published"  # speaks for the authority, from effective_from on
    SUPERSEDED = "superseded"  # replaced by another notice or a newer version; true of its own time
    EXPIRED = "expired"  # its time is over; true of its own time
    WITHDRAWN = "withdrawn"  # should not have been published; never quoted, not even as past


class NoticeKind(StrEnum):
    """Whose words a record holds; both kinds share states, versions, dates and history."""

    NOTICE = "notice"  # the authority's: searched, and quoted by the bot
    CANNED = "canned"  # agents' standing texts: never searched for citizens, never quoted by the bot


#: States whose text was, or is, official: only these are searched.
OFFICIAL = (NoticeStatus.PUBLISHED, NoticeStatus.SUPERSEDED, NoticeStatus.EXPIRED)


@dataclass(frozen=True)
class NoticeContent:
    """What an editor or a file says in one notice."""

    id: str
    title: str
    body: str
    published_at: date
    effective_from: date
    source: str = ""
    source_url: str = ""
    countries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str = "ko"
    expires_at: date | None = None
    review_by: date | None = None
    supersedes: tuple[str, ...] = ()
    test_only: bool = False
    kind: NoticeKind = NoticeKind.NOTICE
    shortcut: str = ""  # of a canned text: what an agent types after the slash


@dataclass(frozen=True)
class Notice:
    """One stored version of a notice."""

    content: NoticeContent
    version: int = 1
    status: NoticeStatus = NoticeStatus.PUBLISHED

    @property
    def id(self) -> str:
        """The id that all versions share."""
        return self.content.id


@dataclass(frozen=True)
class Hit:
    """A notice that search found, with its best passage."""

    notice_id: str
    score: float
    passage: str
    title: str
    effective_from: date
    until: date | None  # first day on which it no longer held, as far as known
    in_force: bool  # on the day asked about
    countries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    source: str = ""
    source_url: str = ""
    test_only: bool = False


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"  # quoted from a notice
    CLARIFY = "clarify"  # one thing is missing, and the text asks for it
    ABSTAIN = "abstain"  # not in the notices in force; a person is offered


@dataclass(frozen=True)
class Answer:
    """The reply to a routine question."""

    outcome: Outcome
    text: str
    notice_ids: tuple[str, ...] = ()
    source: SourceCard | None = None
    quick_replies: tuple[str, ...] = ()
    score: float = 0.0
    language: str = "ko"
    quotes: tuple[str, ...] = ()  # the notice's own words, as they stand in it
    of_row: bool = False  # of an abstention: a country's row was asked for, which no notice can stand in for
    nearest: tuple[str, float] | None = None  # of an abstention: the best notice that there was, and its score in the ranking

    def to_json(self) -> dict[str, Any]:
        """Plain data for a command's output."""
        return asdict(self)


@dataclass(frozen=True)
class CrisisCard:
    """What a person in danger is told first; written and approved by people, never found by search."""

    id: str
    category: str
    language: str
    lines: tuple[str, ...]
    offer_local_numbers: bool
    phones: tuple[Phone, ...]
    author: str
    approver: str
    approved_at: date
    source: str

    @property
    def text(self) -> str:
        """All lines, one below the other."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class EmergencyNumber:
    """A local number as text (000 is not 0); a candidate until somebody has checked it."""

    country: str
    service: str
    number: str
    source: str | None = None
    checked_by: str | None = None
    checked_at: date | None = None


@dataclass(frozen=True)
class RowResult:
    """What became of one row or file of an import."""

    id: str
    outcome: str  # imported (and published) | draft | unchanged | error
    error: str = ""
    version: int = 0
    code: str = ""  # of an error, as in core/errors.py
    warnings: tuple[str, ...] = ()  # for the editor of a draft


@dataclass(frozen=True)
class Attachment:
    """A file that a version of a notice was made from."""

    name: str
    media_type: str
    sha256: str
    size: int
    warnings: tuple[str, ...] = ()
