"""The nearest rows of a segment, however many of them may be named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from knowledge_base import segment as module
from knowledge_base.segment import Block, Segment, widened, widened_query

ROWS, WIDTH = 2000, 30


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    drawn = np.random.default_rng(7).standard_normal((ROWS, WIDTH)).astype(np.float32)
    drawn[500:520] = drawn[500]  # texts that stand in many notices
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def segment(vectors: np.ndarray) -> Segment:
    matrix = widened(vectors, None)
    return Segment.of([Block(["제목"], [["낱말"]] * ROWS, np.concatenate([matrix[:1], matrix]))])


def nearest(segment: Segment, vector: np.ndarray, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    return segment.nearest(widened_query(vector), allowed, 50)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.45, 0.7, 0.99])
def test_striking_out_finds_what_asking_of_each_row_finds(segment: Segment, vectors: np.ndarray, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(3)
    for vector in vectors[::199]:
        allowed = draw.random(ROWS) < share
        found, scores = nearest(segment, vector, allowed)
        with monkeypatch.context() as patched:
            patched.setattr(module, "LEAST_SHARE", 2.0)
            asked, expected = nearest(segment, vector, allowed)
        assert allowed[found].all()
        assert len(found) == min(50, allowed.sum())
        assert set(found.tolist()) == set(asked.tolist())
        assert np.array_equal(scores, expected)


def test_where_those_struck_out_stand_in_front_each_row_is_asked(segment: Segment, vectors: np.ndarray) -> None:
    """All that is near may not be named: what is left is found all the same."""
    allowed = np.ones(ROWS, dtype=bool)
    allowed[np.argsort(-(vectors @ vectors[9]))[:900]] = False
    found, _ = nearest(segment, vectors[9], allowed)
    assert allowed[found].all()
    assert len(found) == 50
    assert found[0] == np.flatnonzero(allowed)[np.argmax(vectors[allowed] @ vectors[9])]


def test_most_allowed_means_that_faiss_is_not_asked_of_each_row(segment: Segment, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("asked of each row")

    monkeypatch.setattr(module.faiss, "IDSelectorBitmap", refuse)
    assert len(nearest(segment, vectors[0], np.arange(ROWS) % 4 > 0)[0]) == 50
    assert len(nearest(segment, vectors[0], None)[0]) == 50
