"""How each channel does, in words for the board. Pure; whoever runs the channels tells how they are (``bot/channels/health.py``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.db import Connection
from handoff.board.wording import ago, duration

#: The page's own channel: what is written there is delivered by being read, so that nothing can wait to be sent.
OWN = ("webchat", "phone")


@dataclass(frozen=True)
class ChannelState:
    """What a configured channel's watch says of it; ``why`` it counts as not delivering is a code, empty while it delivers."""

    name: str
    last_sent_at: datetime | None = None
    waiting_danger: int = 0
    oldest_danger_at: datetime | None = None
    is_quota_spent: bool = False
    given_up: int = 0
    why: str = ""


Health = Callable[[Connection], Awaitable[Sequence[ChannelState]]]


@dataclass(frozen=True)
class Channel:
    """One row: ``pending`` and ``dead`` (of the last day) are counted from the outbox; ``state`` is None where the channel is not configured."""

    name: str
    last_inbound_at: datetime | None
    pending: int
    oldest_pending_at: datetime | None
    dead: int
    state: ChannelState | None = None

    @property
    def is_stuck(self) -> bool:
        """Whether it does not deliver: what its watch says, or lines that wait on a channel that nobody runs any more."""
        return bool(self.state.why) if self.state is not None else self.name not in OWN and self.pending > 0


def channels(used: Iterable[Mapping[str, Any]], states: Sequence[ChannelState]) -> tuple[Channel, ...]:
    """Every channel that somebody has used or that is configured, those that do not deliver first."""
    by_name = {state.name: state for state in states}
    rows = [
        Channel(row["channel"], row["last_inbound_at"], row["pending"], row["oldest_pending_at"], row["dead"], by_name.pop(row["channel"], None))
        for row in used
    ]
    rows += [Channel(state.name, None, 0, None, 0, state) for state in by_name.values()]
    return tuple(sorted(rows, key=lambda one: (not one.is_stuck, one.name)))


def state_words(channel: Channel) -> str:
    """How it stands, in two or three words."""
    if channel.state is None:
        return "정상" if channel.name in OWN else "▲ 연결 설정 없음" if channel.is_stuck else "연결 설정 없음"
    return f"▲ {_SHORT.get(channel.state.why, '보내지 못함')}" if channel.state.why else "정상"


def quota_words(channel: Channel) -> str:
    """What is left to be sent, as far as the platform has told."""
    if channel.state is None or channel.name in OWN:
        return "–"
    return "▲ 다 씀" if channel.state.is_quota_spent else "남아 있음"


def alarm_words(channel: Channel, name: str, at: datetime) -> str:
    """What stands above everything while a channel does not deliver: what happens, since when, and what to do."""
    state = channel.state
    if state is None:
        return f"{name}: 연결 설정이 없는데 보낼 글 {channel.pending:,}건이 남아 있습니다. 운영자에게 알리세요."
    if state.why == "danger_waits":
        since = duration((at - state.oldest_danger_at).total_seconds()) if state.oldest_danger_at is not None else "한참"
        return f"{name}: 위험한 분께 보낼 안내 {state.waiting_danger:,}건이 {since}째 나가지 않았습니다. 전화 등 다른 길로 연락하고 운영자에게 알리세요."
    if state.why == "quota":
        return f"{name}: 플랫폼이 정한 발송 한도를 다 썼습니다. 민원인이 먼저 글을 쓸 때만 답이 나갑니다. 운영자에게 알리세요."
    if state.why == "waits":
        return f"{name}: 보낼 글 {channel.pending:,}건이 밀려 있습니다. 가장 오래된 것은 {ago(channel.oldest_pending_at, at)}입니다. 운영자에게 알리세요."
    return f"{name}: 최근 15분 동안 {state.given_up:,}건을 보내지 못했습니다. 운영자에게 알리세요."


_SHORT = {"danger_waits": "위험 안내가 나가지 않음", "quota": "발송 한도 다 씀", "waits": "보낼 글이 밀림", "given_up": "여럿 보내지 못함"}
