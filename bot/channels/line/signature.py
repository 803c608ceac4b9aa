"""LINE signs the raw bytes of a webhook with the channel's secret. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac

HEADER = "x-line-signature"


def sign(secret: str, raw: bytes) -> str:
    """The signature of these bytes."""
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def is_signed(secret: str, raw: bytes, signature: str) -> bool:
    """Whether the signature is the channel's; takes the same time whatever is wrong with it."""
    return bool(secret) and hmac.compare_digest(sign(secret, raw).encode(), signature.encode("utf-8", "replace"))
