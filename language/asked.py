"""Questions to the knowledge base as sentences for triage: nearly all are harmless, and citizens will mostly send such.

`data/search` holds those that triage learns as well, `data/eval` those that it never does and is measured by. Beside each lies `trouble.tsv`, written
by readers of every one of them: the questions of somebody in trouble (`id`, urgency, category), and those that could be either (`unsure`, left out).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from language.categories import Category, Urgency
from language.corpus import ORDINARY, Example
from language.detect import detect
from language.paths import ROOT

LEARNT = ROOT / "data" / "search"
MEASURED = ROOT / "data" / "eval"
TROUBLE = "trouble.tsv"
FILES = ("questions.jsonl", "critical.jsonl")
UNSURE = "unsure"
VOICE = "asked"  # of those in trouble; the others are ordinary talk


def examples(folder: Path, split: str = "train") -> list[Example]:
    """Every question once, in the order of file names, without those that could be either; none where there is no such folder."""
    trouble = _trouble(folder / TROUBLE)
    out: dict[str, Example] = {}
    for row in _rows(folder):
        urgency, category = trouble.get(row["id"], (Urgency.NONE, Category.OTHER))
        if urgency is not None:
            voice = VOICE if urgency.is_emergency else ORDINARY
            out.setdefault(row["text"], Example(row["id"], row["text"], urgency, category, detect(row["text"]), (), False, voice, split))
    return list(out.values())


def learnt(data: Path = ROOT / "data") -> list[Example]:
    """Those of `data/search` without the few, all of two or three words, that somebody has asked in `data/eval` too."""
    measured = {"".join(e.text.split()) for e in examples(data / "eval")}
    return [e for e in examples(data / "search") if "".join(e.text.split()) not in measured]


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(p for name in FILES for p in folder.rglob(name)):
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def _trouble(path: Path) -> dict[str, tuple[Urgency | None, Category]]:
    """What the readers found; no urgency where they could not tell.

    :raises ValueError: a line has an urgency or category that is none.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [line.split("\t") for line in lines if line.strip()]
    return {name: (None if urgency == UNSURE else Urgency(urgency), Category(category)) for name, urgency, category in found}
