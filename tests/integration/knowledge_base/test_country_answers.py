"""Alarm levels and entry rules are answered from rows, in all phrasings; "no alarm" only on the word of a fresh and complete synchronisation."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from actions.reader import Reader
from core.db import Database
from core.settings import ROOT, settings
from knowledge_base.answer import full_text
from knowledge_base.country_facts import service
from knowledge_base.country_facts.asked import what_is_asked
from knowledge_base.opendata import sync
from knowledge_base.opendata.catalogue import SERVICES
from knowledge_base.opendata.client import Access, OpenDataClient
from knowledge_base.opendata.simulator import KEY, Scene, Simulator, alarm, invented
from knowledge_base.schemas import Outcome
from knowledge_base.search import Question
from knowledge_base.service import KnowledgeBase

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOTLINE = "+82-2-3210-0404"

ALARM = """일본 여행경보 몇 단계야?
일본여행경보몇단계야
일본 여행금지야?
일본 여행 금지 국가인가요
일본 가도 돼?
일본 가도 되나요?
일본 지금 여행 가도 괜찮을까요?
일본 위험해?
일본 안전해요?
일본 지금 안전한가요?
일본 경보 있어?
일본에 여행경보 내려졌나요
일본 여행경보 좀
일본은 여행자제 지역인가요?
일본 특별여행주의보 있나요
캄보디아 여행금지 지역이 어디예요?
캄보디아 위험지역 어디야
일본 적색경보인가요
일본 출국권고야?
일본이랑 태국 여행경보 알려줘
다음 달에 태국 가도 될까요?
태국 혼자 여행 가도 괜찮아요?
캄보디아 치안 어때요?
필리핀 여행경보 레벨
일본 지금 여행 위험하지 않나요?
일본 놀러가도 돼요?
travel alert level for Japan?
Is there a travel advisory for Japan?
is Japan safe to travel
日本の渡航警報は何段階ですか
カンボジアは安全ですか
柬埔寨旅行警报是几级
柬埔寨现在安全吗
Cảnh báo du lịch Nhật Bản cấp mấy?
Campuchia có an toàn không
Quel est le niveau d'alerte pour le Japon ?
¿Hay alerta de viaje para Japón?
Какой уровень опасности в Японии?
Is it safe to visit Bangkok with my family next month?
How dangerous is the Philippines right now?
Can we go to Cambodia these days?
日本に行っても大丈夫ですか
今カンボジアに旅行に行くのは危ないですか
一个人去泰国旅游安全吗
现在可以去柬埔寨吗
Bây giờ đi du lịch Thái Lan một mình có nguy hiểm không?
Est-ce dangereux d'aller au Japon en ce moment ?
Peut-on voyager au Cambodge avec des amis ?
¿Es seguro ir a Japón?
¿Es peligroso viajar sola a Tailandia ahora?
Безопасно ли сейчас ехать в Японию?
Можно ли поехать в Таиланд с семьёй?""".splitlines()
ENTRY = """일본 무비자 며칠이에요
일본 비자 필요해요?
캄보디아 비자 없이 갈 수 있나요
캄보디아 입국 조건 알려주세요
Do I need a visa for Japan?
日本はビザが必要ですか
去日本需要签证吗
Nhật Bản có miễn thị thực không""".splitlines()
NEITHER = """여행경보 2단계는 무슨 뜻인가요?
여행금지 국가에 가면 처벌받나요?
이라크 여행금지인데 예외적 여권사용허가 어떻게 받아요?
여권 만료 3개월 남았는데 일본 가도 돼?
임신 중인데 태국 가도 돼요?
일본 쓰나미 경보 있어?
일본 여행 취소하면 환불 되나요? 여행경보 때문에
여행경보 알림 문자 신청
태국 대마 피워도 되나요
일본에서 운전해도 돼요?
강아지 데리고 일본 가도 돼?
캄보디아에서 친구가 연락이 안 돼요 위험해요
태국에서 누가 따라와요 위험해요
2020년에 일본 여행경보 몇 단계였어요?
캄보디아 여행금지 언제부터예요
한국 입국하려면 비자 필요해요?
일본 워킹홀리데이 비자 발급
태국 여권 유효기간 6개월 있어야 입국 가능한가요
도쿄 대사관 방문해도 되나요
should I go to a hospital in Bangkok for a dog bite?
Can I visit the embassy in Tokyo?
Can I visit the embassy in Tokyo without an appointment?
Can I go home? I was robbed in Manila
Is tap water safe in Vietnam?
My son was hit by a car in Hanoi, is it safe to move him?
ベトナムの水道水は安全ですか
バンコクで病院に行ってもいいですか
泰国的自来水安全吗
在曼谷可以去医院吗
Nước máy ở Việt Nam có an toàn không
L'eau du robinet au Japon est-ce sûr ?
¿El agua de Japón es seguro beber?
Опасно ли пить воду в Японии?""".splitlines()


@pytest.mark.parametrize(("text", "asked"), [*((text, "alarm") for text in ALARM), *((text, "entry") for text in ENTRY), *((text, None) for text in NEITHER)])
def test_what_is_asked(analyser: Any, text: str, asked: str | None) -> None:
    assert what_is_asked(Question.of(analyser.analyse([text])[0], date(2026, 11, 22))) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [("여행경보 단계", "alarm"), ("여행경보 몇 단계야?", "alarm"), ("여기 위험해?", "alarm"), ("travel alert level?", "alarm"),
     ("입국 조건과 무비자 체류 기간", "entry"),
     ("위험해요", None), ("여행 경보가 뭐예요", None), ("여행금지 국가에 가도 되나요", None), ("여행경보 때문에 비행기가 결항됐어요", None)],
)  # fmt: skip
def test_where_the_citizen_is(analyser: Any, text: str, asked: str | None) -> None:
    analysis = analyser.analyse([text])[0]
    assert what_is_asked(Question.of(analysis, date(2026, 11, 22), None, "KH")) == asked
    assert what_is_asked(Question.of(analysis, date(2026, 11, 22))) is None


async def synchronise(db: Database, at: datetime, *names: str, rows: dict[str, Any] | None = None) -> None:
    with Simulator(Scene(rows=rows or invented())) as ministry:
        async with OpenDataClient(Access(ministry.url, SecretStr(KEY)), timeout=30.0) as client, sync.one_at_a_time(db):
            for name in names or ("travel-alarms",):
                run_id = await sync.fetch(db, client, SERVICES[name], now=lambda: at)
                async with db.transaction() as tx:
                    await service.apply(tx, run_id, "kim", at)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_at(db: Database, analyser: Any, clock: Clock) -> Any:
    async def opened() -> KnowledgeBase:
        return await KnowledgeBase.open(db, analyser, now=clock)

    return opened


class TestAlarms:
    async def test_the_highest_region_leads_and_each_row_has_its_date(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW - timedelta(hours=1))
        reply = (await open_at()).answer("캄보디아 여행경보 몇 단계야?")
        assert reply.outcome is Outcome.ANSWERED
        assert reply.text.splitlines() == [
            "캄보디아의 여행경보는 지역에 따라 다르며, 가장 높은 것은 4단계 여행금지입니다.",
            "· 4단계 여행금지: (가상) 예시 지역 A",
            "· 2단계 여행자제: (가상) 그 외 지역 (2025년 10월 16일)",
            "(외교부 여행경보, 2026년 11월 22일 11:00 확인)",
        ]
        assert reply.source is not None
        assert (reply.source.title, reply.source.effective_from) == ("캄보디아 여행경보", "")
        assert reply.notice_ids == ("fact:alarm:KH",)
        assert "「캄보디아 여행경보」" in full_text(reply)

    async def test_one_level_a_part_and_a_special_advisory(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW - timedelta(hours=1))
        base = await open_at()
        assert base.answer("태국 가도 돼?").text.splitlines() == [
            "태국의 여행경보는 1단계 여행유의입니다.",
            "(외교부 여행경보, 2026년 6월 1일 기준, 2026년 11월 22일 11:00 확인)",
        ]
        reply = base.answer("필리핀 위험해?")
        assert reply.text.startswith("필리핀 일부 지역의 여행경보는 특별여행주의보입니다.")
        assert reply.source is not None
        assert reply.source.effective_from == "2026-06-01"

    async def test_lists_of_bans_and_advisories_add_what_the_first_list_lacks(self, db: Database, open_at: Any) -> None:
        rows = invented()
        rows["travel-alarms"] = [row for row in rows["travel-alarms"] if row["alarm_lvl"] != "4"]
        await synchronise(db, NOW, "travel-alarms", "travel-bans", "special-advisories", rows=rows)
        base = await open_at()
        assert "가장 높은 것은 4단계 여행금지" in base.answer("캄보디아 여행경보").text
        assert base.answer("필리핀 여행경보").text.count("특별여행주의보") == 2  # not a third time

    async def test_no_alarm_only_from_a_fresh_and_complete_synchronisation(self, db: Database, open_at: Any, clock: Clock) -> None:
        await synchronise(db, NOW)
        base = await open_at()
        for age, is_certain in ((timedelta(), True), (timedelta(hours=23, minutes=59), True), (timedelta(hours=24), False), (timedelta(days=9), False)):
            clock.now = NOW + age
            reply = base.answer("일본 여행경보 몇 단계야?")
            assert ("여행경보가 없습니다" in reply.text) is is_certain
            if not is_certain:
                assert reply.outcome is Outcome.ABSTAIN
                assert "현재 확인할 수 없습니다" in reply.text
                assert settings().hotline in reply.text
                assert reply.quick_replies
            else:
                assert reply.outcome is Outcome.ANSWERED
                assert "2026년 11월 22일 12:00 확인" in reply.text

    async def test_a_further_list_that_has_grown_old_takes_the_certainty_away(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW - timedelta(hours=30), "special-advisories")
        await synchronise(db, NOW)
        assert "확인할 수 없습니다" in (await open_at()).answer("일본 여행경보 있어?").text

    async def test_only_further_lists_prove_nothing(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW, "special-advisories", "travel-bans")
        assert "확인할 수 없습니다" in (await open_at()).answer("일본 여행경보 있어?").text

    async def test_an_incomplete_fetch_proves_nothing(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW, rows={"travel-alarms": [alarm("TH", "1"), alarm("KH", "9")]})
        base = await open_at()
        assert "1단계 여행유의" in base.answer("태국 여행경보").text  # what could be read counts
        assert "여행경보가 없습니다" not in base.answer("일본 여행경보 있어?").text

    async def test_a_territory_without_a_row_of_its_own(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW)
        assert "확인할 수 없습니다" in (await open_at()).answer("홍콩 여행경보 몇 단계야?").text

    async def test_an_old_row_says_how_old_it_is(self, db: Database, open_at: Any, clock: Clock) -> None:
        await synchronise(db, NOW)
        base = await open_at()
        clock.now = NOW + timedelta(hours=25)
        reply = base.answer("태국 여행경보")
        assert reply.outcome is Outcome.ANSWERED
        assert "바뀌었을 수 있습니다" in reply.text
        assert HOTLINE in reply.text

    async def test_two_countries(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW)
        reply = (await open_at()).answer("베트남이랑 일본 여행경보 알려줘")
        assert reply.text.startswith("베트남의 여행경보는 1단계 여행유의입니다.")
        assert "일본에는 지금 내려진 여행경보가 없습니다." in reply.text
        assert reply.notice_ids == ("fact:alarm:VN", "fact:alarm:JP")

    @pytest.mark.parametrize(
        ("text", "language", "words"),
        [
            ("travel alert level for Cambodia?", "en", "level 4 (travel ban)"),
            ("カンボジアの渡航警報は何段階ですか", "ja", "4段階（旅行禁止）"),
            ("柬埔寨旅行警报是几级", "zh", "4级（禁止旅行）"),
            ("Cảnh báo du lịch Campuchia cấp mấy?", "vi", "cấp 4 (cấm du lịch)"),
        ],
    )
    async def test_languages(self, db: Database, open_at: Any, text: str, language: str, words: str) -> None:
        await synchronise(db, NOW)
        reply = (await open_at()).answer(text)
        assert (reply.language, reply.outcome) == (language, Outcome.ANSWERED)
        assert words in reply.text.splitlines()[0]
        assert "예시 지역 A" in reply.text

    async def test_a_fall_is_not_told_before_the_second_person(self, db: Database, open_at: Any, clock: Clock) -> None:
        await synchronise(db, NOW - timedelta(hours=30))
        rows = invented()
        rows["travel-alarms"][2]["alarm_lvl"] = None  # a rise
        rows["travel-alarms"][0]["alarm_lvl"] = "1"  # a fall
        await synchronise(db, NOW, rows=rows)
        base = await open_at()
        assert "특별여행주의보" in base.answer("태국 여행경보").text
        reply = base.answer("캄보디아 여행경보")
        assert "가장 높은 것은 4단계" in reply.text
        assert "바뀌었을 수 있습니다" in reply.text  # the source no longer says so: its last word is older than a day


class TestEntryRules:
    async def test_from_the_row(self, db: Database, open_at: Any, clock: Clock) -> None:
        await synchronise(db, NOW, "entry-rules")
        base = await open_at()
        assert base.answer("캄보디아 비자 필요해요?").text.splitlines() == [
            "캄보디아 입국허가요건(일반여권): 비자(사증) 필요 · (가상) 사증 필요",
            "관용여권: 60일",
            "외교관여권: 60일",
            "근거: 협정(가상)",
            "(외교부 국가별 입국허가요건, 2026년 11월 22일 12:00 확인)",
        ]
        assert "무비자 입국 가능 · (가상) 90일\n가상 비고" in base.answer("일본 무비자 며칠이에요").text
        assert "no visa needed" in base.answer("Do I need a visa for Japan?").text
        clock.now = NOW + timedelta(days=8)
        assert "바뀌었을 수 있습니다" in base.answer("캄보디아 비자 필요해요?").text

    async def test_a_country_without_a_row_is_left_to_the_notices(self, db: Database, open_at: Any) -> None:
        await synchronise(db, NOW, "entry-rules")
        assert not any(i.startswith("fact:") for i in (await open_at()).answer("프랑스 비자 필요해요?").notice_ids)


class TestWithoutAnySynchronisation:
    @pytest.mark.parametrize("text", ["일본 여행경보 몇 단계야?", "일본 가도 돼?", "캄보디아 여행경보", "몽골 여행경보 있어?"])
    def test_the_notices_answer_as_before_and_none_is_never_claimed(self, shipped: KnowledgeBase, text: str) -> None:
        reply = shipped.answer(text)
        assert not any(i.startswith("fact:") for i in reply.notice_ids)
        assert "여행경보가 없습니다" not in reply.text

    async def test_a_failed_first_fetch_is_none(self, db: Database, open_at: Any) -> None:
        async with db.transaction() as tx:
            from knowledge_base.country_facts import repository

            await repository.end_run(tx, await repository.begin_run(tx, "travel-alarms", 500, NOW), "interrupted", NOW, "quota")
        assert "여행경보가 없습니다" not in (await open_at()).answer("일본 여행경보 몇 단계야?").text


async def test_the_dialogue_reads_the_same_row(db: Database, open_at: Any, analyser: Any) -> None:
    from actions.consular import ALARM_LEVEL, ENTRY_RULES

    await synchronise(db, NOW, "travel-alarms", "entry-rules")
    base = await open_at()
    reader = Reader(lambda: base, lambda: analyser)
    payload = await reader.about(ALARM_LEVEL, "KH")
    assert payload is not None
    assert payload["text"].startswith("캄보디아의 여행경보는 지역에 따라 다르며")
    assert payload["source"]["title"] == "캄보디아 여행경보"
    payload = await reader.about(ENTRY_RULES, "JP")
    assert payload is not None
    assert payload["text"].startswith("일본 입국허가요건(일반여권): 무비자 입국 가능")


OTHER_PROCESS = """
import asyncio, sys
from core.db import Database
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.index import Index
from knowledge_base.service import KnowledgeBase

