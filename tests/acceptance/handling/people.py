"""What agents and supervisors do: be there or not, claim, answer, ask, hand over, put aside, end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from accounts import service as accounts
from accounts.schemas import Staff
from core import db as database
from core.clock import now
from handling.base import Rules, event
from handling.holds import Step, is_emergency, may_take, order
from handoff import service as handoff
from handoff.schemas import AgentFull, Claimed, NotEligible, OfferedToAnother

AGENTS = st.integers(0, 2)
#: More often the owner of the case than anybody else, since most of these are theirs alone to do.
OWNER_OR = st.integers(0, 5)
CASES = st.integers(0, 4)
OPEN = ("claimed", "handed_back", "queued")


class People(Rules):
    """Rules of staff."""

    def owner_or(self, number: int, case: dict[str, Any]) -> Staff:
        """One of the three, or from 3 on whoever owns the case."""
        return self.agent(number if number < 3 else self.staff_number(case["owner_id"] or self.staff[0].id))

    def in_hand_or_any(self, number: int) -> dict[str, Any] | None:
        """A case that somebody owns, as a rule; sometimes any open one."""
        return (self.case(number, "claimed", "handed_back") if number < 4 else None) or self.case(number, *OPEN)

    # --- taking

    @precondition(lambda self: self.has(*OPEN))
    @event(agent=AGENTS, which=CASES)
    def claim(self, agent: int, which: int) -> None:
        self.claim_one(agent, self.case(which, "queued", "handed_back", "claimed"))

    def claim_one(self, agent: int, case: dict[str, Any] | None) -> None:
        if case is None:
            return
        staff = self.agent_of_an_old_page(agent)
        held = self.rows("SELECT count(*) AS n FROM cases WHERE owner_id = %s AND status = 'claimed'", staff.id)[0]["n"]
        result = self.write(handoff.claim, case["id"], staff)
        room = may_take(case["severity"], held, self.cap(staff))
        if staff.id in self.dismissed:
            assert isinstance(result, NotEligible), "a dismissed agent took a case"
        if isinstance(result, Claimed):
            own = case["status"] == "handed_back" and case["owner_id"] == staff.id
            assert case["status"] == "queued" or own or case["asked_to"] == staff.id
            assert room, "the cap did not hold"
        if isinstance(result, AgentFull):
            assert not room
        if isinstance(result, OfferedToAnother):
            assert case["offered_to"] not in (None, staff.id)
            assert not is_emergency(case), "an emergency is anybody's"
        if isinstance(result, NotEligible) and staff.id not in self.dismissed:
            assert case["severity"] != "life_threat", "whoever is there may take a life threat"

    @event(agent=AGENTS)
    def claim_what_stands_first(self, agent: int) -> None:
        """Emergencies strictly first: nothing routine is taken while one waits, nor anything while something that came first could be."""
        staff = self.agent_of_an_old_page(agent)
        held = len(self.seen.in_hand(staff.id))
        first = order(self.seen.cases)
        result = self.write(handoff.claim_next, staff)
        if isinstance(result, Claimed):
            ahead = [self.seen.cases[case_id] for case_id in first[: first.index(result.case.id)]]
            taken = self.seen.cases[result.case.id]
            assert not any(is_emergency(row) for row in ahead if may_take(row["severity"], held, self.cap(staff))), "an emergency was passed over"
            assert may_take(taken["severity"], held, self.cap(staff)), "the cap did not hold"
        elif staff.id not in self.dismissed:
            threats = [case_id for case_id in first if self.seen.cases[case_id]["severity"] == "life_threat"]
            assert not threats, "a life threat waits and was not given to somebody who asked for work"

    @precondition(lambda self: self.has("queued"))
    @event(agent=AGENTS)
    def claim_all_that_waits(self, agent: int) -> None:
        for case in [row for row in self.seen.cases.values() if row["status"] == "queued"]:
            self.claim_one(agent, case)

    @precondition(lambda self: self.has("queued"))
    @event(which=CASES)
    def all_claim_at_once(self, which: int) -> None:
        case = self.case(which, "queued")
        if case is None:
            return

        async def one(staff: Staff) -> Any:
            async with self.world.db.transaction() as tx:
                return await handoff.claim(tx, case["id"], staff)

        async def everyone() -> list[Any]:
            return await asyncio.gather(*(one(staff) for staff in self.staff))

        assert sum(isinstance(result, Claimed) for result in self.run(everyone())) <= 1, "two have claimed one case"

    @precondition(lambda self: self.is_some("offered_to"))
    @event(which=CASES)
    def decline(self, which: int) -> None:
        """Whoever was asked says no, and somebody who was not asked tries to."""
        if case := self.case(which, "queued"):
            for staff in self.staff:
                asked = self.fresh(case["id"])["offered_to"] == staff.id
                self.try_to(handoff.decline, case["id"], staff)
                assert not asked or self.fresh(case["id"])["offered_to"] is None
                assert asked or self.fresh(case["id"])["offered_to"] == case["offered_to"] or case["offered_to"] is not None

    @precondition(lambda self: self.has("queued"))
    @event(which=CASES, agent=AGENTS)
    def hear_the_bell(self, which: int, agent: int) -> None:
        if case := self.case(which, "queued"):
            self.write(handoff.acknowledge, case["id"], self.agent(agent))
            assert self.fresh(case["id"])["status"] == "queued", "hearing is not owning"

    @precondition(lambda self: self.has("queued"))
    @event(which=CASES, agent=AGENTS)
    def hear_a_rung(self, which: int, agent: int) -> None:
        """The next one comes all the same: what waits keeps waiting."""
        if case := self.case(which, "queued"):
            waiting = "SELECT rung, due_at, state FROM case_rungs WHERE case_id = %s AND state IN ('waiting', 'calling') ORDER BY id"
            before = self.rows(waiting, case["id"])
            self.try_to(handoff.acknowledge_rung, case["id"], None, self.agent(agent))
            assert self.rows(waiting, case["id"]) == before, "a rung was silenced by hearing another"

    # --- writing

    @precondition(lambda self: self.has(*OPEN))
    @event(agent=OWNER_OR, which=CASES)
    def answer(self, agent: int, which: int) -> None:
        case = self.in_hand_or_any(which)
        if case is None:
            return
        staff = self.owner_or(agent, case)
        posted = self.try_to(handoff.reply, self.services.cipher, case["id"], staff, "답", f"c{self.number()}")
        talk = self.seen.conversations[case["conversation_id"]]
        named = (case["conversation_id"], staff.id) in self.seen.participants
        may = (case["status"] == "claimed" and case["owner_id"] == staff.id) or named
        assert (posted is not None) == (may and talk["status"] == "open" and not staff.disabled)

    @precondition(lambda self: self.has(*OPEN))
    @event(agent=OWNER_OR, whom=AGENTS, which=CASES)
    def invite(self, agent: int, whom: int, which: int) -> None:
        if case := self.in_hand_or_any(which):
            owner = case["owner_id"]
            self.try_to(handoff.invite, case["id"], self.owner_or(agent, case), self.agent(whom).id)
            assert self.fresh(case["id"])["owner_id"] == owner, "an invitation is no hand-over"

    @precondition(lambda self: self.has("claimed"))
    @event(agent=OWNER_OR, which=CASES)
    def promise(self, agent: int, which: int) -> None:
        if case := self.case(which, "claimed"):
            staff = self.owner_or(agent, case)
            made = self.try_to(handoff.promise, self.services.cipher, case["id"], staff, "다시 전화", now() + timedelta(hours=1))
            if made is not None:
                self.promises[made] = (staff.id, False)

    @precondition(lambda self: self.promises)
    @event(agent=AGENTS, which=CASES)
    def keep_a_promise(self, agent: int, which: int) -> None:
        if self.promises:
            staff, chosen = self.agent(agent), sorted(self.promises)[which % len(self.promises)]
            owner, kept = self.promises[chosen]
            done = self.try_to(self._keep, chosen, staff)
            assert done is None or (not kept and (owner == staff.id or staff.has("supervisor"))), "somebody else's promise was kept"
            if done:
                self.promises[chosen] = (owner, True)

    @staticmethod
    async def _keep(tx: Any, promise_id: int, staff: Staff) -> bool:
        await handoff.keep(tx, promise_id, staff)
        return True

    # --- giving away

    @precondition(lambda self: self.has("claimed", "handed_back"))
    @event(agent=OWNER_OR, which=CASES)
    def return_to_queue(self, agent: int, which: int) -> None:
        if case := self.case(which, "claimed", "handed_back"):
            self.try_to(handoff.return_to_queue, case["id"], self.owner_or(agent, case))

    @precondition(lambda self: self.has("claimed"))
    @event(agent=OWNER_OR, which=CASES)
    def hand_back(self, agent: int, which: int) -> None:
        if case := self.case(which, "claimed", "queued"):
            done = self.try_to(handoff.hand_back, case["id"], self.owner_or(agent, case))
            assert done is None or (done.status == "handed_back") == is_emergency(case), "an emergency ended by being handed back"

    @precondition(lambda self: self.has("claimed", "handed_back"))
    @event(agent=OWNER_OR, to=AGENTS, which=CASES)
    def transfer(self, agent: int, to: int, which: int) -> None:
        if case := self.in_hand_or_any(which):
            self.try_to(handoff.transfer, self.services.cipher, case["id"], self.owner_or(agent, case), self.agent(to).id, "부탁합니다")

    @precondition(lambda self: self.is_some("asked_to"))
    @event(agent=AGENTS, which=CASES, yes=st.booleans())
    def answer_to_being_asked(self, agent: int, which: int, yes: bool) -> None:
        found = [row for row in self.seen.cases.values() if row["asked_to"] is not None]
        if not found:
            return
        case = found[which % len(found)]
        if yes:
            taken = self.write(handoff.accept, case["id"], self.agent(agent))
            assert not isinstance(taken, Claimed) or case["asked_to"] == self.agent(agent).id
        else:
            self.try_to(handoff.refuse, case["id"], self.agent(agent))
            assert self.fresh(case["id"])["owner_id"] == case["owner_id"], "a no has changed the owner"

    @precondition(lambda self: self.has("claimed") or self.promises)
    @event(agent=AGENTS, to=AGENTS)
    def shift_change(self, agent: int, to: int) -> None:
        leaving, taking, cipher = self.agent(agent), self.agent(to), self.services.cipher
        held = [case_id for case_id, row in self.seen.cases.items() if row["owner_id"] == leaving.id and row["status"] != "closed"]
        promised = [number for number, (owner, kept) in self.promises.items() if owner == leaving.id and not kept]
        emergencies = {case_id for case_id, row in self.seen.cases.items() if is_emergency(row)}
        done = self.try_to(handoff.hand_over, cipher, leaving, leaving.id, taking.id, held, promised, "교대합니다")
        if done is not None:
            assert sorted([*done.moved, *done.asked, *done.stayed]) == sorted(held), "a case was forgotten"
            assert not emergencies & set(done.moved)
            assert sorted(done.promises) == sorted(promised), "a promise was forgotten"
            self.promises.update(dict.fromkeys(promised, (taking.id, False)))

    @precondition(lambda self: self.has("claimed", "handed_back"))
    @event(agent=OWNER_OR, which=CASES)
    def send_to_a_team(self, agent: int, which: int) -> None:
        if case := self.case(which, "claimed", "handed_back"):
            self.try_to(handoff.to_team, self.services.cipher, case["id"], self.owner_or(agent, case), "night", "부탁합니다")

    @precondition(lambda self: self.has("claimed", "handed_back"))
    @event(agent=AGENTS, which=CASES)
    def override(self, agent: int, which: int) -> None:
        if case := self.case(which, *OPEN):
            staff = self.agent(agent)
            self.step = Step(overriding=staff.id)
            taken = self.try_to(handoff.take_from, self.services.cipher, case["id"], staff, "답이 없어 넘겨받음")
            assert taken is None or (staff.has("supervisor") and not staff.disabled)
            audited = self.rows("SELECT 1 FROM access_log WHERE action = 'case.override' AND case_id = %s", case["id"])
            assert taken is None or audited, "an override that nobody can read of"

    @precondition(lambda self: self.has("claimed"))
    @event(agent=OWNER_OR, which=CASES, minutes=st.sampled_from([0, 5, 50, 5000]))
    def put_aside(self, agent: int, which: int, minutes: int) -> None:
        if case := self.case(which, "claimed"):
            self.try_to(handoff.snooze, case["id"], self.owner_or(agent, case), now() + timedelta(minutes=minutes))

    # --- ending

    @precondition(lambda self: self.has(*OPEN))
    @event(agent=OWNER_OR, which=CASES, outcome=st.sampled_from([*["resolved"] * 4, "handed_back", "nonsense"]), verified=st.sampled_from([True, True, False]))
    def close(self, agent: int, which: int, outcome: str, verified: bool) -> None:
        case = self.in_hand_or_any(which)
        if case is None:
            return
        contact = "본인과 통화함" if verified else ""
        closed = self.try_to(handoff.close, self.services.cipher, case["id"], self.owner_or(agent, case), outcome, verified_contact=contact)
        if is_emergency(case) and (not verified or outcome != "resolved"):
            assert closed is None, "silence closed an emergency"

    @precondition(lambda self: self.is_some("closing_by"))
    @event(agent=AGENTS, which=CASES, agree=st.booleans())
    def second_person(self, agent: int, which: int, agree: bool) -> None:
        found = [row for row in self.seen.cases.values() if row["closing_by"] is not None]
        if not found:
            return
        case, staff = found[which % len(found)], self.agent(agent)
        self.step = Step(second=staff.id)
        done = self.try_to(handoff.confirm_close if agree else handoff.object_to_close, case["id"], staff)
        if agree:
            assert (done is not None) == (case["closing_by"] != staff.id and not staff.disabled)

    @precondition(lambda self: self.has("claimed", "handed_back"))
    @event(which=CASES, second=AGENTS)
    def end_it_together(self, which: int, second: int) -> None:
        """The owner asks, and somebody, perhaps the same person, agrees at once."""
        case = self.case(which, "claimed", "handed_back")
        assert case is not None
        owner, staff = self.owner_or(3, case), self.agent(second)
        asked = self.try_to(handoff.close, self.services.cipher, case["id"], owner, "resolved", verified_contact="본인과 통화함")
        self.everything_holds()
        self.step = Step(second=staff.id)
        done = self.try_to(handoff.confirm_close, case["id"], staff)
        if is_emergency(case):
            assert (done is not None) == (asked is not None and staff.id != owner.id and not staff.disabled)

    @precondition(lambda self: len(self.seen.cases) > 1 and self.has("claimed"))
    @event(agent=OWNER_OR, which=CASES, into=CASES)
    def merge(self, agent: int, which: int, into: int) -> None:
        case, stays = self.case(which, *OPEN), self.case(into, "claimed", "handed_back")
        if case and stays and self.try_to(handoff.merge, case["id"], stays["id"], self.owner_or(agent, stays)):
            left = self.fresh(stays["id"])
            assert left["severity"] in (case["severity"], stays["severity"])
            assert not is_emergency(case) or is_emergency(left), "an emergency was merged away"
            assert left["owner_id"] == stays["owner_id"]

    @precondition(lambda self: self.has("closed"))
    @event(agent=AGENTS, which=CASES)
    def reopen(self, agent: int, which: int) -> None:
        if case := self.case(which, "closed"):
            self.try_to(handoff.reopen, case["id"], self.agent(agent))

    # --- being there

    @event(agent=AGENTS, state=st.sampled_from(["available", "available", "away", "offline"]))
    def say_presence(self, agent: int, state: str) -> None:
        self.write(handoff.set_presence, self.agent(agent), state)
        if state != "available":
            self.holds_nothing(self.agent(agent))

    @event(agent=AGENTS)
    def beat(self, agent: int) -> None:
        self.write(handoff.heartbeat, self.agent(agent))

    @event(agent=AGENTS)
    def desk_falls_silent(self, agent: int) -> None:
        """A laptop is shut: no beat for two minutes, then the sweeper comes."""
        self.write(database.run, "UPDATE agent_presence SET last_seen_at = now() - interval '2 minutes' WHERE staff_id = %s", self.agent(agent).id)
        self.sweep_now()
        self.holds_nothing(self.agent(agent))

    @precondition(lambda self: not self.dismissed)
    @event(agent=AGENTS)
    def dismiss(self, agent: int) -> None:
        """An account is locked in mid-chat; the sweep of that second brings its cases back."""
        self.write(accounts.disable, self.agent(agent).id)
        self.lock_out(agent, True)
        self.sweep_at(now())
        self.holds_nothing(self.agent(agent))

    @precondition(lambda self: self.dismissed)
    @event()
    def everybody_is_hired_again(self) -> None:
        self.write(database.run, "UPDATE staff SET disabled = false WHERE disabled")
        for number in range(len(self.staff)):
            self.lock_out(number, False)
