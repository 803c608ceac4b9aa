"""Which signed requests have been seen: in plain mode the signature does not cover the content, so a signature that comes again may only bring the same."""

from __future__ import annotations

import hashlib

from core import db as database
from core.db import Connection, Database

#: Longer than a signature is fresh, on either side of our clock.
KEPT_S = 900
_SEE = """
INSERT INTO wechat_nonces AS n (nonce_hash, content_hash) VALUES (%s, %s)
ON CONFLICT (nonce_hash) DO UPDATE SET seen_at = n.seen_at RETURNING content_hash
"""


async def is_replayed(db: Database, channel: str, signature: str, content: bytes) -> bool:
    """Whether this signature has brought something else before. ``content``: what the signature lets in, decrypted."""
    nonce_hash = hashlib.sha256(f"{channel}\n{signature}".encode("utf-8", "replace")).digest()
    content_hash = hashlib.sha256(content).digest()
    async with db.read() as connection:
        row = await database.one(connection, _SEE, nonce_hash, content_hash)
    return row is None or bytes(row["content_hash"]) != content_hash


async def forget(tx: Connection) -> int:
    """Remove those whose signatures are stale by now."""
    return await database.run(tx, "DELETE FROM wechat_nonces WHERE seen_at < clock_timestamp() - make_interval(secs => %s)", KEPT_S)
