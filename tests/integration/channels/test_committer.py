"""What many people say at the same moment is stored together, exactly as it would be stored alone, and nobody pays for anybody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import DataError, Error
from psycopg.errors import DeadlockDetected

from bot.channels import committer as committing
from bot.channels import waiting
from bot.channels.wechat import notices
from conversation import arriving, visitors
from conversation.arriving import Waiting
from conversation.schemas import Inbound, InboundKind, Location, ReplyWindow
from core.clock import now
from core.errors import DatabaseUnavailable
from tests.integration.channels.conftest import Talk, window
from tests.plans import read_through

#: Columns that differ from one time to the next whatever is stored.
OWN = {"id", "message_id", "conversation_id", "window_id", "body", "address", "token", "token_hash", "fingerprint", "stream", "name", "event_id", "visitor"}
TIMES = {"created_at", "received_at", "last_inbound_at", "deadline", "inline_until", "used_at", "next_attempt_at"}
TABLES = ("conversations", "messages", "inbox", "reply_windows", "streams", "events", "outbox")


async def rows(talk: Talk) -> dict[str, list[dict[str, Any]]]:
    """Everything that was stored, without what is another each time."""
    found = {table: await talk.run(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}
    kept = {}
    for table, lines in found.items():
        shown = [{name: bool(value) if name in TIMES else value for name, value in line.items() if name not in OWN and name != "payload"} for line in lines]
        kept[table] = sorted(shown, key=repr)
    return kept


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": InboundKind.CHOICE, "choice": "person"},
        {"kind": InboundKind.LOCATION, "location": Location(37.5, 127.0)},
        {"platform_id": "77"},
    ],
)
@pytest.mark.parametrize("given", ["none", "used once", "counted"])
async def test_it_is_stored_as_it_would_be_alone(talk: Talk, values: dict[str, Any], given: str) -> None:
    def opened() -> ReplyWindow | None:
        return {"none": None, "used once": window(token="t"), "counted": window(single_use=False, messages=5)}[given]

    async def alone(inbound: Inbound) -> None:
        async with talk.db.transaction() as tx:
            await visitors.accept(tx, talk.cipher, inbound, opened())

    async def together(inbound: Inbound) -> None:
        async with talk.db.read() as connection:
            assert len(await arriving.store(connection, [arriving.prepare(talk.cipher, inbound, opened())])) == 1

    stored = []
    for write in (alone, together):
        for _ in range(2):  # the first words of a person, and the next
            await write(talk.inbound(**values))
        stored.append(await rows(talk))
        for table in ("conversations", "streams", "events"):
            await talk.run(f"DELETE FROM {table}")
    assert stored[0] == stored[1]


async def test_many_at_once_share_commits(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    store = arriving.store

    async def counted(connection: Any, waiting: Any) -> Any:
        sizes.append(len(waiting))
        return await store(connection, waiting)

    monkeypatch.setattr(arriving, "store", counted)
    arrived = await asyncio.gather(*(talk.write(f"{number}", f"U{number}") for number in range(100)))
    assert len({one.conversation_id for one in arrived}) == 100
    assert sum(sizes) == 100
    assert len(sizes) < 20
    assert (await talk.run("SELECT count(*) AS n FROM inbox"))[0]["n"] == 100


class TestMoreThanOneStatementHolds:
    @pytest.fixture(autouse=True)
    def three_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(arriving, "AT_ONCE", 3)

    def prepared(self, talk: Talk, event_id: str = "e{}") -> list[Waiting]:
        return [arriving.prepare(talk.cipher, talk.inbound("x", f"U{number}", event_id.format(number)), window()) for number in range(10)]

    async def test_it_is_one_transaction(self, talk: Talk) -> None:
        async with talk.db.read() as connection:
            stored = await arriving.store(connection, self.prepared(talk))
        rows = {row["event_id"]: row for row in await talk.run("SELECT event_id, message_id, xmin::text AS tx FROM inbox")}
        assert {place: one.message_id for place, one in stored.items()} == {number: rows[f"e{number}"]["message_id"] for number in range(10)}
        assert len({row["tx"] for row in rows.values()}) == 1

    @pytest.mark.parametrize("values", [{6: "e\x00"}, {5: None}], ids=["what no text may hold", "what the server refuses"])
    async def test_one_that_is_at_fault_leaves_nothing_stored(self, talk: Talk, values: dict[int, Any]) -> None:
        faulty = self.prepared(talk)
        faulty[7] = replace(faulty[7], values=tuple(values.get(place, value) for place, value in enumerate(faulty[7].values)))
        async with talk.db.read() as connection:
            with pytest.raises(Error):
                await arriving.store(connection, faulty)
            assert len(await arriving.store(connection, self.prepared(talk))) == 10


async def test_each_persons_words_stay_in_their_order(talk: Talk) -> None:
    arrived = await asyncio.gather(*(talk.write(f"{number}", f"U{number % 3}") for number in range(30)))
    for person in range(3):
        assert [one.sequence for one in arrived[person::3]] == list(range(1, 11))


async def test_where_more_come_than_can_be_written_who_sounds_in_danger_is_stored_first(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    cry = "살려주세요 칼을 든 사람이 문을 부수고 있어요"
    monkeypatch.setattr(committing, "MOST", 1)
    words = [("여권", "U0"), ("여권", "U1"), (cry, "U1"), ("여권", "U2"), ("여권", "U3"), (cry, "U4"), ("여권", "U4"), (cry, "U5")]
    arrived = await asyncio.gather(*(talk.write(text, visitor) for text, visitor in words))
    stored = [arrived.index(one) for one in sorted(arrived, key=lambda one: one.message_id)]
    # A cry does not come before what its writer has said before it, and waits for nobody else.
    assert stored == [1, 2, 5, 6, 7, 0, 3, 4]


async def test_however_many_cry_some_of_each_commit_belongs_to_who_sounds_calm(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    cry = "살려주세요 칼을 든 사람이 문을 부수고 있어요"
    monkeypatch.setattr(committing, "MOST", 4)
    words = [*((cry, f"U{number}") for number in range(9)), ("문이 밖에서 잠겼어요", "C1"), ("여권", "U8")]
    arrived = await asyncio.gather(*(talk.write(text, visitor) for text, visitor in words))
    stored = [arrived.index(one) for one in sorted(arrived, key=lambda one: one.message_id)]
    assert 9 in stored[:4]
    assert stored.index(8) < stored.index(10)


async def test_many_that_must_be_written_alone_leave_the_pool_to_others(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deadlock(*_: Any) -> Any:
        raise DeadlockDetected

    at_once, most = 0, 0

    async def alone() -> visitors.Arrived:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        return visitors.Arrived("c", 1, 1, False, "bot")

    monkeypatch.setattr(arriving, "store", deadlock)
    line = committing.Committer(talk.db)
    await asyncio.gather(*(line.put(Waiting("line", f"U{number}", f"e{number}", ()), alone) for number in range(committing.MOST)))
    assert most <= committing.ALONE_AT_ONCE


async def test_a_copy_is_told_from_words_that_came_with_it(talk: Talk) -> None:
    first, again, other = await asyncio.gather(talk.write(event_id="one"), talk.write(event_id="one"), talk.write(visitor="U2", event_id="two"))
    assert (first.duplicate, again.duplicate, other.duplicate) == (False, True, False)
    assert (again.message_id, again.sequence) == (first.message_id, first.sequence)
    assert (await talk.write(event_id="one")).message_id == first.message_id


async def test_nobody_waits_for_somebody_elses_locks(talk: Talk) -> None:
    held = await talk.write(visitor="U1")
    async with talk.db.transaction() as tx:
        await tx.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (held.conversation_id,))
        first, second = (asyncio.create_task(talk.write(text, "U1")) for text in ("둘", "셋"))
        async with asyncio.timeout(3):
            await asyncio.gather(*(talk.write(visitor=f"U{number}") for number in range(2, 12)))
        assert not first.done()
        assert not second.done()
    assert [(await first).sequence, (await second).sequence] == [2, 3]


async def test_what_no_database_takes_fails_alone(talk: Talk) -> None:
    writing = [talk.write(visitor=f"U{number}", event_id=f"e{number}\x00" if number == 7 else f"e{number}") for number in range(20)]
    results = await asyncio.gather(*writing, return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, Exception)] == [7]
    assert isinstance(results[7], DataError)
    assert (await talk.run("SELECT count(*) AS n FROM inbox"))[0]["n"] == 19


async def test_a_database_that_is_away_fails_everybody_and_comes_back(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(connection: Any, waiting: Any) -> Any:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(arriving, "store", away)
        results = await asyncio.gather(*(talk.write(visitor=f"U{number}") for number in range(5)), return_exceptions=True)
    assert all(isinstance(result, DatabaseUnavailable) for result in results)
    assert (await talk.run("SELECT count(*) AS n FROM inbox"))[0]["n"] == 0
    assert not (await talk.write()).duplicate


async def test_the_line_has_an_end(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "LONGEST_LINE", 3)
    results = await asyncio.gather(*(talk.write(visitor=f"U{number}") for number in range(12)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Exception)]
    assert refused
    assert all(isinstance(result, DatabaseUnavailable) for result in refused)
    assert (await talk.run("SELECT count(*) AS n FROM inbox"))[0]["n"] == 12 - len(refused)


async def test_the_first_words_of_one_person_at_once_open_one_conversation(talk: Talk) -> None:
    """Two processes at the same moment: each has a line of its own."""
    other = Talk(talk.db, talk.cipher, talk.messenger, talk.services.hub)
    arrived = await asyncio.gather(*(side.write(f"{number}") for number in range(6) for side in (talk, other)))
    assert len({one.conversation_id for one in arrived}) == 1
    assert sorted(one.sequence for one in arrived) == list(range(1, 13))


async def test_an_answer_that_came_before_anybody_listened_is_found(talk: Talk) -> None:
    async def answer() -> None:
        while not (found := await talk.run("SELECT message_id, conversation_id FROM inbox")):
            await asyncio.sleep(0)
        await talk.answer(found[0]["conversation_id"], "안내", in_reply_to=found[0]["message_id"])

    answering = asyncio.create_task(answer())
    answer_ = await talk.door.converse(talk.inbound(), until=now() + timedelta(seconds=60))
    await answering
    assert [message.text for message in answer_.messages] == ["안내"]


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (arriving._STORE, {"conversations", "inbox", "outbox", "reply_windows"}),
        (visitors._OFFERS, {"conversations", "messages"}),
        (waiting._STATES, {"inbox", "conversations", "outbox"}),
        (notices._DUE, {"inbox", "conversations", "outbox"}),
    ],
    ids=["what is said", "what was offered", "how things stand", "whether a notice is due"],
)
async def test_even_planned_on_new_tables_none_is_read_through(talk: Talk, statement: str, tables: set[str]) -> None:
    """A plan is kept: in a flood that fills a new database, one that reads tables through takes longer with each message."""
    assert await read_through(talk.db, statement, tables) == []
