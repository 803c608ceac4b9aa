"""Reply windows: how long, how often and with which token a platform lets us answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conversation.schemas import ReplyWindow
from core import db as database
from core.clock import now
from core.crypto import Cipher
from core.db import Connection

TOKEN = "reply_windows.token"  # noqa: S105  (a column's name)


@dataclass(frozen=True)
class Window:
    """A window that is open now; ``messages_left`` is None where the platform does not count."""

    id: int
    token: str = field(repr=False)
    deadline: datetime
    single_use: bool
    fallback: str
    messages_left: int | None


async def keep(tx: Connection, cipher: Cipher, conversation_id: str, window: ReplyWindow, message_id: int | None = None) -> int | None:
    """Store an inbound's window; one without a deadline is none. Where messages are counted, the count begins anew with each inbound."""
    if window.deadline is None:
        return None
    if window.messages is not None:
        await database.run(
            tx,
            """UPDATE reply_windows SET deadline = LEAST(deadline, clock_timestamp())
               WHERE conversation_id = %s AND messages_left IS NOT NULL AND fallback = %s AND NOT single_use""",
            conversation_id,
            window.fallback,
        )
    row = await database.one(
        tx,
        """INSERT INTO reply_windows (conversation_id, message_id, deadline, single_use, fallback, token, messages_left, inline_until)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
        conversation_id,
        message_id,
        window.deadline,
        window.single_use,
        window.fallback,
        cipher.seal(window.token, TOKEN) if window.token else None,
        window.messages,
        window.inline_until,
    )
    return int(row["id"]) if row else None


async def best(connection: Connection, cipher: Cipher, conversation_id: str, in_reply_to: int | None) -> Window | None:
    """The open window to answer in: of those that are used once the inbound's own, else the one that ends first; otherwise the newest."""
    row = await database.one(
        connection,
        """SELECT * FROM reply_windows
           WHERE conversation_id = %s AND deadline > clock_timestamp() AND (NOT single_use OR used_at IS NULL) AND COALESCE(messages_left, 1) > 0
             AND COALESCE(inline_until, '-infinity') <= clock_timestamp()
           ORDER BY single_use DESC, COALESCE(single_use AND message_id = %s, false) DESC, CASE WHEN single_use THEN deadline END, id DESC LIMIT 1""",
        conversation_id,
        in_reply_to,
    )
    return _window(row, cipher) if row else None


async def of_attempt(connection: Connection, cipher: Cipher, window_id: int) -> Window | None:
    """The window that an attempt used, if it has not ended by time: using it again tells whether the attempt arrived."""
    row = await database.one(connection, "SELECT * FROM reply_windows WHERE id = %s AND deadline > clock_timestamp()", window_id)
    return _window(row, cipher) if row else None


async def use(tx: Connection, window_id: int, messages: int) -> bool:
    """Take a window for so many messages; False if somebody else has, or if its time is over."""
    taken = await database.run(
        tx,
        """UPDATE reply_windows SET used_at = clock_timestamp(), messages_left = messages_left - %s
           WHERE id = %s AND deadline > clock_timestamp() AND (NOT single_use OR used_at IS NULL) AND COALESCE(messages_left, %s) >= %s""",
        messages,
        window_id,
        messages,
        messages,
    )
    return taken > 0


async def give_back(tx: Connection, window_id: int, messages: int) -> None:
    """The platform has surely not taken what a window was used for: where messages are counted, these cost none."""
    await database.run(tx, "UPDATE reply_windows SET messages_left = messages_left + %s WHERE id = %s AND messages_left IS NOT NULL", messages, window_id)


async def spend(connection: Connection, window_id: int) -> None:
    """Close a window that the platform does not accept any more."""
    await database.run(connection, "UPDATE reply_windows SET deadline = LEAST(deadline, clock_timestamp()) WHERE id = %s", window_id)


async def let_go(connection: Connection, free: Sequence[tuple[int, bool]]) -> None:
    """Requests that waited have been answered: others may send again, in a request's window only if its answer did not use it; if something waits, they do.

    Each with whether it was used.
    """
    await database.run(
        connection,
        """WITH answered AS (
               SELECT id, bool_or(used) AS used FROM unnest(%s::bigint[], %s::boolean[]) AS a(id, used) GROUP BY id
           ), free AS (
               UPDATE reply_windows w SET inline_until = NULL, used_at = CASE WHEN a.used THEN clock_timestamp() ELSE w.used_at END
               FROM answered a WHERE w.id = a.id RETURNING w.conversation_id
           )
           SELECT pg_notify('outbox', '') FROM free
           WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = free.conversation_id AND o.state = 'pending')""",
        [window_id for window_id, _ in free],
        [used for _, used in free],
    )


async def left(connection: Connection, conversation_id: str) -> dict[str, Any] | None:
    """The newest window that counts messages or ends, for the desk: ``messages_left`` and ``deadline``."""
    return await database.one(
        connection,
        """SELECT messages_left, deadline FROM reply_windows WHERE conversation_id = %s AND NOT single_use AND deadline > now() ORDER BY id DESC LIMIT 1""",
        conversation_id,
    )


async def forget(tx: Connection) -> int:
    """Remove windows that ended more than a day ago; an attempt in doubt no longer asks for them."""
    return await database.run(tx, "DELETE FROM reply_windows WHERE deadline < %s - interval '1 day'", now())


def _window(row: dict[str, Any], cipher: Cipher) -> Window:
    token = cipher.open(row["token"], TOKEN) if row["token"] else ""
    return Window(row["id"], token, row["deadline"], row["single_use"], row["fallback"], row["messages_left"])
