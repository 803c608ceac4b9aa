"""The case that stands open on a desk: what is known of it, and the panes that show it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import Client, ui

from conversation import service as conversation
from conversation.marks import TYPING
from conversation.schemas import Line
from core.events import EventHub
from handoff.desk.actions import Actions
from handoff.desk.aside import Aside
from handoff.desk.bar import addressed, front
from handoff.desk.call_panel import CallPanel
from handoff.desk.case_strip import CaseStrip
from handoff.desk.context_pane import ContextPane
from handoff.desk.conversation_pane import ConversationPane
from handoff.desk.guarded import spawn
from handoff.desk.queue_pane import QueuePane
from handoff.desk.writing import Writing
from handoff.schemas import CaseCard

#: Lines before the last that are read again when the case changes: triage marks a line after it has been written.
RECHECKED = 5


@dataclass(frozen=True)
class Panes:
    """Where an open case is shown."""

    queue: QueuePane
    conversation: ConversationPane
    strip: CaseStrip
    context: ContextPane
    calls: CallPanel | None = None


class OpenCase:
    """Belongs to one desk, which gives it its ``panes`` once they are built; ``follow`` makes the desk listen to what is open now."""

    panes: Panes

    def __init__(self, client: Client, hub: EventHub, actions: Actions, writing: Writing, follow: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._hub = hub
        self._do = actions
        self._writing = writing
        self._follow = follow
        self._hearing = contextlib.ExitStack()
        self._refreshing = asyncio.Lock()
        self._wanted: int | None = None
        self._last_seq = 0
        self.card: CaseCard | None = None
        self.aside = Aside()

    @property
    def id(self) -> int:
        """The case's number; 0 while none is open."""
        return self.panes.conversation.case_id or 0

    async def open(self, case_id: int) -> None:
        """Show a case; the last one asked for wins."""
        self._wanted = case_id
        opened = await self._do.open(case_id)
        if self._wanted != case_id:  # something else was opened meanwhile
            return
        same = self.id == case_id
        self.card, self.aside = opened.card, opened.aside
        may_write = opened.card.may_write and opened.card.conversation_open
        with self._client:
            self.panes.queue.list.run_method("show", case_id)
            if same:
                self.panes.conversation.update(opened.card)
                self._show_lines(opened.lines)
            else:
                self._last_seq = opened.lines[-1].seq if opened.lines else 0
                self._writing.stop_suggesting()
                self.panes.conversation.open(opened.card, opened.lines, opened.marks, opened.limits, self._writing.draft(opened.card))
                self._listen_typing(opened.card)
                ui.run_javascript(f"{front('conversation')};{addressed(case_id)}")
            self.panes.strip.show(opened.card, opened.aside)
            self.panes.context.show(opened.card, may_ask=may_write)
            self._aim_calls()
            self.panes.queue.unread(case_id, 0)
        spawn(self._writing.suggest(opened.lines))
        await self._follow()
        # What was written between reading the case and following its streams.
        await self.fetch_lines(opened.card)

    async def refresh(self, case_id: int) -> None:
        """The open case has changed; when it is no longer this person's to see, it goes from the screen."""
        async with self._refreshing:
            opened = await self._do.open(case_id)
            if self.id != case_id:
                return
            self.card, self.aside = opened.card, opened.aside
            with self._client:
                self.panes.conversation.update(opened.card)
                self.panes.strip.show(opened.card, opened.aside)
                self.panes.context.show(opened.card, may_ask=opened.card.may_write and opened.card.conversation_open)
                self._aim_calls()
                self.panes.conversation.mark(opened.marks)
                self.panes.conversation.left(opened.limits)
                self._show_lines(opened.lines)

    async def fetch_lines(self, card: CaseCard) -> None:
        """Show what has been written since the last line, if the case still stands open."""
        lines = await self._do.lines(card.case.id, self._last_seq)
        if self.card is not None and self.card.case.id == card.case.id and lines:
            self._last_seq = max(self._last_seq, lines[-1].seq)
            with self._client:
                self.panes.conversation.add(lines)
            spawn(self._writing.suggest(lines))

    async def fetch_again(self, card: CaseCard, message_ids: list[int]) -> None:
        """Show lines that have changed: a file has come, or its writer took one back."""
        lines = await self._do.lines_again(card.case.id, message_ids)
        if self.card is not None and self.card.case.id == card.case.id:
            with self._client:
                self.panes.conversation.add([line for line in lines if line.seq <= self._last_seq])

    async def fetch_marks(self, card: CaseCard) -> None:
        """Show how far the lines have come."""
        marks = await self._do.marks(card.case.id)
        with self._client:
            self.panes.conversation.mark(marks)

    def leave(self, conversation_id: str, is_over: bool) -> None:
        """The open case is no longer this person's; of one that is over nothing half-written is kept."""
        if is_over:
            self._writing.forget(conversation_id)
        self.close()

    def close(self) -> None:
        """Take the case from the screen."""
        self.hush()
        self.card = self._wanted = None
        self.aside = Aside()
        self.panes.strip.clear()
        self.panes.conversation.clear()
        self.panes.context.clear()
        self._aim_calls()
        self.panes.queue.list.run_method("show", None)
        ui.run_javascript(f"{front('queue')};{addressed(None)}")

    def _aim_calls(self) -> None:
        """Whom a call from here would ring."""
        if self.panes.calls is not None:
            self.panes.calls.open(self.card, self.aside)

    def hush(self) -> None:
        """Stop hearing whether the citizen is typing."""
        self._hearing.close()

    def _listen_typing(self, card: CaseCard) -> None:
        """Hear from now on when this citizen is typing; nothing of it is stored anywhere."""
        self._hearing.close()
        self._hearing.enter_context(self._hub.hinted(conversation.stream(card.case.conversation_id), self._typed))

    def _typed(self, word: str) -> None:
        if word == TYPING["citizen"]:
            with self._client:
                self.panes.conversation.typing()

    def _show_lines(self, lines: list[Line]) -> None:
        """Of all lines the new ones, however many, and the few before them."""
        self.panes.conversation.add([line for line in lines if line.seq > self._last_seq - RECHECKED])
        if lines:
            self._last_seq = max(self._last_seq, lines[-1].seq)
