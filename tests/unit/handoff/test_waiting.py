"""What is said of a wait, and which alarms are one flood: as tables and laws."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.clusters import FLOOD, WITHIN, Alarm, clusters_of
from handoff.wait_estimate import Crew, Wait, estimate, words

T = datetime(2026, 1, 1, tzinfo=UTC)
TEN_TO_TWENTY = (600.0, 1200.0)


@pytest.mark.parametrize(
    ("position", "severity", "crew", "measured", "expected"),
    [
        (1, "none", Crew(0, 0, 0), TEN_TO_TWENTY, (None, None, "nobody")),
        (1, "life_threat", Crew(0, 0, 0), None, (None, None, "nobody")),
        (1, "none", Crew(2, 6, 1), TEN_TO_TWENTY, (0, 1, "open")),
        (1, "none", Crew(2, 6, 1), None, (0, 1, "open")),
        (2, "urgent", Crew(2, 6, 0), TEN_TO_TWENTY, (0, 1, "open")),
        (3, "life_threat", Crew(2, 6, 6), TEN_TO_TWENTY, (None, None, "busy")),
        (1, "none", Crew(2, 6, 0), TEN_TO_TWENTY, (1, 4, "busy")),
        (4, "none", Crew(1, 2, 1), TEN_TO_TWENTY, (15, 30, "busy")),
        (4, "none", Crew(1, 2, 1), None, (None, None, "busy")),
        (3, "none", Crew(1, 0, 0), TEN_TO_TWENTY, (None, None, "busy")),
        (500, "none", Crew(1, 1, 0), TEN_TO_TWENTY, (120, 120, "busy")),
    ],
)
def test_estimate(position, severity, crew, measured, expected):
    wait = estimate(position, severity, crew, measured)
    assert (wait.low_min, wait.high_min, wait.crew) == expected


@pytest.mark.parametrize(
    ("position", "crew", "measured", "says", "never"),
    [
        (3, Crew(1, 2, 0), TEN_TO_TWENTY, ["상담관이 모두 다른 분을 돕고 있습니다", "3번째", "약 15~30분", "+82"], []),
        (1, Crew(0, 0, 0), None, ["자리에 없습니다", "1번째", "아직 알 수 없습니다", "+82"], ["약"]),
        (1, Crew(1, 2, 2), None, ["1번째", "1분 안에"], ["다른 분을"]),
        (99, Crew(1, 1, 0), TEN_TO_TWENTY, ["120분 넘게"], ["~"]),
    ],
)
def test_words_are_honest(position, crew, measured, says, never):
    text = words(estimate(position, "none", crew, measured), "ko", "+82-2-3210-0404")
    assert all(part in text for part in says), text
    assert not any(part in text for part in [*never, "구조", "출동"]), text
    assert "queue" in words(estimate(position, "none", crew, measured), "de", "+82-2-3210-0404")


@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi", "fr", "es", "ru"])
@pytest.mark.parametrize(
    ("wait", "says"),
    [
        (Wait(7, None, None, "busy"), ["7", "+82-2-3210-0404"]),
        (Wait(7, 12, 34, "nobody"), ["7", "12", "34", "+82-2-3210-0404"]),
        (Wait(7, 0, 34, "open"), ["7", "34"]),
        (Wait(7, 120, 120, "busy"), ["7", "120", "+82-2-3210-0404"]),
    ],
)
def test_every_language_says_the_place_the_time_and_the_number(wait, says, language):
    text = words(wait, language, "+82-2-3210-0404")
    assert all(part in text for part in says), text
    assert not any(sign in text for sign in "{}")
    assert "None" not in text
    assert ("0404" in text) == (wait.crew != "open")
    assert language in ("ko", "en") or text != words(wait, "en", "+82-2-3210-0404")


@given(st.integers(1, 500), st.integers(1, 20), st.integers(0, 60), st.floats(10, 3600), st.floats(0, 3600))
def test_a_later_place_never_promises_less_and_the_range_is_one(position, places, free, low_s, more_s):
    crew, measured = Crew(2, places, min(free, places)), (low_s, low_s + more_s)
    wait, next_one = estimate(position, "none", crew, measured), estimate(position + 1, "none", crew, measured)
    assert 0 <= wait.low_min <= wait.high_min <= 120
    assert (wait.low_min, wait.high_min) <= (next_one.low_min, next_one.high_min)


def alarm(case_id, minute=0.0, category="natural_disaster", country="TR", cluster=None):
    return Alarm(case_id, category, country, T + timedelta(minutes=minute), cluster)


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        ([], {}),
        ([alarm(n) for n in range(1, FLOOD)], {}),
        ([alarm(n) for n in range(1, FLOOD + 1)], dict.fromkeys(range(1, FLOOD + 1), 1)),
        ([alarm(n, n * 4) for n in range(1, FLOOD + 1)], {}),
        ([alarm(n, country="TR" if n % 2 else "SY") for n in range(1, 9)], {}),
        ([alarm(n, category="other", country=None) for n in range(1, 6)], dict.fromkeys(range(1, 6), 1)),
        ([*(alarm(n, cluster=1) for n in range(2, 6)), alarm(9)], {9: 1}),
        ([*(alarm(n) for n in range(1, 6)), alarm(6, 40)], dict.fromkeys(range(1, 6), 1)),
    ],
)
def test_floods(alarms, expected):
    assert clusters_of(alarms) == expected


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["TR", None]), st.sampled_from(["war_unrest", "other"])), max_size=40))
def test_a_cluster_is_of_one_kind_and_place_and_has_enough_members(found):
    alarms = [alarm(number, minute, category, country) for number, (minute, country, category) in enumerate(found, 1)]
    named = clusters_of(alarms)
    by_id = {one.case_id: one for one in alarms}
    assert set(named) <= set(by_id)
    for name in set(named.values()):
        members = [by_id[case_id] for case_id, cluster in named.items() if cluster == name]
        assert len({(one.category, one.country) for one in members}) == 1
        assert len(members) >= FLOOD
        assert name in {one.case_id for one in members}
    for one in alarms:  # whoever has enough alarms of the kind in the window before belongs to one
        near = [
            other
            for other in alarms
            if (other.category, other.country) == (one.category, one.country) and timedelta(0) <= one.opened_at - other.opened_at <= WITHIN
        ]
        assert len([other for other in near if (other.opened_at, other.case_id) <= (one.opened_at, one.case_id)]) < FLOOD or one.case_id in named
