"""How often the language of a message is found, on written chat messages and single words (``data/eval/languages.jsonl``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from language.detect import detect
from language.paths import ROOT

FILE = ROOT / "data" / "eval" / "languages.jsonl"


def read(path: Path = FILE, split: str | None = None) -> list[dict[str, Any]]:
    """The lines of a file, of one half or of all; ``kind`` is sentence (three words or more), short, or word."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if split is None or row["split"] == split]


def is_right(row: dict[str, Any]) -> bool:
    """A word that two languages write alike (旅券) may be either."""
    return detect(row["text"]) in (row["lang"], *row.get("also", ()))


def evaluate_language(path: Path = FILE, split: str = "test") -> dict[str, Any]:
    """Accuracy on sentences of the held-out half, by language, and on single words."""
    rows = read(path, split)
    sentences = [row for row in rows if row["kind"] == "sentence"]
    words = [row for row in rows if row["kind"] == "word"]
    languages = sorted({row["lang"] for row in sentences})
    return {
        "accuracy": _share(sentences),
        "by_language": {code: _share([row for row in sentences if row["lang"] == code]) for code in languages},
        "one_word": _share(words),
        "n": len(sentences),
        "words": len(words),
        "split": split,
    }


def _share(rows: list[dict[str, Any]]) -> float:
    return round(sum(map(is_right, rows)) / len(rows), 4) if rows else 0.0
