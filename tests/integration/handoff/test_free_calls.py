"""Free calls over HTTP, without a browser: who may call whom, one answer alone, what a page may say, and how a call ends by itself."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from bot.channels.webchat.routes import build_router
from bot.limits import Limits
from bot.services import Services
from conversation import guarding
from conversation import service as conversation
from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from handoff.calls import rules, service
from handoff.calls.schemas import Party
from knowledge_base.crisis_cards import CrisisCards

SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
ICE = json.dumps([{"candidate": "candidate:1 1 udp 2122194687 192.0.2.2 51561 typ host", "sdpMid": "0", "sdpMLineIndex": 0}])


@pytest.fixture
async def client(db, cipher):
    app = FastAPI()
    errors.install(app)
    settings = Settings()
    app.include_router(build_router(Services(settings, db, cipher, EventHub(db), CrisisCards.load(hotline=settings.hotline)), Limits(settings)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield client


class Talk:
    """A citizen's side over HTTP, with the case behind it."""

    def __init__(self, client, conversation_id, token, case):
        self.client, self.id, self.token, self.case = client, conversation_id, token, case

    async def ask(self, path="", content=None, token=None):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return await self.client.post(f"/webchat/v1/conversations/{self.id}/calls{path}", json=content or {}, headers=headers)

    async def call(self):
        answer = await self.ask()
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def citizen(db, cipher, client):
    async def make(severity="non_urgent", *, owner=None):
        async with db.transaction() as tx:
            conversation_id, token = await conversation.start(tx, "webchat")
            case = await handoff.open_or_raise(tx, cipher, conversation_id, severity, "other", "rule:x") if severity else None
        if owner is not None:
            async with db.transaction() as tx:
                await handoff.claim(tx, case.id, owner)
        return Talk(client, conversation_id, token, case)

    return make


def code(answer):
    return answer.json()["error"]["code"]


async def rows(db, statement, *args):
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


async def in_call(citizen, make_staff, call, cipher):
    """An answered call: the talk, the agent, and what each page holds."""
    agent = await make_staff()
    talk = await citizen(owner=agent)
    made = await talk.call()
    joined = await call(service.answer_by_agent, cipher, made["call_id"], agent)
    return talk, agent, made, Party("agent", staff_id=agent.id, key=joined.key)


async def test_nobody_is_rung_while_the_bot_has_the_conversation(citizen, db):
    for talk in (await citizen(None), await citizen("non_urgent")):
        answer = await talk.ask()
        assert (answer.status_code, code(answer)) == (409, "call_not_possible")
        assert "+82-2-3210-0404" in answer.json()["error"]["message"]
    assert await rows(db, "SELECT 1 FROM voice_calls") == []
    assert (await (await citizen("urgent")).ask()).status_code == 201


async def test_a_stranger_and_a_wrong_call_get_nothing(citizen, make_staff, db):
    agent = await make_staff()
    talk, other = await citizen(owner=agent), await citizen(owner=await make_staff())
    assert code(await talk.ask(token="x")) == "bad_token"
    assert code(await talk.ask(token=other.token)) == "bad_token"
    made = await talk.call()
    for call_id in (made["call_id"], "a" * 24, "%00", "../../x"):
        for path, content in (("sync", {"key": made["key"]}), ("end", {"key": "x"}), ("signals", {"key": made["key"], "n": 0, "kind": "offer", "body": SDP})):
            answer = await other.ask(f"/{call_id}/{path}", content)
            assert answer.status_code in (404, 405), (call_id, path, answer.text)
    assert code(await talk.ask(f"/{made['call_id']}/sync", {"key": "other"})) == "not_found"
    assert (await rows(db, "SELECT ended_at FROM voice_calls")) == [{"ended_at": None}]


async def test_one_call_at_a_time_for_a_conversation_and_for_a_person(citizen, make_staff, call, cipher):
    agent = await make_staff()
    talk, second = await citizen(owner=agent), await citizen(owner=agent)
    made = await talk.call()
    assert code(await talk.ask()) == "call_busy"
    await call(service.answer_by_agent, cipher, made["call_id"], agent)
    other = await second.call()
    with pytest.raises(AppError) as refused:
        await call(service.answer_by_agent, cipher, other["call_id"], agent)
    assert refused.value.code == "agent_on_call"
    with pytest.raises(AppError) as refused:
        await call(service.start_by_agent, cipher, talk.case.id, agent, is_on=True)
    assert refused.value.code == "call_busy"


