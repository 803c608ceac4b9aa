"""The real program under test: started as an operator starts it, its processes known by role, its database read from outside."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from core.crypto import Cipher, load_cipher
from core.ports import free_port
from core.postgres import EmbeddedPostgres
from core.settings import ROOT

READY_S = 180.0
MARKS = {"rasa": "bot.dialogue.launch serve", "web": "bot.cli web", "worker": "bot.cli worker", "guardian": "postgres_guardian.py"}


class Program:
    """``gildongmu serve`` in a folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data = folder / "data"
        self.log = folder / "log"
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        env = {name: value for name, value in os.environ.items() if not name.startswith("GILDONGMU_") and name != "DATABASE_URL"}
        env |= {"OMP_NUM_THREADS": "1", "GILDONGMU_ASK_TIMEOUT_S": "5"} | environment
        with self.log.open("wb") as log:
            command = [str(ROOT / ".venv" / "bin" / "gildongmu"), "serve", "--port", str(port), "--data-dir", str(self.data)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env, cwd=ROOT, start_new_session=True)

    def wait_ready(self) -> Program:
        """Wait for the line that says that it can answer."""
        deadline = time.monotonic() + READY_S
        while not re.search(r"^ready http", self.log.read_text(errors="replace"), re.MULTILINE):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the program did not get ready:\n{self.last_words()}")
            time.sleep(0.1)
        return self

    def first_run_link(self) -> str:
        """The one-time link that the first start prints."""
        found = re.search(r"https?://\S+/staff/invite/\S+", self.log.read_text(errors="replace"))
        assert found, f"no link for the first account was printed:\n{self.last_words()}"
        return found.group(0)

    # --- its processes

    def tree(self) -> list[psutil.Process]:
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def find(self, role: str) -> psutil.Process | None:
        """The process that plays a role at the moment."""
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                line = " ".join(process.cmdline())
                if role == "postmaster":
                    parent = process.parent()
                    if process.name() == "postgres" and parent is not None and MARKS["guardian"] in " ".join(parent.cmdline()):
                        return process
                elif MARKS[role] in line:
                    return process
        return None

    def kill(self, role: str) -> bool:
        """SIGKILL; False when nobody plays the role just now."""
        process = self.find(role)
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
            return True
        return False

    # --- how it is

    def state(self) -> dict[str, Any]:
        """What ``/readyz`` says; nothing while the web process is away."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            return dict(httpx.get(f"{self.url}/readyz", timeout=5).json())
        return {"status": "away", "parts": {}}

    def wait_until(self, *parts: str, seconds: float = READY_S) -> None:
        """Wait until these parts of the program are there."""
        deadline = time.monotonic() + seconds
        state: dict[str, Any] = {}
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the program ended with code {self.process.returncode}:\n{self.last_words()}")
            state = self.state()
            if all(state["parts"].get(part) for part in parts):
                return
            time.sleep(0.2)
        raise AssertionError(f"not there after {seconds:.0f} s: {state}\n{self.last_words()}")

    def wait_for_live_worker(self, seconds: float = READY_S) -> None:
        """Wait until the worker that lives *now* has loaded its models: only then does it beat."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            worker = self.find("worker")
            if worker is not None:
                with contextlib.suppress(psycopg.Error), self.connect() as connection:
                    if connection.execute("SELECT 1 FROM heartbeats WHERE process LIKE %s", (f"worker-%-{worker.pid}",)).fetchone():
                        return
            time.sleep(0.2)
        raise AssertionError(f"no worker after {seconds:.0f} s\n{self.last_words()}")

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    @property
    def has_dialogue(self) -> bool:
        """Whether Rasa's environment and a trained model are there; without them everything else must hold all the same."""
        return (ROOT / ".venv-rasa" / "bin" / "python").exists() and (ROOT / "models" / "built" / "dialogue" / "dialogue.tar.gz").exists()

    # --- its database

    def connect(self) -> psycopg.Connection[dict[str, Any]]:
        dsn = EmbeddedPostgres(self.data).attach()
        if dsn is None:
            raise psycopg.OperationalError("no server")
        return psycopg.connect(dsn, autocommit=True, row_factory=dict_row, connect_timeout=3)

    @property
    def cipher(self) -> Cipher:
        return load_cipher(self.data / "keys.json")

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """PostgreSQL killed and kept from starting: we hold the lock that its guardian needs."""
        import fcntl

        lock = os.open(self.data / "postgres" / "server.lock", os.O_RDWR)
        try:
            self.kill("postmaster")
            fcntl.flock(lock, fcntl.LOCK_EX)  # waits for the guardian that ends now; the supervisor looks for a free lock only afterwards
            yield
        finally:
            os.close(lock)

    def stop(self) -> None:
        """End it in order, and whatever is left by force."""
        known = self.tree() if self.process.poll() is None else []
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for process in known:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


def body_text(cipher: Cipher, blob: bytes) -> str:
    return str(json.loads(cipher.open(blob, "messages.body")).get("text", ""))
