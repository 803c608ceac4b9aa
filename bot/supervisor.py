"""``gildongmu serve``: one light process that starts the database, the web role and the worker, and keeps them running.

Nothing heavy is imported here: what a citizen's question needs lives in the children, and this process must survive all of them. A child
announces how far it is by writing lines to the pipe whose number is in ``GILDONGMU_READY_FD``: ``READY``, and the worker ``DIALOGUE``
once Rasa answers too.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StartError
from core.ports import free_port
from core.postgres import EmbeddedPostgres
from core.process import spawn, stop_all

if TYPE_CHECKING:
    import subprocess

    from core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
STANDARD_ERROR = 2
TICK_S = 0.25
#: Rasa takes 12–24 s to start; nobody waits for it longer than this after the start, since search answers meanwhile.
DIALOGUE_PATIENCE_S = 25.0
START_PATIENCE_S = 300.0
#: A child that ends this often without ever having been ready will not get ready.
HOPELESS = 3
#: A child that has run this long starts with a clean slate.
STEADY_S = 30.0
LONGEST_PAUSE_S = 10.0
#: Children get 7 s to finish, PostgreSQL 6 s and then the immediate way: 15 s together with room to spare.
CHILDREN_GRACE_S = 7.0


def say(text: str) -> None:
    """One line for the person at the terminal; standard output carries nothing but the line that begins with ``ready``."""
    print(f"gildongmu: {text}", file=sys.stderr, flush=True)


def pause_before(failures: int) -> float:
    """How long to wait before a restart: the first is immediate, then the pauses double."""
    return 0.0 if failures <= 1 else min(0.25 * 2.0**failures, LONGEST_PAUSE_S)


@dataclass
class Child:
    """One role and the process that plays it at the moment."""

    name: str
    argv: Sequence[str]
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    pipe: int | None = None
    said: set[str] = field(default_factory=set)
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0
    was_ever_ready: bool = False

    def start(self, env: Mapping[str, str]) -> None:
        """Start the process; it dies with the thread that calls this, so that must be the main one."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            # Whatever it prints is for the log: our standard output is not its to write to.
            env = {**env, "GILDONGMU_READY_FD": str(writing)}
            self.process = spawn(self.argv, env=env, cwd=ROOT, pass_fds=(writing,), stdout=STANDARD_ERROR)
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        if self.nice:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.process.pid, os.getpriority(os.PRIO_PROCESS, 0) + self.nice)
        self.pipe, self.said, self.started_at = reading, set(), time.monotonic()

    def listen(self) -> bool:
        """Read what it has announced; False when the pipe is at its end."""
        if self.pipe is None:
            return False
        with contextlib.suppress(BlockingIOError):
            words = os.read(self.pipe, 4096)
            self.said.update(words.decode(errors="replace").split())
            self.was_ever_ready = self.was_ever_ready or "READY" in self.said
            return bool(words)
        return True

    def hang_up(self) -> None:
        """Close the pipe."""
        if self.pipe is not None:
            os.close(self.pipe)
            self.pipe = None


