"""Who may be given what is kept about a citizen, what must be known before, and how an export moves. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum

#: Within so many days of the request it must be shown (개인정보 보호법 시행령 제41조).
DUE_DAYS = 10


class State(StrEnum):
    """How far an export has come."""

    DRAFT = "draft"  # whoever prepares it marks what is blacked out
    WAITING = "waiting"  # a second person reads it
    RELEASED = "released"  # it may be fetched as a file, until it is over
    WITHDRAWN = "withdrawn"  # its content is erased


STATES = {State.DRAFT: "준비 중", State.WAITING: "다른 책임자의 확인을 기다림", State.RELEASED: "내줄 수 있음", State.WITHDRAWN: "취소함"}
_MOVES = {
    "submit": ({State.DRAFT}, State.WAITING),
    "take_back": ({State.WAITING}, State.DRAFT),
    "return": ({State.WAITING}, State.DRAFT),
    "release": ({State.WAITING}, State.RELEASED),
    "withdraw": ({State.DRAFT, State.WAITING, State.RELEASED}, State.WITHDRAWN),
}


class Requester(StrEnum):
    """Who has asked."""

    SELF = "self"  # the citizen
    GUARDIAN = "guardian"  # a child's legal guardian
    PROXY = "proxy"  # somebody with the citizen's written authority


REQUESTERS = {Requester.SELF: "본인", Requester.GUARDIAN: "법정대리인", Requester.PROXY: "위임받은 대리인"}


class Care(StrEnum):
    """What must be said before, the gravest first."""

    GUARDIAN_DANGER = "guardian_danger"
    GUARDED = "guarded"
    RESTRICTED = "restricted"
    HELD = "held"
    OPEN = "open"


CARES = {
    Care.GUARDIAN_DANGER: "보호자가 위험한 아동의 상담입니다. 본인이 아닌 사람에게는 내주지 않습니다.",
    Care.GUARDED: "휴대전화를 다른 사람이 볼 수 있는 상담입니다. 채팅·문자·메일로 보내지 말고, 본인을 직접 만나 혼자 있을 때만 건네세요.",
    Care.RESTRICTED: "열람이 제한된 상담입니다. 지정된 사람만 만들고 내줄 수 있습니다.",
    Care.HELD: "보존 지정된 상담입니다. 소송이나 감사 중이면 내주어도 되는지 먼저 확인하세요. 원본은 그대로 남습니다.",
    Care.OPEN: "아직 끝나지 않은 상담입니다. 지금까지의 내용만 들어갑니다.",
}


def after(state: str, move: str) -> State | None:
    """Where a move leads; None where it is not allowed."""
    allowed, target = _MOVES[move]
    return target if state in allowed else None


def may_receive(requester: str, cares: Collection[str]) -> bool:
    """Whether it may be made for whoever asks: where somebody may be held or threatened, for the person alone."""
    return requester == Requester.SELF or not {Care.GUARDED, Care.GUARDIAN_DANGER} & set(cares)


def unsaid(cares: Collection[str], known: Collection[str]) -> tuple[Care, ...]:
    """What somebody has not been told, or has not said that they know."""
    return tuple(care for care in Care if care in cares and care not in known)


def due_on(asked_on: date) -> date:
    """By when it must be shown."""
    return asked_on + timedelta(days=DUE_DAYS)
