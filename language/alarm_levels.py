"""Travel alarm levels by number, colour and name, today's and former ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from language.entity import Entity

_NAMES = {
    "여행유의": "1", "여행 유의": "1", "여행자제": "2", "여행 자제": "2", "출국권고": "3", "출국 권고": "3", "철수권고": "3", "철수 권고": "3",
    "여행제한": "3", "여행 제한": "3",
    "여행금지": "4", "여행 금지": "4",
}  # fmt: skip
_COLOURS = {"남색": "1", "황색": "2", "적색": "3", "흑색": "4"}
_SINO = {"일": "1", "이": "2", "삼": "3", "사": "4", "一": "1", "二": "2", "三": "3", "四": "4", "one": "1", "two": "2", "three": "3", "four": "4"}
_ALARM = r"(?:(?:해외\s?)?여행\s?경보|경보|경고)"
_N = r"([1-4]|[일이삼사](?=\s?단계))"
_LEVEL = re.compile(
    rf"(?:{_ALARM}\s?(?:단계\s?)?)?(?<![\d.]){_N}\s?단계(?:\s?(?:{_ALARM}))?|{_ALARM}\s?(?:레벨|level)\s?([1-4])(?!\d)|(?:레벨\s?)([1-4])(?!\d)(?:\s?{_ALARM})?",
    re.IGNORECASE,
)
_NAMED = re.compile("|".join(sorted(_NAMES, key=len, reverse=True)))
_COLOUR = re.compile(r"(남색|황색|적색|흑색)(?:\s?(?:여행\s?)?(경보)(?:령)?)?")
_SPECIAL = re.compile(r"특별\s?(?:여행\s?)?주의보|특별\s?여행\s?경보|special travel (?:advisory|alert|warning)", re.IGNORECASE)
_ENGLISH = re.compile(
    r"(?:travel )?(?:(?:advisory|alert|alarm|warning) )?level[ -]?([1-4]|one|two|three|four)\b(?: (?:travel )?(?:alert|ban|advisory|warning|alarm))?|"
    r"\b(black|red|yellow|amber|orange|navy|blue) (?:travel )?(?:alert|alarm|warning)\b|\b(travel ban)\b",
    re.IGNORECASE,
)
_ENGLISH_COLOURS = {"black": "4", "red": "3", "yellow": "2", "amber": "2", "orange": "2", "navy": "1", "blue": "1"}
_EAST_ASIAN = re.compile(
    r"(?:旅行(?:警报|警報|警告)|渡航(?:警報|情報))?\s?([1-4一二三四])\s?(?:级|級|レベル)(?:旅行(?:警报|警報|警告))|レベル([1-4])(?:警報)?|旅行(?:警报|警報)\s?([1-4一二三四])\s?[级級]"
)
# What must be spoken of for "3단계" or "남색" alone to be an alarm level.
_CONTEXT = re.compile(
    r"경보|여행\s?(?:금지|유의|자제)|출국\s?권고|철수\s?권고|위험\s?(?:국가|지역|등급|단계)|travel (?:alert|advisory|ban|warning)", re.IGNORECASE
)
_ALONE = re.compile(r"^\s+|[\s.?!~요이인가데은는]+$")
_TRAVEL = re.compile(r"travel|advisory|alert|country|경보|여행", re.IGNORECASE)
_OTHER_ALARM = re.compile(r"(?:눈사태|산사태|태풍|지진|호우|홍수|폭염|한파|쓰나미|해일|대설|강풍|화재|미세먼지|황사|테러|화산)\s?$")
_NO_COLOUR_OF_AN_ALARM = re.compile(
    r"\s?(?:여권|옷|셔츠|가방|바지|치마|모자|자켓|재킷|코트|양복|정장|차|신호|불|종이|배경|점퍼|티|원피스|운동화|지갑|으로 바뀌)"
)


def alarm_levels(text: str) -> Iterator[Entity]:
    """Levels, adjoining ways to say the same one joined ("4단계 여행금지")."""
    found = sorted(_found(text), key=lambda e: (e.start, -e.end))
    joined: list[Entity] = []
    for entity in found:
        last = joined[-1] if joined else None
        if last and entity.start < last.end:
            continue
        if last and last.value == entity.value and text[last.end : entity.start] == " ":
            joined[-1] = Entity("alarm_level", text[last.start : entity.end], last.value, last.start, entity.end)
        else:
            joined.append(entity)
    yield from joined


def _entity(text: str, value: str, start: int, end: int) -> Entity:
    return Entity("alarm_level", text[start:end], value, start, end)


def _found(text: str) -> Iterator[Entity]:
    has_context: bool | None = None
    if "단계" in text or "레벨" in text:
        for match in _LEVEL.finditer(text):
            raw = next(group for group in match.groups() if group)
            has_context = _CONTEXT.search(text) is not None if has_context is None else has_context
            if _OTHER_ALARM.search(text[max(0, match.start() - 6) : match.start()]):
                continue
            if ("경보" in match.group() or has_context) and not text.startswith("로 나", match.end()):
                yield _entity(text, _SINO.get(raw, raw), *match.span())
    for match in _NAMED.finditer(text):
        yield _entity(text, _NAMES[match.group()], *match.span())
    for match in _SPECIAL.finditer(text):
        yield _entity(text, "special", *match.span())
    if "색" in text:
        for match in _COLOUR.finditer(text):
            has_context = _CONTEXT.search(text) is not None if has_context is None else has_context
            named = match.group(2) or text.startswith((" 단계", "단계", " 국가", "국가", " 지역", "지역", " 나라"), match.end())
            alone = _ALONE.sub("", text) == match.group()
            if (named or has_context or alone) and not _NO_COLOUR_OF_AN_ALARM.match(text, match.end()):
                yield _entity(text, _COLOURS[match.group(1)], *match.span())
    for match in _ENGLISH.finditer(text):
        level, colour, _ = match.groups()
        if level and " " not in match.group().strip().replace("evel ", "") and not _TRAVEL.search(text):
            continue
        value = _SINO.get(level.lower(), level) if level else _ENGLISH_COLOURS[colour.lower()] if colour else "4"
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        yield _entity(text, value, start, match.end())
    if "级" in text or "級" in text or "レベル" in text:
        for match in _EAST_ASIAN.finditer(text):
            raw = next(group for group in match.groups() if group)
            yield _entity(text, _SINO.get(raw, raw), *match.span())
