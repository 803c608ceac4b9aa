"""A messenger shows that an agent is typing: heard from the desk's word, at most every few seconds, and no failure is anybody's concern."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.channels.testing import FakeMessenger
from bot.typing_display import MOST, TypingDisplay
from conversation.marks import say_typing


class Showing(FakeMessenger):
    """Remembers to whom it was shown; fails or hangs as the test says."""

    def __init__(self, *args, **values):
        super().__init__(*args, **values)
        self.shown: list[str] = []
        self.fault: Exception | None = None
        self.hangs = False

    async def show_typing(self, to):
        self.shown.append(to)
        if self.hangs:
            await asyncio.sleep(3600)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def showing(talk):
    made = Showing()
    return made, TypingDisplay(talk.db, talk.cipher, {made.name: made}), made.name


async def opened(talk, visitor="U1"):
    return await talk.open(visitor)


def said(conversation_id, word="typing:person"):
    return f"conversation:{conversation_id} {word}"


async def test_the_desks_word_reaches_the_messenger_with_the_persons_own_address(talk, showing):
    messenger, display, _ = showing
    conversation_id = await opened(talk, "U-real")
    listening = asyncio.create_task(display.run())
    try:
        async with asyncio.timeout(10):
            while not messenger.shown:
                async with talk.db.read() as connection:
                    await say_typing(connection, conversation_id, "person")
                await asyncio.sleep(0.1)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    assert messenger.shown == ["U-real"], "said every tenth of a second, shown once in five seconds"


@pytest.mark.parametrize("payload", ["conversation:{} typing:citizen", "case:{} typing:person", "conversation:nobody typing:person", "", "conversation:{}"])
async def test_other_words_and_unknown_conversations_show_nothing(talk, showing, payload):
    messenger, display, _ = showing
    display.hear(payload.format(await opened(talk)))
    await display.settle()
    assert messenger.shown == []


async def test_each_conversation_has_its_own_pace(talk, showing, monkeypatch):
    messenger, display, _ = showing
    one, two = await opened(talk, "U1"), await opened(talk, "U2")
    at = [100.0]
    monkeypatch.setattr("bot.typing_display.time.monotonic", lambda: at[0])
    for moment, conversation_id in ((100, one), (103, one), (103, two), (106, one)):
        at[0] = float(moment)
        display.hear(said(conversation_id))
        await display.settle()
    assert messenger.shown == ["U1", "U2", "U1"]


async def test_an_adapter_that_fails_or_hangs_stops_nobody_else(talk, showing, monkeypatch):
    messenger, display, _ = showing
    messenger.fault = RuntimeError("refused")
    display.hear(said(await opened(talk, "U1")))
    await display.settle()
    messenger.fault, messenger.hangs = None, True
    monkeypatch.setattr("bot.typing_display.SHOW_S", 0.05)
    display.hear(said(await opened(talk, "U2")))
    await display.settle()
    messenger.hangs = False
    display.hear(said(await opened(talk, "U3")))
    await display.settle()
    assert messenger.shown == ["U1", "U2", "U3"]


async def test_a_flood_is_not_shown_beyond_what_runs_at_once(talk, showing, monkeypatch):
    messenger, display, _ = showing
    messenger.hangs = True
    monkeypatch.setattr("bot.typing_display.SHOW_S", 0.2)
    for conversation_id in [await opened(talk, f"U{number}") for number in range(MOST + 5)]:
        display.hear(said(conversation_id))
    await display.settle()
    assert len(messenger.shown) <= MOST


async def test_a_citizen_on_the_web_chat_has_no_messenger(talk, showing):
    messenger, display, _ = showing
    conversation_id = await opened(talk)
    await talk.run("UPDATE conversations SET channel = 'webchat' WHERE id = %s RETURNING id", conversation_id)
    display.hear(said(conversation_id))
    await display.settle()
    assert messenger.shown == []
