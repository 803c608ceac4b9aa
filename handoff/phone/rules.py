"""The plain rules of phone numbers, codes and wrong tries."""

from __future__ import annotations

import ipaddress
import re
import secrets
import unicodedata
from datetime import timedelta

import phonenumbers

from core.errors import AppError
from handoff.schemas import HOME

DIGITS = 6
#: With so few live codes and so few wrong tries, guessing finds one with a chance of 1 in 200 an hour; and it lets the finder see nothing.
MAX_LIVE_CODES = 50
TRIES_COUNT_FOR = timedelta(hours=1)
MAX_TRIES = 100
ADDRESS_TRIES_COUNT_FOR = timedelta(minutes=10)
#: Whoever mistypes tries again; many phones stand behind one address of a carrier.
MAX_TRIES_OF_ADDRESS = 5


def parse_number(text: str, country: str | None) -> str:
    """A telephone number as people write it, in E.164; without a country code it is one of ``country``. Empty stays empty.

    A Korean abroad gives the mobile number of home, and a link sent to the other reading of it would reach a stranger: what can be a Korean mobile is one,
    unless it is a number of ``country`` too; then the country code has to be asked for.

    Raises:
        AppError: ``bad_phone``.
    """
    written = unicodedata.normalize("NFKC", text).strip()
    if not written:
        return ""
    number, korean = _read(written, country), _read(written, HOME)
    if country is not None and korean is not None and korean != number and _is_korean_mobile(korean):
        if number is not None and phonenumbers.is_valid_number(number):
            raise AppError("bad_phone", "a number of two countries")
        number = korean
    if number is None or not phonenumbers.is_possible_number(number) or number.extension:
        raise AppError("bad_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _read(written: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None


def _is_korean_mobile(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.region_code_for_number(number) == HOME and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def shown_number(e164: str) -> str:
    """A stored number as people read it."""
    if not e164:
        return ""
    return phonenumbers.format_number(phonenumbers.parse(e164, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def new_digits() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def typed_digits(text: str) -> str | None:
    """What was typed as six plain digits, whatever keyboard, spaces or hyphens; None when it is not six digits."""
    bare = re.sub(r"[\s\-.·]", "", unicodedata.normalize("NFKC", text))
    return bare if len(bare) == DIGITS and bare.isascii() and bare.isdigit() else None


def network(address: str) -> str:
    """Whom a wrong try is counted against: an IPv4 address, or an IPv6 household, which has 2^64 addresses."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def refusal(tries_of_address: int, tries: int) -> str | None:
    """Why no code is looked at now, or None."""
    if tries_of_address >= MAX_TRIES_OF_ADDRESS:
        return "code_tries_exceeded"
    return "codes_paused" if tries >= MAX_TRIES else None
