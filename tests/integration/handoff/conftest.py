"""Builders of a case's surroundings; the database and the cipher come from ``tests/conftest.py`` where it stands, else from here."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from handoff import service as handoff
from handoff.officers import service as officers
from handoff.soon import warm

_number = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _tables_are_read():
    """As a desk's process does at its start: what is not read by then is left out of a card, rather than waited for."""
    warm()


@pytest.fixture
def make_staff(db):
    """``await make_staff(cap=…, roles=…)``: an account, with an open desk."""

    async def make(*roles, cap=3, state="available", login=None):
        name = login or f"agent{next(_number)}"
        async with db.transaction() as tx:
            row = await database.one(
                tx,
                "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', %s, %s) RETURNING id",
                name,
                name.title(),
                list(roles or ("agent",)),
                cap,
            )
            await database.run(tx, "INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, %s, %s)", row["id"], state, cap)
        return Staff(row["id"], name, name.title(), frozenset(roles or ("agent",)), ("ko",), cap)

    return make


@pytest.fixture
def make_case(db, cipher):
    """``await make_case("urgent")``: a conversation with an open case."""

    async def make(severity="urgent", category="robbery_theft", *, summary="지갑을 뺏겼어요", country=None, arrived_s_ago=None):
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
            case = await handoff.open_or_raise(tx, cipher, conversation_id, severity, category, "direct,ongoing", summary=summary, country=country)
            if arrived_s_ago is not None:
                row = await database.one(
                    tx,
                    "UPDATE cases SET arrival_at = now() - make_interval(secs => %s) WHERE id = %s RETURNING arrival_at",
                    arrived_s_ago,
                    case.id,
                )
                case = replace(case, arrival_at=row["arrival_at"])
        return case

    return make


@pytest.fixture
def say(db, cipher):
    """``await say(conversation_id, "…", action="none", score=0.1)``: a line of the citizen as triage has judged it; its id."""

    async def make(conversation_id, text="문이 밖에서 잠겨 있어요", *, action="none", score=0.1, at=None):
        inbound = Inbound("webchat", f"say-{next(_number)}", conversation_id, InboundKind.TEXT, text=text)
        async with db.transaction() as tx:
            accepted = await conversation.accept(tx, cipher, inbound)
            await database.run(
                tx,
                """UPDATE inbox SET triage_state = 'done', triaged_at = now(), action = %s, score = %s, urgency = 'none', category = 'other',
                          received_at = COALESCE(%s, received_at) WHERE message_id = %s""",
                action,
                score,
                at,
                accepted.message_id,
            )
        return accepted.message_id

    return make


@pytest.fixture
def talk(db):
    """``await talk()``: a conversation; its id."""

    async def make(*, synthetic=False):
        async with db.transaction() as tx:
            return (await conversation.start(tx, "webchat", synthetic=synthetic))[0]

    return make


@pytest.fixture
def call(db):
    """``await call(service.mark, …)``: one function in a transaction of its own."""

    async def run(function, *args, **values):
        async with db.transaction() as tx:
            return await function(tx, *args, **values)

    return run


@pytest.fixture
def seated(db, cipher, make_staff, call):
    """``await seated(mission)``: an officer who sits there."""

    async def make(mission, address="", login=None):
        officer, boss = await make_staff("officer", login=login), await make_staff("supervisor")
        await call(officers.seat, cipher, boss, officer.id, mission, address)
        return officer

    return make
