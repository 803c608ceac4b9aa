"""The one inbound type, the one outbound type, and the records that pass between the parts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from conversation.files.schemas import File
from core.events import Event


class AuthorKind(StrEnum):
    """Who wrote a line of the transcript."""

    CITIZEN = "citizen"
    BOT = "bot"
    AGENT = "agent"
    OFFICER = "officer"
    SYSTEM = "system"


class InboundKind(StrEnum):
    """What a citizen can send."""

    TEXT = "text"
    CHOICE = "choice"
    LOCATION = "location"
    DANGER = "danger"
    STICKER = "sticker"  # a picture that stands for a feeling
    FILE = "file"  # pictures, sounds, films and documents, without words


class Datum(StrEnum):
    """Which system of coordinates a place is given in."""

    WGS84 = "WGS84"  # what satellites say; everything of ours
    GCJ02 = "GCJ02"  # as given by Chinese maps: some hundred metres off inside mainland China


class TurnState(StrEnum):
    """What became of an inbound's turn."""

    PENDING = "pending"  # nobody has answered yet
    HELD = "held"  # waits for the answer to the danger question
    ANSWERED = "answered"  # the bot answered
    TO_PERSON = "to_person"  # a person owns the conversation and sees it
    DROPPED = "dropped"  # needs no answer (a repeat, a read mark, a closed conversation)


@dataclass(frozen=True)
class Location:
    """A place as the channel gave it, in degrees of its datum and metres; ``title`` and ``address`` are the platform's words for it."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    fixed_at: datetime | None = None
    datum: Datum = Datum.WGS84
    title: str = ""
    address: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message: what it is, and where the platform keeps it (``reference``: its own id or address, to be fetched later)."""

    kind: str
    reference: str
    name: str = ""
    size: int | None = None
    media_type: str = ""


@dataclass(frozen=True)
class Inbound:
    """A message from a citizen, as every channel delivers it.

    A messenger gives its own id of the person as ``visitor`` instead of a conversation: the open one with that person is found, or a new one is
    opened. ``platform_id`` is the platform's number of the message, by which its writer may withdraw it.
    """

    channel: str
    event_id: str
    conversation_id: str
    kind: InboundKind
    text: str = ""
    choice: str = ""
    location: Location | None = None
    visitor: str = field(default="", repr=False)
    platform_id: str = ""
    attachments: tuple[Attachment, ...] = ()
    sticker: str = ""


@dataclass(frozen=True)
class ReplyWindow:
    """How long a channel lets us answer an inbound, whether only once, and what to use afterwards.

    ``token`` is what the platform wants to see again (sealed at rest), ``messages`` how many it takes, ``inline_until`` how long the request
    that brought the inbound waits to carry the answer itself: until then nobody else sends it.
    """

    deadline: datetime | None
    single_use: bool
    fallback: str
    token: str = field(default="", repr=False)
    messages: int | None = None
    inline_until: datetime | None = None


@dataclass(frozen=True)
class Button:
    """A quick reply; ``payload`` comes back as the choice (empty: the title is sent as text)."""

    title: str
    payload: str = ""


@dataclass(frozen=True)
class SourceCard:
    """Where an answer comes from."""

    title: str
    effective_from: str
    url: str
    source: str
    notice_id: str = ""
    test_only: bool = False
    past: bool = False


@dataclass(frozen=True)
class Phone:
    """A number that may be tapped: always text (000 is not 0), always checked."""

    label: str
    number: str


@dataclass(frozen=True)
class SentFile:
    """A picture or file of ours that goes with a line: where it is opened, and where its small picture is."""

    id: int
    kind: str
    name: str
    url: str
    preview_url: str = ""


@dataclass(frozen=True)
class Body:
    """What an outbound says, before a channel renders it."""

    text: str
    kind: str = "text"
    buttons: tuple[Button, ...] = ()
    source: SourceCard | None = None
    phones: tuple[Phone, ...] = ()
    location_url: str = ""
    file: SentFile | None = None

    def to_json(self) -> str:
        """The form that is sealed into ``messages.body``."""
        # As ``asdict`` would have it, which copies each part first.
        return json.dumps(vars(self), ensure_ascii=False, default=vars)


@dataclass(frozen=True)
class Accepted:
    """The acknowledgement of an inbound; a repeat gets the same one."""

    message_id: int
    sequence: int
    duplicate: bool


@dataclass(frozen=True)
class Posted:
    """An outbound that was written."""

    message_id: int
    seq: int


@dataclass(frozen=True)
class NotOwner:
    """The writer did not own the conversation at the moment of writing; nothing was written."""


class TextUnit(StrEnum):
    """What a channel counts when it limits the length of a message."""

    CHARACTERS = "characters"  # code points
    UTF16 = "utf16"  # UTF-16 code units: an emoji is two
    UTF8 = "utf8"  # bytes of UTF-8: a Hangul syllable is three
    EUC_KR = "euc_kr"  # bytes as Korean SMS counts them: a Hangul syllable is two

    def length(self, text: str) -> int:
        """How long a text is in this unit."""
        if self is TextUnit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        if self is TextUnit.UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        if self is TextUnit.EUC_KR:
            return sum(1 if ord(character) < 0x80 else 2 for character in text)
        return len(text)


@dataclass(frozen=True)
class ChannelLimits:
    """What a channel leaves for the next reply; ``messages_left`` and ``ends_at`` are None where nothing is counted or ends.

    ``images`` and ``files``: whether a picture, or any other file, may be sent; ``file_links``: whether the rest may go as an address that opens it.
    """

    max_length: int
    unit: TextUnit = TextUnit.CHARACTERS
    messages_left: int | None = None
    ends_at: datetime | None = None
    images: bool = False
    files: bool = False
    file_links: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the transcript, opened."""

    message_id: int
    seq: int
    author_kind: str
    author_id: int | None
    kind: str
    body: dict[str, Any] = field(repr=False)
    created_at: datetime
    urgency: str | None = None
    event_id: str | None = None
    #: What came with it, where somebody has asked for that too.
    files: tuple[File, ...] = ()

    @property
    def text(self) -> str:
        """The words of the line."""
        return str(self.body.get("text", ""))


@dataclass(frozen=True)
class News(Event):
    """A change in a conversation's stream, with the line it tells of if it is a message.

    ``is_hidden``: the screen passes over it; ``fades``: its line goes from the screen after a while.
    """

    line: Line | None = None
    is_hidden: bool = False
    fades: bool = False
