"""Install both environments and build the models, doing only what has changed since the last time.

Standard library only: it runs before anything is installed. Each step leaves a stamp, the hash of what the step depends on, so that a
second start reads a few files and goes on. Whatever fails is told in one plain sentence; the tools' own words are in ``.venv/setup.log``.

    python3.11 scripts/setup.py run|test|tools
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / ".venv"
RASA = ROOT / ".venv-rasa"
LOCKS = ROOT / "requirements"
BUILT = ROOT / "models" / "built"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
UV = APP / "bin" / "uv"
#: Or every process would compile what it imports, where Python may not write beside it: two seconds for each of ours.
COMPILED = "--compile-bytecode"
STARTED = time.monotonic()
HEARTBEAT_S = 15
#: What the encoder and the dialogue model are made from; ``gildongmu setup`` itself decides what of it has to be made again.
BUILD_INPUTS = (
    "requirements/app.lock",
    "requirements/rasa.lock",
    "config.yml",
    "domain.yml",
    "data/**/*.yml",
    "language/**/*.py",
    "bot/dialogue/**/*.py",
)
REASONS = (
    (r"no space left|disk quota", "the disk is full"),
    (r"permission denied|read-only file system|operation not permitted", "the folder of this checkout cannot be written"),
    (r"hash(es)? mismatch|do not match the hashes|hash does not match", "a downloaded package is not the one that requirements/ names"),
    (
        r"failed to (fetch|download)|error sending request|connection|could not connect|timed? ?out|dns error|resolve host|network is|"
        r"certificate|no matching distribution|not found in the package registry|max retries",
        "the packages could not be downloaded (is the network up, and the package index reachable?)",
    ),
    (r"gcc|compiler|building wheel|failed to build", "a package could not be built"),
)


class SetupError(Exception):
    """Set-up cannot go on; the message is one plain sentence."""


def say(text: str) -> None:
    """One line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, that it goes on, and how long it took."""
    begun = time.monotonic()
    done = threading.Event()

    def remind() -> None:
        while not done.wait(HEARTBEAT_S):
            say(f"  … still at it: {text[0].lower()}{text[1:]} ({time.monotonic() - begun:.0f} s so far)")

    say(f"{text} …")
    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        done.set()
        reminder.join()
    say(f"  done: {text[0].lower()}{text[1:]} ({time.monotonic() - begun:.0f} s)")


def reason(output: str) -> str:
    """Why a tool failed, in words; the order of the table matters, since a full disk also breaks downloads."""
    words = re.search(r"^\W*error\b.*", output, re.IGNORECASE | re.MULTILINE | re.DOTALL)  # package names stand before it
    lowered = (words[0] if words else output).lower()
    return next((why for pattern, why in REASONS if re.search(pattern, lowered)), "a tool failed")


def call(what: str, command: list[str | Path], env: dict[str, str] | None = None, tell: bool = False) -> None:
    """Run a tool, quietly or passing its lines on; on failure keep its words in the log and raise one sentence."""
    words: list[str] = []
    try:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, cwd=ROOT, env=env, text=True, errors="replace", **pipes) as tool:
            for line in tool.stdout or ():
                words.append(line)
                if tell and line.startswith("["):  # the application's own progress, with its own clock
                    say(f"  {line.partition('] ')[2].rstrip()}")
    except OSError as error:
        raise SetupError(f"{what} failed, because {reason(str(error))}.") from error
    if tool.returncode == 0:
        return
    output = "".join(words)
    log = APP / "setup.log"
    try:
        with log.open("a") as file:
            file.write(f"\n{what}\n{output}")
        where = f" See {log.relative_to(ROOT)}."
    except OSError:
        where = ""
    raise SetupError(f"{what} failed, because {reason(output)}.{where}")


def digest(paths: Iterable[Path], *more: str) -> str:
    """The hash of files and words; a missing file counts as empty. The checkout's own path is in it, since environments cannot be moved."""
    total = hashlib.sha256("\0".join((str(ROOT), PYTHON, *more)).encode())
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes() if path.is_file() else b"")
    return total.hexdigest()


def stamped(env: Path, name: str, value: str) -> bool:
    """True when this step was done for exactly this."""
    try:
        return (env / "stamps" / name).read_text() == value
    except OSError:
        return False


def stamp(env: Path, name: str, value: str) -> None:
    """Remember that this step is done."""
    folder = env / "stamps"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(value)


