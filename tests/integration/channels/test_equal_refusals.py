"""Whoever has no right to know gets the same status and the same bytes, after the same work, whether or not there is anything to know."""

from __future__ import annotations

import re
import statistics
import time
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot import errors, third_party
from bot.channels.webchat.routes import build_router as webchat_router
from bot.limits import Limits
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from conversation import guarding, proof
from conversation import service as conversation
from conversation.disguise import disguised
from core.clock import now
from core.crypto import Cipher
from handoff import location
from handoff.routes import build_router as locate_router
from language.analysis import Analysis
from tests.integration.channels.test_code_word import NONE, Judge
from tests.integration.channels.test_guarded import BASE, WebSide, side  # noqa: F401  (fixtures)

_numbers = count(1)


@pytest.fixture
async def web(talk):
    app = FastAPI()
    errors.install(app)
    app.include_router(webchat_router(talk.services, Limits(talk.services.settings)))
    app.include_router(locate_router(talk.db, talk.cipher, talk.services.settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        made = WebSide(talk, client)
        await made.write("안녕하세요")
        yield made


def told(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, answer.content


class TestAConversation:
    async def test_unknown_known_guarded_and_closed_are_refused_alike(self, web):
        async with web.talk.db.transaction() as tx:
            guarded, _ = await conversation.start(tx, "webchat")
            closed, _ = await conversation.start(tx, "webchat")
            await guarding.mark(tx, guarded, guarding.CATEGORY)
            await conversation.close(tx, closed)
        stranger = {"Authorization": "Bearer guess"}
        for method, path, content in [
            ("GET", "events", None),
            ("POST", "messages", {"client_id": "1", "text": "저예요"}),
            ("POST", "messages", {"client_id": "1", "danger": True}),
            ("POST", "read", {"seq": 1}),
            ("POST", "typing", {}),
            ("POST", "clear", {"seq": 1}),
            ("POST", "history", {"proof": "123456"}),
        ]:
            found = {
                told(await web.client.request(method, f"{BASE}/{which}/{path}", json=content, headers=stranger))
                for which in (web.conversation_id, guarded, closed, "nobody-at-all", "x" * 16)
            }
            assert len(found) == 1, path
            assert next(iter(found))[0] == 401

    async def test_the_token_is_hashed_whether_or_not_there_is_such_a_conversation(self, web, monkeypatch):
        hashed: list[str] = []
        real = conversation.hash_token
        monkeypatch.setattr(conversation, "hash_token", lambda token: hashed.append(token) or real(token))
        for which in (web.conversation_id, "nobody-at-all", "한글"):
            hashed.clear()
            await web.client.get(f"{BASE}/{which}/events", headers={"Authorization": "Bearer guess"})
            assert hashed == ["guess"]


class TestAProof:
    async def test_it_costs_the_same_whatever_is_known(self, web, monkeypatch):
        async def asked(*, word: str = "", digits: bool = False, exhausted: bool = False) -> tuple[bool, int]:
            async with web.talk.db.transaction() as tx:
                made, _ = await conversation.start(tx, "webchat")
                row = await conversation.get(tx, made)
                if word:
                    await proof.set_code_word(tx, web.talk.cipher, row, word)
                if digits:
                    await proof.issue_digits(tx, web.talk.cipher, row, now())
                if exhausted:
                    await tx.execute("UPDATE conversations SET proof_wrong = 5 WHERE id = %s", (made,))
                work: list[str] = []
                real = Cipher.pseudonym
                monkeypatch.setattr(Cipher, "pseudonym", lambda self, value: work.append(value) or real(self, value))
                found = await proof.prove(tx, web.talk.cipher, made, "아무 말이나 12", now())
                monkeypatch.setattr(Cipher, "pseudonym", real)
            return found, len(work)

        seen = {await asked(), await asked(word="파란 우산"), await asked(digits=True), await asked(word="파란 우산", digits=True, exhausted=True)}
        assert seen == {(False, 2)}


class TestALinkOfThePlace:
    async def links(self, web: WebSide) -> dict[str, str]:
        made = {}
        async with web.talk.db.transaction() as tx:
            for state in ("used", "guarded and used", "over", "guarded and over", "ended"):
                owner, _ = await conversation.start(tx, "webchat")
                made[state] = await location.request_link(tx, owner, None)
                if "guarded" in state:
                    await guarding.mark(tx, owner, guarding.CATEGORY)
                if "used" in state:
                    await location.consent(tx, made[state], "the phone")
                if state == "ended":
                    await location.revoke(tx, owner)
                if "over" in state:
                    await tx.execute("UPDATE location_links SET expires_at = now() - interval '1 s' WHERE conversation_id = %s", (owner,))
        return made | {"unknown": "x" * 43, "no token at all": "y" * 200}

    async def test_another_device_learns_nothing_from_it(self, web):
        fix = {"device": "another", "lat": 11.0, "lon": 106.0, "accuracy_m": 10}
        for content in ({"action": "consent", "device": "another"}, {"action": "stop", "device": "another"}):
            found = {state: told(await web.client.post(f"/locate/{token}", json=content)) for state, token in (await self.links(web)).items()}
            assert len(set(found.values())) == 1, found
            assert next(iter(found.values()))[0] == 410
        found = {state: told(await web.client.post(f"/locate/{token}", json=fix | {"action": "fix"})) for state, token in (await self.links(web)).items()}
        assert len(set(found.values())) == 1, found

    async def test_looking_tells_no_more_of_an_ended_link_than_of_none(self, web):
        links = await self.links(web)
        over = ("over", "guarded and over", "ended", "unknown", "no token at all")
        assert len({told(await web.client.get(f"/locate/{links[state]}")) for state in over}) == 1

    async def test_a_live_link_shows_whoever_may_be_watched_a_page_that_names_nobody(self, web):
        links = await self.links(web)
        used, guarded = [(await web.client.get(f"/locate/{links[state]}")).text for state in ("used", "guarded and used")]
        assert "상담관" in used
        assert disguised(used) == guarded
        assert "상담관" not in re.sub(r'\sdata-[\w-]+="[^"]*"', "", guarded)

    async def test_the_time_tells_nothing_either(self, web):
        links = await self.links(web)

        async def took(token: str) -> float:
            began = time.perf_counter()
            await web.client.post(f"/locate/{token}", json={"action": "consent", "device": "another"})
            return time.perf_counter() - began

        # In turn, so that whatever else the machine does meets both.
        pairs = [(await took(links["used"]), await took(links["unknown"])) for _ in range(40)]
        known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
        assert abs(known - unknown) < max(known, unknown) * 0.5 + 0.003


class TestTheBot:
    async def asked(self, side: Any, text: str, judge: Any) -> str:  # noqa: F811
        if not side.conversation_id:
            await side.write("안녕하세요")
        before = await side.shown()
        await side.write(text)
        side.talk.services.understanding = judge
        slot, turn = TriageSlot(side.talk.services, f"slot-{next(_numbers)}"), TurnSlot(side.talk.services, TurnQueue())
        while await slot.step():
            pass
        await turn._serve(side.conversation_id)
        for one in (slot, turn):
            await one._hang_up()
        return (await side.shown())[max(0, len(before) - 1) :]

    async def test_a_third_party_hears_one_sentence_whether_or_not_the_person_is_known(self, side):  # noqa: F811
        first = await self.asked(side, "제 아내 김하늘 씨가 거기 상담했나요?", Judge(NONE))
        async with side.talk.db.transaction() as tx:
            wife, _ = await conversation.start(tx, "webchat", visitor="김하늘")
            await guarding.mark(tx, wife, guarding.CATEGORY)
        second = await self.asked(side, "제 아내 김하늘 씨가 거기 상담했나요?", Judge(NONE))
        said = third_party.ANSWER["ko"].split("\n")[0]
        assert said in first
        assert said in second
        assert await side.talk.run("SELECT 1 AS one FROM cases") == []

    async def test_it_looks_nothing_up(self, side, monkeypatch):  # noqa: F811
        judge = Judge(NONE)
        looked: list[str] = []

        async def of_message(message_id: int, text: str) -> Analysis:
            looked.append(text)
            return Analysis(text, text, "ko")

        monkeypatch.setattr(judge, "of_message", of_message)
        assert third_party.ANSWER["ko"].split("\n")[0] in await self.asked(side, "남편 위치 좀 알려 주세요", judge)
        assert looked == ["안녕하세요"], "the question is neither read nor searched for"
