"""The model card of triage: written from figures that evaluations leave beside the model, never by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from language.evaluation import DECIDED, QUESTIONS, TRUTHS

FIGURES = ("triage", "robustness", "comparison")
_KEPT = ("n", "intervals", "everyday_source", "by_tag", "by_language", "groups", "without_encoder")
_HEAD = "| | n | escalated | asked | caught (either) |\n|---|---|---|---|---|"
_ROWS = {"life_threat": "life threat", "urgent": "urgent", "non_urgent": "non-urgent", "none": "none", "trap": "trap"}
_COLUMNS = {"escalate:life_threat": "escalated as life threat", "escalate:urgent": "escalated as urgent", "ask": "asked", "none": "carried on"}
# What must hold, as agreed before training: figure, limit, whether smaller is better.
LIMITS = (
    ("missed_upper", 0.01, True),
    ("escalated_rate", 0.95, False),
    ("asked_emergencies", 0.05, True),
    ("false_escalation_traps", 0.08, True),
    ("asked_traps", 0.12, True),
    ("false_escalation_everyday", 0.005, True),
    ("asked_everyday", 0.015, True),
)


def save_figures(folder: Path, name: str, report: Mapping[str, Any]) -> None:
    """Keep one evaluation's figures beside the model and write the card anew; sentences that are not ours are left out."""
    kept = {key: value for key, value in report.items() if key != "everyday_false"}
    (folder / f"{name}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    found = {n: json.loads((folder / f"{n}.json").read_text(encoding="utf-8")) for n in FIGURES if (folder / f"{n}.json").is_file()}
    if "triage" not in found:
        return
    trained = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))
    (folder / "confusion.svg").write_text(confusion_picture(found["triage"]["groups"]["confusion"]), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(card(found, trained), encoding="utf-8")


def _cell(share: Mapping[str, Any]) -> str:
    if share["rate"] is None:
        return "–"
    low, high = share["interval"]
    return f"{100 * share['rate']:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _row(name: str, group: Mapping[str, Any]) -> str:
    return f"| {name} | {group['caught']['n']} | {_cell(group['escalated'])} | {_cell(group['asked'])} | {_cell(group['caught'])} |"


def _table(rows: Sequence[str]) -> str:
    return "\n".join([_HEAD, *rows])


def _limits(report: Mapping[str, Any]) -> str:
    lines = ["| figure | measured | limit | |", "|---|---|---|---|"]
    for name, limit, smaller in LIMITS:
        value = report[name]
        met = value <= limit if smaller else value >= limit
        lines.append(f"| `{name}` | {100 * value:.2f} % | {'≤' if smaller else '≥'} {100 * limit:g} % | {'met' if met else '**missed**'} |")
    missed = report["missed_life_threat"]
    lines.append(f"| `missed_life_threat` | {missed} of {report['n']['life_threats']} | 0 | {'**missed**' if missed else 'met'} |")
    return "\n".join(lines)


def _questions(report: Mapping[str, Any]) -> str:
    found = report[QUESTIONS]
    return (
        f"Questions to the knowledge base that no model has learnt (`data/eval`, read one by one for who is in trouble; n = {found['caught']['n']}): "
        f"asked {_cell(found['asked'])}, escalated {_cell(found['escalated'])}. "
        f"Those of somebody in trouble (n = {found['emergencies']['n']}): caught {_cell(found['emergencies'])}."
    )


def _comparison(found: Mapping[str, Any]) -> list[str]:
    if "comparison" not in found:
        return []
    report = found["comparison"]
    lines = ["| model | recall when 8 % of traps alarm | when 20 % do | area under the curve (traps) |", "|---|---|---|---|"]
    for name, entry in report["models"].items():
        lines.append(f"| {name} | {_cell(entry['at_8'])} | {_cell(entry['at_20'])} | {entry['auc_traps']:.4f} |")
    words = "Every model learnt the same `train` part; the figures are the test part's, at equal false alarms. `gildongmu evaluate comparison --save`."
    if not report["rasa"]:
        words += " Rasa's DIET is not among them: that run had no Rasa."
    return ["## Compared", words, "\n".join(lines)]


def _robustness(found: Mapping[str, Any]) -> list[str]:
    if "robustness" not in found:
        return []
    report = found["robustness"]
    lines = ["| spoilt by | escalated | caught | fall in points | traps caught |", "|---|---|---|---|---|"]
    for name, entry in {"nothing": report["plain"], **report["by_perturbation"]}.items():
        shares = [_cell(entry["emergency"]["escalated"]), _cell(entry["emergency"]["caught"])]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(shares)} | {entry.get('fall_caught', '–')} | {_cell(entry['traps']['caught'])} |")
    words = f"The {report['n']} test emergencies, each changed in eight ways (`language/perturbation.py`). `gildongmu evaluate robustness --save`."
    return ["## Spoilt sentences", words, "\n".join(lines)]


