"""The access token, one for all processes: in the database, sealed, renewed early, by one process at a time.

The platform counts requests for tokens and may make the old one invalid, so that two processes which renew on their own would rob each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from core import db as database
from core.crypto import Cipher, hash_token
from core.db import Database

TOKEN = "wechat_tokens.token"  # noqa: S105  (a column's name)
#: The platform keeps the old token valid for five minutes beside the new one.
EARLY = timedelta(minutes=5)
#: Longer than asking takes.
ASKING_S = 10.0
#: How long somebody waits who has no token while another process asks.
WAIT_S = 4.0
LOOK_S = 0.1
#: Between two forced renewals: 20 are allowed a day.
FORCED_AGAIN = timedelta(minutes=80)


@dataclass(frozen=True)
class Fresh:
    """A token as the platform gave it."""

    token: str = field(repr=False)
    lasts_s: int


#: Asks the platform; ``True`` forces a new token. None: it gave none.
Ask = Callable[[bool], Awaitable[Fresh | None]]

_READ = """
SELECT token, token_hash, refused_hash, expires_at > clock_timestamp() AS is_valid, expires_at - %s > clock_timestamp() AS is_fresh,
       COALESCE(forced_at, '-infinity') < clock_timestamp() - %s::interval AS may_force
FROM wechat_tokens WHERE channel = %s
"""
_CLAIM = """
INSERT INTO wechat_tokens AS t (channel, asking_until) VALUES (%(channel)s, clock_timestamp() + make_interval(secs => %(asking_s)s))
ON CONFLICT (channel) DO UPDATE SET asking_until = excluded.asking_until
WHERE COALESCE(t.asking_until, '-infinity') < clock_timestamp() AND COALESCE(t.expires_at - %(early)s, '-infinity') <= clock_timestamp()
RETURNING 1
"""
_STORE = """
UPDATE wechat_tokens SET token = %s, token_hash = %s, expires_at = clock_timestamp() + make_interval(secs => %s), asking_until = NULL,
       forced_at = CASE WHEN %s THEN clock_timestamp() ELSE forced_at END WHERE channel = %s
"""


class TokenCache:
    """The token of one account."""

    def __init__(self, channel: str, ask: Ask) -> None:
        self._channel = channel
        self._ask = ask

    async def get(self, db: Database, cipher: Cipher) -> str | None:
        """A token that is valid; None when the platform gives none, or nobody has got one in time."""
        waited = 0.0
        while True:
            row = await self._read(db)
            if row is not None and row["is_fresh"]:
                return cipher.open(row["token"], TOKEN)
            async with db.transaction() as tx:
                is_ours = await database.one(tx, _CLAIM, channel=self._channel, asking_s=ASKING_S, early=EARLY) is not None
            if is_ours:
                return await self._renew(db, cipher, row)
            if row is not None and row["is_valid"]:
                return cipher.open(row["token"], TOKEN)
            if waited >= WAIT_S:
                return None
            await asyncio.sleep(LOOK_S)
            waited += LOOK_S

    async def refused(self, db: Database, token: str) -> None:
        """The platform did not accept this token: it is used no more, unless somebody has replaced it already."""
        async with db.transaction() as tx:
            await database.run(
                tx,
                "UPDATE wechat_tokens SET expires_at = '-infinity', refused_hash = token_hash WHERE channel = %s AND token_hash = %s",
                self._channel,
                hash_token(token),
            )

    async def _renew(self, db: Database, cipher: Cipher, row: dict[str, Any] | None) -> str | None:
        forced = False
        fresh = await self._ask(False)
        if fresh is not None and row is not None and row["refused_hash"] is not None and hash_token(fresh.token) == bytes(row["refused_hash"]):
            forced = bool(row["may_force"])
            fresh = await self._ask(True) if forced else None
        async with db.transaction() as tx:
            if fresh is not None:
                sealed = cipher.seal(fresh.token, TOKEN)
                await database.run(tx, _STORE, sealed, hash_token(fresh.token), fresh.lasts_s, forced, self._channel)
            else:
                await database.run(tx, "UPDATE wechat_tokens SET asking_until = NULL WHERE channel = %s", self._channel)
        if fresh is not None:
            return fresh.token
        return cipher.open(row["token"], TOKEN) if row is not None and row["is_valid"] else None

    async def _read(self, db: Database) -> dict[str, Any] | None:
        async with db.read() as connection:
            row = await database.one(connection, _READ, EARLY, FORCED_AGAIN, self._channel)
        return row if row is not None and row["token"] is not None else None
