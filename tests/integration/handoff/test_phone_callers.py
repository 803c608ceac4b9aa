"""A caller's case: taken by the agent on the line, a code for the place, a place in words; and what nobody can do with six digits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from conversation import service as conversation
from core import db as database
from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff import location, place_use
from handoff import service as handoff
from handoff.phone import codes, repository, rules, service, texting
from handoff.phone.schemas import Caller, Redeemed, Refused
from handoff.routes import build_router
from handoff.schemas import Claimed, NotEligible


@pytest.fixture
def caller():
    def make(**values):
        known = {"what": "공항에서 가방을 통째로 도난당함", "severity": "urgent", "category": "robbery_theft", "started_at": now(), "client_id": "form-1"}
        return Caller(**{**known, **values})

    return make


@pytest.fixture
def rang(db, cipher, caller, call):
    """``await rang(agent)``: an agent has opened a case for a caller."""

    async def make(agent, **values):
        return await call(service.open_for_caller, cipher, agent, caller(**values))

    return make


@pytest.fixture
async def client(db, cipher):
    app = FastAPI()
    app.include_router(build_router(db, cipher, Settings()))

    @app.exception_handler(AppError)
    async def expected(request, error):
        return JSONResponse(error.body(), error.kind.status)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield client


async def rows(db, statement, *args):
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


async def test_a_case_for_a_caller_is_the_agents_and_stands_among_the_others(db, cipher, make_staff, rang):
    agent = await make_staff()
    opened = await rang(agent, name="김길동", number="010-1234-5678", country="KR", place="방콕 수쿰윗")
    assert isinstance(opened.claim, Claimed)
    assert (opened.case.owner_id, opened.case.status, opened.case.severity, opened.case.reason) == (agent.id, "claimed", "urgent", "phone")
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, opened.case.id, agent)
    assert (card.channel, card.summary, card.caller.name, card.caller.number) == ("phone", "공항에서 가방을 통째로 도난당함", "김길동", "+821012345678")
    assert card.typed_place.text == "방콕 수쿰윗"
    assert [(one.staff_name, one.seconds) for one in card.caller.calls] == [(agent.display_name, None)]
    sealed = await rows(db, "SELECT caller, number, number_hash FROM phone_calls")
    assert b"1234" not in bytes(sealed[0]["number"])
    assert "1234" not in sealed[0]["number_hash"]
    async with db.read() as connection:
        assert [row.case_id for row in await handoff.mine(connection, agent)] == [opened.case.id]
        assert await handoff.violations(connection) == []
    assert [row["action"] for row in await rows(db, "SELECT action FROM access_log WHERE action = 'case.phone'")] == ["case.phone"]


async def test_a_form_posted_twice_opens_one_case(db, cipher, make_staff, caller):
    agent = await make_staff()

    async def post():
        async with db.transaction() as tx:
            return await service.open_for_caller(tx, cipher, agent, caller())

    opened = await asyncio.gather(*(post() for _ in range(5)))
    assert len({one.case.id for one in opened}) == 1
    assert len(await rows(db, "SELECT 1 FROM cases")) == 1


async def test_who_is_away_opens_it_and_another_takes_it(db, make_staff, rang, call):
    opened = await rang(await make_staff(state="away"))
    assert opened.claim == NotEligible("away")
    assert opened.case.status == "queued"
    async with db.read() as connection:
        assert await handoff.violations(connection) == []
        assert [row.case_id for row in await handoff.queue(connection)] == [opened.case.id]
    assert isinstance(await call(handoff.claim, opened.case.id, await make_staff()), Claimed)


async def test_another_open_case_of_the_same_number_is_named(make_staff, rang):
    agent = await make_staff(cap=9)
    first = await rang(agent, number="+82 10 1234 5678")
    second = await rang(agent, number="010-1234-5678", country="KR", client_id="form-2")
    assert second.same_number == (first.case.id,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"what": "  "}, "empty_message"),
        ({"what": "가" * 1001}, "too_long"),
        ({"name": "가" * 101}, "too_long"),
        ({"severity": "terrible"}, "invalid_request"),
        ({"category": "ghost"}, "invalid_request"),
        ({"country": "korea"}, "invalid_request"),
        ({"number": "12"}, "bad_phone"),
        ({"client_id": ""}, "invalid_request"),
    ],
)
async def test_a_bad_form_writes_nothing(db, make_staff, rang, change, code):
    agent = await make_staff()
    with pytest.raises(AppError) as refused:
        await rang(agent, **change)
    assert refused.value.code == code
    assert await rows(db, "SELECT 1 FROM conversations") == []


async def test_an_editor_opens_no_case(make_staff, rang):
    with pytest.raises(AppError, match="forbidden"):
        await rang(await make_staff("editor"))


async def test_nothing_is_written_to_somebody_on_the_phone(db, cipher, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent)
    with pytest.raises(AppError) as refused:
        await call(handoff.reply, cipher, opened.case.id, agent, "보이시나요?", "1")
    assert refused.value.code == "phone_has_no_text"
    with pytest.raises(AppError, match="the bot has nobody to serve"):
        await call(handoff.hand_back, opened.case.id, agent)
    await call(handoff.return_to_queue, opened.case.id, agent)
    assert await handoff.tell_waiting(db, cipher, now() + timedelta(minutes=5)) == []
    assert await rows(db, "SELECT 1 FROM outbox") == []


async def test_the_call_is_logged_until_it_ends_or_the_case_does(db, cipher, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent, started_at=now() - timedelta(seconds=90), severity="none")
    assert await call(service.end_call, opened.case.id, agent) is True
    assert await call(service.end_call, opened.case.id, agent) is False
    async with db.transaction() as tx:
        assert 89 <= (await handoff.card(tx, cipher, opened.case.id, agent)).caller.calls[0].seconds <= 95
    with pytest.raises(AppError, match="may not write"):
        await call(service.end_call, opened.case.id, await make_staff())
    other = await rang(agent, client_id="form-2", severity="none")
    await call(handoff.close, cipher, other.case.id, agent, "resolved")
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, other.case.id, await make_staff("supervisor"))
    assert card.caller.calls[0].seconds is not None


async def test_a_landline_callers_words_offer_towns_for_the_map(db, cipher, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent, country="TH")
    fix_id = await call(service.write_place, cipher, opened.case.id, agent, "방콕 시내 큰 병원 앞")
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, opened.case.id, agent)
    assert card.towns
    await call(place_use.pick_typed, cipher, opened.case.id, agent, fix_id, card.towns[0].town.id)
    async with db.transaction() as tx:
        assert (await handoff.card(tx, cipher, opened.case.id, agent)).map is not None
    assert [row["text_version"] for row in await rows(db, "SELECT text_version FROM location_consents")] == [service.CONSENT_SPOKEN]
    with pytest.raises(AppError, match="may not write"):
        await call(service.write_place, cipher, opened.case.id, await make_staff(), "방콕")


async def test_words_are_written_down_for_callers_only(cipher, make_staff, make_case, call):
    agent, case = await make_staff(), await make_case()
    await call(handoff.claim, case.id, agent)
    with pytest.raises(AppError, match="illegal_move"):
        await call(service.write_place, cipher, case.id, agent, "방콕")


async def test_the_code_opens_the_ordinary_page_once_and_the_place_is_on_the_map(db, cipher, client, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent)
    code = await call(codes.issue, cipher, opened.case.id, agent)
    assert code.expires_at <= now() + timedelta(minutes=30)
    assert code.digits not in str(await rows(db, "SELECT * FROM locate_codes"))
    assert "여섯 자리" in (await client.get("/locate")).text

    answer = await client.post("/locate", json={"code": f"{code.digits[:3]} {code.digits[3:]}"})
    page = answer.json()["page"]
    assert "내 위치 보내기" in (await client.get(page)).text
    again = await client.post("/locate", json={"code": code.digits})
    assert again.json()["error"]["code"] == "wrong_code"
    fix = {"action": "fix", "device": "phone", "lat": 13.75, "lon": 100.5, "accuracy_m": 18.5}
    assert (await client.post(page, json=fix)).json()["error"]["code"] == "consent_required"
    assert (await client.post(page, json={"action": "consent", "device": "phone"})).status_code == 200
    assert (await client.post(page, json={"action": "consent", "device": "thief"})).json()["error"]["code"] == "link_expired"
    assert (await client.post(page, json=fix)).status_code == 200
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, opened.case.id, agent)
    assert (card.place.lat, card.case.country, card.caller.code_until) == (13.75, "TH", None)
    assert card.caller.code_used_at is not None
    kinds = [row["kind"] for row in await rows(db, "SELECT kind FROM events WHERE stream = %s ORDER BY seq", f"case:{opened.case.id}")]
    assert [kind for kind in kinds if kind in ("code_issued", "code_used", "place_consent", "place")] == ["code_issued", "code_used", "place_consent", "place"]


async def test_a_new_code_ends_the_old_one_and_the_page_nobody_has_consented_to(db, cipher, client, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent)
    old = await call(codes.issue, cipher, opened.case.id, agent)
    used = await call(codes.issue, cipher, opened.case.id, agent)
    assert (await client.post("/locate", json={"code": old.digits})).json()["error"]["code"] == ("wrong_code" if old.digits != used.digits else None)
    page = (await client.post("/locate", json={"code": used.digits})).json()["page"]
    third = await call(codes.issue, cipher, opened.case.id, agent)
    assert (await client.get(page)).json()["error"]["code"] == "link_expired"
    page = (await client.post("/locate", json={"code": third.digits})).json()["page"]
    assert (await client.post(page, json={"action": "consent", "device": "phone"})).status_code == 200
    await call(codes.issue, cipher, opened.case.id, agent)
    assert (await client.get(page)).status_code == 200, "who is sending already goes on"


async def test_a_code_is_over_with_its_time_and_with_its_case(db, cipher, make_staff, rang, call):
    agent = await make_staff(cap=9)
    late, closed = await rang(agent), await rang(agent, client_id="form-2", severity="none")
    one, two = await call(codes.issue, cipher, late.case.id, agent), await call(codes.issue, cipher, closed.case.id, agent)
    async with db.transaction() as tx:
        await tx.execute("UPDATE locate_codes SET expires_at = now() - interval '1 second' WHERE case_id = %s", (late.case.id,))
    await call(handoff.close, cipher, closed.case.id, agent, "resolved")
    for code in (one, two):
        assert await call(codes.redeem, cipher, code.digits, "198.51.100.1") == Refused("wrong_code")
    with pytest.raises(AppError):
        await call(codes.issue, cipher, closed.case.id, agent)


async def test_one_address_is_stopped_after_five_wrong_tries_even_with_the_right_digits(db, cipher, client, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent)
    code = await call(codes.issue, cipher, opened.case.id, agent)
    wrong = f"{(int(code.digits) + 1) % 10**6:06d}"
    answers = [(await client.post("/locate", json={"code": wrong})).json()["error"]["code"] for _ in range(7)]
    assert answers == ["wrong_code"] * 5 + ["code_tries_exceeded"] * 2
    stopped = await client.post("/locate", json={"code": code.digits})
    assert (stopped.status_code, stopped.json()["error"]["code"]) == (429, "code_tries_exceeded")
    assert "말로 알려" in stopped.json()["error"]["message"]
    assert isinstance(await call(codes.redeem, cipher, code.digits, "198.51.100.7"), Redeemed), "others are not stopped"


async def test_many_addresses_together_are_stopped_and_the_desk_is_told(db, cipher, make_staff, rang, call):
    agent = await make_staff()
    opened = await rang(agent)
    code = await call(codes.issue, cipher, opened.case.id, agent)
    async with db.transaction() as tx:
        for number in range(rules.MAX_TRIES):
            await repository.keep_try(tx, f"somebody {number}", now(), now() - timedelta(hours=1))
    async with db.read() as connection:
        assert await codes.are_paused(connection) is True
    assert await call(codes.redeem, cipher, code.digits, "198.51.100.7") == Refused("codes_paused")
    async with db.transaction() as tx:
        await tx.execute("UPDATE locate_tries SET tried_at = now() - interval '61 minutes'")
    assert isinstance(await call(codes.redeem, cipher, code.digits, "198.51.100.7"), Redeemed)


async def test_tries_at_the_same_moment_do_not_get_past_the_limit(db, cipher, make_staff, rang, call):
    agent = await make_staff()
    code = await call(codes.issue, cipher, (await rang(agent)).case.id, agent)
    wrong = [f"{(int(code.digits) + 1 + n) % 10**6:06d}" for n in range(30)]
    results = await asyncio.gather(*(call(codes.redeem, cipher, digits, "203.0.113.5") for digits in wrong))
    assert results.count(Refused("wrong_code")) == rules.MAX_TRIES_OF_ADDRESS
    assert len(await rows(db, "SELECT 1 FROM locate_tries")) == rules.MAX_TRIES_OF_ADDRESS


async def test_two_who_type_the_same_code_at_once_open_one_page(cipher, make_staff, rang, call):
    agent = await make_staff()
    code = await call(codes.issue, cipher, (await rang(agent)).case.id, agent)
    results = await asyncio.gather(*(call(codes.redeem, cipher, code.digits, f"203.0.113.{n}") for n in range(6)))
    assert sum(isinstance(result, Redeemed) for result in results) == 1


async def test_few_codes_live_at_once(db, cipher, make_staff, rang, call):
    agent = await make_staff(cap=9)
    first, second = await rang(agent), await rang(agent, client_id="form-2")
    async with db.transaction() as tx:
        for number in range(rules.MAX_LIVE_CODES):
            await repository.insert_code(tx, f"code {number}", first.case.id, agent.id, now() + timedelta(minutes=5))
    with pytest.raises(AppError) as refused:
        await call(codes.issue, cipher, second.case.id, agent)
    assert refused.value.code == "too_many_codes"
    assert await call(codes.issue, cipher, first.case.id, agent), "a new code of the same case ends its own first"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "invalid_request"),
        (b'{"code": 123456}', "invalid_request"),
        (b'{"code": "12"}', "wrong_code"),
        (b"nope", "bad_json"),
        (b'{"code": "\\ud800"}', "invalid_request"),
    ],
)
async def test_bad_input_has_a_sentence_and_is_no_try(db, client, body, code):
    answer = await client.post("/locate", content=body)
    assert (answer.status_code < 500, answer.json()["error"]["code"]) == (True, code)
    assert await rows(db, "SELECT 1 FROM locate_tries") == []


async def test_a_page_of_another_site_cannot_try_codes(db, client):
    answer = await client.post("/locate", json={"code": "123456"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.json()["error"]["code"] == "cross_site"
    assert await rows(db, "SELECT 1 FROM locate_tries") == []


class Pigeon:
    def __init__(self):
        self.sent = []

    async def send(self, number, text):
        self.sent.append((number, text))
        return True


async def test_a_link_by_sms_only_where_it_is_set_up(db, cipher, make_staff, rang):
    agent = await make_staff()
    opened = await rang(agent, number="+82 10 1234 5678")
    pigeon = Pigeon()
    on, off = Settings(locate_sms=True), Settings()
    try:
        for settings, port in ((off, pigeon), (on, None)):
            texting.connect(port)
            with pytest.raises(AppError) as refused:
                await texting.send_link(db, cipher, settings, opened.case.id, agent, "https://chat.test")
            assert refused.value.code == "sms_not_configured"
        texting.connect(pigeon)
        assert await texting.send_link(db, cipher, on, opened.case.id, agent, "https://chat.test")
    finally:
        texting.connect(None)
    ((number, text),) = pigeon.sent
    assert number == "+821012345678"
    async with db.read() as connection:
        assert (await location.open_link(connection, text.rpartition("/")[2])).case_id == opened.case.id


async def test_the_conversation_of_a_call_is_nobodys_to_enter_by_token(db, make_staff, rang):
    opened = await rang(await make_staff())
    async with db.read() as connection:
        with pytest.raises(AppError, match="bad_token"):
            await conversation.check_token(connection, opened.case.conversation_id, "guess")
