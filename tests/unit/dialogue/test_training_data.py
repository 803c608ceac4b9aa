"""The project files agree with one another: Rasa would say so too, half a minute later."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from actions.consular import all_actions
from actions.reader import Reader

MAIN = 40
MACHINERY = ("Rasa", "rasa", "서버", "시스템", "모델", "엔진", "데이터베이스", "오류 코드")


@pytest.fixture(scope="module")
def domain(root: Path) -> dict:
    return yaml.safe_load((root / "domain.yml").read_text())


@pytest.fixture(scope="module")
def examples(root: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted((root / "data" / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            found += [(line[2:].strip(), block["intent"]) for line in block["examples"].splitlines()]
    return found


def test_each_intent_has_enough_examples(domain: dict, examples: list[tuple[str, str]]) -> None:
    counted = Counter(intent for _, intent in examples)
    assert set(counted) == set(domain["intents"])
    assert min(counted.values()) >= MAIN


def test_no_example_is_written_twice(examples: list[tuple[str, str]]) -> None:
    assert [text for text, times in Counter(text for text, _ in examples).items() if times > 1] == []


def test_the_domain_names_our_actions(domain: dict) -> None:
    assert {action.name() for action in all_actions(Reader(lambda: None, lambda: None))} == set(domain["actions"])


def test_nothing_said_names_the_machinery(domain: dict) -> None:
    said = [text["text"] for variants in domain["responses"].values() for text in variants]
    assert [text for text in said if any(word in text for word in MACHINERY)] == []


def test_each_intent_has_a_rule(root: Path, domain: dict) -> None:
    rules = [rule for path in (root / "data" / "rules").glob("*.yml") for rule in yaml.safe_load(path.read_text())["rules"]]
    begun = {step["intent"] for rule in rules if not rule.get("condition") for step in rule["steps"] if "intent" in step}
    assert begun >= set(domain["intents"]) | {"nlu_fallback"}
    used = {step["action"] for rule in rules for step in rule["steps"] if "action" in step}
    known = {*domain["actions"], *domain["responses"], *domain["forms"], "action_deactivate_loop"}
    assert used <= known
