"""Consent, one device, sealed places, recorded looks, expiry."""

import asyncio
from datetime import timedelta

import pytest

from accounts.schemas import Staff
from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import location
from handoff import service as handoff
from handoff.fixes import checked_fix
from handoff.schemas import Claimed

BAVET = (11.0712, 106.1334)


@pytest.fixture
def no_gap(monkeypatch):
    monkeypatch.setattr(location, "SHORTEST_GAP", timedelta(0))


def fix(lat=BAVET[0], lon=BAVET[1], radius=18):
    return checked_fix(lat, lon, radius, now=now(), source="locate")


async def link(db, case, cipher=None):
    async with db.transaction() as tx:
        return await location.request_link(tx, case.conversation_id, case.id, cipher)


async def agree(db, token, device="phone"):
    async with db.transaction() as tx:
        return await location.consent(tx, token, device)


async def send(db, cipher, token, device="phone", **place):
    async with db.transaction() as tx:
        return await location.record_fix(tx, cipher, token, device, fix(**place))


async def refused(code, awaitable):
    with pytest.raises(AppError) as caught:
        await awaitable
    assert caught.value.code == code


async def test_opening_a_link_has_no_effect(db, make_case):
    case = await make_case()
    token = await link(db, case)
    async with db.read() as connection:
        before = await database.rows(connection, "SELECT * FROM location_links")
        for _ in range(3):
            state = await location.open_link(connection, token)
        assert (state.conversation_id, state.bound) == (case.conversation_id, False)
        assert await database.rows(connection, "SELECT * FROM location_links") == before
        assert token not in str(before)


async def test_nothing_is_taken_without_consent(db, cipher, make_case):
    token = await link(db, await make_case())
    await refused("consent_required", send(db, cipher, token))
    async with db.transaction() as tx:
        await refused("consent_required", location.record_typed(tx, cipher, token, "phone", "시장 앞"))
    async with db.read() as connection:
        assert await database.rows(connection, "SELECT * FROM geo_fixes") == []
        assert not (await location.open_link(connection, token)).bound


async def test_link_is_bound_to_the_first_device_that_consents(db, cipher, make_case):
    token = await link(db, await make_case())
    results = await asyncio.gather(*(agree(db, token, f"phone{number}") for number in range(8)), return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert {result.code for result in results if isinstance(result, AppError)} == {"link_expired"}
    winner = next(number for number, result in enumerate(results) if isinstance(result, int))
    assert await agree(db, token, f"phone{winner}") == results[winner]
    await send(db, cipher, token, f"phone{winner}")
    await refused("link_expired", send(db, cipher, token, f"phone{winner + 1}"))


async def test_expired_revoked_and_unknown_links(db, cipher, make_case, make_staff):
    case, agent = await make_case("none"), await make_staff()
    token = await link(db, case)
    await agree(db, token)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE location_links SET expires_at = now() - interval '1 s'")
    await refused("link_expired", send(db, cipher, token))
    await refused("link_expired", agree(db, token))
    fresh = await link(db, case, cipher)
    async with db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case.id, agent), Claimed)
        await handoff.close(tx, cipher, case.id, agent, "resolved")
    async with db.read() as connection:
        await refused("link_expired", location.open_link(connection, fresh))
        await refused("link_expired", location.open_link(connection, "guess"))
    await refused("invalid_request", agree(db, fresh, ""))


async def test_live_link_is_given_out_again(db, cipher, make_case):
    case = await make_case()
    token = await link(db, case, cipher)
    assert await link(db, case, cipher) == token
    assert await link(db, case) != token
    async with db.transaction() as tx:
        await location.revoke(tx, case.conversation_id)
    assert await link(db, case, cipher) != token
    async with db.read() as connection:
        dump = str(await database.rows(connection, "SELECT encode(sealed_token, 'escape') AS t FROM location_links"))
    assert token not in dump


async def test_a_link_that_is_a_devices_already_is_not_given_out_again(db, cipher, make_case):
    """Opened in a messenger's own browser, or pressed away with the device's number: the next request must not bring the same dead link."""
    case = await make_case()
    bound = await link(db, case, cipher)
    await agree(db, bound, "in-app")
    fresh = await link(db, case, cipher)
    assert fresh != bound
    assert await link(db, case, cipher) == fresh
    await agree(db, fresh, "browser")
    await send(db, cipher, fresh, "browser")
    await send(db, cipher, bound, "in-app")


