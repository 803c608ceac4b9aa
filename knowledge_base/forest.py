"""Boosted decision trees as plain arrays: read from a file without pickle, asked with numpy alone.

Every node of every tree is asked at once instead of one path after the other: a "no" strikes out the leaves on its left, and the first leaf that is
left over in a tree is the one its path would have led to (QuickScorer, Lucchese et al., SIGIR 2015).

scikit-learn grows them where models are fitted (``knowledge_base.fitting``); nothing that answers citizens needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: A tree's leaves are the bits of one number.
LEAVES, ALL = 64, 2**64 - 1
#: The arrays of a forest, by name; a leaf is a node whose branches are itself.
ARRAYS = ("roots", "feature", "threshold", "left", "right", "value")


@dataclass(frozen=True)
class Forest:
    """All trees in one row of nodes."""

    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    bias: float

    @classmethod
    def of(cls, stored: Mapping[str, np.ndarray], name: str) -> Forest:
        """The forest of that name among the arrays of a file."""
        arrays = {array: stored[f"{name}_{array}"] for array in ARRAYS}
        return cls(**arrays, bias=float(stored[f"{name}_about"][0]))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """What ``of`` reads."""
        return {f"{name}_{array}": getattr(self, array) for array in ARRAYS} | {f"{name}_about": np.array([self.bias])}

    @cached_property
    def _struck(self) -> _Struck:
        feature: list[int] = []
        threshold: list[float] = []
        keeps: list[int] = []
        starts: list[int] = []
        leaves = np.zeros((len(self.roots), LEAVES), dtype=self.value.dtype)
        for tree, root in enumerate(self.roots.tolist()):
            starts.append(len(feature))
            inner, order = self._walk(root)
            if len(order) > LEAVES:
                raise ValueError(f"a tree of {len(order)} leaves; {LEAVES} at most")
            leaves[tree, : len(order)] = self.value[order]
            for node, first, after in inner or [(root, 0, 0)]:  # a tree that is a leaf asks something without consequence
                feature.append(int(self.feature[node]))
                threshold.append(float(self.threshold[node]))
                keeps.append(ALL ^ ((1 << after) - (1 << first)))
        return _Struck(np.array(feature, dtype=np.intp), np.array(threshold), np.array(keeps, dtype=np.uint64), np.array(starts, dtype=np.intp), leaves)

    def _walk(self, root: int) -> tuple[list[tuple[int, int, int]], list[int]]:
        """The inner nodes of a tree with the range of leaves to their left, and its leaves from left to right."""
        inner: list[tuple[int, int, int]] = []
        order: list[int] = []

        def down(node: int) -> None:
            if self.left[node] == node:
                order.append(node)
                return
            first = len(order)
            down(int(self.left[node]))
            inner.append((node, first, len(order)))
            down(int(self.right[node]))

        down(root)
        return inner, order

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Between 0 and 1, for each row of signs."""
        struck = self._struck
        # Not "greater": what is not a number goes to the right, as it does on a path.
        is_left = rows[:, struck.feature] <= struck.threshold
        left_over = np.bitwise_and.reduceat(np.where(is_left, np.uint64(ALL), struck.keeps), struck.starts, axis=1)
        first = np.bitwise_count((left_over & (~left_over + np.uint64(1))) - np.uint64(1))
        total = self.bias + struck.leaves[np.arange(len(self.roots)), first].sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-np.clip(total, -30, 30))))


@dataclass(frozen=True)
class _Struck:
    """The inner nodes of all trees in a row (a tree's begin at ``starts``), with the leaves that a "no" leaves over as bits; values by tree and leaf."""

    feature: np.ndarray
    threshold: np.ndarray
    keeps: np.ndarray
    starts: np.ndarray
    leaves: np.ndarray


def grow(rows: np.ndarray, right: np.ndarray, seed: int) -> Forest:
    """Gradient boosting of small trees; kept small and slow, since some labels are doubtful."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.05, max_leaf_nodes=10, l2_regularization=10.0, min_samples_leaf=40, early_stopping=False, random_state=seed
    )
    # Several threads add up in an order of their own, and the third decimal would depend on the machine.
    with threadpool_limits(1):
        model.fit(rows, right)
    trees = [one.nodes for (one,) in model._predictors]
    base = np.cumsum([0, *(len(nodes) for nodes in trees)])[:-1]
    own = np.arange(sum(len(nodes) for nodes in trees))
    joined = np.concatenate(trees)
    offset = np.repeat(base, [len(nodes) for nodes in trees])
    is_leaf = joined["is_leaf"].astype(bool)
    return Forest(
        base.astype(np.int32),
        joined["feature_idx"].astype(np.int16),
        joined["num_threshold"].astype(np.float64),
        np.where(is_leaf, own, joined["left"] + offset).astype(np.int32),
        np.where(is_leaf, own, joined["right"] + offset).astype(np.int32),
        np.where(is_leaf, joined["value"], 0.0).astype(np.float32),
        float(model._baseline_prediction.item()),
    )
