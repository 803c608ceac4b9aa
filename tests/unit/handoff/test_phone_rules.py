"""Numbers, codes and wrong tries: the plain rules."""

from __future__ import annotations

import pytest

from core.errors import AppError
from handoff.phone import rules


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("", None, ""),
        ("   ", "KR", ""),
        ("+82 10-1234-5678", None, "+821012345678"),
        ("010-1234-5678", "KR", "+821012345678"),
        ("012 345 678", "KH", "+85512345678"),
        ("＋８２１０１２３４５６７８", None, "+821012345678"),
        ("(202) 939-5653", "US", "+12029395653"),
    ],
)
def test_a_number_as_people_write_it(text: str, country: str | None, e164: str) -> None:
    assert rules.parse_number(text, country) == e164


@pytest.mark.parametrize(
    ("text", "country"),
    [("010-1234-5678", None), ("abc", "KR"), ("+82", None), ("+82 1", None), ("1234567890123456789", "KR"), ("+82 2 3210 0404 ext 5", None)],
)
def test_what_is_no_number_is_refused(text: str, country: str | None) -> None:
    with pytest.raises(AppError) as refused:
        rules.parse_number(text, country)
    assert refused.value.code == "bad_phone"


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("010-8765-4321", "KH", "+821087654321"),
        ("01087654321", "VN", "+821087654321"),
        ("010-8765-4321", "JP", "+821087654321"),  # there 010 dials abroad
        ("82 10 8765 4321", "KH", "+821087654321"),
        ("+855 12 345 678", "KH", "+85512345678"),
        ("010 1 202 939 5653", "JP", "+12029395653"),
        ("02-3210-0404", "VN", "+84232100404"),
    ],
)
def test_a_korean_mobile_written_abroad_is_no_strangers(text: str, country: str, e164: str) -> None:
    assert rules.parse_number(text, country) == e164


@pytest.mark.parametrize(("text", "country"), [("010-8765-4321", "CN"), ("010 8765 4321", "IT"), ("01 01 23 45 67", "FR")])
def test_a_number_of_two_countries_wants_its_country_code(text: str, country: str) -> None:
    with pytest.raises(AppError) as refused:
        rules.parse_number(text, country)
    assert (refused.value.code, "나라 번호" in refused.value.kind.korean) == ("bad_phone", True)


def test_a_stored_number_is_shown_as_people_read_it() -> None:
    assert [rules.shown_number(number) for number in ("+821012345678", "")] == ["+82 10-1234-5678", ""]


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456", "123456"),
        ("１２３４５６", "123456"),
        ("000000", "000000"),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("", None),
        ("①②③④⑤⑥", "123456"),
        ("٣٤٥٦٧٨", None),
    ],
)
def test_digits_from_any_keyboard(typed: str, digits: str | None) -> None:
    assert rules.typed_digits(typed) == digits


def test_new_digits_are_six_and_differ() -> None:
    made = {rules.new_digits() for _ in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in made)
    assert len(made) > 190


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_whom_a_try_is_counted_against(address: str, counted: str) -> None:
    assert rules.network(address) == counted


@pytest.mark.parametrize(
    ("mine", "all_of_them", "why"),
    [(0, 0, None), (4, 99, None), (5, 5, "code_tries_exceeded"), (0, 100, "codes_paused"), (5, 100, "code_tries_exceeded")],
)
def test_when_no_code_is_looked_at(mine: int, all_of_them: int, why: str | None) -> None:
    assert rules.refusal(mine, all_of_them) == why


def test_guessing_is_hopeless() -> None:
    """All tries of an hour against as many codes as may live at once."""
    assert rules.MAX_TRIES * rules.MAX_LIVE_CODES / 10**rules.DIGITS <= 1 / 200
