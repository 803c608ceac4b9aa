"""Every shape in which the ministry's API answers, on invented samples, and what becomes of odd values."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from core.settings import ROOT
from knowledge_base.opendata.catalogue import SERVICES, Kind
from knowledge_base.opendata.cleaning import day, degrees, one_line, plain
from knowledge_base.opendata.envelopes import read_page
from knowledge_base.opendata.errors import OpenDataError, by_code
from knowledge_base.opendata.rows import level_of, region_key, rows_of

SAMPLES = ROOT / "tests" / "data" / "opendata"
SERVICE_OF = {
    "CountrySafetyService7": "safety-notices",
    "EmbassyService2": "missions",
    "EntranceVisaService2": "entry-rules",
    "LocalContactService2": "local-contacts",
    "NoticeService2": "notices",
    "TravelAlarmService2": "travel-alarms",
}


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_there_are_samples() -> None:
    assert len(list(SAMPLES.iterdir())) == 18


@pytest.mark.parametrize("path", sorted(p for p in SAMPLES.iterdir() if "error" not in p.name), ids=lambda p: p.name)
def test_every_sample_is_read(path: Path) -> None:
    page = read_page(path.read_bytes())
    assert len(page.items) == page.total
    assert page.number == 1
    service = SERVICE_OF.get(path.name.split(".")[0])
    if service:
        rows, wrong = rows_of(SERVICES[service], page.items)
        assert wrong == []
        assert len(rows) == page.total


@pytest.mark.parametrize("service", [*SERVICE_OF, "CountryAccidentService2"])
def test_both_envelopes_say_the_same(service: str) -> None:
    assert read_page(sample(f"{service}.new.synthetic.json")) == read_page(sample(f"{service}.old.synthetic.json"))


def test_xml_says_the_same_as_json() -> None:
    kind = SERVICES["travel-alarms"]
    assert rows_of(kind, read_page(sample("TravelAlarmService2.new.synthetic.xml")).items) == rows_of(
        kind, read_page(sample("TravelAlarmService2.new.synthetic.json")).items
    )


def test_single_object_is_a_list_of_one() -> None:
    assert read_page(sample("EmbassyService2.single_object.synthetic.json")).items == read_page(sample("EmbassyService2.new.synthetic.json")).items


def test_items_as_empty_text_is_an_empty_list() -> None:
    page = read_page(sample("empty_items_string.synthetic.json"))
    assert (page.items, page.total) == ((), 0)


def test_the_gateways_error() -> None:
    with pytest.raises(OpenDataError) as caught:
        read_page(sample("gateway_error.synthetic.xml"))
    assert (caught.value.code, caught.value.is_passing) == ("key_unknown", False)


@pytest.mark.parametrize(
    ("raw", "code", "is_passing"),
    [(22, "quota", False), ("22", "quota", False), ("30", "key_unknown", False), ("31", "key_expired", False),
     (-10, "quota", False), ("-401", "key_unknown", False),
     ("05", "timeout", True), ("99", "system", True), (-1, "system", True), ("12", "no_service", False), ("777", "unknown_code", False)],
)  # fmt: skip
def test_codes(raw: object, code: str, is_passing: bool) -> None:
    error = by_code(raw)
    assert (error.code, error.is_passing) == (code, is_passing)


@pytest.mark.parametrize("code", ["0", "00", 0, "000"])
def test_success_as_number_or_text(code: object) -> None:
    assert read_page(json.dumps({"resultCode": code, "totalCount": "0", "data": []}).encode()).total == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Unauthorized",
        b"[]",
        b"null",
        b"{}",
        b"<html><body>Bad gateway</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<broken",
        b'{"resultCode": 0, "data": []}',  # no total: an empty list would pass for "no alarm"
        b'{"resultCode": 0, "totalCount": true, "data": []}',
        b'{"resultCode": 0, "totalCount": -1, "data": []}',
        b'{"resultCode": 0, "totalCount": 1, "data": ["x"]}',
        b'{"response": "x"}',
        b'{"response": {"header": {"resultCode": "0"}}}',
        b'{"response": {"body": {"items": "", "totalCount": 0}}}',
        b"[" * 100_000,
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><response>&b;</response>',
        b"<response><header><resultCode>0</resultCode></header></response>",
    ],
)
def test_what_is_no_answer_is_named(raw: bytes) -> None:
    with pytest.raises(OpenDataError) as caught:
        read_page(raw)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize("raw", [b'{"resultCode": "22"}', b'{"response": {"header": {"resultCode": 22}, "body": {}}}'])
def test_an_error_in_an_envelope(raw: bytes) -> None:
    with pytest.raises(OpenDataError) as caught:
        read_page(raw)
    assert caught.value.code == "quota"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, ""),
        ("", ""),
        ("가상 &#39;공지&#39; 제목", "가상 '공지' 제목"),
        ("&lt;p&gt;하나&nbsp;둘.&lt;/p&gt;&lt;p&gt;셋 &amp;middot; 넷&lt;/p&gt;", "하나 둘.\n셋 · 넷"),
        ("&amp;lt;p&amp;gt;두 겹&amp;lt;/p&amp;gt;", "두 겹"),
        ("<p>하나<br/>둘</p><script>alert(1)</script><style>p{}</style>", "하나\n둘"),
        ("<table><tr><td>경찰</td><td>000</td></tr><tr><td>구급</td><td>111</td></tr></table>", "경찰 000\n구급 111"),
        ("3 < 5 이고 5 > 3", "3 < 5 이고 5 > 3"),
        ("A&B 회사, R&D", "A&B 회사, R&D"),
        (7, "7"),
        ("가\x00나\u200b다", "가나다"),
        ("하나 <![붙임]> 둘", "하나 둘"),
        ("하나 &lt;![붙임]&gt; 둘", "하나 둘"),
        ("하나 <![붙임", "하나 <![붙임"),
        ("<![if !IE]>하나<![endif]>", "하나"),
    ],
)
def test_plain_text(raw: object, clean: str) -> None:
    assert plain(raw) == clean


@pytest.mark.parametrize(
    ("raw", "found"),
    [("2025-10-16", date(2025, 10, 16)), ("20251016", date(2025, 10, 16)), ("2025.10.16 09:00", date(2025, 10, 16)), (None, None), ("", None),
     ("2025-13-01", None), ("어제", None), ("202510161", None)],
)  # fmt: skip
def test_days(raw: object, found: date | None) -> None:
    assert day(raw) == found


def test_coordinates_within_bounds() -> None:
    assert degrees("11.55", 90) == 11.55
    assert degrees(91, 90) is None
    assert degrees(None, 90) is None
    assert degrees("nan", 90) is None


@pytest.mark.parametrize(
    ("raw", "level"), [("1", "1"), (4, "4"), ("3단계", "3"), (None, "special"), ("", "special"), (" ", "special"), ("특별여행주의보", "special")]
)
def test_levels(raw: object, level: str) -> None:
    assert level_of(raw) == level


def item(**changes: object) -> dict[str, object]:
    return {"country_nm": "캄보디아", "country_iso_alp2": "KH", "alarm_lvl": "2", "region_ty": "일부", "remark": "가 지역", **changes}


class TestAlarmRows:
    service = SERVICES["travel-alarms"]

    def test_a_level_that_is_none_is_named_not_guessed(self) -> None:
        rows, wrong = rows_of(self.service, [item(alarm_lvl="5"), item()])
        assert len(rows) == 1
        assert wrong == ["row 1: alarm_lvl is no level"]

    def test_of_two_for_one_region_the_higher_counts(self) -> None:
        for first, second in ((None, "2"), ("2", None), ("3", None), (None, "3")):
            (row,), _ = rows_of(self.service, [item(alarm_lvl=first), item(alarm_lvl=second)])
            assert row.values["level"] == ("3" if "3" in (first, second) else "special")

    def test_spaces_and_marks_do_not_make_another_region(self) -> None:
        rows, _ = rows_of(self.service, [item(remark="가 지역(나, 다)"), item(remark="가지역 (나·다)")])
        assert len(rows) == 1
        assert region_key("Ａ 지역") == region_key("a지역")

    def test_a_missing_code_is_found_by_name(self) -> None:
        (row,), wrong = rows_of(self.service, [item(country_iso_alp2=None)])
        assert row.values["country"] == "KH"
        _, wrong = rows_of(self.service, [item(country_iso_alp2="", country_nm="없는나라")])
        assert wrong == ["row 1: country_iso_alp2 is no country"]

    def test_lists_of_bans_and_advisories_have_their_level(self) -> None:
        for name, level in (("travel-bans", "4"), ("special-advisories", "special")):
            (row,), _ = rows_of(SERVICES[name], [item(alarm_lvl=None)])
            assert row.values["level"] == level


def test_other_rows() -> None:
    for service in SERVICES.values():
        if service.kind is not Kind.NOTICE:
            rows, wrong = rows_of(service, [{}])
            assert not rows
            assert len(wrong) == 1
    rows, _ = rows_of(SERVICES["notices"], read_page(sample("NoticeService2.new.synthetic.json")).items)
    assert rows[0].values == {
        "id": "mofa-ATC0000000099999",
        "title": "가상 '공지' 제목",
        "body": "",
        "published_at": "2026-01-02",
        "countries": [],
        "source_url": "",
    }
    rows, _ = rows_of(SERVICES["safety-notices"], read_page(sample("CountrySafetyService7.new.synthetic.json")).items)
    assert rows[0].values["body"] == "○ 가상 본문 입니다.\n☞ 영사안전콜센터 · 예시"
    rows, _ = rows_of(SERVICES["local-contacts"], read_page(sample("LocalContactService2.new.synthetic.json")).items)
    assert one_line(rows[0].values["contacts"]) == "긴급(가상): 경찰 000, 구급 000"
