"""The model card of triage, written from the figures of the run that trained it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def _cell(share: Mapping[str, Any]) -> str:
    if share["rate"] is None:
        return "–"
    low, high = share["interval"]
    return f"{100 * share['rate']:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _row(name: str, group: Mapping[str, Any]) -> str:
    return f"| {name} | {group['caught']['n']} | {_cell(group['escalated'])} | {_cell(group['asked'])} | {_cell(group['caught'])} |"


def write_card(path: Path, report: Mapping[str, Any], trained: Mapping[str, Any]) -> None:
    """Markdown with the table, the keyword list beside it, results by tag, and what is still missed."""
    words = report["keywords"]
    head = "| | n | escalated | asked | caught (either) |\n|---|---|---|---|---|"
    emergencies = [_row(f"tag: {tag}", group) for tag, group in report["by_tag"]["emergency"].items()]
    emergencies += [_row(f"language: {lang}", group) for lang, group in report["by_language"]["emergency"].items()]
    traps = [_row(f"tag: {tag}", group) for tag, group in report["by_tag"]["traps"].items()]
    traps += [_row(f"language: {lang}", group) for lang, group in report["by_language"]["traps"].items()]
    categories = [_row(category, group) for category, group in report["by_category"].items()]
    missed = [f"- `{m['id']}` ({m['urgency']}, {m['score']:.2f}) {m['text']}" for m in report["missed_sentences"]]
    false = [f"- `{m['id']}` ({m['score']:.2f}) {m['text']}" for m in report["false_escalations"]]
    without = report["without_encoder"]
    sections = [
        "# Triage model",
        "Written by `gildongmu train triage`; do not edit. "
        f"Trained on {trained['trained_on']} sentences (corpus {trained['corpus']}, seed {trained['seed']}) and {trained['ordinary']} ordinary "
        "ones (dialogue data, everyday talk), "
        f"tested on {report['n']} sentences by voices that wrote no training sentence. "
        "The sentences are written, not collected: figures on real messages will differ. Shares with their 95 % Wilson interval.",
        "Calibrated logistic regression over the encoder's vector, hashed syllable and jamo n-grams and morphemes (`triage.npz`, half-precision "
        "arrays), joined with rules that can only raise. `thresholds.json` holds the scaling and the two thresholds, chosen by cross-validation "
        "over held-out training voices.",
        "## Test voices",
        "\n".join(
            [
                head,
                _row("emergencies", report["emergency"]),
                _row("of these, life threats", report["life_threat"]),
                _row("traps (harmless, scary words)", report["traps"]),
                _row("routine", report["routine"]),
                _row("non-urgent trouble", report["non_urgent"]),
            ]
        ),
        f"Missed (neither escalated nor asked): {_cell(report['missed'])}, of which {report['missed']['life_threat']} life threats. "
        f"Category right among caught emergencies: {_cell(report['category_accuracy'])}. Urgency of four right: {_cell(report['urgency_accuracy'])}.",
        f"A keyword list on the same sentences: emergencies {_cell(words['emergency'])}, traps {_cell(words['traps'])}, routine {_cell(words['routine'])}.",
        "## Without the encoder (broken or missing)",
        "\n".join([head, *(_row(name.replace("_", " "), without[name]) for name in ("emergency", "life_threat", "traps", "routine"))]),
        "## Emergencies by tag and language",
        "\n".join([head, *emergencies]),
        "## Emergencies by category",
        "\n".join([head, *categories]),
        "## Traps by tag and language",
        "\n".join([head, *traps]),
        "## What it still misses",
        "\n".join(missed) or "Nothing in this test part.",
        "## What it escalates for nothing",
        "\n".join(false) or "Nothing in this test part.",
    ]
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
