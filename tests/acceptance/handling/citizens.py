"""What citizens do: arrive, write, press, say where they are, leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition

from bot import escalation
from bot.channels.webchat.routes import DANGER, _press
from bot.triage_slot import CANNOT_SPEAK_DECISION
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind, Location
from core import db as database
from core.clock import now
from core.crypto import hash_token
from core.errors import AppError
from handling.base import Rules, event, links, sent, talks
from handling.holds import EMERGENCIES
from handoff import location
from handoff import service as handoff
from handoff.fixes import checked_fix
from handoff.speech import CHOICE as SILENT

TOKEN = "t" * 43
MOST_OPEN, MOST = 7, 14
#: One of the three agents, or nobody.
OWNERS = st.integers(0, 3)
BEGUN = st.sampled_from(["", "asks", "urgent", "life"])
#: Bangkok, somewhere between Thailand and Cambodia, Seoul, and where devices put themselves when they know nothing.
PLACES = ((13.7, 100.5), (13.66, 102.55), (37.57, 126.98), (0.0, 0.0))


class Citizens(Rules):
    """Rules of citizens."""

    @initialize(target=talks, dice=st.integers(0, 2**16), day=st.lists(st.tuples(BEGUN, OWNERS), min_size=4, max_size=4))
    def open_desks(self, dice: int, day: list[tuple[str, int]]) -> Any:
        """A day that has begun: some have asked for a person or cried for help, and some of those are in hand."""
        # Hypothesis begins each round with the simplest example: one rule again and again, which tells nothing here.
        assume(dice > 0)
        self.world.examples += 1
        self.world.empty()
        self.staff = self.world.staff()
        begun = [self.begin() for _ in day]
        for talk, (thought, owner) in zip(begun, day, strict=True):
            if thought == "asks":
                self.accept(self.inbound(talk, InboundKind.CHOICE, text="plain", choice=escalation.PERSON))
            elif thought:
                self.accept(self.inbound(talk, text=f"{thought} 글"))
            self.judge()
            self.serve(talk)
            for case in self.rows("SELECT id FROM cases WHERE conversation_id = %s AND %s < 3", talk, owner):
                self.write(handoff.claim, case["id"], self.staff[owner])
        return multiple(*begun)

    @precondition(lambda self: len(self.open_talks) < MOST_OPEN and len(self.open_talks) + len(self.closed_talks) < MOST)
    @event(target=talks)
    def arrive(self) -> str:
        return self.begin()

    @event(target=sent, talk=talks, thought=st.sampled_from(["plain", "plain", "doubt", "urgent", "life", "broken"]))
    def write_text(self, talk: str, thought: str) -> Any:
        return self.send(self.inbound(talk, text=f"{thought} 글"))

    @event(target=sent, talk=talks, thought=st.sampled_from(["plain", "doubt", "urgent", "urgent", "life"]))
    def write_text_and_be_judged(self, talk: str, thought: str) -> Any:
        written = self.send(self.inbound(talk, text=f"{thought} 글"))
        self.judge()
        return written

    @event(target=sent, talk=talks, choice=st.sampled_from([escalation.YES, escalation.NO, escalation.PERSON]))
    def answer_the_question(self, talk: str, choice: str) -> Any:
        return self.send(self.inbound(talk, InboundKind.CHOICE, text="plain", choice=choice))

    @event(target=sent, talk=talks)
    def ask_for_a_person(self, talk: str) -> Any:
        written = self.send(self.inbound(talk, InboundKind.CHOICE, text="plain", choice=escalation.PERSON))
        self.judge()
        self.serve(talk)
        return written

    @event(target=sent, talk=talks, place=st.sampled_from(PLACES))
    def send_place(self, talk: str, place: tuple[float, float]) -> Any:
        return self.send(self.inbound(talk, InboundKind.LOCATION, location=Location(*place, 30.0)))

    @event(talk=talks, silent=st.booleans())
    def press_a_button(self, talk: str, silent: bool) -> None:
        """ "지금 위험해요", or "말할 수 없어요": neither needs a model or a worker."""
        inbound = self.inbound(talk, InboundKind.CHOICE, choice=SILENT) if silent else self.inbound(talk, InboundKind.DANGER)
        press = (self.services, inbound, TOKEN, CANNOT_SPEAK_DECISION if silent else DANGER)
        self.write(database.run, "UPDATE conversations SET token_hash = %s WHERE id = %s", hash_token(TOKEN), talk)
        if talk in self.closed_talks:
            with pytest.raises(AppError, match="conversation_closed"):
                self.run(_press(*press))
            return
        accepted = self.run(_press(*press))
        self.sequences[inbound.event_id] = accepted.sequence
        assert self.run(_press(*press)).sequence == accepted.sequence
        (case,) = self.rows("SELECT severity, cannot_speak FROM cases WHERE conversation_id = %s AND status <> 'closed'", talk)
        assert case["severity"] in (EMERGENCIES if silent else EMERGENCIES[:1]), "an acknowledged press is a case already"
        assert case["cannot_speak"] or not silent

    @precondition(lambda self: self.floods < 2)
    @event()
    def flood_of_danger(self) -> None:
        """Everyone who is there writes of the same danger; each is a case, together they are a cluster."""
        self.floods += 1
        while len(self.open_talks) < 5:
            self.begin()
        for talk in self.open_talks:
            self.accept(self.inbound(talk, text="life 글"))
        while self.run(self.triage.step()):
            pass
        for talk in self.open_talks:
            found = self.rows("SELECT severity FROM cases WHERE conversation_id = %s AND status <> 'closed'", talk)
            # Urgent where the analyser failed over one of them: then all of that batch are emergencies in doubt.
            assert [row["severity"] in EMERGENCIES for row in found] == [True], "a flood has drowned somebody"
        self.sweep_at(now())

    @event(inbound=sent)
    def repeat(self, inbound: Inbound) -> None:
        if inbound.conversation_id in self.closed_talks:
            return
        again = self.write(conversation.accept, self.services.cipher, inbound)
        assert again.duplicate
        assert again.sequence == self.sequences[inbound.event_id]

    @event(inbound=sent)
    def reuse_an_id(self, inbound: Inbound) -> None:
        if inbound.conversation_id in self.closed_talks:
            return
        with pytest.raises(AppError, match="client_id_reused"):
            self.write(conversation.accept, self.services.cipher, replace(inbound, text="anders"))

    @event(talk=talks)
    def close_the_chat(self, talk: str) -> None:
        """The citizen is done; an open emergency is not, whoever has it."""
        before = self.rows("SELECT id, status, owner_id FROM cases WHERE conversation_id = %s AND status <> 'closed'", talk)
        closed = self.write(conversation.close, talk)
        assert closed == (talk not in self.closed_talks)
        assert before == self.rows("SELECT id, status, owner_id FROM cases WHERE conversation_id = %s AND status <> 'closed'", talk)
        if closed:
            self.open_talks.remove(talk)
            self.closed_talks.add(talk)

    # --- where they are

    @precondition(lambda self: self.has("queued", "claimed", "handed_back"))
    @event(target=links, which=st.integers(0, 4))
    def get_a_link(self, which: int) -> Any:
        case = self.case(which, "queued", "claimed", "handed_back")
        if case is None:
            return multiple()
        return self.write(location.request_link, case["conversation_id"], case["id"], self.services.cipher)

    @event(token=links, device=st.sampled_from(["one", "other"]), place=st.sampled_from([*PLACES, "a temple by the river"]))
    def share_place_by_link(self, token: str, device: str, place: Any) -> None:
        """A place changes as often as the page likes; it is the first device's alone, and over once the link is."""
        given = self.try_to(location.consent, token, device)
        (link,) = self.rows("SELECT revoked_at, expires_at FROM location_links WHERE token_hash = %s", hash_token(token))
        if link["revoked_at"] is not None:
            assert given is None, "a link that is over was used"
            return
        first = self.devices.setdefault(token, device)
        assert (given is not None) == (first == device), "a link is the first device's alone"
        if isinstance(place, str):
            stored = self.try_to(location.record_typed, self.services.cipher, token, device, place)
        else:
            stored = self.try_to(location.record_fix, self.services.cipher, token, device, checked_fix(*place, 50.0, now=now()))
        assert (stored is not None) == (first == device)

    @event(token=links, device=st.sampled_from(["one", "other"]))
    def stop_sharing(self, token: str, device: str) -> None:
        self.try_to(location.stop, token, device)
        self.devices.update({token: device} if self._is_bound(token) and token not in self.devices else {})

    def _is_bound(self, token: str) -> bool:
        return self.rows("SELECT device_hash FROM location_links WHERE token_hash = %s", hash_token(token))[0]["device_hash"] is not None

    # --- helpers

    def send(self, inbound: Inbound) -> Any:
        return self.accept(inbound) or multiple()

    def serve(self, talk: str) -> None:
        if talk not in self.held_back:
            self.run(self.turns._serve(talk))
