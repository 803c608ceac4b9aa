"""What WeChat pushes and answers, read from the outside of the adapter: no database, no network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.contract import DANGER, Outbound, Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.wechat.parsing import Entered, Left, Moved, Said, fields_of_json, fields_of_xml, happening
from bot.channels.wechat.place import placed
from bot.channels.wechat.wire import TEXT, active_text, one_text, outcome, passive_text
from conversation.schemas import Datum, InboundKind, Location

AT = datetime(2026, 11, 22, tzinfo=UTC)
PERSON = "oPersonOfTheTest"


def read(**fields: str) -> Any:
    base = {"ToUserName": "gh_1", "FromUserName": PERSON, "CreateTime": "1795305600", "MsgId": "23456789012345678"}
    return happening("wechat", base | fields, AT, lambda value: f"hidden-{hash(value)}")


def event(name: str, **fields: str) -> Any:
    return read(MsgType="event", Event=name, MsgId="", **fields)


class TestMessages:
    def test_words(self) -> None:
        got = read(MsgType="text", Content=" 여권\n")
        assert isinstance(got, Said)
        assert (got.inbound.kind, got.inbound.text, got.inbound.event_id, got.inbound.visitor) == (
            InboundKind.TEXT,
            " 여권\n",
            "message-23456789012345678",
            PERSON,
        )
        assert (got.window.messages, got.window.single_use, got.window.fallback) == (5, False, "message")
        assert got.window.deadline is not None
        assert timedelta(hours=47) < got.window.deadline - AT < timedelta(hours=48)

    def test_a_places_x_is_its_latitude(self) -> None:
        got = read(MsgType="location", Location_X="11.5564", Location_Y="104.9282", Scale="16", Label="프놈펜")
        assert (got.inbound.kind, got.inbound.text) == (InboundKind.LOCATION, "프놈펜")
        assert (got.inbound.location.lat, got.inbound.location.lon, got.inbound.location.address) == (11.5564, 104.9282, "프놈펜")

    @pytest.mark.parametrize(("x", "y"), [("91", "0"), ("0", "181"), ("nan", "0"), ("inf", "0"), ("", ""), ("여기", "0"), ("1e400", "0")])
    def test_a_place_that_is_none_becomes_words(self, x: str, y: str) -> None:
        got = read(MsgType="location", Location_X=x, Location_Y=y, Label="시장")
        assert (got.inbound.kind, got.inbound.text) == (InboundKind.TEXT, "(위치를 읽지 못했습니다) 시장")

    def test_what_a_voice_said_is_read(self) -> None:
        got = read(MsgType="voice", MediaId="m1", Format="amr", Recognition="도와주세요")
        assert (got.inbound.kind, got.inbound.text) == (InboundKind.TEXT, "(음성) 도와주세요")
        assert [(a.kind, a.reference, a.media_type) for a in got.inbound.attachments] == [("voice", "m1", "amr")]

    @pytest.mark.parametrize(
        ("kind", "words"), [("image", "(사진)"), ("voice", "(음성)"), ("video", "(동영상)"), ("shortvideo", "(동영상)"), ("file", "(파일)")]
    )
    def test_files_without_words(self, kind: str, words: str) -> None:
        got = read(MsgType=kind, MediaId="m1")
        assert (got.inbound.kind, got.inbound.text, got.inbound.attachments[0].reference) == (InboundKind.FILE, words, "m1")

    def test_a_kind_of_tomorrow_still_reaches_somebody(self) -> None:
        assert read(MsgType="hologram").inbound.kind is InboundKind.FILE
        assert read(MsgType="miniprogrampage", Title="지도").inbound.text == "(미니 프로그램: 지도)"
        assert read(MsgType="link", Title="기사", Url="https://x.kr").inbound.text == "기사 https://x.kr"

    @pytest.mark.parametrize(
        "fields", [{"MsgType": "text", "Content": " "}, {"MsgType": "text", "MsgId": ""}, {"MsgType": ""}, {"FromUserName": "", "MsgType": "text"}]
    )
    def test_what_lacks_what_it_must_have(self, fields: dict[str, str]) -> None:
        assert read(**fields) is None

    def test_json_of_a_mini_program_is_read_the_same_way(self) -> None:
        content = {
            "ToUserName": "gh_1",
            "FromUserName": PERSON,
            "CreateTime": 1795305600,
            "MsgType": "text",
            "Content": "여권",
            "MsgId": 23456789012345678,
            "x": {},
        }
        got = happening("wechat_mini", fields_of_json(content), AT, str)
        assert isinstance(got, Said)
        assert (got.inbound.text, got.inbound.event_id) == ("여권", "message-23456789012345678")


class TestEvents:
    def test_the_danger_button_of_the_menu(self) -> None:
        got = event("CLICK", EventKey=DANGER)
        assert (got.inbound.kind, got.inbound.text, got.window.messages) == (InboundKind.DANGER, "지금 위험해요", 3)

    def test_another_entry_is_a_choice(self) -> None:
        got = event("CLICK", EventKey="person")
        assert (got.inbound.kind, got.inbound.choice, got.inbound.text) == (InboundKind.CHOICE, "person", "상담관과 이야기")

    def test_a_repeat_has_the_same_number_and_another_press_has_not(self) -> None:
        first, again = event("CLICK", EventKey=DANGER), event("CLICK", EventKey=DANGER)
        assert first.inbound.event_id == again.inbound.event_id
        assert event("CLICK", EventKey=DANGER, CreateTime="1795305601").inbound.event_id != first.inbound.event_id
        assert event("CLICK", EventKey="person").inbound.event_id != first.inbound.event_id
        assert PERSON not in first.inbound.event_id

    def test_coming_and_going(self) -> None:
        came = event("subscribe")
        assert isinstance(came, Entered)
        assert (came.window.messages, came.window.fallback) == (3, "menu")
        entered = event("user_enter_tempsession", SessionFrom="page")
        assert isinstance(entered, Entered)
        assert (entered.window.messages, entered.window.fallback) == (2, "session")
        assert event("unsubscribe") == Left(PERSON)

    def test_where_somebody_is(self) -> None:
        got = event("LOCATION", Latitude="39.9042", Longitude="116.4074", Precision="40.5")
        assert isinstance(got, Moved)
        assert (got.location.lat, got.location.lon, got.location.accuracy_m) == (39.9042, 116.4074, 40.5)
        assert event("LOCATION", Latitude="", Longitude="", Precision="") is None

    @pytest.mark.parametrize("name", ["VIEW", "SCAN", "TEMPLATESENDJOBFINISH", ""])
    def test_what_changes_nothing(self, name: str) -> None:
        assert event(name, EventKey="https://x.kr") is None


@given(st.dictionaries(st.sampled_from(["MsgType", "Event", "EventKey", "Content", "CreateTime", "MsgId", "Latitude", "Location_X"]), st.text(max_size=30)))
def test_whatever_is_signed_never_raises(fields: dict[str, str]) -> None:
    read(**fields)


class TestPlaces:
    @pytest.mark.parametrize(
        ("lat", "lon", "datum"),
        [(39.9042, 116.4074, Datum.GCJ02), (22.5431, 114.0579, Datum.GCJ02), (22.3193, 114.1694, Datum.WGS84), (25.0330, 121.5654, Datum.WGS84)],
        ids=["Beijing", "Shenzhen", "Hong Kong", "Taipei"],
    )
    def test_marked_in_mainland_china_alone(self, lat: float, lon: float, datum: Datum) -> None:
        assert placed(Location(lat, lon)).datum is datum

    def test_the_radius_reaches_as_far_as_the_shift(self) -> None:
        beijing, tokyo = placed(Location(39.9042, 116.4074, 30.0)), placed(Location(35.6812, 139.7671, 30.0))
        assert beijing.accuracy_m is not None
        assert 300 < beijing.accuracy_m < 1_000
        assert tokyo.accuracy_m == 100.0
        assert placed(Location(35.6812, 139.7671, 5_000.0)).accuracy_m == 5_000.0

    def test_across_the_river_it_is_as_given_with_room_for_the_other(self) -> None:
        sinuiju = placed(Location(40.1006, 124.3981))
        assert sinuiju.datum is Datum.WGS84
        assert sinuiju.accuracy_m is not None


class TestSending:
    @pytest.mark.parametrize(
        ("status", "code", "result"),
        [
            (200, 0, Sent()),
            (200, 45015, WindowClosed()),
            (200, 45047, WindowClosed()),
            (200, 40001, Retry("unauthorised", 30.0)),
            (200, 42001, Retry("unauthorised", 30.0)),
            (200, 45009, Retry("quota", 60.0)),
            (200, -1, Retry("busy", 3.0)),
            (200, 43004, Refused("blocked")),
            (200, 45002, Refused("wechat_45002")),
            (200, None, Retry("http_500", is_unknown=True)),
            (500, None, Retry("http_500", is_unknown=True)),
            (503, None, Retry("http_503")),
            (404, None, Refused("http_404")),
        ],
    )
    def test_what_the_answer_says(self, status: int, code: int | None, result: SendResult) -> None:
        assert outcome(status, code) == result

    def test_letters_stand_for_themselves(self) -> None:
        raw = active_text(PERSON, '여권 "a" 👨‍👩‍👧')
        assert b"\\u" not in raw
        assert json.loads(raw) == {"touser": PERSON, "msgtype": "text", "text": {"content": '여권 "a" 👨‍👩‍👧'}}

    @given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200))
    def test_an_answer_cannot_break_out_of_its_element(self, text: str) -> None:
        root = fromstring(passive_text("<to>", "by&", text, 1))
        assert fields_of_xml(root) == {"ToUserName": "<to>", "FromUserName": "by&", "CreateTime": "1", "MsgType": "text", "Content": text}

    def test_one_message_is_never_over_the_limit(self) -> None:
        assert TEXT.fits(one_text([Outbound("가" * 600), Outbound("나" * 600)]))
        assert one_text([]) == ""
