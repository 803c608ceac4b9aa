"""The web chat's words on typing: the right token only, while a person is there, and not too often."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from bot.channels.webchat.routes import build_router
from bot.limits import TYPING_PER_MINUTE, Limits
from bot.services import Services
from conversation import marks
from conversation import service as conversation
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards

BASE = "/webchat/v1/conversations"


@pytest.fixture
async def hub(db):
    hub = EventHub(db)
    hub.start()
    async with asyncio.timeout(5):
        while not hub.connected:
            await asyncio.sleep(0.01)
    yield hub
    await hub.stop()


@pytest.fixture
async def client(db, cipher, hub):
    app = FastAPI()
    errors.install(app)
    settings = Settings()
    app.include_router(build_router(Services(settings, db, cipher, hub, CrisisCards.load(hotline=settings.hotline)), Limits(settings)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield client


async def started(client):
    made = (await client.post(BASE)).json()
    return made["conversation_id"], {"Authorization": f"Bearer {made['token']}"}


async def owned(db, talk):
    async with db.transaction() as tx:
        await conversation.take_over(tx, talk, 1)


async def heard_of(db, hub, talk, do):
    """What is heard while ``do`` runs; a last word of ours marks the end."""
    heard = []
    with hub.hinted(conversation.stream(talk), heard.append):
        await do()
        async with db.read() as connection:
            await marks.say_typing(connection, talk, "person")
        async with asyncio.timeout(3):
            while not heard or heard[-1] != "typing:person":
                await asyncio.sleep(0.01)
    return heard[:-1]


async def test_it_is_heard_while_a_person_is_there_and_not_while_the_bot_is(db, hub, client):
    talk, token = await started(client)

    async def type_once():
        assert (await client.post(f"{BASE}/{talk}/typing", headers=token)).status_code == 204

    assert await heard_of(db, hub, talk, type_once) == []
    await owned(db, talk)
    assert await heard_of(db, hub, talk, type_once) == ["typing:citizen"]


async def test_a_flood_is_swallowed_without_a_word(db, hub, client):
    talk, token = await started(client)
    await owned(db, talk)

    async def flood():
        for _ in range(TYPING_PER_MINUTE + 20):
            assert (await client.post(f"{BASE}/{talk}/typing", headers=token)).status_code == 204

    assert TYPING_PER_MINUTE <= len(await heard_of(db, hub, talk, flood)) <= TYPING_PER_MINUTE + 5


async def test_anothers_token_is_refused(client):
    talk, _ = await started(client)
    _, other = await started(client)
    assert (await client.post(f"{BASE}/{talk}/typing", headers=other)).json()["error"]["code"] == "bad_token"
    # Whether a conversation exists is told to nobody.
    assert (await client.post(f"{BASE}/nobody/typing", headers=other)).json()["error"]["code"] == "bad_token"


async def test_the_page_says_what_has_arrived(db, client):
    talk, token = await started(client)
    async with db.transaction() as tx:
        await tx.execute("UPDATE conversations SET last_seq = 5 WHERE id = %s", (talk,))
    assert (await client.post(f"{BASE}/{talk}/read", headers=token, json={"seq": 3, "delivered": True})).status_code == 204
    async with db.read() as connection:
        assert await marks.marks(connection, talk) == marks.Marks(0, 3)
