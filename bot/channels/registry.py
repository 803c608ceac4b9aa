"""Which messengers there are; a new one is one line in :data:`MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.channels.contract import Channel, KeepsState
from bot.channels.kakao import channel as kakao_channel
from bot.channels.line import channel as line_channel
from bot.channels.sms import make as sms
from bot.channels.wechat import channel as wechat_channel
from conversation import limits, windows
from conversation.schemas import ChannelLimits
from core.crypto import Cipher
from core.db import Connection, Database
from core.settings import Settings

#: Each gives its channel, or None where the settings do not name it.
MAKERS: tuple[Callable[[Settings], Channel | None], ...] = (line_channel.make, sms.make, kakao_channel.make, wechat_channel.make, wechat_channel.make_mini)


def configured(settings: Settings, db: Database, cipher: Cipher) -> dict[str, Channel]:
    """The channels of this process, by name."""
    made = {channel.name: channel for make in MAKERS if (channel := make(settings)) is not None}
    for channel in made.values():
        if isinstance(channel, KeepsState):
            channel.use(db, cipher)
    return made


def register_limits(channels: Mapping[str, Channel]) -> None:
    """Tell the desk what each channel leaves for a reply."""
    for name, channel in channels.items():
        limits.register(name, _limits_of(channel))


def _limits_of(channel: Channel) -> limits.LimitsOf:
    async def left(connection: Connection, conversation: Mapping[str, Any]) -> ChannelLimits:
        window = await windows.left(connection, conversation["id"])
        return channel.capabilities.limits(window["messages_left"] if window else None, window["deadline"] if window else None)

    return left
