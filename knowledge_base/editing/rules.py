"""Which version leads, what is flagged, which moves are open: decisions over plain data and a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from core.errors import AppError
from core.settings import Settings, settings
from knowledge_base.editing.schemas import Due, Flag
from knowledge_base.notices import Force, day_after, force_table, may_move
from knowledge_base.schemas import OFFICIAL, Notice, NoticeContent, NoticeStatus

SOON = timedelta(days=30)
#: A review day further away than this would be none at all.
LONGEST_REVIEW = timedelta(days=731)
#: Stands in a draft that was made from citizens' questions until somebody has written what it says.
BODY_TO_WRITE = "(여기에 안내 내용을 적어 주세요.)"
TITLE_TO_WRITE = "(제목을 적어 주세요)"
IN_WORK = (NoticeStatus.DRAFT, NoticeStatus.REVIEW)


@dataclass(frozen=True)
class House:
    """What the operator has decided about editing."""

    environment: str = "development"
    review_days: int = 180
    needs_second_person: bool = False

    @classmethod
    def of(cls, chosen: Settings | None = None) -> House:
        """As set."""
        chosen = chosen or settings()
        return cls(chosen.environment, chosen.import_review_days, chosen.publish_needs_second_person)


def leading(versions: Sequence[Notice]) -> Notice:
    """The version that stands for a notice: the published one, else the newest that was official, else the newest."""
    newest_first = sorted(versions, key=lambda notice: -notice.version)
    published = (notice for notice in newest_first if notice.status is NoticeStatus.PUBLISHED)
    official = (notice for notice in newest_first if notice.status in OFFICIAL)
    return next(published, None) or next(official, None) or newest_first[0]


def pending(versions: Sequence[Notice]) -> Notice | None:
    """The draft in work beside, or instead of, an official text: only the newest version can be one; older drafts are history."""
    newest = max(versions, key=lambda notice: notice.version)
    return newest if newest.status in IN_WORK else None


def flags_of(notice: Notice, force: Force | None, today: date, *, has_pending: bool = False) -> tuple[Flag, ...]:
    """What an editor should see at a glance; ``force`` is None for what was never official."""
    content, found = notice.content, []
    if notice.status in IN_WORK:
        found.append(Flag.NEVER_PUBLISHED)
    if notice.status in OFFICIAL and force is not None:
        end = _end_without_review(content, force)
        if force.start > today:
            found.append(Flag.STARTS_LATER)
        if end is not None and end <= max(today, force.start):
            found.append(Flag.ENDED)
        else:
            found.extend(_review_flags(content.review_by, today))
            if content.expires_at is not None and content.expires_at <= today + SOON:
                found.append(Flag.EXPIRES_SOON)
    if has_pending and notice.status not in IN_WORK:
        found.append(Flag.CHANGED_SINCE)
    if content.test_only:
        found.append(Flag.TEST_ONLY)
    return tuple(found)


def _review_flags(review_by: date | None, today: date) -> list[Flag]:
    if review_by is None:
        return [Flag.NO_REVIEW_DAY]
    if review_by < today:
        return [Flag.REVIEW_OVERDUE]
    return [Flag.REVIEW_SOON] if review_by <= today + SOON else []


def _end_without_review(content: NoticeContent, force: Force) -> date | None:
    """The end that a renewal could not move; the day after ``review_by`` may hide a later one, which is told by ``expires_at`` alone."""
    if content.review_by is not None and force.end == day_after(content.review_by):
        return content.expires_at
    return force.end


def is_due(flags: Sequence[Flag], due: Due | None) -> bool:
    """Whether a list that asks for what is overdue, or soon due, shows this."""
    return due is None or {Due.OVERDUE: Flag.REVIEW_OVERDUE, Due.SOON: Flag.REVIEW_SOON}[due] in flags


def is_renewable(notice: Notice, official: Sequence[Notice], today: date) -> bool:
    """Whether a new review day would keep, or bring, this version in force."""
    if notice.status not in (NoticeStatus.PUBLISHED, NoticeStatus.SUPERSEDED):
        return False
    without = replace(notice, content=replace(notice.content, review_by=None))
    others = [other for other in official if (other.id, other.version) != (notice.id, notice.version)]
    force = force_table([*others, without])[notice.id, notice.version]
    return (force.end is None or force.end > today) and (force.end is None or force.start < force.end)


def open_moves(notice: Notice, newest: int, *, renewable: bool) -> frozenset[str]:
    """The moves that a version's state allows; who may make them is another question."""
    moves = set()
    if notice.version == newest and notice.status in IN_WORK:
        moves |= {"publish", "submit" if notice.status is NoticeStatus.DRAFT else "send_back"}
    if may_move(notice.status, NoticeStatus.WITHDRAWN):
        moves.add("withdraw")
    if renewable:
        moves.add("renew")
    if notice.version != newest or notice.status not in IN_WORK:
        moves.add("revert")
    return frozenset(moves)


def check_review_day(day: date | None, today: date) -> date:
    """A day on which somebody must look again: not past, and not so far away that it means never.

    Raises:
        AppError: ``review_day``.
    """
    if day is None or not today <= day <= today + LONGEST_REVIEW:
        raise AppError("review_day", field="review_by")
    return day


def check_publishable(content: NoticeContent, author: str, by: str, house: House, today: date) -> None:
    """What a version must be for people to publish it, beyond what every import must be.

    Raises:
        AppError: ``bad_notice`` when its text is still to be written, ``review_day``, ``already_over`` or ``second_person``.
    """
    for field, text, blank in (("title", content.title, TITLE_TO_WRITE), ("body", content.body, BODY_TO_WRITE)):
        if blank in text:
            raise AppError("bad_notice", f"the {field} is still to be written", field=field)
    check_review_day(content.review_by, today)
    if content.expires_at is not None and content.expires_at <= today:
        raise AppError("already_over", field="expires_at")
    if house.needs_second_person and author == by:
        raise AppError("second_person")


def with_review_day(content: Mapping[str, object], today: date, review_days: int) -> dict[str, object]:
    """The same record with a review day, if it names none."""
    return {**content, "review_by": content.get("review_by") or (today + timedelta(days=review_days)).isoformat()}


def reverted(old: NoticeContent, today: date, review_days: int) -> NoticeContent:
    """An old text as a new draft.

    It holds from today on: with its old first day it would also take the place of every version since, for the days that those were true.
    """
    expires_at = old.expires_at if old.expires_at is None or old.expires_at > today else None
    return replace(old, effective_from=max(today, old.effective_from), expires_at=expires_at, review_by=today + timedelta(days=review_days))
