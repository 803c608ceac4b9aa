"""How often triage misses, on voices that wrote no training sentence; with intervals, and beside a keyword list."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from language import asked, corpus
from language import everyday as everyday_sentences
from language.analysis import Analyser
from language.categories import Category, Urgency
from language.corpus import Example
from language.perturbation import PERTURBATIONS, perturb
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


def share(flags: Iterable[bool]) -> dict[str, Any]:
    """A rate with its interval and count."""
    values = list(flags)
    hits = sum(values)
    return {"rate": round(hits / len(values), 4) if values else None, "interval": wilson(hits, len(values)), "n": len(values)}


def _caught(pairs: Sequence[tuple[Example, Decision]]) -> dict[str, Any]:
    return {
        "caught": share(d.action != "none" for _, d in pairs),
        "escalated": share(d.action == "escalate" for _, d in pairs),
        "asked": share(d.action == "ask" for _, d in pairs),
    }


def _by(pairs: Sequence[tuple[Example, Decision]], keys: Callable[[Example], Iterable[str]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Example, Decision]]] = {}
    for example, decision in pairs:
        for key in keys(example):
            groups.setdefault(key, []).append((example, decision))
    return {key: _caught(group) for key, group in sorted(groups.items())}


def summarise(pairs: Sequence[tuple[Example, Decision]]) -> dict[str, Any]:
    """The figures of one set of decisions, group by group."""
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
        "missed": {**share(d.action == "none" for _, d in danger), "life_threat": sum(e.urgency == "life_threat" for e, _ in missed)},
        "traps": _caught(traps),
        "routine": _caught(routine),
        "non_urgent": _caught(mild),
        "category_accuracy": share(e.category == d.category for e, d in danger if d.action != "none"),
        "urgency_accuracy": share(e.urgency == d.urgency for e, d in pairs),
        "confusion": confusion(pairs),
        "keywords": {
            "emergency": share(KEYWORDS.search(e.text) is not None for e, _ in danger),
            "traps": share(KEYWORDS.search(e.text) is not None for e, _ in traps),
            "routine": share(KEYWORDS.search(e.text) is not None for e, _ in routine),
        },
        "by_tag": {"emergency": _by(danger, lambda e: e.tags), "traps": _by(traps, lambda e: e.tags)},
        "by_language": {"emergency": _by(danger, lambda e: (e.lang,)), "traps": _by(traps, lambda e: (e.lang,))},
        "by_category": _by(danger, lambda e: (str(e.category),)),
        "missed_sentences": [{"id": e.id, "urgency": str(e.urgency), "text": e.text, "score": d.score} for e, d in missed],
        "false_escalations": [{"id": e.id, "text": e.text, "score": d.score} for e, d in [*traps, *routine] if d.action == "escalate"],
    }


def confusion(pairs: Sequence[tuple[Example, Decision]]) -> list[list[int]]:
    """Rows: what a sentence is (life threat … none, then traps); columns: what was decided (escalated by urgency, asked, carried on)."""
    table = [[0] * len(DECIDED) for _ in TRUTHS]
    for example, decision in pairs:
        row = TRUTHS.index("trap") if example.is_trap and not example.is_emergency else TRUTHS.index(str(example.urgency))
        column = f"escalate:{decision.urgency}" if decision.action == "escalate" else decision.action
        table[row][DECIDED.index(column)] += 1
    return table


TRUTHS = ("life_threat", "urgent", "non_urgent", "none", "trap")
DECIDED = ("escalate:life_threat", "escalate:urgent", "ask", "none")


def headline(groups: dict[str, Any], everyday: dict[str, Any], source: str) -> dict[str, Any]:
    """The few figures by which triage is judged, with their intervals; `everyday` as `_caught` of harmless everyday sentences."""
    shares = {
        "missed_rate": groups["missed"],
        "escalated_rate": groups["emergency"]["escalated"],
        "asked_emergencies": groups["emergency"]["asked"],
        "asked_traps": groups["traps"]["asked"],
        "asked_everyday": everyday["asked"],
        "false_escalation_traps": groups["traps"]["escalated"],
        "false_escalation_everyday": everyday["escalated"],
    }
    counts = {"test": groups["n"], "emergencies": groups["missed"]["n"], "life_threats": groups["life_threat"]["caught"]["n"]}
    return {
        **{name: found["rate"] for name, found in shares.items()},
        "missed_upper": groups["missed"]["interval"][1],
        "missed_life_threat": groups["missed"]["life_threat"],
        "intervals": {name: found["interval"] for name, found in shares.items()},
        "n": {**counts, "traps": groups["traps"]["caught"]["n"], "everyday": everyday["caught"]["n"]},
        "everyday_source": source,
    }


def _decide(analyser: Analyser, triage: Triage, texts: Sequence[str]) -> list[Decision]:
    return [triage.decide(analysis) for start in range(0, len(texts), 256) for analysis in analyser.analyse(texts[start : start + 256])]


#: Voices of whom nothing was chosen: no weight, no threshold, no rule. Whoever changes triage looks here last, and once.
HELD_BACK = "held_back"
#: Questions to the knowledge base that no model has learnt: what citizens mostly send, and should be asked nothing about.
QUESTIONS = "questions"


def evaluate_triage(
    data_dir: Path = corpus.FOLDER,
    model_dir: Path = FOLDER,
    split: str = "test",
    analyser: Analyser | None = None,
    everyday: Path | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Decide every sentence of a split, of the voices held back, questions to the knowledge base, and real everyday sentences where a path is given; report."""
    analyser = analyser or Analyser.load()
    triage = Triage.load(model_dir)
    examples = [e for e in corpus.read(data_dir) if e.split == split]
    texts = [e.text for e in examples]
    groups = summarise(list(zip(examples, _decide(analyser, triage, texts), strict=True)))
    blind = Analyser(analyser.morphology, None, "encoder_off")
    without = summarise(list(zip(examples, _decide(blind, triage, texts), strict=True)))
    written = "written: the routine sentences of this part"
    everyday_share, source = groups["routine"], written
    questions = asked.examples(data_dir.parent / "eval", split)
    routine = summarise(list(zip(questions, _decide(analyser, triage, [e.text for e in questions]), strict=True)))
    untouched = corpus.read(data_dir / HELD_BACK)
    held_back = summarise(list(zip(untouched, _decide(analyser, triage, [e.text for e in untouched]), strict=True)))
    false: list[dict[str, Any]] = []
    if everyday is not None:
        sentences = everyday_sentences.read(everyday)
        decisions = _decide(analyser, triage, sentences)
        harmless = [(Example("", text, Urgency.NONE, Category.OTHER, "ko", (), False, "", ""), d) for text, d in zip(sentences, decisions, strict=True)]
        everyday_share, source = _caught(harmless), f"{everyday.name}: real sentences"
        false = [{"text": e.text, "action": d.action, "score": d.score} for e, d in harmless if d.action != "none"]
    report = {
        "split": split,
        **headline(groups, everyday_share, source),
        HELD_BACK: headline(held_back, held_back["routine"], written),
        QUESTIONS: {**routine["routine"], "emergencies": routine["emergency"]["caught"]},
        "by_tag": groups["by_tag"],
        "by_language": groups["by_language"],
        "groups": {key: value for key, value in groups.items() if key not in ("by_tag", "by_language", "n")},
        "without_encoder": {key: without[key] for key in ("emergency", "life_threat", "traps", "routine")},
        "everyday_false": false,
    }
    progress(json.dumps(report, ensure_ascii=False))
    return report


