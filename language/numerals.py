"""Numbers as people write them: 1,200 · 3천 · 5만3천 · 백만 · 열흘 · two hundred · 三百 · 5 triệu."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = dict(zip("영일이삼사오육칠팔구", range(10), strict=True)) | {"공": 0, "륙": 6, "유": 6, "시": 10}
_HANJA = dict(zip("〇一二三四五六七八九", range(10), strict=True)) | {"两": 2, "兩": 2, "零": 0}
_SMALL = {"십": 10, "백": 100, "천": 1000, "十": 10, "百": 100, "千": 1000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_WORDS = {
    name: value
    for value, name in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        )
    )
} | dict(zip(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), range(20, 100, 10), strict=True))
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
NUMBER_WORDS = tuple(sorted((*_WORDS, *_SCALES), key=len, reverse=True))
NATIVE = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_PIECE = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\d\s,]")


def east_asian(text: str) -> Decimal | None:
    """`5만 3천`, `백만`, `1억2천`, `三百`: the number, or None."""
    total, part, current = Decimal(0), Decimal(0), None
    for piece in _PIECE.findall(text):
        if piece[0].isdigit():
            current = Decimal(piece.replace(",", ""))
        elif piece in _DIGITS or piece in _HANJA:
            current = Decimal(_DIGITS.get(piece, _HANJA.get(piece, 0)))
        elif piece in _SMALL:
            part += (1 if current is None else current) * _SMALL[piece]
            current = None
        elif piece in _LARGE:
            whole = part + (current or 0)
            total += (whole or 1) * _LARGE[piece]
            part, current = Decimal(0), None
        else:
            return None
    return total + part + (current or 0)


def english(text: str) -> int | None:
    """`two hundred and fifty`: 250; None when a word is no number."""
    total, part = 0, 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _WORDS:
            part += _WORDS[word]
        elif word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                part = max(part, 1) * scale
            else:
                total += max(part, 1) * scale
                part = 0
        elif word == "a":
            part = max(part, 1)
        elif word != "and":
            return None
    return total + part or None


def plain(number: Decimal) -> str:
    """Without separators, exponent or needless zeros."""
    if number == number.to_integral_value():
        return str(int(number))
    return format(number.normalize(), "f")
