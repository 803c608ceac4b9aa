"""Delivered, read, failed; and the passing word that somebody is typing, which leaves no trace."""

from __future__ import annotations

import asyncio

import pytest

from conversation import marks
from conversation import service as conversation
from conversation.marks import Marks
from conversation.schemas import AuthorKind, Body
from core import db as database
from core import events
from core.db import metadata
from core.events import EventHub


@pytest.fixture
async def hub(db):
    hub = EventHub(db)
    hub.start()
    async with asyncio.timeout(60):
        while not hub.connected:
            await asyncio.sleep(0.01)
    yield hub
    await hub.stop()


@pytest.fixture
def talk_on(db, cipher):
    async def make(channel, lines=3):
        async with db.transaction() as tx:
            talk, _ = await conversation.start(tx, channel)
            for n in range(lines):
                await conversation.reply(tx, cipher, talk, AuthorKind.SYSTEM, Body(f"글 {n}"), client_id=str(n))
        return talk

    return make


async def marks_of(db, talk):
    async with db.read() as connection:
        return await marks.marks(connection, talk)


async def test_a_page_in_the_background_has_been_delivered_and_not_read(db, talk_on):
    talk = await talk_on("webchat")
    steps = [(marks.mark_delivered, (2,), Marks(0, 2)), (marks.mark_delivered, (1,), Marks(0, 2)), (marks.mark_delivered, (99,), Marks(0, 3))]
    for act, args, expected in steps:
        async with db.transaction() as tx:
            await act(tx, talk, *args)
        assert await marks_of(db, talk) == expected
    async with db.transaction() as tx:
        await conversation.mark_read(tx, talk, "citizen", 3)
        await marks.mark_delivered(tx, talk, 3)
    assert await marks_of(db, talk) == Marks(3, 3)
    async with db.read() as connection:
        told = [(event.kind, event.payload) for event in await events.read(connection, conversation.stream(talk), 0) if event.kind != "message"]
    assert told == [("delivered", {"seq": 2}), ("delivered", {"seq": 3}), ("read", {"by": "citizen", "seq": 3})]


async def test_what_is_read_is_delivered(db, talk_on):
    talk = await talk_on("webchat")
    async with db.transaction() as tx:
        await conversation.mark_read(tx, talk, "citizen", 2)
        await marks.mark_delivered(tx, talk, 1)
    assert await marks_of(db, talk) == Marks(2, 2)


async def test_of_a_messenger_the_sender_says_it(db, talk_on):
    talk = await talk_on("line")
    assert await marks_of(db, talk) == Marks()
    async with db.transaction() as tx:
        for state, seq in (("sent", 1), ("dead", 2)):
            await database.run(
                tx, "UPDATE outbox SET state = %s WHERE message_id = (SELECT id FROM messages WHERE conversation_id = %s AND seq = %s)", state, talk, seq
            )
    assert await marks_of(db, talk) == Marks(0, 1, (2,))


async def test_of_no_conversation_there_are_none(db):
    assert await marks_of(db, "nobody") == Marks()


async def rows(db):
    counted = " UNION ALL ".join(f"SELECT '{table.name}' AS name, count(*) AS n FROM \"{table.name}\"" for table in metadata.sorted_tables)
    async with db.read() as connection:
        return {row["name"]: row["n"] for row in await database.rows(connection, counted)}


async def test_typing_is_heard_by_those_who_look_on_and_stored_nowhere(db, hub, talk_on):
    talk, other = await talk_on("webchat"), await talk_on("webchat")
    before, heard, elsewhere = await rows(db), [], []
    with hub.hinted(conversation.stream(talk), heard.append), hub.hinted(conversation.stream(other), elsewhere.append):
        async with db.read() as connection:
            for by in ("citizen", "person"):
                await marks.say_typing(connection, talk, by)
        async with asyncio.timeout(60):
            while len(heard) < 2:
                await asyncio.sleep(0.01)
    async with db.read() as connection:
        await marks.say_typing(connection, talk, "citizen")
    assert heard == ["typing:citizen", "typing:person"]
    assert elsewhere == []
    assert await rows(db) == before
    assert not hub._hinted, "nobody is left behind"


async def test_a_listener_at_fault_does_not_silence_the_events(db, hub, talk_on):
    talk = await talk_on("webchat")
    with hub.hinted(conversation.stream(talk), lambda _word: 1 / 0), hub.subscribe(conversation.stream(talk)) as wake:
        async with db.read() as connection:
            await marks.say_typing(connection, talk, "citizen")
        async with db.transaction() as tx:
            await conversation.mark_read(tx, talk, "citizen", 1)
        async with asyncio.timeout(60):
            await wake.wait()
