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
        ("010-1234-5678로 연락주세요", "phone", "01012345678"),
        ("12월 3일에 출국", "date", "--12-03"),
        ("2026년 1월 5일", "date", "2026-01-05"),
        ("내일 비행기예요", "date", "relative"),
    ],
)
def test_other_entities(analyser, text, kind, value):
    assert (kind, value) in [(e.kind, e.value) for e in analyser.analyse([text])[0].entities]


def test_at_least_150_cities_and_every_country():
    from language.gazetteer import korean_names

    kinds = list(korean_names().values())
    assert sum(p.kind == "city" for p in kinds) >= 150
    assert len({p.country for p in kinds if p.kind == "country"}) >= 195
