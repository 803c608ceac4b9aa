"""A desk's heartbeat: it tells the page how true its picture is, and the others that this desk is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client
from nicegui.element import Element

from core.clock import now as clock_now
from handoff.desk.live import Follower, QueueFeed, worst

PULSE_S = 2.0
BEAT_S = 10.0


async def pulse(client: Client, feed: QueueFeed, follower: Follower, signals: Element, beat: Callable[[], Awaitable[Any]]) -> None:
    """Every two seconds while the page is there; ``beat`` every ten. Until cancelled."""
    beaten = 0.0
    while True:
        if client.has_socket_connection:
            state, silent_s = worst(feed.freshness, feed.silent_s, follower.silent_s)
            with client:
                signals.run_method("pulse", clock_now().timestamp() * 1000, state, round(silent_s, 1))
            if time.monotonic() - beaten >= BEAT_S:
                beaten = time.monotonic()
                await beat()
        await asyncio.sleep(PULSE_S if beaten else 0.1)
