"""The records that editors' pages and commands are handed; all frozen, all plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from knowledge_base.schemas import Attachment, NoticeContent, NoticeKind, NoticeStatus


class Due(StrEnum):
    """What a notice's ``review_by`` says about today."""

    OVERDUE = "overdue"  # the day has passed: published, but not quoted until somebody renews it
    SOON = "soon"  # within the next 30 days


class Flag(StrEnum):
    """What an editor should see at a glance."""

    REVIEW_OVERDUE = "review_overdue"  # nobody has vouched for it in time; not quoted
    REVIEW_SOON = "review_soon"  # its review is due within 30 days
    NO_REVIEW_DAY = "no_review_day"  # brought in by an import that named none
    STARTS_LATER = "starts_later"  # published, its first day is still to come
    EXPIRES_SOON = "expires_soon"  # ends within 30 days
    ENDED = "ended"  # its last day has passed, or something replaces it
    NEVER_PUBLISHED = "never_published"  # there is only a draft
    CHANGED_SINCE = "changed_since"  # a newer draft waits beside the published text
    TEST_ONLY = "test_only"  # 시험용

    @property
    def label(self) -> str:
        """Korean words for a chip."""
        return _FLAGS[self]


_FLAGS = {
    Flag.REVIEW_OVERDUE: "검토 기한 지남",
    Flag.REVIEW_SOON: "검토 임박",
    Flag.NO_REVIEW_DAY: "검토일 없음",
    Flag.STARTS_LATER: "시행 전",
    Flag.EXPIRES_SOON: "만료 임박",
    Flag.ENDED: "효력 끝남",
    Flag.NEVER_PUBLISHED: "게시된 적 없음",
    Flag.CHANGED_SINCE: "고치는 중",
    Flag.TEST_ONLY: "시험용",
}

#: Korean names of a version's states, for lists and filters.
STATUS_LABELS: dict[NoticeStatus, str] = {
    NoticeStatus.DRAFT: "초안",
    NoticeStatus.REVIEW: "검토 중",
    NoticeStatus.PUBLISHED: "게시",
    NoticeStatus.SUPERSEDED: "대체됨",
    NoticeStatus.EXPIRED: "만료",
    NoticeStatus.WITHDRAWN: "철회",
}


@dataclass(frozen=True)
class ListFilter:
    """Which notices a list shows; every condition that is set must hold. ``states`` empty: all states.

    A state counts when the version that leads (see ``NoticeRow``) or the one in work has it. ``country`` is an ISO code, or "" for
    notices that are for no country. ``text`` is looked for in id, title and body of both versions.
    """

    states: tuple[NoticeStatus, ...] = ()
    country: str | None = None
    topic: str | None = None
    text: str = ""
    due: Due | None = None
    kind: NoticeKind | None = None
    limit: int = 500
    offset: int = 0


@dataclass(frozen=True)
class NoticeRow:
    """One notice in a list.

    ``version`` and ``status`` are of the version that leads: the published one, else the newest that was official, else the newest. A newer
    draft beside it is ``pending_version`` with its own state.
    """

    id: str
    version: int
    status: NoticeStatus
    title: str
    countries: tuple[str, ...]
    topics: tuple[str, ...]
    published_at: date
    effective_from: date
    expires_at: date | None
    review_by: date | None
    until: date | None  # the first day on which it no longer holds, for whatever reason
    in_force: bool  # today
    flags: tuple[Flag, ...]
    changed_by: str
    changed_at: datetime
    pending_version: int | None = None
    pending_status: NoticeStatus | None = None
    pending_by: str = ""
    test_questions: int = 0
    kind: NoticeKind = NoticeKind.NOTICE


@dataclass(frozen=True)
class VersionLine:
    """One version in a notice's list of versions, newest first."""

    version: int
    status: NoticeStatus
    title: str
    effective_from: date
    expires_at: date | None
    review_by: date | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class HistoryLine:
    """Who did what with which version, and when; oldest first. ``from_status`` None: it was written."""

    version: int
    from_status: NoticeStatus | None
    to_status: NoticeStatus
    changed_by: str
    reason: str
    changed_at: datetime


@dataclass(frozen=True)
class TestQuestion:
    """A question that a notice is expected to answer. ``country``: where the asker is, if that matters."""

    __test__ = False  # for pytest: not a class of tests

    id: int
    notice_id: str
    text: str
    country: str | None
    created_by: str
    active: bool = True
    from_citizen: bool = False  # taken over from what a citizen asked; goes when that citizen is erased


