import pytest


def places(analyser, text):
    return [(e.kind, e.text, e.country) for e in analyser.analyse([text])[0].entities if e.kind in ("country", "city")]


@pytest.mark.parametrize(
    ("text", "surface", "country"),
    [
        ("태국인데요", "태국", "TH"),
        ("미국서 왔어요", "미국", "US"),
        ("저지금태국인데요도와주세요", "태국", "TH"),
        ("월남에서 살아요", "월남", "VN"),
        ("버마 여행 위험한가요", "버마", "MM"),
        ("불란서로 가려고요", "불란서", "FR"),
        ("사우디까지 갑니다", "사우디", "SA"),
        ("남아공이에요", "남아공", "ZA"),
        ("이란에 있어요", "이란", "IR"),
        ("가나에서 왔습니다", "가나", "GH"),
        ("프놈펜인데 무서워요", "프놈펜", "KH"),
        ("시하누크빌에 있어요", "시하누크빌", "KH"),
        ("파리에서 여권을", "파리", "FR"),
        ("세부에서 사고가 났어요", "세부", "PH"),
        ("I am in Thailand", "Thailand", "TH"),
        ("私はタイにいます", "タイ", "TH"),
        ("我在泰国", "泰国", "TH"),
    ],
)
def test_place_without_its_particle(analyser, text, surface, country):
    found = analyser.analyse([text])[0]
    entity = next(e for e in found.entities if e.kind in ("country", "city"))
    assert (entity.text, entity.country) == (surface, country)
    assert found.normalised[entity.start : entity.end] == surface
    assert found.countries[0] == country


@pytest.mark.parametrize(
    "text",
    [
        "여행이란 무엇인가요",
        "어디로 가나요",
        "세부 사항 알려주세요",
        "미국인 남편이에요",
        "중국어 통역 되나요",
        "수단과 방법",
        "파리가 날아다녀요",
        "중국집 사장님",
    ],
)
def test_words_that_only_look_like_places(analyser, text):
    assert places(analyser, text) == []


def test_several_in_order(analyser):
    found = analyser.analyse(["일본 말고 태국 방콕이요"])[0]
    assert found.countries == ("JP", "TH")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("긴급여권 되나요", "document", "emergency_passport"),
        ("여권을 잃어버렸어요", "document", "passport"),
        ("전화는 +66 81 234 5678 입니다", "phone", "+66812345678"),
        ("010-1234-5678로 연락주세요", "phone", "+821012345678"),
        ("태국인데 081-234-5678로 전화주세요", "phone", "+66812345678"),
        ("Call +1 415 555 2671", "phone", "+14155552671"),
        ("12월 3일에 출국", "date", "--12-03"),
        ("2026년 1월 5일", "date", "2026-01-05"),
        ("내일 비행기예요", "date", "relative"),
        ("주태국대한민국대사관 위치", "mission", "주태국대사관"),
        ("LA총영사관 전화", "mission", "주로스앤젤레스총영사관"),
        ("태국에 있는 한국대사관이요", "mission", "주태국대사관"),
        ("Korean embassy in Hanoi", "mission", "주베트남대사관"),
        ("3천 바트 뺏겼어요", "money", "3000 THB"),
        ("만 엔밖에 없어요", "money", "10000 JPY"),
        ("₩53,000 맞나요", "money", "53000 KRW"),
        ("two hundred dollars", "money", "200 USD"),
        ("호주 달러 500달러", "money", "500 AUD"),
        ("이라크 여행경보 4단계", "alarm_level", "4"),
        ("철수권고 지역인가요", "alarm_level", "3"),
        ("특별여행주의보", "alarm_level", "special"),
        ("level 4 travel ban", "alarm_level", "4"),
    ],
)
def test_other_entities(analyser, text, kind, value):
    assert (kind, value) in [(e.kind, e.value) for e in analyser.analyse([text])[0].entities]


@pytest.mark.parametrize(
    ("text", "country"),
    [("파리요", "FR"), ("가나입니다", "GH"), ("수단이요", "SD"), ("네 지금 로마예요", "IT"), ("세부", "PH"), ("지금이란인데도와주세요", "IR")],
)
def test_an_ambiguous_name_alone_is_an_answer(analyser, text, country):
    assert analyser.analyse([text])[0].countries == (country,)


@pytest.mark.parametrize(
    "text",
    [
        "어제 3단 우산을 잃어버렸어요",
        "사과 50개",
        "카드 4111 1111 1111 1111",
        "여권번호 M12345678",
        "101동 502호",
        "남색 셔츠",
        "비자카드",
        "90일 무비자",
        "2박3일",
        "119 불러주세요",
        "병원에 가야 해요",
    ],
)
def test_what_is_no_entity(analyser, text):
    kinds = {e.kind for e in analyser.analyse([text])[0].entities}
    assert kinds <= {"document", "date"}
    assert "3일" not in {e.text for e in analyser.analyse([text])[0].entities}
    assert not ("비자" in text and "document" in kinds)


