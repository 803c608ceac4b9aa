"""The small process between a program and its embedded PostgreSQL; run by path, with the standard library only.

It does two things that its owner cannot do for itself:

* As root it first moves into a user namespace, where PostgreSQL, which refuses root, sees an ordinary user. The files stay root's, nobody
  gets a new right on any folder, and no account is created. The same helps a user id without a name, as containers have them.
* It holds the reading end of a pipe whose other end is the owner's. However the owner ends, kill -9 included, the pipe closes and the
  server is shut down in order. If this process itself is killed, the kernel tells the server to shut down.

    python -I -S postgres_guardian.py exec  PROGRAM ARGUMENT…
    python -I -S postgres_guardian.py guard PROGRAM ARGUMENT…     standard input: the pipe
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.process import die_with_parent

CLONE_NEWUSER = 0x10000000
#: Exit code when the system refuses the user namespace.
REFUSED = 77
#: PostgreSQL's three ways to stop and how long each gets: "fast" (disconnect, write out), "immediate" (recover at the next start), kill.
STOPPING = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))


def known_user(uid: int) -> bool:
    """True if the system has a name for this user, which PostgreSQL's ``initdb`` wants."""
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwuid(uid).pw_name)
    return False


def leave_root() -> None:
    """As root, or as a user without a name, continue inside a user namespace as an ordinary user that has one; otherwise do nothing."""
    user, group = os.geteuid(), os.getegid()
    if user != 0 and known_user(user):
        return
    inside = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 1000)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{inside} {group} 1")


def stop(server: subprocess.Popen[bytes]) -> None:
    """Shut the server down, more firmly each time it does not listen."""
    for number, patience_s in STOPPING:
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience_s)
            return


def guard(argv: list[str]) -> int:
    """Run the server until it ends by itself or the owner's end of the pipe closes."""
    parent = os.getpid()

    def before_exec() -> None:
        die_with_parent(parent, signal.SIGINT)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=before_exec)

    def watch_owner() -> None:
        while os.read(0, 64):
            pass
        stop(server)

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stop, args=(server,), daemon=True).start())
    threading.Thread(target=watch_owner, daemon=True).start()
    return server.wait()


def main(mode: str, argv: list[str]) -> int:
    """Enter the namespace, then run or guard."""
    try:
        leave_root()
    except OSError as error:
        print(f"user namespace refused: {error.strerror}", file=sys.stderr)
        return REFUSED
    if mode == "exec":
        os.execv(argv[0], argv)  # noqa: S606 — no shell is wanted
    return guard(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) & 0xFF)