async def main():
    db = await Database.open(sys.argv[1], min_size=1, max_size=3)
    base = KnowledgeBase(None, Index(), CrisisCards.load(hotline="1"), db=db)
    async def nothing(): pass
    base.reload = nothing
    base.start()
    last = None
    while True:
        level = base._facts.alarms["TH"][0].level if "TH" in base._facts.alarms else "none"
        if level != last:
            print(level, flush=True)
            last = level
        await asyncio.sleep(0.01)

asyncio.run(main())
"""


async def test_every_process_knows_within_a_second(db: Database, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = OTHER_PROCESS.replace(
        "base = KnowledgeBase(None,",
        "from knowledge_base.glossary import Glossary\n    Glossary.load = staticmethod(lambda a: None)\n    base = KnowledgeBase(None,",
    )
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, dsn, cwd=ROOT, stdout=asyncio.subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert (await asyncio.wait_for(process.stdout.readline(), 120)).strip() == b"none"
        await asyncio.sleep(1)
        took: list[float] = []
        for hours, level in enumerate("1234"):  # the best of some: other work shares the machine
            scene, at = Scene(rows=invented()), NOW + timedelta(hours=hours)
            for row in scene.rows["travel-alarms"]:
                if row["country_iso_alp2"] == "TH":
                    row["alarm_lvl"] = level
            with Simulator(scene) as ministry:
                async with OpenDataClient(Access(ministry.url, SecretStr(KEY)), timeout=30.0) as client, sync.one_at_a_time(db):
                    run_id = await sync.fetch(db, client, SERVICES["travel-alarms"], now=lambda at=at: at)
            async with db.transaction() as tx:
                await service.apply(tx, run_id, "kim", at)
            start = time.monotonic()
            for process in processes:
                assert process.stdout is not None
                assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == level.encode()
            took.append(time.monotonic() - start)
            if took[-1] < 1.0:
                break
        assert min(took) < 1.0
    finally:
        for process in processes:
            process.kill()
            await process.wait()
