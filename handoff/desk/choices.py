"""What a person may do with a case now, and why not: one pure decision for the menu, its keys and its dialogs.

It only spares people a press: each service decides again, in its transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts.schemas import Role, Staff
from handoff.queue_order import is_emergency
from handoff.schemas import Case


class Do(StrEnum):
    """One move of a person."""

    CLAIM = "claim"  # take it, or accept what one was asked to take
    DECLINE = "decline"  # let an offer pass, or say no to a colleague
    TRANSFER = "transfer"  # to a colleague by name
    TO_TEAM = "to_team"  # let it wait for another team
    UNASK = "unask"  # take back one's own asking
    INVITE = "invite"  # let a colleague read and write beside the owner
    MISSION = "mission"  # see the competent missions; tell or invite their officers
    NOTE = "note"  # a private note
    PROMISE = "promise"  # write down what the citizen was promised
    SNOOZE = "snooze"  # put aside until a time
    MERGE = "merge"  # end it as a duplicate
    RUNGS = "rungs"  # see and acknowledge how far a life threat has climbed
    TAKE_FROM = "take_from"  # a supervisor takes it over
    HAND_BACK = "hand_back"  # the bot serves again
    TO_QUEUE = "to_queue"  # somebody else takes it
    CLOSE = "close"  # end it; of an emergency, ask a second person to
    CONFIRM_CLOSE = "confirm_close"  # the second person ends it
    OBJECT = "object"  # the second person does not agree, or the first thinks again
    GUARD = "guard"  # somebody may be reading along; who the citizen is
    ABUSE = "abuse"  # what may be done about abusive words
    RESTRICT = "restrict"  # let only named people see it, or everybody again
    CONSENT = "consent"  # who agreed for a child, or why nobody was asked
    EXPORT = "export"  # what is kept about its citizen, for whoever may ask
    HOLD = "hold"  # nothing of it may be erased, or it may again
    REOPEN = "reopen"  # it ended too early


#: The moves in the order of the menu, with their Korean names.
NAMES = {
    Do.CLAIM: "맡기",
    Do.DECLINE: "맡지 않기",
    Do.TRANSFER: "동료에게 넘기기",
    Do.TO_TEAM: "다른 팀으로 보내기",
    Do.UNASK: "인계 요청 취소",
    Do.INVITE: "동료 초대",
    Do.MISSION: "관할 공관 · 영사 부르기",
    Do.NOTE: "메모 남기기",
    Do.PROMISE: "약속 적기",
    Do.SNOOZE: "미루기",
    Do.MERGE: "중복으로 합치기",
    Do.RUNGS: "호출 단계 보기 · 확인",
    Do.TAKE_FROM: "책임자로 가져오기",
    Do.HAND_BACK: "봇에게 돌려주기",
    Do.TO_QUEUE: "대기열로 되돌리기",
    Do.CLOSE: "종료",
    Do.CONFIRM_CLOSE: "종료 확인",
    Do.OBJECT: "종료 반대",
    Do.GUARD: "보호 표시 · 본인 확인",
    Do.ABUSE: "폭언 대응",
    Do.RESTRICT: "열람 제한",
    Do.CONSENT: "동의 기록",
    Do.HOLD: "보존 지정",
    Do.EXPORT: "정보 열람 자료",
    Do.REOPEN: "다시 열기",
}
#: What may be done with a case that is over, too.
_ALWAYS = frozenset({Do.RESTRICT, Do.HOLD, Do.CONSENT, Do.EXPORT})
CLOSED = "종료된 상담입니다."
NOT_TAKEN = "아직 아무도 맡지 않았습니다. 먼저 맡으세요."
NOT_MINE = "내 상담이 아닙니다. 맡은 사람이나 책임자만 할 수 있습니다."


@dataclass(frozen=True)
class Situation:
    """A case as one person stands to it."""

    case: Case
    viewer: Staff
    #: Owner or named participant.
    may_write: bool = False
    #: Whether there is another case that this one could be joined to.
    has_other: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the viewer answers for it."""
        return self.case.owner_id == self.viewer.id

    @property
    def is_supervisor(self) -> bool:
        """Whether the viewer may also act on others' cases."""
        return self.viewer.has(Role.SUPERVISOR)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.case.status != "closed"


def why_not(do: Do, at: Situation) -> str:
    """The sentence that stands in the way; empty when nothing does."""
    if at.viewer.disabled or not at.viewer.has(Role.AGENT, Role.SUPERVISOR):
        return "상담을 맡는 역할이 아닙니다."
    if do is Do.REOPEN:
        return "열려 있는 상담입니다." if at.is_open else ""
    return _RULES[do](at) if at.is_open or do in _ALWAYS else CLOSED


def choices(at: Situation) -> dict[Do, str]:
    """Every move with what stands in its way."""
    return {do: why_not(do, at) for do in NAMES}


