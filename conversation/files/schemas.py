"""The records of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Form(StrEnum):
    """As what a file may be looked at."""

    ORIGINAL = "original"  # the bytes that came; a picture's hold all that the camera wrote into it
    PICTURE = "picture"  # drawn anew
    THUMBNAIL = "thumbnail"  # drawn anew, small


class State(StrEnum):
    """How far a file has come."""

    WAITING = "waiting"  # the platform has it
    RECEIVED = "received"  # it is here and not looked at yet
    READY = "ready"  # it may be shown
    REFUSED = "refused"  # it is not taken, and never will be
    EXPIRED = "expired"  # its time is over


@dataclass(frozen=True)
class File:
    """What is known of a file."""

    id: int
    conversation_id: str
    message_id: int
    place: int
    channel: str
    kind: str
    state: State
    reason: str
    name: str = field(repr=False)
    media_type: str
    size_bytes: int
    attempts: int
    has_position: bool
    expires_at: datetime
    reference: str = field(repr=False, default="")


@dataclass(frozen=True)
class Content:
    """What a file holds in one of its forms."""

    file: File
    form: Form
    media_type: str
    content: bytes = field(repr=False)
