"""What kind of thing a question wants (a sum, a number to call, a time, a level), which sentences give one, and which at least speak of it.

An answer that is asked for a sum and says nothing of money is no answer, however near its notice lies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Kind:
    """One kind of thing."""

    name: str
    asks: re.Pattern[str]
    gives: re.Pattern[str]  # a value of that kind
    speaks: re.Pattern[str]  # or words about it: "나라마다 다르므로", "무료"
    is_needed: bool = True  # whether a notice that does not speak of it cannot answer


#: A stretch of time; the parts of a calendar date ("2025년 6월 30일") are none.
_SPAN = re.compile(
    r"(?<![\d월])(?<!월 )\d{1,3}\s*(?:일|개월|년|시간|주|달|분|영업일)(?!\s*\d)|한 달|두 달|석 달|한 주|두 주|하루|이틀|사흘|"
    r"나흘|닷새|당일|보름|반년|한 번|두 번|바로|즉시|24시간|해마다|매년|언제든"
)

#: The units of money, of whichever country ("400뉴질랜드달러", "3만 동").
_MONEY = (
    r"(?:원(?!인|칙|본|래|서)|[가-힣]{0,6}(?:달러|유로|파운드|페소|루피|바트|위안|링깃|리얄|디르함|디나르|텡게|루블|프랑|크로나|크로네|코루나|헤알|투그릭|리엘|리라)|"
    r"엔(?![가-힣])|(?:베트남\s?)?동(?![가-힣])|숨(?![가-힣])|킵(?![가-힣])|솜(?![가-힣])|랜드(?![가-힣])|USD|EUR|JPY|CNY)"
)

KINDS = (
    Kind(
        "fee",
        re.compile(
            r"(?<!기간)(?<!기한)(?<!기간 )(?<!기한 )(?<!기간이 )(?<!기간은 )(?<!기한이 )(?<!기한은 )"
            r"얼마(?!나|만에|마다|쯤 지|\s?(?:동안|전|뒤|후|까지|단위|지나|있다))|얼마나\s?(?:들|드나|드는|드려|내|나오|나와|나올|받[아는습]|하나|해요|깎)|"
            r"(?:검역|운구|장례|입원|치료|심사|등록|재발급|보험|공증|변호사|통역|항공|배송)\s?(?:비|료)(?=$|[\s은는이가을를도?])|"
            r"비용|수수료|가격|요금|(?<!몸)값|금액|접수비|신청비|발급비|병원비|이자|공짜|무료|돈\s?(?:내(?!놓)|드|들|받|은)|"
            r"how much|\bfees?\b|\bfines?\b(?! with| to | for me)|\bcosts?\b|price|free of charge|"
            r"いくら|料金|手数料|費用|無料|多少钱|费用|手续费|收费|免费|bao nhiêu tiền|lệ phí|phí|miễn phí",
            re.I,
        ),
        re.compile(rf"\d[\d,.]*\s*(?:[천백십]?만|[천백])?\s*(?:{_MONEY})|무료|부담|(?:들지|받지) 않|(?:정부|나라|회사)[가에]서? (?:모두 )?[내냅]"),
        re.compile(r"(?<=[\d천백십만억])\s*원(?:입|이|을|으)|달러|유로|수수료|비용|요금|금액|무료|유료|부담|대납|빌려|갚|이자|한도|(?<![가-힣])돈"),
    ),
    Kind(
        "phone",
        re.compile(
            r"(?:전화번호|연락처)(?!도\s)|전번|(?:몇|무슨)\s?번(?!째|\s?까지|\s?(?:틀|잃|이상|넘|연속|이나|만에|오나|와요|갈|쓸|받을|하면|할)|\s?해(?!야))|"
            r"(?<!등록)(?<!여권\s)(?<!여권)(?<!주민)(?<!계좌)(?<!카드)(?<!비밀)(?<!접수)(?<!인증)(?<!우편)(?<!면허)(?<!차량)"
            r"번호\s?(?:\d|좀|알|가|는|뭐|를|요|어디|줘|주세|주이|불러)|대표\s?번호|(?:당직|긴급|비상)\s?(?:폰|번호|전화)|전화(?:요|는요)|"
            r"(?:번호|전화)\s*$|자리\s?(?:전화|번호)|어디(?:로|에|다)?\s?(?:전화|연락|걸)|phone (?:number|no)|hotline|what number|which number|"
            r"main line|main number|contact number|telephone|who (?:do|should) (?:i|we) call|"
            r"電話|连絡先|連絡先|电话|联系方式|号码|số điện thoại|số nào|gọi số|số tổng đài|số trực",
            re.I,
        ),
        re.compile(r"\d{2,4}-\d{3,4}|KoreaMofa|국번|(?<![\d.,-])1\d{2,3}(?=번|로|으로|에|이고|입니다|,|를|을|$)"),
        re.compile(r"전화|번호|연락|카카오톡|라인|위챗|당직|누리집|홈페이지|검색"),
    ),
    Kind(
        "duration",
        re.compile(
            r"(?:며칠|몇일)(?!째|부터|날|이에요|이었|이죠|인가|인지)|(?:기한|기간)(?!(?:을|이|을 좀|이 좀)?\s?(?:넘|지나|지났|어기|끝나서|끝났|만료된|만료됐))|"
            r"얼마나\s?(?:걸|오래|있|남|유효|지나)|얼마\s?(?:동안|전|뒤|후|까지)|얼마만에|몇\s?(?:일|달|개월|년(?!도|에)|시간|주|분)|"
            r"유효|얼마\s?(?:단위|마다|지나|쯤 지)|"
            r"how long|how many (?:days|weeks|months|years|hours)|valid|"
            r"何日|何か月|何ヶ月|何年|どのくらいの期間|期限|期間|有効|多久|几天|几个月|几年|期限|有效|bao lâu|mấy (?:ngày|tháng|năm)|thời hạn",
            re.I,
        ),
        _SPAN,
        re.compile(_SPAN.pattern + r"|까지|이내|기한|기간|유효|전에|미리|날짜|동안"),
    ),
    Kind(
        "date",
        re.compile(
            r"언제|(?:며칠|몇일)(?:부터|날|이에요|이었|이죠|인가|인지)|몇\s?월|몇\s?년(?:도|에)|날짜|마감|"
            r"when|deadline|what date|いつ|何月|什么时候|几月|几号|khi nào|ngày nào",
            re.I,
        ),
        re.compile(_SPAN.pattern + r"|\d+\s*월|\d{4}\s*년|\d+\s*일|\d+\s*시|\d+\s*세"),
        re.compile(_SPAN.pattern + r"|\d+\s*(?:월|년|일|시|세)|까지|이내|기한|기간|유효|전에|언제|미리|평일|오전|오후|날"),
    ),
    Kind(
        "level",
        re.compile(
            r"몇\s?단계|여행\s?(?:경보|금지|자제|유의|제한)|입국\s?(?:금지|제한)|출국\s?권고|철수\s?권고|경보|"
            r"travel (?:alert|ban|warning|advisory)|level|渡航|旅行警|禁止|第?几级|何段階|cấm|cảnh báo",
            re.I,
        ),
        re.compile(r"[1-4]단계|여행금지|여행유의|여행자제|출국권고|특별여행주의보|입국금지"),
        re.compile(r"단계|경보|금지|유의|자제|출국권고|주의보|제한|허가|위험"),
        is_needed=False,
    ),
    Kind(
        "count",
        re.compile(r"몇\s?[가-힣]|크기|규격|사이즈|나이|how many|how old|何枚|几|多少|bao nhiêu|mấy", re.I),
        re.compile(r"\d"),
        re.compile(r"\d|한|두|세"),
        is_needed=False,
    ),
)


@lru_cache(maxsize=1024)
def asked(question: str) -> tuple[Kind, ...]:
    """The kinds that a question asks for."""
    return tuple(kind for kind in KINDS if kind.asks.search(question))


def how_well(kinds: tuple[Kind, ...], passage: str) -> float:
    """Between 0 and 1: whether a sentence gives what is asked, or at least speaks of it."""
    return max((1.0 if kind.gives.search(passage) else 0.4 if kind.speaks.search(passage) else 0.0 for kind in kinds), default=0.0)


def is_silent(kinds: tuple[Kind, ...], passages: tuple[str, ...]) -> bool:
    """Whether no sentence even speaks of what is asked and needed."""
    needed = tuple(kind for kind in kinds if kind.is_needed)
    return bool(needed) and not any(kind.gives.search(p) or kind.speaks.search(p) for kind in needed for p in passages)


#: That it differs, where to look, whom to ask: what a sentence may say of a thing instead of its value.
_ELSEWHERE = r"다르|다를|다릅|바뀌|바뀔|바뀐|바뀝|달라|확인하|문의하|물어|알아보|정하|정해|따르|따라"


def _told(subject: str, elsewhere: str = _ELSEWHERE) -> re.Pattern[str]:
    """A sentence that speaks of the thing and says where its value is to be had."""
    return re.compile(rf"(?=.*(?:{subject}))(?=.*(?:{elsewhere}))", re.S)


_NAMES_MONEY = re.compile(r"수수료|비용|요금|가격|금액|(?<!몸)값|fee|cost|price|手数料|料金|费用|手续费|lệ phí", re.I)
#: Asks how much, and not just about money.
_HOW_MUCH = re.compile(r"얼마|몇\s?(?:원|달러|불|유로|엔)|how much|what(?:'s| is| are) the (?:fee|fine|price|cost)|いくら|多少钱|bao nhiêu tiền", re.I)
_OF_MONEY = re.compile(
    r"(?<=[\d천백십만억])\s*원|달러|수수료|비용|요금|금액|유료|부담|대납|빌려|갚|이자|한도|(?<![가-힣])돈|벌금|값|"
    r"면제|감액|환불|내야|다르|다를|(?:대신|먼저) (?:내|물어)"
)
#: What may be said instead of a value, by kind.
_INSTEAD = {
    "fee": _OF_MONEY,
    "phone": _told("번호|연락처|전화|당직", r"찾을 수|찾으|검색|볼 수|확인하|문의하|물어|다르"),
    "duration": _told(r"기간|기한|날짜|유효|시간|며칠|오래|오랜|늦어|동안"),
    "date": _told(r"기간|기한|날짜|일정|시기|시간|선거|기준|마감|날"),
}
#: Whether one may be there at all: words that ask for an alarm or a ban by name.
_NAMES_A_BAN = re.compile(
    r"여행\s?(?:경보|금지|자제|유의)|입국\s?(?:금지|제한)|(?:출국|철수)\s?권고|(?:적|흑|황|남)색\s?경보|off.limits|travel (?:ban|alert|warning|advisory)|"
    r"渡航(?:禁止|警報)|旅行(?:警|禁)|cấm (?:đi|du lịch)|cảnh báo du lịch",
    re.I,
)
_OF_A_BAN = re.compile(r"금지|단계|경보|유의|자제|권고|주의보|제한|허가|입국|방문|여행(?:하지|을 취소)|가지 마")
#: A sum that the question itself names ("5천불"), to be told whether it is right or too much.
_NAMES_A_SUM = re.compile(rf"\d[\d,.]*\s*(?:[천백십]?만|[천백])?\s?(?:{_MONEY}|불(?![가-힣])|원)|\$\s?\d|\d\s?(?:dollars|won)\b", re.I)
_INSTEAD_OF_A_SUM = re.compile(
    _told(r"수수료|비용|요금|금액|벌금|값|이자|(?<![가-힣])돈|한도").pattern + r"|무료|면제|감액|환불|덜 낼|유료|비쌀|대신 내|먼저 내|부담|"
    r"(?:본인|유가족|가족)[이가은는]? (?:모두 )?(?:내|냅|부담)",
    re.S,
)
_NAMES_A_NUMBER = re.compile(r"번호|전번|연락처|몇\s?번|전화(?:요|는요|\s*$)|number|phone|番号|号码|số", re.I)
_WHOM = re.compile(r"(?:연락|전화|신고|문의|상담)하|알리")
_MOMENT = re.compile(r"\d\s*(?:월|일|년|시|세|분기)|까지|이내|바로|먼저|미리|즉시|매년|해마다|언제든|24시간|때")
_SPOT = re.compile(r"\d\s*(?:월|일|년|시|세)|이내")


def is_unmet(kinds: tuple[Kind, ...], quotes: tuple[str, ...], question: str = "") -> bool:
    """Whether what is asked for and needed is neither given by any of these sentences, nor told where to find.

    Words may ask for several kinds at once ("몇 번", "유효기간이 얼마"), so one that is met is enough; but who names money wants money.
    """
    needed = [(kind, any(_meets(kind, quote, question) for quote in quotes)) for kind in kinds if kind.name in _INSTEAD]
    return bool(needed) and (not any(met for _, met in needed) or any(kind.name == "fee" and not met for kind, met in needed if _NAMES_MONEY.search(question)))


def is_beside(question: str, quotes: tuple[str, ...]) -> bool:
    """Whether an alarm or a ban is asked by name and none of these sentences speaks of one, or a sum is named and none gives a sum or says that it differs."""
    if _NAMES_A_BAN.search(question) and not any(_OF_A_BAN.search(quote) for quote in quotes):
        return True
    return bool(_NAMES_A_SUM.search(question)) and not any(KINDS[0].gives.search(quote) or _INSTEAD_OF_A_SUM.search(quote) for quote in quotes)


def is_given(kinds: tuple[Kind, ...], quotes: tuple[str, ...]) -> bool:
    """Whether these sentences give a value of every kind that is asked for and needed."""
    return all(any(kind.gives.search(quote) for quote in quotes) for kind in kinds if kind.name in _INSTEAD)


def _meets(kind: Kind, quote: str, question: str) -> bool:
    if kind.gives.search(quote):
        return True
    if kind.name == "fee" and _HOW_MUCH.search(question):
        return bool(_INSTEAD_OF_A_SUM.search(quote))
    if kind.name in ("duration", "date") and (_MOMENT if kind.name == "date" else _SPOT).search(quote):
        return True
    if kind.name == "phone" and not _NAMES_A_NUMBER.search(question) and _WHOM.search(quote):
        return True  # "어디에 연락하나요" asks for whom
    return bool(_INSTEAD[kind.name].search(quote))


@dataclass(frozen=True)
class Counter:
    """What is counted: how a question asks for the number, and how a sentence gives it."""

    asks: re.Pattern[str]
    gives: re.Pattern[str]


def _counter(asks: str, gives: str) -> Counter:
    return Counter(re.compile(rf"몇\s?(?:개\s?)?(?:{asks})"), re.compile(gives))


_COUNT = r"(?:\d[\d,.]*\s*[천만]?|[한두세네]\s?)\s*여?\s*(?:개\s?)?"
COUNTERS = (
    _counter(r"장(?!소|관|르)|매(?![일주달년])", rf"{_COUNT}(?:장|매)|수량 제한"),
    _counter(r"곳|나라|국(?![적어])|국가|군데|지역|공관|도시", rf"{_COUNT}(?:곳|나라|국|국가|군데|지역|공관)|전 세계|모든 (?:나라|공관)"),
    _counter(r"살|세(?![가-힣])", r"\d+\s*(?:세|살)|미성년|나이"),
    _counter(r"단계", r"\d\s*단계|[네세두] 단계"),
    _counter(r"언어|나라\s?말|국어", rf"{_COUNT}(?:언어|국어)"),
    _counter(r"가지|종류|종(?![가-힣])", rf"{_COUNT}(?:가지|종)|[,·].*[,·]"),
    _counter(r"명|사람|분이", rf"{_COUNT}(?:명|사람|분)"),
    _counter(r"퍼센트|프로|%", r"\d\s*(?:%|퍼센트)"),
    _counter(r"번\s?(?:틀|잃|이상|넘|연속|이나|오나|와요|갈|쓸|받을|하면|할|까지)|회(?![가-힣])", r"\d\s*[번회]|[한두세네] 번"),
    _counter(r"조(?![가-힣])|조[로에]", r"\d+조"),
    _counter(r"면(?![가-힣])", r"\d+면"),
)
_COUNT_INSTEAD = re.compile(r"다르|다를|다릅")
_LEVELS = re.compile(r"특별여행주의보|여행금지|여행유의|여행자제|출국권고|철수권고")


def counters_of(question: str) -> tuple[Counter, ...]:
    """What a question wants counted."""
    return tuple(counter for counter in COUNTERS if counter.asks.search(question))


def is_uncounted(question: str, quotes: tuple[str, ...]) -> bool:
    """Whether the question asks how many of something, and none of these sentences gives such a number or says that it differs."""
    counters = counters_of(question)
    if not counters:
        return False
    # The name of a level is its number in words, unless it is the question's own.
    named = "단계" in question and any(match.group() not in question for quote in quotes for match in _LEVELS.finditer(quote))
    return not named and any(not any(counter.gives.search(quote) or _COUNT_INSTEAD.search(quote) for quote in quotes) for counter in counters)
