"""Towns chosen from typed words, places handed on, and what is around them, with everything written down."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from conversation import service as conversation
from core import db as database
from core.errors import AppError
from handoff import location, place_use
from handoff import service as handoff
from handoff.exports import Form
from handoff.fixes import checked_fix
from handoff.geocoding import candidates
from handoff.nearby import Nearby

BAVET = (11.0632, 106.1356)


@pytest.fixture
def setting(db, cipher, make_case, make_staff):
    """``await setting(typed="프놈펜", fix=…)``: an agent's own case with what the citizen sent through a link; (agent, case, token)."""

    async def make(typed=None, fix=None):
        agent = await make_staff("agent")
        case = await make_case("urgent")
        async with db.transaction() as tx:
            await handoff.claim(tx, case.id, agent)
            token = await location.request_link(tx, case.conversation_id, case.id)
            await location.consent(tx, token, "device")
            if typed:
                await location.record_typed(tx, cipher, token, "device", typed)
            if fix:
                await location.record_fix(tx, cipher, token, "device", checked_fix(*fix, 15.0, now=datetime.now(UTC)))
        return agent, case, token

    return make


async def card_of(db, cipher, case, agent):
    async with db.transaction() as tx:
        return await handoff.card(tx, cipher, case.id, agent)


async def actions(db):
    async with db.read() as connection:
        return [row["action"] for row in await database.rows(connection, "SELECT action FROM access_log ORDER BY id")]


async def test_typed_words_become_candidates_and_nothing_is_taken_by_itself(db, cipher, setting):
    agent, case, _ = await setting(typed="프놈펜 리버사이드 근처")
    card = await card_of(db, cipher, case, agent)
    assert card.place is None
    assert card.towns[0].town.name == "Phnom Penh"
    assert card.case.country is None


async def test_a_chosen_town_stands_on_the_map_as_a_wide_circle_of_low_confidence(db, cipher, setting, call):
    agent, case, _ = await setting(typed="프놈펜 리버사이드 근처")
    card = await card_of(db, cipher, case, agent)
    await call(place_use.pick_typed, cipher, case.id, agent, card.typed_place.fix_id, card.towns[0].town.id)
    shown = await card_of(db, cipher, case, agent)
    assert (shown.place.method, shown.place.confidence, shown.place.source) == ("typed", "low", "desk")
    assert shown.place.radius_m >= 5000
    assert shown.place.expires_at == card.typed_place.expires_at
    assert shown.track == []
    assert shown.case.country is None  # a town out of words names no country for the case
    assert "location.pick" in await actions(db)


async def test_only_a_town_of_the_words_can_be_chosen(db, cipher, setting, call):
    agent, case, _ = await setting(typed="프놈펜")
    typed = (await card_of(db, cipher, case, agent)).typed_place.fix_id
    with pytest.raises(AppError) as refused:
        await call(place_use.pick_typed, cipher, case.id, agent, typed, candidates("방콕")[0].town.id)
    assert refused.value.code == "invalid_request"
    with pytest.raises(AppError) as refused:
        await call(place_use.pick_typed, cipher, case.id, agent, typed + 99, candidates("프놈펜")[0].town.id)
    assert refused.value.code == "not_found"


async def test_nothing_is_put_over_a_place_that_a_device_sent(db, cipher, setting, call):
    agent, case, _ = await setting(typed="프놈펜", fix=BAVET)
    card = await card_of(db, cipher, case, agent)
    assert card.towns == []
    with pytest.raises(AppError) as refused:
        await call(place_use.pick_typed, cipher, case.id, agent, card.typed_place.fix_id, candidates("프놈펜")[0].town.id)
    assert refused.value.code == "illegal_move"


async def test_a_device_that_answers_later_takes_the_towns_place(db, cipher, setting, call):
    agent, case, token = await setting(typed="프놈펜")
    card = await card_of(db, cipher, case, agent)
    await call(place_use.pick_typed, cipher, case.id, agent, card.typed_place.fix_id, card.towns[0].town.id)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE geo_fixes SET received_at = received_at - interval '1 minute'")
    await call(location.record_fix, cipher, token, "device", checked_fix(*BAVET, 15.0, now=datetime.now(UTC)))
    shown = await card_of(db, cipher, case, agent)
    assert (shown.place.lat, shown.place.lon) == BAVET
    assert [(point.lat, point.lon) for point in shown.track] == [BAVET]


