"""Reads test stories in Rasa's format: what a citizen says, and the intent, the actions, the form and the slots that must follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

UNSAID = object()


@dataclass
class Turn:
    """One line of the citizen, and what is expected of it; ``loop`` is left out where the story does not say."""

    text: str
    intent: str
    actions: list[str] = field(default_factory=list)
    loop: Any = UNSAID
    slots: dict[str, Any] = field(default_factory=dict)


@dataclass
class Story:
    """A story and where it stands."""

    name: str
    turns: list[Turn]


def read(folder: Path) -> list[Story]:
    """Every story of every file. A step of an unknown kind is an error, so that nothing is passed over."""
    return [_story(raw) for path in sorted(folder.glob("*.yml")) for raw in yaml.safe_load(path.read_text(encoding="utf-8"))["stories"]]


def _story(raw: dict[str, Any]) -> Story:
    turns: list[Turn] = []
    for step in raw["steps"]:
        if "user" in step:
            turns.append(Turn(step["user"].strip(), step["intent"]))
        elif "action" in step:
            turns[-1].actions.append(step["action"])
        elif "active_loop" in step:
            turns[-1].loop = step["active_loop"]
        elif "slot_was_set" in step:
            for slot in step["slot_was_set"]:
                turns[-1].slots |= slot
        else:
            raise ValueError(f"{raw['story']}: {step}")
    return Story(raw["story"], turns)


SILENT = frozenset({"action_listen", "action_session_start", "action_extract_slots"})


def differences(turn: Turn, events: list[dict[str, Any]]) -> list[str]:
    """How Rasa's events differ from what is expected; ``events`` is the whole saved state, the turn being its last."""
    begin = max(place for place, event in enumerate(events) if event["event"] == "user")
    found = []
    parsed = events[begin].get("parse_data", {}).get("intent", {})
    if parsed.get("name") != turn.intent:
        found.append(f"intent {parsed.get('name')} ({parsed.get('confidence', 0):.2f}) instead of {turn.intent}")
    done = [event["name"] for event in events[begin:] if event["event"] == "action" and event["name"] not in SILENT]
    if done != turn.actions:
        found.append(f"actions {done} instead of {turn.actions}")
    loop = next((event.get("name") for event in reversed(events) if event["event"] == "active_loop"), None)
    if turn.loop is not UNSAID and loop != turn.loop:
        found.append(f"form {loop} instead of {turn.loop}")
    for name, value in turn.slots.items():
        kept = next((event.get("value") for event in reversed(events) if event["event"] == "slot" and event["name"] == name), None)
        if kept != value:
            found.append(f"slot {name} is {kept!r} instead of {value!r}")
    return found
