from __future__ import annotations

from bot.dialogue import meanwhile
from bot.dialogue.client import BotMessage, Said, _said
from bot.dialogue.state import compact, told

LISTEN = {"event": "action", "name": "action_listen", "timestamp": 1.0}


def slots(events: list[dict]) -> dict:
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def test_a_dialogue_that_has_not_begun_begins_by_being_told() -> None:
    events = told([], {"last_query": "수수료", "failures": 0.0})
    assert [event["event"] for event in events] == ["action", "session_started", "slot", "slot", "action"]
    assert events[-1]["name"] == "action_listen"
    assert told([], {}) == []


def test_what_it_is_told_stands_after_what_it_knew_and_stays() -> None:
    known = [{"event": "user", "text": "x", "parse_data": {}}, {"event": "slot", "name": "last_query", "value": "전", "timestamp": 1.0}, LISTEN]
    events = told(known, {"last_query": "후"})
    assert slots(events) == {"last_query": "후"}
    assert events[-1] == LISTEN
    assert slots(compact(events)) == {"last_query": "후"}


def test_a_form_that_has_begun_is_as_if_it_had_asked_for_its_country() -> None:
    events = told([], {"last_query": "수수료"}, "entry_rules_form")
    assert [event.get("name") for event in events if event["event"] == "active_loop"] == ["entry_rules_form"]
    assert slots(events) == {"last_query": "수수료", "requested_slot": "topic_country"}
    assert events[-1]["name"] == "action_listen"
    kept = compact(events)
    assert [event.get("name") for event in kept if event["event"] == "active_loop"] == ["entry_rules_form"]


def test_a_form_that_has_begun_is_not_ended_with_the_session_of_what_was_said_long_ago() -> None:
    known = [
        {"event": "user", "text": "x", "parse_data": {}, "timestamp": 1.0},
        {"event": "slot", "name": "last_query", "value": "전", "timestamp": 1.0},
        {**LISTEN},
    ]
    events = told(known, {"failures": 0.0}, "entry_rules_form")
    assert not [event for event in events if event["event"] == "user"], "by whose last message Rasa tells how old a session is"
    assert slots(events) == {"last_query": "전", "failures": 0.0, "requested_slot": "topic_country"}


def test_only_known_slots_are_taken_and_nothing_is_left_in_the_metadata() -> None:
    metadata = {"language": "ko", meanwhile.METADATA: {"last_query": "수수료", "country": "TH", "requested_slot": "x"}}
    assert meanwhile.received(metadata).slots == {"last_query": "수수료"}
    assert metadata == {"language": "ko"}
    assert meanwhile.received({meanwhile.METADATA: "x"}).slots == {}
    assert meanwhile.received({meanwhile.METADATA: {"form": "entry_rules_form"}}) == meanwhile.Meanwhile({}, "entry_rules_form")


def test_a_form_expects_something_and_a_question_back_is_told_apart_from_an_offer() -> None:
    assert not meanwhile.left({"last_topic": "search", "failures": None}, None)["expects"]
    assert meanwhile.left({}, "lost_passport_form")["expects"]
    assert meanwhile.left({}, "alarm_level_form")["form"] == "alarm_level_form"
    assert not meanwhile.left({"offered": "person"}, None)["expects"]
    assert not meanwhile.left({"offered": "person"}, None)["asked_back"]
    assert meanwhile.left({"last_topic": "clarify"}, None)["asked_back"]


def test_the_country_spoken_of_is_else_the_one_where_somebody_is() -> None:
    assert meanwhile.left({"topic_country": "JP", "country": "TH"}, None)["topic_country"] == "JP"
    assert meanwhile.left({"country": "TH"}, None)["topic_country"] == "TH"
    assert meanwhile.left({"country": "unknown"}, None)["topic_country"] is None


def test_an_answer_that_does_not_tell_how_it_stands_expects_something() -> None:
    assert _said('{"messages": [{"text": "네"}], "after": null}'.encode()) == Said((BotMessage("네"),))
    after = '{"expects": true, "topic_country": "JP", "failures": 1, "asked_back": true, "form": "alarm_level_form"}'
    said = _said(f'{{"messages": [{{"text": "네"}}], "after": {after}}}'.encode())
    assert said == Said((BotMessage("네"),), True, "JP", 1, True, "alarm_level_form")
    assert Said(()).expects
    assert _said(b'{"messages": []}') is None
    assert _said(b"[]") is None
