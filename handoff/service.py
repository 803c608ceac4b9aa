"""What the handoff offers to the rest of the program and to the desk; each name is explained where it is made."""

from __future__ import annotations

from handoff.abuse.rests import figures as rest_figures
from handoff.abuse.rests import minutes as rest_minutes
from handoff.abuse.rests import set_minutes as set_rest_minutes
from handoff.abuse.schemas import THIRD, Abuse, RestFigures
from handoff.abuse.service import end as end_for_abuse
from handoff.abuse.service import last_words, to_supervisor
from handoff.abuse.service import mark as mark_abuse
from handoff.abuse.service import mark_last as mark_last_abuse
from handoff.card import card
from handoff.claim import claim, claim_next
from handoff.closing import asked_for as close_request
from handoff.closing import close
from handoff.closing import confirm as confirm_close
from handoff.closing import object_to as object_to_close
from handoff.code_word import citizen_says as note_code_word
from handoff.duty import gateway_of, place_calls
from handoff.handing import HandedOver, Parcel, accept, hand_over, hand_over_each, invite, refuse, take_from, to_team, transfer
from handoff.joining import merge, recently_closed, reopen
from handoff.ladder import acknowledge as acknowledge_rung
from handoff.ladder import check_number, save_number
from handoff.ladder import numbers as duty_numbers
from handoff.ladder import of_case as rungs_of
from handoff.later import longest as longest_snooze
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
    note_country,
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
from handoff.promises import of_case as promises_of
from handoff.schemas import (
    AgentFull,
    AlreadyTaken,
    Case,
    CaseCard,
    Claimed,
    ClaimResult,
    ClosedCase,
    CloseRequest,
    Colleague,
    DutyNumber,
    MissionHint,
    NotEligible,
    OfferedToAnother,
    Place,
    Presence,
    QueueRow,
    Shift,
    Swept,
)
from handoff.speech import citizen_says as note_cannot_speak
from handoff.speech import mark as mark_cannot_speak
from handoff.staffing import (
    AWAY_REASONS,
    away_name,
    cancel_shift,
    on_shift,
    overstaying,
    plan_shift,
    roster,
    set_cap,
    set_languages,
    set_skills,
    set_teams,
    shifts,
)
from handoff.streams import OFFER_TIMER, QUEUE, case_stream
from handoff.unattended import call as call_for_unattended
from handoff.undelivered import tell_lost_link, tell_undelivered
from handoff.waiting import tell_waiting
from handoff.watch import HEARTBEAT_S, TIMER_KINDS, handle_timer, heartbeat, presence, set_presence, sweep, violations

__all__ = [
    "AWAY_REASONS",
    "HEARTBEAT_S",
    "OFFER_TIMER",
    "OUTCOMES",
    "QUEUE",
    "THIRD",
    "TIMER_KINDS",
    "Abuse",
    "AgentFull",
    "AlreadyTaken",
    "Case",
    "CaseCard",
    "ClaimResult",
    "Claimed",
    "CloseRequest",
    "ClosedCase",
    "Colleague",
    "DutyNumber",
    "HandedOver",
    "MissionHint",
    "NotEligible",
    "OfferedToAnother",
    "Parcel",
    "Place",
    "Presence",
    "Promise",
    "QueueRow",
    "RestFigures",
    "Shift",
    "Swept",
    "accept",
    "acknowledge",
    "acknowledge_rung",
    "add_note",
    "all_open",
    "away_name",
    "call_for_unattended",
    "cancel_shift",
    "card",
    "case_stream",
    "check_number",
    "claim",
    "claim_next",
    "close",
    "close_request",
    "confirm_close",
    "decline",
    "duty_numbers",
    "end_for_abuse",
    "gateway_of",
    "get",
    "hand_back",
    "hand_over",
    "hand_over_each",
    "handle_timer",
    "heartbeat",
    "invite",
    "keep",
    "last_words",
    "lock_open_case",
    "longest_snooze",
    "mark_abuse",
    "mark_cannot_speak",
    "mark_last_abuse",
    "merge",
    "mine",
    "note_cannot_speak",
    "note_code_word",
    "note_country",
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
    "promises_of",
    "queue",
    "recently_closed",
    "refuse",
    "reopen",
    "reply",
    "rest_figures",
    "rest_minutes",
    "return_to_queue",
    "roster",
    "rungs_of",
    "save_number",
    "set_cap",
    "set_languages",
    "set_presence",
    "set_rest_minutes",
    "set_skills",
    "set_teams",
    "shifts",
    "snooze",
    "sweep",
    "take_from",
    "tell_lost_link",
    "tell_undelivered",
    "tell_waiting",
    "to_supervisor",
    "to_team",
    "transfer",
    "violations",
    "waited_s",
]