class Supervisor:
    """Keeps the children and the embedded database running until it is told to stop."""

    def __init__(self, children: Sequence[Child], env: Mapping[str, str], database: EmbeddedPostgres | None) -> None:
        self.children = list(children)
        self.env = dict(env)
        self.database = database
        self.stopping = threading.Event()
        self.signals = 0
        self._selector = selectors.DefaultSelector()

    @contextlib.contextmanager
    def listening_to_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop us in order, a second one at once; SIGCHLD only wakes the loop: a dead child is seen immediately."""
        waking, wake = socket.socketpair()
        for end in (waking, wake):
            end.setblocking(False)

        def stop(_number: int, _frame: object) -> None:
            self.signals += 1
            self.stopping.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(waking, selectors.EVENT_READ)
        try:
            yield
        finally:
            self._selector.close()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            waking.close()
            wake.close()

    def run(self, address: str) -> None:
        """Start everything, print ``ready`` when it can answer, go on until told to stop.

        Raises:
            StartError: a child does not get ready.
        """
        began = time.monotonic()
        if self.database is not None:
            threading.Thread(target=self._watch_database, name="watch-database", daemon=True).start()
        announced = False
        while not self.stopping.is_set():
            for child in self.children:
                self._tend(child)
            if not announced and self._may_announce(began):
                announced = True
                print(f"ready {address}", flush=True)
            self._wait()

    def shut_down(self) -> None:
        """Children first, so that none meets a missing database; then the database."""
        self.stopping.set()
        stop_all([child.process for child in self.children if child.process is not None], CHILDREN_GRACE_S, lambda: self.signals > 1)
        for child in self.children:
            child.hang_up()
        if self.database is not None:
            self.database.stop()

    def _wait(self) -> None:
        for key, _ in self._selector.select(TICK_S):
            if isinstance(key.data, Child):
                if not key.data.listen():
                    self._selector.unregister(key.fd)
                    key.data.hang_up()
            else:
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            self._bury(child, now)
        if child.process is None and now >= child.restart_at:
            try:
                child.start(self.env)
            except OSError as error:  # no memory, no process numbers: what runs already goes on
                self._put_off(child, now, f"cannot be started ({error.strerror})")
                return
            self._selector.register(child.pipe, selectors.EVENT_READ, child)  # type: ignore[arg-type]

    def _bury(self, child: Child, now: float) -> None:
        if child.process is None:
            return
        code = child.process.returncode
        child.listen()
        if child.pipe is not None:
            self._selector.unregister(child.pipe)
            child.hang_up()
        if "READY" in child.said and now - child.started_at > STEADY_S:
            child.failures = 0
        child.process, child.said = None, set()
        self._put_off(child, now, f"ended ({f'signal {-code}' if code < 0 else f'code {code}'})")

    def _put_off(self, child: Child, now: float, what: str) -> None:
        child.failures += 1
        child.restart_at = now + pause_before(child.failures)
        if not child.was_ever_ready and child.failures >= HOPELESS:
            raise StartError(f"The {child.name} process {what} {child.failures} times before it was ready; its own words are above.")
        say(f"{child.name} {what}; it is started again.")

    def _may_announce(self, began: float) -> bool:
        waited = time.monotonic() - began
        missing = [child.name for child in self.children if "READY" not in child.said]
        if missing:
            if waited > START_PATIENCE_S:
                raise StartError(f"Not ready after {waited:.0f} s: {' and '.join(missing)}.")
            return False
        if any("DIALOGUE" in child.said for child in self.children):
            return True
        if waited > DIALOGUE_PATIENCE_S:
            say("the dialogue engine is still starting; until then routine questions are answered from search alone.")
            return True
        return False

    def _watch_database(self) -> None:
        """Start a killed PostgreSQL again. A thread of its own, since recovery may take long and dead children must not wait for it."""
        pause = TICK_S
        while not self.stopping.wait(pause) and self.database is not None:
            try:
                if self.database.ensure_running():
                    say("the database had ended and runs again.")
                pause = TICK_S
            except StartError as error:
                say(str(error))
                pause = min(max(1.0, pause * 2), LONGEST_PAUSE_S)


def port_to_listen_on(host: str, port: int) -> int:
    """The port, once it is sure that we may listen there, or one that is free for 0.

    Raises:
        StartError: it cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
            attempt.listen(1)
            return int(attempt.getsockname()[1])
    except socket.gaierror as error:
        raise StartError(f"{host} is not an address of this machine; choose another with --host.") from error
    except PermissionError as error:
        raise StartError(f"Port {port} may not be opened by this user; choose one above 1023 with PORT= or --port.") from error
    except OSError as error:
        raise StartError(f"Port {port} on {host} cannot be used ({error.strerror}); choose another with PORT= or --port.") from error


