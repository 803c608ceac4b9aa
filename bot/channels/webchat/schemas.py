"""What the web chat's routes take; strict, since a wrong type is a mistake to be told, not guessed at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LocationIn(BaseModel):
    """A place in degrees (WGS 84); ranges are checked by the channel, which has its own error for them."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    lat: Annotated[float, Field(strict=True)]
    lon: Annotated[float, Field(strict=True)]
    accuracy_m: Annotated[float | None, Field(strict=True)] = None
    fixed_at: datetime | None = None


class MessageIn(BaseModel):
    """One message: words, a button's payload, a place, or the danger button."""

    model_config = ConfigDict(extra="ignore", strict=False)

    client_id: Annotated[str, Field(min_length=1, max_length=80)]
    text: str | None = None
    choice: Annotated[str | None, Field(max_length=80)] = None
    location: LocationIn | None = None
    danger: bool = False
    plain: bool = False  # written on the page that looks like a notebook


class BeforeIn(BaseModel):
    """The conversation that this device had before, whose protection goes on in the new one."""

    model_config = ConfigDict(extra="ignore")

    conversation_id: Annotated[str, Field(max_length=64)]
    token: Annotated[str, Field(max_length=200)]


class ConversationIn(BaseModel):
    """Options of a new conversation."""

    model_config = ConfigDict(extra="ignore")

    language: Annotated[str, Field(max_length=8)] = "ko"
    after: BeforeIn | None = None
    view: bool = False  # the client keeps tickets (``X-View``) in its memory and forgets them with the page


class ProofIn(BaseModel):
    """What a returning citizen says to see the history: the digits that an agent has given, or the code word."""

    model_config = ConfigDict(extra="ignore")

    proof: Annotated[str, Field(min_length=1, max_length=200)]


class ClearIn(BaseModel):
    """Up to which line the citizen has wiped the screen."""

    seq: Annotated[int, Field(ge=0, le=2**31 - 1)]


class ReadIn(BaseModel):
    """How far the citizen has read; ``delivered``: how far the page has everything, while nobody looks at it."""

    seq: Annotated[int, Field(ge=0, le=2**31 - 1)]
    delivered: bool = False
