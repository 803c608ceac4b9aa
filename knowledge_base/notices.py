"""What a notice must look like, when it is in force, and which moves its state may make: functions of plain data."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from knowledge_base.errors import NoticeError
from knowledge_base.schemas import OFFICIAL, Notice, NoticeContent, NoticeKind, NoticeStatus
from knowledge_base.slots import unknown

SEOUL = ZoneInfo("Asia/Seoul")
MOST_BODY_CHARS = 200_000
MOST_TITLE_CHARS = 300
_ID = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SHORTCUT = re.compile(r"[^\s/{}\x00-\x1f\x7f\ud800-\udfff]{1,20}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINK = re.compile(r"https?://[^\s<>\"']+")

#: Every move a version's state may make; anything else raises.
MOVES: dict[NoticeStatus, frozenset[NoticeStatus]] = {
    NoticeStatus.DRAFT: frozenset({NoticeStatus.REVIEW, NoticeStatus.PUBLISHED, NoticeStatus.WITHDRAWN}),
    NoticeStatus.REVIEW: frozenset({NoticeStatus.DRAFT, NoticeStatus.PUBLISHED, NoticeStatus.WITHDRAWN}),
    NoticeStatus.PUBLISHED: frozenset({NoticeStatus.SUPERSEDED, NoticeStatus.EXPIRED, NoticeStatus.WITHDRAWN}),
    NoticeStatus.SUPERSEDED: frozenset({NoticeStatus.WITHDRAWN}),
    NoticeStatus.EXPIRED: frozenset({NoticeStatus.WITHDRAWN}),
    NoticeStatus.WITHDRAWN: frozenset(),
}


def today_in_seoul(moment: datetime) -> date:
    """The ministry's day: notices start and end at midnight in Seoul, wherever the citizen is."""
    return moment.astimezone(SEOUL).date()


def written_day(moment: datetime) -> date:
    """The day that somebody wrote down with its time: the ministry's day of a moment that names its offset, else the day as it stands."""
    try:
        return today_in_seoul(moment) if moment.tzinfo else moment.date()
    except OverflowError:  # at the ends of the calendar, which databases write for "never"
        return moment.date()


def day_after(day: date) -> date | None:
    """The next day; None after the calendar's last, which databases write for "no end"."""
    return None if day == date.max else day + timedelta(days=1)


def parse_record(record: Mapping[str, Any]) -> NoticeContent:
    """Validate a row of an import or the front matter of a file.

    Raises:
        NoticeError: something is missing, of the wrong type, or contradicts itself.
    """
    notice_id = record.get("id")
    if isinstance(notice_id, int) and not isinstance(notice_id, bool):
        # Exports of databases number their rows; 10**200 has more digits than an id may have, and is refused below.
        notice_id = str(notice_id) if abs(notice_id) < 10**200 else ""
    if not isinstance(notice_id, str) or not _ID.fullmatch(notice_id):
        raise NoticeError(_CONTROL.sub("", str(notice_id or "")), "id must be a word of 1 to 200 characters without spaces")
    title = _text(notice_id, record, "title", MOST_TITLE_CHARS).replace("\n", " ").strip()
    body = _text(notice_id, record, "body", MOST_BODY_CHARS)
    published_at = _date(notice_id, record, "published_at")
    if published_at is None:
        raise NoticeError(notice_id, "published_at is missing")
    effective_from = _date(notice_id, record, "effective_from") or published_at
    expires_at = _date(notice_id, record, "expires_at")
    if expires_at is not None and expires_at <= effective_from:
        raise NoticeError(notice_id, "expires_at must be after effective_from", "dates_contradict")
    supersedes = _words(notice_id, record, "supersedes")
    if notice_id in supersedes:
        raise NoticeError(notice_id, "a notice cannot supersede itself", "supersedes_loop")
    countries = tuple(c.upper() for c in _words(notice_id, record, "countries"))
    if not all(_COUNTRY.fullmatch(c) for c in countries):
        raise NoticeError(notice_id, "countries must be ISO codes of two letters")
    language = record.get("language") or "ko"
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise NoticeError(notice_id, "language must be a code such as ko")
    test_only = record.get("test_only") or False
    if not isinstance(test_only, bool):
        raise NoticeError(notice_id, "test_only must be true or false")
    source_url = _text(notice_id, record, "source_url", 2000, required=False)
    if source_url and not _LINK.fullmatch(source_url):
        raise NoticeError(notice_id, "source_url must be an http or https address")
    kind, shortcut = _kind(notice_id, record)
    review_by = _date(notice_id, record, "review_by")
    if review_by == date.max:
        raise NoticeError(notice_id, "review_by must be a date on which somebody can look again, such as 2026-03-01", "bad_date")
    if kind is NoticeKind.CANNED and review_by is None:
        raise NoticeError(notice_id, "a canned text needs review_by: somebody must vouch for what agents send every day")
    if kind is NoticeKind.CANNED and (odd := unknown(body)):
        raise NoticeError(notice_id, f"{odd[:40]} is none of the variables of canned texts", "unknown_variable")
    return NoticeContent(
        id=notice_id,
        title=title,
        body=body,
        published_at=published_at,
        effective_from=effective_from,
        source=_text(notice_id, record, "source", MOST_TITLE_CHARS, required=False),
        source_url=source_url,
        countries=countries,
        topics=_words(notice_id, record, "topics"),
        language=language,
        expires_at=expires_at,
        review_by=review_by,
        supersedes=supersedes,
        test_only=test_only,
        kind=kind,
        shortcut=shortcut,
    )


