"""What kind of thing a question wants (a sum, a number to call, a time, a level), which sentences give one, and which at least speak of it.

An answer that is asked for a sum and says nothing of money is no answer, however near its notice lies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


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

KINDS = (
    Kind(
        "fee",
        re.compile(
            r"얼마(?!나|만에|\s?(?:동안|전|뒤|후|까지))|비용|수수료|가격|요금|(?<!몸)값|금액|접수비|신청비|발급비|병원비|이자|공짜|무료|돈\s?(?:내(?!놓)|드|들|받|은)|"
            r"how much|\bfees?\b|\bcosts?\b|price|free of charge|"
            r"いくら|料金|手数料|費用|無料|多少钱|费用|手续费|收费|免费|bao nhiêu tiền|lệ phí|phí|miễn phí",
            re.I,
        ),
        re.compile(r"\d[\d,.]*\s*(?:[천백십]?만\s*)?(?:원|달러|유로|엔|USD|코루나|파운드)|무료|부담|(?:들지|받지) 않"),
        re.compile(r"원(?:입|이|을|으)|달러|유로|수수료|비용|요금|금액|무료|유료|부담|대납|빌려|갚|이자|한도|돈"),
    ),
    Kind(
        "phone",
        re.compile(
            r"전화번호|전번|연락처|(?:몇|무슨)\s?번(?!째|\s?까지)|번호\s?(?:\d|좀|알|가|는|뭐|를|요|어디|줘|주세|주이|불러)|대표\s?번호|(?:당직|긴급|비상)\s?(?:폰|번호|전화)|전화(?:요|는요)|"
            r"(?:번호|전화)\s*$|어디(?:로|에|다)?\s?(?:전화|연락|걸)|phone (?:number|no)|hotline|what number|which number|who (?:do|should) (?:i|we) call|"
            r"電話|连絡先|連絡先|电话|联系方式|号码|số điện thoại|số nào|gọi số|tổng đài",
            re.I,
        ),
        re.compile(r"\d{2,4}-\d{3,4}|KoreaMofa|국번|(?<![\d.,-])1\d{2,3}(?=번|로|으로|에|이고|입니다|,|를|을|$)"),
        re.compile(r"전화|번호|연락|카카오톡|라인|위챗|당직|누리집|홈페이지|검색"),
    ),
    Kind(
        "duration",
        re.compile(
            r"며칠(?!째)|몇일(?!째)|기한|기간|얼마나\s?(?:걸|오래|있|남|유효|지나)|얼마\s?(?:동안|전|뒤|후|까지)|얼마만에|몇\s?(?:일|달|개월|년|시간|주|분)|유효|"
            r"how long|how many (?:days|weeks|months|years|hours)|valid|"
            r"何日|何か月|何ヶ月|何年|どのくらいの期間|期限|期間|有効|多久|几天|几个月|几年|期限|有效|bao lâu|mấy (?:ngày|tháng|năm)|thời hạn",
            re.I,
        ),
        _SPAN,
        re.compile(_SPAN.pattern + r"|까지|이내|기한|기간|유효|전에|미리|날짜|동안"),
    ),
    Kind(
        "date",
        re.compile(r"언제|몇\s?월|날짜|마감|when|deadline|what date|いつ|何月|什么时候|几月|几号|khi nào|ngày nào", re.I),
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


#: What a sentence may say instead of a value, where a notice has none to give: that it differs, where it stands, that there is none.
_INSTEAD = {
    "fee": re.compile(r"원(?:입|이|을|으)|달러|수수료|비용|요금|금액|유료|부담|대납|빌려|갚|이자|한도|돈|벌금|값|다르|다를"),
    "phone": re.compile(r"찾을 수|검색|누리집|홈페이지|앱|당직|채널|문의|물어|연락"),
    "duration": re.compile(r"까지|이내|기한|유효기간|기간|다르|다를|확인하|문의하|물어|없습니다|않습니다|\d\s*(?:월|일|년)"),
    "date": re.compile(r"\d|까지|이내|기한|기간|다르|다를|확인하|문의하|물어|없습니다|않습니다|바로|먼저|미리|때"),
}


def is_unmet(kinds: tuple[Kind, ...], quotes: tuple[str, ...]) -> bool:
    """Whether something needed is asked for that none of these sentences gives, or says instead of."""
    return any(kind.name in _INSTEAD and not any(kind.gives.search(quote) or _INSTEAD[kind.name].search(quote) for quote in quotes) for kind in kinds)
