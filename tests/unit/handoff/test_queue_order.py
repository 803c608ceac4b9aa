import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.queue_order import SEVERITIES, is_emergency, may_take, order_key, worst

T = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "held", "cap", "may"),
    [
        ("none", 0, 1, True),
        ("none", 1, 1, False),
        ("none", 0, 0, False),
        ("non_urgent", 2, 3, True),
        ("non_urgent", 3, 3, False),
        ("urgent", 3, 3, True),
        ("urgent", 4, 3, False),
        ("urgent", 0, 0, True),
        ("urgent", 1, 0, False),
        ("life_threat", 3, 3, True),
        ("life_threat", 99, 3, True),
        ("life_threat", 1, 0, True),
    ],
)
def test_caps(severity, held, cap, may):
    assert may_take(severity, held, cap) is may


def test_emergencies():
    assert [severity for severity in SEVERITIES if is_emergency(severity)] == ["life_threat", "urgent"]


@given(st.lists(st.tuples(st.sampled_from(SEVERITIES), st.integers(0, 5000)), min_size=2))
def test_class_first_then_arrival(waiting):
    keyed = sorted(order_key(severity, T + timedelta(seconds=s), index) for index, (severity, s) in enumerate(waiting))
    assert keyed == sorted(keyed, key=lambda key: key[0])
    for before, after in itertools.pairwise(keyed):
        assert before[0] < after[0] or before[1] <= after[1]


@given(st.sampled_from(SEVERITIES), st.sampled_from(SEVERITIES))
def test_worst_never_lowers(one, other):
    assert SEVERITIES.index(worst(one, other)) <= min(SEVERITIES.index(one), SEVERITIES.index(other))
