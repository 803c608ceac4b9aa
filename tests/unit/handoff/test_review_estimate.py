"""The estimator is unbiased for the drawing that is used, and says how little a small sample tells."""

from __future__ import annotations

import math
import random

import pytest

from handoff.reviews import estimate
from handoff.reviews.estimate import Drawn, Item
from handoff.reviews.sampling import BANDS, plan, probability


def weeks(*hits: bool, chance: float = 0.5, population: int = 100) -> Drawn:
    return Drawn(population, tuple(Item(chance, hit) for hit in hits))


def test_wilson_agrees_with_the_evaluation_of_written_sentences():
    from language.evaluation import wilson

    for hits, total in ((0, 40), (1, 40), (12, 453), (40, 40)):
        assert estimate.wilson(hits / total, total) == pytest.approx(wilson(hits, total), abs=1e-4)
    assert estimate.wilson(0.0, 0) == (0.0, 1.0)


def test_equal_weights_are_an_ordinary_share():
    found = estimate.omission([weeks(True, *[False] * 19, chance=0.2)])
    assert found is not None
    assert found.rate == pytest.approx(0.05)
    assert found.n == pytest.approx(20)


def test_unequal_weights_tell_less():
    assert estimate.effective_size([1, 1, 1, 1]) == 4
    assert estimate.effective_size([10, 1, 1, 1]) < 2
    assert estimate.effective_size([]) == 0


def test_nothing_judged_is_no_figure():
    assert estimate.omission([]) is None
    assert estimate.omission([Drawn(100, (Item(0.5, None),))]) is None
    assert estimate.missed_share(None, 0, 3) is None


def test_what_was_erased_is_stood_for_by_the_others():
    with_gap = Drawn(10, (Item(0.5, True), Item(0.5, False), Item(0.5, False), Item(0.5, None)))
    assert estimate.missed_total(with_gap) == pytest.approx(10 / 3)


def test_never_more_danger_than_messages():
    assert estimate.missed_total(Drawn(10, tuple(Item(0.1, True) for _ in range(5)))) == 10


def test_missed_share_is_of_all_danger():
    passed = estimate.share(2, 100)
    found = estimate.missed_share(passed, 1000, 180)
    assert found is not None
    assert found.rate == pytest.approx(20 / 200)
    assert found.low < found.rate < found.high
    nothing = estimate.missed_share(estimate.share(0, 100), 1000, 0)
    assert nothing is not None
    assert nothing.rate == 0


@pytest.mark.parametrize(("yes", "judged", "share"), [(0, 0, 1.0), (0, 1, 0.5), (9, 9, 1.0), (4, 9, 0.5)])
def test_escalations_count_as_danger_until_people_say_otherwise(yes, judged, share):
    assert estimate.confirmed_share(yes, judged) == pytest.approx(share)


@pytest.mark.parametrize("wanted", [1, 2, 7, 40, 200])
def test_the_plan_draws_what_is_wanted(wanted):
    uniform, takes = plan(wanted)
    assert uniform + sum(takes) == wanted
    assert uniform - sum(takes) in (0, 1)
    assert takes[0] == max(takes)


def test_the_weighted_sum_is_unbiased_for_this_drawing():
    """Danger sits where the score is high: the plain share of the sample is far off, the weighted one is right on average."""
    chance = random.Random(7)
    population, dangerous = 600, {3, 5, 8, 20, 40, 100, 250, 333, 480, 599}
    uniform, takes = plan(40)
    ends = [math.ceil(edge * population) for edge in BANDS]
    bands = [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    totals, plain = [], []
    for _ in range(3000):
        drawn = set(chance.sample(range(population), uniform))
        for band, take in zip(bands, takes, strict=True):
            drawn |= set(chance.sample(band, take))
        items = []
        for place in drawn:
            band = next(n for n, members in enumerate(bands) if place in members)
            items.append(Item(probability(uniform, population, takes[band], len(bands[band])), place in dangerous))
        totals.append(sum(1 / item.probability for item in items if item.was_emergency))
        plain.append(population * sum(bool(item.was_emergency) for item in items) / len(items))
    mean = sum(totals) / len(totals)
    error = (sum((total - mean) ** 2 for total in totals) / len(totals)) ** 0.5 / len(totals) ** 0.5
    assert abs(mean - len(dangerous)) < 3.5 * error
    assert sum(plain) / len(plain) > 2 * len(dangerous)


def test_the_stability_index():
    assert estimate.stability_index([10, 10, 10], [100, 100, 100]) == pytest.approx(0)
    changed = estimate.stability_index([90, 10, 0], [10, 10, 80])
    assert changed is not None
    assert changed > 1
    assert estimate.stability_index([0, 0], [1, 1]) is None
    assert [estimate.drift_level(x) for x in (None, 0.01, 0.2, 0.3)] == [None, "stable", "shifted", "changed"]
