"""The sign-in pages over HTTP."""

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from accounts import service
from accounts.routes import build_router
from core import db as database
from core.errors import AppError
from core.settings import Settings

PASSWORD = "다섯 마리의 고래가 헤엄친다"
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def client(db):
    app = FastAPI()
    app.include_router(build_router(db, Settings()))

    @app.exception_handler(AppError)
    async def expected(request, error):
        return JSONResponse(error.body(), error.kind.status)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as client:
        yield client


async def csrf(client, path):
    page = await client.get(path)
    assert page.status_code == 200, page.text
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


async def join(client, db, login="minji"):
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent", "supervisor"])
    path = f"/staff/invite/{token}"
    form = {"csrf": await csrf(client, path), "login": login, "display_name": "김민지", "password": PASSWORD, "again": PASSWORD}
    return path, await client.post(path, data=form, headers=SAME)


async def test_join_sign_in_sign_out(client, db):
    path, joined = await join(client, db)
    assert (joined.status_code, joined.headers["location"]) == (303, "/staff/sign-in?welcome=1")
    assert "계정이 만들어졌습니다" in (await client.get(joined.headers["location"])).text
    spent = await client.get(path)
    assert (spent.status_code, "쓸 수 없는 링크" in spent.text) == (410, True)

    form = {"csrf": await csrf(client, "/staff/sign-in?next=/kb"), "login": "minji", "password": PASSWORD, "next": "/kb"}
    answer = await client.post("/staff/sign-in", data=form, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kb")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    token = client.cookies["gildongmu_staff"]
    async with db.read() as connection:
        assert (await service.session(connection, token)).login == "minji"
    assert (await client.get("/staff/sign-in")).status_code == 303

    out = await client.post("/staff/sign-out", headers=SAME)
    assert out.status_code == 303
    async with db.read() as connection:
        assert await service.session(connection, token) is None


async def test_looking_at_an_invitation_uses_nothing_up(client, db):
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])
    for _ in range(3):
        assert (await client.get(f"/staff/invite/{token}")).status_code == 200


async def test_wrong_forms_are_explained_and_keep_what_was_typed(client, db):
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])
    path = f"/staff/invite/{token}"
    form = {"csrf": await csrf(client, path), "login": "minji", "display_name": "김민지", "password": "short", "again": "short"}
    answer = await client.post(path, data=form, headers=SAME)
    assert answer.status_code == 422
    assert "12자 이상" in answer.text
    assert 'value="minji"' in answer.text
    answer = await client.post(path, data=form | {"password": PASSWORD}, headers=SAME)
    assert "서로 다릅니다" in answer.text
    assert PASSWORD not in answer.text


async def test_wrong_password_says_nothing_about_which_was_wrong(client, db):
    await join(client, db)
    token = await csrf(client, "/staff/sign-in")
    texts = set()
    for login in ("minji", "nobody"):
        answer = await client.post("/staff/sign-in", data={"csrf": token, "login": login, "password": "wrong password"}, headers=SAME)
        assert answer.status_code == 401
        texts.add(answer.text.replace(login, ""))
    assert len(texts) == 1


async def test_throttled(client, db):
    token = await csrf(client, "/staff/sign-in")
    codes = [(await client.post("/staff/sign-in", data={"csrf": token, "login": "nobody", "password": "w"}, headers=SAME)).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("headers", "form", "code"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True, 403),
        ({"Sec-Fetch-Site": "same-site"}, True, 403),
        ({"Sec-Fetch-Site": "none"}, True, 403),
        ({"Origin": "https://evil.example"}, True, 403),
        ({"Origin": "null"}, True, 403),
        ({}, True, 403),
        ({"Origin": "http://desk.test"}, False, 403),
        ({"Origin": "http://desk.test"}, True, 401),
    ],
)
async def test_cross_site_posts_are_refused(client, headers, form, code):
    token = await csrf(client, "/staff/sign-in")
    data = {"csrf": token if form else "guessed", "login": "minji", "password": "w"}
    answer = await client.post("/staff/sign-in", data=data, headers=headers)
    assert answer.status_code == code


async def test_cross_site_sign_out_is_refused(client):
    assert (await client.post("/staff/sign-out", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/deskevil", "javascript:alert(1)", ""])
async def test_sign_in_never_leads_away(client, db, target):
    await join(client, db)
    form = {"csrf": await csrf(client, "/staff/sign-in"), "login": "minji", "password": PASSWORD, "next": target}
    answer = await client.post("/staff/sign-in", data=form, headers=SAME)
    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 50, b"csrf=%00", b"x" * 9000, b""])
async def test_broken_forms_are_refused_plainly(client, body):
    await csrf(client, "/staff/sign-in")
    answer = await client.post("/staff/sign-in", content=body, headers=SAME)
    assert 400 <= answer.status_code < 500
    assert "error" in answer.json()


async def test_unknown_invitation(client):
    for token in ("x", "%00", "a" * 5000):
        assert (await client.get(f"/staff/invite/{token}")).status_code == 410


async def test_an_invitation_used_twice_or_late_makes_no_account_and_is_written_down(client, db):
    path, joined = await join(client, db)
    assert joined.status_code == 303
    again = {"csrf": await csrf(client, "/staff/sign-in"), "login": "thief", "display_name": "남의 손", "password": PASSWORD, "again": PASSWORD}
    async with db.transaction() as tx:
        late = await service.invite(tx, ["admin"])
        await database.run(tx, "UPDATE invites SET expires_at = now() - interval '1 minute' WHERE used_at IS NULL")
    for where in (path, f"/staff/invite/{late}", "/staff/invite/guessed"):
        answer = await client.post(where, data=again, headers=SAME)
        assert (answer.status_code, "이미 썼거나 기한이 지난 초대입니다" in answer.text) == (410, True)
    async with db.read() as connection:
        assert [row["login"] for row in await database.rows(connection, "SELECT login FROM staff")] == ["minji"]
        log = await database.rows(connection, "SELECT account, detail FROM access_log WHERE action = 'staff.link_spent' ORDER BY id")
    assert [(row["account"], row["detail"]["why"]) for row in log] == [("minji", "used"), ("", "late")]


async def test_style_is_served_and_policy_is_strict(client):
    page = await client.get("/staff/sign-in")
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await client.get("/staff/static/staff.css")).headers["content-type"].startswith("text/css")


async def test_behind_a_proxy_the_public_address_is_ours_and_cookies_are_secure(db):
    app = FastAPI()
    app.include_router(build_router(db, Settings(public_url="https://consul.example")))
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])
    async with db.transaction() as tx:
        await service.accept_invite(tx, token, "minji", "김민지", PASSWORD)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inner:8080") as client:
        page = await client.get("/staff/sign-in")
        form_token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        assert "Secure" in page.headers["set-cookie"]
        client.cookies.set("gildongmu_csrf", form_token)
        form = {"csrf": form_token, "login": "minji", "password": PASSWORD}
        answer = await client.post("/staff/sign-in", data=form, headers={"Origin": "https://consul.example"})
    assert answer.status_code == 303
    assert "Secure" in answer.headers["set-cookie"]


async def test_forms_get_an_origin(client):
    """Under "no-referrer" a browser sends "Origin: null", and over plain http the form would be refused."""
    assert (await client.get("/staff/sign-in")).headers["referrer-policy"] == "same-origin"
