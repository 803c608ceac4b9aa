"""What the knowledge base knows of a country, for the card: its alarm level, the notices in force, and numbers that somebody has checked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.db import Connection
from core.settings import settings
from handoff.schemas import Phone

if TYPE_CHECKING:
    from knowledge_base.of_country import CurrentNotices

SERVICES = {"police": "경찰", "ambulance": "구급", "fire": "소방"}
OWN_LABEL = "영사안전콜센터"


async def alarm_of(connection: Connection, country: str | None) -> str | None:
    """The most severe travel alarm that stands for a country, in words; None: nothing is known, which is not the same as none."""
    from knowledge_base.country_facts import phrases, repository

    level = await repository.highest_alarm(connection, country) if country else None
    return phrases.LEVELS["ko"][level] if level else None


async def notices_of(connection: Connection, country: str | None, now: datetime) -> CurrentNotices:
    """The notices about a country that hold today, as citizens are told them."""
    from knowledge_base.notices import today_in_seoul
    from knowledge_base.of_country import current_notices

    return await current_notices(connection, country, today_in_seoul(now), with_test_only=settings().environment != "production")


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
