"""Starts ``gildongmu serve`` on a free port with a folder of its own, waits until it is warm, and knows its processes by their role."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import psutil

from core.ports import free_port
from core.process import signal_group, spawn

READY_TIMEOUT_S = 300.0
STOP_GRACE_S = 20.0
#: The limits hold against strangers; a benchmark sends everything from one address, and a thousand turns in one conversation.
UNLIMITED = {"GILDONGMU_MESSAGES_PER_MINUTE": "1000000", "GILDONGMU_CONVERSATIONS_PER_MINUTE": "1000000"}


def log_of(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    with suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


def end(process: subprocess.Popen[bytes], grace_s: float = STOP_GRACE_S) -> None:
    """Ask a process that we started to end, and insist."""
    signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    signal_group(process, signal.SIGKILL)
    process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], timeout_s: float, words: Callable[[], str]) -> bytes:
    """Wait until ``url`` answers 200.

    Raises:
        RuntimeError: the process ended, or did not answer in time; with its last words.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a process ended with code {process.returncode}:\n{words()}")
        with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return bytes(answer.read())
        time.sleep(0.2)
    raise RuntimeError(f"no answer from {url} within {timeout_s:.0f} s:\n{words()}")


class Program:
    """A running ``gildongmu serve``."""

    def __init__(self, url: str, data_dir: Path, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.data_dir = data_dir
        self.log = log
        self.process = process

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The processes by role."""
        found: dict[str, list[psutil.Process]] = {}
        supervisor = psutil.Process(self.process.pid)
        for process in (supervisor, *supervisor.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found.setdefault(_role(process, supervisor.pid), []).append(process)
        return found

    def memory_mb(self) -> dict[str, float]:
        """Resident memory by role; for PostgreSQL, whose processes share theirs, each shared page is counted once (PSS)."""
        used: dict[str, float] = {}
        for role, processes in self.processes().items():
            size = 0
            for process in processes:
                with suppress(psutil.Error):
                    size += process.memory_full_info().pss if role == "postgres" else process.memory_info().rss
            used[role] = round(size / 2**20, 1)
        return used

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds used until now, by role."""
        used: dict[str, float] = {}
        for role, processes in self.processes().items():
            for process in processes:
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    used[role] = used.get(role, 0.0) + times.user + times.system
        return used

    def wait_whole(self, timeout_s: float = 120.0) -> None:
        """Wait until every part answers, Rasa included.

        Raises:
            RuntimeError: it stays degraded.
        """
        deadline = time.monotonic() + timeout_s
        status = "?"
        while time.monotonic() < deadline:
            status = orjson.loads(wait_for(self.url + "/readyz", self.process, timeout_s, lambda: log_of(self.log)))["status"]
            if status == "ready":
                return
            time.sleep(0.3)
        raise RuntimeError(f"the program stays {status}:\n{log_of(self.log)}")


def _role(process: psutil.Process, supervisor: int) -> str:
    if process.pid == supervisor:
        return "supervisor"
    line = " ".join(process.cmdline())
    for mark, role in (("bot.dialogue.launch", "rasa"), ("bot.cli web", "web"), ("bot.cli worker", "worker"), ("postgres", "postgres")):
        if mark in line:
            return role
    return "other"


@contextmanager
def running(*, whole: bool = True, **environment: str) -> Iterator[Program]:
    """Start the program in a temporary folder; it is stopped and its folder removed afterwards. Not ``whole``: Rasa is not waited for."""
    scratch = Path(tempfile.mkdtemp(prefix="gildongmu-bench-"))
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "GILDONGMU_DATABASE_URL")}
    log = scratch / "log"
    with log.open("wb") as file:
        process = spawn(
            [sys.executable, "-m", "bot.cli", "serve", "--port", str(port), "--data-dir", str(scratch / "data")],
            env=env | UNLIMITED | environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        program = Program(f"http://127.0.0.1:{port}", scratch / "data", log, process)
        wait_for(program.url + "/readyz", process, READY_TIMEOUT_S, lambda: log_of(log))
        if whole:
            program.wait_whole()
        yield program
    finally:
        end(process)
        if "GILDONGMU_BENCH_KEEP" not in os.environ:
            shutil.rmtree(scratch, ignore_errors=True)


def new_id() -> str:
    """A client id."""
    return secrets.token_hex(8)
