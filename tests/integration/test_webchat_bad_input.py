"""Bad input at every door: one error shape with a code and a Korean sentence, never a 5xx, nothing half-written."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.schemas import COOKIE
from bot.app import build_app
from bot.services import Services
from conversation import service as conversation
from conversation.schemas import NotOwner
from core import db as database
from core.crypto import Cipher
from core.db import Database, metadata
from core.errors import CATALOGUE
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards

BASE = "/webchat/v1/conversations"
SURROGATE = "\\ud800"
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(_database: Database, cipher: Cipher, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    configured = Settings(data_dir=tmp_path_factory.mktemp("data"), dialogue=False, messages_per_minute=100_000, conversations_per_minute=100_000)
    services = Services(configured, _database, cipher, EventHub(_database), CrisisCards.load())
    return build_app(services, action_token="the-action-token")


class Visitor:
    """A client that knows a conversation, and counts the rows of every table."""

    def __init__(self, client: httpx.AsyncClient, db: Database, cipher: Cipher) -> None:
        self.client = client
        self.db = db
        self.cipher = cipher
        self.id = ""
        self.token = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def start(self) -> None:
        answer = await self.client.post(BASE)
        assert answer.status_code == 201
        self.id, self.token = answer.json()["conversation_id"], answer.json()["token"]

    async def send(self, content: Any = None, *, raw: bytes | str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        body = json.dumps(content) if raw is None else raw
        return await self.client.post(f"{BASE}/{self.id}/messages", content=body, headers=self.headers if headers is None else headers)

    async def rows(self) -> dict[str, int]:
        tables = [table.name for table in metadata.sorted_tables]
        counted = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM \"{name}\"" for name in tables)
        async with self.db.read() as connection:
            found = {row["name"]: row["n"] for row in await database.rows(connection, counted)}
            row = await database.one(connection, "SELECT COALESCE(sum(last_seq), 0) AS n FROM conversations")
        return found | {"last_seq": row["n"] if row else 0}


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(app: FastAPI, db: Database, cipher: Cipher) -> AsyncIterator[Visitor]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        visitor = Visitor(client, db, cipher)
        await visitor.start()
        yield visitor


def check_shape(answer: httpx.Response, *codes: str) -> None:
    """The one error shape, and no word about the program's inside."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    error = answer.json()["error"]
    assert error["code"] in (codes or CATALOGUE)
    assert re.search(r"[가-힣]{2}", error["message"])
    assert not re.search(r"Traceback|psycopg|pydantic|\.py|SELECT|0x[0-9a-f]{6}", answer.text)


async def refused(visitor: Visitor, doing: Any, *codes: str) -> None:
    before = await visitor.rows()
    check_shape(await doing, *codes)
    assert await visitor.rows() == before


class TestWords:
    @pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00", "\x07\x1b", "\u200e"[:0], None])
    async def test_nothing_to_read(self, visitor: Visitor, text: str | None) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "text": text}), "empty_message")

    async def test_a_hundred_kilobytes(self, visitor: Visitor) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "text": "가" * 34_000}), "too_long")

    async def test_a_hundred_kilobytes_that_are_not_json(self, visitor: Visitor) -> None:
        await refused(visitor, visitor.send(raw=b"x" * 100_000), "too_long")

    async def test_one_character_too_many(self, visitor: Visitor) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "text": "가" * 4001}), "too_long")
        assert (await visitor.send({"client_id": "a", "text": "가" * 4000})).status_code == 202

    async def test_control_characters_are_left_out(self, visitor: Visitor) -> None:
        answer = await visitor.send({"client_id": "a", "text": "여권\x00을\x07 잃어\x1b[31m버렸어요\n\t"})
        assert answer.status_code == 202
        found = (await visitor.client.get(f"{BASE}/{visitor.id}/events", headers=visitor.headers)).json()
        assert found["events"][0]["message"]["text"] == "여권을 잃어[31m버렸어요\n\t"