async def test_place_is_sealed_and_stands_in_no_event(db, cipher, make_case):
    case = await make_case()
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token)
    async with db.transaction() as tx:
        await location.record_typed(tx, cipher, token, "phone", "수쿰윗 11길 편의점 앞")
    async with db.read() as connection:
        dump = ""
        for table in ("geo_fixes", "events", "cases", "location_links", "location_consents", "access_log", "conversations"):
            dump += str([row["t"] for row in await database.rows(connection, f"SELECT row_to_json(t)::text AS t FROM {table} t")])
        row = await database.one(connection, "SELECT * FROM geo_fixes WHERE kind = 'fix'")
        kinds = [event.kind for event in await events.read(connection, f"case:{case.id}", 0)]
    for secret in ("11.07", "106.13", "수쿰윗", "편의점"):
        assert secret not in dump
        assert secret.encode() not in bytes(row["place"])
    assert row["coarse_cell"]
    assert kinds == ["opened", "place_consent", "place", "place"]


async def test_an_unambiguous_place_names_the_country_and_an_ambiguous_one_does_not(db, cipher, make_case, no_gap):
    for lat, lon, radius, country in (
        (*BAVET, 18, "KH"),
        (20.3506, 100.0836, 18, None),
        (37.56, 126.97, 18, None),
        (11.07, 106.13, 9000, None),
    ):
        case = await make_case()
        token = await link(db, case)
        await agree(db, token)
        await send(db, cipher, token, lat=lat, lon=lon, radius=radius)
        async with db.read() as connection:
            assert (await handoff.get(connection, case.id)).country == country


async def test_a_named_country_is_not_overwritten_by_the_senders_place(db, cipher, make_case, make_staff):
    """A mother in Thailand may write for a son held in Cambodia; the card shows both."""
    case = await make_case(country="KH")
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token, lat=13.75, lon=100.5)
    async with db.transaction() as tx:
        shown = await handoff.card(tx, cipher, case.id, await make_staff())
    assert (shown.case.country, shown.country_conflict) == ("KH", True)
    assert [candidate.country for candidate in shown.countries] == ["TH"]


async def test_whoever_said_to_be_korean_is_where_their_device_is(db, cipher, make_case):
    case = await make_case(country="KR")
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token, lat=13.75, lon=100.5)
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).country == "TH"


async def test_the_way_is_shown_oldest_first_and_the_newest_place_is_where_they_are(db, cipher, make_case, make_staff, no_gap):
    case, agent = await make_case(), await make_staff()
    token = await link(db, case)
    await agree(db, token)
    way = [(11.0712, 106.1334), (11.0730, 106.1310), (11.0765, 106.1288)]
    for lat, lon in way:
        await send(db, cipher, token, lat=lat, lon=lon)
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, case.id, agent)
    assert [(point.lat, point.lon) for point in card.track] == way
    assert card.map == {"center": way[-1], "radius_m": 18, "track": way}


@pytest.mark.parametrize(
    ("taken_s_ago", "newest"),
    [
        ((10, 60), 0),  # what waited on a telephone without a line comes after what was taken later
        ((60, 10), 1),
        ((10, 11, 3), 2),
        ((10, 3 * 3600), 1),  # a clock that went wrong meanwhile does not hide where they are now
    ],
)
async def test_an_older_place_that_comes_late_is_part_of_the_way_and_not_where_they_are(db, cipher, make_case, make_staff, no_gap, taken_s_ago, newest):
    case, agent = await make_case(), await make_staff()
    token = await link(db, case)
    await agree(db, token)
    places = [(11.07 + number / 100, 106.13) for number in range(len(taken_s_ago))]
    for (lat, lon), seconds in zip(places, taken_s_ago, strict=True):
        place = checked_fix(lat, lon, 18.0, now=now(), fixed_at=now() - timedelta(seconds=seconds), source="locate")
        async with db.transaction() as tx:
            await location.record_fix(tx, cipher, token, "phone", place)
        await asyncio.sleep(0.01)
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, case.id, agent)
    assert (card.place.lat, card.place.lon) == places[newest]
    assert len(card.track) == len(places)


