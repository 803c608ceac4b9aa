"""What is kept of a dialogue between two messages: a pure function over Rasa's events, bounded whatever the conversation's length.

Rasa derives a dialogue's state from its events alone. So older events are replaced by the few that lead to the same state: one per slot
that has a value, and the active form. What is said, beyond slots, is forgotten after :data:`TAIL_EVENTS` events.
"""

from __future__ import annotations

from typing import Any

TAIL_EVENTS = 20
#: of a message's metadata, what a later turn may need; vectors and tokens belong to their own message only
KEPT_METADATA = ("language",)
#: of a parse result, what Rasa reads again
KEPT_PARSE = ("intent", "entities", "text")
DROPPED_SLOTS = frozenset({"session_started_metadata"})
#: What a form that lacks its country waits for.
REQUESTED, COUNTRY = "requested_slot", "topic_country"
LISTEN = "action_listen"

EventDict = dict[str, Any]


def compact(events: list[EventDict]) -> list[EventDict]:
    """The same dialogue state in at most :data:`TAIL_EVENTS` events and one per filled slot."""
    events = [light for event in events if (light := _stripped(event)) is not None]
    start = _last_session(events)
    events = events[start:]
    if events and events[-1].get("name") != LISTEN:
        # a turn that broke off must not leave the next one waiting for it
        events.append({"event": "action", "name": LISTEN, "timestamp": events[-1].get("timestamp")})
    if len(events) <= TAIL_EVENTS:
        return events
    cut = _cut(events)
    return _summary(events[:cut]) + events[cut:]


def _cut(events: list[EventDict]) -> int:
    """Where the tail begins: at a citizen's message, so that a turn stays whole; the last one is always kept."""
    turns = [position for position, event in enumerate(events) if event.get("event") == "user"]
    if not turns:
        return max(0, len(events) - TAIL_EVENTS)
    return next((position for position in turns if len(events) - position <= TAIL_EVENTS), turns[-1])


def _last_session(events: list[EventDict]) -> int:
    """Position of the last session start that slots were carried over from; everything before it has no effect any more."""
    for position in range(len(events) - 1, 0, -1):
        if events[position].get("event") in ("session_started", "restart"):
            # the slot events that a session start carries over follow it
            return position - 1 if events[position - 1].get("name") == "action_session_start" else position
    return 0


def _summary(events: list[EventDict]) -> list[EventDict]:
    """The events that lead a fresh dialogue to where ``events`` led it."""
    slots: dict[str, EventDict] = {}
    loop: EventDict | None = None
    stamp = events[-1].get("timestamp") if events else None
    for event in events:
        kind = event.get("event")
        if kind == "slot":
            slots.pop(event["name"], None)
            if event.get("value") is not None:
                slots[event["name"]] = event
        elif kind == "active_loop":
            loop = event if event.get("name") else None
    summary: list[EventDict] = [{"event": "action", "name": "action_session_start", "timestamp": stamp}, {"event": "session_started", "timestamp": stamp}]
    if loop is not None:
        summary += [{"event": "action", "name": loop["name"], "timestamp": stamp}, loop]
    summary += slots.values()
    summary.append({"event": "action", "name": LISTEN, "timestamp": stamp})
    return summary


def _stripped(event: EventDict) -> EventDict | None:
    """One event without vectors, tokens, rankings and empty fields; None when a later turn has no use for it."""
    kind = event.get("event")
    if kind == "slot" and event.get("name") in DROPPED_SLOTS:
        return None
    light = {key: value for key, value in event.items() if key != "metadata" and value not in (None, {}, [])}
    if kind == "slot":
        light["value"] = event.get("value")
    elif kind == "active_loop":
        light["name"] = event.get("name")
    elif kind == "user":
        metadata = event.get("metadata") or {}
        light["metadata"] = {key: metadata[key] for key in KEPT_METADATA if key in metadata}
        parse = event.get("parse_data") or {}
        light["parse_data"] = {key: parse[key] for key in KEPT_PARSE if key in parse}
        light["parse_data"]["metadata"] = light["metadata"]
    elif kind == "bot":
        light.pop("data", None)  # what was shown is in the transcript; Rasa only needs to know that something was said
        light.pop("text", None)
    return light


def told(events: list[EventDict], slots: dict[str, Any], form: str | None = None) -> list[EventDict]:
    """The same dialogue, told what was answered and which form begun without it since; one that has not begun begins by being told.

    A form that has just begun does not belong to a session that may be long over, with which Rasa would end it: it begins one of its own.
    """
    if not slots and not form:
        return events
    if not events or form:
        events = _summary(events)
    stamp = events[-1].get("timestamp")
    filled: list[EventDict] = []
    if form:
        filled += [{"event": "action", "name": form, "timestamp": stamp}, {"event": "active_loop", "name": form, "timestamp": stamp}]
        slots = {**slots, REQUESTED: COUNTRY}
    filled += [{"event": "slot", "name": name, "value": value, "timestamp": stamp} for name, value in slots.items()]
    at = len(events) - 1 if events[-1].get("name") == LISTEN else len(events)
    return events[:at] + filled + events[at:]


def split_sender(sender_id: str) -> tuple[str, int | None]:
    """``"<conversation>:<seq>"`` → both parts; a sender without a number (Rasa's shell) has none."""
    conversation, colon, number = sender_id.rpartition(":")
    if colon and conversation and number.isdecimal() and len(number) <= 18:
        return conversation, int(number)
    return sender_id, None
