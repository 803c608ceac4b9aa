"""WeChat's signatures and envelope: SHA-1 over sorted strings, AES-256-CBC with padding to 32 bytes, the account's id at the end. Pure.

SHA-1 and CBC are the platform's choice. The signature covers the ciphertext and is compared before anything is decrypted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
RANDOM_BYTES = 16
KEY_CHARS = 43


class EnvelopeError(Exception):
    """What came cannot be opened with our key, or was not meant for this account."""


def sign(*parts: str) -> str:
    """The signature of these strings, the account's token among them."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Whether the signature is theirs; takes the same time whatever is wrong with it."""
    return hmac.compare_digest(sign(*parts).encode(), signature.encode("utf-8", "replace"))


@dataclass(frozen=True)
class Envelope:
    """Seals and opens for one account. ``key`` as the console shows it: 43 characters."""

    key: str = field(repr=False)
    app_id: str

    def __post_init__(self) -> None:
        if len(self.key) != KEY_CHARS or len(self._key()) != BLOCK:
            raise ValueError("an EncodingAESKey has 43 characters")

    def seal(self, message: bytes, random: bytes | None = None) -> str:
        """The ciphertext; ``random`` is for vectors alone."""
        app_id = self.app_id.encode()
        plain = (random or os.urandom(RANDOM_BYTES)) + struct.pack(">I", len(message)) + message + app_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> bytes:
        """The message.

        Raises:
            EnvelopeError: it is broken, or another account's.
        """
        try:
            blocks = base64.b64decode(sealed, validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(blocks) + decryptor.finalize()
        except (binascii.Error, ValueError) as error:
            raise EnvelopeError("not a ciphertext") from error
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= BLOCK or len(plain) < RANDOM_BYTES + 4 + pad or plain[-pad:] != bytes([pad]) * pad:
            raise EnvelopeError("the padding is wrong")
        body = plain[RANDOM_BYTES:-pad]
        (length,) = struct.unpack(">I", body[:4])
        if length > len(body) - 4:
            raise EnvelopeError("the length is wrong")
        if not hmac.compare_digest(body[4 + length :], self.app_id.encode()):
            raise EnvelopeError("another account's")
        return body[4 : 4 + length]

    def _key(self) -> bytes:
        return base64.b64decode(self.key + "=")

    def _cipher(self) -> Cipher[modes.CBC]:
        key = self._key()
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