async def test_of_many_desks_one_answers(citizen, make_staff, db, cipher):
    agent = await make_staff()
    made = await (await citizen(owner=agent)).call()

    async def answer():
        try:
            async with db.transaction() as tx:
                return await service.answer_by_agent(tx, cipher, made["call_id"], agent)
        except AppError as error:
            return error.code

    found = await asyncio.gather(*(answer() for _ in range(6)))
    assert sorted(one if isinstance(one, str) else "joined" for one in found) == ["call_taken"] * 5 + ["joined"]


async def test_an_emergency_that_nobody_owns_rings_everywhere_and_is_taken_with_its_call(citizen, make_staff, db, cipher, call):
    first, second = await make_staff(), await make_staff()
    talk = await citizen("life_threat")
    made = await talk.call()
    for one in (first, second):
        async with db.read() as connection:
            assert [row.state for row in await service.for_desk(connection, one)] == ["ringing"]
    await call(service.answer_by_agent, cipher, made["call_id"], second)
    assert (await call(handoff.get, talk.case.id)).owner_id == second.id
    with pytest.raises(AppError) as refused:
        await call(service.answer_by_agent, cipher, made["call_id"], first)
    assert refused.value.code == "call_taken"


@pytest.mark.parametrize(("state", "refusal"), [("available", "agent_full"), ("away", "call_not_yours")])
async def test_who_cannot_take_an_emergency_is_not_told_that_somebody_has(citizen, make_staff, cipher, call, state, refusal):
    """They would look away while the citizen rings."""
    agent = await make_staff(cap=0)
    await citizen("urgent", owner=agent)
    await call(database.run, "UPDATE agent_presence SET state = %s", state)
    talk = await citizen("urgent")
    made = await talk.call()
    with pytest.raises(AppError) as refused:
        await call(service.answer_by_agent, cipher, made["call_id"], agent)
    assert refused.value.code == refusal
    assert (await call(handoff.get, talk.case.id)).owner_id is None


async def test_a_colleagues_call_cannot_be_answered(citizen, make_staff, cipher, call):
    made = await (await citizen(owner=await make_staff())).call()
    with pytest.raises(AppError) as refused:
        await call(service.answer_by_agent, cipher, made["call_id"], await make_staff())
    assert refused.value.code == "call_taken"


@pytest.mark.parametrize("how", ["guarded", "cannot speak"])
async def test_no_bell_where_it_could_hurt(citizen, make_staff, call, cipher, db, how):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    await call(service.start_by_agent, cipher, talk.case.id, agent, is_on=True)
    if how == "guarded":
        await call(guarding.mark, talk.id, guarding.AGENT)
    else:
        await call(handoff.mark_cannot_speak, talk.case.id, agent, True)
    # A bell that was ringing stops, and none begins.
    assert await call(service.settle, now()) == 1
    with pytest.raises(AppError) as refused:
        await call(service.start_by_agent, cipher, talk.case.id, agent, is_on=True)
    assert refused.value.code == "call_would_ring"
    assert [row["why"] for row in await rows(db, "SELECT why FROM voice_calls")] == ["over"]


async def test_an_agent_calls_only_into_an_own_case(citizen, make_staff, call, cipher):
    talk = await citizen(owner=await make_staff())
    with pytest.raises(AppError) as refused:
        await call(service.start_by_agent, cipher, talk.case.id, await make_staff(), is_on=True)
    assert refused.value.code == "not_owner"