async def test_a_colleague_who_may_not_write_may_not_choose(db, cipher, setting, make_staff, call):
    _, case, _ = await setting(typed="프놈펜")
    with pytest.raises(AppError) as refused:
        await call(place_use.pick_typed, cipher, case.id, await make_staff("agent"), 1, 1)
    assert refused.value.code == "not_owner"


@pytest.mark.parametrize(
    ("form", "part"), [(Form.GEO_URI, "geo:11.0632,106.1356;u=15"), (Form.GEOJSON, "[106.1356, 11.0632]"), (Form.PIDF_LO, "11.0632 106.1356")]
)
async def test_handing_a_place_on_is_a_view_and_a_line_in_the_log(db, cipher, setting, call, form, part):
    agent, case, _ = await setting(fix=BAVET)
    assert part in await call(place_use.exported, cipher, case.id, agent, form)
    assert (await actions(db))[-2:] == ["location.view", "location.export"]
    async with db.read() as connection:
        (line,) = await database.rows(connection, "SELECT * FROM access_log WHERE action = 'location.export'")
        views = await location.views_for_citizen(connection, case.conversation_id)
    assert line["detail"]["form"] == form.value
    assert "11.06" not in json.dumps(line["detail"])
    assert len(views) == 1


async def test_who_may_not_see_a_place_may_not_hand_it_on(db, cipher, setting, make_staff, call):
    agent, case, _ = await setting()
    with pytest.raises(AppError) as refused:
        await call(place_use.exported, cipher, case.id, agent, Form.GEOJSON)
    assert refused.value.code == "not_found"
    with pytest.raises(AppError) as refused:
        await call(place_use.exported, cipher, case.id, await make_staff("officer"), Form.GEOJSON)
    assert refused.value.code == "forbidden"


@contextmanager
def service(answer, *, delay_s=0.0, status=200):
    """A simulator of the OpenStreetMap service; yields (address, what it was asked)."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["data"][0])
            time.sleep(delay_s)
            self.send_response(status)
            self.end_headers()
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # who asked has given up; a traceback in this thread would disturb whoever parses code meanwhile
                self.wfile.write(answer)

        def log_message(self, *parts):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/interpreter", asked
    finally:
        server.shutdown()
        server.server_close()


ANSWER = json.dumps(
    {
        "elements": [
            {"lat": 11.10, "lon": 106.13, "tags": {"amenity": "hospital", "name": "far"}},
            {"lat": 11.07, "lon": 106.13, "tags": {"amenity": "hospital", "name": "near"}},
            {"center": {"lat": 11.06, "lon": 106.14}, "tags": {"amenity": "police", "name": "station"}},
        ]
    }
).encode()


async def test_the_nearest_of_each_kind_come_first_and_the_service_never_learns_the_point():
    with service(ANSWER) as (url, asked):
        nearby = Nearby(url, 5)
        found = await nearby.around(*BAVET)
        again = await nearby.around(BAVET[0] + 0.001, BAVET[1] - 0.001)
    assert [spot.name for spot in found.spots] == ["near", "far", "station"]
    assert again.state == "found"
    assert len(asked) == 1  # the same cell is asked for once
    assert "11.0632" not in asked[0]
    assert "106.1356" not in asked[0]


@pytest.mark.parametrize(("answer", "status"), [(b"<html>busy</html>", 200), (b"{}", 504), (b"[" * 100_000, 200)])
async def test_a_service_in_trouble_is_asked_again_later_and_not_at_once(answer, status):
    now = [0.0]
    with service(answer, status=status) as (url, asked):
        nearby = Nearby(url, 5, clock=lambda: now[0])
        assert (await nearby.around(*BAVET)).state == "failed"
        assert (await nearby.around(*BAVET)).state == "failed"
        assert len(asked) == 1
        now[0] = 31.0
        await nearby.around(*BAVET)
        assert len(asked) == 2


async def test_a_slow_service_costs_its_timeout_and_no_more():
    with service(ANSWER, delay_s=3) as (url, _):
        started = asyncio.get_running_loop().time()
        assert (await Nearby(url, 1).around(*BAVET)).state == "failed"
        assert asyncio.get_running_loop().time() - started < 2.5


async def test_a_place_of_a_conversation_without_a_case_is_nobodys_to_hand_on(db, cipher, make_staff, call):
    async with db.transaction() as tx:
        await conversation.start(tx, "webchat")
    with pytest.raises(AppError) as refused:
        await call(place_use.exported, cipher, 999, await make_staff("supervisor"), Form.GEOJSON)
    assert refused.value.code == "not_found"