class TestSurrogates:
    async def test_in_the_words_they_are_left_out(self, visitor: Visitor) -> None:
        assert (await visitor.send(raw=f'{{"client_id": "a", "text": "여{SURROGATE}권"}}')).status_code == 202
        found = (await visitor.client.get(f"{BASE}/{visitor.id}/events", headers=visitor.headers)).json()
        assert found["events"][0]["message"]["text"] == "여권"

    @pytest.mark.parametrize("field", ["client_id", "choice", "text", "fixed_at", "language"])
    async def test_in_each_field(self, visitor: Visitor, field: str) -> None:
        words = {"client_id": '"a"', "text": '"b"', "choice": "null"} | {field: f'"{SURROGATE}"'}
        content = ", ".join(f'"{name}": {value}' for name, value in words.items() if name != "fixed_at")
        raw = f'{{{content}, "location": {{"lat": 1, "lon": 1, "fixed_at": "{SURROGATE}"}}}}' if field == "fixed_at" else f"{{{content}}}"
        before = await visitor.rows()
        answer = await visitor.send(raw=raw)
        if answer.status_code != 202:
            check_shape(answer)
            assert await visitor.rows() == before

    async def test_in_the_language_of_a_new_conversation(self, visitor: Visitor) -> None:
        await refused(visitor, visitor.client.post(BASE, content=f'{{"language": "{SURROGATE}"}}'), "invalid_request")

    async def test_nul_in_the_language_of_a_new_conversation(self, visitor: Visitor) -> None:
        await refused(visitor, visitor.client.post(BASE, content='{"language": "k\\u0000"}'), "invalid_request")


class TestJson:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"3",
            b'"x"',
            b"{'client_id': 'a'}",
            b'{"client_id": "a", "text": "b"',
            b"\xff\xfe",
            b'{"client_id": "a", "text": "\xed\xa0\x80"}',
            b'{"client_id": "a", "location": {"lat": NaN, "lon": 1}}',
            b'{"client_id": "a", "location": {"lat": Infinity, "lon": 1}}',
            b'{"client_id": "a", "location": {"lat": 1e999, "lon": 1}}',
            b'{"client_id": "a", "location": {"lat": ' + b"9" * 5000 + b', "lon": 1}}',
            b'{"client_id": "a", "location": {"lat": ' + b"9" * 400 + b', "lon": 1}}',
            b"[" * 30_000,
            b'{"a":' * 10_000,
            b'{"client_id": "a", "text": ' + b"[" * 900 + b"]" * 900 + b"}",
        ],
        ids=lambda raw: repr(raw[:40]),
    )
    async def test_broken(self, visitor: Visitor, raw: bytes) -> None:
        await refused(visitor, visitor.send(raw=raw), "bad_json", "invalid_request", "location_out_of_range")

    @pytest.mark.parametrize(
        "raw",
        [b"{", b"null", b"[]", b"\xff", b"[" * 30_000, b'{"seq": 1e99}', b'{"seq": "x"}', b'{"seq": -1}', b'{"seq": 2147483648}', b"{}"],
    )
    async def test_broken_read_mark(self, visitor: Visitor, raw: bytes) -> None:
        await refused(visitor, visitor.client.post(f"{BASE}/{visitor.id}/read", content=raw, headers=visitor.headers))

    @pytest.mark.parametrize("raw", [b"{", b"3", b"[]", b"\xff", b'{"language": 3}', b'{"language": "' + b"k" * 99 + b'"}', b"[" * 30_000])
    async def test_broken_start(self, visitor: Visitor, raw: bytes) -> None:
        await refused(visitor, visitor.client.post(BASE, content=raw))


WRONG = [None, True, 0, -1, 1.5, "", "x", [], {}, ["a"], {"a": 1}, "a" * 81, 10**30]


