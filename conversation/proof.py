"""What a returning citizen proves before the history of a guarded conversation is shown: six digits from an agent, or the code word.

The token alone proves nothing, since whoever took the phone has it too. Both are kept as keyed hashes; after a few wrong tries nothing is right any
more until an agent gives out new digits.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from core import db as database
from core.crypto import Cipher
from core.db import Connection

DIGITS = 6
LIVES_FOR = timedelta(minutes=15)
WRONG_AT_MOST = 5
#: Shorter words stand in ordinary messages.
WORD_CHARS = (4, 40)
#: A code word may be several words, anywhere in a message.
WORDS_AT_MOST = 6
TOKENS_READ = 80


def code_word_of(text: str) -> str | None:
    """The code word as it is compared: letters and digits alone; None for one that is too short, too long or of too many words."""
    tokens = _tokens(text)
    word = "".join(tokens)
    return word if WORD_CHARS[0] <= len(word) <= WORD_CHARS[1] and len(tokens) <= WORDS_AT_MOST else None


def holds(cipher: Cipher, row: Mapping[str, Any], text: str) -> bool:
    """Whether a message of the conversation holds its code word."""
    known = row["code_word"]
    return bool(known) and any(secrets.compare_digest(known, _hash(cipher, "word", row, word)) for word in _candidates(text))


def _tokens(text: str) -> list[str]:
    letters = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text).casefold())
    return letters.split()


def _candidates(text: str) -> Iterator[str]:
    tokens = _tokens(text)[:TOKENS_READ]
    for first in range(len(tokens)):
        for last in range(first + 1, min(first + WORDS_AT_MOST, len(tokens)) + 1):
            word = "".join(tokens[first:last])
            if WORD_CHARS[0] <= len(word) <= WORD_CHARS[1]:
                yield word


def _hash(cipher: Cipher, what: str, row: Mapping[str, Any], value: str) -> str:
    """Keyed, and different for each person: a person on a messenger keeps the word in later conversations."""
    return cipher.pseudonym(f"proof:{what}:{row['visitor'] or row['id']}:{value}")


async def set_code_word(tx: Connection, cipher: Cipher, row: Mapping[str, Any], text: str) -> bool:
    """Keep a conversation's code word, in place of an older one; False when it is not fit for one."""
    word = code_word_of(text)
    if word is not None:
        await database.run(tx, "UPDATE conversations SET code_word = %s WHERE id = %s", _hash(cipher, "word", row, word), row["id"])
    return word is not None


async def issue_digits(tx: Connection, cipher: Cipher, row: Mapping[str, Any], at: datetime) -> str:
    """New digits, which are right once and for a quarter of an hour; wrong tries count from none again."""
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    await database.run(
        tx,
        "UPDATE conversations SET proof_code = %s, proof_until = %s, proof_wrong = 0 WHERE id = %s",
        _hash(cipher, "digits", row, digits),
        at + LIVES_FOR,
        row["id"],
    )
    return digits


async def prove(tx: Connection, cipher: Cipher, conversation_id: str, said: str, at: datetime) -> bool:
    """Whether the digits or the code word are right. The caller commits in either case, since a wrong try is counted."""
    row = await database.one(tx, "SELECT * FROM conversations WHERE id = %s FOR UPDATE", conversation_id)
    if row is None or row["proof_wrong"] >= WRONG_AT_MOST:
        return False
    digits = "".join(c for c in unicodedata.normalize("NFKC", said) if c.isdigit())
    is_code = bool(
        row["proof_code"]
        and row["proof_until"] > at
        and len(digits) == DIGITS
        and secrets.compare_digest(row["proof_code"], _hash(cipher, "digits", row, digits))
    )
    if is_code or holds(cipher, row, said):
        await database.run(tx, "UPDATE conversations SET proof_code = NULL, proof_until = NULL, proof_wrong = 0 WHERE id = %s", conversation_id)
        return True
    await database.run(tx, "UPDATE conversations SET proof_wrong = proof_wrong + 1 WHERE id = %s", conversation_id)
    return False
