"""What stood in a reply box whose page went away: kept for its writer, never for anybody else, and not at all once it has been sent."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from accounts import service as accounts
from accounts.schemas import COOKIE
from bot import errors
from core.settings import Settings
from handoff import service as handoff
from handoff.desk import drafts
from handoff.desk.draft_routes import build_router

PASSWORD = "긴-암호-문장-스물두-글자-이상"
HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def visit(db):
    """``await visit(login)``: a client of a signed-in account, and the account."""
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(db, Settings()))
    opened = []

    async def make(login=None, *roles):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test", headers=HERE)
        opened.append(client)
        if login is None:
            return client, None
        async with db.transaction() as tx:
            token = await accounts.invite(tx, roles or ("agent",))
        async with db.transaction() as tx:
            staff = await accounts.accept_invite(tx, token, login, login, PASSWORD)
        client.cookies.set(COOKIE, (await accounts.sign_in(db, login, PASSWORD, "127.0.0.1")).token)
        return client, staff

    yield make
    for client in opened:
        await client.aclose()


async def taken(db, make_case, staff):
    case = await make_case("urgent", "theft")
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, staff)
    return case


async def test_it_is_kept_for_its_writer_and_told_apart_from_what_was_merely_begun(db, visit, make_case):
    client, staff = await visit("haneul")
    case = await taken(db, make_case, staff)
    assert (await client.post(f"/desk/drafts/{case.id}", json={"text": "끊긴 동안", "is_unsent": True})).status_code == 204
    kept = drafts.of(staff.id, case.conversation_id)
    assert (kept.text, kept.is_unsent) == ("끊긴 동안", True)
    drafts.keep(staff.id, case.conversation_id, "끊긴 동안 쓴")
    assert not drafts.of(staff.id, case.conversation_id).is_unsent
    drafts.keep(staff.id, case.conversation_id, "")
    assert drafts.of(staff.id, case.conversation_id) is None


async def test_what_was_stored_although_the_page_never_heard_so_is_not_offered_again(db, cipher, visit, make_case):
    client, staff = await visit("haneul")
    case = await taken(db, make_case, staff)
    async with db.transaction() as tx:
        await handoff.reply(tx, cipher, case.id, staff, "갑니다", "once")
    await client.post(f"/desk/drafts/{case.id}", json={"text": "갑니다", "client_id": "once", "is_unsent": True})
    assert drafts.of(staff.id, case.conversation_id) is None
    await client.post(f"/desk/drafts/{case.id}", json={"text": "갑니다", "client_id": "other", "is_unsent": True})
    assert drafts.of(staff.id, case.conversation_id) is not None


async def test_a_case_that_has_gone_back_into_the_queue_keeps_it_and_somebody_elses_takes_nothing(db, visit, make_case):
    client, staff = await visit("haneul")
    case = await taken(db, make_case, staff)
    async with db.transaction() as tx:
        await handoff.return_to_queue(tx, case.id, staff)
    assert (await client.post(f"/desk/drafts/{case.id}", json={"text": "a"})).status_code == 204
    other, colleague = await visit("minsu")
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, colleague)
    assert (await client.post(f"/desk/drafts/{case.id}", json={"text": "b"})).status_code == 403
    assert (await other.post(f"/desk/drafts/{case.id}", json={"text": "c"})).status_code == 204
    assert [drafts.of(one.id, case.conversation_id).text for one in (staff, colleague)] == ["a", "c"]


async def test_who_and_what_is_refused(db, visit, make_case):
    client, staff = await visit("haneul")
    stranger, _ = await visit()
    officer, _ = await visit("yeongsa", "officer")
    case = await taken(db, make_case, staff)
    path = f"/desk/drafts/{case.id}"
    assert (await stranger.post(path, json={"text": "a"})).status_code == 401
    assert (await officer.post(path, json={"text": "a"})).status_code == 403
    assert (await client.post(path, json={"text": "a"}, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    for body in ({}, {"text": ""}, {"text": "a" * 4001}, {"text": 1}):
        assert (await client.post(path, json=body)).status_code == 422
    assert (await client.post(path, content=b"{")).status_code == 400
    assert (await client.post("/desk/drafts/999999", json={"text": "a"})).status_code == 404
    assert drafts.of(staff.id, case.conversation_id) is None
