"""Child processes that never outlive us, kill -9 included.

Standard library only, and importable in Rasa's environment: the worker starts Rasa with it, the supervisor starts the worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

PR_SET_PDEATHSIG = 1

# Looked up before any fork: between fork and exec nothing may take a lock that another thread held.
_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None, signal_number: int = signal.SIGKILL) -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere nothing happens).

    The kernel watches the parent's *thread*: whoever starts the child must do so from a thread that lives as long as the child should.
    ``parent`` closes the gap between fork and this call: if it is gone already, we go too.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def _before_exec(signal_number: int) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        die_with_parent(parent, signal_number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    return prepare


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    pass_fds: Sequence[int] = (),
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    death_signal: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a child that gets ``death_signal`` when the calling thread ends, in a process group of its own.

    Its own group keeps a Ctrl-C at the terminal from reaching it behind our back: we stop it, in our order.
    """
    return subprocess.Popen(
        list(argv),
        env=None if env is None else dict(env),
        cwd=cwd,
        pass_fds=tuple(pass_fds),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        process_group=0,
        preexec_fn=_before_exec(death_signal),
    )


def signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    """Signal a spawned child and whatever it started in its group; nothing happens when all of them have gone."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS says so for a group of zombies
        pass


def stop_all(children: Iterable[subprocess.Popen[bytes]], grace_s: float, hurry: Callable[[], bool] = lambda: False) -> None:
    """Ask all to end at once, wait together, kill what is left after ``grace_s`` or as soon as ``hurry()`` says so."""
    left = [child for child in children if child.poll() is None]
    for child in left:
        signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while left and time.monotonic() < deadline and not hurry():
        time.sleep(0.02)
        left = [child for child in left if child.poll() is None]
    for child in left:
        signal_group(child, signal.SIGKILL)
        child.wait()
