"""The left pane: what waits, most urgent first; changes are sent row by row, so a quiet queue costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from accounts.schemas import Role, Staff
from handoff.desk import words
from handoff.desk.elements import QueueList, Signals, attributes
from handoff.desk.live import Change, QueueFeed
from handoff.queue_order import is_emergency, order_key, rank
from handoff.schemas import QueueRow
from language.categories import Urgency

#: Rows that a browser is given; of a longer queue it knows the number.
SHOWN = 200
#: Below this many it is given more.
THIN = 100
SEOUL = ZoneInfo("Asia/Seoul")
OnCase = Callable[[int], Any]
_CALLING = frozenset({"opened", "raised", "returned", "ring_all", "escalated"})


def is_hidden(row: QueueRow, viewer: Staff) -> bool:
    """Whether of a restricted case this person sees no more than number, severity and country."""
    return row.restricted_to is not None and viewer.id not in (row.owner_id, row.asked_to, *row.restricted_to)


def section_of(row: QueueRow, viewer: Staff) -> str | None:
    """Under which heading this person sees a case; None: not theirs to see."""
    if viewer.id in (row.owner_id, row.asked_to):
        return "mine" if row.owner_id == viewer.id else "waiting"
    if row.status == "queued":
        return "waiting"
    return "others" if viewer.has(Role.SUPERVISOR) or row.closing_by is not None else None


def rings(row: QueueRow, viewer: Staff) -> bool:
    """Whether the bell keeps sounding on this desk: a life threat that nobody has heard yet, waiting or one's own."""
    return row.severity == Urgency.LIFE_THREAT and row.acknowledged_at is None and section_of(row, viewer) is not None


def calls(change: Change, viewer: Staff) -> bool:
    """Whether a change is a new reason to look up: an emergency has come, has become worse, or still has nobody; or a case is offered to the viewer."""
    row = change.after
    if row is not None and change.kind == "closing" and row.closing_by != viewer.id:
        return section_of(row, viewer) is not None
    if row is not None and change.kind == "unattended":
        return row.owner_id == viewer.id or viewer.has(Role.SUPERVISOR)
    if row is not None and (change.kind, viewer.id) in (("offered", row.offered_to), ("asked", row.asked_to), ("woken", row.owner_id)):
        return True
    if row is None or change.kind not in _CALLING or not is_emergency(row.severity) or section_of(row, viewer) is None:
        return False
    return row.status == "queued" or (change.kind == "raised" and row.owner_id == viewer.id)


def shape(row: QueueRow, section: str, *, ring: bool, unread: int = 0, viewer_id: int = 0, hidden: bool = False) -> dict[str, Any]:
    """A row as the browser's list shows it; of a restricted case that is ``hidden`` neither its kind nor whether a place is known."""
    answer = {row.offered_to: "맡지 않기", row.asked_to: "거절"}.get(viewer_id, "") if viewer_id else ""
    notes = []
    if row.restricted_to is not None:
        notes.append("까닭을 적어야 열림" if hidden else "열람 제한")
    if row.offered_to is not None:
        notes.append("나에게 제안됨 · Enter 로 맡으세요" if row.offered_to == viewer_id else "다른 상담관에게 제안 중")
    if row.rings:
        notes.append(f"전체 호출 {row.rings}회")
    notes += words.ladder_words(row.ladder)
    if row.cluster is not None and not hidden:
        notes.append(f"같은 사건 묶음 #{row.cluster}")
    if row.closing_by is not None:
        notes.append("종료 확인을 기다리는 중" if row.closing_by == viewer_id else "종료 확인 필요")
    if row.asked_to is not None:
        notes.append("나에게 인계 요청" if row.asked_to == viewer_id else "인계 수락 대기")
    if row.snoozed_until is not None:
        notes.append(f"{row.snoozed_until.astimezone(SEOUL):%H:%M} 까지 미룸")
    if row.status == "handed_back":
        notes.append("봇 응대 중")
    if row.returned:
        notes.append(f"되돌아옴 {row.returned}")
    if row.doubts:
        notes.append(f"의심 {row.doubts}")
    if section == "waiting" and row.acknowledged_at is not None and is_emergency(row.severity):
        notes.append("확인됨")
    return {
        "id": row.case_id,
        "section": section,
        "rank": rank(row.severity),
        "at": row.arrival_at.timestamp() * 1000,
        "sev": row.severity,
        "word": f"훈련 · {words.severity_word(row.severity)}" if row.synthetic else words.severity_word(row.severity),
        "shape": words.severity_shape(row.severity),
        "category": words.RESTRICTED if hidden else words.category_word(row.category),
        "place": words.country_name(row.country),
        "language": words.language_name(row.language),
        "owner": row.owner_name or "" if section == "others" else "",
        "has_place": row.has_place and not hidden,
        "mute": row.cannot_speak and not hidden,
        "note": " · ".join(notes),
        "ring": ring,
        "unread": unread,
        "refusal": answer,
    }


