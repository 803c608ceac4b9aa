"""Dates as people write them, absolute and relative, and what day they mean counted from another.

A relative date keeps `relative` as its value and says what it is in `offset`: `P-3D` three days ago, `P2M` in two months, `PT-3H` three hours ago; `W+1` next
week, `W+1-2` its Tuesday, `W+0-WE` this week-end; `M+1` next month, `M+1-03` its third; `Y-1` last year, `Y+1-03-05` a day in the next; `N5` the
coming Friday, `L5` the last one. An absolute date leaves out what was not said: `--03-05`, `--03`, `---25`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator

from language.date_words import (
    CHINESE_DAYS,
    DAY_WORDS,
    DAYS,
    EAST_WORDS,
    ENGLISH_DAYS,
    ENGLISH_DAYS_NEAR,
    ENGLISH_MONTHS,
    MONTHS,
    NATIVE_DAYS,
    VIETNAMESE,
    VIETNAMESE_DAYS,
    WEEKS,
    YEARS,
)
from language.entity import Entity
from language.matcher import is_hangul
from language.numerals import NATIVE, east_asian, english

Found = tuple[int, int, str, str | None]
Reader = Callable[["re.Match[str]"], "tuple[str, str | None] | None"]

_DAY_PART = r"(?:\s?(?:꼭두)?(?:새벽|아침|오전|점심|한낮|낮|오후|저녁|밤중|한밤중|밤))?"
_WEEKDAY = r"([월화수목금토일])\s?(?:요일|욜)"
_WEEKDAYS = {c: i + 1 for i, c in enumerate("월화수목금토일")}
_PAST = {"전": -1, "후": 1, "뒤": 1, "있다가": 1, "이후": 1, "이전": -1}
_LATER = r"\s?(전|후|뒤|있다가|이후|이전)(?!화|원|기(?:세|료)|자)"
_MONTH_DAY_END = (
    r"(?!\s?(?:간|동안|째|차|이내|안에|내에|내로|이상|이하|짜리|만에|정도 걸|걸리|연속|전|후|뒤|"
    r"밖에|씩|이나|분|치\b|넘|남|지나|지났|만 더|체류|무비자|쯤 걸|짜|속|곱|요일|\d))"
)
_DAY_AFTER = (
    r"(?=에|날|까지|부터|자\b|자로|로\b|이요|요\b|이에요|입니다|인데|밤|새벽|아침|오전|오후|저녁|\s*[(~,.!?]|\s*(?:월|화|수|목|금|토|일)요일|\s*(?:출국|귀국|입국|도착|출발|비행기|항공|결혼|재판|예약|만료|뱅기|아침|오전|"
    r"오후|새벽|밤|저녁)|$)"
)
_M = "|".join(sorted(ENGLISH_MONTHS, key=len, reverse=True))
_D = "|".join(sorted(ENGLISH_DAYS, key=len, reverse=True))


def _small(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text in NATIVE:
        return NATIVE[text]
    if text in NATIVE_DAYS:
        return NATIVE_DAYS[text]
    value = east_asian({"시": "십", "유": "육"}.get(text, text))
    return int(value) if value is not None else 0


def _year(text: str | None) -> str | None:
    if not text:
        return None
    return text if len(text) == 4 else f"20{text}"


def _day(year: str | None, month: int, day: int | None) -> tuple[str, None] | None:
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= monthrange(int(year or 2024), month)[1]):
        return None
    return f"{year or '-'}-{month:02d}" + (f"-{day:02d}" if day is not None else ""), None


def _numeric(match: re.Match[str]) -> tuple[str, None] | None:
    year, month, day = match.groups()
    return _day(_year(year), int(month), int(day))


def _slashed(match: re.Match[str]) -> tuple[str, None] | None:
    text, (month, day) = match.string, match.groups()
    after = text[match.end() : match.end() + 3]
    if (month, day) in {("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4"), ("2", "5")} and not re.match(r"에|부터|까지|일|\s?[(출귀입]", after):
        return None
    return _day(None, int(month), int(day))


def _korean(match: re.Match[str]) -> tuple[str, str | None] | None:
    said, year, month, day = match.group(1), match.group(2), match.group(3), match.group(4)
    found = _day(_year(year), _small(month), _small(day) if day else None)
    word = (said or "").strip()
    if found and word in YEARS:
        return "relative", f"Y{YEARS[word]:+d}{found[0][1:]}"
    return found


def _compact(match: re.Match[str]) -> tuple[str, None] | None:
    year, month, day = match.groups()
    return _day(year, int(month), int(day))


def _offset(form: Callable[[re.Match[str]], str | None]) -> Reader:
    def read(match: re.Match[str]) -> tuple[str, str | None] | None:
        offset = form(match)
        return None if offset is None else ("relative", offset or None)

    return read


def _near_day(match: re.Match[str]) -> str | None:
    word = match.group(1)
    if word == "낼" and re.match(r"\s?(?:수|때|돈|것|거|게|까|지|건|만|필요|생각|테)", match.string[match.end() :]):
        return None
    return f"P{DAYS[word]}D"


def _week(match: re.Match[str]) -> str:
    week, part = WEEKS[match.group(1)], match.group(2) or ""
    if part.startswith(("주말", "주 말")):
        return f"W{week:+d}-WE"
    weekday = match.group(3)
    return f"W{week:+d}" + (f"-{_WEEKDAYS[weekday]}" if weekday else "")


def _named_weekday(match: re.Match[str]) -> str:
    word, weekday = (match.group(1) or "").strip(), _WEEKDAYS[match.group(2)]
    return f"{'L' if word in ('지난', '저번') else 'N'}{weekday}"


def _month(match: re.Match[str]) -> str | None:
    shift, day = MONTHS[match.group(1)], match.group(2)
    if day and not 1 <= int(day) <= 31:
        return None
    return f"M{shift:+d}" + (f"-{int(day):02d}" if day else "")


def _years(match: re.Match[str]) -> str:
    return f"Y{YEARS[match.group(1)]:+d}"


def _ago(match: re.Match[str]) -> str | None:
    number, unit, when = match.groups()
    sign = _PAST[when]
    if number in ("며칠", "몇", "수"):
        return ""
    count = sign * _small(number)
    if not count:
        return None
    unit = unit.strip()
    if unit == "시간":
        return f"PT{count}H"
    if unit in ("주", "주일"):
        return f"P{7 * count}D"
    if unit in ("달", "개월"):
        return f"P{count}M"
    return f"P{count}Y" if unit in ("년", "해") else f"P{count}D"


def _native_ago(match: re.Match[str]) -> str | None:
    word, when = match.groups()
    if word == "며칠":
        return ""
    if word == "반년":
        return f"P{6 * _PAST[when]}M"
    return f"P{_PAST[when] * NATIVE_DAYS[word]}D"


def _english_shift(word: str) -> int:
    return {"last": -1, "past": -1, "previous": -1, "this": 0, "next": 1, "coming": 1, "following": 1}[word.lower()]


def _english_period(match: re.Match[str]) -> str:
    shift, period = _english_shift(match.group(1)), match.group(2).lower()
    if period in ENGLISH_DAYS:
        return f"{'L' if shift < 0 else 'N'}{ENGLISH_DAYS[period]}"
    if period == "weekend":
        return f"W{shift:+d}-WE"
    if period in ("night", "morning", "evening", "afternoon"):
        return f"P{min(shift, 0)}D"
    return f"{period[0].upper()}{shift:+d}"


def _english_ago(match: re.Match[str]) -> str | None:
    number = match.group(1) or match.group(4)
    unit = (match.group(2) or match.group(5)).lower()
    sign = -1 if match.group(3) else 1
    if number.lower() in ("a few", "several", "some"):
        return ""
    value = int(number) if number.isdigit() else 1 if number.lower() in ("a", "an") else 2 if number.lower() == "a couple of" else english(number)
    if not value:
        return None
    count = sign * value
    return {"d": f"P{count}D", "w": f"P{7 * count}D", "m": f"P{count}M", "y": f"P{count}Y", "h": f"PT{count}H"}[unit[0]]


def _chinese_ago(match: re.Match[str]) -> str | None:
    number, unit, when = match.groups()
    value = _small(number)
    if not value:
        return None
    count = value * (-1 if when.startswith("前") or when == "之前" or when == "以前" else 1)
    if unit in ("天", "日"):
        return f"P{count}D"
    if unit[-1] in "月" or unit in ("ヶ月", "か月", "カ月"):
        return f"P{count}M"
    return f"P{7 * count}D" if unit[-1] in "周週期間" else f"P{count}Y"


def _east_week(match: re.Match[str]) -> str:
    word, weekday = match.groups()
    return f"{EAST_WORDS[word]}-{CHINESE_DAYS[weekday]}"


def _rule(pattern: str, read: Reader) -> tuple[re.Pattern[str], Reader]:
    return re.compile(pattern, re.IGNORECASE), read


_YEAR = r"(?:((?:19|20)\d\d|\d\d)\s?년\s?)"
_WITH_DIGITS = (
    _rule(r"(?<![\d.-])'?((?:19|20)\d\d|\d\d)\s?[.-]\s?(\d{1,2})\s?[.-]\s?(\d{1,2})(?!\d|[.-]\d)\.?(?:\s?\([월화수목금토일]\))?", _numeric),
    _rule(r"(?<![\d/])((?:19|20)\d\d)/(\d{1,2})/(\d{1,2})(?![\d/])", _numeric),
    _rule(r"(?<![\d./A-Za-z])(\d{1,2})/(\d{1,2})(?![\d/A-Za-z%]|\.\d)", _slashed),
    _rule(r"(?<![\d-])(20[0-4]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?![\d-])", _compact),
    _rule(
        rf"(?<![\d.박월])(?<!박 )(?<!월 )(\d{{1,2}})\s?일(?!\d){_MONTH_DAY_END}{_DAY_AFTER}{_DAY_PART}",
        lambda m: (f"---{int(m.group(1)):02d}", None) if 1 <= int(m.group(1)) <= 31 else None,
    ),
    _rule(r"(?<!\d)((?:19|20)\d\d)\s?년(?!\s?\d|생|대|도?\s?제|간)도?", lambda m: (m.group(1), None)),
    _rule(r"(?<!\d)(?:((?:19|20)\d\d)\s?年\s?)?(\d{1,2})月(\d{1,2})[日号號]", lambda m: _day(m.group(1), int(m.group(2)), int(m.group(3)))),
    _rule(r"(?<!\d)((?:19|20)\d\d)年(?:(\d{1,2})月)?(?!\d)", lambda m: _day(m.group(1), int(m.group(2)), None) if m.group(2) else (m.group(1), None)),
    _rule(r"(?<![\d月])(\d{1,2})[日号號](?![間间内以目前後后])", lambda m: (f"---{int(m.group(1)):02d}", None) if 1 <= int(m.group(1)) <= 31 else None),
    _rule(r"ngày (\d{1,2}) tháng (\d{1,2})(?: năm (\d{4}))?", lambda m: _day(m.group(3), int(m.group(2)), int(m.group(1)))),
    _rule(r"(?<!\d)(\d{1,3}) (ngày|tuần|tháng|năm) (trước|sau|nữa)", _offset(lambda m: _vietnamese_ago(m))),
)
_KOREAN = (
    _rule(
        rf"(재작년|작년|지난해|올해|금년|내년|내후년|올\s|지난\s|오는\s|이번\s|다음\s)?\s?{_YEAR}?(?<![\d.가-힣])(?<!\d )(\d{{1,2}})\s?월(?!\s?\d{{3}})(?:달)?"
        rf"(?:\s?(\d{{1,2}}|"
        rf"(?:이십|삼십|십)?[일이삼사오육칠팔구]|이십|삼십|십)\s?일(?!\d)(?:날)?(?:\s?\([월화수목금토일]\))?(?:\s?[월화수목금토일]요일)?{_DAY_PART}|"
        rf"\s?(?:초순|초|중순|하순|말일|말)(?=에|까지|부터|쯤|경|이|"
        rf"\s|$|인|로))?",
        _korean,
    ),
    _rule(
        rf"(재작년|작년|올해|내년)?\s?{_YEAR}?(?<![가-힣])(십일|십이|유|시|[일이삼사오칠팔구])월\s?((?:이십|삼십|십)?[일이삼사오육칠팔구]|이십|삼십|십)일(?!\s?[동간]){_DAY_PART}",
        _korean,
    ),
    _rule(r"()()(?<![가-힣])(십일|십이|유|시|[삼사오칠팔구])월()(?=에|까지|부터|\s?(?:초|말|중순))", _korean),
    _rule(rf"(?<![가-힣])({DAY_WORDS}){_DAY_PART}", _offset(_near_day)),
    _rule(
        rf"(지지난|저저번|지난|저번|이번|요번|다다음|다담|담담|다음|담|(?<![가-힣])[금내차])\s?(주\s?말|주(?:일)?(?!유|의|소|민|차|문|거|택|변|간|재|[는지고면세시신라려어었]|로\s?(?:가|사|"
        rf"쓰))(?:\s?{_WEEKDAY})?(?:\s?(?:초|중반|중순))?(?:(?=\s?말\b)\s?말)?){_DAY_PART}",
        _offset(_week),
    ),
    _rule(rf"(오는|다음|지난|이번|저번|돌아오는|담|다가오는)\s?{_WEEKDAY}(?:날)?{_DAY_PART}", _offset(_named_weekday)),
    _rule(rf"(?<![가-힣\d])(){_WEEKDAY}(?:날)?(?!마다){_DAY_PART}", _offset(_named_weekday)),
    _rule(
        rf"(?<![가-힣])(지지난|저저번|지난|저번|이번|요번|다다음|다음|담|이|내|당|익|금)\s?(?:달|월)(?!리|력|러|라|성|의|아|콤|급|세|드|래)(?:\s?(\d{{1,2}})\s?일|\s?(?:초순|초|중순|하순|말)(?=에|까지|"
        rf"부터|쯤|경|이|\s|$|인))?{_DAY_PART}",
        _offset(_month),
    ),
    _rule(r"(?<![가-힣])(재작년|그러께|작년|지난해|올해|금년|내후년|후년|내년)", _offset(_years)),
    _rule(
        rf"(?<![가-힣\d])(\d{{1,3}}|한|두|세|석|네|넉|다섯|여섯|일곱|여덟|아홉|열|며칠|몇|일|이|삼|사|오|육|칠|팔|구|십|삼십)\s?(시간|일|달|주일|주|개월|년|해)(?:\s?(?:쯤|정도))?{_LATER}",
        _offset(_ago),
    ),
    _rule(
        rf"(?<![가-힣])(며칠|하루|이틀|사흘|나흘|닷새|엿새|이레|여드레|아흐레|열흘|보름|일주일|이주일|삼주일|반년)(?:\s?(?:쯤|정도))?{_LATER}",
        _offset(_native_ago),
    ),
    _rule(r"(크리스마스\s?이브)|크리스마스|성탄절", lambda m: ("--12-24" if m.group(1) else "--12-25", None)),
)


def _vietnamese_ago(match: re.Match[str]) -> str:
    count = int(match.group(1)) * (-1 if match.group(3) == "trước" else 1)
    return {"ngày": f"P{count}D", "tuần": f"P{7 * count}D", "tháng": f"P{count}M", "năm": f"P{count}Y"}[match.group(2).lower()]


_NUMBER_WORD = r"\d{1,3}|an?|a couple of|a few|several|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
_LATIN = (
    _rule(
        rf"\b({_M})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? ((?:19|20)\d\d))?",
        lambda m: _day(m.group(3), ENGLISH_MONTHS[m.group(1).lower()], int(m.group(2))),
    ),
    _rule(
        rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_M})\b(?:,? ((?:19|20)\d\d))?",
        lambda m: _day(m.group(3), ENGLISH_MONTHS[m.group(2).lower()], int(m.group(1))),
    ),
    _rule(rf"(?<=\bin )({_M})(?: ((?:19|20)\d\d))?\b", lambda m: _day(m.group(2), ENGLISH_MONTHS[m.group(1).lower()], None)),
    _rule(r"\b(?:the )?day after tomorrow\b", _offset(lambda m: "P2D")),
    _rule(r"\b(?:the )?day before yesterday\b", _offset(lambda m: "P-2D")),
    _rule(
        r"\b(today|tonight|tomorrow|tmrw|tmr|yesterday)(?: (?:morning|afternoon|evening|night))?\b",
        _offset(lambda m: f"P{ENGLISH_DAYS_NEAR[m.group(1).lower()]}D"),
    ),
    _rule(rf"\b(last|past|previous|this|next|coming|following) (week|month|year|weekend|night|morning|evening|afternoon|{_D})\b", _offset(_english_period)),
    _rule(
        rf"\b({_NUMBER_WORD}) (days?|weeks?|months?|years?|hours?) (ago|before)\b|\bin ({_NUMBER_WORD}) (days?|weeks?|months?|years?|hours?)\b",
        _offset(_english_ago),
    ),
    _rule(r"(?<=\bon )(monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b", _offset(lambda m: f"N{ENGLISH_DAYS[m.group(1).lower()]}")),
    _rule("|".join(sorted(VIETNAMESE, key=len, reverse=True)), _offset(lambda m: VIETNAMESE[m.group().lower()])),
    _rule(
        r"thứ (hai|ba|tư|năm|sáu|bảy)(?: (tuần sau|tuần tới|tuần này|tuần trước))?",
        _offset(
            lambda m: f"{VIETNAMESE[m.group(2).lower()]}-{VIETNAMESE_DAYS[m.group(1).lower()]}" if m.group(2) else f"N{VIETNAMESE_DAYS[m.group(1).lower()]}"
        ),
    ),
)
_EAST = "|".join(sorted(EAST_WORDS, key=len, reverse=True))
_EAST_ASIAN = (
    _rule(r"(来週|先週|今週|再来週|下周|下週|上周|这周|本周|下个星期|上个星期|这个星期|下星期|上星期)の?([月火水木金土日])曜日?", _offset(_east_week)),
    _rule(r"(下周|下週|上周|这周|本周|下个星期|上个星期|这个星期|下星期|上星期)([一二三四五六日天])", _offset(_east_week)),
    _rule(_EAST, _offset(lambda m: EAST_WORDS[m.group()])),
    _rule(r"(?:星期|礼拜|(?<![一上下这本每])周)([一二三四五六日天])(?![年边围])", _offset(lambda m: f"N{CHINESE_DAYS[m.group(1)]}")),
    _rule(r"([月火水木金土日])曜日?", _offset(lambda m: f"N{CHINESE_DAYS[m.group(1)]}")),
    _rule(r"(\d{1,3}|[一二三四五六七八九十两]{1,3})\s?(天|日|个?星期|周|週間|个?月|ヶ月|か月|カ月|年)(?:之)?(前|後|后|以前|以后)", _offset(_chinese_ago)),
)
_HAS_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_HAS_LATIN = re.compile("[A-Za-z]{2}")


def dates(text: str) -> Iterator[Entity]:
    """Every date in the text; the longest of those that overlap is for the caller to choose."""
    rules: list[tuple[re.Pattern[str], Reader]] = []
    if any(map(is_hangul, text)):
        rules += _KOREAN
    if any(c.isdigit() for c in text):
        rules += _WITH_DIGITS
    if _HAS_LATIN.search(text):
        rules += _LATIN
    if _HAS_CJK.search(text):
        rules += _EAST_ASIAN
    for pattern, read in rules:
        for match in pattern.finditer(text):
            found = read(match)
            if found is not None and match.group().strip():
                written = match.group().strip()
                start = match.start() + match.group().index(written[0])
                yield Entity("date", written, found[0], start, start + len(written), offset=found[1])
