"""A text of somebody becomes a line of their conversation; the parts of a long one wait for each other in the database, not in a process."""

from __future__ import annotations

import json
import secrets

from bot.channels.door import Door
from bot.channels.sms import repository
from bot.channels.sms.aml import place_of
from bot.channels.sms.ledger import CHANNEL, number_hash
from bot.channels.sms.smpp import Arrived
from bot.channels.words import means_danger
from conversation.schemas import Inbound, InboundKind
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.logging import get

log = get(__name__)
CONTENT = "text_parts.content"
MISSING = "(일부가 도착하지 않음)"
#: Who hides the number can be read, and helped where their words say where they are, but not answered. Nothing tells two of them apart but the time:
#: what comes within the same half hour is taken for one person's, so that a place joins its words; in one conversation for all, one's danger would
#: be a repetition of another's, and stand among that other's words.
HIDDEN, HIDDEN_S = "hidden", 1800


async def take(door: Door, db: Database, cipher: Cipher, arrived: Arrived) -> None:
    """Store a text; when this returns it is committed, and the carrier may be told.

    Raises:
        DatabaseUnavailable: nothing is stored.
    """
    if arrived.total == 1:
        await door.accept(inbound(arrived.number, arrived.words, secrets.token_urlsafe(16)))
        return
    hashed = number_hash(cipher, arrived.number)
    content = cipher.seal(json.dumps([arrived.number, arrived.words], ensure_ascii=False), CONTENT)
    async with db.transaction() as tx:
        is_whole = await repository.keep_part(tx, number_hash=hashed, reference=arrived.reference, total=arrived.total, place=arrived.place, content=content)
    if is_whole:
        await join(door, db, cipher, hashed, arrived.reference, arrived.total)


async def join(door: Door, db: Database, cipher: Cipher, hashed: str, reference: int, total: int) -> None:
    """Put together what is there. Its number in the conversation is that of its first row, so that two who do it at once store it once."""
    async with db.read() as connection:
        rows = await repository.parts(connection, hashed, reference, total)
    if not rows:
        return
    opened = {row["place"]: json.loads(cipher.open(row["content"], CONTENT)) for row in rows}
    number = next(iter(opened.values()))[0]
    words = "".join(opened[place][1] if place in opened else MISSING for place in range(1, total + 1))
    await door.accept(inbound(number, words, f"parts-{min(row['id'] for row in rows)}"))
    async with db.transaction() as tx:
        await repository.forget_parts(tx, [row["id"] for row in rows])


async def sweep(door: Door, db: Database, cipher: Cipher) -> int:
    """Bring what waits for parts that do not come; how many texts."""
    async with db.read() as connection:
        waiting = await repository.waited_enough(connection)
    for row in waiting:
        await join(door, db, cipher, row["number_hash"], row["reference"], row["total"])
        log.warning("text_incomplete", total=row["total"])
    return len(waiting)


def inbound(number: str, words: str, event_id: str) -> Inbound:
    """The inbound of a text; one that a telephone sends by itself to tell its place is a place, and its words, which name the subscriber, are dropped."""
    visitor = number or f"{HIDDEN}-{int(now().timestamp()) // HIDDEN_S}"
    if (place := place_of(words)) is not None:
        return Inbound(CHANNEL, event_id, "", InboundKind.LOCATION, location=place, visitor=visitor)
    kind = InboundKind.DANGER if means_danger(words) else InboundKind.TEXT
    return Inbound(CHANNEL, event_id, "", kind, text=words.strip() or "(빈 문자)", visitor=visitor)