def check_folder(folder: Path) -> None:
    """Make the data folder (0700) and write to it.

    Raises:
        StartError: that is not possible.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-test-") as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        raise StartError(f"The data folder {folder} cannot be written ({error.strerror}): choose another with DATA_DIR or --data-dir.") from error


def prepare_database(dsn: str) -> None:
    """Bring the schema up to date; alembic is imported here only, and whatever it meets is told in one sentence.

    Raises:
        StartError: the database cannot be reached, or refuses.
    """
    import psycopg
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from core.migrate import migrate

    try:
        migrate(dsn)
    except psycopg.ProgrammingError as error:
        raise StartError(f"The database refused to be prepared ({error.diag.message_primary}).") from error
    except (psycopg.Error, SQLAlchemyError, CommandError) as error:
        words = str(getattr(error, "orig", None) or error).splitlines()
        raise StartError(f"The database refused to be prepared ({words[0] if words else type(error).__name__}).") from error


def bring_samples(settings: Settings) -> None:
    """Let a new sandbox begin with sample cases; it starts without them if that fails, and says so by itself."""
    command = [sys.executable, "-m", "bot.cli", "sandbox", "samples", "--if-new", "--data-dir", str(settings.data_dir.resolve())]
    subprocess.run(command, check=False, cwd=ROOT, stdout=STANDARD_ERROR)


def reachable(host: str) -> str:
    """An address under which this machine itself reaches a listening one, ready to stand in a URL."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 — compared, not listened on
    return f"[{host}]" if ":" in host else host


#: Products of small matrices: threads that wait for each other in a loop cost a turn more than they save it (35 ms of processor time instead of 14).
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
#: glibc asks the kernel for large pages: dictionaries, weights and vectors are hundreds of megabytes read here and there, and a message costs a fifteenth
#: less processor time. Where the kernel gives none, and with another C library, it says nothing.
LARGE_PAGES = "glibc.malloc.hugetlb=1"


def environment(settings: Settings, dsn: str, port: int) -> dict[str, str]:
    """What the children see: our environment, with what was decided here and on the command line on top."""
    # Rasa calls the action route; with a certificate the web process also offers it in plain http on the loopback, on a port of its own.
    action_host, action_port = ("127.0.0.1", free_port()) if settings.tls_cert else (reachable(settings.host), port)
    env = {name: value for name, value in os.environ.items() if name != "GILDONGMU_DATABASE_URL"}
    env |= {
        "DATABASE_URL": dsn,
        "GILDONGMU_HOST": settings.host,
        "GILDONGMU_PORT": str(port),
        "GILDONGMU_DATA_DIR": str(settings.data_dir.resolve()),
        "GILDONGMU_ACTION_TOKEN": secrets.token_urlsafe(32),
        "GILDONGMU_ACTION_URL": f"http://{action_host}:{action_port}/rasa/actions",
        "PYTHONUNBUFFERED": "1",
        "GLIBC_TUNABLES": ":".join(filter(None, (LARGE_PAGES, os.environ.get("GLIBC_TUNABLES")))),  # of two the later one holds: the operator's own
        **ONE_THREAD,
    }
    if settings.sandbox:
        env["GILDONGMU_SANDBOX"] = "true"
    if settings.tls_cert and settings.tls_key:
        env |= {"GILDONGMU_TLS_CERT": str(settings.tls_cert.resolve()), "GILDONGMU_TLS_KEY": str(settings.tls_key.resolve())}
    return env


#: On one machine, what people say is taken in before it is answered: where processors are scarce, answers lag and nothing is lost. Rasa comes after both.
WORKER_NICE = 3


def roles(settings: Settings, port: int) -> list[Child]:
    """The children of ``serve``."""
    program, data = [sys.executable, "-m", "bot.cli"], ["--data-dir", str(settings.data_dir.resolve())]
    return [
        Child("web", [*program, "web", "--host", settings.host, "--port", str(port), *data]),
        Child("worker", [*program, "worker", *data], nice=WORKER_NICE),
    ]


def serve(settings: Settings, children: Sequence[Child] | None = None) -> None:
    """Run everything until SIGTERM or SIGINT; ``children`` is for tests.

    Raises:
        StartError: one plain sentence; nothing of ours is left running.
    """
    port = port_to_listen_on(settings.host, settings.port)
    check_folder(settings.data_dir)
    external = settings.database_url.get_secret_value() if settings.database_url is not None else None
    database = None if external else EmbeddedPostgres(settings.data_dir)
    supervisor = Supervisor(roles(settings, port) if children is None else children, {}, database)
    with supervisor.listening_to_signals():
        try:
            dsn = external or (database.start() if database is not None else "")
            prepare_database(dsn)
            supervisor.env = environment(settings, dsn, port)
            if settings.sandbox:
                bring_samples(settings)
            scheme = "https" if settings.tls_cert else "http"
            supervisor.run(f"{scheme}://{reachable(settings.host)}:{port}")
        finally:
            supervisor.shut_down()
