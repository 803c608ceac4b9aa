"""The snapshot of country facts that a process answers from; every process takes a new one when a synchronisation is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from core.db import Connection
from knowledge_base.country_facts import repository
from knowledge_base.opendata.rows import rank

CHANNEL = repository.CHANNEL


@dataclass(frozen=True)
class Alarm:
    """One alarm that stands."""

    service: str
    country: str
    country_name: str
    scope: str
    region: str
    region_key: str
    level: str
    written_on: date | None
    source: str
    fetched_at: datetime


@dataclass(frozen=True)
class EntryRule:
    """What a country asks of those who enter it, as the ministry writes it."""

    country: str
    country_name: str
    have_yn: str
    ordinary_yn: str
    ordinary: str
    official_yn: str
    official: str
    diplomatic_yn: str
    diplomatic: str
    basis: str
    remark: str
    written_on: date | None
    source: str
    fetched_at: datetime


@dataclass(frozen=True)
class Facts:
    """Everything that answers are made of, at one moment; replaced as a whole."""

    alarms: Mapping[str, tuple[Alarm, ...]] = field(default_factory=dict)
    entry: Mapping[str, EntryRule] = field(default_factory=dict)
    synced: Mapping[str, datetime] = field(default_factory=dict)


async def load(connection: Connection) -> Facts:
    """The facts that stand now."""
    alarms: dict[str, list[Alarm]] = {}
    for row in await repository.alarms(connection):
        alarms.setdefault(row["country"], []).append(Alarm(**{name: row[name] for name in Alarm.__dataclass_fields__}))
    entry = {row["country"]: EntryRule(**{name: row[name] for name in EntryRule.__dataclass_fields__}) for row in await repository.entry_rules(connection)}
    ordered = {country: tuple(sorted(found, key=lambda a: -rank(a.level))) for country, found in alarms.items()}
    return Facts(ordered, entry, await repository.syncs(connection))
