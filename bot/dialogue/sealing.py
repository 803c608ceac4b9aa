"""Encryption of saved dialogue state in Rasa's process: the format and key file of ``core.crypto``, which that process cannot import."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
NONCE_BYTES = 12
CONTEXT = b"dialogue_states.state"


class Sealer:
    """AES-256-GCM. Layout of a blob: version (1 byte), key id (1 byte), nonce (12), ciphertext with tag."""

    def __init__(self, keys: dict[int, bytes], current: int) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._current = current

    @classmethod
    def from_file(cls, path: Path) -> Sealer:
        """Read the application's key file."""
        content = json.loads(path.read_text())
        return cls({int(number): base64.b64decode(key) for number, key in content["keys"].items()}, int(content["current"]))

    def seal(self, text: str, conversation_id: str) -> bytes:
        """Encrypt; the blob opens only for the same conversation."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, text.encode(), self._context(conversation_id))
        return bytes((VERSION, self._current)) + nonce + sealed

    def open(self, blob: bytes, conversation_id: str) -> str:
        """Decrypt; raises ``ValueError`` for an unknown version or key, ``InvalidTag`` when it was changed or moved."""
        blob = bytes(blob)
        if len(blob) < 2 + NONCE_BYTES or blob[0] != VERSION or blob[1] not in self._ciphers:
            raise ValueError("unknown version or key of a saved dialogue state")
        nonce, sealed = blob[2 : 2 + NONCE_BYTES], blob[2 + NONCE_BYTES :]
        return self._ciphers[blob[1]].decrypt(nonce, sealed, self._context(conversation_id)).decode()

    @staticmethod
    def _context(conversation_id: str) -> bytes:
        return CONTEXT + b":" + conversation_id.encode()