async def test_descriptions_are_sealed_said_once_and_gone_with_the_call(citizen, make_staff, call, cipher, db):
    talk, _, made, agent = await in_call(citizen, make_staff, call, cipher)
    path = f"/{made['call_id']}/signals"
    offer = {"key": made["key"], "n": 0, "kind": "offer", "body": SDP}
    assert (await talk.ask(path, offer)).status_code == 202
    assert (await talk.ask(path, offer)).status_code == 202, "the same once more changes nothing"
    assert code(await talk.ask(path, offer | {"n": 1})) == "call_signal_repeated"
    (kept,) = await rows(db, "SELECT * FROM voice_signals")
    assert b"audio" not in bytes(kept["body"])
    view = await call(service.sync, cipher, made["call_id"], agent, -1)
    assert [(one.kind, one.body) for one in view.signals] == [("offer", SDP)]
    await call(service.say, cipher, made["call_id"], agent, 0, "answer", SDP)
    with pytest.raises(AppError) as refused:
        await call(service.say, cipher, made["call_id"], agent, 1, "answer", SDP)
    assert refused.value.code == "call_signal_repeated"
    await call(service.say, cipher, made["call_id"], agent, 1, "ice", ICE)
    heard = (await talk.ask(f"/{made['call_id']}/sync", {"key": made["key"], "after": 0})).json()
    assert [one["kind"] for one in heard["signals"]] == ["ice"]
    assert await call(service.end, cipher, made["call_id"], agent, "hung_up")
    assert await rows(db, "SELECT 1 FROM voice_signals") == []
    assert (await talk.ask(f"/{made['call_id']}/sync", {"key": made["key"]})).json() == {"state": "ended", "why": "hung_up", "signals": []}
    assert code(await talk.ask(path, offer | {"n": 2, "kind": "ice", "body": ICE})) == "call_over"
    assert not await call(service.end, cipher, made["call_id"], agent, "hung_up"), "it ends once"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"body": "v=0" + "x" * 1_000_000}, "body_too_large"),
        ({"body": "v=0" + "x" * rules.MAX_BODY_CHARS}, "body_too_large"),
        ({"body": "hello"}, "invalid_request"),
        ({"body": SDP + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"}, "invalid_request"),
        ({"body": SDP + "\0"}, "invalid_request"),
        ({"body": 7}, "invalid_request"),
        ({"kind": "answer"}, "invalid_request"),
        ({"kind": "ice"}, "invalid_request"),
        ({"kind": "ice", "body": "[" * 20_000}, "invalid_request"),
        ({"kind": "ice", "body": "[]"}, "invalid_request"),
        ({"kind": "drop"}, "invalid_request"),
        ({"n": -1}, "invalid_request"),
        ({"n": 999}, "invalid_request"),
        ({"key": "x"}, "not_found"),
    ],
)
async def test_bad_signals_are_refused(citizen, make_staff, call, cipher, db, change, expected):
    talk, _, made, _ = await in_call(citizen, make_staff, call, cipher)
    answer = await talk.ask(f"/{made['call_id']}/signals", {"key": made["key"], "n": 0, "kind": "offer", "body": SDP} | change)
    assert (answer.status_code < 500, code(answer)) == (True, expected)
    assert await rows(db, "SELECT 1 FROM voice_signals") == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"key": "\\ud800"}', b"\xff", b"null", b'{"key": 1}'])
