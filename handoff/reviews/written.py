"""The missed rate on written sentences, out of the model card that training has written beside the arrays."""

from __future__ import annotations

import re
from pathlib import Path

from core.settings import ROOT
from handoff.reviews.schemas import Share

CARD = ROOT / "models" / "triage" / "MODEL_CARD.md"
_EMERGENCIES = re.compile(r"^\| emergencies \| (\d+) \|", re.MULTILINE)
_MISSED = re.compile(r"^Missed[^:\n]*: ([\d.]+) % \(([\d.]+)–([\d.]+)\)", re.MULTILINE)


def written_missed(card: Path = CARD) -> Share | None:
    """The figure with its interval; None when there is no card, or one that says it otherwise."""
    try:
        text = card.read_text(encoding="utf-8")
    except OSError:
        return None
    missed, count = _MISSED.search(text), _EMERGENCIES.search(text)
    if missed is None:
        return None
    rate, low, high = (float(value) / 100 for value in missed.groups())
    return Share(rate, low, high, float(count.group(1)) if count else 0.0)
