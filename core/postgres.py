"""The program's own PostgreSQL, for when no ``DATABASE_URL`` is set.

The binaries come from a wheel; its own starter is not used, since as root it opens folders to everybody and creates an account. Here
the server belongs to one owner process, listens on a socket in a private folder only, wants a password even there, and never outlives its
owner (see ``core/postgres_guardian.py``). In the data folder::

    postgres/pgdata          the cluster            postgres/password       0600, made once
    postgres/run             the socket, or …       postgres/socket-folder  … where it is when the data folder's path is too long
    postgres/owner.lock      held by the owner      postgres/server.lock    held by the guardian until the server has ended
    postgres/server.log      the server's own words (no statements, no values)
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

from core.errors import StartError
from core.postgres_host import choose_socket_folder, end_strays, find_binaries

NAME = "gildongmu"
GUARDIAN = Path(__file__).with_name("postgres_guardian.py")
REFUSED = 77
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
LOG_BYTES = 8 * 2**20
CHOOSE = "choose another folder with DATA_DIR or --data-dir"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # our statements are short: compiling them costs more than it saves
    "password_encryption": "scram-sha-256",
    # Logs carry no citizen's words: neither failing statements, nor the DETAIL line that repeats a row.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """One PostgreSQL server that this process owns; everything about it lives in ``data_dir/postgres``."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = Path(data_dir).resolve()
        self.home = self.data_dir / "postgres"
        self.pgdata = self.home / "pgdata"
        self._guardian: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._owner_lock: int | None = None
        self._socket_folder: Path | None = None
        self._log_start = 0
        self._changing = threading.RLock()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """The connection string; it holds the password."""
        if self._socket_folder is None:
            raise RuntimeError("the server has not been started")
        password = (self.home / "password").read_text().strip()
        return f"postgresql://{NAME}:{password}@/{NAME}?host={quote(str(self._socket_folder), safe='/')}"

    def start(self) -> str:
        """Create the cluster if there is none, start the server, wait until it answers; the connection string.

        Raises:
            StartError: one sentence for the person at the terminal.
        """
        with self._changing, self._plain_errors():
            self._stopping.clear()
            self._own()
            try:
                self._launch()
            except BaseException:
                self.stop()
                raise
            return self.dsn

    def attach(self) -> str | None:
        """The connection string of a server that another process owns and runs on this data folder; None when there is none."""
        try:
            lock = self._open_lock("owner.lock")
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return None
        finally:
            os.close(lock)
        folders = [self.home / "run"]
        with contextlib.suppress(OSError):
            folders.insert(0, Path((self.home / "socket-folder").read_text().strip()))
        for folder in folders:
            if next(folder.glob(".s.PGSQL.*"), None) is not None:
                self._socket_folder = folder
                return self.dsn
        return None

    def alive(self) -> bool:
        """True while the server runs: its guardian ends with it."""
        return self._guardian is not None and self._guardian.poll() is None

    def ensure_running(self) -> bool:
        """Start the server again if it has died; True if it had. Waits until it has recovered.

        Raises:
            StartError: it cannot be started now; call again later.
        """
        with self._changing, self._plain_errors():
            if self._owner_lock is None or self._stopping.is_set() or self.alive():
                return False
            self._launch()
            return True

    def stop(self) -> None:
        """Shut the server down and give the data folder free; harmless when it is not running."""
        self._stopping.set()  # a start that is waiting in another thread gives up
        with self._changing:
            self._end_guardian()
            self._remove_socket_folder()
            if self._owner_lock is not None:
                os.close(self._owner_lock)
                self._owner_lock = None

    # --- one owner

    def _own(self) -> None:
        if self._owner_lock is not None:
            raise RuntimeError("start() was called twice")
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.home.chmod(0o700)
        lock = self._open_lock("owner.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise StartError(f"Another Gildongmu already runs on the data folder {self.data_dir}; stop it, or {CHOOSE}.") from None
        self._owner_lock = lock

    def _open_lock(self, name: str) -> int:
        return os.open(self.home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _server_lock(self) -> int:
        """The lock that the guardian will hold; waits for the guardian of an owner that was killed to finish its work."""
        lock = self._open_lock("server.lock")
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise StartError(f"The PostgreSQL of an earlier run in {self.home} does not stop; end it by hand first.") from None
                time.sleep(0.02)

    # --- the cluster

    def _initialise(self, binaries: Path) -> None:
        """Make the cluster and its database beside the final place, then rename: a half-made one is never taken for a whole one."""
        if self.pgdata.exists():
            self._check_existing(binaries)
            return
        fresh = self.home / "pgdata.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        cluster = ["-D", str(fresh), "-U", NAME, "--pwfile", str(password), "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        # PostgreSQL's own C.UTF-8: the same order and case rules on every system, whatever locales are installed.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run([str(binaries / "initdb"), *cluster, *locale])
        self._run([str(binaries / "postgres"), "--single", "-D", str(fresh), "postgres"], f"CREATE DATABASE {NAME};\n".encode())
        fresh.rename(self.pgdata)

    def _check_existing(self, binaries: Path) -> None:
        made_by = (self.pgdata / "PG_VERSION").read_text().strip()
        have = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"(\d+)\.", have)
        if version is not None and version[1] != made_by:
            raise StartError(f"The database in {self.home} is of PostgreSQL {made_by}, this program carries {version[1]}: restore a backup.")
        if not (self.home / "password").exists():
            raise StartError(f"The file {self.home / 'password'}, which opens the database, is missing: restore it from a backup.")

    def _run(self, argv: list[str], words: bytes = b"") -> None:
        command = self._guardian_command("exec", argv)
        done = subprocess.run(command, input=words, capture_output=True, env=_environment(), cwd=self.home, check=False)
        if done.returncode == REFUSED:
            raise _namespace_refused()
        output = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode != 0 or re.search(r"\b(ERROR|FATAL|PANIC):", output):
            raise self._failure(output)

    @staticmethod
    def _guardian_command(mode: str, argv: list[str]) -> list[str]:
        return [sys.executable, "-I", "-S", str(GUARDIAN), mode, *argv]

    # --- the server

    def _launch(self) -> None:
        self._end_guardian()
        binaries = find_binaries()
        lock = self._server_lock()
        try:
            end_strays(self.pgdata)
            self._initialise(binaries)
            (self.pgdata / "postmaster.pid").unlink(missing_ok=True)  # safe: the lock is ours and no process works in the folder
            self._socket_folder = choose_socket_folder(self.home)
            settings = {**SETTINGS, "unix_socket_directories": str(self._socket_folder)}
            server = [str(binaries / "postgres"), "-D", str(self.pgdata), *(f"--{name}={value}" for name, value in settings.items())]
            reading, self._pipe = os.pipe()
            with self._open_log() as log:
                self._guardian = subprocess.Popen(
                    self._guardian_command("guard", server),
                    stdin=reading,
                    stdout=log,
                    stderr=log,
                    env=_environment(),
                    cwd=self.home,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            os.close(reading)
        finally:
            os.close(lock)  # the guardian holds it now
        self._wait_until_ready(self._guardian)

    def _open_log(self) -> BinaryIO:
        path = self.home / "server.log"
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if os.fstat(log).st_size > LOG_BYTES:
            os.ftruncate(log, 0)
        self._log_start = os.fstat(log).st_size
        return os.fdopen(log, "wb")

    def _wait_until_ready(self, guardian: subprocess.Popen[bytes]) -> None:
        """The server writes its state into the eighth line of postmaster.pid, ``ready`` once recovery is over."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and not self._stopping.is_set():
            with contextlib.suppress(OSError, IndexError):
                if (self.pgdata / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return
            if guardian.poll() is not None:
                if guardian.returncode == REFUSED:
                    raise _namespace_refused()
                raise self._failure(self._log_since_start())
            time.sleep(0.02)
        self._end_guardian()
        raise StartError(f"PostgreSQL in {self.home} did not become ready within {START_TIMEOUT_S:.0f} s; see {self.home / 'server.log'}.")

    def _log_since_start(self) -> str:
        with (self.home / "server.log").open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def _end_guardian(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        if self._guardian is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guardian.wait(STOP_TIMEOUT_S)
            if self._guardian.poll() is None:
                self._guardian.kill()
                self._guardian.wait()
            self._guardian = None

    # --- the socket's folder

    def _remove_socket_folder(self) -> None:
        folder, self._socket_folder = self._socket_folder, None
        if folder is not None and folder != self.home / "run":
            with contextlib.suppress(OSError):
                folder.rmdir()
                (self.home / "socket-folder").unlink()

    # --- plain words

    def _failure(self, output: str) -> StartError:
        if "no space left" in output.lower():
            return self._disk_full()
        said = re.search(r"(?:FATAL|PANIC|ERROR|error):\s+(.*)", output)
        if said is not None and "ermission denied" in said[1] and os.geteuid() == 0:
            return StartError(f"PostgreSQL may not read {self.home} or its own files: run as those folders' owner, or set DATABASE_URL.")
        reason = said[1] if said else (output.strip().splitlines() or ["it ended without a word"])[-1]
        return StartError(f"PostgreSQL could not start in {self.home}: {reason}.")

    def _disk_full(self) -> StartError:
        return StartError(f"The disk that holds {self.data_dir} is full: make room and start again.")

    @contextlib.contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._disk_full() from error
            raise StartError(f"The data folder {self.data_dir} cannot be used ({error.strerror}): {CHOOSE}.") from error


def _environment() -> dict[str, str]:
    """What the server gets of our environment: nothing that configures PostgreSQL behind our back, and no secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def _namespace_refused() -> StartError:
    return StartError(
        "This program runs as root (or as a user without a name), and the system refuses the user namespace that its own PostgreSQL "
        "then needs: run it as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours."
    )
