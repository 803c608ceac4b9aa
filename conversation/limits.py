"""What each channel leaves for a reply, said by the channel itself. The desk asks here, since it knows of no channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from conversation.schemas import ChannelLimits
from core.db import Connection

#: Given a conversation's row, what may still be sent in it at this moment.
LimitsOf = Callable[[Connection, Mapping[str, Any]], Awaitable[ChannelLimits]]

_known: dict[str, LimitsOf] = {}


def register(channel: str, limits_of: LimitsOf) -> None:
    """Let a channel say its limits; called once where the channel is put on an application, the newest counts."""
    _known[channel] = limits_of


async def limits(connection: Connection, conversation: Mapping[str, Any], default_length: int) -> ChannelLimits:
    """The limits of a conversation's channel at this moment; of one that says nothing, a length alone."""
    limits_of = _known.get(conversation["channel"])
    if limits_of is not None:
        return await limits_of(connection, conversation)
    is_ours = conversation["channel"] == "webchat"  # our own page opens whatever we send
    return ChannelLimits(default_length, images=is_ours, files=is_ours)
