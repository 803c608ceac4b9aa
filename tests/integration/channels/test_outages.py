"""Outages beyond the hour that each channel's own test lives through: a token that was given before, and more lines than one sender takes at a time."""

from __future__ import annotations

from bot.channels.testing import FakeMessenger, is_down
from conversation.outbox import ROWS
from tests.integration.channels.conftest import Talk
from tests.integration.channels.test_wechat_simulated import PERSON, quick, running

__all__ = ["quick"]


async def test_wechat_goes_down_after_it_has_given_a_token(talk: Talk) -> None:
    """Then the sends themselves are refused, not the asking for a token."""
    async with running(talk) as wechat:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        conversation_id = await wechat.conversation()
        await talk.answer(conversation_id, "상담관입니다.")
        await talk.send()
        known = list(wechat.texts)
        assert (known[-1], wechat.platform.tokens_given) == ("상담관입니다.", 1)
        wechat.platform.state = "down"
        said = await talk.an_hour(conversation_id)
        assert wechat.texts == known
        wechat.platform.state = "up"
        await talk.back()
        await wechat.platform.says(PERSON, "네")
        await talk.back()
        assert "\n\n".join(wechat.texts[len(known) :]) == "\n\n".join(said)
        assert {row["state"] for row in await talk.outbox()} == {"sent"}
        assert wechat.platform.refused == []


async def test_more_lines_than_one_sender_takes_come_in_their_order_and_once(talk: Talk, messenger: FakeMessenger) -> None:
    conversation_id = await talk.open()
    messenger.fate = is_down
    said = [f"{number}번째 줄" for number in range(2 * ROWS + 5)]
    for text in said:
        await talk.answer(conversation_id, text)
    for _ in range(3):
        await talk.make_due()
        await talk.send()
    assert messenger.seen == {}
    messenger.fate = lambda parcel: None
    await talk.back()
    assert messenger.seen["U1"] == said
