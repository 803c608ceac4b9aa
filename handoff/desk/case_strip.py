"""Under a case's head: what is pending about it, each with the button that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui.element import Element

from accounts.schemas import Role, Staff
from core.clock import now as clock_now
from core.staff_rows import Rows
from handoff import service as handoff
from handoff.desk import when
from handoff.desk.aside import Aside
from handoff.desk.call_words import past_words
from handoff.desk.consent_words import pending_lines
from handoff.desk.elements import block, button, say
from handoff.guarding import HUSHED, MEANING
from handoff.queue_order import is_emergency
from handoff.schemas import CaseCard

PROMISES_SHOWN = 3
CALLS_SHOWN = 2
ROLES = {"officer": "영사", "agent": "상담관"}


@dataclass(frozen=True)
class Pending:
    """One line: a code for its shape, its words, and the moves that answer it (code of ``Do`` and label)."""

    code: str
    text: str
    moves: tuple[tuple[str, str], ...] = ()


def pending(card: CaseCard, aside: Aside, viewer: Staff, now: Any) -> list[Pending]:
    """What a person must not overlook about a case, the most pressing first. Pure."""
    case, is_own = card.case, card.case.owner_id == viewer.id
    owner = card.owner_name or "동료"
    found: list[Pending] = [Pending("guarded", " ".join(MEANING))] if aside.is_guarded else []
    if aside.is_hushed:
        found.insert(0, Pending("guarded", HUSHED))
    found += [Pending(code, text, (("consent", "보기"),)) for code, text in pending_lines(case.severity, card.consents)]
    if aside.glass_until is not None:
        found.append(Pending("restricted", f"까닭을 적고 연 제한 상담입니다. {when.said(aside.glass_until, now)}에 닫힙니다. 본 것은 열람 기록에 남습니다."))
    elif aside.restricted_to:
        text = "열람 제한: " + ", ".join(aside.restricted_to) + "만 봅니다. 다른 곳에서 이 상담을 말하지 마세요."
        found.append(Pending("restricted", text, (("restrict", "바꾸기"),) if is_own or viewer.has(Role.SUPERVISOR) else ()))
    if aside.hold is not None:
        text = f"보존 지정: {aside.hold.set_by}, {when.said(aside.hold.set_at, now)}. 이 대화에서는 아무것도 지우지 않습니다."
        found.append(Pending("hold", text, (("hold", "보기"),) if viewer.has(Role.SUPERVISOR) else ()))
    if case.status == "queued" and case.offered_to == viewer.id:
        found.append(Pending("asked", "나에게 제안된 상담입니다. 맡지 않으면 다음 상담관에게 갑니다.", (("claim", "맡기"), ("decline", "맡지 않기"))))
    if case.asked_to == viewer.id:
        text = f"{owner} 님이 맡아 달라고 합니다. 맡기 전까지는 {owner} 님의 상담입니다. 메모를 먼저 읽으세요."
        found.append(Pending("asked", text, (("claim", "맡기"), ("decline", "거절"))))
    elif case.asked_to is not None:
        text = f"{aside.asked_name or '동료'} 님의 수락을 기다립니다. 그때까지 {'내' if is_own else owner + ' 님의'} 상담입니다."
        found.append(Pending("asked", text, (("unask", "요청 취소"),) if is_own else ()))
    if aside.closing is not None:
        outcome = handoff.OUTCOMES.get(aside.closing.outcome, aside.closing.outcome)
        if aside.closing.by_id == viewer.id:
            found.append(Pending("closing", f"다른 상담관의 종료 확인을 기다립니다: {outcome}", (("object", "요청 취소"),)))
        else:
            text = f"{aside.closing.by_name} 님이 종료를 요청했습니다: {outcome}. 읽고 확인하거나 반대하세요."
            found.append(Pending("closing", text, (("confirm_close", "읽고 확인"),)))
    if case.snoozed_until is not None:
        found.append(Pending("later", f"{when.said(case.snoozed_until, now)}까지 미뤄 두었습니다."))
    if card.abuse.is_enough and card.may_write:
        text = "긴급 상담이라 폭언이 있어도 끝내지 않습니다." if is_emergency(case.severity) else "마무리 문장으로 끝내거나 책임자에게 넘길 수 있습니다."
        found.append(Pending("abuse", f"폭언 표시 {card.abuse.here}번. {text}", (("abuse", "폭언 대응"),)))
    for one in aside.promises[:PROMISES_SHOWN]:
        is_late = one.due_at < now
        who = "내 약속" if one.staff_id == viewer.id else f"{aside.names.get(one.staff_id) or '동료'} 님의 약속"
        text = f"{'지난 ' if is_late else ''}{who} · {when.said(one.due_at, now)}까지 · {one.text}"
        found.append(Pending("late" if is_late else "promise", text))
    if len(aside.promises) > PROMISES_SHOWN:
        found.append(Pending("promise", f"약속이 {len(aside.promises) - PROMISES_SHOWN}건 더 있습니다."))
    for call in aside.calls[-CALLS_SHOWN:]:
        found.append(Pending("late" if call.is_missed else "call", past_words(call)))
    if aside.participants:
        found.append(Pending("people", "함께 보는 사람: " + ", ".join(f"{name}({ROLES.get(role, role)})" for name, role in aside.participants)))
    if card.notes:
        last = card.notes[-1]
        found.append(Pending("note", f"메모 {len(card.notes)} · {last.staff_name or '동료'}: {last.text}", (("note", "모두 보기"),)))
    return found


class CaseStrip:
    """One row for each pending line; it holds nothing that anybody types."""

    def __init__(self, root: Element, viewer: Staff, on_move: Callable[[str], Any]) -> None:
        self._rows = Rows(root)
        self._viewer = viewer
        self._on_move = on_move

    def clear(self) -> None:
        """Nothing is open."""
        self._rows.clear()

    def show(self, card: CaseCard, aside: Aside) -> None:
        """What is pending now; a line that stays keeps its buttons and a focus on them."""
        found = pending(card, aside, self._viewer, clock_now())
        # Of its case, since a button answers for the one that stands open; and counted, since two lines may say the same.
        self._rows.show({(card.case.id, one, found[:at].count(one)): partial(self._draw, one) for at, one in enumerate(found)})

    def _draw(self, one: Pending) -> Element:
        with block("div", f"pending is-{one.code}", role="note") as row:
            say("span", one.text, "words")
            for code, label in one.moves:
                button(label, self._mover(code), classes="small primary" if code == "claim" else "small", data_move=code)
        return row

    def _mover(self, code: str) -> Callable[[], Any]:
        return lambda: self._on_move(code)
