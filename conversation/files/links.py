"""Addresses under which a file that an agent has sent is opened by the citizen, or by the messenger that shows it: signed, for one form, and for a time.

Where a messenger can show no file, the address goes as words. Messengers look behind every address in words before people do, so that this one leads to a
page with a button, and only who presses it gets the file: a preview shows, and a platform keeps, nothing of it.

The address is all that is asked for, as with every messenger's own pictures; so it names nobody, and a guarded conversation's lead nowhere.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from conversation.files.schemas import Form
from core.crypto import Cipher

PATH = "/files/"
#: Short: an address must not be torn apart by a text message of ninety bytes.
OPENING_PATH = "/f/"
_LETTERS = {"o": Form.ORIGINAL, "p": Form.PICTURE, "t": Form.THUMBNAIL}


def path_of(cipher: Cipher, file_id: int, form: Form, until: datetime) -> str:
    """The path for a form of a file until then."""
    return PATH + _signed(cipher, file_id, form, until, "file")


def opening_of(cipher: Cipher, file_id: int, form: Form, until: datetime) -> str:
    """The path of the page with the button; what it ends with opens nothing by itself."""
    return OPENING_PATH + _signed(cipher, file_id, form, until, "opening")


def read(cipher: Cipher, token: str, at: datetime) -> tuple[int, Form] | None:
    """Which file and form a path's end names; None where it is not ours or its time is over."""
    return _read(cipher, token, at, "file")


def read_opening(cipher: Cipher, token: str, at: datetime) -> tuple[int, Form] | None:
    """The same for the page with the button."""
    return _read(cipher, token, at, "opening")


def _signed(cipher: Cipher, file_id: int, form: Form, until: datetime, use: str) -> str:
    said = f"{file_id}.{form.value[0]}.{int(until.timestamp())}"
    return f"{said}.{_mac(cipher, said, use)}"


def _read(cipher: Cipher, token: str, at: datetime, use: str) -> tuple[int, Form] | None:
    said, _, mac = token.rpartition(".")
    # Bytes, since what an address brings need not be ASCII.
    if not secrets.compare_digest(mac.encode(), _mac(cipher, said, use).encode()):
        return None
    file_id, letter, until = said.split(".")
    return (int(file_id), _LETTERS[letter]) if at.timestamp() < int(until) else None


def _mac(cipher: Cipher, said: str, use: str) -> str:
    return cipher.pseudonym(f"{use}:{said}")
