"""``serve`` with small stand-ins for the roles: order, readiness, restarts, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from bot.supervisor import WORKER_NICE, Child, pause_before, roles
from core.ports import free_port
from core.postgres_host import processes_in
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import json, sys
from pathlib import Path
import bot.supervisor
from bot.supervisor import Child, serve
from core.errors import StartError
from core.settings import Settings
options = json.loads(sys.argv[1])
bot.supervisor.DIALOGUE_PATIENCE_S = options.pop("patience")
children = [Child(name, [sys.executable, "-c", code]) for name, code in options.pop("children").items()]
try:
    serve(Settings(**options), children)
except StartError as error:
    print("gildongmu:", error, file=sys.stderr)
    sys.exit(2)
"""
#: A stand-in for a role: leaves its process number and the database's address, announces, waits.
ROLE = """
import os, signal, sys, time
from pathlib import Path
{before}
folder = Path(os.environ["GILDONGMU_DATA_DIR"])
(folder / "dsn").write_text(os.environ["DATABASE_URL"])
with (folder / "{name}.pids").open("a") as file: file.write(f"{{os.getpid()}}\\n")
os.write(int(os.environ["GILDONGMU_READY_FD"]), b"{words}")
time.sleep(600)
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def role(name: str, words: str = "READY\\n", before: str = "") -> str:
    return ROLE.format(name=name, words=words, before=before)


WEB, WORKER = role("web"), role("worker", "READY\\nDIALOGUE\\n")


def wait_for(condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result


@dataclass
class Served:
    """A running ``serve`` and its data folder."""

    process: subprocess.Popen[str]
    data: Path
    errors: Path
    port: int = 0
    said: list[str] = field(default_factory=list)

    def ready(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def pids(self, name: str) -> list[int]:
        path = self.data / f"{name}.pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(120)

    def database_processes(self) -> list[int]:
        return processes_in(self.data / "postgres" / "pgdata")

    @property
    def dsn(self) -> str:
        return (self.data / "dsn").read_text()

    @property
    def words(self) -> str:
        return self.errors.read_text()


Start = Callable[..., Served]


@pytest.fixture
def start() -> Iterator[Start]:
    folder = Path(tempfile.mkdtemp(prefix="g-"))
    running: list[Served] = []

    def begin(children: dict[str, str] | None = None, data: Path | None = None, patience: float = 20, **options: Any) -> Served:
        port = options.pop("port", None) or free_port()
        data = data or folder / "data"
        children = {"web": WEB, "worker": WORKER} if children is None else children
        given = {"port": port, "data_dir": str(data), "children": children, "patience": patience, **options}
        errors = folder / f"errors-{len(running)}"
        with errors.open("w") as file:
            command = [sys.executable, "-c", SERVE, json.dumps(given)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=file, text=True, start_new_session=True)
        running.append(Served(process, data, errors, port))
        return running[-1]

    yield begin
    for served in running:
        served.process.kill()
        served.process.wait()
        if served.process.stdout:
            served.process.stdout.close()
    for served in running:
        wait_for(lambda served=served: not served.database_processes())
    shutil.rmtree(folder)


def migrated(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT to_regclass('messages')").fetchone() != (None,)


@pytest.mark.parametrize(("failures", "pause_s"), [(0, 0), (1, 0), (2, 1), (3, 2), (5, 8), (6, 10), (60, 10)])
def test_pauses(failures: int, pause_s: float) -> None:
    assert pause_before(failures) == pause_s


def test_the_worker_stands_back_for_what_takes_in_what_people_say(tmp_path: Path) -> None:
    web, worker = roles(Settings(data_dir=tmp_path), 0)
    assert (web.nice, worker.nice) == (0, WORKER_NICE)
    child = Child("worker", [sys.executable, "-c", "import time; time.sleep(60)"], nice=worker.nice)
    child.start(os.environ)
    assert child.process is not None
    try:
        assert os.getpriority(os.PRIO_PROCESS, child.process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + worker.nice)
    finally:
        child.hang_up()
        child.process.kill()
        child.process.wait()


def test_it_is_light() -> None:
    heavy = "{'numpy', 'spacy', 'onnxruntime', 'fastapi', 'nicegui', 'sqlalchemy', 'alembic', 'psycopg', 'kiwipiepy'}"
    done = subprocess.run([sys.executable, "-c", f"import sys, bot.supervisor; sys.exit(str({heavy} & set(sys.modules)))"], capture_output=True, text=True)
    assert done.stderr.strip() == "set()"


def test_the_whole_life(start: Start) -> None:
    served = start()
    assert served.ready() == f"ready http://127.0.0.1:{served.port}"
    assert migrated(served.dsn)
    for name in ("web", "worker"):
        for restarts in (1, 2):
            os.kill(served.pids(name)[-1], signal.SIGKILL)
            wait_for(lambda name=name, restarts=restarts: len(served.pids(name)) == restarts + 1)
    assert "web ended (signal 9); it is started again." in served.words
    began = time.monotonic()
    assert served.stop() == 0
    assert time.monotonic() - began < 30
    assert not served.database_processes()
    assert not any(psutil.pid_exists(pid) for name in ("web", "worker") for pid in served.pids(name))


def test_a_killed_database_comes_back(start: Start) -> None:
    served = start()
    served.ready()
    os.kill(int((served.data / "postgres" / "pgdata" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    wait_for(lambda: "the database had ended and runs again" in served.words)
    assert migrated(served.dsn)


def test_kill_9_leaves_nothing(start: Start) -> None:
    served = start({"web": role("web", before=STUBBORN), "worker": WORKER})
    served.ready()
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()
    wait_for(lambda: not any(psutil.pid_exists(pid) for name in ("web", "worker") for pid in served.pids(name)))
    wait_for(lambda: not served.database_processes())
    again = start()
    assert again.ready()


def test_ctrl_c_reaches_the_children_through_us_only(start: Start) -> None:
    tell = "signal.signal(signal.SIGINT, lambda *_: (Path(os.environ['GILDONGMU_DATA_DIR']) / 'interrupted').touch())"
    served = start({"web": role("web", before=tell), "worker": WORKER})
    served.ready()
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(60) == 0
    assert not (served.data / "interrupted").exists()


def test_a_stubborn_child_does_not_hold_the_stop_up(start: Start) -> None:
    served = start({"web": role("web", before=STUBBORN), "worker": WORKER})
    served.ready()
    began = time.monotonic()
    assert served.stop() == 0
    assert time.monotonic() - began < 30
    assert not psutil.pid_exists(served.pids("web")[-1])


def test_without_rasa_it_is_ready_all_the_same_and_says_so(start: Start) -> None:
    served = start({"web": WEB, "worker": role("worker")}, patience=1)
    assert served.ready().startswith("ready http://")
    assert "the dialogue engine is still starting" in served.words


def test_a_child_that_cannot_start_ends_it_all_with_one_sentence(start: Start) -> None:
    served = start({"web": WEB, "worker": "raise SystemExit('no model')"})
    assert served.process.wait(120) == 2
    assert served.words.splitlines()[-1] == ("gildongmu: The worker process ended (code 1) 3 times before it was ready; its own words are above.")
    assert not served.database_processes()


def test_a_second_one_on_the_same_folder_is_refused(start: Start) -> None:
    first = start()
    first.ready()
    second = start()
    assert second.process.wait(60) == 2
    assert second.words.count("\n") == 1
    assert second.words.startswith(f"gildongmu: Another Gildongmu already runs on the data folder {first.data};")


def test_a_taken_port_is_told_before_anything_is_started(start: Start) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        served = start(port=port)
        assert served.process.wait(60) == 2
    assert served.words == f"gildongmu: Port {port} on 127.0.0.1 cannot be used (Address already in use); choose another with PORT= or --port.\n"
    assert not served.data.exists()


def test_an_unusable_address_and_folder_are_told(start: Start) -> None:
    served = start(host="192.0.2.1")
    assert served.process.wait(60) == 2
    assert served.words.count("\n") == 1
    assert "192.0.2.1" in served.words
    served = start(data=Path("/proc/nowhere"))
    assert served.process.wait(60) == 2
    assert served.words.startswith("gildongmu: The data folder /proc/nowhere cannot be written")
    assert served.words.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:secret@127.0.0.1:9/none", "The database cannot be reached; check DATABASE_URL and that PostgreSQL is running."),
        (
            "postgresql+driver://me:secret@host/none",
            "DATABASE_URL is not an address that PostgreSQL understands (postgresql://user:password@host/name).",
        ),
    ],
)
def test_an_unusable_database_is_told_without_its_password(start: Start, url: str, sentence: str) -> None:
    served = start(database_url=url)
    assert served.process.wait(120) == 2
    assert served.words == f"gildongmu: {sentence}\n"


def test_the_operators_database_is_used_and_none_of_ours_started(start: Start, make_database: Callable[[], str]) -> None:
    dsn = make_database()
    served = start(database_url=dsn)
    assert served.ready()
    assert served.dsn == dsn
    assert migrated(dsn)
    assert not (served.data / "postgres").exists()
    assert served.stop() == 0
