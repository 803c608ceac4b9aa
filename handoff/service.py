"""What the handoff offers to the rest of the program and to the desk; each name is explained where it is made."""

from __future__ import annotations

from handoff.card import card
from handoff.claim import claim
from handoff.closing import close
from handoff.closing import confirm as confirm_close
from handoff.closing import object_to as object_to_close
from handoff.duty import gateway_of, place_calls
from handoff.handing import HandedOver, accept, hand_over, invite, refuse, take_from, to_team, transfer
from handoff.joining import merge, reopen
from handoff.ladder import acknowledge as acknowledge_rung
from handoff.ladder import check_number, save_number
from handoff.ladder import of_case as rungs_of
from handoff.later import snooze
from handoff.moves import (
    OUTCOMES,
    acknowledge,
    add_note,
    all_open,
    get,
    hand_back,
    lock_open_case,
    mine,
    note_doubt,
    notes,
    open_or_raise,
    position,
    queue,
    reply,
    return_to_queue,
    waited_s,
)
from handoff.offers import decline
from handoff.promises import Promise, keep, open_promises, promise
from handoff.schemas import (
    AgentFull,
    AlreadyTaken,
    Case,
    CaseCard,
    Claimed,
    ClaimResult,
    MissionHint,
    NotEligible,
    OfferedToAnother,
    Place,
    Presence,
    QueueRow,
    Swept,
)
from handoff.staffing import AWAY_REASONS, on_shift, overstaying, plan_shift, set_languages, set_skills, set_teams
from handoff.streams import OFFER_TIMER, QUEUE, case_stream
from handoff.waiting import tell_waiting
from handoff.watch import HEARTBEAT_S, TIMER_KINDS, handle_timer, heartbeat, presence, set_presence, sweep, violations

__all__ = [
    "AWAY_REASONS",
    "HEARTBEAT_S",
    "OFFER_TIMER",
    "OUTCOMES",
    "QUEUE",
    "TIMER_KINDS",
    "AgentFull",
    "AlreadyTaken",
    "Case",
    "CaseCard",
    "ClaimResult",
    "Claimed",
    "HandedOver",
    "MissionHint",
    "NotEligible",
    "OfferedToAnother",
    "Place",
    "Presence",
    "Promise",
    "QueueRow",
    "Swept",
    "accept",
    "acknowledge",
    "acknowledge_rung",
    "add_note",
    "all_open",
    "card",
    "case_stream",
    "check_number",
    "claim",
    "close",
    "confirm_close",
    "decline",
    "gateway_of",
    "get",
    "hand_back",
    "hand_over",
    "handle_timer",
    "heartbeat",
    "invite",
    "keep",
    "lock_open_case",
    "merge",
    "mine",
    "note_doubt",
    "notes",
    "object_to_close",
    "on_shift",
    "open_or_raise",
    "open_promises",
    "overstaying",
    "place_calls",
    "plan_shift",
    "position",
    "presence",
    "promise",
    "queue",
    "refuse",
    "reopen",
    "reply",
    "return_to_queue",
    "rungs_of",
    "save_number",
    "set_languages",
    "set_presence",
    "set_skills",
    "set_teams",
    "snooze",
    "sweep",
    "take_from",
    "tell_waiting",
    "to_team",
    "transfer",
    "violations",
    "waited_s",
]