async def test_who_may_look_and_that_it_is_written_down(db, cipher, make_case, make_staff):
    case, agent, other, supervisor = await make_case(), await make_staff(), await make_staff(), await make_staff("supervisor")
    editor = await make_staff("editor")
    token = await link(db, case)
    await agree(db, token)
    fix_id = await send(db, cipher, token)

    async def look(staff: Staff):
        async with db.transaction() as tx:
            return await location.latest_fix(tx, cipher, case.conversation_id, staff, address="10.0.0.9")

    assert ((await look(agent)).lat, (await look(agent)).radius_m) == (BAVET[0], 18)
    await refused("forbidden", look(editor))
    async with db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case.id, agent), Claimed)
    await refused("forbidden", look(other))
    assert (await look(supervisor)).fix_id == fix_id
    async with db.read() as connection:
        views = await location.views_for_citizen(connection, case.conversation_id)
        rows = await database.rows(connection, "SELECT * FROM access_log WHERE action = 'location.view' ORDER BY id")
    assert [view.who for view in views] == ["상담관", "책임자"]  # the agent's second look within a minute is the same look
    assert [(row["account"], row["case_id"], row["address"], row["detail"]) for row in rows] == [
        (agent.login, case.id, "10.0.0.9", {"fix_id": fix_id}),
        (supervisor.login, case.id, "10.0.0.9", {"fix_id": fix_id}),
    ]
    assert all(case.conversation_id not in row["subject"] for row in rows)


async def test_closed_case_shows_no_place(db, cipher, make_case, make_staff):
    case, agent = await make_case("none"), await make_staff()
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token)
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent)
        await handoff.close(tx, cipher, case.id, agent, "resolved")
    async with db.transaction() as tx:
        await refused("forbidden", location.latest_fix(tx, cipher, case.conversation_id, agent))
        assert (await handoff.card(tx, cipher, case.id, agent)).place is None


async def test_stop_ends_sending_until_a_new_consent(db, cipher, make_case, no_gap):
    token = await link(db, await make_case())
    first = await agree(db, token)
    await send(db, cipher, token)
    async with db.transaction() as tx:
        await location.stop(tx, token, "phone")
    await refused("consent_required", send(db, cipher, token))
    assert await agree(db, token) != first
    await send(db, cipher, token)
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT stopped_at IS NULL AS open, text_version FROM location_consents ORDER BY id")
    assert [(row["open"], row["text_version"]) for row in rows] == [(False, "locate-page-1"), (True, "locate-page-1")]


async def test_expired_places_are_erased_and_not_shown_before(db, cipher, make_case, make_staff):
    case, agent = await make_case(), await make_staff()
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token)
    async with db.transaction() as tx:
        assert await location.purge_expired(tx, now() + timedelta(hours=71)) == 0
        await database.run(tx, "UPDATE geo_fixes SET expires_at = now() - interval '1 s'")
        assert await location.latest_fix(tx, cipher, case.conversation_id, agent) is None
        assert (await handoff.sweep(tx, now())).erased == 1
        row = await database.one(tx, "SELECT * FROM geo_fixes")
    assert (row["place"], row["radius_m"]) == (None, None)
    assert row["purged_at"] is not None
    assert row["coarse_cell"] is not None


async def test_erasing_a_citizen_leaves_no_cell_either(db, cipher, make_case):
    case = await make_case()
    token = await link(db, case)
    await agree(db, token)
    await send(db, cipher, token)
    async with db.transaction() as tx:
        assert await location.erase(tx, case.conversation_id) == 1
        row = await database.one(tx, "SELECT place, coarse_cell FROM geo_fixes")
        await refused("link_expired", location.open_link(tx, token))
    assert (row["place"], row["coarse_cell"]) == (None, None)