def card(found: Mapping[str, Any], trained: Mapping[str, Any]) -> str:
    """The card in Markdown."""
    report = found["triage"]
    groups = report["groups"]
    words = groups["keywords"]
    emergencies = [_row(f"tag: {tag}", group) for tag, group in report["by_tag"]["emergency"].items()]
    emergencies += [_row(f"language: {lang}", group) for lang, group in report["by_language"]["emergency"].items()]
    traps = [_row(f"tag: {tag}", group) for tag, group in report["by_tag"]["traps"].items()]
    traps += [_row(f"language: {lang}", group) for lang, group in report["by_language"]["traps"].items()]
    categories = [_row(category, group) for category, group in groups["by_category"].items()]
    missed = [f"- `{m['id']}` ({m['urgency']}, {m['score']:.2f}) {m['text']}" for m in groups["missed_sentences"]]
    false = [f"- `{m['id']}` ({m['score']:.2f}) {m['text']}" for m in groups["false_escalations"]]
    without = report["without_encoder"]
    named = {"emergency": "emergencies", "life_threat": "of these, life threats", "traps": "traps (harmless, scary words)"}
    named |= {"routine": "routine and small talk", "non_urgent": "non-urgent trouble"}
    sections = [
        "# Triage model",
        "Written by `gildongmu train triage` and the evaluations named below; do not edit. "
        f"Trained on {trained['trained_on']} written sentences (corpus {trained['corpus']}, seed {trained['seed']}) and {trained['ordinary']} ordinary ones "
        f"(dialogue data, everyday talk, and {trained['everyday']} real sentences of 3i4K, CC BY-SA 4.0, which are no part of this project); "
        f"heads mixed and thresholds set on {trained['dev']} sentences (`dev`); tested on {report['n']['test']}. "
        "The three parts have no author voice in common. The sentences are written, not collected: figures on real messages will differ. "
        "Shares with their 95 % Wilson interval.",
        "Logistic regression over hashed syllable and jamo n-grams, morphemes, the encoder's vector, and that vector once more through four "
        "layers adapted to danger (low-rank, `models/encoder/adapter.npz`), Platt-scaled, joined with rules that can only raise. "
        "Half-precision arrays (`triage.npz`), no pickle.",
        "## The agreed limits",
        _limits(report),
        f"Everyday sentences: {report['everyday_source']} (n = {report['n']['everyday']}). "
        "With a copy of 3i4K: `gildongmu evaluate triage --everyday FOLDER --save`.",
        _questions(report),
        "## Test voices",
        _table([_row(name, groups[key]) for key, name in named.items()]),
        f"Missed (neither escalated nor asked): {_cell(groups['missed'])}, of which {groups['missed']['life_threat']} life threats. "
        f"Category right among caught emergencies: {_cell(groups['category_accuracy'])}. Urgency of four right: {_cell(groups['urgency_accuracy'])}.",
        "![What the test sentences are, and what was decided](confusion.svg)",
        f"A keyword list on the same sentences: emergencies {_cell(words['emergency'])}, traps {_cell(words['traps'])}, routine {_cell(words['routine'])}.",
        *_comparison(found),
        *_robustness(found),
        "## Without the encoder (broken or missing)",
        _table([_row(named[key], without[key]) for key in ("emergency", "life_threat", "traps", "routine")]),
        "## Emergencies by tag and language",
        _table(emergencies),
        "## Emergencies by category",
        _table(categories),
        "## Traps by tag and language",
        _table(traps),
        "## What it still misses",
        "\n".join(missed) or "Nothing in this test part.",
        "## What it escalates for nothing",
        "\n".join(false) or "Nothing in this test part.",
    ]
    return "\n\n".join(sections) + "\n"


def confusion_picture(table: Sequence[Sequence[int]]) -> str:
    """The confusion matrix as an SVG: a row for what a sentence is, shaded by the row's share, with counts."""
    width, height, left, top = 150, 44, 110, 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width * len(DECIDED) + 10} {top + height * len(TRUTHS) + 10}" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="Confusion matrix of triage">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{left}" y="18" fill="#555">decided →</text><text x="8" y="{top - 10}" fill="#555">truth ↓</text>',
    ]
    for column, name in enumerate(DECIDED):
        parts.append(f'<text x="{left + width * (column + 0.5)}" y="{top - 10}" text-anchor="middle">{_COLUMNS[name]}</text>')
    for row, counts in enumerate(table):
        y = top + height * row
        parts.append(f'<text x="8" y="{y + 27}">{_ROWS[TRUTHS[row]]}</text>')
        for column, count in enumerate(counts):
            share = count / max(sum(counts), 1)
            x, dark = left + width * column, share > 0.5
            parts.append(f'<rect x="{x}" y="{y}" width="{width - 2}" height="{height - 2}" fill="hsl(212 70% {97 - 62 * share:.0f}%)"/>')
            text = f"{count} ({100 * share:.1f} %)"
            parts.append(f'<text x="{x + width / 2}" y="{y + 27}" text-anchor="middle" fill="{"#fff" if dark else "#222"}">{text}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