class TestTypes:
    @pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:20])
    @pytest.mark.parametrize("field", ["client_id", "text", "choice", "location", "danger"])
    async def test_each_field(self, visitor: Visitor, field: str, value: Any) -> None:
        before = await visitor.rows()
        answer = await visitor.send({"client_id": "a", "text": "b"} | {field: value})
        if answer.status_code != 202:
            check_shape(answer)
            assert await visitor.rows() == before

    @pytest.mark.parametrize("field", ["client_id", "text", "choice"])
    @pytest.mark.parametrize("value", [1, True, [], {}])
    async def test_words_are_not_guessed_from_numbers(self, visitor: Visitor, field: str, value: Any) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "text": "b"} | {field: value}), "invalid_request")

    @given(
        content=st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(st.characters(exclude_categories=[]), max_size=20)
            | st.sampled_from(["2026-02-30T99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "danger:yes"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["client_id", "text", "choice", "location", "danger", "lat", "lon", "accuracy_m", "fixed_at", "x"]),
                    inner,
                    max_size=6,
                )
            ),
            max_leaves=12,
        )
    )
    @QUICK
    async def test_any_json(self, visitor: Visitor, content: Any) -> None:
        before = await visitor.rows()
        answer = await visitor.send(content)
        if answer.status_code != 202:
            check_shape(answer)
            assert await visitor.rows() == before

    @given(
        place=st.fixed_dictionaries(
            {"lat": st.floats() | st.integers(), "lon": st.floats() | st.integers()},
            optional={
                "accuracy_m": st.floats() | st.none(),
                "fixed_at": st.datetimes().map(str) | st.integers() | st.floats() | st.just("0001-01-01T00:00:00+14:00"),
            },
        )
    )
    @QUICK
    async def test_any_place(self, visitor: Visitor, place: dict[str, Any]) -> None:
        before = await visitor.rows()
        answer = await visitor.send({"client_id": str(before["messages"]), "location": place})
        if answer.status_code != 202:
            check_shape(answer, "invalid_request", "location_out_of_range", "bad_json")
            assert await visitor.rows() == before


class TestPlaces:
    @pytest.mark.parametrize(("lat", "lon"), [(90.001, 0), (-91, 0), (0, 180.5), (0, -181), (1e300, 0)])
    async def test_out_of_range(self, visitor: Visitor, lat: float, lon: float) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "location": {"lat": lat, "lon": lon}}), "location_out_of_range")

    @pytest.mark.parametrize("accuracy", [-1, 1e9])
    async def test_an_accuracy_that_cannot_be(self, visitor: Visitor, accuracy: float) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "location": {"lat": 1, "lon": 1, "accuracy_m": accuracy}}), "location_out_of_range")

    @pytest.mark.parametrize("place", [{}, {"lat": 1}, {"lon": 1}, {"lat": None, "lon": None}, {"lat": "", "lon": ""}, [], "x"])
    async def test_half_a_place(self, visitor: Visitor, place: Any) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "location": place}), "invalid_request")

    @pytest.mark.parametrize(("lat", "lon"), [(90, 180), (-90, -180), (0, 0), (37.5, 127)])
    async def test_the_edges_are_places(self, visitor: Visitor, lat: float, lon: float) -> None:
        assert (await visitor.send({"client_id": "a", "location": {"lat": lat, "lon": lon}})).status_code == 202


class TestWho:
    @pytest.mark.parametrize("conversation_id", ["nobody", "x" * 64, "x" * 65, "a%00b", "%ED%A0%80", "한글", "..%2f..", "' OR 1=1 --"])
    @pytest.mark.parametrize("what", ["messages", "read", "events"])
    async def test_an_unknown_conversation(self, visitor: Visitor, conversation_id: str, what: str) -> None:
        url = f"{BASE}/{conversation_id}/{what}"
        content = json.dumps({"client_id": "a", "text": "b", "seq": 1})
        doing = visitor.client.get(url, headers=visitor.headers) if what == "events" else visitor.client.post(url, content=content, headers=visitor.headers)
        await refused(visitor, doing, "bad_token", "not_found")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic eDp5"},
            {"Authorization": "Bearer " + "x" * 5000},
        ],
        ids=lambda headers: str(headers)[:40],
    )
    async def test_a_wrong_token(self, visitor: Visitor, headers: dict[str, str]) -> None:
        await refused(visitor, visitor.send({"client_id": "a", "text": "b"}, headers=headers), "bad_token")
        await refused(visitor, visitor.send({"client_id": "a", "danger": True}, headers=headers), "bad_token")
        await refused(visitor, visitor.client.get(f"{BASE}/{visitor.id}/events", headers=headers), "bad_token")
        await refused(visitor, visitor.client.post(f"{BASE}/{visitor.id}/read", content='{"seq": 1}', headers=headers), "bad_token")

    async def test_bytes_in_the_token_header(self, visitor: Visitor) -> None:
        raw = [(b"authorization", b"Bearer \xff\xfe\xed\xa0\x80")]
        await refused(
            visitor,
            visitor.client.post(f"{BASE}/{visitor.id}/messages", content='{"client_id": "a", "text": "b"}', headers=raw),
            "bad_token",
        )

    async def test_anothers_token(self, visitor: Visitor) -> None:
        own = visitor.id
        await visitor.start()
        visitor.id = own
        await refused(visitor, visitor.send({"client_id": "a", "text": "b"}), "bad_token")


