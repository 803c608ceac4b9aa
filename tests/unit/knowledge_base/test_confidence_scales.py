"""Which scale is asked of which notice of a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from knowledge_base import confidence
from knowledge_base.confidence import EDITORS_WORD, Confidence, Scale
from knowledge_base.examples import Likeness
from knowledge_base.index import Index
from knowledge_base.picking import Picker
from knowledge_base.search import Ranked


@dataclass
class Trees:
    """A forest that says what the only sign says, and remembers for how many it was asked."""

    asked: list[int] = field(default_factory=list)

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        self.asked.append(len(rows))
        return rows[:, 0]


def settled(monkeypatch: pytest.MonkeyPatch, found: Sequence[tuple[float, Likeness | None]]) -> tuple[Any, dict[str, list[int]]]:
    """What becomes of a ranking whose notices have this probability and these known questions, and how often each scale was asked."""
    trees = {name: Trees() for name in ("known", "unknown")}
    scales = {name: Scale(("odds",), cast("Any", own), {"known": 0.9, "unknown": 0.5}[name]) for name, own in trees.items()}
    monkeypatch.setattr(confidence, "near_nothing", lambda *_: 0.0)
    monkeypatch.setattr(confidence, "signs_of", lambda _i, _r, _p, _j, place, _n: {"odds": found[place][0], "is_known": float(found[place][1] is not None)})
    monkeypatch.setattr(confidence, "like_of", lambda _, entry: found[entry][1])
    places = tuple(range(len(found)))
    ranked = Ranked(cast("Any", None), places, tuple(1.0 for _ in found), places, tuple(0.0 for _ in found), True)
    index = cast("Index", SimpleNamespace(entries=list(places)))
    result = Confidence(scales, cast("Picker", None)).settle(index, ranked)
    return result, {name: own.asked for name, own in trees.items()}


def test_each_scale_is_asked_once_for_all_that_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    likeness = Likeness(1.0, 0.9)
    result, asked = settled(monkeypatch, [(0.6, likeness), (0.8, None), (0.7, likeness)])
    assert asked == {"known": [2], "unknown": [1]}
    assert (result.ranked.entries, result.probability, result.is_enough) == ((1, 0, 2), 0.8, True)
    assert result.rival == (2, 0.7)


def test_editors_few_questions_are_judged_both_ways_and_by_what_stands_further_above_its_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = settled(monkeypatch, [(0.6, Likeness(1.0, 0.9, is_few=True))])
    assert asked == {"known": [1], "unknown": [1]}
    assert (result.probability, result.is_enough) == (0.6, True)


def test_what_an_editor_wrote_word_for_word_is_the_notice_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = settled(monkeypatch, [(0.6, None), (0.1, Likeness(1.0, 0.98, is_few=True))])
    assert (result.ranked.entries[0], result.probability) == (1, EDITORS_WORD)
