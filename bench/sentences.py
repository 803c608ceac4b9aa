"""What the load says: routine questions from the evaluation set and the dialogue's examples; emergencies that no model was trained on."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from core.settings import ROOT

#: Intents whose examples stand alone. Not among them: what only makes sense as the next line of a form, and what asks for a person.
INTENTS = ("ask_notice", "ask_alarm_level", "entry_rules", "register_alerts", "greet", "thank", "help", "bot_challenge", "out_of_scope")
SEED = 20261122
OPENINGS = ("", "저기요 ", "안녕하세요 ", "죄송한데 ", "혹시 ", "궁금한 게 있는데 ", "다시 여쭤보는데 ", "가족 일인데 ", "출국 전에 묻습니다. ", "그럼 ")
CLOSINGS = ("", " 감사합니다", " 부탁드려요", " ㅠㅠ", " 알려 주세요.", "~", " 답변 기다릴게요", " 미리 감사드려요", "!!", " 고맙습니다 :)", " 수고하세요")


def routine(count: int = 240) -> list[str]:
    """Routine sentences, two thirds of them questions of the evaluation set, always the same."""
    chance = random.Random(SEED)
    questions = [row["text"] for row in _lines("eval/questions.jsonl")]
    examples = [
        line.removeprefix("- ").strip()
        for path in sorted((ROOT / "data" / "nlu").glob("*.yml"))
        for block in yaml.safe_load(path.read_text())["nlu"]
        if block.get("intent") in INTENTS
        for line in block["examples"].splitlines()
    ]
    chosen = chance.sample(questions, min(len(questions), count * 2 // 3))
    chosen += chance.sample(examples, min(len(examples), count - len(chosen)))
    chance.shuffle(chosen)
    return chosen


def varied(sentences: Sequence[str]) -> Iterator[str]:
    """The sentences in turn for ever, with other openings and closings each time: people do not repeat each other word for word, and a
    remembered analysis or vector would flatter us.
    """
    ways = [(opening, closing) for closing in CLOSINGS for opening in OPENINGS]
    for turn in itertools.count():
        for number, sentence in enumerate(sentences):
            opening, closing = ways[(turn + number) % len(ways)]
            yield f"{opening}{sentence}{closing}"


def emergencies(count: int, *, implicit: bool = False) -> list[str]:
    """Held-out messages of people in clear danger, long accounts aside; ``implicit``: also those in which no word says so."""
    rows = [row for row in _lines("triage/emergencies.jsonl") if row["split"] != "train" and row["urgency"] == "life_threat"]
    texts = [row["text"] for row in rows if (implicit or "implicit" not in row["tags"]) and len(row["text"]) <= 300]
    random.Random(SEED).shuffle(texts)
    return [texts[number % len(texts)] for number in range(count)]


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "data" / name).read_text().splitlines() if line.strip()]
