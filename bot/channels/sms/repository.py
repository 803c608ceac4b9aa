"""Every statement on the ledger of texts and on parts of long ones."""

from __future__ import annotations

from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]
#: Seconds after which a carrier is asked again, after so many looks; the last repeats.
LOOKS_S = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
GIVE_UP = "72 hours"
PART_WAITS_S = 30.0


async def submitted(tx: Connection, **values: Any) -> int:
    """A text that is about to be given to the carrier; one that goes under the key of a line's parcel says that line, or a part of it."""
    row = await database.one(
        tx,
        """INSERT INTO text_deliveries (key, carrier, conversation_id, number_hash, alphabet, segments, message_id)
           VALUES (%(key)s, %(carrier)s, %(conversation_id)s, %(number_hash)s, %(alphabet)s, %(segments)s,
                   (SELECT max(message_id) FROM outbox WHERE conversation_id = %(conversation_id)s AND parcel = %(key)s)) RETURNING id""",
        **values,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def answered(tx: Connection, row_id: int, state: str, reference: str, reason: str) -> None:
    """What the carrier said; what it took without a number can never be asked about."""
    await database.run(
        tx,
        """UPDATE text_deliveries SET state = %(state)s, reference = NULLIF(%(reference)s, ''), reason = NULLIF(%(reason)s, ''),
               settled_at = CASE WHEN %(state)s = 'accepted' AND %(reference)s <> '' THEN NULL ELSE clock_timestamp() END
           WHERE id = %(id)s""",
        id=row_id,
        state=state,
        reference=reference,
        reason=reason,
    )


async def settle(tx: Connection, carrier: str, reference: str, state: str, reason: str) -> Row | None:
    """The end of a text's way; None when it is unknown here or has ended before."""
    return await database.one(
        tx,
        """UPDATE text_deliveries SET state = %s, reason = NULLIF(%s, ''), settled_at = clock_timestamp()
           WHERE carrier = %s AND reference = %s AND settled_at IS NULL RETURNING conversation_id, message_id""",
        state,
        reason,
        carrier,
        reference,
    )


async def knows(connection: Connection, carrier: str, reference: str) -> bool:
    """Whether the ledger has this number of the carrier."""
    return await database.one(connection, "SELECT 1 FROM text_deliveries WHERE carrier = %s AND reference = %s", carrier, reference) is not None


async def hurry(tx: Connection, carrier: str, reference: str) -> None:
    """The carrier says that there is news: it is asked at the next round."""
    await database.run(
        tx,
        "UPDATE text_deliveries SET looked_at = NULL, submitted_at = LEAST(submitted_at, clock_timestamp() - interval '5 seconds') "
        "WHERE carrier = %s AND reference = %s AND settled_at IS NULL",
        carrier,
        reference,
    )


async def due(tx: Connection, carriers: list[str], limit: int = 20) -> list[Row]:
    """Texts whose carrier is to be asked now, taken so that no second worker asks too."""
    return await database.rows(
        tx,
        """UPDATE text_deliveries SET looked_at = clock_timestamp(), looks = looks + 1 WHERE id IN (
               SELECT id FROM text_deliveries WHERE state = 'accepted' AND settled_at IS NULL AND carrier = ANY(%(carriers)s)
                 AND COALESCE(looked_at, submitted_at)
                     < clock_timestamp() - make_interval(secs => (%(looks)s::float[])[LEAST(looks + 1, array_length(%(looks)s::float[], 1))])
               ORDER BY submitted_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
           RETURNING carrier, reference""",
        carriers=carriers,
        looks=list(LOOKS_S),
        limit=limit,
    )


async def give_up(tx: Connection) -> int:
    """What nobody has heard of for three days stays unknown."""
    return await database.run(
        tx,
        f"""UPDATE text_deliveries SET state = 'unknown', settled_at = clock_timestamp()
            WHERE state IN ('accepted', 'submitted') AND settled_at IS NULL AND submitted_at < clock_timestamp() - interval '{GIVE_UP}'""",  # noqa: S608
    )


async def lost_lines(connection: Connection) -> list[Row]:
    """Lines that count as sent although a text of theirs has not arrived, and why. A line is sent for at most a day; one that is on its way comes later."""
    return await database.rows(
        connection,
        """SELECT DISTINCT ON (t.message_id) t.message_id, t.conversation_id, COALESCE(t.reason, 'failed') AS reason
           FROM text_deliveries t JOIN outbox o ON o.message_id = t.message_id AND o.state = 'sent'
           WHERE t.state = 'failed' AND t.message_id IS NOT NULL AND t.reference IS NOT NULL AND t.settled_at > clock_timestamp() - interval '2 days'
           ORDER BY t.message_id, t.id""",
    )


async def did_not_arrive(tx: Connection, message_id: int, reason: str) -> int | None:
    """The number of a line that counted as sent and has not arrived after all; None where somebody else has told so."""
    row = await database.one(
        tx,
        """UPDATE outbox o SET state = 'dead', last_error = %s FROM messages m
           WHERE m.id = o.message_id AND o.message_id = %s AND o.state = 'sent' RETURNING m.seq""",
        reason,
        message_id,
    )
    return int(row["seq"]) if row is not None else None


async def keep_part(tx: Connection, **values: Any) -> bool:
    """Keep a part of a long text; whether all its parts are there now."""
    row = await database.one(
        tx,
        """WITH kept AS (
               INSERT INTO text_parts (number_hash, reference, total, place, content)
               VALUES (%(number_hash)s, %(reference)s, %(total)s, %(place)s, %(content)s) ON CONFLICT DO NOTHING RETURNING id
           )
           SELECT (SELECT count(*) FROM kept) + (SELECT count(*) FROM text_parts
               WHERE number_hash = %(number_hash)s AND reference = %(reference)s AND total = %(total)s) AS there""",
        **values,
    )
    return row is not None and int(row["there"]) >= int(values["total"])


async def parts(connection: Connection, number_hash: str, reference: int, total: int) -> list[Row]:
    """The parts of one text, in order."""
    return await database.rows(
        connection, "SELECT * FROM text_parts WHERE number_hash = %s AND reference = %s AND total = %s ORDER BY place", number_hash, reference, total
    )


async def forget_parts(tx: Connection, ids: list[int]) -> None:
    """They stand in a conversation now."""
    await database.run(tx, "DELETE FROM text_parts WHERE id = ANY(%s)", ids)


async def waited_enough(connection: Connection) -> list[Row]:
    """Texts whose other parts have not come, or that nobody has put together."""
    return await database.rows(
        connection,
        """SELECT number_hash, reference, total FROM text_parts GROUP BY number_hash, reference, total
           HAVING max(arrived_at) < clock_timestamp() - make_interval(secs => %s)""",
        PART_WAITS_S,
    )
