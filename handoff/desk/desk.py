"""One open desk: what a person at one browser page sees and does. It lives as long as the page; a reconnect is a fresh one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks, ui

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.db import Database
from core.errors import AppError, DatabaseUnavailable
from core.events import EventHub
from core.settings import Settings
from handoff.desk.abuse_dialog import AbuseMarks
from handoff.desk.actions import Actions
from handoff.desk.arrivals import Arrivals
from handoff.desk.bar import tabs, top_bar
from handoff.desk.break_glass_dialog import ask_break_glass
from handoff.desk.call_panel import CallPanel
from handoff.desk.case_strip import CaseStrip
from handoff.desk.choices import Do
from handoff.desk.context_pane import ContextPane
from handoff.desk.conversation_pane import ConversationPane, Handlers
from handoff.desk.elements import block
from handoff.desk.file_dialog import FilePlaces
from handoff.desk.floor import Floor
from handoff.desk.guarded import guarded
from handoff.desk.hand_on_dialog import HandOn
from handoff.desk.leaving import Leaving
from handoff.desk.live import QueueFeed
from handoff.desk.marking import Marking
from handoff.desk.mission_dialog import MissionDesk
from handoff.desk.moves_menu import Moves
from handoff.desk.open_case import OpenCase, Panes
from handoff.desk.phone_dialog import ask_caller
from handoff.desk.phone_tools import PhoneTools
from handoff.desk.place_tools import PlaceTools
from handoff.desk.presence import PresenceControl
from handoff.desk.press import Press
from handoff.desk.pulse import pulse
from handoff.desk.queue_pane import QueuePane
from handoff.desk.texts import Texts
from handoff.desk.writing import Writing
from handoff.phone.schemas import Opened


class Desk:
    """Wires the panes to what is open, to what arrives and to the actions, and does what the person asks for."""

    def __init__(self, client: Client, viewer: Staff, db: Database, hub: EventHub, feed: QueueFeed, actions: Actions, texts: Texts, settings: Settings) -> None:
        self._client = client
        self._viewer = viewer
        self._feed = feed
        self._do = actions
        self._settings = settings
        self._marking = Marking(client, actions, self._guarded)
        self._writing = Writing(client, viewer, actions, texts, lambda: self._case.card)
        self._case = OpenCase(client, hub, actions, self._writing, lambda: self._arrivals.follow())
        self._arrivals = Arrivals(client, viewer, db, hub, feed, actions, self._case, self._on_queue)
        self._calls = CallPanel(client, viewer, db, hub, self.look)
        floor = Floor(client, viewer, actions.moves, feed, self._guarded)
        self._leaving = Leaving(floor, actions, lambda: self._case.card, lambda: self._case.aside, self._case.leave)
        self._abuse = AbuseMarks(floor, actions.abuse, lambda: self._case.card, self._case.leave, self._beat)
        self._missions = MissionDesk(floor, actions.missions, lambda: self._case.card)
        elsewhere: dict[Do, Callable[[], Any]] = {
            Do.CLAIM: lambda: self.take(self._case.id),
            Do.HAND_BACK: self._leaving.ask_hand_back,
            Do.TO_QUEUE: self._leaving.ask_to_queue,
            Do.ABUSE: self._abuse.ask,
            Do.MISSION: self._missions.ask,
        }
        elsewhere |= dict.fromkeys((Do.CLOSE, Do.CONFIRM_CLOSE, Do.OBJECT), self._leaving.ask_close)
        self._moves = Moves(floor, lambda: self._case.card, elsewhere, self._case.open, lambda: self._presence.count_promises())
        self._tasks: list[asyncio.Task[Any]] = []
        self._place_press = Press(self._guarded)

    def build(self) -> None:
        """Make the page's elements; called once, synchronously, so that no change of the queue falls between picture and events."""
        with block("div", "desk"):
            with block("div", "desk-top"):
                signals = self._signals = top_bar(self._viewer, on_next=self._take_next, on_caller=self._ask_caller)
                self._calls.build(is_on=self._settings.calls)
            tabs(lambda: self._case.panes.context.settle())
            with block("main", "panes"):
                with block("section", "pane queue-pane", data_pane="queue"):
                    self._queue = QueuePane(
                        self._feed, self._viewer, signals, on_take=self.take, on_look=self.look, on_ack=self._acknowledge, on_decline=self._moves.decline
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
                    take=lambda: self.take(self._case.id),
                    acknowledge=lambda: self._acknowledge(self._case.id),
                    hand_back=self._leaving.ask_hand_back,
                    to_queue=self._leaving.ask_to_queue,
                    close=self._leaving.ask_close,
                    mark=self._ask_mark,
                    abuse=lambda seq: self._abuse.press() if seq is None else self._abuse.toggle(seq),
                    transfer=lambda: self._moves.move(Do.TRANSFER),
                    menu=self._moves.menu,
                    cannot_speak=lambda on: self._guarded(lambda: self._do.cannot_speak(self._case.id, on)),
                    send=self._send,
                    draft=self._writing.keep,
                    typing=self._say_typing,
                    seen=self._seen,
                    find=lambda message: self._guarded(lambda: self._writing.find(message)),
                    put=self._writing.put,
                    file_place=FilePlaces(self._client, self._do.files, self._guarded, lambda: self._case.id).show,
                )
                pane = self._writing.pane = ConversationPane(self._viewer, handlers)
                strip = CaseStrip(pane.strip, self._viewer, self._moves.move)
                tools = PlaceTools(self._do.places, self._guarded)
                phone = PhoneTools(self._do.phone, self._guarded)
                self._hand_on = HandOn(self._client, self._viewer, self._do.hand_on, self._guarded)
                context = ContextPane(
                    self._settings.tile_url,
                    on_ask=self._ask_place,
                    tools=tools,
                    phone=phone,
                    on_hand_on=self._ask_hand_on,
                    on_mission=self._missions.ask,
                    on_consent=lambda: self._moves.move(Do.CONSENT),
                )
        self._case.panes = Panes(self._queue, pane, strip, context, self._calls)
        self._feed.attach(self._arrivals.listen)
        self._queue.signal()

    def start(self, case_id: int | None = None) -> None:
        """Begin to follow, with a case that a link names opened; ends with the page."""
        follower = self._arrivals.follower
        self._tasks = [
            background_tasks.create(follower.run(), name="desk-follower"),
            background_tasks.create(pulse(self._client, self._feed, follower, self._signals, self._beat), name="desk-pulse"),
            background_tasks.create(self._arrivals.follow(), name="desk-first-streams"),
            background_tasks.create(self._calls.run(), name="desk-calls"),
        ]
        if case_id is not None:
            self._tasks.append(background_tasks.create(self._look_first(case_id), name="desk-linked-case"))

    async def _look_first(self, case_id: int) -> None:
        await self._client.connected()
        await self.look(case_id)

    def stop(self) -> None:
        """The page is gone."""
        self._feed.detach(self._arrivals.listen)
        self._case.hush()
        for task in self._tasks:
            task.cancel()

    def _on_queue(self) -> None:
        self._presence.held(sum(row.status == "claimed" for row in self._queue.mine))
        self._moves.listen()

    async def _guarded(self, action: Callable[[], Awaitable[Any]], *, quiet: bool = False) -> bool:
        return await guarded(self._client, "/desk", action, quiet=quiet, case_id=self._case.id)

    async def _beat(self) -> None:
        await self._guarded(self._presence.beat, quiet=True)
        until = self._case.aside.glass_until
        if until is not None and until <= clock_now():  # the minutes are over: whoever is not named by now sees it no longer
            await self.look(self._case.id)

    async def look(self, case_id: int) -> None:
        """Open a case without taking it; it may be somebody else's by now."""

        async def open_it() -> None:
            try:
                await self._case.open(case_id)
            except DatabaseUnavailable:
                raise
            except AppError as error:
                if error.code == "restricted" and case_id != self._case.id:
                    ask_break_glass(self._client, self._do.moves.records, case_id, self.look)
                else:
                    self._arrivals.lost(case_id, error)

        await self._guarded(open_it)

    async def take(self, case_id: int) -> None:
        """Take a case and open it; when someone was first, say so plainly."""
        refused: list[str | None] = []

        async def claim() -> None:
            refused.append(await self._do.take(case_id))
            if refused[-1] is None:
                await self._case.open(case_id)

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
                await self._case.open(case_id)

        await self._guarded(claim)
        if refused and refused[0]:
            with self._client:
                ui.notify(refused[0], type="info", position="top", close_button="닫기")

    async def _acknowledge(self, case_id: int) -> None:
        await self._guarded(lambda: self._do.acknowledge(case_id))

    async def _send(self, message: dict[str, Any]) -> None:
        case_id = int(message["case_id"])
        is_written = await self._writing.send(message, self._conversation_of(case_id))
        if is_written and self._case.card is not None and self._case.card.case.id == case_id:
            await self._case.fetch_lines(self._case.card)

    def _conversation_of(self, case_id: int) -> str | None:
        """The conversation of the open case, or of another one that the queue knows."""
        if self._case.card is not None and self._case.card.case.id == case_id:
            return self._case.card.case.conversation_id
        row = self._feed.rows.get(case_id)
        return row.conversation_id if row else None

    async def _seen(self, seq: int) -> None:
        card = self._case.card
        if card is not None and card.case.owner_id == self._viewer.id and card.case.status == "claimed":
            await self._guarded(lambda: self._do.mark_read(card.case.conversation_id, seq), quiet=True)

    async def _say_typing(self) -> None:
        case_id = self._case.id
        await self._guarded(lambda: self._do.typing(case_id), quiet=True)

    async def _ask_place(self) -> None:
        case_id = self._case.id
        # Always a new id: a link that was sent and is over by now must be written once more, and one that still lives is only repeated.
        if await self._place_press.run(case_id, lambda _, is_confirmed: self._do.ask_place(case_id, secrets.token_hex(8), is_confirmed=is_confirmed)):
            with self._client:
                ui.notify("위치 링크를 보냈습니다.", type="positive")

    async def _ask_hand_on(self) -> None:
        if self._case.card is not None:
            await self._hand_on.ask(self._case.card)

    def _ask_caller(self) -> None:
        async def opened(made: Opened) -> None:
            await self.look(made.case.id)

        ask_caller(self._client, self._do.phone, opened)

    async def _ask_mark(self, seq: int | None) -> None:
        if self._case.card is not None:
            await self._marking.ask(self._case.card, seq)