def _kind(notice_id: str, record: Mapping[str, Any]) -> tuple[NoticeKind, str]:
    try:
        kind = NoticeKind(record.get("kind") or NoticeKind.NOTICE)
    except ValueError:
        raise NoticeError(notice_id, "kind must be notice or canned") from None
    shortcut = record.get("shortcut") or ""
    if not isinstance(shortcut, str):
        raise NoticeError(notice_id, "shortcut must be text")
    shortcut = shortcut.strip().removeprefix("/")
    if shortcut and (kind is not NoticeKind.CANNED or not _SHORTCUT.fullmatch(shortcut)):
        raise NoticeError(notice_id, "shortcut is a word of at most 20 characters, and only canned texts have one")
    return kind, shortcut


def _text(notice_id: str, record: Mapping[str, Any], key: str, longest: int, *, required: bool = True) -> str:
    value = record.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise NoticeError(notice_id, f"{key} is missing" if value is None else f"{key} must be text")
    value = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if required and not value:
        raise NoticeError(notice_id, f"{key} is empty")
    if len(value) > longest:
        raise NoticeError(notice_id, f"{key} is longer than {longest} characters", "notice_too_long")
    return value


def _date(notice_id: str, record: Mapping[str, Any], key: str) -> date | None:
    value = record.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return written_day(value)
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return written_day(datetime.fromisoformat(value.strip()))
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value.strip()[:10])
    raise NoticeError(notice_id, f"{key} must be a date such as 2026-03-01", "bad_date")


def _words(notice_id: str, record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key)
    if value is None or value == "":
        return ()
    if isinstance(value, str | int) and not isinstance(value, bool):
        value = [value]
    if isinstance(value, list | tuple):
        value = [str(word) if isinstance(word, int) and not isinstance(word, bool) and abs(word) < 10**200 else word for word in value]
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) and word.strip() and not _CONTROL.search(word) for word in value):
        raise NoticeError(notice_id, f"{key} must be a list of words")
    return tuple(dict.fromkeys(word.strip() for word in value))


def content_hash(content: NoticeContent) -> str:
    """Equal for equal content, so that importing the same file again changes nothing."""
    plain = {key: getattr(content, key) for key in content.__dataclass_fields__}
    # Fields that came later are left out where they say nothing, so that a notice stored before them is still found unchanged.
    if content.kind is NoticeKind.NOTICE:
        del plain["kind"]
    if not content.shortcut:
        del plain["shortcut"]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()


def may_move(current: NoticeStatus, target: NoticeStatus) -> bool:
    """Whether a version's state may change like this."""
    return target in MOVES[current]


@dataclass(frozen=True)
class Force:
    """The days on which a notice holds: from ``start`` up to, not including, ``end`` (None: no end is known)."""

    start: date
    end: date | None

    def on(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.start <= day and (self.end is None or day < self.end)

    def within(self, first: date, last: date) -> bool:
        """Whether it holds on any day from ``first`` to ``last``, both included."""
        return self.start <= last and (self.end is None or (first < self.end and self.start < self.end))


def force_table(notices: Iterable[Notice]) -> dict[tuple[str, int], Force]:
    """When each official version holds.

    It ends at the first of: ``expires_at``; the day after ``review_by``, since nobody has vouched for it since; the start of any notice
    that supersedes it; the start of its own next version. What was replaced stays replaced, even when its replacement has ended too:
    an old text that comes back to life by itself is how wrong fees are quoted. What begins after that end was never replaced.
    """
    official = [n for n in notices if n.status in OFFICIAL]
    replacing: dict[str, list[NoticeContent]] = {}
    for notice in official:
        for old in notice.content.supersedes:
            replacing.setdefault(old, []).append(notice.content)
    newer_from: dict[tuple[str, int], date] = {}
    newest_first: dict[str, date] = {}
    for notice in sorted(official, key=lambda n: -n.version):
        if notice.id in newest_first:
            newer_from[notice.id, notice.version] = newest_first[notice.id]
        start = notice.content.effective_from
        newest_first[notice.id] = min(start, newest_first.get(notice.id, start))
    table: dict[tuple[str, int], Force] = {}
    for notice in official:
        content = notice.content
        starts = [new.effective_from for new in replacing.get(notice.id, ()) if new.expires_at is None or content.effective_from < new.expires_at]
        ends = [content.expires_at, min(starts, default=None), newer_from.get((notice.id, notice.version))]
        if content.review_by is not None:
            ends.append(day_after(content.review_by))
        known = [end for end in ends if end is not None]
        table[notice.id, notice.version] = Force(content.effective_from, min(known) if known else None)
    return table


def supersedes_in_a_loop(content: NoticeContent, known: Mapping[str, Iterable[str]]) -> bool:
    """Whether following ``supersedes`` from this notice leads back to it; ``known`` maps ids to what they supersede."""
    seen: set[str] = set()
    queue = list(content.supersedes)
    while queue:
        current = queue.pop()
        if current == content.id:
            return True
        if current not in seen:
            seen.add(current)
            queue.extend(known.get(current, ()))
    return False
