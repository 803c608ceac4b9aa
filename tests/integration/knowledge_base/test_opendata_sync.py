"""The real client against the simulated ministry, over HTTP, into the real database: nothing is lost, nothing falls by itself, no key in sight."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from click.testing import CliRunner
from pydantic import SecretStr

from core import db as database
from core.db import Database
from core.errors import StartError
from core.settings import ROOT, Settings
from knowledge_base.country_facts import facts, repository, service
from knowledge_base.country_facts.errors import FactError
from knowledge_base.opendata import commands, jobs, sync
from knowledge_base.opendata.catalogue import SERVICES
from knowledge_base.opendata.client import Access, OpenDataClient
from knowledge_base.opendata.errors import OpenDataError, SyncBusy
from knowledge_base.opendata.simulator import ENVELOPES, KEY, Fault, Scene, Simulator, alarm, invented
from knowledge_base.service import seed

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ALARMS = SERVICES["travel-alarms"]


@pytest.fixture
def ministry() -> Iterator[Simulator]:
    with Simulator(Scene(rows=invented())) as simulator:
        yield simulator


async def no_pause(_: float) -> None:
    return None


@pytest_asyncio.fixture
async def client(ministry: Simulator) -> AsyncIterator[OpenDataClient]:
    async with OpenDataClient(Access(ministry.url, SecretStr(KEY)), timeout=30.0, sleep=no_pause) as made:
        yield made


class Ministry:
    """A synchronisation as ``gildongmu kb sync`` does it, at a time of our choosing."""

    def __init__(self, db: Database, client: OpenDataClient, simulator: Simulator) -> None:
        self.db, self.client, self.scene = db, client, simulator.scene
        self.now = NOW

    def say(self, *rows: dict[str, Any], name: str = "travel-alarms") -> None:
        self.scene.rows[name] = list(rows)

    async def sync(self, *names: str, applies: bool = True, by: str = "kim", expect: int = 0, **options: Any) -> list[dict[str, Any]]:
        target = io.StringIO()
        code = await commands.synchronise(
            self.db, Settings(), names or ("travel-alarms",), target, applies=applies, by=by, client=self.client, now=lambda: self.now, **options
        )
        lines = [json.loads(line) for line in target.getvalue().splitlines()]
        assert code == expect, lines
        return lines

    async def levels(self, country: str = "KH") -> list[tuple[str, str]]:
        async with self.db.read() as connection:
            found = await facts.load(connection)
        return [(row.level, row.region) for row in found.alarms.get(country, ()) if row.service == "travel-alarms"]

    async def waiting(self) -> list[dict[str, Any]]:
        async with self.db.read() as connection:
            return await repository.open_changes(connection)

    async def confirm(self, change_id: int, by: str) -> dict[str, Any]:
        async with self.db.transaction() as tx:
            return await service.confirm(tx, change_id, by, self.now)

    async def run(self, name: str = "travel-alarms") -> dict[str, Any]:
        async with self.db.read() as connection:
            row = await repository.newest_run(connection, name)
        assert row is not None
        return row


@pytest.fixture
def kb(db: Database, client: OpenDataClient, ministry: Simulator) -> Ministry:
    return Ministry(db, client, ministry)


class TestFetching:
    @pytest.mark.parametrize("envelope", ENVELOPES)
    @pytest.mark.parametrize("page_size", [1, 2, 500])
    async def test_every_envelope_and_page_size(self, kb: Ministry, envelope: str, page_size: int) -> None:
        kb.scene.envelope = envelope
        await kb.sync(page_size=page_size)
        assert await kb.levels() == [("4", "(가상) 예시 지역 A"), ("2", "(가상) 그 외 지역")]
        assert await kb.levels("PH") == [("special", "(가상) 예시 섬")]

    async def test_every_service_lands_in_its_table(self, kb: Ministry) -> None:
        lines = await kb.sync(*SERVICES)
        assert [line["service"] for line in lines if "rows" in line] == list(SERVICES)
        assert all(line["complete"] for line in lines if "rows" in line)
        async with kb.db.read() as connection:
            counts = {
                table: (await database.one(connection, f"SELECT count(*) AS n FROM {table}"))["n"]  # type: ignore[index]
                for table in ("alarm_levels", "entry_rules", "mission_facts", "local_contacts", "service_syncs")
            }
            contacts = await repository.contacts_of(connection, "KH")
            drafts = await database.rows(connection, "SELECT id, status, body, countries, source FROM notices ORDER BY id")
        assert counts == {"alarm_levels": 7, "entry_rules": 2, "mission_facts": 1, "local_contacts": 1, "service_syncs": 8}
        assert contacts is not None
        assert contacts["contacts"] == "긴급(가상): 경찰 000, 구급 000"
        assert {row["status"] for row in drafts} == {"draft"}
        assert len(drafts) == 6  # the one without a text is named, not stored
        assert drafts[0]["body"] == "가상 본문 1·예시입니다."
        assert drafts[-1]["countries"] == ["KH"]
        assert next(line for line in lines if line.get("service") == "notices" and "rows" in line)["without_text_or_date"] == 1

    async def test_a_server_that_gives_fewer_rows_a_page_than_asked(self, kb: Ministry) -> None:
        kb.scene.most_rows = 2
        await kb.sync()
        assert [page for _, page in kb.scene.requests] == [1, 2, 3]
        assert len(await kb.levels()) == 2

    @pytest.mark.parametrize(
        ("kind", "value"), [("gateway", "99"), ("gateway", "05"), ("code", -1), ("status", 503), ("html", None), ("cut", None), ("slow", 3), ("no_total", None)]
    )
    async def test_passing_troubles_are_tried_again(self, kb: Ministry, kind: str, value: Any) -> None:
        if kind == "slow":
            kb.client._http.timeout = httpx.Timeout(2.0)
        kb.scene.faults = [Fault(kind, value)]
        await kb.sync()
        assert len(kb.scene.requests) == 2
        assert len(await kb.levels()) == 2

    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [("gateway", 22, "quota"), ("gateway", 30, "key_unknown"), ("gateway", 31, "key_expired"), ("gateway", 20, "refused"), ("status", 401, "key_unknown"),
         ("status", 404, "no_service"), ("code", -2, "bad_parameter"), ("code", 22, "quota")],
    )  # fmt: skip
    async def test_lasting_troubles_are_not(self, kb: Ministry, kind: str, value: Any, code: str) -> None:
        kb.scene.faults = [Fault(kind, value)]
        (line,) = await kb.sync(expect=1)
        assert line["error"] == code
        assert len(kb.scene.requests) == 1

    async def test_it_gives_up_after_some_tries_and_pauses_longer_each_time(self, ministry: Simulator) -> None:
        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        ministry.scene.faults = [Fault("status", 500, times=99)]
        async with OpenDataClient(Access(ministry.url, SecretStr(KEY)), timeout=30.0, sleep=pause) as client:
            with pytest.raises(OpenDataError, match="http_500"):
                await client.page(ALARMS, 1, 10)
        assert len(pauses) == 3
        assert pauses[0] < pauses[1] < pauses[2]

    async def test_unreachable(self) -> None:
        async with OpenDataClient(Access("http://127.0.0.1:1/x", SecretStr(KEY)), timeout=30.0, tries=1) as client:
            with pytest.raises(OpenDataError, match="unreachable"):
                await client.page(ALARMS, 1, 10)


class TestPartialFetches:
    async def test_a_quota_that_ends_half_way_deletes_nothing_and_the_next_try_goes_on(self, kb: Ministry) -> None:
        await kb.sync(page_size=2)
        before = await kb.levels(), await kb.levels("VN")
        kb.now += timedelta(hours=1)
        kb.scene.quota, kb.scene.requests = 2, []
        (line,) = await kb.sync(page_size=2, expect=1)
        assert line["error"] == "quota"
        assert (await kb.levels(), await kb.levels("VN")) == before
        assert (await kb.run())["state"] == "interrupted"
        async with kb.db.read() as connection:
            assert (await repository.syncs(connection))["travel-alarms"] == NOW
        kb.scene.quota, kb.scene.requests = None, []
        kb.now += timedelta(minutes=10)
        await kb.sync(page_size=2)
        assert [page for _, page in kb.scene.requests] == [3]
        async with kb.db.read() as connection:
            assert (await repository.syncs(connection))["travel-alarms"] == NOW + timedelta(hours=1)  # as old as its oldest page

    async def test_too_old_a_beginning_starts_anew(self, kb: Ministry) -> None:
        kb.scene.quota = 2
        await kb.sync(page_size=2, expect=1)
        kb.scene.quota, kb.scene.requests = None, []
        kb.now += timedelta(hours=2)
        await kb.sync(page_size=2)
        assert [page for _, page in kb.scene.requests] == [1, 2, 3]

    @pytest.mark.parametrize("kind", ["empty_page", "other_total", "moved"])
    async def test_a_list_that_changes_while_it_is_read(self, kb: Ministry, kind: str) -> None:
        kb.scene.faults = [Fault(kind, page=2)]
        if kind == "empty_page":
            (line,) = await kb.sync(page_size=2, expect=1)
            assert line["error"] == "incomplete"
            assert await kb.levels() == []
        await kb.sync(page_size=2)
        assert len(await kb.levels()) == 2
        assert [page for _, page in kb.scene.requests].count(1) == 2

    async def test_it_changes_again_and_again(self, kb: Ministry) -> None:
        kb.scene.faults = [Fault("other_total", page=2, times=9)]
        (line,) = await kb.sync(page_size=2, expect=1)
        assert line["error"] == "changed_meanwhile"
        assert (await kb.run())["state"] == "failed"

    async def test_a_row_that_cannot_be_read_makes_it_incomplete(self, kb: Ministry) -> None:
        await kb.sync()
        kb.now += timedelta(hours=2)
        kb.say(alarm("KH", "9", "(가상) 예시 지역 A"), alarm("TH", "3", "", "전체"))
        line = next(line for line in await kb.sync() if "rows" in line)
        assert (line["complete"], line["vanished"], line["rejected"]) == (False, 0, ["row 1: alarm_lvl is no level"])
        assert await kb.levels("TH") == [("3", "")]  # what could be read counts
        assert len(await kb.levels()) == 2
        async with kb.db.read() as connection:
            assert (await repository.syncs(connection))["travel-alarms"] == NOW  # but nobody may say "no alarm" on its word

    async def test_a_list_that_lost_most_waits_for_a_person(self, kb: Ministry) -> None:
        await kb.sync()
        kb.now += timedelta(hours=1)
        kb.say(alarm("TH", 1, "", "전체"))
        lines = await kb.sync(expect=1)
        assert lines[-1]["error"] == "not_applied"
        assert len(await kb.levels()) == 2
        await kb.sync(accepts_losses=True)
        assert len(await kb.waiting()) == 4
        assert len(await kb.levels()) == 2


class TestShowingBeforeApplying:
    async def test_without_apply_nothing_changes_and_every_field_is_shown(self, kb: Ministry) -> None:
        lines = await kb.sync("entry-rules", applies=False)
        assert lines[0]["change"] == "added"
        assert lines[0]["fields"]["ordinary"] == [None, "(가상) 사증 필요"]
        assert lines[-1] == {**lines[-1], "applied": False, "added": 2, "rows": 2}
        async with kb.db.read() as connection:
            assert await repository.entry_rules(connection) == []
            assert await repository.syncs(connection) == {}

    async def test_what_was_shown_is_what_is_applied(self, kb: Ministry) -> None:
        await kb.sync("entry-rules", applies=False)
        kb.scene.rows["entry-rules"][0]["gnrl_pspt_visa_cn"] = "(가상) 다른 말"
        kb.now += timedelta(minutes=5)
        await kb.sync("entry-rules")
        async with kb.db.read() as connection:
            assert [row["ordinary"] for row in await repository.entry_rules(connection)] == ["(가상) 90일", "(가상) 사증 필요"]
        kb.now += timedelta(minutes=5)
        lines = await kb.sync("entry-rules", applies=False)
        assert lines[0] == {
            "service": "entry-rules",
            "change": "changed",
            "key": ["KH"],
            "fields": {"ordinary": ["(가상) 사증 필요", "(가상) 다른 말"]},
        }

    async def test_unchanged_and_history(self, kb: Ministry) -> None:
        await kb.sync("entry-rules")
        kb.now += timedelta(days=1)
        line = (await kb.sync("entry-rules"))[-1]
        assert (line["added"], line["changed"], line["unchanged"]) == (0, 0, 2)
        kb.scene.rows["entry-rules"] = [row for row in kb.scene.rows["entry-rules"] if row["country_iso_alp2"] == "JP"]
        kb.scene.rows["entry-rules"][0]["gnrl_pspt_visa_cn"] = "(가상) 30일"
        kb.now += timedelta(days=1)
        await kb.sync("entry-rules")
        async with kb.db.read() as connection:
            rows = await database.rows(connection, "SELECT country, ordinary, valid_from, valid_to, fetched_at, run_id FROM entry_rules ORDER BY id")
        day = timedelta(days=1)
        assert [(r["country"], r["valid_from"], r["valid_to"], r["fetched_at"]) for r in rows] == [
            ("KH", NOW, NOW + 2 * day, NOW + day),
            ("JP", NOW, NOW + 2 * day, NOW + day),
            ("JP", NOW + 2 * day, None, NOW + 2 * day),
        ]
        assert all(row["run_id"] for row in rows)

    async def test_a_changed_notice_becomes_a_new_draft_once(self, kb: Ministry) -> None:
        await kb.sync("notices")
        kb.now += timedelta(hours=1)
        kb.scene.rows["notices"][0]["title"] = "고친 가상 공지"
        for _ in range(2):
            await kb.sync("notices")
            kb.now += timedelta(hours=1)
        async with kb.db.read() as connection:
            rows = await database.rows(connection, "SELECT version, status, title FROM notices WHERE id = 'mofa-ATC0000000000001' ORDER BY version")
        assert [(r["version"], r["status"], r["title"]) for r in rows] == [(1, "draft", "가상 '공지' 1"), (2, "draft", "고친 가상 공지")]

    async def test_drafts_do_not_keep_the_seed_out(self, kb: Ministry) -> None:
        await kb.sync("notices")
        assert await seed(kb.db, "development")

    async def test_a_run_is_applied_once_and_only_the_newest(self, kb: Ministry) -> None:
        async with sync.one_at_a_time(kb.db):
            old = await sync.fetch(kb.db, kb.client, ALARMS, now=lambda: NOW)
            new = await sync.fetch(kb.db, kb.client, ALARMS, now=lambda: NOW)
        for run_id in (old, 999):
            with pytest.raises(FactError):
                async with kb.db.transaction() as tx:
                    await service.apply(tx, run_id, "kim", NOW)
        async with kb.db.transaction() as tx:
            await service.apply(tx, new, "kim", NOW)
        with pytest.raises(FactError):
            async with kb.db.transaction() as tx:
                await service.apply(tx, new, "kim", NOW)


class TestSecondPerson:
    async def first(self, kb: Ministry) -> None:
        await kb.sync()
        kb.now += timedelta(hours=1)

    def change(self, kb: Ministry, **levels: Any) -> None:
        rows = [
            alarm("KH", levels.get("a", "4"), "(가상) 예시 지역 A", written=None),
            alarm("KH", levels.get("b", "2"), "(가상) 그 외 지역", written="2025-10-16"),
        ]
        kb.say(*(row for row, name in zip(rows, "ab", strict=True) if name not in levels.get("gone", "")), *kb.scene.rows["travel-alarms"][2:])

    async def test_a_rise_holds_at_once(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, b="3")
        await kb.sync()
        assert await kb.levels() == [("4", "(가상) 예시 지역 A"), ("3", "(가상) 그 외 지역")]
        assert await kb.waiting() == []
        async with kb.db.read() as connection:
            history = await repository.alarm_history(connection, "KH")
        assert [(r["level"], r["valid_to"]) for r in history] == [("4", None), ("2", kb.now), ("3", None)]

    async def test_a_fall_waits_for_somebody_else(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, a="3")
        lines = await kb.sync(by="Kim")
        assert lines[0]["waits_for_a_second_person"]
        assert lines[-1]["to_level"] == "3"
        assert await kb.levels() == [("4", "(가상) 예시 지역 A"), ("2", "(가상) 그 외 지역")]
        (change,) = await kb.waiting()
        for wrong in ("Kim", "kim ", "", "schedule"):
            with pytest.raises(FactError):
                await kb.confirm(change["id"], wrong)
        assert len(await kb.levels()) == 2
        kb.now += timedelta(hours=1)
        await kb.confirm(change["id"], "lee")
        assert await kb.levels() == [("3", "(가상) 예시 지역 A"), ("2", "(가상) 그 외 지역")]
        with pytest.raises(FactError, match="already"):
            await kb.confirm(change["id"], "park")
        with pytest.raises(FactError, match="no change"):
            await kb.confirm(999, "park")
        kb.now += timedelta(hours=1)
        assert (await kb.sync())[-1]["unchanged"] == 5

    async def test_null_is_a_special_advisory_and_a_fall_from_three(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, a=None, b=None)
        await kb.sync()
        assert await kb.levels() == [("4", "(가상) 예시 지역 A"), ("special", "(가상) 그 외 지역")]
        assert [c["to_level"] for c in await kb.waiting()] == ["special"]

    async def test_vanished_waits_and_is_closed_when_confirmed(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, gone="a")
        await kb.sync(by="schedule-less")
        (change,) = await kb.waiting()
        assert (change["kind"], change["level"]) == ("vanishes", "4")
        assert (await kb.levels())[0][0] == "4"
        for _ in range(2):  # the same again proposes nothing new
            kb.now += timedelta(hours=1)
            await kb.sync()
        assert [c["id"] for c in await kb.waiting()] == [change["id"]]
        await kb.confirm(change["id"], "lee")
        assert await kb.levels() == [("2", "(가상) 그 외 지역")]

    async def test_an_alarm_that_comes_back_waits_no_longer(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, a="3")
        await kb.sync()
        (old,) = await kb.waiting()
        kb.now += timedelta(hours=1)
        self.change(kb, a="2")
        await kb.sync()
        (new,) = await kb.waiting()
        assert (new["id"] != old["id"], new["to_level"]) == (True, "2")
        kb.now += timedelta(hours=1)
        self.change(kb)
        await kb.sync()
        assert await kb.waiting() == []
        with pytest.raises(FactError, match="obsolete"):
            await kb.confirm(new["id"], "lee")

    async def test_refused(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, a="1")
        await kb.sync()
        (change,) = await kb.waiting()
        async with kb.db.transaction() as tx:
            await service.refuse(tx, change["id"], "lee", kb.now)
        assert await kb.waiting() == []
        assert (await kb.levels())[0][0] == "4"

    async def test_two_confirm_at_once_and_one_wins(self, kb: Ministry) -> None:
        await self.first(kb)
        self.change(kb, a="3")
        await kb.sync()
        (change,) = await kb.waiting()
        results = await asyncio.gather(*(kb.confirm(change["id"], by) for by in ("lee", "park", "choi")), return_exceptions=True)
        assert sum(not isinstance(r, BaseException) for r in results) == 1
        assert len(await kb.levels()) == 2


class TestOneAtATime:
    async def test_a_second_process_is_told(self, kb: Ministry) -> None:
        async with sync.one_at_a_time(kb.db):
            lines = await kb.sync(expect=1)
            assert lines[0]["error"] == "busy"
            with pytest.raises(SyncBusy):
                async with sync.one_at_a_time(kb.db):
                    pass
            assert await jobs.sync_due(kb.db, kb.client, timedelta(hours=6)) == []
        await kb.sync()

    async def test_a_killed_process_blocks_nobody(self, kb: Ministry, dsn: str) -> None:
        code = (
            "import asyncio,sys\n"
            "from core.db import Database\nfrom knowledge_base.opendata import sync\n"
            "async def main():\n"
            "    db = await Database.open(sys.argv[1], min_size=1, max_size=2)\n"
            "    async with sync.one_at_a_time(db):\n"
            "        print('mine', flush=True)\n"
            "        await asyncio.sleep(60)\n"
            "asyncio.run(main())\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, dsn, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"mine"
        assert (await kb.sync(expect=1))[0]["error"] == "busy"
        process.kill()
        await process.wait()
        for _ in range(300):
            try:
                async with sync.one_at_a_time(kb.db):
                    break
            except SyncBusy:
                await asyncio.sleep(0.1)
        await kb.sync()


class TestSchedule:
    async def test_every_service_once_a_period(self, kb: Ministry) -> None:
        clock = [NOW]
        every = timedelta(hours=6)
        assert await jobs.sync_due(kb.db, kb.client, every, lambda: clock[0]) == list(SERVICES)
        clock[0] += timedelta(hours=5)
        assert await jobs.sync_due(kb.db, kb.client, every, lambda: clock[0]) == []
        clock[0] += timedelta(hours=1)
        kb.scene.faults = [Fault("gateway", 22, service="entry-rules")]
        assert await jobs.sync_due(kb.db, kb.client, every, lambda: clock[0]) == [name for name in SERVICES if name != "entry-rules"]

    async def test_an_empty_list_is_not_believed_without_a_person(self, kb: Ministry) -> None:
        kb.say()
        assert "travel-alarms" not in await jobs.sync_due(kb.db, kb.client, timedelta(hours=6), lambda: NOW)
        async with kb.db.read() as connection:
            assert "travel-alarms" not in await repository.syncs(connection)

    async def test_what_falls_by_schedule_waits_for_a_person(self, kb: Ministry) -> None:
        await jobs.sync_due(kb.db, kb.client, timedelta(hours=6), lambda: NOW)
        kb.scene.rows["travel-alarms"][0]["alarm_lvl"] = "1"
        await jobs.sync_due(kb.db, kb.client, timedelta(hours=6), lambda: NOW + timedelta(hours=7))
        (change,) = await kb.waiting()
        assert change["proposed_by"] == "schedule"
        await kb.confirm(change["id"], "lee")
        assert ("1", "(가상) 예시 지역 A") in await kb.levels()

    async def test_off_by_default(self, kb: Ministry) -> None:
        assert jobs.access(Settings()) is None
        await asyncio.wait_for(jobs.run(kb.db, Settings()), 30)
        with pytest.raises(StartError, match="OPENDATA_URL"):
            await commands.synchronise(kb.db, Settings(), (), io.StringIO())


class TestTheKey:
    async def test_it_is_nowhere(self, ministry: Simulator, db: Database, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        secret = "Very+Secret/Key=="
        target = io.StringIO()
        ministry.scene.key = secret
        ministry.scene.faults = [Fault("status", 500, times=2), Fault("cut"), Fault("gateway", 22, service="travel-bans")]
        settings = Settings(opendata_url=ministry.url, opendata_key=SecretStr("Very%2BSecret%2FKey%3D%3D"))
        async with OpenDataClient(Access(ministry.url, SecretStr(secret)), timeout=30.0, sleep=no_pause) as client:
            await commands.synchronise(db, settings, ("travel-alarms", "travel-bans"), target, client=client)
        async with OpenDataClient(Access("http://127.0.0.1:1/x", SecretStr(secret)), timeout=30.0, sleep=no_pause) as client:
            with pytest.raises(OpenDataError) as caught:
                await client.page(ALARMS, 1, 1)
        seen = "".join([*capfd.readouterr(), caplog.text, target.getvalue(), repr(settings), repr(caught.value), repr(caught.value.__context__)])
        async with db.read() as connection:
            seen += str(await database.rows(connection, "SELECT * FROM sync_runs"))
        assert caught.value.__cause__ is None
        for spelling in (secret, "Very%2BSecret", "Very"):
            assert spelling not in seen

    @pytest.mark.parametrize("key", ["simulated+key/==", "simulated%2Bkey%2F%3D%3D"])
    async def test_both_spellings_are_taken(self, ministry: Simulator, key: str) -> None:
        async with OpenDataClient(Access(ministry.url, SecretStr(key)), timeout=30.0, tries=1) as client:
            assert (await client.page(ALARMS, 1, 10)).total == 5

    async def test_a_wrong_key(self, ministry: Simulator) -> None:
        async with OpenDataClient(Access(ministry.url, SecretStr("x")), timeout=30.0, tries=1) as client:
            with pytest.raises(OpenDataError, match="key_unknown"):
                await client.page(ALARMS, 1, 10)


async def test_missions_join_the_directory(kb: Ministry) -> None:
    async with kb.db.transaction() as tx:
        from knowledge_base import reference
        from knowledge_base import repository as notices

        await notices.save_missions(tx, reference.read_missions())
        await repository.save_details(tx, "주캄보디아대사관", "평일 08:30-17:30 (가상)", ["프놈펜 (가상)"], "가상 안내", date(2026, 1, 2), "kim")
    await kb.sync("missions")
    async with kb.db.read() as connection:
        found = {row["name"]: row for row in await repository.missions_of(connection, "KH")}
    embassy = found["주캄보디아대사관"]
    assert (embassy["code"], embassy["duty_phone"], embassy["hours"], embassy["districts"]) == (
        "KH-SYN",
        "+00-0-000-0001",
        "평일 08:30-17:30 (가상)",
        ["프놈펜 (가상)"],
    )
    assert embassy["lat"] == 11.55


def test_the_commands(ministry: Simulator, make_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.cli import main
    from core.migrate import migrate

    address = make_database()
    migrate(address)
    monkeypatch.setenv("DATABASE_URL", address)
    runner = CliRunner()
    refused = runner.invoke(main, ["kb", "sync"])
    assert refused.exit_code == 2
    monkeypatch.setenv("GILDONGMU_OPENDATA_URL", ministry.url)
    monkeypatch.setenv("GILDONGMU_OPENDATA_KEY", KEY)

    def call(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        result = runner.invoke(main, ["kb", *arguments])
        return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]  # nothing but results: logs go elsewhere

    code, lines = call("sync", "--service", "travel-alarms")
    assert (code, lines[-1]["added"], lines[-1]["applied"]) == (0, 5, False)
    code, lines = call("sync", "--service", "travel-alarms", "--apply", "--by", "kim")
    assert (code, lines[-1]["applied"]) == (0, True)
    ministry.scene.rows["travel-alarms"][0]["alarm_lvl"] = "1"
    code, lines = call("sync", "--service", "travel-alarms", "--apply", "--by", "kim")
    number = lines[-1]["waits"]
    assert call("confirm")[1][0]["id"] == number
    assert call("confirm", str(number), "--by", "kim")[0] == 1
    assert call("confirm", str(number))[0] == 2
    code, lines = call("confirm", str(number), "--by", "lee")
    assert (code, lines[0]["outcome"], lines[0]["was"]) == (0, "confirmed", "4")