class TestRepeating:
    async def test_replayed_and_reordered(self, visitor: Visitor) -> None:
        numbers = [(await visitor.send({"client_id": str(n), "text": f"글 {n}"})).json()["sequence"] for n in range(4)]
        before = await visitor.rows()
        again = [(await visitor.send({"client_id": str(n), "text": f"글 {n}"})).json()["sequence"] for n in (3, 0, 2, 1, 3)]
        assert numbers == [1, 2, 3, 4]
        assert again == [4, 1, 3, 2, 4]
        assert await visitor.rows() == before

    async def test_a_used_id_with_other_words(self, visitor: Visitor) -> None:
        await visitor.send({"client_id": "a", "text": "b"})
        await refused(visitor, visitor.send({"client_id": "a", "text": "c"}), "client_id_reused")
        await refused(visitor, visitor.send({"client_id": "a", "danger": True}), "client_id_reused")

    async def test_the_danger_button_twice_is_one_case(self, visitor: Visitor) -> None:
        first = await visitor.send({"client_id": "a", "danger": True})
        before = await visitor.rows()
        again = await visitor.send({"client_id": "a", "danger": True})
        assert first.json() == again.json()
        assert before["cases"] == 1
        assert await visitor.rows() == before

    async def test_cannot_speak_is_in_the_queue_once_it_is_acknowledged(self, visitor: Visitor) -> None:
        press = {"client_id": "a", "text": "말할 수 없어요", "choice": "cannot_speak"}
        first = await visitor.send(press)
        before = await visitor.rows()
        again = await visitor.send(press)
        assert (first.status_code, first.json()) == (202, again.json())
        assert await visitor.rows() == before
        async with visitor.db.read() as connection:
            cases = await database.rows(connection, "SELECT severity, status, reason, cannot_speak FROM cases")
            said = await database.rows(connection, "SELECT kind FROM messages WHERE author_kind = 'bot'")
        assert cases == [{"severity": "urgent", "status": "queued", "reason": "cannot_speak", "cannot_speak": True}]
        assert [row["kind"] for row in said] == ["crisis:confinement"], "whoever presses it may be hiding"

    @pytest.mark.parametrize("client_id", ["", "a" * 81, "a\x00", "a\n", None, 7])
    async def test_an_id_that_is_none(self, visitor: Visitor, client_id: Any) -> None:
        before = await visitor.rows()
        answer = await visitor.send({"client_id": client_id, "text": "b"})
        if answer.status_code != 202:
            check_shape(answer, "invalid_request")
            assert await visitor.rows() == before
        else:
            assert client_id == "a\n", "only what can be stored as it came is accepted"


class TestAfterTheEnd:
    @pytest_asyncio.fixture(loop_scope="session")
    async def closed(self, visitor: Visitor) -> Visitor:
        async with visitor.db.transaction() as tx:
            await conversation.close(tx, visitor.id)
        return visitor

    @pytest.mark.parametrize("content", [{"text": "b"}, {"danger": True}, {"location": {"lat": 1, "lon": 1}}, {"choice": "person"}])
    async def test_nothing_is_accepted(self, closed: Visitor, content: dict[str, Any]) -> None:
        await refused(closed, closed.send({"client_id": "a"} | content), "conversation_closed")

    async def test_it_can_still_be_read(self, closed: Visitor) -> None:
        found = await closed.client.get(f"{BASE}/{closed.id}/events", headers=closed.headers)
        assert [event["kind"] for event in found.json()["events"]] == ["closed"]

    async def test_the_bot_is_silent_too(self, closed: Visitor) -> None:
        from conversation.schemas import AuthorKind, Body

        async with closed.db.transaction() as tx:
            posted = await conversation.reply(tx, closed.cipher, closed.id, AuthorKind.BOT, Body("x"), client_id="x")
        assert isinstance(posted, NotOwner)


