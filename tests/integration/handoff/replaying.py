"""A desk without a browser, for the replay law: what it showed + what it was told = what a fresh desk shows.

Everything that keeps a page true is the product's own: ``live.apply`` for the queue, ``OpenCase`` and ``Arrivals`` for the case that stands open.
Only the panes are stand-ins, which remember what they were given.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from accounts import service as accounts
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core import events
from core.db import Connection, Database
from core.errors import AppError
from handoff import service as handoff
from handoff.board.actions import BoardActions
from handoff.desk import arrivals, open_case
from handoff.desk.actions import Actions, Opened
from handoff.desk.arrivals import Arrivals
from handoff.desk.live import MAX_ROWS, apply
from handoff.desk.officer_actions import OfficerActions
from handoff.desk.open_case import OpenCase, Panes
from handoff.desk.review_actions import ReviewActions
from handoff.desk.session import Session
from handoff.desk.team_actions import TeamActions
from handoff.incidents.pages.actions import IncidentActions
from handoff.schemas import CaseCard, QueueRow
from handoff.surge.actions import SurgeActions

NOTE = "교대 메모입니다"
KH = "주캄보디아대사관"

#: What a card holds as of its opening, or by the clock: lines come by themselves, and opening hours are read anew with each look.
OF_THE_MOMENT = {"transcript", "bot_lines", "attempts", "missions_now", "local_time"}
#: Parts of a case that no page shows: statistics, and which team an offer goes to.
UNSHOWN = {"first_human_reply_at": None, "team": ""}


class SignedIn(Session):
    """A session whose person is known, without a cookie."""

    def __init__(self, staff_id: int) -> None:
        super().__init__(None, "192.0.2.1")
        self._id = staff_id

    async def person(self, connection: Connection) -> Any:
        """The account, as it stands."""
        found = await accounts.account(connection, self._id)
        if found is None:
            raise AppError("not_signed_in")
        return found


class Shown:
    """The panes, as memory: the newest of everything that they were given."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.list = SimpleNamespace(run_method=lambda *_: None)
        self.forget()

    def forget(self) -> None:
        self.case_id: int | None = None
        self.card = self.aside = self.marks = self.limits = self.situation = None
        self.lines: dict[int, Any] = {}

    # -- the queue's -------------------------------------------------------------------------------------------------------------

    @property
    def mine(self) -> list[QueueRow]:
        return [row for row in self._desk.rows.values() if row.owner_id == self._desk.staff.id]

    def unread(self, case_id: int, count: int) -> None:
        """Not part of the law: it is counted anew each time."""

    # -- the conversation's, the strip's and the situation's ------------------------------------------------------------------------

    def open(self, card: CaseCard, lines: Any, marks: Any, limits: Any, draft: str) -> None:
        self.forget()
        self.case_id, self.card, self.marks, self.limits = card.case.id, card, marks, limits
        self.add(lines)

    def update(self, card: CaseCard) -> None:
        self.card = card

    def add(self, lines: Any) -> None:
        self.lines |= {line.seq: line for line in lines}

    def mark(self, marks: Any) -> None:
        self.marks = marks

    def left(self, limits: Any) -> None:
        self.limits = limits

    def typing(self) -> None:
        """Not part of the law: it is stored nowhere."""

    def clear(self) -> None:
        self.forget()


@dataclass
class Part:
    """A pane that hands on what it shows to the memory of the whole."""

    shown: Shown
    name: str

    def show(self, card: CaseCard, aside: Any = None, *, may_ask: bool = False) -> None:
        if self.name == "strip":
            self.shown.aside = aside
        else:
            self.shown.situation = (card, may_ask)

    def clear(self) -> None:
        self.shown.forget()


class Quiet:
    """What is said beside the page: nothing of the law."""

    navigate = SimpleNamespace(to=lambda *_, **__: None)

    @staticmethod
    def notify(*_: Any, **__: Any) -> None: ...

    @staticmethod
    def run_javascript(*_: Any, **__: Any) -> None: ...


