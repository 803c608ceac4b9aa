"""How the rules of the machine do things, and the counting of what they did."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core.clock import now
from core.errors import AppError
from handling.holds import Seen, Step, around, check_sweep, look
from handling.world import CAPS, World
from handoff import service as handoff

talks = Bundle("talks")
sent = Bundle("sent")
late = Bundle("late")
links = Bundle("links")
#: The names of all rules, as the modules that define them are read.
RULES: set[str] = set()


def event(**arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """A rule that counts how often it was fired."""

    def mark(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def counted(machine: Rules, *args: Any, **kwargs: Any) -> Any:
            machine.world.fired[function.__name__] += 1
            return function(machine, *args, **kwargs)

        RULES.add(function.__name__)
        return rule(**arguments)(counted)

    return mark


class Rules(RuleBasedStateMachine):
    """The hands of the machine, and what it remembers."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.services = self.world.services
        self.staff: list[Staff] = []
        self.seen = self.newest = Seen()
        self.step = Step()
        self.sequences: dict[str, int] = {}
        self.queue: dict[int, dict[str, Any]] = {}
        self.queue_seq = 0
        self.promises: dict[int, tuple[int, bool]] = {}
        self.open_talks: list[str] = []
        self.closed_talks: set[str] = set()
        self.held_back: set[str] = set()
        self.dismissed: set[int] = set()
        self.devices: dict[str, str] = {}
        self.calls: dict[str, bool] = {}
        self.floods = 0
        self.numbers = itertools.count(1)
        # These live as long as the world: a new session knows no prepared plans.
        self.triage, self.standby, self.turns, self.worker = self.world.triage, self.world.standby, self.world.turns, self.world.worker

    def everything_holds(self) -> None:
        """What must hold after a step; a rule of two steps looks in between too."""
        raise NotImplementedError

    # --- how things are done

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.world.run(doing)

    def rows(self, statement: str, *args: Any) -> list[dict[str, Any]]:
        return self.world.rows(statement, *args)

    def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        async def inside() -> Any:
            async with self.world.db.transaction() as tx:
                return await function(tx, *args, **kwargs)

        return self.run(inside())

    def try_to(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Do something that the rules may refuse; a refusal leaves everything as it was, which the invariants see."""
        try:
            return self.write(function, *args, **kwargs)
        except AppError as error:
            if error.kind.status >= 500:
                raise
            return None

    def number(self) -> int:
        return next(self.numbers)

    # --- what several rules do

    def begin(self) -> str:
        talk = self.write(conversation.start, "webchat")[0]
        self.open_talks.append(talk)
        return talk

    def inbound(self, talk: str, kind: InboundKind = InboundKind.TEXT, **content: Any) -> Inbound:
        return Inbound("webchat", f"{talk}:{self.number()}", talk, kind, **content)

    def accept(self, inbound: Inbound) -> Inbound | None:
        """What the citizen sends is stored; None once the conversation is over, which they are told."""
        if inbound.conversation_id in self.closed_talks:
            assert self.try_to(conversation.accept, self.services.cipher, inbound) is None, "a closed conversation has taken a message"
            return None
        accepted = self.write(conversation.accept, self.services.cipher, inbound)
        assert not accepted.duplicate
        self.sequences[inbound.event_id] = accepted.sequence
        return inbound

    def judge(self) -> None:
        self.run(self.triage.step())

    def agent(self, number: int) -> Staff:
        return self.staff[number]

    def cap(self, staff: Staff) -> int:
        return CAPS[self.staff_number(staff.id)]

    def staff_number(self, staff_id: int) -> int:
        return next(number for number, one in enumerate(self.staff) if one.id == staff_id)

    def lock_out(self, number: int, out: bool) -> None:
        """A page that is drawn anew knows that its account is locked; ``agent_of_an_old_page`` is one that does not."""
        self.staff[number] = replace(self.staff[number], disabled=out)
        (self.dismissed.add if out else self.dismissed.discard)(self.staff[number].id)

    def agent_of_an_old_page(self, number: int) -> Staff:
        return replace(self.staff[number], disabled=False)

    def case(self, number: int, *statuses: str) -> dict[str, Any] | None:
        """One of the cases in these states, as they were after the last step."""
        found = [row for row in self.seen.cases.values() if row["status"] in statuses]
        return found[number % len(found)] if found else None

    def has(self, *statuses: str) -> bool:
        """For preconditions, so that most steps do something: whether a case is in one of these states."""
        return any(row["status"] in statuses for row in self.seen.cases.values())

    def is_some(self, column: str) -> bool:
        """The same, for a column that says something of a case."""
        return any(row[column] is not None for row in self.seen.cases.values())

    def fresh(self, case_id: int) -> dict[str, Any]:
        return self.rows("SELECT * FROM cases WHERE id = %s", case_id)[0]

    def holds_nothing(self, staff: Staff) -> None:
        assert not self.rows("SELECT 1 FROM cases WHERE owner_id = %s AND status <> 'closed'", staff.id), "somebody who has left still has a case"

    def sweep_at(self, at: datetime) -> None:
        self.write(handoff.sweep, at)
        self.look_after_sweep(at)

    def look_after_sweep(self, at: datetime) -> None:
        check_sweep(self.seen, self.look(), around(self.world.look, at), at, self.dismissed)

    def sweep_now(self) -> None:
        self.write(handoff.sweep, now())

    def look(self) -> Seen:
        """The tables as they are; read once, however often it is asked for before something is written."""
        self.newest = look(self.world.look, self.newest, self.queue_seq)
        return self.newest
