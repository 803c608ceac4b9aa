"""Boosted decision trees as plain arrays: read from a file without pickle, asked with numpy alone.

scikit-learn grows them where models are fitted (``knowledge_base.fitting``); nothing that answers citizens needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
    depth: int

    @classmethod
    def of(cls, stored: Mapping[str, np.ndarray], name: str) -> Forest:
        """The forest of that name among the arrays of a file."""
        arrays = {array: stored[f"{name}_{array}"] for array in ARRAYS}
        bias, depth = stored[f"{name}_about"]
        return cls(**arrays, bias=float(bias), depth=int(depth))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """What ``of`` reads."""
        return {f"{name}_{array}": getattr(self, array) for array in ARRAYS} | {f"{name}_about": np.array([self.bias, self.depth])}

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Between 0 and 1, for each row of signs."""
        nodes = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        at = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            nodes = np.where(rows[at, self.feature[nodes]] <= self.threshold[nodes], self.left[nodes], self.right[nodes])
        total = self.bias + self.value[nodes].sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-np.clip(total, -30, 30))))


def grow(rows: np.ndarray, right: np.ndarray, seed: int) -> Forest:
    """Gradient boosting of small trees; kept small and slow, since some labels are doubtful."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.05, max_leaf_nodes=10, l2_regularization=10.0, min_samples_leaf=40, early_stopping=False, random_state=seed
    )
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
        int(joined["depth"].max()),
    )
