"""On which days a mission does not work: the local weekend, local public holidays, and the Korean national days that missions keep abroad."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from handoff.jurisdiction.hours import WEEKEND

if TYPE_CHECKING:
    from holidays import HolidayBase

#: 국경일: missions keep them beside the local calendar (general knowledge, to be verified); 설, 추석 and substitute days are not kept as a rule.
NATIONAL_DAYS = frozenset({(3, 1), (7, 17), (8, 15), (10, 3), (10, 9)})


@lru_cache(maxsize=256)
def _local(country: str, division: str | None) -> HolidayBase | None:
    """The public holidays of a country, with those of a division (ISO 3166-2 without the country) where the library knows them."""
    from holidays import country_holidays, list_supported_countries

    divisions = list_supported_countries().get(country)
    if divisions is None:
        return None
    found = country_holidays(country, subdiv=division if division in divisions else None)
    return country_holidays(country, subdiv=found.subdiv, language="en_US") if "en_US" in found.supported_languages else found


@lru_cache(maxsize=1)
def _korean() -> HolidayBase:
    from holidays import country_holidays

    return country_holidays("KR", language="ko")


def is_known(country: str) -> bool:
    """Whether there is a calendar of this country; without one only Saturdays, Sundays and Korean days count."""
    return _local(country, None) is not None


def day_off(country: str, day: date, division: str | None = None) -> str | None:
    """Why a mission in this country does not work on a day, in words; None on a working day."""
    local = _local(country, division)
    if local is not None and day in local:
        return f"현지 공휴일 {local[day]}"
    if (day.month, day.day) in NATIONAL_DAYS and day in _korean():
        return f"국경일 {_korean()[day]}"
    is_weekend = local.is_weekend(day) if local is not None else day.weekday() >= 5
    return WEEKEND if is_weekend else None
