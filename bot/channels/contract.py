"""What every messenger's adapter is: a table of what the platform can show, and one way to send.

An adapter holds no decisions about delivery. It says what became of one send; the sender decides what follows (``bot/delivery.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from uuid import UUID

from conversation.schemas import Body, ChannelLimits, TextUnit

if TYPE_CHECKING:
    from fastapi import APIRouter

    from bot.channels.door import Door
    from core.crypto import Cipher
    from core.db import Connection, Database
    from core.fetching import Fetched, Fetcher

#: The payload of the danger button, on every channel that has buttons.
DANGER = "danger"


@dataclass(frozen=True)
class Limit:
    """How much text the platform takes somewhere, in the unit in which it counts."""

    size: int
    unit: TextUnit = TextUnit.CHARACTERS

    def __post_init__(self) -> None:
        if self.size < 8:
            raise ValueError("a limit must hold at least one character and a sign of omission in any unit")

    def fits(self, text: str) -> bool:
        """Whether the text is not over the limit."""
        return self.unit.length(text) <= self.size


class ActionKind(StrEnum):
    """What a button does."""

    CHOICE = "choice"  # comes back as a choice (``value``), or as the words themselves where there is none
    LINK = "link"  # opens an address
    PHONE = "phone"  # calls a number
    LOCATION = "location"  # the platform asks the citizen for the place and sends it


@dataclass(frozen=True)
class Action:
    """A button or quick reply as it goes out: ``label`` is within the platform's limit, ``text`` is the title unshortened."""

    kind: ActionKind
    label: str
    value: str = ""
    text: str = ""


@dataclass(frozen=True)
class Actions:
    """Which buttons the platform has in one place, how many, and how long their labels may be; ``text`` limits the words that they stand under."""

    count: int
    label: Limit
    kinds: frozenset[ActionKind]
    text: Limit | None = None
    max_link: int = 1000


@dataclass(frozen=True)
class Card:
    """A card with a title, a text and buttons under it."""

    title: Limit
    text: Limit
    actions: Actions


class Delivery(StrEnum):
    """What may happen to a message when nobody knows whether the platform took it."""

    AT_LEAST_ONCE = "at_least_once"  # it is sent again, and says so where that fits
    AT_MOST_ONCE = "at_most_once"  # it is given up, and the desk sees it
    EXACTLY_ONCE = "exactly_once"  # it is sent again under the same key; the platform knows the key


@dataclass(frozen=True)
class Capabilities:
    """What a platform can show and promises; the renderer and the sender read nothing else."""

    text: Limit
    messages_per_send: int = 1
    quick_replies: Actions | None = None
    buttons: Actions | None = None  # under a message of ours
    card: Card | None = None
    images: bool = False
    files: bool = False
    #: Whether what it cannot show may go as an address of ours that opens it.
    file_links: bool = False
    location_in: bool = False
    typing: bool = False
    read: bool = False
    #: Whether the link of the location page goes along; where it does not, the place is asked for in words.
    location_link: bool = True
    #: Whether a message may be sent without a reply window that is open.
    may_push: bool = False
    #: Whether a push that is repeated under the same key is delivered once.
    push_has_key: bool = False
    #: Whether using a spent reply window again is refused, so that a refusal before its end tells that the first use arrived.
    spent_window_tells: bool = False
    #: Whether lines that wait together go as one message, since the platform counts messages.
    joins_messages: bool = False
    #: Whether replies are the answer to the platform's own request, which waits for them; see ``Door.converse``.
    answers_inline: bool = False

    def delivery(self, is_danger: bool) -> Delivery:
        """Danger is never given up; a routine message is sent again only where the platform tells copies apart."""
        if self.may_push and self.push_has_key:
            return Delivery.EXACTLY_ONCE
        return Delivery.AT_LEAST_ONCE if is_danger else Delivery.AT_MOST_ONCE

    def limits(self, messages_left: int | None = None, ends_at: datetime | None = None) -> ChannelLimits:
        """What the desk shows beside the line where one writes."""
        return ChannelLimits(self.text.size, self.text.unit, messages_left, ends_at, images=self.images, files=self.files, file_links=self.file_links)


@dataclass(frozen=True)
class Outbound:
    """One message as the platform shall show it: words, or a card where ``title`` is given; every field is within the limits of the table.

    ``image_url`` and ``preview_url``: a picture, for which ``text`` only stands where no picture can be.
    """

    text: str = ""
    title: str = ""
    actions: tuple[Action, ...] = ()
    quick_replies: tuple[Action, ...] = ()
    image_url: str = ""
    preview_url: str = ""


@dataclass(frozen=True)
class OpenWindow:
    """A reply window that is open at the moment of sending; ``token`` is the platform's, such as LINE's reply token."""

    id: int
    token: str = field(repr=False)
    deadline: datetime
    fallback: str = ""
    single_use: bool = True


@dataclass(frozen=True)
class Parcel:
    """What one send carries: at most ``messages_per_send`` messages to one person, with a key that stays the same when it is sent again."""

    to: str = field(repr=False)
    conversation_id: str
    messages: Sequence[Outbound] = field(repr=False)
    key: UUID
    window: OpenWindow | None = None


@dataclass(frozen=True)
class Sent:
    """The platform has taken it, now or under the same key before."""


@dataclass(frozen=True)
class Retry:
    """It may go later. ``is_unknown``: the platform may have taken it all the same (no answer came); ``reason`` is a code for logs and metrics."""

    reason: str
    after_s: float | None = None
    is_unknown: bool = False


@dataclass(frozen=True)
class Refused:
    """It will never go this way; ``reason`` is a code that the desk shows in words."""

    reason: str


@dataclass(frozen=True)
class WindowClosed:
    """The reply window is over or spent; the sender pushes, where the platform allows that, or waits for the citizen's next message."""


SendResult = Sent | Retry | Refused | WindowClosed


class Channel(Protocol):
    """A messenger. Made once a process from the settings; the web process mounts its routes, the worker sends through it."""

    name: str
    capabilities: Capabilities

    def routes(self, door: Door) -> APIRouter:
        """The platform's webhooks; whatever is accepted goes through the door."""

    async def send(self, parcel: Parcel) -> SendResult:
        """Send one parcel, within ten seconds; every failure is a result, never an exception."""

    async def show_typing(self, to: str) -> None:
        """Let the platform show that an answer is being written, where it can."""

    async def close(self) -> None:
        """Close what is open."""


@runtime_checkable
class KeepsState(Protocol):
    """A channel that keeps something of its own in the database, such as an access token that all processes share."""

    def use(self, db: Database, cipher: Cipher) -> None:
        """Called once, before anything is received or sent."""


@runtime_checkable
class Works(Protocol):
    """A channel with work of its own beside sending, such as a line to a carrier that stays open."""

    async def work(self, door: Door) -> None:
        """Run in the worker until cancelled, whatever goes wrong."""


@runtime_checkable
class BringsFiles(Protocol):
    """A channel whose platform keeps pictures and files that citizens send, until they are fetched."""

    async def fetch_file(self, reference: str, fetcher: Fetcher) -> Fetched:
        """What an attachment's ``reference`` stands for, fetched through the guard alone.

        Raises:
            FetchRefused: it is not there, or may not be fetched.
            FetchFailed: try again later.
        """


@runtime_checkable
class Screens(Protocol):
    """A channel over which not everything may be said, since others read along on its platform."""

    async def instead(self, connection: Connection, conversation_id: str, body: Body, language: str) -> Body | None:
        """What goes instead of words that the person has not asked for; None: they may go as they are."""
