"""The real program as a child process, for tests that use it as a citizen and an agent do."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ROOT / ".venv" / "bin" / "gildongmu"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """``gildongmu serve`` on a data folder of its own."""

    def __init__(self, data_dir: Path, *, env: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log: list[str] = []
        self.ready_after_s = 0.0
        self._ready = threading.Event()
        clean = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(self.port), "--data-dir", str(data_dir)],
            env={**clean, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._began = time.monotonic()
        for pipe in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(pipe,), daemon=True).start()

    def _read(self, pipe) -> None:
        for line in pipe:
            self.log.append(line.rstrip())
            if line.startswith("ready http"):
                self.ready_after_s = time.monotonic() - self._began
                self._ready.set()

    def wait_ready(self, timeout_s: float = 120) -> Program:
        """Wait for the ``ready`` line."""
        deadline = time.monotonic() + timeout_s
        while not self._ready.wait(0.1):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the program did not get ready:\n" + "\n".join(self.log[-60:]))
        return self

    def first_run_link(self) -> str:
        """The one-time link that the first start prints."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for line in self.log:
                if found := re.search(r"https?://\S+/staff/invite/\S+", line):
                    return found.group(0)
            time.sleep(0.1)
        raise AssertionError("no first-run link was printed:\n" + "\n".join(self.log[-40:]))

    def dsn(self) -> str:
        """The connection string of its embedded database."""
        from core.postgres import EmbeddedPostgres

        found = EmbeddedPostgres(self.data_dir).attach()
        assert found is not None
        return found

    def role(self, name: str) -> psutil.Process | None:
        """The living process of a role: ``web``, ``worker``, ``rasa``, ``postgres`` (the postmaster)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if _role(child) == name:
                        return child
        return None

    def kill(self, name: str) -> bool:
        """SIGKILL a role; False if it does not run at the moment."""
        found = self.role(name)
        if found is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            found.kill()
        return True

    def stop(self) -> None:
        """Stop it in order, and by force if that takes too long."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)


def _role(process: psutil.Process) -> str:
    line = process.cmdline()
    joined = " ".join(line)
    if "bot.cli" in joined and line[-1:] != [] and any(part in ("web", "worker") for part in line):
        return next(part for part in line if part in ("web", "worker"))
    if line and line[0].endswith("postgres") and "-D" in line:
        return "postgres"
    if ".venv-rasa" in joined:
        return "rasa"
    return ""
