"""What the knowledge base knows of a country, for the card: missions that may be competent, and numbers that somebody has checked."""

from __future__ import annotations

from datetime import datetime

from core.db import Connection
from core.settings import settings
from handoff.missions import missions_for, missions_of
from handoff.schemas import CountryCandidate, MissionHint, Phone

SERVICES = {"police": "경찰", "ambulance": "구급", "fire": "소방"}
OWN_LABEL = "영사안전콜센터"


async def missions_near(
    connection: Connection, country: str | None, candidates: list[CountryCandidate], point: tuple[float, float] | None
) -> list[MissionHint]:
    """Missions of the case's country; of every candidate when the place lies at a border and nobody has named a country."""
    from knowledge_base import reference, repository

    wanted = [country] if country else [candidate.country for candidate in candidates]
    if not wanted:
        return []
    # A directory that has not been seeded into the database yet is read from its file.
    known = missions_of(await repository.missions_of(connection) or reference.read_missions())
    return [hint for one in wanted for hint in missions_for(one, point, known)]


async def alarm_of(connection: Connection, country: str | None) -> str | None:
    """The most severe travel alarm that stands for a country, in words; None: nothing is known, which is not the same as none."""
    from knowledge_base.country_facts import phrases, repository

    level = await repository.highest_alarm(connection, country) if country else None
    return phrases.LEVELS["ko"][level] if level else None


async def checked_numbers(connection: Connection, country: str | None, now: datetime) -> list[Phone]:
    """Local numbers with a source, a checker and a date under 180 days, merged where they are one; at last the service's own."""
    from knowledge_base import reference, repository
    from knowledge_base.notices import today_in_seoul

    labels: dict[str, str] = {}
    if country:
        known = await repository.numbers(connection)
        for service, label in SERVICES.items():
            for number in known:
                if number.country == country and number.service == service and reference.is_dialable(number, today_in_seoul(now)):
                    labels[number.number] = f"{labels[number.number]}·{label}" if number.number in labels else label
    return [*(Phone(label, number) for number, label in labels.items()), Phone(OWN_LABEL, settings().hotline)]