def evaluate_robustness(
    data_dir: Path = corpus.FOLDER, model_dir: Path = FOLDER, split: str = "test", analyser: Analyser | None = None, progress: Callable[[str], None] = print
) -> dict[str, Any]:
    """How much recall each way of spoiling a sentence costs; a fall is counted in points of a hundred."""
    analyser = analyser or Analyser.load()
    triage = Triage.load(model_dir)
    danger = [e for e in corpus.read(data_dir) if e.split == split and e.is_emergency]
    traps = [e for e in corpus.read(data_dir) if e.split == split and e.is_trap and not e.is_emergency]

    def measured(spoil: Callable[[str], str]) -> dict[str, Any]:
        emergencies = list(zip(danger, _decide(analyser, triage, [spoil(e.text) for e in danger]), strict=True))
        harmless = list(zip(traps, _decide(analyser, triage, [spoil(e.text) for e in traps]), strict=True))
        return {"emergency": _caught(emergencies), "traps": _caught(harmless)}

    plain = measured(lambda text: text)
    report: dict[str, Any] = {"n": len(danger), "plain": plain, "by_perturbation": {}}
    for name in PERTURBATIONS:
        found = measured(functools.partial(perturb, name))
        falls = {key: round(100 * (plain["emergency"][key]["rate"] - found["emergency"][key]["rate"]), 2) for key in ("caught", "escalated")}
        report["by_perturbation"][name] = {**found, "fall_caught": falls["caught"], "fall_escalated": falls["escalated"]}
        progress(f"{name}: caught {found['emergency']['caught']['rate']}, falls by {falls['caught']} points")
    report["largest_fall"] = max(entry["fall_caught"] for entry in report["by_perturbation"].values())
    return report
