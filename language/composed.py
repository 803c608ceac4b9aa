"""Longer messages made of written sentences: people tell their day around what matters, and a long polite message must not be danger by its length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from language.categories import Category, Urgency
from language.corpus import ORDINARY, Example

HARMLESS = 6000
EMERGENCIES = 3600
LONGEST = 200  # characters; a longer message is judged by windows of this length
MOST_PARTS = 5


def _joined(parts: Sequence[str], draw: random.Random) -> str:
    return draw.choice((" ", " ", ". ", "\n")).join(parts)


def _filler(pool: Sequence[Example], used: int, draw: random.Random) -> list[str]:
    """Harmless sentences until the message is long enough or the next would make it too long."""
    out: list[str] = []
    target = draw.randint(60, LONGEST)
    for _ in range(MOST_PARTS):
        text = draw.choice(pool).text
        if used + len(text) + 1 > LONGEST:
            break
        out.append(text)
        used += len(text) + 1
        if used >= target:
            break
    return out


def compose(examples: Sequence[Example], seed: int) -> list[Example]:
    """Messages of several sentences of one language: harmless ones, and emergencies among harmless sentences (at any place).

    An emergency keeps its voice, urgency and category, so that what is true of the parts stays true of the whole.
    """
    draw = random.Random(seed)  # noqa: S311 - a sample, no secret
    harmless = {lang: [e for e in examples if e.lang == lang and e.urgency == Urgency.NONE] for lang in {e.lang for e in examples}}
    out: list[Example] = []
    everyone = [e for pool in (harmless[lang] for lang in sorted(harmless)) for e in pool]
    while len(out) < HARMLESS and everyone:
        first = draw.choice(everyone)
        parts = [first.text, *_filler(harmless[first.lang], len(first.text), draw)]
        if len(parts) > 1:
            out.append(Example(f"l{len(out):04d}", _joined(parts, draw), Urgency.NONE, Category.OTHER, first.lang, (), False, ORDINARY, "train"))
    danger = [e for e in examples if e.is_emergency and harmless.get(e.lang)]
    for e in draw.sample(danger, min(EMERGENCIES, len(danger))):
        parts = _filler(harmless[e.lang], len(e.text), draw)
        parts.insert(draw.randint(0, len(parts)), e.text)
        if len(parts) > 1:
            out.append(replace(e, id=f"{e.id}+", text=_joined(parts, draw)))
    return out
