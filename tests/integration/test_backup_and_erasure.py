"""``gildongmu backup``, ``restore`` and ``erase`` as an operator rehearses them: on real servers, with everything destroyed in between."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from bot import erasure, operation
from bot.cli import main
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Inbound, InboundKind
from core import audit
from core.crypto import load_cipher
from core.db import Database, metadata
from handoff import service as handoff
from handoff.records import holds

WORDS = "여권과 지갑을 모두 빼앗겼어요"
PASSPHRASE = "길동무의 긴 암호 문장"


@pytest.fixture
def server(make_database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line on a database of its own, as with the operator's PostgreSQL."""
    monkeypatch.setenv("DATABASE_URL", make_database())
    monkeypatch.setenv("GILDONGMU_BACKUP_PASSPHRASE", PASSPHRASE)
    run = runner(tmp_path / "data")
    assert run("kb", "list").exit_code == 0  # migrates
    return run


def runner(folder: Path) -> Callable[..., Result]:
    folder.mkdir(exist_ok=True)

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--data-dir", str(folder)])

    command.folder = folder  # type: ignore[attr-defined]
    return command


def last(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.output.splitlines()[-1]))


def on(dsn: str, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Run in a thread, since the tests' own loop runs already."""

    async def run() -> Any:
        db = await Database.open(dsn, min_size=1, max_size=3)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


def citizen(dsn: str, folder: Path, *, closed: bool = True, visitor: str = "", channel: str = "webchat") -> tuple[str, int]:
    """Somebody who wrote, was answered, and had a case with a note; its conversation and number."""
    cipher = load_cipher(folder / "keys.json")

    async def work(db: Database) -> tuple[str, int]:
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, channel, visitor=visitor)
            accepted = await conversation.accept(tx, cipher, Inbound(channel, f"e-{conversation_id}", conversation_id, InboundKind.TEXT, text=WORDS))
            await conversation.reply(
                tx, cipher, conversation_id, AuthorKind.BOT, Body("상담관을 연결하고 있습니다."), client_id="b1", in_reply_to=accepted.message_id
            )
            case = await handoff.open_or_raise(tx, cipher, conversation_id, "none", "other", "asked", language="ko", country="TH", summary=WORDS)
            if closed:
                await tx.execute("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' WHERE id = %s", (case.id,))
            await audit.record(tx, "agent", "127.0.0.1", "case.view", case.id, cipher.pseudonym(conversation_id))
        return conversation_id, case.id

    return on(dsn, work)


@pytest.fixture
def dsn_of(server, monkeypatch: pytest.MonkeyPatch) -> str:
    import os

    return os.environ["DATABASE_URL"]


def words_in(dsn: str, folder: Path, conversation_id: str) -> list[str]:
    cipher = load_cipher(folder / "keys.json")

    async def work(db: Database) -> list[str]:
        async with db.read() as connection:
            return [line.text for line in await conversation.transcript(connection, cipher, conversation_id)]

    return on(dsn, work)


