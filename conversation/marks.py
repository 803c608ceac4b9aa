"""How far a conversation has come to the other side: delivered, read, failed; and the passing word that somebody is typing, which nobody stores."""

from __future__ import annotations

from dataclasses import dataclass

from conversation import guarding
from conversation.service import stream
from core import db as database
from core import events
from core.db import Connection

#: What is said of somebody who is typing, by who it is.
TYPING = {"citizen": "typing:citizen", "person": "typing:person"}


@dataclass(frozen=True)
class Marks:
    """Up to which line the citizen has read and been delivered, which lines could not be delivered, and which of these the channel must not carry."""

    read: int = 0
    delivered: int = 0
    failed: tuple[int, ...] = ()
    withheld: tuple[int, ...] = ()


async def marks(connection: Connection, conversation_id: str) -> Marks:
    """The marks of a conversation. On the web chat the page says what has arrived, elsewhere the sender does."""
    row = await database.one(
        connection,
        """SELECT c.read_by_citizen AS read,
                  CASE c.channel WHEN 'webchat' THEN GREATEST(c.delivered_to_citizen, c.read_by_citizen)
                       ELSE GREATEST(c.read_by_citizen, COALESCE((SELECT max(m.seq) FROM outbox o JOIN messages m ON m.id = o.message_id
                                                                  WHERE o.conversation_id = c.id AND o.state = 'sent'), 0)) END AS delivered,
                  ARRAY(SELECT m.seq FROM outbox o JOIN messages m ON m.id = o.message_id
                        WHERE o.conversation_id = c.id AND o.state = 'dead' ORDER BY m.seq) AS failed,
                  ARRAY(SELECT m.seq FROM outbox o JOIN messages m ON m.id = o.message_id
                        WHERE o.conversation_id = c.id AND o.state = 'dead' AND o.last_error = 'withheld' ORDER BY m.seq) AS withheld
           FROM conversations c WHERE c.id = %s""",
        conversation_id,
    )
    return Marks(row["read"], row["delivered"], tuple(row["failed"]), tuple(row["withheld"])) if row else Marks()


async def mark_delivered(tx: Connection, conversation_id: str, seq: int) -> None:
    """The citizen's page has everything up to here, whether or not anybody looks at it; what is read is delivered without saying so."""
    moved = await database.one(
        tx,
        """UPDATE conversations SET delivered_to_citizen = LEAST(%(seq)s, last_seq) WHERE id = %(id)s AND read_by_citizen < LEAST(%(seq)s, last_seq)
           AND delivered_to_citizen < LEAST(%(seq)s, last_seq) RETURNING delivered_to_citizen AS seq""",
        seq=seq,
        id=conversation_id,
    )
    if moved is not None:
        await events.append(tx, stream(conversation_id), "delivered", {"seq": moved["seq"]})


async def say_typing(connection: Connection, conversation_id: str, by: str) -> None:
    """Somebody is typing (``by`` is ``citizen`` or ``person``): whoever looks on hears it now, and nothing is kept.

    Once the code word was said, nobody is told that a person types: not on the page, and not on a messenger, whose display hears the same word.
    """
    if by == "person" and await guarding.is_hushed(connection, conversation_id):
        return
    await events.hint(connection, stream(conversation_id), TYPING[by])
