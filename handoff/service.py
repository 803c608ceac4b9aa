"""What the handoff offers to the rest of the program and to the desk; each name is explained where it is made."""

from __future__ import annotations

from handoff.card import card
from handoff.claim import claim
from handoff.duty import gateway_of, place_calls
from handoff.ladder import acknowledge as acknowledge_rung
from handoff.ladder import check_number, save_number
from handoff.ladder import of_case as rungs_of
from handoff.moves import (
    OUTCOMES,
    acknowledge,
    add_note,
    all_open,
    close,
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
from handoff.streams import OFFER_TIMER, QUEUE, case_stream
from handoff.watch import HEARTBEAT_S, TIMER_KINDS, handle_timer, heartbeat, presence, set_presence, sweep, violations

__all__ = [
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
    "MissionHint",
    "NotEligible",
    "OfferedToAnother",
    "Place",
    "Presence",
    "QueueRow",
    "Swept",
    "acknowledge",
    "acknowledge_rung",
    "add_note",
    "all_open",
    "card",
    "case_stream",
    "check_number",
    "claim",
    "close",
    "decline",
    "gateway_of",
    "get",
    "hand_back",
    "handle_timer",
    "heartbeat",
    "lock_open_case",
    "mine",
    "note_doubt",
    "notes",
    "open_or_raise",
    "place_calls",
    "position",
    "presence",
    "queue",
    "reply",
    "return_to_queue",
    "rungs_of",
    "save_number",
    "set_presence",
    "sweep",
    "violations",
    "waited_s",
]
