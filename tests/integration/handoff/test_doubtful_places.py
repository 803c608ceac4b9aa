"""Places that cannot be, and places that may well be wrong, as the location page sends them: the first change nothing, the second are kept and doubted."""

from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from core import db as database
from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff import location
from handoff import service as handoff
from handoff.officers.routing import route_open
from handoff.routes import build_router

#: A street of Bavet, two kilometres from the border; its own country's missions and the neighbour's.
BAVET = {"lat": 11.07, "lon": 106.13}
CAMBODIA, SAIGON = "주캄보디아대사관", "주호치민총영사관"


@pytest.fixture
async def page(db, cipher, tmp_path):
    """``await page(case, **fix)``: what the page of a case is answered, once its citizen has consented."""
    html = tmp_path / "locate.html"
    html.write_text("<!doctype html>")
    app = FastAPI()
    app.include_router(build_router(db, cipher, Settings(), page=html))

    @app.exception_handler(AppError)
    async def expected(request, error):
        return JSONResponse(error.body(), error.kind.status)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:

        async def send(case, body: bytes):
            async with db.transaction() as tx:
                token = await location.request_link(tx, case.conversation_id, case.id, cipher)
            agreed = await client.post(f"/locate/{token}", json={"action": "consent", "device": "phone"})
            assert agreed.status_code == 200
            return await client.post(f"/locate/{token}", content=body)

        yield send


def fix(**values) -> bytes:
    fields = {"action": '"fix"', "device": '"phone"', **{name: str(value) for name, value in (BAVET | {"accuracy_m": 20} | values).items()}}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}").encode()


async def places_of(db, case):
    async with db.read() as connection:
        return await database.rows(connection, "SELECT * FROM geo_fixes WHERE conversation_id = %s ORDER BY id", case.conversation_id)


@pytest.mark.parametrize("name", ["lat", "lon", "accuracy_m"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "true", '"11"', "[]"])
async def test_what_is_no_number_is_refused_in_one_sentence_and_not_kept(db, make_case, page, name, value):
    case = await make_case()
    answer = await page(case, fix(**{name: value}))
    error = answer.json()["error"]
    assert (answer.status_code < 500, error["code"] in ("location_out_of_range", "bad_json")) == (True, True)
    assert error["message"]
    assert await places_of(db, case) == []


@pytest.mark.parametrize(("name", "value"), [("lat", 90.001), ("lat", -90.001), ("lon", 180.001), ("lon", -180.001), ("accuracy_m", -1), ("accuracy_m", 1e9)])
async def test_what_lies_outside_the_world_is_refused_and_not_kept(db, make_case, page, name, value):
    case = await make_case()
    answer = await page(case, fix(**{name: value}))
    assert answer.json()["error"]["code"] == "location_out_of_range"
    assert await places_of(db, case) == []


@pytest.mark.parametrize("name", ["lat", "lon"])
async def test_a_place_without_coordinates_is_refused_and_one_without_accuracy_is_doubted(db, make_case, page, name):
    case = await make_case()
    assert (await page(case, fix(**{name: "null"}))).json()["error"]["code"] == "location_out_of_range"
    assert (await page(case, fix(accuracy_m="null"))).status_code == 200
    (kept,) = await places_of(db, case)
    assert (kept["radius_m"], kept["confidence"]) == (None, "low")


async def test_a_place_of_five_kilometres_is_shown_as_wide_as_it_is_and_names_no_country(db, cipher, make_case, make_staff, page):
    case, agent = await make_case("urgent"), await make_staff()
    assert (await page(case, fix(accuracy_m=5000))).status_code == 200
    async with db.transaction() as tx:
        shown = await location.latest_fix(tx, cipher, case.conversation_id, agent)
        assert (await handoff.get(tx, case.id)).country is None
    assert (shown.radius_m, shown.confidence) == (5000, "low")


async def test_near_a_border_a_place_of_five_kilometres_is_shown_to_both_countries_missions(db, cipher, make_case, page):
    case = await make_case("urgent")
    await page(case, fix(accuracy_m=5000))
    await route_open(db, cipher, now())
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT mission FROM case_missions WHERE case_id = %s", case.id)
    assert {row["mission"] for row in told} >= {CAMBODIA, SAIGON}


@pytest.mark.parametrize("wrong", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_clock_that_is_an_hour_wrong_costs_certainty_and_never_the_place(db, make_case, page, wrong):
    case = await make_case()
    before = now()
    answer = await page(case, fix(fixed_at=f'"{(before + wrong).isoformat()}"'))
    assert answer.status_code == 200
    (kept,) = await places_of(db, case)
    assert kept["confidence"] == "low"
    assert kept["fixed_at"] <= now(), "nobody was there in the future"
    believed = before + wrong if wrong < timedelta() else before
    assert abs(kept["fixed_at"] - believed) < timedelta(seconds=30)
    assert isinstance(kept["expires_at"], datetime)
    assert kept["expires_at"] > before + timedelta(hours=1), "how long it is kept goes by our clock"