def _claim(at: Situation) -> str:
    case = at.case
    if case.asked_to == at.viewer.id or (case.status == "handed_back" and at.is_own):
        return ""
    if case.status == "queued":
        is_another = case.offered_to not in (None, at.viewer.id) and not is_emergency(case.severity)
        return "지금 다른 상담관에게 제안된 상담입니다. 그 상담관이 맡지 않으면 다시 열립니다." if is_another else ""
    return "이미 내 상담입니다." if at.is_own else "다른 상담관이 맡고 있습니다."


def _decline(at: Situation) -> str:
    return "" if at.viewer.id in (at.case.offered_to, at.case.asked_to) else "나에게 제안되거나 인계가 요청된 상담이 아닙니다."


def _hand(at: Situation) -> str:
    if at.case.owner_id is None:
        return NOT_TAKEN
    return "" if at.is_own or at.is_supervisor else NOT_MINE


def _unask(at: Situation) -> str:
    if at.case.asked_to is None:
        return "인계를 요청하지 않았습니다."
    return "" if at.is_own else NOT_MINE


def _invite(at: Situation) -> str:
    if at.is_own or at.is_supervisor:
        return ""
    return NOT_TAKEN if at.case.owner_id is None else NOT_MINE


def _mission(at: Situation) -> str:
    return "훈련은 공관에 알리지 않습니다." if at.case.synthetic else ""


def _write(at: Situation) -> str:
    if at.may_write:
        return ""
    return NOT_TAKEN if at.case.owner_id is None else "맡은 사람과 참여한 사람만 적을 수 있습니다."


def _snooze(at: Situation) -> str:
    if not at.is_own:
        return NOT_TAKEN if at.case.owner_id is None else "맡은 사람만 미룰 수 있습니다."
    return "" if at.case.status == "claimed" else "봇이 응대하고 있습니다. 다시 맡은 뒤 미루세요."


def _merge(at: Situation) -> str:
    if not (at.case.owner_id is None or at.is_own or at.is_supervisor):
        return "다른 상담관이 맡은 상담은 합칠 수 없습니다."
    return "" if at.has_other else "남길 상담이 없습니다. 남길 상담을 먼저 맡으세요."


def _rungs(at: Situation) -> str:
    return "" if at.case.severity == "life_threat" else "생명 위험 상담에만 호출 단계가 있습니다."


def _take_from(at: Situation) -> str:
    if not at.is_supervisor:
        return "책임자만 할 수 있습니다."
    if at.case.owner_id is None:
        return NOT_TAKEN
    return "이미 내 상담입니다." if at.is_own else ""


def _hand_back(at: Situation) -> str:
    if not at.is_own:
        return NOT_TAKEN if at.case.owner_id is None else "맡은 사람만 돌려줄 수 있습니다."
    return "" if at.case.status == "claimed" else "이미 봇이 응대하고 있습니다."


def _close(at: Situation) -> str:
    if at.case.closing_by is not None:
        return "이미 종료를 요청했습니다. 다른 상담관의 확인을 기다립니다."
    if at.case.owner_id is None and (is_emergency(at.case.severity) or not at.is_supervisor):
        return NOT_TAKEN
    return "" if at.is_own or at.is_supervisor else NOT_MINE


def _confirm(at: Situation) -> str:
    if at.case.closing_by is None:
        return "종료를 요청한 사람이 없습니다."
    return "종료를 요청한 사람은 확인할 수 없습니다. 다른 상담관이 확인해야 합니다." if at.case.closing_by == at.viewer.id else ""


def _restrict(at: Situation) -> str:
    if at.is_own or at.is_supervisor:
        return ""
    return NOT_TAKEN if at.case.owner_id is None else NOT_MINE


def _hold(at: Situation) -> str:
    return "" if at.is_supervisor else "책임자만 할 수 있습니다."


def _object(at: Situation) -> str:
    return "" if at.case.closing_by is not None else "종료를 요청한 사람이 없습니다."


_RULES = {
    Do.CLAIM: _claim,
    Do.DECLINE: _decline,
    Do.TRANSFER: _hand,
    Do.TO_TEAM: _hand,
    Do.UNASK: _unask,
    Do.INVITE: _invite,
    Do.MISSION: _mission,
    Do.NOTE: _write,
    Do.PROMISE: _write,
    Do.SNOOZE: _snooze,
    Do.MERGE: _merge,
    Do.RUNGS: _rungs,
    Do.TAKE_FROM: _take_from,
    Do.HAND_BACK: _hand_back,
    Do.TO_QUEUE: _hand,
    Do.CLOSE: _close,
    Do.CONFIRM_CLOSE: _confirm,
    Do.OBJECT: _object,
    Do.RESTRICT: _restrict,
    Do.HOLD: _hold,
    Do.EXPORT: _hold,
    Do.CONSENT: lambda _: "",  # whoever sees the case may read and check; who may write is asked in the dialog
    Do.GUARD: _write,
    Do.ABUSE: _write,
}
