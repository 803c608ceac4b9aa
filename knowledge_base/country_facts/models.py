"""Tables of country facts. A row says what was true from ``valid_from`` up to ``valid_to``; rows are closed, never overwritten or deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, DateTime, Float, ForeignKey, Identity, Index, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

_HOLDS = "valid_to IS NULL"


def _fact(name: str, *specific: Any) -> Table:
    """A table of facts: its own columns, and where and when each row comes from."""
    return Table(
        name,
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        *(one for one in specific if isinstance(one, Column)),
        Column("written_on", Date, comment="the ministry's own date, where it gives one"),
        Column("source", Text, nullable=False),
        Column("fetched_at", DateTime(timezone=True), nullable=False, comment="when the source last said so"),
        Column("run_id", BigInteger, ForeignKey("sync_runs.id", name=f"fk_{name}_run_id")),
        Column("valid_from", DateTime(timezone=True), nullable=False),
        Column("valid_to", DateTime(timezone=True)),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="holds_forwards"),
        *(one for one in specific if not isinstance(one, Column)),
    )


def _text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False, server_default="")


alarm_levels = _fact(
    "alarm_levels",
    Column("service", Text, nullable=False),
    Column("country", Text, nullable=False),
    _text("country_name"),
    Column("scope", Text, nullable=False),
    _text("region"),
    _text("region_key"),
    Column("level", Text, nullable=False),
    CheckConstraint("level IN ('1', '2', 'special', '3', '4')", name="level"),
    CheckConstraint("scope IN ('whole', 'part', 'unknown')", name="scope"),
    Index("uq_alarm_levels_now", "service", "country", "scope", "region_key", unique=True, postgresql_where=text(_HOLDS)),
    Index("ix_alarm_levels_country", "country", "valid_from"),
)

entry_rules = _fact(
    "entry_rules",
    Column("country", Text, nullable=False),
    *(
        _text(name)
        for name in ("country_name", "have_yn", "ordinary_yn", "ordinary", "official_yn", "official", "diplomatic_yn", "diplomatic", "basis", "remark")
    ),
    Index("uq_entry_rules_now", "country", unique=True, postgresql_where=text(_HOLDS)),
)

mission_facts = _fact(
    "mission_facts",
    Column("code", Text, nullable=False),
    Column("country", Text, nullable=False),
    *(_text(name) for name in ("name", "country_name", "kind", "management", "address", "phone", "duty_phone", "free_phone", "centre_phone")),
    Column("lat", Float),
    Column("lon", Float),
    Index("uq_mission_facts_now", "code", "country", unique=True, postgresql_where=text(_HOLDS)),
    Index("ix_mission_facts_name", "name"),
)

local_contacts = _fact(
    "local_contacts",
    Column("country", Text, nullable=False),
    _text("country_name"),
    _text("contacts"),
    Index("uq_local_contacts_now", "country", unique=True, postgresql_where=text(_HOLDS)),
)

#: What no service of the ministry tells: a mission's hours and districts, written by staff beside the directory's row.
mission_details = Table(
    "mission_details",
    metadata,
    Column("mission", Text, ForeignKey("missions.name", name="fk_mission_details_mission"), primary_key=True),
    _text("hours"),
    Column("districts", ARRAY(Text), nullable=False, server_default="{}"),
    Column("source", Text, nullable=False),
    Column("written_on", Date, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

#: Alarms that fell or vanished at the source, and stand here until a second person has confirmed it.
alarm_changes = Table(
    "alarm_changes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("alarm_id", BigInteger, ForeignKey("alarm_levels.id", name="fk_alarm_changes_alarm_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("proposal", JSONB, comment="the row that would follow; null when the alarm is gone"),
    Column("run_id", BigInteger, ForeignKey("sync_runs.id", name="fk_alarm_changes_run_id"), nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('falls', 'vanishes')", name="kind"),
    CheckConstraint("state IN ('open', 'confirmed', 'refused', 'obsolete')", name="state"),
    CheckConstraint("(kind = 'falls') = (proposal IS NOT NULL)", name="falls_to_something"),
    CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_time"),
    CheckConstraint("decided_by IS DISTINCT FROM proposed_by", name="two_people"),
    Index("uq_alarm_changes_open", "alarm_id", unique=True, postgresql_where=text("state = 'open'")),
)
