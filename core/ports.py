"""A port for a server of our own that is started a moment later, in another process."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

from core.errors import StartError

# Below what kernels lend to outgoing connections (from 32768 on Linux, 49152 elsewhere): any of those may be gone before our server listens on it.
PORTS = range(20_000, 32_000)
TRIES = 200


def free_port(host: str = "127.0.0.1", together: int = 1) -> int:
    """A port on which nobody listens now; with ``together``, the first of so many in a row.

    Raises:
        StartError: none was found.
    """
    for port in random.sample(PORTS[: len(PORTS) - together], TRIES):  # not a secret: any free port will do
        with ExitStack() as stack:
            try:
                for each in range(port, port + together):
                    stack.enter_context(socket.socket()).bind((host, each))
            except OSError:
                continue
            return port
    raise StartError(f"No free port on {host}.")
