"""Rasa as a child process of the worker: trained at set-up, started on the loopback, started again when it ends."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.dialogue.client import TOKEN_HEADER, WEBHOOK
from bot.dialogue.intents import FILE
from core.errors import StartError
from core.logging import get
from core.ports import free_port
from core.process import spawn, stop_all
from core.settings import ROOT, Settings
from language.paths import built_folder

log = get(__name__)

MODEL = "dialogue"
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_S = 60.0
STOP_GRACE_S = 3.0
#: what a model depends on
SOURCES = ("config.yml", "domain.yml", "data/nlu", "data/rules", "requirements/rasa.lock", "language")
DIALOGUE_SOURCES = ("components.py", "reading.py", "launch.py", "light.py", "intents.py", "export.py")
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "GILDONGMU_MODELS_BUILT")


def rasa_python() -> Path:
    """The interpreter of Rasa's own environment."""
    return Path(os.environ.get("GILDONGMU_RASA_PYTHON") or ROOT / ".venv-rasa" / "bin" / "python")


def model_folder() -> Path:
    """Where the trained model lies."""
    return built_folder() / "dialogue"


def train_dialogue(out: Path | None = None, *, force: bool = False, progress: Callable[[str], None] = lambda message: None) -> Path:
    """Train from the project files, unless the model at hand was made from the same; the model's path.

    Raises:
        StartError: Rasa's environment is missing, or the training failed.
    """
    folder = out or model_folder()
    model, mark = folder / f"{MODEL}.tar.gz", folder / "fingerprint"
    current = fingerprint()
    if not force and model.exists() and mark.exists() and mark.read_text() == current:
        return model
    if not rasa_python().exists():
        raise StartError("The environment of Rasa (.venv-rasa) is missing; run `make setup` first.")
    progress("training the dialogue model (about 30 s)")
    folder.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    environment = child_environment(folder) | {"RASA_CACHE_DIRECTORY": str(folder / "cache")}
    command = [str(rasa_python()), "-m", "bot.dialogue.launch", "train", "--out", str(folder), "--name", f"{MODEL}-new"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    fresh, arrays = folder / f"{MODEL}-new.tar.gz", folder / f"{MODEL}-new.npz"
    if done.returncode or not fresh.exists() or not arrays.exists():
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise StartError(f"The dialogue model could not be trained: {reason}")
    (folder / FILE).unlink(missing_ok=True)  # never arrays of another model
    fresh.replace(model)
    arrays.replace(folder / FILE)
    mark.write_text(current)
    return model


def fingerprint() -> str:
    """A hash of everything that a trained model depends on."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in (".yml", ".py", ".json", ".tsv", ".txt", ".csv"))
        elif path.exists():
            yield path
    yield from (ROOT / "bot" / "dialogue" / name for name in DIALOGUE_SOURCES)


def child_environment(folder: Path) -> dict[str, str]:
    """What Rasa gets of our environment: no proxy, no address of anyone, one thread for arithmetic (its rows are short)."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return kept | quiet


NICE = 5


class DialogueProcess:
    """One Rasa on a loopback port of our choosing. A thread of its own starts and watches it, since the kernel ties a child to the thread
    that started it.
    """

    def __init__(self, settings: Settings, *, action_url: str, action_token: str, model: Path | None = None) -> None:
        self.token = secrets.token_urlsafe(32)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.restarts = 0
        self._model = model or model_folder() / f"{MODEL}.tar.gz"
        self._secrets: dict[str, str] = {
            "GILDONGMU_RASA_TOKEN": self.token,
            "GILDONGMU_ACTION_URL": action_url,
            "GILDONGMU_ACTION_TOKEN": action_token,
            "GILDONGMU_DIALOGUE_DSN": settings.dsn(),
            "GILDONGMU_DIALOGUE_KEY_FILE": str(settings.resolved_key_file().resolve()),
        }
        self._child: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def model(self) -> Path:
        """What it was trained into; its intents lie beside it as arrays."""
        return self._model

    @property
    def ready(self) -> bool:
        """Whether Rasa answers."""
        return self._ready.is_set()

    @property
    def pid(self) -> int | None:
        """The running child, for tests and the health page."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Start watching; returns at once, Rasa answers some seconds later."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="dialogue-process", daemon=True)
            self._thread.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until Rasa answers; for tests and commands."""
        return self._ready.wait(timeout_s)

    def stop(self) -> None:
        """End Rasa and the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_GRACE_S + 2)
            self._thread = None

    def _watch(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            if not (self._model.exists() and rasa_python().exists()):
                log.error("dialogue_not_built")
                self._stopping.wait(BACKOFF_S[-1])
                continue
            began = time.monotonic()
            self._run()
            self._ready.clear()
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            self.restarts += 1
            log.warning("dialogue_ended", restarts=self.restarts)
            self._stopping.wait(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    def _run(self) -> None:
        command = [str(rasa_python()), "-m", "bot.dialogue.launch", "serve", "--model", str(self._model), "--port", str(self.port)]
        environment = child_environment(self._model.parent) | self._secrets
        self._child = child = spawn(command, env=environment, cwd=ROOT, stdout=2)
        # Triage, desks and the database go first when the processors are scarce: nothing that protects a person waits for small talk.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
        try:
            while child.poll() is None and not self._stopping.is_set():
                if not self.ready and self._answers():
                    self._warm_up()
                    self._ready.set()
                self._stopping.wait(0.5 if self.ready else 0.1)
        finally:
            stop_all([child], STOP_GRACE_S)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.base_url + "/", timeout=1) as answer:  # noqa: S310  (always http on the loopback)
                return int(answer.status) == 200
        except (OSError, urllib.error.URLError):
            return False

    def _warm_up(self) -> None:
        """The first message costs 140 ms more than the others; it shall not be a citizen's. Its sender has no number, so nothing is stored."""
        body = json.dumps({"sender": "warm-up", "message": "안녕하세요", "metadata": {}}).encode()
        request = urllib.request.Request(  # noqa: S310  (always http on the loopback)
            self.base_url + WEBHOOK, body, {"Content-Type": "application/json", TOKEN_HEADER: self.token}
        )
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
