"""What stands out in a month of one account. Pure: plain numbers in, signs out; a sign is a reason to ask, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Hours of the night in Seoul, in which a look without a shift stands out.
NIGHT_FROM, NIGHT_UNTIL = 22, 6


class Sign(StrEnum):
    """Why a month stands out, the gravest first."""

    RESTRICTED = "restricted"  # opened a restricted case with a reason, or tried to
    NOT_THEIRS = "not_theirs"  # looked at cases that they never had in hand
    MANY = "many"  # looked at very many cases in one day
    NIGHT = "night"  # looked at night without being on shift

    @property
    def korean(self) -> str:
        """For the list."""
        return {"restricted": "제한 상담", "not_theirs": "맡지 않은 상담", "many": "하루에 많은 상담", "night": "근무 밖 밤"}[self.value]


@dataclass(frozen=True)
class Month:
    """What one account did in one month, in numbers."""

    account: str
    name: str
    lines: int
    looks: int
    cases: int
    most_in_a_day: int
    not_theirs: int
    night: int
    restricted: int
    refused: int = 0

    def signs(self, many_cases: int) -> tuple[Sign, ...]:
        """What stands out."""
        found = {
            Sign.RESTRICTED: self.restricted + self.refused > 0,
            Sign.NOT_THEIRS: self.not_theirs > 0,
            Sign.MANY: self.most_in_a_day >= many_cases,
            Sign.NIGHT: self.night > 0,
        }
        return tuple(sign for sign in Sign if found[sign])


def in_order(months: list[Month], many_cases: int) -> list[Month]:
    """The unusual first: by the gravest sign, by how many there are, then by how much of it; the quiet ones by name."""
    order = list(Sign)

    def key(one: Month) -> tuple[int, int, int, str]:
        signs = one.signs(many_cases)
        return (order.index(signs[0]) if signs else len(order), -len(signs), -(one.restricted + one.refused + one.not_theirs), one.account)

    return sorted(months, key=key)
