"""Phone numbers of any country: with their code, or local where the text names a country; Korean ones always."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from language.entity import Entity

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9.,+*-])(?:\+\s?)?\(?\d(?:[\s().·-]{0,3}\d){6,16}(?![A-Za-z0-9*]|[.,]\d)")
_DATE_LIKE = re.compile(r"(?:19|20)\d\d(?:[-./]\s?\d{1,2}){2}")
_RESIDENT = re.compile(r"\d{6}\s?-\s?[1-8]\d{6}")
_KOREAN_LOCAL = re.compile(r"0(?:1[016789]|2|[3-6]\d|70|50\d?|80)|1[568]\d\d-?\d{4}$")
_CUE = re.compile(r"전화|연락처|번호|휴대폰|핸드폰|폰|연락|팩스|카톡|whatsapp|tel|phone|call|mobile|电话|手机|電話|携帯|điện thoại|số", re.IGNORECASE)
_OTHER_CUE = re.compile(r"카드|계좌|여권|주민|등록번호|예약|항공|편명|송장|사건|접수|비번|비밀번호|통장|은행", re.IGNORECASE)
_LONGEST = 15


def phones(text: str, countries: Iterable[str]) -> Iterator[Entity]:
    """Numbers that exist in a country named in the text or in Korea, or that carry their code. Without the `phonenumbers` package only their shape decides."""
    if sum(c.isdigit() for c in text) < 7:
        return
    library = _library()
    regions = list(dict.fromkeys([*countries, "KR"]))
    for match in _CANDIDATE.finditer(text):
        written = match.group()
        digits = re.sub(r"\D", "", written)
        if len(digits) > _LONGEST or _DATE_LIKE.match(written) or _RESIDENT.match(written):
            continue
        value = _shape(written, digits) if library is None else _number(library, written, digits, regions)
        before = text[max(0, match.start() - 14) : match.start()]
        others = list(_OTHER_CUE.finditer(before))
        if others and not any(cue.start() > others[-1].end() for cue in _CUE.finditer(before) if cue.group() != "번호"):
            continue
        if value is None and "+" not in written and len(digits) >= 8 and _CUE.search(before) and not (len(digits) > 12 and "-" not in written):
            value = digits
        if value is None:
            continue
        start = match.start() + (1 if written.startswith("(") and written.count("(") > written.count(")") else 0)
        yield Entity("phone", text[start : match.end()], value, start, match.end())


def _library() -> Any:
    """`phonenumbers`, which Rasa's environment has not."""
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


def _shape(written: str, digits: str) -> str | None:
    if written.startswith("+"):
        return f"+{digits}"
    return f"+82{digits.lstrip('0')}" if digits.startswith("0") and 9 <= len(digits) <= 11 and _KOREAN_LOCAL.match(digits) else None


def _number(library: Any, written: str, digits: str, regions: list[str]) -> str | None:
    """E.164 of the first reading that is a number which exists."""
    readings: list[tuple[str, str | None]] = []
    if written.startswith("+"):
        readings.append((f"+{digits}", None))
    elif digits.startswith("00") and len(digits) > 10:
        readings.append((f"+{digits.lstrip('0')}", None))
    else:
        is_korean = _KOREAN_LOCAL.match(digits) is not None and len(digits) <= 11
        readings += [(digits, region) for region in regions if region != "KR" or is_korean]
        if digits.startswith("82") and len(digits) >= 11:
            readings.append((f"+{digits}", None))
    for number, region in readings:
        try:
            parsed = library.parse(number, region)
        except library.NumberParseException:
            continue
        if library.is_valid_number(parsed) or (number.startswith("+") and library.is_possible_number(parsed)):
            return str(library.format_number(parsed, library.PhoneNumberFormat.E164))
    return None
