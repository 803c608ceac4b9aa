"""The middle pane: who, how urgent, why; the lines; the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from nicegui.element import Element

from accounts.schemas import Role, Staff
from conversation.marks import Marks
from conversation.schemas import ChannelLimits, Line, TextUnit
from handoff import veil
from handoff.desk import words
from handoff.desk.abuse_dialog import count_words
from handoff.desk.drafts import Draft
from handoff.desk.elements import Composer, FilePicker, Transcript, attributes, block, button, relabel, say
from handoff.desk.file_lines import sent_as, shown_files
from handoff.queue_order import is_emergency
from handoff.schemas import CaseCard

#: Lines of a long conversation that are shown.
KEPT = 300
MAX_CHARS = 4000
SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Handlers:
    """What the buttons and the reply box call."""

    take: Callable[[], Any]
    acknowledge: Callable[[], Any]
    hand_back: Callable[[], Any]
    to_queue: Callable[[], Any]
    close: Callable[[], Any]
    mark: Callable[[int | None], Any]
    abuse: Callable[[int | None], Any]
    transfer: Callable[[], Any]
    menu: Callable[[], Any]
    cannot_speak: Callable[[bool], Any]
    send: Callable[[dict[str, Any]], Any]
    draft: Callable[[dict[str, Any]], Any]
    typing: Callable[[], Any]
    seen: Callable[[int], Any]
    find: Callable[[dict[str, Any]], Any]
    put: Callable[[dict[str, Any]], Any]
    file_place: Callable[[int], Any]


def shown(line: Line, viewer: Staff, case_id: int = 0, *, is_owner: bool = False) -> dict[str, Any]:
    """A line as the browser shows it: words only, nothing that could be taken for markup."""
    text = words.line_text(line.kind, line.body)
    urgency = line.urgency if line.urgency in words.SEVERITY and line.urgency != "none" else None
    by = "agent" if line.author_kind == "officer" else line.author_kind
    own = line.author_id == viewer.id and by == "agent"
    return {
        "seq": line.seq,
        "by": by,
        "own": own,
        "who": "나" if own else words.AUTHORS.get(line.author_kind, line.author_kind),
        "text": text,
        "wordless": line.kind in words.WORDLESS or not line.body.get("text"),
        "files": shown_files(line, case_id, is_owner=is_owner),
        "pieces": [[part, hidden] for part, hidden in veil.pieces(text, line.urgency)] if by == "citizen" else [],
        "at": line.created_at.timestamp() * 1000,
        "urgency": urgency,
        "word": words.severity_word(urgency) if urgency else "",
        "shape": words.severity_shape(urgency) if urgency else "",
        "source": _source(line.body.get("source")),
        "extra": _extra(line.body),
    }


def _source(card: Any) -> dict[str, str] | None:
    if not isinstance(card, dict):
        return None
    marks = [str(card.get("effective_from") or "") and f"{card['effective_from']} 시행", str(card.get("source") or "")]
    marks += ["시험용"] if card.get("test_only") else []
    marks += ["지난 규정"] if card.get("past") else []
    return {"title": str(card.get("title") or ""), "detail": " · ".join(mark for mark in marks if mark), "url": words.safe_url(str(card.get("url") or ""))}


def _extra(body: dict[str, Any]) -> str:
    """What the citizen was offered beside the words."""
    parts = []
    if body.get("buttons"):
        parts.append("버튼: " + ", ".join(str(one.get("title", "")) for one in body["buttons"] if isinstance(one, dict)))
    if body.get("phones"):
        parts.append("전화: " + ", ".join(f"{one.get('label', '')} {one.get('number', '')}".strip() for one in body["phones"] if isinstance(one, dict)))
    if body.get("location_url"):
        parts.append("위치 요청 링크를 함께 보냈습니다")
    return " · ".join(part for part in parts if part)


UNITS = {TextUnit.CHARACTERS: "자", TextUnit.UTF16: "자", TextUnit.UTF8: "바이트", TextUnit.EUC_KR: "바이트"}


def shown_marks(marks: Marks) -> dict[str, Any]:
    """How far the lines have come, for the browser."""
    return {"read": marks.read, "delivered": marks.delivered, "failed": list(marks.failed), "withheld": list(marks.withheld)}


def shown_limits(limits: ChannelLimits) -> dict[str, Any]:
    """What the channel leaves, for the browser, which counts while somebody types."""
    return {
        "max": limits.max_length,
        "unit": str(limits.unit),
        "word": UNITS[limits.unit],
        "messages": limits.messages_left,
        "ends": f"{limits.ends_at.astimezone(SEOUL):%H:%M:%S}" if limits.ends_at is not None else "",
    }


class ConversationPane:
    """One open case; its frame stays, so that what is being written is never disturbed by what arrives."""

    def __init__(self, viewer: Staff, handlers: Handlers) -> None:
        self._viewer = viewer
        self._handlers = handlers
        self.case_id: int | None = None
        self.transcript: Transcript | None = None
        self.composer: Composer | None = None
        self._picker: FilePicker | None = None
        self._takes_files = False
        self._owned = self._cannot_speak = False
        self._filed: dict[int, Line] = {}
        with block("section", "pane conversation", aria_label="상담", data_pane="conversation"):
            self._nothing = block("div", "nothing")
            with self._nothing:
                say("p", "왼쪽에서 상담을 고르세요.")
                say("p", "j · k 로 움직이고 Enter 로 맡습니다. 보기만 하려면 Space 를 누르세요.", "hint")
            self._head = block("header", "case-head")
            with self._head:
                self._build_head()
            self.strip = block("div", "case-strip")
            self._card = block("div", "handoff-card", role="group", aria_label="핸드오프 카드")
            with self._card:
                self._facts = block("div", "card-facts")
                self._build_acts()
            self._body = block("div", "talk")
        self._show_frame(False)

    def _build_head(self) -> None:
        h = self._handlers
        with block("div", "line1"):
            self._badge = say("span", "", "badge")
            self._title = say("h1", "")
            self._wait = block("time", "wait", data_tick="wait", title="기다린 시간")
        with block("div", "line2"):
            self._status = say("span", "", "status", role="status")
            with block("div", "actions"):
                self._buttons = {
                    "take": button("맡기", h.take, classes="primary", hint="Enter", data_action="take"),
                    "acknowledge": button("확인", h.acknowledge, hint="a", data_key="KeyA", data_action="acknowledge"),
                    "transfer": button("넘기기", h.transfer, hint="t", data_key="KeyT", data_action="transfer"),
                    "hand_back": button("봇에게 돌려주기", h.hand_back, hint="b", data_key="KeyB", data_action="hand-back"),
                    "to_queue": button("대기열로", h.to_queue, hint="q", data_key="KeyQ", data_action="to-queue"),
                    "close": button("종료", h.close, classes="strong", hint="e", data_key="KeyE", data_action="close"),
                    "mark": button("응급 판정", lambda: h.mark(None), hint="v", data_key="KeyV", data_action="mark"),
                    "menu": button("더 보기", h.menu, hint=".", data_key="Period", data_action="menu"),
                }

    def _build_acts(self) -> None:
        # Built once: a press on a button that a refresh has just replaced would be lost.
        h = self._handlers
        with block("div", "card-acts") as self._acts:
            self._speech = button("", lambda: h.cannot_speak(not self._cannot_speak), classes="small", hint="x", data_key="KeyX", data_action="cannot-speak")
            button("폭언 표시", lambda: h.abuse(None), classes="small", hint="y", data_key="KeyY", data_action="abuse")

    def _show_frame(self, on: bool) -> None:
        self._nothing.set_visibility(not on)
        for element in (self._head, self.strip, self._card, self._body):
            element.set_visibility(on)

    def clear(self) -> None:
        """Nothing is open."""
        self.case_id = self.transcript = self.composer = self._picker = None
        self._body.clear()
        self._facts.clear()
        self._show_frame(False)

    def open(self, card: CaseCard, lines: list[Line], marks: Marks, limits: ChannelLimits, draft: Draft) -> None:
        """Show another case."""
        self.case_id = card.case.id
        self._show_frame(True)
        self._body.clear()
        self._owned, self._filed = card.case.owner_id == self._viewer.id, {line.seq: line for line in lines[-KEPT:] if line.files}
        with self._body:
            self.transcript = attributes(
                Transcript(),
                lines=[self._shown(line) for line in lines[-KEPT:]],
                marks=shown_marks(marks),
                zone=card.time_zone or "",
                truncated=len(lines) > KEPT,
                abusive=list(card.abuse.seqs),
                markable=card.may_write,
            )
            self.transcript.on("seen", lambda e: self._handlers.seen(int(e.args)), None)
            self.transcript.on("abuse", lambda e: self._handlers.abuse(int(e.args)), None)
            self.transcript.on("judge", lambda e: self._handlers.mark(int(e.args)), None)
            self.transcript.on("place", lambda e: self._handlers.file_place(int(e.args)), None)
            self.composer = attributes(
                Composer(),
                placeholder="민원인에게 보낼 글",
                max=MAX_CHARS,
                draft=draft.text,
                unsent=draft.is_unsent,
                case_id=card.case.id,
                limits=shown_limits(limits),
            )
            self.composer.on("send", lambda e: self._handlers.send(e.args), None)
            self.composer.on("typing", lambda _: self._handlers.typing(), [])
            self.composer.on("draft", lambda e: self._handlers.draft(e.args), None)
            self.composer.on("find", lambda e: self._handlers.find(e.args), None)
            self.composer.on("put", lambda e: self._handlers.put(e.args), None)
            self._takes_files = limits.images or limits.files or limits.file_links
            self._picker = attributes(FilePicker(), case_id=card.case.id, note=sent_as(limits))
        self._fill(card)

    def update(self, card: CaseCard) -> None:
        """The same case has changed."""
        self._fill(card)
        if self._owned != (owned := card.case.owner_id == self._viewer.id):  # what may be opened of its files has changed too
            self._owned = owned
            self.add(list(self._filed.values()))
        if self.transcript is not None:
            self.transcript.run_method("abuse", list(card.abuse.seqs), card.may_write)

    def _fill(self, card: CaseCard) -> None:
        case, viewer = card.case, self._viewer
        own = case.owner_id == viewer.id
        emergency = is_emergency(case.severity)
        self._badge.classes(replace=f"badge sev-{case.severity}")
        drill = "훈련 · " if case.synthetic else ""
        self._badge.set_text(f"{words.severity_shape(case.severity)} {drill}{words.severity_word(case.severity)}")
        self._title.set_text(f"{words.country_name(case.country)} · {words.category_word(case.category)} · #{case.id}")
        attributes(self._wait, data_at=case.arrival_at.timestamp() * 1000)
        self._status.set_text(self._status_text(card, own))
        visible = {
            "take": case.status == "queued" or (case.status == "handed_back" and own),
            "acknowledge": emergency and case.acknowledged_at is None and case.status != "closed",
            "transfer": case.status in ("claimed", "handed_back") and (own or viewer.has(Role.SUPERVISOR)),
            "hand_back": own and case.status == "claimed" and card.caller is None,
            "to_queue": case.status in ("claimed", "handed_back") and (own or viewer.has(Role.SUPERVISOR)),
            "close": case.status != "closed" and (own or viewer.has(Role.SUPERVISOR) or case.closing_by is not None),
        }
        for name, on in visible.items():
            self._buttons[name].set_visibility(on)
        self._fill_card(card)
        if self.composer is not None:
            attributes(self.composer, enabled=card.may_write and card.conversation_open and card.caller is None, why=self._why_not(card, own))
            self.composer.update()
        if self._picker is not None:
            attributes(self._picker, enabled=self._takes_files and card.may_write and card.conversation_open and card.caller is None)
            self._picker.update()

    def _status_text(self, card: CaseCard, own: bool) -> str:
        case = card.case
        text = words.STATUS.get(case.status, case.status)
        if case.status in ("claimed", "handed_back"):
            text += " · 내 상담" if own else f" · {card.owner_name or '담당자 없음'}"
        if not card.conversation_open:
            text += " · 민원인이 나감"
        return text

    def _why_not(self, card: CaseCard, own: bool) -> str:
        if card.case.status == "closed":
            return "종료된 상담입니다."
        if not card.conversation_open:
            return "민원인이 대화를 끝냈습니다. 글을 보낼 수 없습니다."
        if card.caller is not None:
            return "전화 상담입니다. 글은 보낼 수 없으니 말로 전하고, 남길 것은 메모에 적으세요."
        if card.case.status == "queued":
            return "맡은 뒤에 답장할 수 있습니다."
        if own:
            return "봇이 응대하고 있습니다. 다시 맡으면 답장할 수 있습니다."
        return f"{card.owner_name or '다른 상담관'} 님의 상담입니다."

    def _fill_card(self, card: CaseCard) -> None:
        self._cannot_speak = card.case.cannot_speak
        relabel(self._speech, "말할 수 없음 표시 지우기" if self._cannot_speak else "말할 수 없음 표시")
        self._acts.set_visibility(card.may_write)
        self._facts.clear()
        with self._facts:
            if card.case.synthetic:
                with block("div", "mute-banner drill-banner", role="note"):
                    say("b", "훈련입니다")
                    say("span", "실제 민원인이 없습니다. 공관이나 현지 기관에 전화하지 마세요. 평소처럼 맡아 첫 글을 보내고 ‘종료’로 마칩니다.")
            if card.case.cannot_speak:
                with block("div", "mute-banner", role="note"):
                    say("b", "말할 수 없음")
                    say("span", "글로만 물으세요. 필요한 전화는 상담관이 대신 겁니다.")
            if card.summary:
                say("blockquote", card.summary, "summary")
            with block("dl", "facts"):
                _fact("왜", words.why(card.why) or ["적힌 까닭 없음"])
                _fact("언어", [words.language_name(card.case.language)])
                _fact("채널", [words.CHANNELS.get(card.channel, card.channel)])
                _fact("장소", [place_line(card)])
                if card.caller is None:
                    _fact("봇이 답한 것", [f"{len(card.bot_lines)}번"])
                    _fact("민원인 시도", [f"{card.attempts}번"])
                if card.abuse.here or card.abuse.of_person:
                    _fact("폭언 표시", [count_words(card.abuse)])

    def add(self, lines: list[Line]) -> None:
        """New lines, or lines whose mark has changed."""
        self._filed |= {line.seq: line for line in lines if line.files}
        if self.transcript is not None and lines:
            self.transcript.run_method("add", [self._shown(line) for line in lines])

    def _shown(self, line: Line) -> dict[str, Any]:
        return shown(line, self._viewer, self.case_id or 0, is_owner=self._owned)

    def mark(self, marks: Marks) -> None:
        """The lines have come further, or one has failed."""
        if self.transcript is not None:
            self.transcript.run_method("mark", shown_marks(marks))

    def typing(self) -> None:
        """The citizen is typing at this moment."""
        if self.transcript is not None:
            self.transcript.run_method("typing")

    def left(self, limits: ChannelLimits) -> None:
        """What the channel leaves now."""
        if self.composer is not None:
            self.composer.run_method("leave", shown_limits(limits))

    def sent(self, client_id: str, ok: bool, message: str = "", confirm: bool = False) -> None:
        """What became of a reply; ``confirm``: the same once more sends it after all."""
        if self.composer is not None:
            self.composer.run_method("sent", client_id, ok, message, confirm)

    def found(self, number: int, items: list[dict[str, Any]], note: str) -> None:
        """What the picker asked for."""
        if self.composer is not None:
            self.composer.run_method("found", number, items, note)

    def suggested(self, items: list[dict[str, Any]], note: str) -> None:
        """Notices for the citizen's last message, or why there are none."""
        if self.composer is not None:
            self.composer.run_method("suggested", items, note)


def place_line(card: CaseCard) -> str:
    """The place in a few words, without coordinates."""
    if card.place is not None:
        return f"{words.METHODS.get(card.place.method, card.place.method)} {words.metres(card.place.radius_m)}"
    if card.typed_place is not None:
        return "직접 적은 주소 있음"
    return "아직 없음"


def _fact(name: str, values: list[str]) -> Element:
    with block("div", "fact") as fact:
        say("dt", name)
        with block("dd"):
            for value in values:
                say("span", value, "chip" if name == "왜" else "")
    return fact
