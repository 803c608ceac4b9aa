from __future__ import annotations

from bot.dialogue.state import TAIL_EVENTS, compact, split_sender


def user(text: str, **metadata: object) -> dict:
    parse = {"intent": {"name": "inform"}, "entities": [], "text": text, "metadata": metadata, "text_tokens": [[0, 2]], "intent_ranking": [1, 2]}
    return {"event": "user", "text": text, "parse_data": parse, "metadata": metadata, "timestamp": 1.0}


def turn(number: int, **slots: object) -> list[dict]:
    return [
        user(f"말 {number}", vector="AAAA" * 256, tokens=[["말", "NNG", 0, 1]], language="ko"),
        *({"event": "slot", "name": name, "value": value, "timestamp": 1.0} for name, value in slots.items()),
        {"event": "action", "name": "utter_x", "timestamp": 1.0},
        {"event": "bot", "text": "답", "data": {"buttons": None}, "timestamp": 1.0},
        {"event": "action", "name": "action_listen", "timestamp": 1.0},
    ]


def many(turns: int) -> list[dict]:
    events = [{"event": "action", "name": "action_session_start"}, {"event": "session_started"}, {"event": "action", "name": "action_listen"}]
    for number in range(turns):
        events += turn(number, country="TH" if number == 0 else "JP")
    return events


def test_vectors_and_tokens_are_not_kept() -> None:
    saved = compact(turn(1))
    assert "vector" not in str(saved)
    assert "tokens" not in str(saved)
    assert saved[0]["metadata"] == {"language": "ko"}


def test_length_does_not_grow_with_the_conversation() -> None:
    events: list[dict] = []
    lengths = []
    for number in range(60):
        events = compact(events + turn(number, country="TH"))
        lengths.append(len(events))
    assert max(lengths) <= TAIL_EVENTS + 6
    assert lengths[-1] == lengths[-2]


def test_forgotten_events_leave_their_slots_and_the_active_form() -> None:
    form = [
        user("여권을 잃어버렸어요"),
        {"event": "action", "name": "lost_passport_form", "timestamp": 1.0},
        {"event": "active_loop", "name": "lost_passport_form", "timestamp": 1.0},
        {"event": "slot", "name": "requested_slot", "value": "country", "timestamp": 1.0},
        {"event": "slot", "name": "lost_when", "value": "어제", "timestamp": 1.0},
        {"event": "action", "name": "action_listen", "timestamp": 1.0},
    ]
    events = compact(form + [event for number in range(9) for event in turn(number)])
    first_message = next(i for i, event in enumerate(events) if event["event"] == "user")
    summary = events[:first_message]
    assert [e["event"] for e in summary][:4] == ["action", "session_started", "action", "active_loop"]
    assert {e["name"]: e["value"] for e in summary if e["event"] == "slot"} == {"requested_slot": "country", "lost_when": "어제"}
    assert summary[-1]["name"] == "action_listen"


def test_a_closed_form_and_an_emptied_slot_leave_nothing() -> None:
    closed = [
        user("x"),
        {"event": "active_loop", "name": "f", "timestamp": 1.0},
        {"event": "slot", "name": "requested_slot", "value": "country", "timestamp": 1.0},
        {"event": "active_loop", "name": None, "timestamp": 1.0},
        {"event": "slot", "name": "requested_slot", "value": None, "timestamp": 1.0},
        {"event": "action", "name": "action_listen", "timestamp": 1.0},
    ]
    events = compact(closed + [event for number in range(9) for event in turn(number)])
    assert not [e for e in events if e["event"] in ("active_loop", "slot")]


def test_what_came_before_a_new_session_is_dropped() -> None:
    events = compact(many(2) + many(1))
    assert sum(e["event"] == "user" for e in events) == 1


def test_a_turn_that_broke_off_ends_by_listening() -> None:
    assert compact([*turn(1), user("끊김")])[-1]["name"] == "action_listen"


def test_compaction_is_idempotent() -> None:
    once = compact(many(30))
    assert compact(once) == once


def test_sender() -> None:
    assert split_sender("c1:12") == ("c1", 12)
    assert split_sender("a:b:3") == ("a:b", 3)
    assert split_sender("shell") == ("shell", None)
    assert split_sender("c1:x") == ("c1:x", None)
    assert split_sender(":3") == (":3", None)
