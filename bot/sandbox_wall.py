"""The sandbox's second lock: its processes cannot reach another machine even if a piece of the program tried.

Python tells an audit hook of every connection before it is made, and a hook can never be taken away again. uvloop connects behind Python's back, so the
sandbox's roles run on asyncio's own loop. PostgreSQL's client library is not seen either; it talks to the sandbox's own database over a socket file.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

#: Audit events, and which of their arguments is the address.
CONNECTING = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
RESOLVING = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}


class OutgoingRefused(PermissionError):
    """Something in the sandbox wanted to reach another machine."""


def is_this_machine(host: str) -> bool:
    """Whether a host as it stands in an address is this machine's own loopback. Pure."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def may_resolve(host: Any) -> bool:
    """Whether a name may be looked up: only one that no other machine is asked for. Pure."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text in (None, "", "localhost"):
        return True
    try:
        ipaddress.ip_address(str(text).split("%")[0])
    except ValueError:
        return False
    return True


def may_connect(address: Any, own_host: str) -> bool:
    """Whether an address may be connected to: a socket file, the loopback, or where this installation itself listens. Pure."""
    if not isinstance(address, tuple):
        return True  # a socket file, or a message on a connection that stands already
    host = str(address[0])
    return is_this_machine(host) or host == own_host


def cut_off(own_host: str) -> None:
    """From now on, and until it ends, this process reaches nothing outside; proxies of the environment are forgotten too."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    own = own_host.strip("[]")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CONNECTING:
            if not may_connect(arguments[CONNECTING[event]], own):
                raise OutgoingRefused("the training sandbox reaches no other machine")
        elif event in RESOLVING:
            host = arguments[RESOLVING[event]]
            if not may_resolve(host) and host != own:
                raise OutgoingRefused("the training sandbox asks no name server")

    sys.addaudithook(hook)
