"""Whom a waiting case is offered to: plain rules over plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handoff.queue_order import is_emergency, may_take

#: After so many people have let an offer pass, everyone is asked: each of them costs the citizen one ``offer_timeout_s``.
MAX_OFFERS = 3
#: A desk beats every 15 s; three missed beats and nobody is there.
SILENT_AFTER = timedelta(seconds=45)
#: Cases of each kind that one round of the sweeper deals with. Telling of a case holds the queue's stream, which everybody needs who takes one.
AT_ONCE = 25
#: The team of whoever belongs to no other, and of every case that nobody has moved to another.
CENTRE = "centre"
#: The team of the cases of the incident for which surge mode stands. Nobody need belong to it: then its cases are everybody's.
INCIDENT_LANE = "incident"


@dataclass(frozen=True)
class Wanted:
    """What a case asks of its agent."""

    severity: str
    category: str
    language: str
    team: str = CENTRE


@dataclass(frozen=True)
class Candidate:
    """An agent at an open desk; ``held`` counts what is in hand and what is being offered."""

    staff_id: int
    languages: frozenset[str]
    skills: frozenset[str]
    teams: frozenset[str]
    held: int
    cap: int
    idle_since: datetime
    #: A rest is owed to them: routine offers pass them by, an emergency does not.
    is_owed_rest: bool = False

    def with_one_more(self) -> Candidate:
        """The same agent once one more case is offered."""
        return replace(self, held=self.held + 1)


def choose(wanted: Wanted, candidates: Iterable[Candidate], tried: Iterable[int] = ()) -> Candidate | None:
    """The agent to offer a case to: who fits best, then who holds fewest, then who has been idle longest.

    What cannot be had is given up in order: first the skill, then the language; an emergency does not insist on the team either, since
    somebody is better than nobody.
    """
    everybody, passed = list(candidates), set(tried)
    danger = is_emergency(wanted.severity)
    free = [one for one in everybody if one.staff_id not in passed and (danger or not one.is_owed_rest) and may_take(wanted.severity, one.held, one.cap)]
    for pool in _pools(wanted, free, everybody):
        if pool:
            return min(pool, key=lambda one: (one.held, one.idle_since, one.staff_id))
    return None


def _pools(wanted: Wanted, free: list[Candidate], candidates: list[Candidate]) -> Iterable[list[Candidate]]:
    team = [one for one in free if wanted.team in (one.teams or {CENTRE})]
    is_anybodys = is_emergency(wanted.severity) or (wanted.team == INCIDENT_LANE and not any(INCIDENT_LANE in one.teams for one in candidates))
    groups = [team, free] if is_anybodys else [team]
    for group in groups:
        speaking = [one for one in group if wanted.language in one.languages]
        yield [one for one in speaking if wanted.category in one.skills]
        yield speaking
        yield group
