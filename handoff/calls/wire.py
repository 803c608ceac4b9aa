"""A call's requests and answers as they go over the line; the same for both sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError

from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff.calls.rules import ice_servers
from handoff.calls.schemas import Joined, View

MAX_BODY_BYTES = 64 * 1024
#: What both pages run.
SCRIPT = Path(__file__).parent / "static" / "voice.js"
Model = TypeVar("Model", bound=BaseModel)


class SignalIn(BaseModel):
    """What one page tells the other."""

    key: Annotated[str, Field(min_length=1, max_length=80)]
    n: Annotated[int, Field(ge=0, le=1000)]
    kind: Annotated[str, Field(max_length=10)]
    body: str


class SyncIn(BaseModel):
    """How far a page has heard the other."""

    key: Annotated[str, Field(min_length=1, max_length=80)]
    after: Annotated[int, Field(ge=-1, le=1000)] = -1


class EndIn(BaseModel):
    """Hanging up, with the key; declining needs none."""

    key: Annotated[str, Field(max_length=80)] = ""
    why: Annotated[str, Field(max_length=20)] = "hung_up"


def joined(settings: Settings, made: Joined) -> dict[str, Any]:
    """What a page needs to be in a call."""
    servers = ice_servers(settings, made.call_id, now())
    return {"call_id": made.call_id, "key": made.key, "ice": servers, "relay_only": settings.call_relay_only}


def shown(view: View) -> dict[str, Any]:
    """How a call stands, for a page that is in it."""
    return {"state": view.state, "why": view.why, "signals": [{"n": one.n, "kind": one.kind, "body": one.body} for one in view.signals]}


async def content(request: Request, model: type[Model]) -> Model:
    """The request's JSON; reading ends as soon as it is too large.

    Raises:
        AppError: ``body_too_large``, ``bad_json`` or ``invalid_request``.
    """
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise AppError("body_too_large")
    try:
        return model.model_validate(json.loads(raw or b"{}"))
    except ValidationError as error:
        raise AppError("invalid_request", fields=sorted({".".join(map(str, e["loc"])) for e in error.errors()})) from error
    except (ValueError, RecursionError) as error:
        raise AppError("bad_json") from error