class Desk:
    """One person's desk: the picture of the queue, and perhaps one case that stands open."""

    def __init__(self, db: Database, cipher: Any, staff: Any, monkeypatch: Any) -> None:
        for module in (arrivals, open_case):
            monkeypatch.setattr(module, "ui", Quiet)
            monkeypatch.setattr(module, "spawn", lambda work: work.close())
        self._db, self.staff = db, staff
        self.actions = Actions(db, cipher, SignedIn(staff.id), "https://chat.test")
        self.rows: dict[int, QueueRow] = {}
        self._seq = 0
        self.shown = Shown(self)
        client: Any = contextlib.nullcontext()
        hub: Any = SimpleNamespace(hinted=lambda *_: contextlib.nullcontext())
        writing: Any = SimpleNamespace(suggest=_nothing, stop_suggesting=lambda: None, draft=lambda _: "", forget=lambda _: None)
        feed: Any = SimpleNamespace(rows=self.rows)
        self.case = OpenCase(client, hub, self.actions, writing, lambda: self._arrivals.follow())
        panes: dict[str, Any] = {"queue": self.shown, "conversation": self.shown, "strip": Part(self.shown, "strip"), "context": Part(self.shown, "context")}
        # A pane of something that stands beside the case (a telephone call) is asked about nothing here.
        self.case.panes = Panes(**{one.name: panes.get(one.name) or MagicMock() for one in fields(Panes)})
        self._arrivals = Arrivals(client, staff, db, hub, feed, self.actions, self.case, lambda: None)

    async def begin(self, case_id: int | None) -> None:
        """Sit down: the queue as it is, with a case opened."""
        self.rows.clear()
        self.rows |= await self.fresh_queue()
        async with self._db.read() as connection:
            self._seq = await events.last_seq(connection, handoff.QUEUE)
        if case_id is not None:
            await self.case.open(case_id)

    async def fresh_queue(self) -> dict[int, QueueRow]:
        """The queue as a new desk would be given it."""
        async with self._db.read() as connection:
            return {row.case_id: row for row in await handoff.all_open(connection, MAX_ROWS)}

    async def listen(self) -> set[str]:
        """Take in all that has been told since; the kinds of it."""
        follower = self._arrivals.follower
        streams = dict(follower._after)
        async with self._db.read() as connection:
            of_queue = await events.read(connection, handoff.QUEUE, self._seq)
            last = await events.last_seq(connection, handoff.QUEUE)
            kinds = {event.kind for stream, after in streams.items() for event in await events.read(connection, stream, after)}
        assert [event.seq for event in of_queue] == list(range(self._seq + 1, last + 1))
        for event in of_queue:
            apply(self.rows, event)
        self._seq = last
        await follower._round()
        return kinds | {event.kind for event in of_queue}

    async def is_true(self) -> None:
        """The law: nothing on this desk differs from what a fresh one would show."""
        fresh = await self.fresh_queue()
        assert _nameless(self.rows) == _nameless(fresh)
        if self.shown.case_id is None:
            return
        opened: Opened | None = None
        with contextlib.suppress(AppError):
            opened = await self.actions.open(self.shown.case_id)
        assert opened is not None, "a case stands open that this person may not see"
        for name, found, wanted in (
            ("card", _lasting(self.shown.card), _lasting(opened.card)),
            ("situation", _lasting(self.shown.situation[0]), _lasting(opened.card)),
            ("may ask for the place", self.shown.situation[1], opened.card.may_write and opened.card.conversation_open),
            ("aside", self.shown.aside, opened.aside),
            ("marks", self.shown.marks, opened.marks),
            ("limits", self.shown.limits, opened.limits),
            ("lines", self.shown.lines, {line.seq: line for line in opened.lines}),
        ):
            assert found == wanted, (name, _different(found, wanted))


async def _nothing(*_: Any) -> None: ...


def _lasting(card: CaseCard | None) -> dict[str, Any]:
    assert card is not None
    shown = {field.name: getattr(card, field.name) for field in fields(card) if field.name not in OF_THE_MOMENT}
    return shown | {"case": replace(card.case, **UNSHOWN)}


def _different(found: Any, wanted: Any) -> Any:
    """Which parts differ, for whoever reads a failure."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {key: (found.get(key), wanted.get(key)) for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}
    return found, wanted


def _nameless(rows: dict[int, QueueRow]) -> dict[int, QueueRow]:
    """Events carry ids; names are the feed's."""
    return {key: replace(row, owner_name=None) for key, row in rows.items()}


