"""One open desk: what a person at one browser page sees and does. It lives as long as the page; a reconnect is a fresh one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks, ui

from accounts.schemas import Role, Staff
from conversation import service as conversation
from conversation.marks import TYPING
from conversation.schemas import Line
from core.db import Database
from core.errors import AppError, DatabaseUnavailable
from core.events import Event, EventHub
from core.logging import get
from core.settings import Settings
from handoff import service as handoff
from handoff.desk.abuse_dialog import AbuseMarks
from handoff.desk.actions import Actions
from handoff.desk.aside import Aside
from handoff.desk.case_strip import CaseStrip
from handoff.desk.choices import Do
from handoff.desk.context_pane import ContextPane
from handoff.desk.conversation_pane import ConversationPane, Handlers
from handoff.desk.dialogs import show_help
from handoff.desk.elements import Signals, block, button, say
from handoff.desk.floor import Floor
from handoff.desk.guarded import guarded
from handoff.desk.hand_on_dialog import HandOn
from handoff.desk.leaving import Leaving
from handoff.desk.live import Follower, QueueFeed
from handoff.desk.marking import Marking
from handoff.desk.moves_menu import Moves
from handoff.desk.news import news
from handoff.desk.phone_dialog import ask_caller
from handoff.desk.phone_tools import PhoneTools
from handoff.desk.place_tools import PlaceTools
from handoff.desk.presence import PresenceControl
from handoff.desk.pulse import pulse
from handoff.desk.queue_pane import QueuePane
from handoff.desk.texts import Texts
from handoff.desk.writing import Writing
from handoff.phone.schemas import Opened
from handoff.schemas import CaseCard, QueueRow

log = get(__name__)
#: Lines before the last that are read again when the case changes: triage marks a line after it has been written.
RECHECKED = 5
#: Kinds of the conversation's events after which its lines stand differently.
MARKING = frozenset({"read", "delivered", "undelivered"})
PANES = (("queue", "대기열"), ("conversation", "상담"), ("context", "상황"))


def _show(pane: str) -> str:
    """Script that brings a pane to the front where only one fits."""
    return f"document.dispatchEvent(new CustomEvent('desk:pane', {{ detail: '{pane}' }}))"


class Desk:
    """Wires the three panes to the feed, to the open case's streams and to the actions."""

    def __init__(self, client: Client, viewer: Staff, db: Database, hub: EventHub, feed: QueueFeed, actions: Actions, texts: Texts, settings: Settings) -> None:
        self._client = client
        self._viewer = viewer
        self._db = db
        self._feed = feed
        self._do = actions
        self._settings = settings
        self._marking = Marking(client, actions, self._guarded)
        self._follower = Follower(db, hub, self._on_events)
        self._hub = hub
        self._hearing = contextlib.ExitStack()
        self._card: CaseCard | None = None
        self._aside = Aside()
        floor = Floor(client, viewer, actions.moves, feed, self._guarded)
        self._leaving = Leaving(floor, actions, lambda: self._card, lambda: self._aside, self._left)
        self._abuse = AbuseMarks(floor, actions.abuse, lambda: self._card, self._left, self._beat)
        elsewhere: dict[Do, Callable[[], Any]] = {
            Do.CLAIM: lambda: self.take(self._open_id),
            Do.HAND_BACK: self._leaving.ask_hand_back,
            Do.TO_QUEUE: self._leaving.ask_to_queue,
            Do.ABUSE: self._abuse.ask,
        }
        elsewhere |= dict.fromkeys((Do.CLOSE, Do.CONFIRM_CLOSE, Do.OBJECT), self._leaving.ask_close)
        self._moves = Moves(floor, lambda: self._card, elsewhere, self._open, lambda: self._presence.count_promises())
        self._writing = Writing(client, viewer, actions, texts, lambda: self._card)
        self._wanted: int | None = None
        self._last_seq = 0
        self._refreshing = asyncio.Lock()
        self._tasks: list[asyncio.Task[Any]] = []

    def build(self) -> None:
        """Make the page's elements; called once, synchronously, so that no change of the queue falls between picture and events."""
        with block("div", "desk"):
            with block("header", "bar"):
                say("span", "길동무 상담 데스크", "brand")
                with block("div", "bar-right"):
                    self._signals = Signals()
                    with block("a", "nav", href="/desk/incidents"):
                        say("span", "사고")
                    with block("a", "nav", href="/desk/reviews"):
                        say("span", "판정 검토")
                    if self._viewer.has(Role.SUPERVISOR, Role.ADMIN):
                        with block("a", "nav", href="/desk/team"):
                            say("span", "팀")
                    if self._viewer.has(Role.SUPERVISOR):
                        with block("a", "nav", href="/board"):
                            say("span", "현황")
                    button("다음 상담", self._take_next, classes="small", hint="n", data_key="KeyN", data_action="take-next")
                    button("전화 상담", self._ask_caller, classes="small", hint="c", data_key="KeyC", data_action="phone")
                    button("도움말", show_help, classes="small", hint="?", data_key="?")
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("div", "tabs", role="tablist", aria_label="화면"):
                for name, label in PANES:
                    with block("button", "tab", type="button", role="tab", data_tab=name, aria_selected=str(name == "queue").lower()) as tab:
                        say("span", label)
                    tab.on("click", js_handler=f"() => {_show(name)}")
            with block("main", "panes"):
                with block("section", "pane queue-pane", data_pane="queue"):
                    self._queue = QueuePane(
                        self._feed, self._viewer, self._signals, on_take=self.take, on_look=self.look, on_ack=self._acknowledge, on_decline=self._moves.decline
                    )
                    self._presence = PresenceControl(
                        self._client,
                        self._do,
                        lambda: len(self._queue.mine),
                        self._guarded,
                        lambda: self._moves.general("promises"),
                        lambda: self._moves.general("shift"),
                    )
                handlers = Handlers(
                    take=lambda: self.take(self._open_id),
                    acknowledge=lambda: self._acknowledge(self._open_id),
                    hand_back=self._leaving.ask_hand_back,
                    to_queue=self._leaving.ask_to_queue,
                    close=self._leaving.ask_close,
                    mark=self._ask_mark,
                    abuse=lambda seq: self._abuse.press() if seq is None else self._abuse.toggle(seq),
                    transfer=lambda: self._moves.move(Do.TRANSFER),
                    menu=self._moves.menu,
                    cannot_speak=lambda on: self._guarded(lambda: self._do.cannot_speak(self._open_id, on)),
                    send=self._send,
                    draft=self._writing.keep,
                    typing=self._say_typing,
                    seen=self._seen,
                    find=lambda message: self._guarded(lambda: self._writing.find(message)),
                    put=self._writing.put,
                )
                self._conversation = self._writing.pane = ConversationPane(self._viewer, handlers)
                self._strip = CaseStrip(self._conversation.strip, self._viewer, self._moves.move)
                tools = PlaceTools(self._do.places, self._guarded)
                phone = PhoneTools(self._do.phone, self._guarded)
                self._hand_on = HandOn(self._client, self._viewer, self._do.hand_on, self._guarded)
                self._context = ContextPane(self._settings.tile_url, on_ask=self._ask_place, tools=tools, phone=phone, on_hand_on=self._ask_hand_on)
        self._feed.attach(self._on_queue)
        self._queue.signal()

    def start(self, case_id: int | None = None) -> None:
        """Begin to follow, with a case that a link names opened; ends with the page."""
        self._tasks = [
            background_tasks.create(self._follower.run(), name="desk-follower"),
            background_tasks.create(pulse(self._client, self._feed, self._follower, self._signals, self._beat), name="desk-pulse"),
            background_tasks.create(self._follow(), name="desk-first-streams"),
        ]
        if case_id is not None:
            self._tasks.append(background_tasks.create(self._look_first(case_id), name="desk-linked-case"))

    async def _look_first(self, case_id: int) -> None:
        await self._client.connected()
        await self.look(case_id)

    def stop(self) -> None:
        """The page is gone."""
        self._feed.detach(self._on_queue)
        self._hearing.close()
        for task in self._tasks:
            task.cancel()

    @property
    def _open_id(self) -> int:
        return self._conversation.case_id or 0

    # -- what arrives -------------------------------------------------------------------------------------------------------------

    def _on_queue(self, changes: Any) -> None:
        with self._client:
            self._queue.listen(changes)
            self._presence.held(sum(row.status == "claimed" for row in self._queue.mine))
            for change in changes or []:
                if (told := news(change, self._viewer.id)) is not None:
                    ui.notify(told, type="info", position="top", close_button="닫기")
            self._moves.listen()
        if changes is None or any(self._viewer.id in (c.before and c.before.owner_id, c.after and c.after.owner_id) for c in changes):
            self._spawn(self._follow())

    async def _follow(self) -> None:
        """The streams of the open case and of the viewer's other conversations."""
        streams = {conversation.stream(row.conversation_id) for row in self._queue.mine}
        if self._card is not None:
            streams |= {handoff.case_stream(self._card.case.id), conversation.stream(self._card.case.conversation_id)}
        async with self._db.read() as connection:
            await self._follower.follow(streams, connection)
        for row in self._queue.mine:
            await self._count_unread(row)

    async def _count_unread(self, row: QueueRow) -> None:
        count = 0 if self._card is not None and row.case_id == self._card.case.id else await self._do.unread(row.conversation_id)
        with self._client:
            self._queue.unread(row.case_id, count)

    async def _on_events(self, stream: str, events: list[Event]) -> None:
        try:
            await self._take_in(stream, events)
        except DatabaseUnavailable:
            raise
        except AppError as error:
            self._lost(self._open_id, error)

    def _lost(self, case_id: int, error: AppError) -> None:
        """What was on the screen is no longer this person's to see."""
        with self._client:
            if error.code == "not_signed_in":
                ui.navigate.to("/staff/sign-in?next=/desk")
            elif error.code in ("forbidden", "not_found"):
                row, was_own = self._feed.rows.get(case_id), self._card is not None and self._card.case.owner_id == self._viewer.id
                if case_id == self._open_id:
                    self._close_pane()
                if row is not None and not was_own:  # else it was closed, or ``news`` says who has it
                    ui.notify(f"{f'{row.owner_name} 님' if row.owner_name else '다른 상담관'}이 #{case_id} 상담을 맡았습니다.", type="info")
            else:
                ui.notify(error.kind.korean, type="negative", close_button="닫기")

    async def _take_in(self, stream: str, events: list[Event]) -> None:
        card = self._card
        if card is not None and stream == conversation.stream(card.case.conversation_id):
            await self._on_conversation(card, events)
        elif card is not None and stream == handoff.case_stream(card.case.id):
            if any(event.kind != "reply" for event in events):
                await self._refresh(card.case.id)
        else:
            for row in self._queue.mine:
                if stream == conversation.stream(row.conversation_id):
                    await self._count_unread(row)

    async def _on_conversation(self, card: CaseCard, events: list[Event]) -> None:
        if any(event.kind in MARKING and event.payload.get("by") != "person" for event in events):
            marks = await self._do.marks(card.case.id)
            with self._client:
                self._conversation.mark(marks)
        if any(event.kind == "message" for event in events):
            await self._fetch_lines(card, self._last_seq)
        if any(event.kind in ("owner", "closed") for event in events):
            await self._refresh(card.case.id)

    async def _fetch_lines(self, card: CaseCard, after: int) -> None:
        lines = await self._do.lines(card.case.id, after)
        if self._card is not None and self._card.case.id == card.case.id and lines:
            self._last_seq = max(self._last_seq, lines[-1].seq)
            with self._client:
                self._conversation.add(lines)
            self._spawn(self._writing.suggest(lines))

    async def _refresh(self, case_id: int) -> None:
        """The open case has changed; when it is no longer this person's to see, it goes from the screen."""
        async with self._refreshing:
            opened = await self._do.open(case_id)
            if self._open_id != case_id:
                return
            self._card, self._aside = opened.card, opened.aside
            with self._client:
                self._conversation.update(opened.card)
                self._strip.show(opened.card, opened.aside)
                self._context.show(opened.card, may_ask=opened.card.may_write and opened.card.conversation_open)
                self._conversation.mark(opened.marks)
                self._conversation.left(opened.limits)
                self._show_lines(opened.lines[-RECHECKED:])

    def _listen_typing(self, card: CaseCard) -> None:
        """Hear from now on when this citizen is typing; nothing of it is stored anywhere."""
        self._hearing.close()
        self._hearing.enter_context(self._hub.hinted(conversation.stream(card.case.conversation_id), self._typed))

    def _typed(self, word: str) -> None:
        if word == TYPING["citizen"]:
            with self._client:
                self._conversation.typing()

    async def _say_typing(self) -> None:
        case_id = self._open_id
        await self._guarded(lambda: self._do.typing(case_id), quiet=True)

    def _show_lines(self, lines: list[Line]) -> None:
        self._conversation.add(lines)
        if lines:
            self._last_seq = max(self._last_seq, lines[-1].seq)

    # -- what the person does -----------------------------------------------------------------------------------------------------

    async def _guarded(self, action: Callable[[], Awaitable[Any]], *, quiet: bool = False) -> bool:
        return await guarded(self._client, "/desk", action, quiet=quiet, case_id=self._open_id)

    async def _beat(self) -> None:
        await self._guarded(self._presence.beat, quiet=True)

    async def look(self, case_id: int) -> None:
        """Open a case without taking it; it may be somebody else's by now."""

        async def open_it() -> None:
            try:
                await self._open(case_id)
            except DatabaseUnavailable:
                raise
            except AppError as error:
                self._lost(case_id, error)

        await self._guarded(open_it)

    async def take(self, case_id: int) -> None:
        """Take a case and open it; when someone was first, say so plainly."""
        refused: list[str | None] = []

        async def claim() -> None:
            refused.append(await self._do.take(case_id))
            if refused[-1] is None:
                await self._open(case_id)

        await self._guarded(claim)
        if refused and refused[0]:
            with self._client:
                ui.notify(refused[0], type="warning", position="top", close_button="닫기")

    async def _take_next(self) -> None:
        """Take what stands first and open it; when there is nothing to take, say why."""
        refused: list[str | None] = []

        async def claim() -> None:
            case_id, why = await self._do.take_next()
            refused.append(why)
            if case_id is not None:
                await self._open(case_id)

        await self._guarded(claim)
        if refused and refused[0]:
            with self._client:
                ui.notify(refused[0], type="info", position="top", close_button="닫기")

    async def _open(self, case_id: int) -> None:
        self._wanted = case_id
        opened = await self._do.open(case_id)
        if self._wanted != case_id:  # something else was opened meanwhile
            return
        same = self._open_id == case_id
        self._card, self._aside = opened.card, opened.aside
        may_write = opened.card.may_write and opened.card.conversation_open
        with self._client:
            self._queue.list.run_method("show", case_id)
            if same:
                self._conversation.update(opened.card)
                self._show_lines(opened.lines[-RECHECKED:])
            else:
                self._last_seq = opened.lines[-1].seq if opened.lines else 0
                self._writing.stop_suggesting()
                self._conversation.open(opened.card, opened.lines, opened.marks, opened.limits, self._writing.draft(opened.card))
                self._listen_typing(opened.card)
                ui.run_javascript(_show("conversation"))
            self._strip.show(opened.card, opened.aside)
            self._context.show(opened.card, may_ask=may_write)
            self._queue.unread(case_id, 0)
        self._spawn(self._writing.suggest(opened.lines))
        await self._follow()
        # What was written between reading the case and following its streams.
        await self._fetch_lines(opened.card, self._last_seq)

    def _left(self, conversation_id: str, is_over: bool) -> None:
        """The open case is no longer this person's; of one that is over nothing half-written is kept."""
        if is_over:
            self._writing.forget(conversation_id)
        self._close_pane()

    def _close_pane(self) -> None:
        self._hearing.close()
        self._card = self._wanted = None
        self._aside = Aside()
        self._strip.clear()
        self._conversation.clear()
        self._context.clear()
        self._queue.list.run_method("show", None)
        ui.run_javascript(_show("queue"))

    async def _acknowledge(self, case_id: int) -> None:
        await self._guarded(lambda: self._do.acknowledge(case_id))

    async def _send(self, message: dict[str, Any]) -> None:
        case_id = int(message["case_id"])
        is_written = await self._writing.send(message, self._conversation_of(case_id))
        if is_written and self._card is not None and self._card.case.id == case_id:
            await self._fetch_lines(self._card, self._last_seq)

    def _conversation_of(self, case_id: int) -> str | None:
        """The conversation of the open case, or of another one that the queue knows."""
        if self._card is not None and self._card.case.id == case_id:
            return self._card.case.conversation_id
        row = self._feed.rows.get(case_id)
        return row.conversation_id if row else None

    async def _seen(self, seq: int) -> None:
        card = self._card
        if card is not None and card.case.owner_id == self._viewer.id and card.case.status == "claimed":
            await self._guarded(lambda: self._do.mark_read(card.case.conversation_id, seq), quiet=True)

    async def _ask_place(self) -> None:
        case_id = self._open_id
        if await self._guarded(lambda: self._do.ask_place(case_id, secrets.token_hex(8))):
            with self._client:
                ui.notify("위치 링크를 보냈습니다.", type="positive")

    async def _ask_hand_on(self) -> None:
        if self._card is not None:
            await self._hand_on.ask(self._card)

    def _ask_caller(self) -> None:
        async def opened(made: Opened) -> None:
            await self.look(made.case.id)

        ask_caller(self._client, self._do.phone, opened)

    async def _ask_mark(self, seq: int | None) -> None:
        if self._card is not None:
            await self._marking.ask(self._card, seq)

    def _spawn(self, work: Awaitable[Any]) -> None:
        async def run() -> None:
            try:
                await work
            except AppError as error:
                log.warning("desk_refresh_failed", code=error.code)

        background_tasks.create(run(), name="desk-work")