def test_what_was_backed_up_comes_back_word_for_word(server, dsn_of: str, tmp_path: Path) -> None:
    kept, _ = citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    (server.folder / "keys.json").unlink()
    with psycopg.connect(dsn_of, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    restored = server("restore", str(tmp_path / "one.tar"))
    assert restored.exit_code == 0, restored.output
    assert last(restored)["messages"] == 2
    assert last(restored)["access_log"] == 1
    assert words_in(dsn_of, server.folder, kept)[0] == WORDS
    assert (server.folder / "keys.json").stat().st_mode & 0o777 == 0o600


def test_the_file_gives_nothing_away(server, dsn_of: str, tmp_path: Path) -> None:
    citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    content = (tmp_path / "one.tar").read_bytes()
    key = json.loads((server.folder / "keys.json").read_text())["keys"]["1"]
    assert WORDS.encode() not in content
    assert key.encode() not in content
    assert (tmp_path / "one.tar").stat().st_mode & 0o777 == 0o600


def test_a_database_in_use_is_not_replaced_unasked(server, dsn_of: str, tmp_path: Path) -> None:
    citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    later, _ = citizen(dsn_of, server.folder)
    refused = server("restore", str(tmp_path / "one.tar"))
    assert refused.exit_code == 2
    assert "--replace" in refused.output
    assert words_in(dsn_of, server.folder, later)
    assert server("restore", str(tmp_path / "one.tar"), "--replace").exit_code == 0
    assert words_in(dsn_of, server.folder, later) == []


@pytest.mark.parametrize("damage", ["passphrase", "bytes", "other file", "chain"])
def test_a_restore_that_fails_changes_nothing(server, dsn_of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    citizen(dsn_of, server.folder)
    if damage == "chain":
        with psycopg.connect(dsn_of, autocommit=True) as connection:
            connection.execute("UPDATE access_log SET account = 'somebody else'")
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    later, _ = citizen(dsn_of, server.folder)
    keys = (server.folder / "keys.json").read_bytes()
    if damage == "passphrase":
        monkeypatch.setenv("GILDONGMU_BACKUP_PASSPHRASE", "another long passphrase")
    elif damage == "bytes":
        content = bytearray((tmp_path / "one.tar").read_bytes())
        content[len(content) // 2] ^= 255
        (tmp_path / "one.tar").write_bytes(content)
    elif damage == "other file":
        (tmp_path / "one.tar").write_bytes(b"not a backup")
    failed = server("restore", str(tmp_path / "one.tar"), "--replace")
    assert failed.exit_code == 2, failed.output
    assert failed.output.startswith("gildongmu: ")
    assert words_in(dsn_of, server.folder, later)[0] == WORDS
    assert (server.folder / "keys.json").read_bytes() == keys
    with psycopg.connect(dsn_of) as connection:
        assert connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'before_restore'").fetchone() == (0,)


@pytest.mark.parametrize("sign", [signal.SIGHUP, signal.SIGTERM])
def test_a_restore_whose_line_is_closed_changes_nothing(server, dsn_of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: int) -> None:
    citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    later, _ = citizen(dsn_of, server.folder)
    before = signal.getsignal(sign)

    def closed_twice(dsn: str) -> None:
        try:
            os.kill(os.getpid(), sign)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(operation, "migrate", closed_twice)
    assert server("restore", str(tmp_path / "one.tar"), "--replace").exit_code == 128 + sign
    assert words_in(dsn_of, server.folder, later)[0] == WORDS
    assert signal.getsignal(sign) == before


def test_a_restore_under_nohup_outlives_its_line(server, dsn_of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    monkeypatch.setattr(operation, "migrate", lambda dsn: os.kill(os.getpid(), signal.SIGHUP))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert server("restore", str(tmp_path / "one.tar"), "--replace").exit_code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_restore_that_was_cut_off_has_left_is_not_thrown_away(server, dsn_of: str, tmp_path: Path) -> None:
    assert server("backup", str(tmp_path / "one.tar")).exit_code == 0
    with psycopg.connect(dsn_of, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA before_restore")
    refused = server("restore", str(tmp_path / "one.tar"), "--replace")
    assert refused.exit_code == 2
    assert "before_restore" in refused.output
    with psycopg.connect(dsn_of) as connection:
        assert connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'before_restore'").fetchone() == (1,)


def test_a_short_passphrase_and_a_name_that_is_taken_are_refused(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken.tar").write_bytes(b"")
    assert server("backup", str(tmp_path / "taken.tar")).exit_code == 2
    monkeypatch.setenv("GILDONGMU_BACKUP_PASSPHRASE", "short")
    assert server("backup", str(tmp_path / "new.tar")).exit_code == 2
    assert not (tmp_path / "new.tar").exists()


def test_the_programs_own_server_is_rehearsed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GILDONGMU_BACKUP_PASSPHRASE", PASSPHRASE)
    run = runner(tmp_path / "var")
    invited = run("staff", "invite")
    assert invited.exit_code == 0, invited.output
    assert run("backup", str(tmp_path / "own.tar")).exit_code == 0
    shutil.rmtree(tmp_path / "var")
    restored = runner(tmp_path / "var")("restore", str(tmp_path / "own.tar"))
    assert restored.exit_code == 0, restored.output
    assert (tmp_path / "var" / "keys.json").exists()


def test_an_erased_citizen_leaves_numbers_only(server, dsn_of: str) -> None:
    gone, number = citizen(dsn_of, server.folder)
    stays, _ = citizen(dsn_of, server.folder)
    shown = last(server("erase", "--case", str(number)))
    assert (shown["conversations"], shown["messages"], shown["open_cases"]) == ([gone], 2, 0)
    assert words_in(dsn_of, server.folder, gone)[0] == WORDS
    erased = server("erase", "--conversation", gone, "--confirm", "--by", "책임자")
    assert erased.exit_code == 0, erased.output
    assert last(erased)["rows"]["messages"] == 2
    assert words_in(dsn_of, server.folder, gone) == []
    assert words_in(dsn_of, server.folder, stays)[0] == WORDS
    with psycopg.connect(dsn_of) as connection:
        assert connection.execute("SELECT summary, severity, outcome FROM cases WHERE id = %s", (number,)).fetchone() == (None, "none", "resolved")
        assert connection.execute("SELECT count(*) FROM events WHERE stream = %s", (f"conversation:{gone}",)).fetchone() == (0,)
    again = server("erase", "--conversation", gone, "--confirm")
    assert (again.exit_code, last(again)["rows"]["messages"]) == (0, 0)

    async def chain(db: Database) -> audit.Chain:
        async with db.read() as connection:
            return await audit.verify_chain(connection)

    assert on(dsn_of, chain).intact


def test_every_conversation_of_a_visitor_goes_together(server, dsn_of: str) -> None:
    first, _ = citizen(dsn_of, server.folder, visitor="v1")
    second, _ = citizen(dsn_of, server.folder, visitor="v1", channel="line")
    citizen(dsn_of, server.folder, visitor="v2")
    assert sorted(last(server("erase", "--conversation", first, "--confirm"))["erased"]) == sorted([first, second])


def test_an_open_case_and_a_hold_are_not_erased(server, dsn_of: str) -> None:
    open_one, _ = citizen(dsn_of, server.folder, closed=False)
    refused = server("erase", "--conversation", open_one, "--confirm")
    assert (refused.exit_code, last(refused)["error"]["code"]) == (1, "case_open")
    kept, _ = citizen(dsn_of, server.folder)
    cipher = load_cipher(server.folder / "keys.json")

    async def hold(db: Database) -> tuple[bool, bool]:
        async with db.transaction() as tx:
            return await holds.set_hold(tx, cipher, kept, "감독자", "소송 예정"), await holds.set_hold(tx, cipher, kept, "감독자", "소송 예정")

    async def lift(db: Database) -> bool:
        async with db.transaction() as tx:
            return await holds.lift_hold(tx, cipher, kept, "감독자")

    assert on(dsn_of, hold) == (True, False)
    refused = server("erase", "--conversation", kept, "--confirm")
    assert (refused.exit_code, last(refused)["error"]["code"]) == (1, "on_hold")
    assert words_in(dsn_of, server.folder, kept)[0] == WORDS
    assert on(dsn_of, lift)
    assert server("erase", "--conversation", kept, "--confirm").exit_code == 0


def test_nobody_to_erase_is_told(server) -> None:
    unknown = server("erase", "--conversation", "nobody", "--confirm")
    assert (unknown.exit_code, last(unknown)["error"]["code"]) == (1, "unknown_conversation")
    assert server("erase").exit_code == 2


def test_an_older_backup_does_not_bring_an_erased_citizen_back(server, dsn_of: str, tmp_path: Path) -> None:
    gone, _ = citizen(dsn_of, server.folder, closed=False)
    assert server("backup", str(tmp_path / "old.tar")).exit_code == 0
    with psycopg.connect(dsn_of, autocommit=True) as connection:
        connection.execute("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved'")
    assert server("erase", "--conversation", gone, "--confirm").exit_code == 0
    restored = server("restore", str(tmp_path / "old.tar"), "--replace")
    assert restored.exit_code == 0, restored.output
    assert last(restored)["erased_again"] == 1
    assert words_in(dsn_of, server.folder, gone) == []
    assert last(server("restore", str(tmp_path / "old.tar"), "--replace"))["erased_again"] == 1


def test_a_backup_from_before_an_erased_citizen_came_does_not_make_the_erasure_forgotten(server, dsn_of: str, tmp_path: Path) -> None:
    assert server("backup", str(tmp_path / "before.tar")).exit_code == 0
    gone, _ = citizen(dsn_of, server.folder)
    assert server("backup", str(tmp_path / "with.tar")).exit_code == 0
    assert server("erase", "--conversation", gone, "--confirm").exit_code == 0
    assert last(server("restore", str(tmp_path / "before.tar"), "--replace"))["erased_again"] == 0
    assert last(server("restore", str(tmp_path / "with.tar"), "--replace"))["erased_again"] == 1
    assert words_in(dsn_of, server.folder, gone) == []


def test_every_table_says_what_an_erasure_does_with_it() -> None:
    named = {step.table for step in erasure.STEPS}
    assert not named & (erasure.KEPT.keys() | erasure.NOBODY)
    assert named | erasure.KEPT.keys() | erasure.NOBODY == set(metadata.tables)
