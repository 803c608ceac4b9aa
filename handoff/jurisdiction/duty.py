"""How the missions on a card stand now: open or not, their wall clock, and a duty number where somebody has checked it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core.db import Connection
from handoff.geography import time_zone_at
from handoff.jurisdiction.calendars import day_off
from handoff.jurisdiction.hours import assumed_hours, openness, parse_hours
from handoff.jurisdiction.regions import regions_at
from handoff.schemas import MissionHint, MissionNow
from handoff.soon import soon

Row = dict[str, Any]


async def missions_now(connection: Connection, hints: Iterable[MissionHint], at: datetime) -> dict[str, MissionNow]:
    """How each of some missions stands at a moment, by name; without the ones that the directory in the database does not have."""
    from knowledge_base.country_facts import repository

    wanted = {hint.name: hint.country for hint in hints}
    rows = [row for country in dict.fromkeys(wanted.values()) for row in await repository.missions_of(connection, country) if row["name"] in wanted]
    # A country's calendar takes a while to compute when it is asked for the first time; the card goes without it then.
    return await soon(lambda: {row["name"]: state_of(row, at) for row in rows}, {})


def state_of(row: Row, at: datetime) -> MissionNow:
    """How a mission of the directory stands; ``row`` is the knowledge base's view of it."""
    country, zone = row["country"], time_zone_at(row["lat"], row["lon"]) or "UTC"
    text = (row["hours"] or "").strip()
    near = regions_at(country, row["lat"], row["lon"], 0.0)
    division = near[0].code.split("-", 1)[1] if near else None
    found = openness(parse_hours(text, zone) or assumed_hours(zone), lambda day: day_off(country, day, division), at)
    return MissionNow(
        is_open=found.is_open,
        is_verified=found.is_verified,
        why=found.why,
        time_zone=zone,
        local_time=found.local_time,
        next_opening=found.next_opening,
        hours=text,
        duty_phone=(row["duty_phone"] or "").strip() if row["verified"] else "",
    )
