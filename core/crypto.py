"""Encryption at rest behind a small port, so that a validated module can take its place.

AES-256-GCM; each blob carries the id of its key, so keys rotate: the newest encrypts, all decrypt. ``context`` names the column and is
authenticated, so a blob moved to another column does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import StartError

VERSION = 1
NONCE_BYTES = 12


@dataclass(frozen=True)
class Cipher:
    """Seals and opens personal columns. Layout of a blob: version (1 byte), key id (1 byte), nonce (12), ciphertext with tag."""

    keys: dict[int, bytes]
    current: int
    pseudonym_key: bytes

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt ``text`` for the column ``context``."""
        return self.seal_bytes(text.encode(), context)

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        """Encrypt what is not text."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, content, context.encode())
        return bytes((VERSION, self.current)) + nonce + sealed

    def open(self, blob: bytes, context: str) -> str:
        """Decrypt a blob; raises ``ValueError`` for an unknown version or key, ``InvalidTag`` when it was changed or moved."""
        return self.open_bytes(blob, context).decode()

    def open_bytes(self, blob: bytes, context: str) -> bytes:
        """Decrypt what is not text; raises as :meth:`open` does."""
        blob = bytes(blob)
        if len(blob) < 2 + NONCE_BYTES or blob[0] != VERSION or blob[1] not in self.keys:
            raise ValueError("unknown version or key of an encrypted column")
        nonce, sealed = blob[2 : 2 + NONCE_BYTES], blob[2 + NONCE_BYTES :]
        return AESGCM(self.keys[blob[1]]).decrypt(nonce, sealed, context.encode())

    def pseudonym(self, value: str) -> str:
        """A keyed hash: the same person gives the same word, and nobody without the key can tell who it is."""
        return hmac.new(self.pseudonym_key, value.encode(), hashlib.sha256).hexdigest()[:32]


def load_cipher(path: Path) -> Cipher:
    """Read the key file, making it (0600) at the first start.

    Raises:
        StartError: the file cannot be written, read or understood.
    """
    try:
        if not path.exists():
            _create(path)
        content = json.loads(path.read_text())
        keys = {int(number): base64.b64decode(value) for number, value in content["keys"].items()}
        return Cipher(keys, int(content["current"]), base64.b64decode(content["pseudonym_key"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StartError(f"The key file {path} cannot be used ({error}).") from error


def _create(path: Path) -> None:
    """Write a new key file so that of two starters one wins and both read the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"keys": {"1": _key()}, "current": 1, "pseudonym_key": _key()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        os.unlink(temporary)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def hash_token(token: str) -> bytes:
    """What is stored of a bearer token: tokens are long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """A bearer token of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)
