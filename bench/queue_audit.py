"""What a run of ``bench queue`` must not show: plain rules over what the tables and the agents say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from handoff.queue_order import is_emergency

SEED = 20261122
#: A disaster: half of those who wait have come in the last so many seconds.
HALF_S = 1200.0
LONGEST_S = 4 * 3600.0


@dataclass(frozen=True)
class Waited:
    """A case that could be taken from ``seen_at`` on (its commit); times in seconds since the epoch."""

    case_id: int
    severity: str
    seen_at: float


@dataclass(frozen=True)
class Taken:
    """A claim as its agent saw it: asked at ``asked_at``, decided in the database at ``decided_at``, committed by ``done_at``."""

    case_id: int
    staff_id: int
    asked_at: float
    decided_at: float
    done_at: float


def ages(count: int, seed: int = SEED) -> list[float]:
    """How long each has waited when the run begins, the longest first: few at first, then more and more."""
    chance = random.Random(seed)
    return sorted((min(chance.expovariate(0.6931 / HALF_S), LONGEST_S) for _ in range(count)), reverse=True)


def severities(count: int, share: float, seed: int = SEED) -> list[str]:
    """Emergencies among routine cases, half of them life threats, anywhere in the line."""
    chance = random.Random(seed + 1)
    emergencies = round(count * share)
    kinds = ["life_threat" if number % 2 else "urgent" for number in range(emergencies)]
    kinds += ["non_urgent" if number % 3 == 0 else "none" for number in range(count - emergencies)]
    chance.shuffle(kinds)
    return kinds


def out_of_order(waited: Iterable[Waited], taken: Sequence[Taken]) -> list[tuple[int, int]]:
    """Routine cases that were given away while an emergency waited, each with one such emergency.

    An emergency waited for a routine claim if it had been committed before that claim was asked for, and nobody had so much as asked for what
    turned out to be its claim (or nobody ever did) when the routine claim was decided. Any agent who may take a routine case may take any
    emergency, whoever it is offered to, so all of them count.
    """
    kinds = {case.case_id: case for case in waited}
    asked = {claim.case_id: claim.asked_at for claim in taken}
    emergencies = sorted((case.seen_at, asked.get(case.case_id, inf), case.case_id) for case in kinds.values() if is_emergency(case.severity))
    routine = sorted((claim for claim in taken if not is_emergency(kinds[claim.case_id].severity)), key=lambda claim: claim.asked_at)
    found = []
    place, latest, which = 0, -inf, 0
    for claim in routine:
        while place < len(emergencies) and emergencies[place][0] < claim.asked_at:
            if emergencies[place][1] > latest:
                _, latest, which = emergencies[place]
            place += 1
        if latest > claim.decided_at:
            found.append((claim.case_id, which))
    return found


def double_claims(claims: Mapping[int, int], returns: Mapping[int, int], owners: Mapping[int, int | None], taken: Iterable[Taken]) -> list[int]:
    """Cases that were claimed again without having come back, or that a second agent was told to be theirs.

    ``claims`` and ``returns`` count the events of a case, ``owners`` are the rows as they stand.
    """
    told: dict[int, set[int]] = {}
    for claim in taken:
        told.setdefault(claim.case_id, set()).add(claim.staff_id)
    again = {case_id for case_id, count in claims.items() if count > 1 + returns.get(case_id, 0)}
    others = {case_id for case_id, staff in told.items() if not returns.get(case_id) and staff != {owners.get(case_id)}}
    return sorted(again | others)