class TestNumbers:
    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "1e3", "٣", "९", "9" * 30, "0x1", " 1 2", "NaN", "%00"])
    async def test_a_bad_after(self, visitor: Visitor, after: str) -> None:
        await refused(visitor, visitor.client.get(f"{BASE}/{visitor.id}/events?after={after}", headers=visitor.headers), "invalid_request")

    @pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "1;2"])
    @pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
    async def test_a_bad_last_event_id(self, visitor: Visitor, last: str, accept: str) -> None:
        headers = visitor.headers | {"Last-Event-ID": last, "Accept": accept}
        await refused(visitor, visitor.client.get(f"{BASE}/{visitor.id}/events", headers=headers), "invalid_request")

    async def test_a_number_from_the_future_is_an_empty_answer(self, visitor: Visitor) -> None:
        found = await visitor.client.get(f"{BASE}/{visitor.id}/events?after=999999", headers=visitor.headers)
        assert found.json() == {"events": [], "last": 999999}


class TestDoors:
    @pytest.mark.parametrize(
        "path",
        [
            "/nothing",
            "/webchat",
            "/webchat/v1",
            "/webchat/v1/x",
            f"{BASE}/a/b/c",
            "/static/nothing.js",
            "/static/..%2f..%2fpyproject.toml",
            "/%00",
            "/.env",
        ],
    )
    async def test_an_unknown_path(self, visitor: Visitor, path: str) -> None:
        await refused(visitor, visitor.client.get(path), "not_found", "method_not_allowed")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", BASE),
            ("DELETE", BASE),
            ("PUT", f"{BASE}/a/messages"),
            ("GET", f"{BASE}/a/messages"),
            ("POST", f"{BASE}/a/events"),
            ("PATCH", f"{BASE}/a/read"),
            ("POST", "/healthz"),
            ("DELETE", "/metrics"),
            ("PUT", "/locate/x"),
            ("GET", "/rasa/actions"),
        ],
    )
    async def test_a_wrong_method(self, visitor: Visitor, method: str, path: str) -> None:
        await refused(visitor, visitor.client.request(method, path), "method_not_allowed")

    @pytest.mark.parametrize("token", ["", "wrong", "the-action-toke"])
    async def test_the_action_route_without_its_token(self, visitor: Visitor, token: str) -> None:
        headers = {"X-Gildongmu-Token": token} if token else {}
        await refused(visitor, visitor.client.post("/rasa/actions", json={"next_action": "x", "tracker": {}}, headers=headers), "bad_token")

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"[]",
            b"3",
            b'{"next_action": "x"}',
            b'{"next_action": "x", "tracker": 3}',
            b"[" * 30_000,
            b'{"next_action": 1, "tracker": {}}',
        ],
    )
    async def test_the_action_route_with_its_token(self, visitor: Visitor, raw: bytes) -> None:
        answer = await visitor.client.post("/rasa/actions", content=raw, headers={"X-Gildongmu-Token": "the-action-token"})
        assert 400 <= answer.status_code < 500

    async def test_health_says_no_secrets(self, visitor: Visitor) -> None:
        assert (await visitor.client.get("/healthz")).json() == {"status": "ok"}
        answer = await visitor.client.get("/readyz")
        assert answer.status_code == 503, "no models are loaded in this test"
        assert answer.json()["hotline"]


