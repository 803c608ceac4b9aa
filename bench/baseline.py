"""The baseline of ``bench turn``: Rasa's default pipeline and policies, trained on our data, beside a plain action server.

What is adapted of our data: our components and forms are not Rasa's defaults, so each rule is kept as "intent → answer", where whatever
of ours is an action or a form becomes the one custom action. That spares the baseline the forms' extra steps. Since its learnt policies
learn from stories and we have none, the same rules stand as stories too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from bench.program import end, log_of, wait_for
from bot.dialogue.process import rasa_python
from core.ports import free_port
from core.process import spawn
from core.settings import ROOT
from language.paths import built_folder

HERE = Path(__file__).parent / "rasa_default"
ACTION = "action_answer"
RASA = ("-m", "bench.rasa_default.main")
READY_TIMEOUT_S = 180.0


def environment() -> dict[str, str]:
    """Rasa's own defaults, except that it calls nobody."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    quiet = {"PYTHONWARNINGS": "ignore", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return kept | quiet | {"RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT)}


def answers() -> dict[str, str]:
    """What our rules do first with each intent, as an action of the baseline."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text())["rules"]:
            steps = rule["steps"]
            if "condition" in rule or "intent" not in steps[0]:
                continue
            action = steps[1]["action"]
            found.setdefault(steps[0]["intent"], action if action.startswith("utter_") else ACTION)
    return found


def project(folder: Path) -> None:
    """Write the baseline's project files."""
    domain: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text())
    rules = answers()
    used = set(rules.values())
    adapted = {
        "version": domain["version"],
        "intents": domain["intents"],
        "entities": domain["entities"],
        "actions": [ACTION],
        "responses": {name: said for name, said in domain["responses"].items() if name in used},
        "session_config": domain["session_config"],
    }
    steps = [(intent, [{"intent": intent}, {"action": action}]) for intent, action in rules.items()]
    training = {
        "version": domain["version"],
        "rules": [{"rule": intent, "steps": each} for intent, each in steps],
        "stories": [{"story": intent, "steps": each} for intent, each in steps if intent != "nlu_fallback"],
    }
    (folder / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "nlu", folder / "data" / "nlu")
    for name, content in (("domain.yml", adapted), ("data/rules.yml", training), ("credentials.yml", {"rest": None})):
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    shutil.copy(HERE / "config.yml", folder / "config.yml")


def fingerprint() -> str:
    """A hash of all that the baseline's model is made from."""
    digest = hashlib.sha256()
    sources = (ROOT / "domain.yml", ROOT / "requirements" / "rasa.lock", HERE / "config.yml", Path(__file__))
    for path in (*sources, *sorted((ROOT / "data").glob("nlu/*.yml")), *sorted((ROOT / "data").glob("rules/*.yml"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def train() -> Path:
    """The trained project's folder; trains only when something has changed.

    Raises:
        RuntimeError: the training failed.
    """
    folder = built_folder() / "bench-rasa-default"
    current = fingerprint()
    mark = folder / "fingerprint"
    if mark.exists() and mark.read_text() == current:
        return folder
    print("training the baseline (Rasa's default pipeline; minutes, once) …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    project(folder)
    began = time.monotonic()
    command = [str(rasa_python()), *RASA, "train", "--config", "config.yml", "--domain", "domain.yml", "--data", "data"]
    with (folder / "train.log").open("wb") as log:
        done = subprocess.run(
            [*command, "--out", "models", "--fixed-model-name", "baseline"],
            cwd=folder,
            env=environment() | {"RASA_CACHE_DIRECTORY": str(folder / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode or not (folder / "models" / "baseline.tar.gz").exists():
        raise RuntimeError(f"the baseline could not be trained; see {folder / 'train.log'}")
    shutil.rmtree(folder / "cache", ignore_errors=True)
    mark.write_text(current)
    print(f"  trained in {time.monotonic() - began:.0f} s", flush=True)
    return folder


class Baseline:
    """A running baseline."""

    def __init__(self, url: str, processes: dict[str, int]) -> None:
        self.url = url
        self._processes = processes

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of Rasa and of the action server."""
        return {name: round(_tree_rss(psutil.Process(pid)) / 2**20, 1) for name, pid in self._processes.items()}


def _tree_rss(process: psutil.Process) -> int:
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


@contextmanager
def running(scratch: Path) -> Iterator[Baseline]:
    """Start action server and Rasa as their users do, wait until a message is answered, and end both afterwards."""
    folder = train()
    actions_port, port = free_port(), free_port()
    (scratch / "endpoints.yml").write_text(yaml.safe_dump({"action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook"}}))
    rasa = [*RASA, "run", "--model", "models/baseline.tar.gz", "--credentials", "credentials.yml"]
    commands = {
        "actions": ["-m", "rasa_sdk", "--actions", "bench.rasa_default.actions", "--port", str(actions_port)],
        "rasa": [*rasa, "--endpoints", str(scratch / "endpoints.yml"), "--port", str(port), "--interface", "127.0.0.1"],
    }
    with ExitStack() as stack:
        processes = {}
        for name, arguments in commands.items():
            log = stack.enter_context((scratch / f"{name}.log").open("wb"))
            processes[name] = spawn([str(rasa_python()), *arguments], env=environment(), cwd=folder, stdout=log, stderr=subprocess.STDOUT)
            stack.callback(end, processes[name])
        url = f"http://127.0.0.1:{port}"
        wait_for(url + "/", processes["rasa"], READY_TIMEOUT_S, lambda: log_of(scratch / "rasa.log"))
        wait_for(f"http://127.0.0.1:{actions_port}/health", processes["actions"], 30.0, lambda: log_of(scratch / "actions.log"))
        yield Baseline(url, {name: process.pid for name, process in processes.items()})