def with_index(env: dict[str, str]) -> dict[str, str]:
    """Let uv use the package index that the user has set for pip, unless uv has one of its own."""
    if any(name in env for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")):
        return env
    index = env.get("PIP_INDEX_URL")
    if not index:
        question = [APP / "bin/python", "-m", "pip", "config", "get", "global.index-url"]
        asked = subprocess.run(question, capture_output=True, text=True, check=False)
        index = asked.stdout.strip() if asked.returncode == 0 else ""
    return {**env, "UV_DEFAULT_INDEX": index} if index else env


def install(env: Path, *options: str | Path) -> None:
    """``uv pip install`` into an environment. Sources are built with the environment's own, locked, build tool."""
    what = f"Installing into {env.name}"
    call(what, [UV, "pip", "install", "--python", env / "bin/python", "--no-build-isolation", *options], with_index(dict(os.environ)))


def own(env: Path) -> None:
    """A linked environment is another checkout's: the link goes, lest what it leads to be emptied there."""
    if env.is_symlink():
        env.unlink()


def bootstrap() -> None:
    """The application's environment with uv and the build tool in it."""
    own(APP)
    lock = LOCKS / "bootstrap.lock"
    value = digest([lock])
    if stamped(APP, "bootstrap", value) and UV.exists() and (APP / "bin/python").exists():
        return
    with step("Creating the application's environment (.venv)"):
        # Not `--clear`: a checkout may hold one that is still good for everything but the changed lock.
        fresh = not (APP / "bin/python").exists() or not stamped(APP, "place", digest([]))
        call("Creating .venv", [sys.executable, "-m", "venv", *(["--clear"] if fresh else []), APP])
        call(
            "Installing uv into .venv",
            [APP / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock],
        )
        stamp(APP, "place", digest([]))
        stamp(APP, "bootstrap", value)


def packages(lock: Path) -> int:
    """How many packages a lock names."""
    return sum(1 for line in lock.read_text().splitlines() if re.match(r"[A-Za-z0-9]", line))


def install_application(dev: bool) -> None:
    """The application's packages and the application itself, so that ``.venv/bin/gildongmu`` exists; for tests, their tools as well."""
    locks = [LOCKS / "app.lock", *([LOCKS / "dev.lock"] if dev else [])]
    names = ["app", *(["dev"] if dev else [])]
    values = [digest([lock]) for lock in locks]
    if not all(stamped(APP, name, value) for name, value in zip(names, values, strict=True)):
        with step(f"Installing the application's {sum(map(packages, locks))} packages{' and its test tools' if dev else ''}"):
            install(APP, COMPILED, "--require-hashes", *[option for lock in locks for option in ("-r", lock)])
        for name, value in zip(names, values, strict=True):
            stamp(APP, name, value)
    value = digest([ROOT / "pyproject.toml"])
    if not stamped(APP, "project", value) or not (APP / "bin/gildongmu").exists():
        # "compat" links the folder itself, so that a package added later is found without installing again.
        install(APP, "--no-deps", "--config-setting", "editable_mode=compat", "--editable", ROOT)
        stamp(APP, "project", value)


def locked(lock: Path, name: str) -> str:
    """A package's lines in a lock."""
    found = re.search(rf"^{name}==.*(?:\n +--hash.*)*\n", lock.read_text(), re.MULTILINE)
    if found is None:
        raise SetupError(f"{lock.name} names no {name}.")
    return found[0]


def install_rasa() -> None:
    """Rasa's environment; its list is complete, so dependency resolution is off (see requirements/rasa.in)."""
    own(RASA)
    lock = LOCKS / "rasa.lock"
    value = digest([lock])
    if stamped(RASA, "rasa", value) and (RASA / "bin/python").exists():
        return
    with step(f"Installing Rasa's {packages(lock)} packages into an environment of their own (.venv-rasa)"):
        if not (RASA / "bin/python").exists() or not stamped(RASA, "place", digest([])):
            call("Creating .venv-rasa", [UV, "venv", "--quiet", "--clear", "--python", sys.executable, RASA])
            stamp(RASA, "place", digest([]))
        tool = locked(lock, "setuptools")
        # Rasa wants a packaging so old that setuptools cannot build with it beside: it comes last, until then setuptools uses its own copy.
        late = locked(lock, "packaging")
        (RASA / "build-tool.lock").write_text(tool)
        (RASA / "first.lock").write_text(lock.read_text().replace(late, ""))
        for part in (RASA / "build-tool.lock", RASA / "first.lock", lock):
            install(RASA, COMPILED, "--no-deps", "--require-hashes", "-r", part)
        stamp(RASA, "rasa", value)


def build() -> None:
    """The encoder's folder and the trained dialogue model, by the application's own command."""
    files = sorted({path for pattern in BUILD_INPUTS for path in ROOT.glob(pattern)})
    value = digest(files)
    if stamped(APP, "built", value) and BUILT.is_dir():
        return
    with step("Building the sentence encoder and training the dialogue model"):
        call("Building the models (gildongmu setup)", [APP / "bin/gildongmu", "setup"], tell=True)
        stamp(APP, "built", value)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two set-ups in one checkout wait for each other; the lock is on a folder that is always there and goes with the process."""
    folder = os.open(LOCKS, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is at work in this checkout; waiting for it …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def prepare(goal: str) -> None:
    """Everything that ``goal`` needs: run, test, or tools (lint and types, which need no Rasa and no models)."""
    bootstrap()
    dev = goal in ("test", "tools")
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(install_application, dev)]
        if goal != "tools":
            jobs.append(pool.submit(install_rasa))
        for job in jobs:
            job.result()
    if goal != "tools":
        build()


def main() -> int:
    """Set up; 1 and one sentence when that fails."""
    goal = sys.argv[1] if len(sys.argv) > 1 else "run"
    if goal not in ("run", "test", "tools"):
        print("usage: setup.py run|test|tools", file=sys.stderr)
        return 2
    try:
        if not os.access(ROOT, os.W_OK):
            raise SetupError(f"The folder {ROOT} cannot be written; use a checkout of your own.")
        with only_one():
            prepare(goal)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Set-up failed: {error.strerror or error} ({error.filename or ROOT}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up was interrupted; the next one goes on from here.", file=sys.stderr)
        return 130
    if time.monotonic() - STARTED > 5:
        say(f"Set-up is complete (disk free: {shutil.disk_usage(ROOT).free // 2**30} GB).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