class QueuePane:
    """One desk's list, fed by the process's picture of the queue."""

    def __init__(self, feed: QueueFeed, viewer: Staff, signals: Signals, *, on_take: OnCase, on_look: OnCase, on_ack: OnCase, on_decline: OnCase) -> None:
        self._feed = feed
        self._viewer = viewer
        self._signals = signals
        self._waiting: dict[int, tuple[int, Any, int]] = {}
        self._kept: set[int] = set()
        self._unread: dict[int, int] = {}
        self._ringing: set[int] = set()
        self._emergencies: set[int] = set()
        self._told: tuple[bool, str, str] | None = None
        self.list = QueueList()
        self.list.on("take", lambda e: on_take(int(e.args)), None)
        self.list.on("look", lambda e: on_look(int(e.args)), None)
        self.list.on("ack", lambda e: on_ack(int(e.args)), None)
        self.list.on("decline", lambda e: on_decline(int(e.args)), None)
        attributes(self.list, rows=self._snapshot(), totals=self._totals())

    @property
    def mine(self) -> list[QueueRow]:
        """The viewer's own cases."""
        return [self._feed.rows[case_id] for case_id in self._kept if case_id in self._feed.rows and self._feed.rows[case_id].owner_id == self._viewer.id]

    def listen(self, changes: list[Change] | None) -> None:
        """Take in a batch of changes and send only what this desk shows."""
        if changes is None:
            self.list.run_method("reset", self._snapshot(), self._totals())
            self.signal()
            return
        upserts: dict[int, dict[str, Any]] = {}
        removals: set[int] = set()
        chime: QueueRow | None = None
        for change in changes:
            shown = self._take_in(change)
            if shown is not None:
                upserts[change.case_id] = shown
                removals.discard(change.case_id)
            else:
                upserts.pop(change.case_id, None)
                removals.add(change.case_id)
            if calls(change, self._viewer) and change.after is not None and (chime is None or rank(change.after.severity) < rank(chime.severity)):
                chime = change.after
        if len(self._waiting) < THIN and self._feed.waiting > len(self._waiting):
            self.list.run_method("reset", self._snapshot(), self._totals())
        else:
            self.list.run_method("patch", list(upserts.values()), list(removals), self._totals())
        self.signal(chime)

    def unread(self, case_id: int, count: int) -> None:
        """How many of the citizen's lines nobody has seen in one of the viewer's own cases."""
        if self._unread.get(case_id, 0) == count:
            return
        self._unread[case_id] = count
        row = self._feed.rows.get(case_id)
        section = section_of(row, self._viewer) if row else None
        if row is not None and section is not None:
            self.list.run_method("patch", [self._shape(row, section)], [], self._totals())

    def signal(self, chime: QueueRow | None = None) -> None:
        """Tell the person who is not looking; nothing is sent when nothing has changed."""
        ringing = bool(self._ringing)
        urgent = f"▲ 긴급 {len(self._emergencies)}건" if self._emergencies else ""
        alert = f"● 생명 위험 {len(self._ringing)}건" if ringing else urgent
        base = f"({self._feed.waiting}) 상담 데스크" if self._feed.waiting else "상담 데스크"
        if chime is None and self._told == (ringing, alert, base):
            return
        self._told = (ringing, alert, base)
        spoken = ""
        if chime is not None:
            kind = words.RESTRICTED if is_hidden(chime, self._viewer) else words.category_word(chime.category)
            spoken = f"새 {words.severity_word(chime.severity)} 상담: {kind}, {words.country_name(chime.country)}"
        self._signals.run_method("alarm", ringing, chime is not None, alert, base, spoken)

    def _take_in(self, change: Change) -> dict[str, Any] | None:
        """Note what a change means for this desk; the row to show, or None to take it away."""
        row = change.after
        case_id = change.case_id
        section = section_of(row, self._viewer) if row is not None else None
        self._waiting.pop(case_id, None)
        self._kept.discard(case_id)
        self._ringing.discard(case_id)
        self._emergencies.discard(case_id)
        if row is None or section is None:
            self._unread.pop(case_id, None)
            return None
        if rings(row, self._viewer):
            self._ringing.add(case_id)
        if section == "waiting":
            if is_emergency(row.severity) and row.acknowledged_at is None:
                self._emergencies.add(case_id)
            key = order_key(row.severity, row.arrival_at, case_id)
            if len(self._waiting) >= SHOWN and key > max(self._waiting.values()):
                return None
            self._waiting[case_id] = key
        else:
            self._kept.add(case_id)
        return self._shape(row, section)

    def _shape(self, row: QueueRow, section: str) -> dict[str, Any]:
        return shape(
            row,
            section,
            ring=row.case_id in self._ringing,
            unread=self._unread.get(row.case_id, 0) if section == "mine" else 0,
            viewer_id=self._viewer.id,
            hidden=is_hidden(row, self._viewer),
        )

    def _snapshot(self) -> list[dict[str, Any]]:
        self._waiting.clear()
        self._kept.clear()
        self._ringing.clear()
        self._emergencies.clear()
        ordered = sorted(self._feed.rows.values(), key=lambda row: order_key(row.severity, row.arrival_at, row.case_id))
        found = [self._take_in(Change("snapshot", row.case_id, None, row, {})) for row in ordered]
        return [row for row in found if row is not None]

    def _totals(self) -> dict[str, int]:
        return {"waiting": self._feed.waiting}
