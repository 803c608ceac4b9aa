"""How much of a text each channel shows, in that channel's own unit. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def characters(text: str) -> int:
    """Characters as Python counts them."""
    return len(text)


def utf16_units(text: str) -> int:
    """UTF-16 code units: an emoji counts two."""
    return len(text.encode("utf-16-le", "replace")) // 2


def utf8_bytes(text: str) -> int:
    """Bytes in UTF-8: a Hangul syllable counts three."""
    return len(text.encode("utf-8", "replace"))


def euc_kr_bytes(text: str) -> int:
    """Bytes as a Korean carrier counts them: a Hangul syllable two, and what the code page lacks as the question mark that it becomes."""
    return len(text.encode("cp949", "replace"))


@dataclass(frozen=True)
class Channel:
    """One way to a citizen; ``note`` says in Korean what happens at ``folds_at`` or beyond ``limit``."""

    code: str
    name: str
    limit: int
    unit: str
    measure: Callable[[str], int]
    has_card: bool
    folds_at: int | None = None
    note: str = ""


#: The source is a card of its own in the web chat; elsewhere it stands in the text and counts.
CHANNELS = (
    Channel("webchat", "웹 채팅", 900, "자", characters, True),
    Channel("kakao", "카카오톡", 1000, "자", characters, False, folds_at=500, note="500자가 넘으면 ‘전체 보기’로 접힙니다."),
    Channel("line", "라인", 5000, "자(UTF-16)", utf16_units, False),
    Channel("wechat", "위챗", 2048, "바이트", utf8_bytes, False),
    Channel("sms", "문자", 90, "바이트", euc_kr_bytes, False, note="90바이트가 넘으면 장문(LMS)이 되거나 나누어 갑니다. 해외 번호는 70자입니다."),
)


@dataclass(frozen=True)
class Fit:
    """How a text fits a channel: what is shown at once, what is beyond the limit, and how long it is in the channel's unit."""

    channel: Channel
    shown: str
    beyond: str
    size: int

    @property
    def is_over(self) -> bool:
        """Whether something does not fit."""
        return bool(self.beyond)

    @property
    def is_folded(self) -> bool:
        """Whether it fits, but the citizen has to press to see all of it."""
        return not self.beyond and self.channel.folds_at is not None and self.size > self.channel.folds_at

    @property
    def measured(self) -> str:
        """Length and limit in words."""
        return f"{self.size:,}/{self.channel.limit:,}{self.channel.unit}"


def fit(channel: Channel, text: str) -> Fit:
    """Cut a text where the channel's limit falls, never inside a character."""
    size = channel.measure(text)
    if size <= channel.limit:
        return Fit(channel, text, "", size)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if channel.measure(text[:middle]) <= channel.limit:
            low = middle
        else:
            high = middle - 1
    return Fit(channel, text[:low], text[low:], size)
