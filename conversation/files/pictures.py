"""Asks for a picture to be drawn anew, elsewhere and not for long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass, field

TIMEOUT_S = 25.0
#: One at a time in a process: two cores shall not be full of pictures while somebody is in danger.
_ONE = asyncio.Semaphore(1)


@dataclass(frozen=True)
class Drawn:
    """A picture as it may be shown, and where it says that it was taken."""

    picture: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    position: tuple[float, float] | None = field(repr=False, default=None)


class NotDrawn(Exception):
    """It cannot be shown; ``reason`` is ``broken``, ``bomb`` or ``slow``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def drawn(raw: bytes, suffix: str, timeout_s: float = TIMEOUT_S) -> Drawn:
    """The picture, drawn anew.

    Raises:
        NotDrawn: with the reason.
    """
    async with _ONE:
        answer = await _asked(raw, suffix, timeout_s)
    head, _, rest = answer.partition(b"\n")
    try:
        known = json.loads(head)
        if "refused" in known:
            raise NotDrawn(str(known["refused"]))
        whole, small = (int(size) for size in known["sizes"])
        place = known["position"]
    except (ValueError, KeyError, TypeError) as error:  # the process was brought down
        raise NotDrawn("broken") from error
    if not whole or len(rest) != whole + small:
        raise NotDrawn("broken")
    return Drawn(rest[:whole], rest[whole:], (float(place[0]), float(place[1])) if place else None)


async def _asked(raw: bytes, suffix: str, timeout_s: float) -> bytes:
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "conversation.files.redraw",
        suffix,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            answer, _ = await process.communicate(raw)
    except TimeoutError as error:
        raise NotDrawn("slow") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return answer