class TestTheLocationPage:
    @pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 5000, "%00", "한글", "%ED%A0%80"])
    async def test_an_unknown_link(self, visitor: Visitor, token: str) -> None:
        await refused(visitor, visitor.client.get(f"/locate/{token}"), "link_expired")
        content = {"action": "consent", "device": "d"}
        await refused(visitor, visitor.client.post(f"/locate/{token}", json=content), "link_expired")

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b"[" * 4000,
            b"x" * 5000,
            b'{"action": "steal", "device": "d"}',
            b'{"action": "consent", "device": ""}',
            b'{"action": "consent", "device": "\\ud800"}',
            b'{"action": "consent", "device": "\\u0000"}',
            b'{"action": "typed", "device": "d", "text": "\\ud800"}',
            b'{"action": "fix", "device": "d"}',
            b'{"action": "fix", "device": "d", "lat": NaN, "lon": Infinity}',
            b'{"action": "fix", "device": "d", "lat": 1e999, "lon": 0}',
            b'{"action": "fix", "device": "d", "lat": [], "lon": {}}',
            b'{"action": "fix", "device": "d", "lat": 91, "lon": 0}',
            b'{"action": "fix", "device": "d", "lat": true, "lon": false}',
            b'{"action": "fix", "device": "d", "lat": 1, "lon": 1, "accuracy_m": -1}',
            b'{"action": "fix", "device": "d", "lat": 1, "lon": 1}',
            b'{"action": "typed", "device": "d", "text": ""}',
            b'{"action": "typed", "device": "d", "text": "x"}',
        ],
        ids=lambda raw: repr(raw[:48]),
    )
    async def test_a_live_link_with_bad_input(self, visitor: Visitor, raw: bytes) -> None:
        from handoff import location

        async with visitor.db.transaction() as tx:
            token = await location.request_link(tx, visitor.id, None)
        before = await visitor.rows()
        answer = await visitor.client.post(f"/locate/{token}", content=raw)
        if answer.status_code == 200:
            assert b'"consent"' in raw
        else:
            check_shape(answer)
            assert await visitor.rows() == before


class TestTheStaffsDoor:
    """Pages for people: refused in HTML or in the one shape, never with a 5xx and never with a sign-in."""

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"login=a",
            b"login=%00&password=%00",
            b"login=%ED%A0%80&password=x",
            b"\xff\xfe",
            b"a" * 10_000,
            b"a=1&" * 500,
            b"login=" + "가".encode() * 500,
        ],
    )
    @pytest.mark.parametrize("path", ["/staff/sign-in", "/staff/invite/x", "/staff/sign-out"])
    @pytest.mark.parametrize("origin", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}], ids=["own", "cross-site"])
    async def test_bad_forms(self, visitor: Visitor, path: str, raw: bytes, origin: dict[str, str]) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "gildongmu_csrf=x"} | origin
        answer = await visitor.client.post(path, content=raw, headers=headers)
        assert answer.status_code < 500
        cookies = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith(f"{COOKIE}=")]
        assert all("Max-Age=0" in cookie for cookie in cookies), "signed in by a form that is none"
        if answer.headers.get("content-type", "").startswith("application/json"):
            check_shape(answer)

    @pytest.mark.parametrize("cookie", ["x", "a" * 5000, "\x7f"])
    async def test_a_made_up_session(self, visitor: Visitor, cookie: str) -> None:
        answer = await visitor.client.get("/staff/sign-in", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert answer.status_code == 200

    @pytest.mark.parametrize("token", ["x", "%00", "x" * 3000, "한글", "%ED%A0%80"])
    async def test_a_made_up_invitation(self, visitor: Visitor, token: str) -> None:
        assert 400 <= (await visitor.client.get(f"/staff/invite/{token}")).status_code < 500


async def test_a_lost_database_is_said_with_the_hotline(visitor: Visitor, cipher: Cipher, tmp_path: Any) -> None:
    from core.errors import HOTLINE

    db = await Database.open(f"host={tmp_path} dbname=nothing", min_size=1, max_size=2, timeout_s=0.2)
    configured = Settings(data_dir=tmp_path, dialogue=False)
    app = build_app(Services(configured, db, cipher, EventHub(db), CrisisCards.load()), citizen_pages=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://testserver") as client:
        for answer in (
            await client.post(BASE),
            await client.post(f"{BASE}/a/messages", json={"client_id": "a", "danger": True}),
            await client.get(f"{BASE}/a/events"),
            await client.get(f"{BASE}/a/events", headers={"Accept": "text/event-stream"}),
            await client.post("/locate/x", json={"action": "consent", "device": "d"}),
        ):
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "database_unavailable"
            assert answer.json()["error"]["hotline"] == HOTLINE
            assert HOTLINE in answer.json()["error"]["message"]
        page = await client.get("/")
        assert page.status_code == 200
        assert HOTLINE in page.text
    await db.close()
