"""How much of what must not be logged gets through redaction, on written examples, and how much that is harmless is lost."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from language.paths import ROOT
from language.redaction import redact

EXAMPLES = ROOT / "data" / "eval" / "redaction.jsonl"
HARMLESS = "harmless"
# A run of so many letters or digits of a secret, separators aside, that is still readable is a leak.
LEAK = 4


def read(path: Path = EXAMPLES) -> list[dict[str, Any]]:
    """The examples: `{id, split, kind, text, secrets}`; harmless ones have no secrets."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _runs(text: str) -> set[str]:
    compact = "".join(c for c in text if c.isalnum())
    size = min(LEAK, max(len(compact), 1))
    return {compact[i : i + size] for i in range(len(compact) - size + 1)}


def leaks(example: dict[str, Any]) -> bool:
    """Whether a piece of a secret can still be read, that the rest of the text does not hold anyway."""
    rest = example["text"]
    for secret in example["secrets"]:
        rest = rest.replace(secret, " ")
    left = redact(example["text"])
    compact = "".join(c for c in re.sub(r"\[[a-z]+\]", " ", left) if c.isalnum())
    harmless = "".join(c for c in rest if c.isalnum())
    return any(run in compact and run not in harmless for secret in example["secrets"] for run in _runs(secret) if run)


def summarise(examples: list[dict[str, Any]]) -> dict[str, Any]:
    """Leaks over the examples with secrets, changes over the harmless ones."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for example in examples:
        by_kind[example["kind"]].append(redact(example["text"]) != example["text"] if example["kind"] == HARMLESS else leaks(example))
    harmless = by_kind.pop(HARMLESS, [])
    leaked, total = sum(map(sum, by_kind.values())), sum(map(len, by_kind.values()))
    return {
        "leaked": leaked,
        "recall": round(1 - leaked / total, 4) if total else 1.0,
        "false_redaction": round(sum(harmless) / len(harmless), 4) if harmless else 0.0,
        "n": total,
        "harmless": len(harmless),
        "by_kind": {kind: {"leaked": sum(flags), "n": len(flags)} for kind, flags in sorted(by_kind.items())},
    }


def evaluate_redaction(path: Path = EXAMPLES, progress: Callable[[str], None] = print) -> dict[str, Any]:
    """All examples, and each half: `dev` was tuned on; `test` and `fresh` (written after the rules) were looked at once,
    and the leak that each had was closed."""
    examples = read(path)
    for example in examples:
        if example["kind"] == HARMLESS and redact(example["text"]) != example["text"]:
            progress(f"changed {example['id']} {example['text']} -> {redact(example['text'])}")
        elif example["kind"] != HARMLESS and leaks(example):
            progress(f"leaked {example['id']} ({example['kind']})")
    halves = {split: summarise([e for e in examples if e["split"] == split]) for split in ("dev", "test", "fresh")}
    return {**summarise(examples), **{split: {key: value for key, value in half.items() if key != "by_kind"} for split, half in halves.items()}}
