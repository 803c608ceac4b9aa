"""How well entities are found, on written sentences: exact span, kind and meaning."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from language.date_meaning import resolve
from language.entity import Entity
from language.paths import ROOT

SENTENCES = ROOT / "data" / "eval" / "entities.jsonl"
# The day on which the sentences are said; their relative dates are counted from it.
SAID_ON = date(2026, 11, 21)

Labelled = tuple[str, int, int, str]


def read(path: Path = SENTENCES) -> list[dict[str, Any]]:
    """The written sentences: `{id, split, text, entities: [{kind, start, end, text, value}]}`."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def meaning(entity: Entity) -> str:
    """What the sentences give as `value`: of a city its country, of a date the day counted from `SAID_ON`, else the entity's own."""
    if entity.kind == "city":
        return entity.country or ""
    if entity.kind == "date":
        return resolve(entity.value, entity.offset, SAID_ON)
    return entity.value


def _scores(right: int, found: int, wanted: int) -> dict[str, Any]:
    precision, recall = right / found if found else 1.0, right / wanted if wanted else 1.0
    f1 = 2 * right / (found + wanted) if found + wanted else 1.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4), "n": wanted}


def score(pairs: Iterable[tuple[dict[str, Any], Iterable[Entity]]]) -> dict[str, Any]:
    """Precision, recall and F1 by kind and over all, and the sentences that differ."""
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    differing: list[dict[str, Any]] = []
    sentences = 0
    for row, entities in pairs:
        sentences += 1
        gold = {(e["kind"], e["start"], e["end"], e["value"]) for e in row["entities"]}
        ours = {(e.kind, e.start, e.end, meaning(e)) for e in entities}
        for counter, labels in ((right, gold & ours), (found, ours), (wanted, gold)):
            counter.update(label[0] for label in labels)
        if gold != ours:
            differing.append({"id": row["id"], "text": row["text"], "missing": sorted(gold - ours), "extra": sorted(ours - gold)})
    kinds = sorted(found.keys() | wanted.keys())
    return {
        **_scores(right.total(), found.total(), wanted.total()),
        "sentences": sentences,
        "by_kind": {kind: _scores(right[kind], found[kind], wanted[kind]) for kind in kinds},
        "differing": differing,
    }


def evaluate_entities(path: Path = SENTENCES, analyser: Any = None, progress: Callable[[str], None] = print) -> dict[str, Any]:
    """Both halves and all of them; `dev` was tuned on, `test` was not. The figures returned belong to `test` and to everything."""
    from language.entities import ENTITIES
    from language.morphology import Morphology
    from language.normalise import normalise

    morphology = analyser.morphology if analyser else Morphology.load()
    rows = read(path)
    docs = morphology.docs([normalise(row["text"]) for row in rows])
    pairs = [(row, doc.user_data[ENTITIES]) for row, doc in zip(rows, docs, strict=True)]
    whole = score(pairs)
    halves = {split: score(pair for pair in pairs if pair[0]["split"] == split) for split in ("dev", "test")}
    progress(f"{'kind':12} {'precision':>9} {'recall':>7} {'f1':>7} {'n':>5}")
    for kind, figures in [*whole["by_kind"].items(), ("micro", whole)]:
        progress(f"{kind:12} {figures['precision']:9.4f} {figures['recall']:7.4f} {figures['f1']:7.4f} {figures['n']:5}")
    for row in whole.pop("differing"):
        progress(f"{row['id']} {row['text']}\n    missing {row['missing']} extra {row['extra']}")
    return {**whole, **{split: {key: figures[key] for key in ("precision", "recall", "f1", "n", "sentences")} for split, figures in halves.items()}}
