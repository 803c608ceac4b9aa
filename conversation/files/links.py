"""Addresses under which a file that an agent has sent is opened by the citizen, or by the messenger that shows it: signed, for one form, and for a time.

The address is all that is asked for, as with every messenger's own pictures; so it names nobody, and a guarded conversation's lead nowhere.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from conversation.files.schemas import Form
from core.crypto import Cipher

PATH = "/files/"
_LETTERS = {"o": Form.ORIGINAL, "p": Form.PICTURE, "t": Form.THUMBNAIL}


def path_of(cipher: Cipher, file_id: int, form: Form, until: datetime) -> str:
    """The path for a form of a file until then."""
    said = f"{file_id}.{form.value[0]}.{int(until.timestamp())}"
    return f"{PATH}{said}.{_mac(cipher, said)}"


def read(cipher: Cipher, token: str, at: datetime) -> tuple[int, Form] | None:
    """Which file and form a path's end names; None where it is not ours or its time is over."""
    said, _, mac = token.rpartition(".")
    # Bytes, since what an address brings need not be ASCII.
    if not secrets.compare_digest(mac.encode(), _mac(cipher, said).encode()):
        return None
    file_id, letter, until = said.split(".")
    return (int(file_id), _LETTERS[letter]) if at.timestamp() < int(until) else None


def _mac(cipher: Cipher, said: str) -> str:
    return cipher.pseudonym(f"file:{said}")
