"""Alphabets and their limits, numbers, AML, and what carriers' words mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sms import alimtalk, incoming, nhn, solapi
from bot.channels.sms.alphabets import Alphabet, Cost, cost, from_gsm7, gsm7_bytes, is_gsm7, parts, plain
from bot.channels.sms.aml import place_of
from bot.channels.sms.carrier import Fate, Outcome
from bot.channels.sms.numbers import e164, route
from bot.channels.sms.smpp import Arrived, read, words_of
from bot.channels.sms.smpp_session import Address


class TestAlphabets:
    @pytest.mark.parametrize(
        ("text", "is_domestic", "expected"),
        [
            ("가" * 45, True, Cost(Alphabet.EUC_KR, 1)),
            ("가" * 46, True, Cost(Alphabet.EUC_KR, 2)),
            ("a" * 90, True, Cost(Alphabet.EUC_KR, 1)),
            ("", True, Cost(Alphabet.EUC_KR, 1)),
            ("a" * 160, False, Cost(Alphabet.GSM7, 1)),
            ("a" * 161, False, Cost(Alphabet.GSM7, 2)),
            ("a" * 306, False, Cost(Alphabet.GSM7, 2)),
            ("a" * 307, False, Cost(Alphabet.GSM7, 3)),
            ("€" * 80, False, Cost(Alphabet.GSM7, 1)),
            ("€" * 81, False, Cost(Alphabet.GSM7, 2)),
            ("가" * 70, False, Cost(Alphabet.UCS2, 1)),
            ("가" * 71, False, Cost(Alphabet.UCS2, 2)),
            ("가" * 134, False, Cost(Alphabet.UCS2, 2)),
            ("가" * 135, False, Cost(Alphabet.UCS2, 3)),
            ("😀" * 35, False, Cost(Alphabet.UCS2, 1)),
            ("😀" * 36, False, Cost(Alphabet.UCS2, 2)),
            ("`", False, Cost(Alphabet.UCS2, 1)),
        ],
    )
    def test_cost(self, text: str, is_domestic: bool, expected: Cost) -> None:
        assert cost(text, is_domestic=is_domestic) == expected

    @given(st.text(st.characters(codec="utf-16"), max_size=500))
    def test_parts_put_together_are_the_text_and_no_part_is_too_long(self, text: str) -> None:
        messages, alphabet = parts(text, 7)
        assert len(messages) == cost(text, is_domestic=False).segments
        if len(messages) == 1:
            bodies = messages
        else:
            assert [message[:6] for message in messages] == [bytes([5, 0, 3, 7, len(messages), place]) for place in range(1, len(messages) + 1)]
            bodies = tuple(message[6:] for message in messages)
        whole = (160 if len(messages) == 1 else 153) if alphabet is Alphabet.GSM7 else (140 if len(messages) == 1 else 134)
        assert all(len(body) <= whole for body in bodies)
        decode = from_gsm7 if alphabet is Alphabet.GSM7 else lambda raw: raw.decode("utf-16-be")
        assert "".join(decode(body) for body in bodies) == text

    def test_the_alphabet_is_that_of_the_standard(self) -> None:
        assert gsm7_bytes("@£_ @€[") == b"\x00\x01\x11\x20\x00\x1b\x65\x1b\x3c"
        assert not is_gsm7("\x1b")
        assert not is_gsm7("ç")
        assert is_gsm7("Ç")

    def test_more_than_255_messages_are_refused(self) -> None:
        with pytest.raises(ValueError, match="255"):
            parts("가" * (67 * 255 + 1))

    @pytest.mark.parametrize(
        ("text", "written", "lost"),
        [
            ("여권을 잃어버렸어요 – 도와주세요…", "여권을 잃어버렸어요 - 도와주세요...", 0),
            ("café naïve", "cafe naive", 0),
            ("Đà Nẵng", "Da Nang", 0),
            ("도착 👍🇰🇷", "도착 ", 0),
            ("Россия", "Россия", 0),
            ("你们好", "好", 2),
            ("ช่วยด้วย", "", 6),
        ],
    )
    def test_what_korean_sms_can_carry(self, text: str, written: str, lost: int) -> None:
        assert (plain(text).text, plain(text).lost) == (written, lost)
        plain(text).text.encode("cp949")


class TestNumbers:
    @pytest.mark.parametrize(
        ("given_number", "is_international", "expected"),
        [
            ("01012345678", False, "+821012345678"),
            ("010-1234-5678", False, "+821012345678"),
            ("821012345678", True, "+821012345678"),
            ("84912345678", True, "+84912345678"),
            ("+84 912 345 678", False, "+84912345678"),
            ("MOFA", False, None),
            ("", False, None),
            ("114", True, None),
        ],
    )
    def test_of_a_carrier(self, given_number: str, is_international: bool, expected: str | None) -> None:
        assert e164(given_number, is_international=is_international) == expected

    def test_a_korean_number_is_domestic_wherever_its_owner_is(self) -> None:
        korean, local = route("+821012345678"), route("+84912345678")
        assert korean is not None
        assert local is not None
        assert (korean.is_domestic, korean.national, korean.international) == (True, "01012345678", "821012345678")
        assert (local.is_domestic, local.national, local.country_code) == (False, "912345678", 84)
        assert route("hidden") is None
        assert route("01012345678") is None


AML = 'A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;si=234150123456789;ei=356;mcc=234;mnc=15;ml=126'


class TestAml:
    def test_the_place(self) -> None:
        place = place_of(AML)
        assert place is not None
        assert (place.lat, place.lon, place.accuracy_m) == (51.53321, -0.12601, 14.0)
        assert place.fixed_at == datetime(2022, 1, 31, 17, 17, 48, tzinfo=UTC)
        assert "234150123456789" not in repr(place)

    @pytest.mark.parametrize(
        "text", ["여권", 'A"ML=1;', AML.replace("+51.53321", "+91.53321"), AML.replace("+51.53321", "nan"), AML.replace("lg=", "xx="), 'A"ML=2;' + AML[7:]]
    )
    def test_no_place(self, text: str) -> None:
        assert place_of(text) is None

    def test_an_unknown_radius(self) -> None:
        place = place_of(AML.replace("rd=14", "rd=N"))
        assert place is not None
        assert place.accuracy_m is None


def test_vector_s1_of_solapi() -> None:
    expected = "3802ac571f5dc27985af24dec59c302b2294b2e532a081e66c6ede0c95528ab0"
    assert solapi.signature("APISECRET", "2026-11-21T12:00:00+09:00", "abcdef0123456789") == expected


class TestFates:
    @pytest.mark.parametrize(
        ("message", "fate"),
        [
            ({"messageStatus": "COMPLETED", "resultCode": "1000"}, Fate.DELIVERED),
            ({"messageStatus": "FAILED", "resultCode": "2100"}, Fate.FAILED),
            ({"messageStatus": "CANCEL"}, Fate.FAILED),
            ({}, Fate.UNDERWAY),
            ({"messageStatus": "COMPLETED", "dlrStatus": "BUFFERED"}, Fate.UNDERWAY),
            ({"messageStatus": "COMPLETED", "dlrStatus": "EXPIRED"}, Fate.FAILED),
            ({"dlrStatus": "DELIVERED"}, Fate.DELIVERED),
        ],
    )
    def test_nhn_sms(self, message: dict[str, str], fate: Fate) -> None:
        assert nhn.outcome_of("r/1", message).fate is fate

    @pytest.mark.parametrize(
        ("message", "fate"),
        [
            ({"resultCode": "MRC01"}, Fate.DELIVERED),
            ({"resultCode": "MRC02", "resendStatus": "RSC02"}, Fate.UNDERWAY),
            ({"resultCode": "MRC02", "resendStatus": "RSC03"}, Fate.UNDERWAY),
            ({"resultCode": "MRC02", "resendStatus": "RSC04"}, Fate.DELIVERED),
            ({"resultCode": "MRC02", "resendStatus": "RSC05"}, Fate.FAILED),
            ({"resultCode": "MRC02", "resendStatus": "RSC01"}, Fate.FAILED),
            ({"messageStatus": "COMPLETED"}, Fate.DELIVERED),
            ({"messageStatus": "CANCEL"}, Fate.FAILED),
            ({}, Fate.UNDERWAY),
        ],
    )
    def test_alimtalk_counts_the_sms_that_went_instead(self, message: dict[str, str], fate: Fate) -> None:
        assert alimtalk.outcome_of("r/1", message).fate is fate

    def test_solapi_reports_are_an_array(self) -> None:
        content: list[Any] = [
            {"eventDataId": "1", "data": {"messageId": "M1", "statusCode": "4000"}},
            {"data": {"messageId": "M2", "statusCode": "3058"}},
            {"data": {"messageId": "M3", "statusCode": "3000"}},
            {"data": {"statusCode": "4000"}},
            {"data": None},
            "?",
        ]
        assert solapi.outcomes(content) == [Outcome("M1", Fate.DELIVERED), Outcome("M2", Fate.FAILED, "solapi_3058"), Outcome("M3", Fate.UNDERWAY)]


def a_pdu(short_message: bytes, **values: Any) -> SimpleNamespace:
    defaults = {"esm_class": 0, "data_coding": 8, "source_addr": b"821012345678", "source_addr_ton": 1, "short_message": short_message}
    return SimpleNamespace(**defaults | values)


class TestDeliverSm:
    def test_a_text(self) -> None:
        assert read(a_pdu("살려 주세요".encode("utf-16-be"))) == Arrived("+821012345678", "살려 주세요")

    @pytest.mark.parametrize(
        ("header", "reference"), [(b"\x05\x00\x03\x07\x02\x01", 7), (b"\x06\x08\x04\x01\x02\x02\x01", 0x102), (b"\x08\x24\x01\x02\x00\x03\x07\x02\x01", 7)]
    )
    def test_a_part(self, header: bytes, reference: int) -> None:
        assert read(a_pdu(header + "가".encode("utf-16-be"), esm_class=0x40)) == Arrived("+821012345678", "가", reference, 2, 1)

    def test_a_header_that_is_broken_loses_no_words(self) -> None:
        assert read(a_pdu(b"\x05\x00\x03\x07\x02\x09" + "가".encode("utf-16-be"), esm_class=0x40)) == Arrived("+821012345678", "가")

    def test_long_words_beside_the_message(self) -> None:
        assert read(a_pdu(b"", message_payload="긴 글".encode("utf-16-be"))) == Arrived("+821012345678", "긴 글")

    @pytest.mark.parametrize(
        ("octets", "coding", "words"), [(b"\x00a", 0, "@a"), ("가".encode("cp949"), 0x84, "가"), (b"\xe9", 3, "é"), (b"\xac", 8, "\ufffd")]
    )
    def test_codings(self, octets: bytes, coding: int, words: str) -> None:
        assert words_of(octets, coding) == words

    @pytest.mark.parametrize(
        ("body", "outcome"),
        [
            (b"id:m1 sub:001 dlvrd:001 submit date:2611220000 done date:2611220000 stat:DELIVRD err:000 text:", Outcome("m1", Fate.DELIVERED)),
            (b"id:m1 stat:UNDELIV err:011 text:", Outcome("m1", Fate.FAILED, "undeliv_011")),
            (b"id:m1 stat:ACCEPTD err:000 text:", Outcome("m1", Fate.UNDERWAY)),
            (b"?", Outcome("", Fate.UNDERWAY)),
        ],
    )
    def test_a_receipt(self, body: bytes, outcome: Outcome) -> None:
        assert read(a_pdu(body, esm_class=0x04)) == outcome

    def test_who_hides_the_number_is_still_heard(self) -> None:
        assert read(a_pdu("도와주세요".encode("utf-16-be"), source_addr=b"")) == Arrived("", "도와주세요")


@pytest.mark.parametrize("url", ["", "http://a@b:1", "smpp://b:1", "smpp://a@"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="smpp://"):
        Address.of(url, "p")


def test_an_address() -> None:
    address = Address.of("smpps://our%40id@smsc.example:3551", "secret")
    assert (address.host, address.port, address.is_tls, address.system_id) == ("smsc.example", 3551, True, "our@id")
    assert "secret" not in repr(address)


class TestHiddenNumbers:
    def test_two_who_hide_their_numbers_at_different_times_do_not_share_a_conversation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def writes(minute: int) -> str:
            monkeypatch.setattr(incoming, "now", lambda: datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(minutes=minute))
            return incoming.inbound("", "갇혀 있어요", str(minute)).visitor

        first, place, another = writes(1), writes(20), writes(50)
        assert first == place != another
        assert route(first) is None