async def test_sending_keeps_the_link_alive_but_not_for_ever(db, cipher, make_case, no_gap):
    token = await link(db, await make_case())
    await agree(db, token)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE location_links SET expires_at = now() + interval '5 s'")
    await send(db, cipher, token)
    async with db.transaction() as tx:
        row = await database.one(tx, "SELECT expires_at - now() > interval '50 min' AS longer FROM location_links")
        assert row["longer"]
        await database.run(tx, "UPDATE location_links SET created_at = now() - interval '80 h', expires_at = now() + interval '5 s'")
    await send(db, cipher, token)
    async with db.read() as connection:
        row = await database.one(connection, "SELECT expires_at - now() < interval '6 s' AS ends FROM location_links")
    assert row["ends"]


async def test_a_flood_of_places_is_one_a_second(db, cipher, make_case):
    token = await link(db, await make_case())
    await agree(db, token)
    assert len({await send(db, cipher, token) for _ in range(5)}) == 1


async def test_places_that_waited_for_a_line_and_come_together_are_both_kept_and_the_later_one_counts(db, cipher, make_case, make_staff):
    """Pressed without a line an hour ago and again now: both arrive at the same moment, and the person is not where they were."""
    case = await make_case()
    for minutes, lat in ((60, 11.0712), (0, 11.5564)):
        async with db.transaction() as tx:
            content = {"lat": lat, "lon": 106.1334, "accuracy_m": 18.0, "fixed_at": (now() - timedelta(minutes=minutes)).isoformat()}
            await location.record_message_fix(tx, cipher, case.conversation_id, content)
    async with db.transaction() as tx:
        seen = await location.seen_places(tx, cipher, case.conversation_id, await make_staff())
    assert (seen.fix.lat, len(seen.track)) == (11.5564, 2)


async def test_a_sharp_place_at_once_after_a_vague_one_is_kept_and_a_vague_one_after_a_sharp_one_is_not(db, cipher, make_case):
    """The mast's five kilometres come first and the satellites' ten metres half a second later; whoever sits still sends no third."""
    token = await link(db, await make_case())
    await agree(db, token)
    first, sharper, vague = [await send(db, cipher, token, radius=radius) for radius in (5000, 10, 5000)]
    assert first != sharper
    assert vague == sharper


async def test_place_in_a_chat_message(db, cipher, make_case, make_staff, no_gap):
    case = await make_case()
    async with db.transaction() as tx:
        content = {"lat": 11.0712, "lon": 106.1334, "accuracy_m": 18.0, "fixed_at": now().isoformat()}
        assert await location.record_message_fix(tx, cipher, case.conversation_id, content, channel="webchat") is not None
        for bad in (None, {}, {"lat": 91, "lon": 0}, {"lat": "x", "lon": 0}):
            assert await location.record_message_fix(tx, cipher, case.conversation_id, bad) is None
        shown = await location.latest_fix(tx, cipher, case.conversation_id, await make_staff())
        consent = await database.one(tx, "SELECT text_version FROM location_consents")
    assert (shown.lat, shown.source, shown.confidence) == (11.0712, "webchat", "high")
    assert consent["text_version"] == "chat-button-1"


@pytest.mark.parametrize(
    ("words", "severity", "kinds"),
    [
        ("모르겠어요 차 안이에요 살려주세요", "life_threat", ["place", "raised"]),
        ("경찰서 뒤 병원 옆 119안전센터 골목", "urgent", ["place"]),
        ("영화 ‘살려주세요’ 포스터 옆", "urgent", ["place"]),
    ],
)
async def test_a_call_for_help_where_a_place_is_asked_for_is_heard(db, cipher, make_case, words, severity, kinds):
    case = await make_case("urgent")
    token = await link(db, case)
    await agree(db, token)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE conversations SET language = 'en' WHERE id = %s", case.conversation_id)
        await location.record_typed(tx, cipher, token, "phone", words)
    async with db.read() as connection:
        row = await database.one(connection, "SELECT severity, language FROM cases WHERE id = %s", case.id)
        told = [event.kind for event in await events.read(connection, f"case:{case.id}", 0)]
    assert row["severity"] == severity
    assert told[2:] == kinds
    assert row["language"] == ("en" if severity == "life_threat" else "ko")


async def test_typed_words_are_checked(db, cipher, make_case):
    token = await link(db, await make_case())
    await agree(db, token)
    async with db.transaction() as tx:
        await refused("empty_message", location.record_typed(tx, cipher, token, "phone", "  "))
        await refused("too_long", location.record_typed(tx, cipher, token, "phone", "가" * 301))
