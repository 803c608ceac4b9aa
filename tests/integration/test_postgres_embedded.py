"""The program's own PostgreSQL: private, one owner, nothing left behind, nothing lost, whatever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import core.postgres
from core.errors import StartError
from core.postgres import EmbeddedPostgres
from core.postgres_host import find_binaries, processes_in

ROOT = Path(__file__).resolve().parents[2]
OWNER = """
import sys, time
from pathlib import Path
from core.errors import StartError
from core.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
try:
    print(server.start(), flush=True)
except StartError as error:
    sys.exit(str(error))
time.sleep(600)
"""


def wait_for(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])


def insert(dsn: str, number: int) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (number,))


def kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY number")]


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A private folder with a path short enough for a socket, which pytest's own is not always."""
    folder = Path(tempfile.mkdtemp(prefix="g-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def owner(short_tmp: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts a process that owns the server in ``short_tmp/data`` and waits; gives its handle and the connection string."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", OWNER, str(short_tmp / "data")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    wait_for(lambda: not processes_in(short_tmp / "data" / "postgres" / "pgdata"))


def test_it_starts_keeps_and_stops(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        insert(server.dsn, 1)
        with psycopg.connect(server.dsn) as connection:
            row = connection.execute(
                "SELECT current_setting('server_encoding'), lower('ÄÉ가'), current_setting('fsync'), current_setting('synchronous_commit'),"
                " current_setting('listen_addresses')"
            ).fetchone()
        assert row == ("UTF8", "äé가", "on", "on", "")
    assert not processes_in(server.pgdata)
    with EmbeddedPostgres(short_tmp / "data") as again:
        assert kept(again.dsn) == [1]


def test_everything_is_private_and_the_password_is_wanted(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        assert [mode(path) for path in (server.data_dir, server.home, server.pgdata, server.home / "run")] == [0o700] * 4
        assert [mode(server.home / name) for name in ("password", "server.log", "owner.lock")] == [0o600] * 3
        assert mode(server.home / "run" / ".s.PGSQL.5432") & 0o077 == 0
        password = (server.home / "password").read_text().strip()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn.replace(password, "guess")).close()


def test_a_700_checkout_and_data_folder_stay_700(short_tmp: Path) -> None:
    """The wheel's own starter opened both, and every folder above them, to everybody."""
    home = short_tmp / "home"
    home.mkdir(mode=0o700)
    package = find_binaries().parents[1]
    shutil.copytree(package, home / "site" / package.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / "site" / libraries.name, symlinks=True)
    checkout = home / "checkout"
    shutil.copytree(ROOT / "core", checkout / "core", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (home, checkout, home / "site"):
        folder.chmod(0o700)
    users = Path("/etc/passwd").read_bytes()
    before = {path: path.stat().st_mode for path in (short_tmp, home, checkout, *home.rglob("*"))}
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from core.postgres import EmbeddedPostgres, find_binaries\n"
        "print(find_binaries())\n"
        "with EmbeddedPostgres(Path(sys.argv[3])) as server: print(server.dsn)\n"
    )
    command = [sys.executable, "-B", "-P", "-c", code, checkout, home / "site", home / "data"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(home / "site"))
    assert {path: path.stat().st_mode for path in before} == before
    assert mode(home / "data") == 0o700
    assert Path("/etc/passwd").read_bytes() == users


def test_a_second_owner_is_refused_in_one_sentence(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        with pytest.raises(StartError, match=r"^Another Gildongmu already runs on the data folder .* DATA_DIR or --data-dir\.$"):
            EmbeddedPostgres(short_tmp / "data").start()
        insert(server.dsn, 1)
        assert kept(server.dsn) == [1]


def test_a_long_path_puts_the_socket_elsewhere_and_takes_it_away_again(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = short_tmp / "r"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    deep = short_tmp / ("아주깊은폴더" * 4) / ("d" * 60) / "data"
    with EmbeddedPostgres(deep) as server:
        insert(server.dsn, 1)
        (folder,) = runtime.iterdir()
        assert mode(folder) == 0o700
        assert (server.home / "socket-folder").read_text().strip() == str(folder)
    assert not list(runtime.iterdir())
    with EmbeddedPostgres(deep) as server:
        assert kept(server.dsn) == [1]


@pytest.mark.parametrize("name", ["with space", "따옴표'와,쉼표", 'a"b', "100%25#?&"])
def test_any_folder_name_will_do(short_tmp: Path, name: str) -> None:
    with EmbeddedPostgres(short_tmp / name) as server:
        insert(server.dsn, 1)
        assert kept(server.dsn) == [1]


def test_a_killed_server_comes_back_with_what_it_had_promised(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        assert server.ensure_running() is False
        for round_number in range(3):
            insert(server.dsn, round_number)
            # A busy backend outlives its postmaster for a moment; the next start must not trip over it.
            with psycopg.connect(server.dsn, autocommit=True) as busy:
                busy.execute("SELECT pg_backend_pid()")
                os.kill(postmaster(server), signal.SIGKILL)
            wait_for(lambda: not server.alive())
            assert server.ensure_running() is True
            assert kept(server.dsn) == list(range(round_number + 1))


def test_a_killed_guardian_takes_the_server_along_and_both_come_back(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        insert(server.dsn, 1)
        guardian = server._guardian
        assert guardian is not None
        guardian.kill()
        wait_for(lambda: not server.alive())
        if sys.platform == "linux":
            wait_for(lambda: not processes_in(server.pgdata))
        assert server.ensure_running() is True
        assert kept(server.dsn) == [1]


def test_a_killed_owner_leaves_nothing_and_the_next_start_waits_for_that(short_tmp: Path, owner: Callable[[], tuple[subprocess.Popen[str], str]]) -> None:
    process, dsn = owner()
    insert(dsn, 1)
    process.kill()
    process.wait()
    _, dsn = owner()  # at once, while the old server may still be stopping
    assert kept(dsn) == [1]


def test_nothing_is_left_after_kill_9(short_tmp: Path, owner: Callable[[], tuple[subprocess.Popen[str], str]]) -> None:
    process, dsn = owner()
    pgdata = short_tmp / "data" / "postgres" / "pgdata"
    busy = psycopg.connect(dsn)
    busy.execute("SELECT 1")  # an open transaction does not hold the shutdown up
    assert processes_in(pgdata)
    process.kill()
    wait_for(lambda: not processes_in(pgdata))
    busy.close()
    assert not (pgdata / "postmaster.pid").exists(), "it was not shut down in order"


def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(short_tmp: Path) -> None:
    with EmbeddedPostgres(short_tmp / "data") as server:
        insert(server.dsn, 1)
    (server.pgdata / "postmaster.pid").write_text(f"{os.getpid()}\n{server.pgdata}\n0\n5432\n\n\n\nready\n")
    with EmbeddedPostgres(short_tmp / "data") as server:
        assert kept(server.dsn) == [1]


def test_a_half_made_cluster_is_made_again(short_tmp: Path) -> None:
    half = short_tmp / "data" / "postgres" / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(short_tmp / "data") as server:
        insert(server.dsn, 1)
        assert not half.exists()


@pytest.mark.parametrize("path", ["/proc/nowhere", "a-file/data"])
def test_an_unusable_folder_is_told_in_one_sentence(short_tmp: Path, path: str) -> None:
    (short_tmp / "a-file").write_text("")
    expected = r"^The data folder .* cannot be used \([^)]*\): choose another folder with DATA_DIR or --data-dir\.$"
    with pytest.raises(StartError, match=expected):
        EmbeddedPostgres(short_tmp / path).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_told_in_one_sentence(short_tmp: Path) -> None:
    disk = short_tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", str(disk)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(StartError, match=r"^The disk that holds .* is full: make room and start again\.$"):
            EmbeddedPostgres(disk / "data").start()
        assert not processes_in(disk / "data" / "postgres" / "pgdata")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_refused_namespace_is_told_in_one_sentence(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = short_tmp / "guardian.py"
    refusing.write_text("import sys; sys.exit(77)")
    monkeypatch.setattr(core.postgres, "GUARDIAN", refusing)
    with pytest.raises(StartError, match=r"runs as root .* ordinary user, or set DATABASE_URL"):
        EmbeddedPostgres(short_tmp / "data").start()


def test_another_version_and_a_lost_password_are_told(short_tmp: Path) -> None:
    server = EmbeddedPostgres(short_tmp / "data")
    server.start()
    server.stop()
    (server.home / "password").rename(server.home / "elsewhere")
    with pytest.raises(StartError, match=r"password, which opens the database, is missing"):
        server.start()
    (server.pgdata / "PG_VERSION").write_text("14\n")
    with pytest.raises(StartError, match=r"is of PostgreSQL 14, this program carries \d+"):
        server.start()
