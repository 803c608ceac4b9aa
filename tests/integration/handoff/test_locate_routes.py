"""The location page over HTTP: one error shape, never a 5xx, no effect of a GET."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from core import db as database
from core.errors import AppError
from core.settings import Settings
from handoff import location
from handoff.moves import lock_open_case
from handoff.routes import build_router


@pytest.fixture
async def client(db, cipher, tmp_path):
    page = tmp_path / "locate.html"
    page.write_text("<!doctype html><title>위치 보내기</title>")
    app = FastAPI()
    app.include_router(build_router(db, cipher, Settings(), page=page))

    @app.exception_handler(AppError)
    async def expected(request, error):
        return JSONResponse(error.body(), error.kind.status)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield client


@pytest.fixture
async def path(db, make_case):
    case = await make_case()
    async with db.transaction() as tx:
        return "/locate/" + await location.request_link(tx, case.conversation_id, case.id)


FIX = {"action": "fix", "device": "phone", "lat": 11.07, "lon": 106.13, "accuracy_m": 18.5, "fixed_at": "2026-03-01T12:00:00.000Z"}


async def test_story(client, path, db):
    for _ in range(2):
        page = await client.get(path)
        assert (page.status_code, "위치 보내기" in page.text) == (200, True)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert (await client.post(path, json=FIX)).json()["error"]["code"] == "consent_required"
    assert (await client.post(path, json={"action": "consent", "device": "phone"})).status_code == 200
    answer = await client.post(path, json=FIX)
    assert (answer.json()["ok"], answer.json()["views"]) == (True, 0)
    assert (await client.post(path, json={"action": "typed", "device": "phone", "text": "국경 시장"})).status_code == 200
    assert (await client.post(path, json={"action": "consent", "device": "other"})).json()["error"]["code"] == "link_expired"
    assert (await client.post(path, json={"action": "stop", "device": "phone"})).status_code == 200
    async with db.read() as connection:
        assert len(await database.rows(connection, "SELECT 1 FROM geo_fixes")) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lat": 91}, "location_out_of_range"),
        ({"lat": None}, "location_out_of_range"),
        ({"lat": "11"}, "location_out_of_range"),
        ({"lon": -181}, "location_out_of_range"),
        ({"accuracy_m": -5}, "location_out_of_range"),
        ({"accuracy_m": {}}, "location_out_of_range"),
        ({"action": "steal"}, "invalid_request"),
        ({"device": ""}, "invalid_request"),
        ({"device": "x" * 500}, "invalid_request"),
        ({"device": 7}, "invalid_request"),
        ({"fixed_at": [1]}, "invalid_request"),
        ({"action": "typed", "text": ""}, "empty_message"),
        ({"action": "typed", "text": "가" * 400}, "too_long"),
    ],
)
async def test_bad_content(client, path, db, change, code):
    await client.post(path, json={"action": "consent", "device": "phone"})
    answer = await client.post(path, json=FIX | change)
    assert answer.json()["error"]["code"] == code
    assert answer.status_code < 500
    assert answer.json()["error"]["message"]
    async with db.read() as connection:
        assert await database.rows(connection, "SELECT 1 FROM geo_fixes") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[" * 3000, "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[]", "invalid_request"),
        (b"null", "invalid_request"),
        (b'{"action":"fix","device":"\\ud800"}', "invalid_request"),
        (b'{"action":"fix","device":"phone","lat":NaN,"lon":1}', "consent_required|location_out_of_range"),
        (b"x" * 5000, "too_long"),
    ],
)
async def test_bad_bodies(client, path, body, code):
    answer = await client.post(path, content=body)
    assert answer.json()["error"]["code"] in code.split("|")
    assert answer.status_code < 500


async def test_unknown_expired_and_odd_tokens(client, path, db):
    for token in ("guess", "x" * 300, "%EA%B0%80", "%00"):
        assert (await client.get(f"/locate/{token}")).status_code == 410
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE location_links SET expires_at = now()")
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "link_expired")
    assert (await client.post(path, json={"action": "consent", "device": "phone"})).status_code == 410


async def test_another_site_cannot_post(client, path):
    answer = await client.post(path, json={"action": "consent", "device": "phone"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")


async def test_a_place_and_a_card_that_gives_the_link_out_again_do_not_lock_each_other_out(client, path, db, cipher):
    """The page that looks like a notebook marks the conversation too; whoever answers danger holds case and conversation, and then wants the link."""
    async with db.read() as connection:
        (case,) = await database.rows(connection, "SELECT id, conversation_id FROM cases")
        await database.run(connection, "UPDATE location_links SET sealed_token = %s", cipher.seal(path.removeprefix("/locate/"), location.LINK))
    await client.post(path, json={"action": "consent", "device": "phone"})
    async with db.transaction() as tx:
        await lock_open_case(tx, case["conversation_id"])
        await database.run(tx, "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = %s", case["conversation_id"])
        sent = asyncio.create_task(client.post(path, json=FIX | {"plain": True}))
        await wait_until_locked(db)
        await location.request_link(tx, case["conversation_id"], case["id"], cipher)
    assert (await sent).status_code == 200


async def wait_until_locked(db):
    async with asyncio.timeout(3), db.read() as connection:
        while not await database.rows(connection, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"):
            await asyncio.sleep(0.02)
