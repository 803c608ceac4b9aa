"""How often triage misses, on voices that wrote no training sentence; with intervals, and beside a keyword list."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from language import corpus
from language.analysis import Analyser
from language.corpus import Example
from language.triage import FOLDER, Decision, Triage

# What a simple bot would use: the yardstick, not part of the product.
KEYWORDS = re.compile(
    r"살려|도와주세요|구해|위험|납치|감금|갇혔|갇혀|강도|폭행|성폭행|성추행|칼|총|테러|폭발|지진|쓰나미|화재|불이 났|"
    r"사고|부상|다쳤|피가|의식|쓰러|죽|사망|자살|실종|체포|구금|"
    r"협박|도난|소매치기|마약|인질|탈출|help|sos|emergency|kidnap|attack|gun|knife|accident|dying|救命|助けて|救|cứu",
    re.IGNORECASE,
)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return round(max(0.0, centre - half), 4), round(min(1.0, centre + half), 4)


def _share(flags: Iterable[bool]) -> dict[str, Any]:
    values = list(flags)
    hits = sum(values)
    return {"rate": round(hits / len(values), 4) if values else None, "interval": wilson(hits, len(values)), "n": len(values)}


def _caught(pairs: Sequence[tuple[Example, Decision]]) -> dict[str, Any]:
    return {
        "caught": _share(d.action != "none" for _, d in pairs),
        "escalated": _share(d.action == "escalate" for _, d in pairs),
        "asked": _share(d.action == "ask" for _, d in pairs),
    }


def _by(pairs: Sequence[tuple[Example, Decision]], keys: Callable[[Example], Iterable[str]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Example, Decision]]] = {}
    for example, decision in pairs:
        for key in keys(example):
            groups.setdefault(key, []).append((example, decision))
    return {key: _caught(group) for key, group in sorted(groups.items())}


def summarise(pairs: Sequence[tuple[Example, Decision]]) -> dict[str, Any]:
    """The figures of one set of decisions."""
    danger = [p for p in pairs if p[0].is_emergency]
    life = [p for p in danger if p[0].urgency == "life_threat"]
    traps = [p for p in pairs if p[0].is_trap and not p[0].is_emergency]
    routine = [p for p in pairs if not p[0].is_trap and not p[0].is_emergency and p[0].urgency == "none"]
    mild = [p for p in pairs if not p[0].is_trap and p[0].urgency == "non_urgent"]
    missed = [p for p in danger if p[1].action == "none"]
    return {
        "n": len(pairs),
        "emergency": _caught(danger),
        "life_threat": _caught(life),
        "missed": {**_share(d.action == "none" for _, d in danger), "life_threat": sum(e.urgency == "life_threat" for e, _ in missed)},
        "traps": _caught(traps),
        "routine": _caught(routine),
        "non_urgent": _caught(mild),
        "category_accuracy": _share(e.category == d.category for e, d in danger if d.action != "none"),
        "urgency_accuracy": _share(e.urgency == d.urgency for e, d in pairs),
        "keywords": {
            "emergency": _share(KEYWORDS.search(e.text) is not None for e, _ in danger),
            "traps": _share(KEYWORDS.search(e.text) is not None for e, _ in traps),
            "routine": _share(KEYWORDS.search(e.text) is not None for e, _ in routine),
        },
        "by_tag": {"emergency": _by(danger, lambda e: e.tags), "traps": _by(traps, lambda e: e.tags)},
        "by_language": {"emergency": _by(danger, lambda e: (e.lang,)), "traps": _by(traps, lambda e: (e.lang,))},
        "by_category": _by(danger, lambda e: (str(e.category),)),
        "missed_sentences": [{"id": e.id, "urgency": str(e.urgency), "text": e.text, "score": d.score} for e, d in missed],
        "false_escalations": [{"id": e.id, "text": e.text, "score": d.score} for e, d in [*traps, *routine] if d.action == "escalate"],
    }


def evaluate_triage(
    data_dir: Path = corpus.FOLDER,
    model_dir: Path = FOLDER,
    split: str = "test",
    analyser: Analyser | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Decide every sentence of a split and report; the last thing handed to `progress` is the JSON on one line."""
    analyser = analyser or Analyser.load()
    triage = Triage.load(model_dir)
    examples = [e for e in corpus.read(data_dir) if e.split == split]
    analyses = analyser.analyse([e.text for e in examples])
    started = time.perf_counter()
    pairs = [(e, triage.decide(a)) for e, a in zip(examples, analyses, strict=True)]
    spent = (time.perf_counter() - started) / max(len(pairs), 1)
    blind = Analyser(analyser.morphology, None, "encoder_off").analyse([e.text for e in examples])
    without = summarise([(e, triage.decide(a)) for e, a in zip(examples, blind, strict=True)])
    report = {
        "split": split,
        **summarise(pairs),
        "without_encoder": {key: without[key] for key in ("emergency", "life_threat", "traps", "routine")},
        "decide_ms": round(1000 * spent, 3),
    }
    progress(json.dumps(report, ensure_ascii=False))
    return report
