"""Nothing that a citizen or a person wrote stands readable in any table, index or log of the server."""

from __future__ import annotations

import pytest

from conversation.schemas import AuthorKind, InboundKind, Location
from core import db as database

SAID, CHOSEN, ANSWERED, SUMMED = "꿀벌이수영장에서", "buttonpayload", "두루미가답했습니다", "요약은호랑이입니다"
LAT, LON = 37.566535, 126.977969


@pytest.fixture
async def full(desk, talk, cipher):
    """A conversation with every kind of content, and a case."""
    from handoff import service as handoff

    await desk.say(talk, text=SAID)
    await desk.say(talk, kind=InboundKind.CHOICE, text=SAID, choice=CHOSEN)
    await desk.say(talk, kind=InboundKind.DANGER, text=SAID)
    await desk.say(talk, kind=InboundKind.LOCATION, text=SAID, location=Location(LAT, LON, 12.0))
    await desk.reply(talk, AuthorKind.BOT, text=ANSWERED)
    async with desk.db.transaction() as tx:
        await handoff.open_or_raise(tx, cipher, talk, "urgent", "missing", "test", summary=SUMMED)
    return talk


async def dump(connection: database.Connection) -> dict[str, str]:
    """Every table as text; binary columns as hexadecimal digits."""
    tables = await database.rows(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    content = {}
    for table in (row["tablename"] for row in tables):
        found = await database.rows(connection, f'SELECT to_jsonb(t)::text AS line FROM "{table}" t')
        content[table] = "\n".join(row["line"] for row in found)
    return content


async def test_no_table_holds_words_or_places(desk, full) -> None:
    async with desk.db.read() as connection:
        content = await dump(connection)
    assert content["messages"].count("\n") == 4
    secrets = [SAID, CHOSEN, ANSWERED, SUMMED, str(LAT), str(LON)]
    for table, lines in content.items():
        for secret in secrets:
            assert secret not in lines, (table, secret)
            assert secret.encode().hex() not in lines, (table, secret)
            assert secret[:4].encode().hex() not in lines or secret[0].isdigit(), (table, secret)


async def test_the_same_words_twice_look_different(desk, talk) -> None:
    await desk.say(talk, text=SAID)
    await desk.say(talk, text=SAID)
    rows = await desk.rows("SELECT m.body, i.fingerprint FROM messages m JOIN inbox i ON i.message_id = m.id")
    assert len({bytes(row["body"]) for row in rows}) == 2


async def test_with_the_key_it_opens(desk, full) -> None:
    assert [text for _, author, text in await desk.lines(full) if author == "citizen"] == [SAID] * 4


async def test_events_carry_numbers_only(desk, full) -> None:
    payloads = [row["payload"] for row in await desk.rows("SELECT payload FROM events WHERE stream LIKE 'conversation:%%'")]
    assert payloads
    assert all(isinstance(value, int) for payload in payloads for value in payload.values())


async def test_a_record_does_not_print_its_words(desk, full) -> None:
    """A line that ends up in a log by mistake shows numbers, not words."""
    from conversation import service

    async with desk.db.read() as connection:
        lines = await service.transcript(connection, desk.cipher, full)
    assert SAID not in repr(lines)
