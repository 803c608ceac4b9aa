"""What reaches an open desk by itself: changes of the queue, and the events of the open case and of the person's other conversations."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import Client, ui

from accounts.schemas import Staff
from conversation import service as conversation
from core.db import Database
from core.errors import AppError, DatabaseUnavailable
from core.events import Event, EventHub
from handoff import service as handoff
from handoff.desk.actions import Actions
from handoff.desk.guarded import spawn
from handoff.desk.live import Change, Follower, QueueFeed
from handoff.desk.news import broken_glass, guardian_danger, news, unattended
from handoff.desk.open_case import OpenCase
from handoff.schemas import CaseCard, QueueRow

#: Kinds of the conversation's events after which its lines stand differently.
MARKING = frozenset({"read", "delivered", "undelivered"})
#: Kinds after which one line reads differently.
CHANGING = frozenset({"file", "withdrawn"})


class Arrivals:
    """Belongs to one desk; ``on_queue`` hears of each batch of changes after the list has taken it in."""

    def __init__(
        self, client: Client, viewer: Staff, db: Database, hub: EventHub, feed: QueueFeed, actions: Actions, case: OpenCase, on_queue: Callable[[], None]
    ) -> None:
        self._client = client
        self._viewer = viewer
        self._db = db
        self._feed = feed
        self._do = actions
        self._case = case
        self._on_queue = on_queue
        self.follower = Follower(db, hub, self._on_events)

    def listen(self, changes: list[Change] | None) -> None:
        """Called by the feed with each batch of changes."""
        with self._client:
            self._case.panes.queue.listen(changes)
            for change in changes or []:
                if (told := news(change, self._viewer.id)) is not None:
                    ui.notify(told, type="info", position="top", close_button="닫기")
                for told in (broken_glass(change, self._viewer), guardian_danger(change, self._viewer), unattended(change, self._viewer)):
                    if told is not None:
                        ui.notify(told, type="warning", position="top", close_button="닫기", timeout=0)
            self._on_queue()
        if changes is None or any(self._viewer.id in (c.before and c.before.owner_id, c.after and c.after.owner_id) for c in changes):
            spawn(self.follow())

    async def follow(self) -> None:
        """The streams of the open case and of the viewer's other conversations."""
        mine, card = self._case.panes.queue.mine, self._case.card
        streams = {conversation.stream(row.conversation_id) for row in mine}
        if card is not None:
            streams |= {handoff.case_stream(card.case.id), conversation.stream(card.case.conversation_id)}
        async with self._db.read() as connection:
            await self.follower.follow(streams, connection)
        for row in self._case.panes.queue.mine:
            await self._count_unread(row)

    def lost(self, case_id: int, error: AppError) -> None:
        """What was on the screen is no longer this person's to see."""
        with self._client:
            if error.code == "not_signed_in":
                ui.navigate.to("/staff/sign-in?next=/desk")
            elif error.code == "restricted":
                if case_id == self._case.id:
                    self._case.close()
                ui.notify(error.kind.korean, type="warning", position="top", close_button="닫기")
            elif error.code in ("forbidden", "not_found"):
                card = self._case.card
                row, was_own = self._feed.rows.get(case_id), card is not None and card.case.owner_id == self._viewer.id
                if case_id == self._case.id:
                    self._case.close()
                if row is not None and not was_own:  # else it was closed, or ``news`` says who has it
                    ui.notify(f"{f'{row.owner_name} 님' if row.owner_name else '다른 상담관'}이 #{case_id} 상담을 맡았습니다.", type="info")
            else:
                ui.notify(error.kind.korean, type="negative", close_button="닫기")

    async def _count_unread(self, row: QueueRow) -> None:
        card = self._case.card
        count = 0 if card is not None and row.case_id == card.case.id else await self._do.unread(row.conversation_id)
        with self._client:
            self._case.panes.queue.unread(row.case_id, count)

    async def _on_events(self, stream: str, events: list[Event]) -> None:
        try:
            await self._take_in(stream, events)
        except DatabaseUnavailable:
            raise
        except AppError as error:
            self.lost(self._case.id, error)

    async def _take_in(self, stream: str, events: list[Event]) -> None:
        card = self._case.card
        if card is not None and stream == conversation.stream(card.case.conversation_id):
            await self._on_conversation(card, events)
        elif card is not None and stream == handoff.case_stream(card.case.id):
            if any(event.kind != "reply" for event in events):
                await self._case.refresh(card.case.id)
        else:
            for row in self._case.panes.queue.mine:
                if stream == conversation.stream(row.conversation_id):
                    await self._count_unread(row)

    async def _on_conversation(self, card: CaseCard, events: list[Event]) -> None:
        if any(event.kind in MARKING and event.payload.get("by") != "person" for event in events):
            await self._case.fetch_marks(card)
        if any(event.kind == "message" for event in events):
            await self._case.fetch_lines(card)
        if changed := [int(event.payload["message_id"]) for event in events if event.kind in CHANGING]:
            await self._case.fetch_again(card, changed)
        if any(event.kind in ("owner", "closed") for event in events):
            await self._case.refresh(card.case.id)
