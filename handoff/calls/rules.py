"""What may be said in a call's signalling, and what reaches a relay for how long. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from core.errors import AppError
from core.settings import Settings

#: So long a call rings; then the citizen reads the number to call instead.
RING_S = 45
#: A page in a call says every four seconds that it is there; after this silence the call ends by itself.
GONE_S = 20
#: A description of one voice line is 2 to 8 KB.
MAX_BODY_CHARS = 24_000
MAX_SIGNALS = 20
MAX_CANDIDATES = 40
MAX_CANDIDATE_CHARS = 600
#: Why a page may say that a call has ended; the other reasons are ours.
PAGE_WHYS = frozenset({"hung_up", "declined", "left", "failed"})
KINDS = ("offer", "answer", "ice")


def check_signal(kind: str, n: int, body: str, *, is_starter: bool) -> None:
    """Whether one page may tell this to the other: whoever has called offers, the other answers, and there is nothing but one voice in it.

    Raises:
        AppError: ``invalid_request`` or ``body_too_large``.
    """
    if len(body) > MAX_BODY_CHARS:
        raise AppError("body_too_large")
    if kind not in KINDS or not 0 <= n < MAX_SIGNALS or (kind != "ice" and (kind == "offer") != is_starter):
        raise AppError("invalid_request", fields=["kind"])
    if not (_are_candidates(body) if kind == "ice" else _is_voice(body)):
        raise AppError("invalid_request", fields=["body"])


def _is_voice(sdp: str) -> bool:
    media = [line for line in sdp.splitlines() if line.startswith("m=")]
    return sdp.startswith("v=0") and len(media) == 1 and media[0].startswith("m=audio ") and "\0" not in sdp


def _are_candidates(body: str) -> bool:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(found, list)
        and 0 < len(found) <= MAX_CANDIDATES
        and all(isinstance(one, dict) and isinstance(one.get("candidate"), str) and len(one["candidate"]) <= MAX_CANDIDATE_CHARS for one in found)
    )


def why_of(said: str, *, is_answered: bool, is_starter: bool) -> str:
    """Why a call has ended, from what the page says of it: before the answer, a starter who hangs up has given up and the other has declined."""
    why = said if said in PAGE_WHYS else "hung_up"
    if why == "hung_up" and not is_answered:
        return "withdrawn" if is_starter else "declined"
    return why


def ice_servers(settings: Settings, call_id: str, now: datetime) -> list[dict[str, Any]]:
    """Where browsers may ask for their address (STUN) or be relayed (TURN); nowhere unless it is set.

    With a secret the password is made for this call and ends by itself (the REST API scheme of coturn and others): nobody can use the relay later.
    """
    servers: list[dict[str, Any]] = []
    if stun := _urls(settings.call_stun_urls):
        servers.append({"urls": stun})
    if (turn := _urls(settings.call_turn_urls)) and settings.call_turn_secret is not None:
        ends = int((now + timedelta(minutes=settings.call_turn_minutes)).timestamp())
        username = f"{ends}:{call_id}"
        # SHA-1 because the scheme says so; a keyed hash is not hurt by its collisions.
        mac = hmac.new(settings.call_turn_secret.get_secret_value().encode(), username.encode(), hashlib.sha1).digest()
        servers.append({"urls": turn, "username": username, "credential": base64.b64encode(mac).decode()})
    elif turn:
        servers.append({"urls": turn})
    return servers


def _urls(listed: str) -> list[str]:
    return [url.strip() for url in listed.split(",") if url.strip()]
