"""Whom a case is offered to, as a table."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.choosing import Candidate, Wanted, choose
from handoff.queue_order import may_take

T = datetime(2026, 1, 1, tzinfo=UTC)


def agent(staff_id, *, speaks=("ko",), skills=(), teams=(), held=0, cap=3, idle_min=10):
    return Candidate(staff_id, frozenset(speaks), frozenset(skills), frozenset(teams), held, cap, T - timedelta(minutes=idle_min))


def wanted(severity="urgent", category="assault", language="ko", team="centre"):
    return Wanted(severity, category, language, team)


@pytest.mark.parametrize(
    ("case", "agents", "tried", "chosen"),
    [
        (wanted(), [], (), None),
        (wanted(), [agent(1, held=1), agent(2)], (), 2),
        (wanted(), [agent(1, idle_min=5), agent(2, idle_min=50)], (), 2),
        (wanted(), [agent(2), agent(1)], (), 1),
        (wanted(language="en"), [agent(1), agent(2, speaks=("ko", "en"), held=2)], (), 2),
        (wanted(language="en"), [agent(1), agent(2, speaks=("en",))], (2,), 1),
        (wanted(language="vi"), [agent(1)], (), 1),
        (wanted(language="vi", severity="none"), [agent(1)], (), 1),
        (wanted(category="death"), [agent(1), agent(2, skills=("death",), held=2)], (), 2),
        (wanted(category="death", language="en"), [agent(1, skills=("death",)), agent(2, speaks=("en",), held=2)], (), 2),
        (wanted(team="night"), [agent(1), agent(2, teams=("night",), held=2)], (), 2),
        (wanted(team="night"), [agent(1)], (), 1),
        (wanted("none", team="night"), [agent(1)], (), None),
        (wanted("none"), [agent(1, teams=("night",)), agent(2, held=2)], (), 2),
        (wanted("none"), [agent(1, held=3)], (), None),
        (wanted("urgent"), [agent(1, held=3)], (), 1),
        (wanted("urgent"), [agent(1, held=4)], (), None),
        (wanted("life_threat"), [agent(1, held=9)], (), 1),
        (wanted("none"), [agent(1, cap=0)], (), None),
        (wanted(), [agent(1), agent(2)], (1, 2), None),
    ],
)
def test_choice(case, agents, tried, chosen):
    found = choose(case, agents, tried)
    assert (found.staff_id if found else None) == chosen


AGENTS = st.lists(
    st.builds(
        agent,
        st.integers(1, 9),
        speaks=st.sets(st.sampled_from(["ko", "en", "vi"])),
        skills=st.sets(st.sampled_from(["death", "assault"])),
        teams=st.sets(st.sampled_from(["centre", "night"])),
        held=st.integers(0, 6),
        cap=st.integers(0, 4),
        idle_min=st.integers(0, 90),
    ),
    unique_by=lambda one: one.staff_id,
)
CASES = st.builds(
    wanted,
    st.sampled_from(["life_threat", "urgent", "non_urgent", "none"]),
    st.sampled_from(["death", "assault", "other"]),
    st.sampled_from(["ko", "en", "th"]),
    st.sampled_from(["centre", "night"]),
)


@given(CASES, AGENTS, st.sets(st.integers(1, 9)))
def test_never_beyond_the_cap_never_twice_and_an_emergency_finds_whoever_is_free(case, agents, tried):
    found = choose(case, agents, tried)
    free = [one for one in agents if one.staff_id not in tried and may_take(case.severity, one.held, one.cap)]
    assert found is None or found in free
    if case.severity in ("life_threat", "urgent"):
        assert (found is None) == (not free)
    elif found is not None:
        assert case.team in (found.teams or {"centre"})


@given(CASES, AGENTS)
def test_the_order_of_the_candidates_does_not_matter(case, agents):
    assert choose(case, agents) == choose(case, list(reversed(agents)))
