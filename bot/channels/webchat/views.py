"""From where on a page may read: a ticket that lives in the page's memory alone and ends with it.

The token stays on the device, so whoever holds the device has it. A guarded conversation that is opened with the token alone begins at its end:
what was written before is for the page that was there, or for one that has proved anew who reads. That is so for whoever asked for tickets when the
conversation began, as our page does; a program that knows nothing of them (it polls with its token) would otherwise never see the first reply to danger.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.crypto import Cipher

HEADER = "X-View"
VALID_FOR = timedelta(hours=12)


def ticket(cipher: Cipher, conversation_id: str, after: int, at: datetime) -> str:
    """A ticket for what comes after an event."""
    said = f"{after}.{_ms(at)}"
    return f"{said}.{_mac(cipher, conversation_id, said)}"


def begins_after(cipher: Cipher, row: Mapping[str, Any], shown: str, last: int, at: datetime) -> int:
    """After which event a page may read.

    Any, unless the conversation is guarded and goes by tickets; then what its ticket says; without one, the newest (``last``). What was wiped off is shown
    again only to who has proved anew since.
    """
    made = _made(cipher, row, shown, at)
    begins = made[0] if made is not None else 0 if row["guarded_at"] is None or not row["by_ticket"] else last
    is_older = made is None or row["cleared_at"] is None or made[1] <= _ms(row["cleared_at"])
    return max(begins, row["cleared_seq"]) if is_older else begins


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _made(cipher: Cipher, row: Mapping[str, Any], shown: str, at: datetime) -> tuple[int, int] | None:
    """What a ticket says and when it was made, if it is one of ours for this conversation and not too old."""
    said, _, mac = shown.rpartition(".")
    after, _, made = said.partition(".")
    # Bytes, since what a header brings need not be ASCII.
    if not secrets.compare_digest(mac.encode(), _mac(cipher, row["id"], said).encode()) or not (after.isascii() and after.isdigit()):
        return None
    return (int(after), int(made)) if _ms(at) - int(made) < VALID_FOR.total_seconds() * 1000 else None


def _mac(cipher: Cipher, conversation_id: str, said: str) -> str:
    return cipher.pseudonym(f"view:{conversation_id}:{said}")
