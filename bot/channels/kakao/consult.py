"""The consult talk: what every dealer's interface does for us, and what its webhooks tell of.

A person talks to a citizen in KakaoTalk only through a dealer, and only while a session is open: it begins when the citizen presses the button or
writes, and ends on a side's wish or thirty days after the citizen's last words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.channels.contract import SendResult
from conversation.schemas import Attachment

SESSION = timedelta(days=30)


@dataclass(frozen=True)
class Happened:
    """What is common to all that a dealer tells: ``event_id`` is the same when it tells it again."""

    user_key: str = field(repr=False)
    event_id: str


@dataclass(frozen=True)
class Spoke(Happened):
    """The citizen wrote, or sent files."""

    text: str = field(default="", repr=False)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Referred(Happened):
    """The citizen came by a button; ``extra`` is what we had put behind it."""

    extra: str = field(default="", repr=False)


@dataclass(frozen=True)
class Expired(Happened):
    """The session is over: by the citizen's wish, a block, or time."""


@dataclass(frozen=True)
class Seen(Happened):
    """The citizen has looked at the room."""


@dataclass(frozen=True)
class Reported(Happened):
    """What became of something that we had asked for; ``reference`` is ours."""

    reference: str = ""
    is_message: bool = True
    code: str = ""


Event = Spoke | Referred | Expired | Seen | Reported


@dataclass(frozen=True)
class Session:
    """An open session, as the dealer knows it."""

    id: str
    ends_at: datetime | None = None


@dataclass(frozen=True)
class File:
    """A file that has been brought to Kakao before: what it is, its address there, its name and size."""

    kind: str
    url: str
    name: str = ""
    size: int = 0


class ConsultTalkGateway(Protocol):
    """A dealer. Every failure of a send is a result: ``WindowClosed`` where no session is open."""

    dealer: str

    def is_ours(self, content: Mapping[str, Any]) -> bool:
        """Whether a webhook names our sender key; takes the same time whatever is wrong with it."""

    def event(self, kind: str, content: Mapping[str, Any]) -> Event | None:
        """What a webhook tells of; None where it is not for us to know."""

    def acknowledgement(self) -> dict[str, Any]:
        """What the dealer wants to read back."""

    async def send_text(self, user_key: str, text: str, reference: str) -> SendResult:
        """Send words, at most a thousand characters."""

    async def send_file(self, user_key: str, file: File, reference: str) -> SendResult:
        """Send a file that Kakao has already."""

    async def end(self, user_key: str) -> SendResult:
        """End the session."""

    async def end_with_bot(self, user_key: str, bot_event: str) -> SendResult:
        """End the session and give the citizen back to the bot, which begins with this event."""

    async def session(self, user_key: str) -> Session | None:
        """The open session, or None; also None where the dealer cannot tell."""

    async def close(self) -> None:
        """Close the connections."""
