"""Who comes back to a guarded conversation with nothing but the token sees a blank chat; history needs a fresh proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from bot.channels.webchat import views
from bot.channels.webchat.routes import build_router
from bot.limits import Limits
from bot.services import Services
from conversation import guarding, proof
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core.clock import now
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards

BASE = "/webchat/v1/conversations"
SECRET = "문이 밖에서 잠겨 있어요"


class Page:
    """One page load: its token comes from the device, its view from its own memory."""

    def __init__(self, client: httpx.AsyncClient, conversation_id: str, token: str, view: str = "") -> None:
        self.client, self.conversation_id, self.token, self.view = client, conversation_id, token, view

    async def look(self, after: int = 0) -> list[str]:
        headers = {"Authorization": f"Bearer {self.token}", "X-View": self.view}
        answer = await self.client.get(f"{BASE}/{self.conversation_id}/events?after={after}", headers=headers)
        assert answer.status_code == 200
        self.view = answer.headers[views.HEADER]
        return [event["message"]["text"] for event in answer.json()["events"] if event["kind"] == "message"]

    async def prove(self, words: str, token: str = "") -> httpx.Response:
        path = f"{BASE}/{self.conversation_id}/history"
        answer = await self.client.post(path, json={"proof": words}, headers={"Authorization": f"Bearer {token or self.token}"})
        if answer.status_code == 200:
            self.view = answer.json()["view"]
        return answer


@pytest.fixture
async def client(db, cipher):
    hub = EventHub(db)
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(Services(Settings(), db, cipher, hub, CrisisCards.load()), Limits(Settings())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield client


@pytest.fixture
async def page(client, db, cipher):
    """The page that began a conversation which is guarded by now."""
    made = (await client.post(BASE, json={"view": True})).json()
    page = Page(client, made["conversation_id"], made["token"], made["view"])
    await client.post(f"{BASE}/{page.conversation_id}/messages", json={"client_id": "1", "text": SECRET}, headers={"Authorization": f"Bearer {page.token}"})
    assert await Page(client, page.conversation_id, page.token).look() == [SECRET], "not guarded: it comes back as it was"
    async with db.transaction() as tx:
        await guarding.mark(tx, page.conversation_id, guarding.CATEGORY)
    return page


async def reply(db, cipher, page, text):
    async with db.transaction() as tx:
        await conversation.reply(tx, cipher, page.conversation_id, AuthorKind.SYSTEM, Body(text), client_id=text)


async def locked(db, page) -> dict[str, Any]:
    async with db.read() as connection:
        return await conversation.get(connection, page.conversation_id)


async def test_a_page_that_was_there_goes_on(page, db, cipher):
    assert await page.look() == [SECRET]
    await reply(db, cipher, page, "네")
    assert await page.look() == [SECRET, "네"]


async def test_the_token_alone_shows_a_blank_chat_and_then_what_is_new(page, client, db, cipher):
    back = Page(client, page.conversation_id, page.token)
    assert await back.look() == []
    await reply(db, cipher, page, "다시 오셨네요")
    assert await back.look() == ["다시 오셨네요"]
    assert await back.look(after=0) == ["다시 오셨네요"], "asked from the beginning it stays so"
    assert await Page(client, page.conversation_id, page.token).look() == []


async def test_a_program_that_knows_nothing_of_tickets_sees_the_reply_to_danger(client, db, cipher):
    made = (await client.post(BASE)).json()
    plain = {"Authorization": f"Bearer {made['token']}"}
    async with db.transaction() as tx:
        await conversation.reply(tx, cipher, made["conversation_id"], AuthorKind.SYSTEM, Body(SECRET), client_id="first")
        await guarding.mark(tx, made["conversation_id"], guarding.CATEGORY)
    for _ in range(2):
        found = (await client.get(f"{BASE}/{made['conversation_id']}/events?after=0", headers=plain)).json()["events"]
        assert [event["message"]["text"] for event in found if event["kind"] == "message"] == [SECRET]


@pytest.mark.parametrize("view", ["", "0", "0.9999999999.", "0.9999999999.가", "0.1.abc", "-1.1.x", "." * 50])
async def test_no_made_up_ticket_opens_it(page, client, view):
    headers = [("Authorization", f"Bearer {page.token}"), ("X-View", view.encode())]
    answer = await client.get(f"{BASE}/{page.conversation_id}/events", headers=headers)
    assert answer.status_code == 200
    assert [event for event in answer.json()["events"] if event["kind"] == "message"] == []


async def test_a_ticket_is_for_its_conversation_and_half_a_day(page, cipher, db):
    row, at = await locked(db, page), now()
    fresh = views.ticket(cipher, row["id"], 3, at)
    assert views.begins_after(cipher, row, fresh, 9, at) == 3
    assert views.begins_after(cipher, row, fresh, 9, at + views.VALID_FOR + timedelta(seconds=1)) == 9
    assert views.begins_after(cipher, row, views.ticket(cipher, "another", 3, at), 9, at) == 9
    assert views.begins_after(cipher, row | {"guarded_at": None}, "", 9, at) == 0


async def test_an_agents_digits_show_the_history_once_and_for_a_while(page, client, db, cipher):
    back = Page(client, page.conversation_id, page.token)
    async with db.transaction() as tx:
        digits = await proof.issue_digits(tx, cipher, await locked(db, page), now())
    assert (await back.prove("000000" if digits != "000000" else "000001")).status_code == 422
    assert (await back.prove(f" {digits[:3]}-{digits[3:]} ")).status_code == 200
    assert await back.look() == [SECRET]
    assert (await Page(client, page.conversation_id, page.token).prove(digits)).status_code == 422, "used"
    async with db.transaction() as tx:
        late = await proof.issue_digits(tx, cipher, await locked(db, page), now() - proof.LIVES_FOR)
    assert (await back.prove(late)).status_code == 422, "too late"


async def test_the_code_word_shows_it_too_and_wrong_tries_end_it(page, client, db, cipher):
    async with db.transaction() as tx:
        assert await proof.set_code_word(tx, cipher, await locked(db, page), "파란 우산")
    back = Page(client, page.conversation_id, page.token)
    assert (await back.prove("파란우산!")).status_code == 200
    assert await back.look() == [SECRET]
    for _ in range(proof.WRONG_AT_MOST):
        assert (await back.prove("빨간 우산")).json()["error"]["code"] == "wrong_proof"
    assert (await back.prove("파란 우산")).status_code == 422
    async with db.transaction() as tx:
        digits = await proof.issue_digits(tx, cipher, await locked(db, page), now())
    assert (await back.prove(digits)).status_code == 200
    assert (await back.prove(digits, token="another")).json()["error"]["code"] == "bad_token"


async def test_a_refused_proof_says_the_same_whatever_is_the_matter(page, client, db, cipher):
    """Guarded or not, with a word or without, exhausted or not: nobody learns which by asking."""
    made = (await client.post(BASE, json={"view": True})).json()
    open_page = Page(client, made["conversation_id"], made["token"])
    answers = [await open_page.prove("아무 말"), *[await page.prove("아무 말") for _ in range(proof.WRONG_AT_MOST + 1)]]
    assert {(answer.status_code, answer.content) for answer in answers} == {(422, answers[0].content)}


@pytest.mark.parametrize(("word", "fit"), [("파란 우산", True), ("우산", False), ("가" * 41, False), ("가 나 다 라 마 바 사", False), ("!!!!", False)])
def test_what_is_fit_for_a_code_word(word, fit):
    assert (proof.code_word_of(word) is not None) is fit
