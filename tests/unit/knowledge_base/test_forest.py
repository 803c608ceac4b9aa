"""Boosted trees as plain arrays: what they say, how they are kept, and that they say what those who grew them say."""

import numpy as np
import pytest

from knowledge_base.forest import Forest, grow


def stump(feature: int, threshold: float, low: float, high: float) -> Forest:
    """One question: low up to the threshold, high beyond it."""
    return Forest(
        roots=np.array([0]),
        feature=np.array([feature, 0, 0]),
        threshold=np.array([threshold, 0.0, 0.0]),
        left=np.array([1, 1, 2]),
        right=np.array([2, 1, 2]),
        value=np.array([0.0, low, high]),
        bias=0.0,
    )


@pytest.mark.parametrize(("row", "likely"), [([9.0, 0.4], False), ([9.0, 0.5], False), ([-9.0, 0.6], True)])
def test_a_tree_asks_its_own_sign_and_a_value_at_the_threshold_goes_left(row, likely):
    assert (stump(1, 0.5, -2.0, 2.0).probabilities(np.array([row]))[0] > 0.5) is np.bool_(likely)


def test_what_is_not_a_number_goes_to_the_right_and_a_tree_may_be_a_leaf():
    one = stump(1, 0.5, -2.0, 2.0)
    forest = Forest(
        roots=np.array([0, 1]),
        feature=np.append([0], one.feature),
        threshold=np.append([0.0], one.threshold),
        left=np.append([0], one.left + 1),
        right=np.append([0], one.right + 1),
        value=np.append([1.0], one.value),
        bias=0.0,
    )
    found = forest.probabilities(np.array([[0.0, np.nan], [0.0, 0.0]]))
    assert np.allclose(found, 1 / (1 + np.exp([-3.0, 1.0])))


def test_it_is_read_back_as_it_was_written(tmp_path):
    rows = np.random.default_rng(1).standard_normal((400, 5))
    forest = grow(rows, rows[:, 2] + rows[:, 4] > 0, 1)
    np.savez(tmp_path / "trees.npz", **forest.arrays("known"))
    with np.load(tmp_path / "trees.npz", allow_pickle=False) as stored:
        again = Forest.of(stored, "known")
    assert np.array_equal(again.probabilities(rows), forest.probabilities(rows))


def test_it_says_what_the_library_that_grew_it_says(monkeypatch):
    import sklearn.ensemble

    grown = []
    kind = sklearn.ensemble.HistGradientBoostingClassifier
    monkeypatch.setattr(sklearn.ensemble, "HistGradientBoostingClassifier", lambda **given: grown.append(kind(**given)) or grown[-1])
    draw = np.random.default_rng(2)
    rows = draw.standard_normal((600, 4))
    right = rows[:, 0] * rows[:, 1] + 0.3 * draw.standard_normal(600) > 0
    forest = grow(rows, right, 3)
    assert np.allclose(forest.probabilities(rows), grown[0].predict_proba(rows)[:, 1], atol=1e-5)
    assert ((forest.probabilities(rows) > 0.5) == right).mean() > 0.85
