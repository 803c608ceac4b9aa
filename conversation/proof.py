"""The code word, and what a returning citizen proves before the history of a guarded conversation is shown: six digits from an agent, or that word.

The token alone proves nothing, since whoever took the phone has it too. Both are kept as keyed hashes; after a few wrong tries nothing is right any
more until an agent gives out new digits. A message that holds the word calls for help without showing it; see ``bot.hush``.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from conversation import near_word
from core import db as database
from core.crypto import Cipher
from core.db import Connection

DIGITS = 6
LIVES_FOR = timedelta(minutes=15)
WRONG_AT_MOST = 5
#: Shorter words stand in ordinary messages.
WORD_CHARS = (4, 40)
WORDS_AT_MOST = 6
#: Letters of a message in which a word of unknown length is looked for.
OLD_READS = 400
#: Where nothing was agreed on, the same work is done against this, so that nobody learns from the time whether something was.
NOTHING = f"{'0' * 16}:8:{'0' * 32}"
#: Between the word's hash and those of its forms.
NEAR = "~"


def code_word_of(text: str) -> str | None:
    """The code word as it is compared: letters and digits alone; None for one that is too short, too long or of too many words."""
    word = letters_of(text)
    return word if WORD_CHARS[0] <= len(word) <= WORD_CHARS[1] and len(_words(text)) <= WORDS_AT_MOST else None


def near_base(text: str) -> str | None:
    """The code word as it is looked for with a slip of the hand; None where it is too short for that."""
    return near_word.base(_words(text))


def holds(cipher: Cipher, row: Mapping[str, Any], text: str) -> bool:
    """Whether a message of the conversation holds its code word: anywhere, however it is spaced, whatever particle follows, and with a key amiss."""
    kept = row["code_word"]
    if not kept:
        return False
    letters = letters_of(text)
    return _holds_exactly(cipher, row, letters) or _holds_nearly(cipher, row, letters)


def _holds_exactly(cipher: Cipher, row: Mapping[str, Any], letters: str) -> bool:
    salt, length, known = _parts(row)
    # Of a word that was agreed before words were salted, the length is not known.
    lengths = (length,) if length else range(WORD_CHARS[0], WORD_CHARS[1] + 1)
    pieces = (piece for one in lengths for piece in _pieces(letters if length else letters[:OLD_READS], one))
    return any(secrets.compare_digest(known, _word_hash(cipher, salt, piece)) for piece in pieces)


def _holds_nearly(cipher: Cipher, row: Mapping[str, Any], letters: str) -> bool:
    salt, _, near = str(row["code_word"]).partition(NEAR)
    length, _, forms = near.partition(":")
    if not forms or not length.isdecimal():
        return False
    kept, hashed = set(forms.split(".")), _form_hash(cipher, salt.partition(":")[0])
    return any(hashed(piece) in kept for piece in near_word.looked_up(letters, int(length)))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text).casefold()).split()


def letters_of(text: str) -> str:
    """A text as words are looked for in it: letters and digits alone, without case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _pieces(letters: str, length: int) -> Iterator[str]:
    return (letters[start : start + length] for start in range(len(letters) - length + 1))


def _parts(row: Mapping[str, Any]) -> tuple[str, int, str]:
    """Salt, length (0: not known) and hash of the word that is kept. It never fails: one that cannot be read must not keep a message from being judged."""
    kept = str(row["code_word"] or NOTHING).partition(NEAR)[0]
    salt, _, rest = kept.partition(":")
    length, _, known = rest.partition(":")
    if not rest:  # as kept before words were salted: under the person's name
        return str(row["visitor"] or row["id"]), 0, kept
    return salt, int(length) if length.isdecimal() else 0, known


def _word_hash(cipher: Cipher, salt: str, word: str) -> str:
    return cipher.pseudonym(f"proof:word:{salt}:{word}")


def _form_hash(cipher: Cipher, salt: str) -> Callable[[str], str]:
    """A hash for the many forms that a message is searched for: keyed like the word's, and quicker."""
    key = bytes.fromhex(cipher.pseudonym(f"proof:near:{salt}"))
    return lambda form: hashlib.blake2b(form.encode(), key=key, digest_size=8).hexdigest()


def _digits_hash(cipher: Cipher, conversation_id: str, digits: str) -> str:
    return cipher.pseudonym(f"proof:digits:{conversation_id}:{digits}")


async def set_code_word(tx: Connection, cipher: Cipher, row: Mapping[str, Any], text: str, *, exactly: bool = False) -> bool:
    """Keep a conversation's code word, in place of an older one; False when it is not fit for one.

    The hash stands beside its salt and the word's length, so that it can be found inside a sentence and goes with the person into later conversations;
    those of its forms with a slip of the hand (``near_word``) follow, unless it is to be heard ``exactly`` or too short.
    """
    word = code_word_of(text)
    if word is not None:
        salt = secrets.token_hex(8)
        kept = f"{salt}:{len(word)}:{_word_hash(cipher, salt, word)}"
        if not exactly and (base := near_base(text)) is not None:
            hashed = _form_hash(cipher, salt)
            kept += f"{NEAR}{len(base)}:{'.'.join(sorted(map(hashed, near_word.forms(base))))}"
        await database.run(tx, "UPDATE conversations SET code_word = %s WHERE id = %s", kept, row["id"])
    return word is not None


async def issue_digits(tx: Connection, cipher: Cipher, row: Mapping[str, Any], at: datetime) -> str:
    """New digits, which are right once and for a quarter of an hour; wrong tries count from none again."""
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    await database.run(
        tx,
        "UPDATE conversations SET proof_code = %s, proof_until = %s, proof_wrong = 0 WHERE id = %s",
        _digits_hash(cipher, row["id"], digits),
        at + LIVES_FOR,
        row["id"],
    )
    return digits


async def prove(tx: Connection, cipher: Cipher, conversation_id: str, said: str, at: datetime) -> bool:
    """Whether the digits or the code word are right. The caller commits in either case, since a wrong try is counted."""
    row = await database.one(tx, "SELECT * FROM conversations WHERE id = %s FOR UPDATE", conversation_id)
    if row is None:
        return False
    # Whatever is known, the same is computed before anything is decided.
    digits = "".join(c for c in unicodedata.normalize("NFKC", said) if c.isdigit())
    salt, _, word = _parts(row)
    is_code = secrets.compare_digest(row["proof_code"] or "", _digits_hash(cipher, conversation_id, digits))
    is_word = secrets.compare_digest(word, _word_hash(cipher, salt, letters_of(said)))
    is_in_time = row["proof_until"] is not None and row["proof_until"] > at and len(digits) == DIGITS
    if row["proof_wrong"] < WRONG_AT_MOST and (is_word or (is_code and is_in_time)):
        await database.run(tx, "UPDATE conversations SET proof_code = NULL, proof_until = NULL, proof_wrong = 0 WHERE id = %s", conversation_id)
        return True
    await database.run(tx, "UPDATE conversations SET proof_wrong = LEAST(proof_wrong + 1, %s) WHERE id = %s", WRONG_AT_MOST, conversation_id)
    return False
