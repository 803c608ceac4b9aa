"""Alembic's environment: the connection comes from ``core.migrate``, the tables from every package's ``models``."""

from __future__ import annotations

import importlib
import importlib.util

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from core.db import metadata

#: Every module that declares tables. ``core`` may not import the domains, so alembic's environment names them instead.
MODELS = (
    "core.models",
    "conversation.models",
    "conversation.files.models",
    "accounts.models",
    "knowledge_base.models",
    "knowledge_base.editing.models",
    "knowledge_base.opendata.models",
    "knowledge_base.country_facts.models",
    "handoff.models",
    "handoff.reviews.models",
    "handoff.jurisdiction.models",
    "handoff.officers.models",
    "handoff.records.models",
    "handoff.records.access_models",
    "handoff.records.consent_models",
    "handoff.records.export_models",
    "handoff.incidents.models",
    "handoff.surge.models",
    "handoff.phone.models",
    "handoff.calls.models",
    "handoff.drills.models",
    "handoff.hand_on.models",
    "handoff.abuse.models",
    "handoff.board.models",
    "bot.dialogue.models",
    "bot.channels.sms.models",
    "bot.channels.kakao.models",
    "bot.channels.wechat.models",
)
for name in MODELS:
    importlib.import_module(name)


def run() -> None:
    """Run the migrations on one connection."""
    dsn = context.config.attributes["dsn"]
    import psycopg

    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(dsn))
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
        with context.begin_transaction():
            context.run_migrations()


run()