def streams_of(case: Any) -> tuple[str, str]:
    """Where what happens to a case is told to those who have it open."""
    return handoff.case_stream(case.id), conversation.stream(case.conversation_id)


class Scene:
    """A floor in the middle of a day, with everybody's actions at hand."""

    def __init__(self, db: Any, cipher: Any, people: dict[str, Any]) -> None:
        self.db, self.cipher, self.people = db, cipher, people
        self.cases: dict[str, Any] = {}
        self.desks: dict[str, Desk] = {}
        self.officer = OfficerActions(db, cipher, SignedIn(people["officer"].id))
        self.team = TeamActions(db, cipher, SignedIn(people["chief"].id))
        self.team2 = TeamActions(db, cipher, SignedIn(people["second"].id))
        self.incidents = IncidentActions(db, cipher, SignedIn(people["agent"].id))
        self.incidents_chief = IncidentActions(db, cipher, SignedIn(people["chief"].id))
        self.incidents_second = IncidentActions(db, cipher, SignedIn(people["second"].id))
        self.surge = SurgeActions(db, SignedIn(people["chief"].id))
        self.board = BoardActions(db, SignedIn(people["chief"].id))
        self.reviews = ReviewActions(db, cipher, SignedIn(people["chief"].id))
        self.reviews2 = ReviewActions(db, cipher, SignedIn(people["second"].id))
        self.reviews3 = ReviewActions(db, cipher, SignedIn(people["third"].id))

    def __getattr__(self, name: str) -> Any:
        """``scene.agent``: the actions of somebody's desk."""
        return self.desks[name].actions

    def id(self, name: str) -> int:
        return int(self.cases[name].id)

    def who(self, name: str) -> int:
        return int(self.people[name].id)

    async def call(self, function: Any, *args: Any, **values: Any) -> Any:
        async with self.db.transaction() as tx:
            return await function(tx, *args, **values)

    async def one(self, statement: str, *args: Any) -> Any:
        async with self.db.read() as connection:
            return await database.one(connection, statement, *args)

    async def write(self, name: str, text: str, key: str) -> int:
        """A line of the citizen; its number in the conversation."""
        made = await self.call(conversation.accept, self.cipher, Inbound("webchat", key, self.cases[name].conversation_id, InboundKind.TEXT, text=text))
        return int(made.sequence)


@dataclass(frozen=True)
class Law:
    """Who looks at which case meanwhile, what is done, and what must have been told of it at least."""

    act: Callable[[Scene], Awaitable[Any]]
    told: set[str] = field(default_factory=set)
    viewer: str = "agent"
    case: str | None = "mine"
    before: Callable[[Scene], Awaitable[Any]] | None = None


async def holds(scene: Scene, law: Law) -> None:
    """The law, once."""
    if law.before is not None:
        await law.before(scene)
    desk = scene.desks[law.viewer]
    await desk.begin(None if law.case is None else scene.id(law.case))
    await desk.is_true()
    await law.act(scene)
    told = await desk.listen()
    assert law.told <= told, "what should have been told was not"
    await desk.is_true()


@pytest.fixture
async def scene(db, cipher, make_case, make_staff, seated, monkeypatch):
    roles = {"agent": (), "other": (), "chief": ("supervisor",), "second": ("supervisor",), "third": ("supervisor",)}
    people = {name: await make_staff(*role, cap=9, login=name) for name, role in roles.items()}
    people["officer"] = await seated(KH, "officer@example.com", login="officer")
    scene = Scene(db, cipher, people)
    for name, person in people.items():
        if name != "officer":
            scene.desks[name] = Desk(db, cipher, person, monkeypatch)
    kinds = {"waiting": "life_threat", "routine": "none", "mine": "urgent", "chat": "non_urgent", "ending": "urgent", "asked": "urgent", "over": "none"}
    for name, severity in kinds.items():
        scene.cases[name] = await make_case(severity, country="KH" if name == "mine" else None)
        if name not in ("waiting", "routine"):
            await scene.call(handoff.claim, scene.id(name), people["agent"])
    await scene.call(handoff.close, cipher, scene.id("ending"), people["agent"], "resolved", verified_contact="본인과 통화함")
    await scene.call(handoff.transfer, cipher, scene.id("asked"), people["agent"], people["other"].id, NOTE)
    await scene.call(handoff.close, cipher, scene.id("over"), people["agent"], "resolved")
    return scene