@dataclass(frozen=True)
class NoticeDetail:
    """Everything about one notice, opened at one version."""

    content: NoticeContent
    version: int
    status: NoticeStatus
    created_by: str
    created_at: datetime
    newest_version: int  # give this as ``based_on`` when saving
    published_version: int | None
    in_force: bool
    flags: tuple[Flag, ...]
    versions: tuple[VersionLine, ...]
    history: tuple[HistoryLine, ...]
    attachments: tuple[Attachment, ...]
    test_questions: tuple[TestQuestion, ...]
    may: frozenset[str] = frozenset()  # moves this version's state and the clock allow: submit, send_back, publish, withdraw, renew, revert


class Run(StrEnum):
    """What became of a stretch of words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class WordRun:
    """Neighbouring words of a text that share a fate. Joined, SAME and GONE give the old text, SAME and NEW the new one."""

    run: Run
    text: str


@dataclass(frozen=True)
class Change:
    """One field that differs. ``words`` is filled for title and body; other fields show ``old`` and ``new``."""

    field: str
    label: str  # Korean
    old: str
    new: str
    words: tuple[WordRun, ...] = ()


@dataclass(frozen=True)
class Said:
    """How a question is answered: ``outcome`` as in ``knowledge_base.schemas.Outcome``, the notice quoted (or ""), and the words."""

    outcome: str
    notice_id: str
    title: str
    text: str


@dataclass(frozen=True)
class ChangedAnswer:
    """A test question whose answer changes. ``before_right``/``after_right``: whether its own notice is the one quoted."""

    question: TestQuestion
    before: Said
    after: Said
    before_right: bool
    after_right: bool

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``other_words`` (right both times) or ``still_wrong``."""
        if self.before_right == self.after_right:
            return "other_words" if self.after_right else "still_wrong"
        return "better" if self.after_right else "worse"


@dataclass(frozen=True)
class WhatIf:
    """What publishing a version would change, over all test questions of all notices.

    Asked as of ``day``: today, or the version's first day if that is still to come. ``right_before``/``right_after`` count questions
    answered from their own notice. ``unanswered_own``: the notice's own test questions that it still would not answer.
    """

    day: date
    changed: tuple[ChangedAnswer, ...]
    questions: int
    right_before: int
    right_after: int
    unanswered_own: tuple[TestQuestion, ...] = ()

    @property
    def worse(self) -> tuple[ChangedAnswer, ...]:
        """Those that lose their right answer: look before publishing."""
        return tuple(change for change in self.changed if change.verdict == "worse")


class Reason(StrEnum):
    """Why a citizen's question is looked at by editors."""

    NO_ANSWER = "no_answer"  # search abstained
    RATED_BADLY = "rated_badly"  # the conversation got 1 or 2 of 5
    ASKED_PERSON_AFTER = "asked_person_after"  # a person was asked for right after the answer

    @property
    def label(self) -> str:
        """Korean words for a chip."""
        return {"no_answer": "답하지 못함", "rated_badly": "낮은 평가", "asked_person_after": "답변 뒤 상담관 요청"}[self.value]


@dataclass(frozen=True)
class Unanswered:
    """A citizen's question, redacted, that was not answered or not well."""

    id: int
    text: str
    language: str
    country: str | None
    reason: Reason
    notice_id: str  # the notice quoted, or the best that search had; "" if none
    score: float | None
    asked_at: datetime


@dataclass(frozen=True)
class Group:
    """Questions of one meaning, newest first. ``ids`` name all of them, for ``dismiss`` and ``draft_from``."""

    ids: tuple[int, ...]
    text: str  # the one nearest to the group's middle
    count: int
    newest: datetime
    reasons: dict[Reason, int]
    examples: tuple[Unanswered, ...]  # at most 5
    countries: tuple[str, ...]
    nearest_id: str  # of the notices in force today
    nearest_title: str
    nearest_score: float


@dataclass(frozen=True)
class FreshnessRow:
    """One notice on the freshness board. ``day``: the day that the list it stands in is about."""

    id: str
    version: int
    title: str
    day: date | None
    days_left: int | None  # below 0: so many days ago
    changed_by: str


@dataclass(frozen=True)
class Freshness:
    """What grows stale. Each list is ordered by urgency; ``counts`` has their lengths and ``in_force``, ``published``."""

    day: date
    overdue: tuple[FreshnessRow, ...]  # published, past review_by: not quoted
    due_soon: tuple[FreshnessRow, ...]  # review_by within 30 days
    no_review_day: tuple[FreshnessRow, ...]  # published without review_by
    expires_soon: tuple[FreshnessRow, ...]  # expires_at within 30 days
    no_expiry: tuple[FreshnessRow, ...]  # published without expires_at
    waiting: tuple[FreshnessRow, ...]  # drafts and reviews, oldest first
    untested: tuple[FreshnessRow, ...]  # in force without any test question
    counts: dict[str, int] = field(default_factory=dict)
