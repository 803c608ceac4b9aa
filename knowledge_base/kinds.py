"""What kind of thing a question wants (a sum, a number to call, a term, a level), which sentences give one, and which at least speak of it.

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


KINDS = (
    Kind(
        "fee",
        re.compile(
            r"얼마(?!나|\s?(?:동안|전|뒤|후|까지))|비용|수수료|가격|요금|값|금액|접수비|신청비|병원비|이자|공짜|무료|돈\s?(?:내|드|들|받|은)|"
            r"how much|\bfees?\b|\bcosts?\b|price|free of charge|"
            r"いくら|料金|手数料|費用|無料|多少钱|费用|手续费|收费|免费|bao nhiêu tiền|lệ phí|phí|miễn phí",
            re.I,
        ),
        re.compile(r"\d[\d,.]*\s*(?:만\s*)?(?:원|달러|유로|엔|USD)|무료|부담|(?:들지|받지) 않"),
        re.compile(r"원(?:입|이|을|으)|달러|유로|수수료|비용|요금|금액|무료|유료|부담|대납|빌려|갚|이자|한도|돈"),
    ),
    Kind(
        "phone",
        re.compile(
            r"전화번호|연락처|(?:몇|무슨)\s?번(?!째|\s?까지)|번호\s?(?:좀|알|가|는|뭐|를)|어디(?:로|에|다)?\s?(?:전화|연락|걸)|phone|what number|which number|"
            r"電話|连絡先|連絡先|电话|联系方式|号码|số điện thoại|số nào|gọi số|tổng đài",
            re.I,
        ),
        re.compile(r"\d{2,4}-\d{3,4}|KoreaMofa|국번|(?<!\d)1\d\d(?!\d)번?"),
        re.compile(r"전화|번호|연락|카카오톡|라인|위챗|당직|누리집|홈페이지|검색"),
    ),
    Kind(
        "term",
        re.compile(
            r"언제|며칠|기한|기간|얼마나\s?(?:걸|오래|있|남)|얼마\s?(?:동안|전|뒤|후|까지)|몇\s?(?:일|달|개월|년|시간|주)|유효|마감|"
            r"how long|when|deadline|how many (?:days|months)|valid|"
            r"いつ|何日|何か月|期限|有効|多久|什么时候|几天|期限|有效期|khi nào|bao lâu|mấy ngày|thời hạn",
            re.I,
        ),
        re.compile(r"\d+\s*(?:일|개월|년|시간|주|월|시|세|번)|한 달|하루|1년"),
        re.compile(r"\d+\s*(?:일|개월|년|시간|주|월|시|세)|까지|이내|기한|기간|유효|전에|바로|즉시|언제|미리|평일|오전|오후|한 번|날|동안"),
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