def test_600_places_and_every_country():
    from babel import Locale

    from language.gazetteer import NOT_COUNTRIES, korean_names, names

    kinds = list(korean_names().values())
    assert len({(p.country, p.name) for p in kinds if p.kind == "city"}) >= 1000
    codes = {code for code in Locale("ko").territories if len(code) == 2 and code.isalpha()} - NOT_COUNTRIES
    assert codes <= {p.country for p in kinds if p.kind == "country"}
    assert {p.country for p in names().values()} <= codes


def test_every_name_in_the_lists_is_found_where_somebody_is(analyser):
    from language.entities import ENTITIES
    from language.gazetteer import korean_names

    known = [(name, place) for name, place in korean_names().items() if len(name) > 1 and name not in ("코타", "말레", "건지", "후에", "라카")]
    docs = analyser.morphology.docs([f"{name}인데요" for name, _ in known])
    missed = [
        name
        for (name, place), doc in zip(known, docs, strict=True)
        if not any(e.text.lower() == name and e.country == place.country for e in doc.user_data[ENTITIES])
    ]
    assert missed == []


def test_every_mission_by_its_names():
    import re

    from language.missions import missions, table

    assert len(table()) == 192
    for row in table():
        bare = re.sub(r"\(.*", "", row.name)
        stem = bare.removeprefix("주").removesuffix(row.kind)
        for written in (bare, f"{stem} {row.kind}", f"주{stem} 대한민국 {row.kind}", f"{stem} 한국 {row.kind}에 갔어요"):
            assert [e.value for e in missions(written)] == [row.name], written


def test_the_missions_are_those_of_the_table():
    import sys

    from language.paths import RESOURCES, ROOT

    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import build_missions
    finally:
        sys.path.pop(0)
    assert (RESOURCES / "missions.txt").read_text(encoding="utf-8") == build_missions.content()


def test_no_place_found_is_empty(analyser):
    assert places(analyser, "안녕하세요") == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3월 5일", "2027-03-05"),
        ("2026.3.5", "2026-03-05"),
        ("26년 3월", "2026-03"),
        ("3/5", "2027-03-05"),
        ("다음 주 화요일", "2026-11-24"),
        ("이번 주말", "2026-11-21"),
        ("오는 금요일", "2026-11-27"),
        ("보름 뒤", "2026-12-06"),
        ("사흘 전", "2026-11-18"),
        ("열흘 후", "2026-12-01"),
        ("모레 새벽", "2026-11-23"),
        ("25일", "2026-11-25"),
        ("작년 12월 24일", "2025-12-24"),
        ("다음 달 3일", "2026-12-03"),
        ("삼월 이십일에", "2027-03-20"),
        ("한 달 전", "2026-10-21"),
        ("next Friday", "2026-11-27"),
        ("two weeks ago", "2026-11-07"),
        ("明天", "2026-11-22"),
        ("来週の金曜日", "2026-11-27"),
        ("下周五", "2026-11-27"),
        ("ngày mai", "2026-11-22"),
        ("며칠 전", "relative"),
    ],
)
def test_the_day_that_is_meant(text, meant):
    from datetime import date

    from language.date_meaning import resolve
    from language.dates import dates

    found = max(dates(text), key=lambda e: e.end - e.start)
    assert resolve(found.value, found.offset, date(2026, 11, 21)) == meant


def test_days_that_do_not_exist():
    from datetime import date, datetime

    from language.date_meaning import resolve
    from language.dates import dates

    assert list(dates("13월 45일, 2월 31일")) == []
    assert resolve("---31", None, date(2026, 2, 10)) == "2026-01-31"
    assert resolve("relative", "P1M", date(2026, 1, 31)) == "2026-02-28"
    assert resolve("relative", "PT-3H", datetime(2026, 11, 21, 1, 0)) == "2026-11-20"


def test_entities_survive_json(analyser):
    from language.entities import Entity

    for entity in analyser.analyse(["다음 주 화요일 방콕 대사관 300달러 +66 81 234 5678"])[0].entities:
        assert Entity.from_dict(entity.to_dict()) == entity


def test_phones_without_the_library(monkeypatch):
    from language import phones

    monkeypatch.setattr(phones, "_library", lambda: None)
    assert [e.value for e in phones.phones("010-1234-5678 또는 +66 81 234 5678", ())] == ["+821012345678", "+66812345678"]


HOSTILE = [
    "1",
    "1,",
    "1.",
    "1 ",
    "만",
    "십백천만",
    "일이삼사",
    "a",
    "hundred ",
    "two hundred and ",
    " ",
    "태국",
    "파리 ",
    "3월",
    "다음 주",
    "+",
    "1-",
    "(",
    "대사관",
    "주",
    "level ",
    "$1",
    "지금 ",
    "ngày ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_take_no_longer(piece):
    import time

    from language.entities import find

    began = time.process_time()
    find(piece * (100_000 // len(piece)), ())
    assert time.process_time() - began < 20


def test_written_sentences(analyser):
    from language.entity_evaluation import evaluate_entities

    report = evaluate_entities(analyser=analyser, progress=lambda _: None)
    assert report["sentences"] >= 450
    assert report["dev"]["f1"] >= 0.97
    assert report["test"]["f1"] >= 0.97
    assert min(figures["f1"] for figures in report["by_kind"].values()) >= 0.9
