"""Whether a question asks about the past, and about which days: "2020년에는 마스크 몇 장까지 됐어요?"

A year alone does not make a question one about the past ("2020년에 만든 여권 지금도 되나요?"): in Korean what is asked must be in the past as well
("얼마였더라", "안 됐었죠 그때 낸 것 같은데"), or nothing but a name may follow ("2019년도 긴급여권 값"), or the words say so ("2025년 기준으로",
"조정 전에는 … 였던").
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """Days asked about, both included; ``first`` is None when the past is meant but no date is given."""

    first: date | None
    last: date | None


_DIGITS = {"영": 0, "공": 0, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "유": 6, "칠": 7, "팔": 8, "구": 9}
_SPOKEN_YEAR = re.compile(r"이천\s?(이십|십)?\s?([일이삼사오육칠팔구])?\s?년")
_SPOKEN_MONTH = re.compile(r"(?<![가-힣])(십이|십일|시|일|이|삼|사|오|유|칠|팔|구)월")
#: What four digits count or name when they are no year: "2000바트", "2003호", "OZ2012편".
_COUNTED = (
    r"(?:[원불엔동호편번명장석만천억円元人号]|개(?!정)|"
    r"[가-힣]{0,4}(?:달러|유로|위안|바트|밧|페소|루피|파운드|링깃|리엘|프랑|루블|리라|디르함)|(?:usd|dollars?|euros?|krw|won|yen|baht|thb|dong|vnd|pesos?)\b)"
)
_YEAR = re.compile(rf"(?<![\dA-Za-z$€£¥₩])((?:19|20)\d\d)\s*(?:년도?(?!\s?생)|年|[./-](?=\s*\d)|(?![\d년]|\s?{_COUNTED}))", re.I)
#: "22년에", and not "10년짜리", "20년 전": a year of two digits, said with a particle or a month.
_SHORT_YEAR = re.compile(r"(?<!\d)(2[0-9])년(?:도)?(?=(?:에|엔|도에|\s?당시|\s?\d{1,2}월))(?!에\s?한)")
#: "올해 5월", "지난 6월": of this year or the last one, whichever is past; a bare month only beside what is asked of the past.
_OWN_MONTH = re.compile(r"(?<!내년 )(?<!다음 )(올해|금년|올|지난)?\s?(?<!\d)(?<!내년 )(1[0-2]|[1-9])월(?:\s*(3[01]|[12]\d|[1-9])\s*일)?")
_MONTH = re.compile(r"(?:^|[년年./\s-])\s*(1[0-2]|0?[1-9])\s*(?:월|月)(?:\s*(3[01]|[12]\d|0?[1-9])\s*(?:일|日|号))?")
_DOTTED = re.compile(r"(?:19|20)\d\d\s*[./-]\s*(1[0-2]|0?[1-9])(?:\s*[./-]\s*(3[01]|[12]\d|0?[1-9]))?(?!\d)")
_ENGLISH_MONTH = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.I)
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASON = (
    (re.compile(r"봄"), 3, 5),
    (re.compile(r"여름"), 6, 8),
    (re.compile(r"가을"), 9, 11),
    (re.compile(r"연초|(?<=[년해])도?\s?초(?=에|쯤|까지|의|[\s?.!]|$)"), 1, 2),
    (re.compile(r"연말|(?<=[년해])도?\s?말(?=에|쯤|까지|의|[\s?.!]|$)"), 11, 12),
    (re.compile(r"상반기"), 1, 6),
    (re.compile(r"하반기"), 7, 12),
)
_VAGUE = re.compile(
    r"예전|옛날|당시|그때|그 때|과거|전에는|처음에|코로나\s?(?:때|시절|시기)|팬데믹 때|몇\s?년\s?전|"
    r"back then|used to|in the past|以前|当時|过去|当时|从前|hồi đó|trước đây|ngày trước",
    re.I,
)
_COVID = re.compile(r"코로나\s?(?:때|시절|시기)|during covid|コロナの時|疫情期间", re.I)
_AGO = {"재재작년": 3, "재작년": 2, "작년": 1, "지난해": 1, "去年": 1, "last year": 1, "năm ngoái": 1}
#: A syllable of the past: any that ends in ㅆ, save 있 and 겠.
_PAST = "[" + "".join(chr(code) for code in range(ord("가") + 20, ord("힣") + 1, 28) if chr(code) not in "있겠") + "]"
#: The last predicate of a Korean sentence in the past: 됐어요, 였나요, 있었죠, 했습니까, 맞았나, 이었음, 몇개였어, 할 수 있었는지.
_PAST_ENDING = re.compile(
    rf"(?:[가-힣]*{_PAST})(?:었)?"
    r"(?:어요?|나요?|지요?|죠|습니까|습니다|을까요?|는지요?|는데요?|음|니|냐|던가요?|던지|다|는가요?|는지 (?:알려|궁금).*)?\s*[?.!~ㅋㅎㅠㅜ]*\s*$"
)
_OPEN_ENDING = re.compile(
    r"(?:목록|값|얼마|몇\s?(?:장|개|개국|나라|명|원|곳|살|세|단계)|"
    r"이름|기준|한도|수량|수수료|비용|규정|제한|명단|국가|나라|(?:국가|나라) 수|단계|금액|가격|내용|때)"
    r"\s*[?.!~]*\s*$"
)
#: What has happened, told: "만료됐어요", "잃어버렸습니다"; the same ending asks where a word or a mark does.
_STATEMENT = re.compile(r"(?:[아어]요|습니다|음|다|는데요?)[\s.!~ㅋㅎㅠㅜ]*$")
_ASKS = re.compile(
    r"[?？]|몇(?!\s?(?:년|개월|달|주|시간)\s?(?:전|째))|얼마(?!\s?전)|언제|[뭐뭘뭔]|(?<![가-힣])머(?![리무])|무엇|무슨|어디|어느|어떤|어떻|어땠|누구|왜|며칠(?!\s?(?:전|째))|맞(?!았)"
)
#: A question in the past, and whatever follows it: "얼마였죠 영수증을 잃어버려서", "됐던 거 맞죠".
_PAST_ASKED = re.compile(
    rf"{_PAST}(?:었)?(?:나요?|더라|던가요?|죠|지요?|는지|습니까|을까요?|냐|니|다면서요?|던\s?(?:거|건|것|게))(?=[\s?.!~,]|$|예|요|죠|지|맞|아|같|인|가|이)"
)
#: Something in the past, said of what is asked.
_PAST_SAID = re.compile(rf"{_PAST}(?:었|던|나|더라|죠|지|는지|습|을|냐|니|어|다)|[가-힣][되하이가오쓰받내]?던(?=\s|지|가|데)")
#: Days or a rule of another time, in so many words.
_OF_THAT_TIME = re.compile(r"당시|그때|그 때|그땐|기준(?:으로|이면|의|은|엔|에는)?(?=[\s,]|$)|기록|공지(?:로는|에선|에서는)")
_BEFORE_A_CHANGE = re.compile(
    r"(?:개정|조정|변경|인상|인하|개편|연기|확대|폐지)(?:되기|하기)?\s?(?:이전|전)|(?:바뀌|오르|내리|없어지|생기|늘|줄)기\s?(?:이전|전)|원래\s(?:일정|공지|안내)|당초|처음\s?(?:공지|안내|나)"
)
#: No predicate at the end: a name, with a particle at most.
_NAME_AT_THE_END = re.compile(r"(?<=\w)(?<![요다까죠나니네어아지냐음함됨래대데든서면고해돼봐줘야게줄듯워])(?:[은는]요?)?\s*[?.!~]*$")
#: Letters of such a question.
LONGEST_NAME = 30
_SENTENCE_END = re.compile(r"[.!?。]\s*\S|(?:어요|아요|해요|니다|는데|은데|ㄴ데|했고|지만)\s")
#: A thing of that time rather than a question about it: "2020년에 만든 여권".
_THING_OF_THEN = re.compile(
    r"(?:만든|받은|받아\s?둔|발급한|발급된|신청한|접수한|낸|산|찍은|잃어버린|뗀|떼어\s?둔|입국한|출국한|결혼한|태어난|보다|비해|대비|년생)"
)
#: A date that is put behind the question: "…였나요 2021년", "… 2020년 안내 기준으로".
_DATE_BEHIND = re.compile(r"\s+(?:19|20)\d\d\s*년?도?(?:\s*\d{1,2}월)?(?:에|이요|요)?\s*(?:(?:당시|안내|공지)?\s*기준(?:으로)?(?:요)?)?\s*[?.!~]*$")
#: Parts of a month: from which day to which (none: its last).
_PART = (
    (re.compile(r"초순|초(?:에|쯤|까지|의)?[는도]?(?![가-힣])"), 1, 10),
    (re.compile(r"중순"), 11, 20),
    (re.compile(r"하순|말(?:에|쯤|경|까지|의)?[는도]?(?![가-힣])"), 21, None),
)
#: Where a question in the present ends and something is told behind it: "맞죠? 예전에 그렇게 냈는데", "맞나요 작년에 …".
_TOLD_BEHIND = re.compile(r"(?:[?？]|(?:나요|까요|가요|인가|죠|지요|니까)(?=\s))\s*(?=\S)")
#: Asks about now in so many words; a date before it then only describes a thing.
_NOW = re.compile(r"지금도?|현재|아직도?|요즘|이제|앞으로|올해|still|now|currently|今でも|现在|bây giờ|hiện nay")
_COMPARED = re.compile(r"(?:[12]\d{3}년?|작년|지난해)(?:에)?\s?(?:보다|비해|대비)")
_THEN_NOW = re.compile(r"이름이?\s?(?:뭘로|뭐로|어떻게)\s?바뀌")
_ENGLISH_PAST = re.compile(r"\b(was|were|did|could|had|used to|got)\b", re.I)
_JAPANESE_PAST = re.compile(r"(でした|ました|だった|った|できた)(か|の|っけ)?[。?？]*\s*$")


def _spoken(text: str) -> str:
    """Numbers said in words: 이천이십년 오월 becomes 2020년 5월."""

    def year(match: re.Match[str]) -> str:
        tens = {"이십": 20, "십": 10}.get(match.group(1) or "", 0)
        return f"{2000 + tens + (_DIGITS[match.group(2)] if match.group(2) else 0)}년"

    def month(match: re.Match[str]) -> str:
        word = match.group(1)
        if word.startswith("십"):
            return f"{10 + (_DIGITS[word[1]] if len(word) > 1 else 0)}월"
        return f"{10 if word == '시' else _DIGITS[word]}월"

    return _SPOKEN_MONTH.sub(month, _SPOKEN_YEAR.sub(year, text))


def _days(year: int, first_month: int, last_month: int | None = None, day: int | None = None) -> Period:
    last_month = last_month or first_month
    if day is not None:
        exact = date(year, first_month, min(day, calendar.monthrange(year, first_month)[1]))
        return Period(exact, exact)
    return Period(date(year, first_month, 1), date(year, last_month, calendar.monthrange(year, last_month)[1]))


def _ends_in_the_past(text: str) -> bool:
    """Whether the last predicate is in the past and asks rather than tells."""
    return _PAST_ENDING.search(text) is not None and (_ASKS.search(text) is not None or _STATEMENT.search(text) is None)


def _named_days(text: str, today: date) -> Period | None:
    """The days that the text names, whether or not it asks about them."""
    match = _YEAR.search(text) or _SHORT_YEAR.search(text)
    year = int(match.group(1)) if match else next((today.year - n for word, n in _AGO.items() if word in text.lower()), None)
    if year is not None and year < 100:
        year += 2000
    own = _OWN_MONTH.search(text) if year is None else None
    if own is not None and (own.group(1) or _ends_in_the_past(text) or _PAST_ASKED.search(text)):
        month = int(own.group(2))
        return _days(today.year if month <= today.month else today.year - 1, month, day=int(own.group(3)) if own.group(3) else None)
    if year is None:
        return Period(date(2020, 1, 20), date(2023, 5, 31)) if _COVID.search(text) else None
    rest = text[match.start() :] if match else text
    found = _DOTTED.search(rest) or _MONTH.search(rest)
    if found:
        whole = _days(year, int(found.group(1)), day=int(found.group(2)) if found.group(2) else None)
        return whole if found.group(2) else _part_of(whole, rest[found.end() : found.end() + 6])
    english = _ENGLISH_MONTH.search(text)
    if english:
        return _days(year, _ENGLISH.index(english.group(1)[:3].lower()) + 1)
    for words, first, last in _SEASON:
        if words.search(rest):
            return _days(year, first, last)
    return _days(year, 1, 12)


def _part_of(month: Period, behind: str) -> Period:
    """The beginning, middle or end of a month, where the words right behind it say so."""
    assert month.first is not None  # noqa: S101
    assert month.last is not None  # noqa: S101
    for words, first, last in _PART:
        if words.match(behind.lstrip("에의 ")):
            return Period(month.first.replace(day=first), month.last if last is None else month.first.replace(day=last))
    return month


def _names_that_time(asked: str, text: str, is_closed: bool) -> bool:
    """Whether a Korean question that names past days asks about them without a predicate in the past; ``is_closed``: they ended before this year."""
    if _OPEN_ENDING.search(asked):
        return True
    if _THING_OF_THEN.search(text):
        return False
    is_name = len(asked) <= LONGEST_NAME and not _SENTENCE_END.search(asked) and bool(_NAME_AT_THE_END.search(asked))
    return (is_name and is_closed) or bool(_OF_THAT_TIME.search(text) and (_PAST_SAID.search(text) or "기준" in text or "당시" in text))


def _without_aside(text: str, today: date) -> str:
    """The question without what is told behind it, where only that names another time: "53달러 맞죠? 예전에 그렇게 냈는데" asks about now."""
    ends = [match.end() for match in _TOLD_BEHIND.finditer(text)]
    head, told = (text[: ends[-1]], text[ends[-1] :]) if ends else (text, "")
    names_a_time = _VAGUE.search(head) or _OF_THAT_TIME.search(head) or _named_days(head, today) is not None
    if not _PAST_ENDING.search(told) or _ASKS.search(told) or names_a_time or _PAST_ASKED.search(head):
        return text
    return head


def asked_period(text: str, today: date, language: str = "ko") -> Period | None:
    """The past days a question is about, or None for a question about now."""
    text = _spoken(text.strip())
    if language == "ko":
        text = _without_aside(text, today)
    days = _named_days(text, today)
    if days is not None and days.first is not None and days.first > today:
        return None
    if days is not None and days.last is not None and days.last >= today:
        days = Period(days.first, today - timedelta(days=1)) if days.first is not None and days.first < today else None
    is_vague = bool(_VAGUE.search(text) or (_BEFORE_A_CHANGE.search(text) and _PAST_SAID.search(text)))
    if days is None and not is_vague:
        return None
    if _THEN_NOW.search(text) or _COMPARED.search(text) or (_NOW.search(text) and not _ends_in_the_past(text)):
        return None
    if language == "ko":
        asked = _DATE_BEHIND.sub("", text).rstrip("ㅋㅎㅠㅜ ")
        asks = bool(_ends_in_the_past(asked) or _PAST_ASKED.search(asked)) or (
            days is not None and _names_that_time(asked, text, days.last is not None and days.last.year < today.year)
        )
    elif language == "en":
        asks = bool(_ENGLISH_PAST.search(text))
    elif language == "ja":
        asks = bool(_JAPANESE_PAST.search(text))
    else:
        asks = days is not None
    if not asks:
        return None
    return days or Period(None, None)
