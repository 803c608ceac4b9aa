"""``gildongmu drill``: start one on the running program and watch it, or list the last ones."""

from __future__ import annotations

import asyncio
import getpass
import json
import time
from typing import TextIO

from bot import commands
from core import heartbeat
from core.db import Database
from core.errors import DatabaseUnavailable, StartError
from core.logging import keep_off_standard_output
from core.postgres import EmbeddedPostgres
from core.settings import Settings
from handoff.drills import service
from handoff.drills.schemas import WHY, Drill

LOOK_S = 0.25
STEPS = ("received", "queued", "offered", "claimed", "first_words", "closed")
#: How a drill that was not taken ended.
BAD = frozenset({"unclaimed", "failed", "withdrawn", "missed"})


def drill(settings: Settings, out: TextIO, *, channel: str, wait_s: float) -> int:
    """Start a drill and watch it until it is over or the time is up; exit code 1 if nobody claimed it."""
    if settings.sandbox:
        out.write("this is the training sandbox: the drill says nothing of the real installation\n")
    return commands.run_on(_running(settings), lambda db: _drill(db, out, channel, wait_s))


def show(settings: Settings, out: TextIO, limit: int = 20) -> int:
    """The last drills, a JSON object each, the newest first; the program need not be running."""

    async def work(db: Database) -> int:
        async with db.read() as connection:
            for one in await service.last(connection, limit):
                times = {"requested_at": one.requested_at.isoformat(), "slot_at": one.slot_at.isoformat() if one.slot_at else None, "by": one.requested_by}
                marked = {"sandbox": True} if settings.sandbox else {}
                out.write(json.dumps(summary(one) | {"why": one.why} | times | marked, ensure_ascii=False) + "\n")
        return 0

    return commands.with_database(settings, work)


def summary(one: Drill) -> dict[str, int | str | None]:
    """The object that is printed; times run from the receipt."""
    times = {f"{step}_ms": one.ms(step) for step in STEPS[1:]}
    return {"drill": one.id, "channel": one.channel, **times, "outcome": one.outcome or one.state}


def _running(settings: Settings) -> str:
    """The database of the running program.

    Raises:
        StartError: there is none.
    """
    keep_off_standard_output()
    if settings.database_url is not None:
        return settings.dsn()
    dsn = EmbeddedPostgres(settings.data_dir).attach()
    if dsn is None:
        raise StartError(f"The program does not run on {settings.data_dir}: start it with `gildongmu serve` first.")
    return dsn


async def _drill(db: Database, out: TextIO, channel: str, wait_s: float) -> int:
    try:
        return await _watch(db, out, await _start(db, channel), wait_s)
    except DatabaseUnavailable as error:
        raise StartError("The program's database is away: no drill can be started or watched now.") from error


async def _start(db: Database, channel: str) -> Drill:
    async with db.read() as connection:
        roles = {row["role"] for row in await heartbeat.living(connection)}
    needed = {"worker", "web"} if channel == service.WEBCHAT else {"worker"}
    if away := sorted(needed - roles):
        raise StartError(f"The program is not running in full (no {' and no '.join(away)} process): a drill would say nothing of it.")
    async with db.transaction() as tx:
        started = await service.request(tx, channel, f"terminal:{getpass.getuser()}")
    if isinstance(started, str):
        raise StartError(f"No drill may start now: {WHY[started]}.")
    return started


async def _watch(db: Database, out: TextIO, one: Drill, wait_s: float) -> int:
    out.write(f"drill {one.id} through {one.channel} has been asked for\n")
    out.flush()
    until = time.monotonic() + wait_s
    said: set[str] = set()
    while True:
        async with db.read() as connection:
            one = await service.get_drill(connection, one.id) or one
        for step in ("began", *STEPS, "alarmed"):
            at = getattr(one, f"{step}_at")
            if at is not None and step not in said:
                said.add(step)
                after = one.ms(step)
                out.write(f"{step.replace('_', ' ')}{f' after {after} ms' if after is not None else ''}\n")
                out.flush()
        if one.state == "ended" or time.monotonic() > until:
            break
        await asyncio.sleep(LOOK_S)
    if one.why:
        out.write(f"{WHY.get(one.why, one.why)}\n")
    out.write(json.dumps(summary(one), ensure_ascii=False) + "\n")
    return 1 if one.claimed_at is None or one.outcome in BAD else 0
