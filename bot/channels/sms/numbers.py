"""Telephone numbers of the people who text us. Pure.

A Korean subscriber keeps the +82 number abroad and gets domestic SMS there, brought by the roaming carrier; only a local number of a
resident goes the international way.
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

KOREA = 82


@dataclass(frozen=True)
class Route:
    """How a number is reached: ``national`` as dialled inside its country (with the leading zero in Korea)."""

    country_code: int
    national: str
    international: str

    @property
    def is_domestic(self) -> bool:
        """Whether Korean SMS reaches it."""
        return self.country_code == KOREA


def e164(written: str, *, is_international: bool = False) -> str | None:
    """A number as a carrier gives it, in E.164; without a country code it is Korean. None: it is no number that can be answered (a name, a short code)."""
    bare = written.strip()
    try:
        number = phonenumbers.parse("+" + bare if is_international and bare.isascii() and bare.isdigit() else bare, "KR")
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def route(number: str) -> Route | None:
    """How to reach a number in E.164; None for what is none."""
    if not number.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    national = phonenumbers.national_significant_number(parsed)
    code = parsed.country_code or 0
    return Route(code, f"0{national}" if code == KOREA else national, f"{code}{national}")