async def test_what_is_no_request_is_told_so(citizen, make_staff, client, raw):
    talk = await citizen(owner=await make_staff())
    made = await talk.call()
    headers = {"Authorization": f"Bearer {talk.token}"}
    answer = await client.post(f"/webchat/v1/conversations/{talk.id}/calls/{made['call_id']}/sync", content=raw, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


async def test_nothing_is_said_before_the_answer(citizen, make_staff):
    talk = await citizen(owner=await make_staff())
    made = await talk.call()
    assert code(await talk.ask(f"/{made['call_id']}/signals", {"key": made["key"], "n": 0, "kind": "offer", "body": SDP})) == "call_over"


@pytest.mark.parametrize("answered", [False, True])
async def test_a_call_whose_page_has_vanished_ends_by_itself(citizen, make_staff, call, cipher, db, answered):
    agent = await make_staff()
    made = await (await citizen(owner=agent)).call()
    if answered:
        await call(service.answer_by_agent, cipher, made["call_id"], agent)
    assert await call(service.settle, now() + timedelta(seconds=rules.GONE_S - 2)) == 0
    assert await call(service.settle, now() + timedelta(seconds=rules.GONE_S + 1)) == 1
    (row,) = await rows(db, "SELECT ended_by, why FROM voice_calls")
    assert row == {"ended_by": "nobody", "why": "gone"}


async def test_a_missed_call_stays_with_the_case_until_it_is_seen_and_in_its_history_for_good(citizen, make_staff, call, cipher, db):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    made = await talk.call()
    await call(database.run, "UPDATE voice_calls SET started_at = started_at - make_interval(secs => %s)", rules.RING_S + 1)
    assert (await talk.ask(f"/{made['call_id']}/sync", {"key": made["key"]})).json()["why"] == "no_answer"

    async def shown(of):
        async with db.read() as connection:
            return [row.state for row in await service.for_desk(connection, of)]

    assert await shown(agent) == ["missed"]
    assert not await call(service.see_missed, made["call_id"], await make_staff()), "somebody else's"
    assert await call(service.see_missed, made["call_id"], agent)
    assert await shown(agent) == []
    (past,) = await call(service.history, talk.case.id)
    assert past.is_missed


async def test_a_call_rings_however_many_missed_ones_stand_unseen(citizen, make_staff, db):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    async with db.transaction() as tx:
        await database.run(
            tx,
            """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, started_at, ended_at, ended_by, why)
               SELECT 'missed-' || n, %s, %s, 'citizen', now() - interval '1 hour', now() - interval '59 minutes', 'nobody', 'no_answer'
               FROM generate_series(1, 20) n""",
            talk.id,
            talk.case.id,
        )
    made = await talk.call()
    async with db.read() as connection:
        shown = await service.for_desk(connection, agent)
    assert [(row.call_id, row.state) for row in shown[:2]] == [(made["call_id"], "ringing"), (shown[1].call_id, "missed")]


async def test_a_call_ends_when_its_case_goes_elsewhere(citizen, make_staff, call, cipher, db):
    talk, agent, _, _ = await in_call(citizen, make_staff, call, cipher)
    await call(handoff.return_to_queue, talk.case.id, agent)
    assert await call(service.settle, now()) == 1
    assert [row["why"] for row in await rows(db, "SELECT why FROM voice_calls")] == ["over"]


async def test_either_side_declines_and_is_told_apart(citizen, make_staff, call, cipher, db):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    made = await talk.call()
    assert await call(service.end, cipher, made["call_id"], Party("agent", staff_id=agent.id), "declined")
    back = await call(service.start_by_agent, cipher, talk.case.id, agent, is_on=True)
    assert (await talk.ask(f"/{back.call_id}/end", {"why": "declined"})).status_code == 204
    given_up = await talk.call()
    assert (await talk.ask(f"/{given_up['call_id']}/end", {"key": given_up["key"]})).status_code == 204
    found = await rows(db, "SELECT started_by, ended_by, why FROM voice_calls ORDER BY started_at")
    assert [tuple(row.values()) for row in found] == [("citizen", "agent", "declined"), ("agent", "citizen", "declined"), ("citizen", "citizen", "withdrawn")]


async def test_of_five_tabs_one_answers_the_agent(citizen, make_staff, call, cipher):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    back = await call(service.start_by_agent, cipher, talk.case.id, agent, is_on=True)
    found = await asyncio.gather(*(talk.ask(f"/{back.call_id}/accept") for _ in range(5)))
    assert sorted(one.status_code for one in found) == [200, 409, 409, 409, 409]
    assert {code(one) for one in found if one.status_code == 409} == {"call_taken"}


async def test_the_citizens_page_is_told_without_names(citizen, make_staff, call, cipher, db):
    talk, _, made, agent = await in_call(citizen, make_staff, call, cipher)
    await call(service.end, cipher, made["call_id"], agent, "hung_up")
    answer = await talk.client.get(f"/webchat/v1/conversations/{talk.id}/events", headers={"Authorization": f"Bearer {talk.token}"})
    found = [event for event in answer.json()["events"] if event["kind"] == "call"]
    assert [(one["state"], one["by"], one["why"], one["answered"]) for one in found] == [
        ("ringing", "citizen", "", False),
        ("answered", "citizen", "", True),
        ("ended", "citizen", "hung_up", True),
    ]
    assert all(set(one) == {"seq", "kind", "at", "by", "call_id", "state", "why", "answered"} for one in found)
    async with db.read() as connection:
        assert len(await events.read(connection, service.STREAM, 0)) == 3


async def test_switched_off_there_is_the_number(citizen, make_staff, call, cipher, monkeypatch):
    agent = await make_staff()
    talk = await citizen(owner=agent)
    for attempt in (
        lambda: call(service.start_by_citizen, cipher, talk.id, talk.token, is_on=False),
        lambda: call(service.start_by_agent, cipher, talk.case.id, agent, is_on=False),
    ):
        with pytest.raises(AppError) as refused:
            await attempt()
        assert (refused.value.code, "+82-2-3210-0404" in refused.value.kind.korean) == ("call_not_possible", True)
