"""Sums of money in any of the spellings of a chat, as an amount and an ISO 4217 code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from language.entity import Entity
from language.matcher import is_hangul
from language.numerals import NUMBER_WORDS, east_asian, english, plain

# Units after the number; a few are words of one syllable, which only count after digits or 백/천/만.
_UNITS = {
    "KRW": "원 원화 한국돈 won wons ウォン 韩元 韩币 韓元 韩圆",
    "USD": "달러 불 딸라 달라 미불 미화 미국달러 us달러 usd달러 미달러 유에스달러 dollar dollars bucks us$ $ ドル 米ドル 美元 美金 美刀 刀 đô đô-la",
    "EUR": "유로 유로화 euro euros € ユーロ 欧元 歐元",
    "JPY": "엔 엔화 yen 円 日元 日圆 日円",
    "CNY": "위안 위안화 인민폐 원(위안) 콰이 yuan rmb 元 块 塊 人民币 元人民币 中国元",
    "TWD": "대만달러 대만돈 台币 新台币 台幣",
    "HKD": "홍콩달러 홍콩불 港币 港元 hk달러",
    "MOP": "파타카",
    "THB": "바트 밧 바트화 baht bahts ฿ バーツ 泰铢 泰銖 铢",
    "VND": "동 베트남동 dong dongs đồng ₫ ドン 越南盾 越盾 đ",
    "KHR": "리엘 riel riels リエル 瑞尔",
    "LAK": "킵 낍 kip",
    "MMK": "짯 쨧 짜트 차트 kyat kyats 缅币",
    "PHP": "페소 필리핀페소 peso pesos ₱ ペソ 比索",
    "IDR": "루피아 rupiah ルピア 印尼盾",
    "MYR": "링깃 링기트 ringgit リンギット 令吉 马币",
    "SGD": "싱가포르달러 싱가폴달러 싱달러 싱불 新币 新加坡元",
    "INR": "루피 인도루피 rupee rupees ₹ ルピー 卢比",
    "NPR": "네팔루피",
    "PKR": "파키스탄루피",
    "LKR": "스리랑카루피",
    "BDT": "타카 taka",
    "MNT": "투그릭 투그리크 tugrik",
    "KZT": "텡게 tenge",
    "UZS": "숨 우즈벡숨 som",
    "KGS": "솜",
    "RUB": "루블 ruble rubles rouble roubles ルーブル 卢布",
    "UAH": "흐리우냐 그리브나 hryvnia",
    "GEL": "라리 lari",
    "AMD": "드람",
    "AZN": "마나트",
    "TRY": "리라 터키리라 lira",
    "AED": "디르함 디람 dirham dirhams",
    "SAR": "리얄 사우디리얄 riyal riyals",
    "QAR": "카타르리얄",
    "KWD": "쿠웨이트디나르",
    "JOD": "요르단디나르",
    "ILS": "셰켈 세켈 shekel shekels",
    "EGP": "이집트파운드",
    "MAD": "모로코디르함",
    "KES": "실링 케냐실링 shilling shillings",
    "TZS": "탄자니아실링",
    "NGN": "나이라 naira",
    "GHS": "세디 cedi",
    "ETB": "비르 birr",
    "ZAR": "랜드 남아공랜드 rand",
    "GBP": "파운드 영국파운드 pound pounds quid £ ポンド 英镑",
    "CHF": "프랑 스위스프랑 franc francs フラン 瑞士法郎 瑞郎",
    "SEK": "크로나 스웨덴크로나 krona",
    "NOK": "크로네 노르웨이크로네 krone",
    "DKK": "덴마크크로네",
    "CZK": "코루나 체코코루나 koruna",
    "HUF": "포린트 forint",
    "PLN": "즈워티 즐로티 즈와티 zloty",
    "RON": "레우",
    "BGN": "레프",
    "CAD": "캐나다달러 캐나다불 캐달러 加元",
    "AUD": "호주달러 호주불 오스트레일리아달러 澳元 澳币",
    "NZD": "뉴질랜드달러 뉴질달러",
    "FJD": "피지달러",
    "BRL": "헤알 레알 real reais",
    "MXN": "멕시코페소",
    "CLP": "칠레페소",
    "ARS": "아르헨티나페소",
    "COP": "콜롬비아페소",
    "PEN": "솔 솔레스 soles",
    "BTC": "비트코인",
    "USDT": "테더",
}
_CODES = set(_UNITS) - {"BTC", "USDT"}
_BY_UNIT = {unit: code for code, units in _UNITS.items() for unit in units.split()} | {code.lower(): code for code in _UNITS}
_NATIONAL = re.compile(r"([가-힣]{2,7}) (달러|불|페소|루피|파운드|프랑|디르함|리얄|크로네|크로나|리라|실링|동|숨|랜드|코루나|디나르|원|돈)")
_LONGEST_UNIT = max(map(len, _BY_UNIT))
# A currency with its country before it, written apart ("호주 달러").
_DIGITS = r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,6})?"
_SCALED = re.compile(
    rf"(?<![\d.,A-Za-z])(?:{_DIGITS})(?:\s?[십백천만억조](?:\s?\d{{1,15}}(?:,\d{{3}}){{0,3}})?){{0,12}}(?:\s?[万萬千亿億百])?(?:\s?(?:triệu|"
    rf"nghìn|ngàn|tỷ|million|thousand|k(?![a-z]))){{0,2}}",
    re.IGNORECASE,
)
_HANGUL_NUMBER = re.compile(r"(?<![가-힣\d])(?:몇\s?)?(?:[일이삼사오육칠팔구]?[십백천만억]\s?){1,8}(?=\s?[가-힣A-Za-z])")
_HANJA_NUMBER = re.compile(r"[一二三四五六七八九十百千万两兩萬]{1,10}")
_SYMBOLS = {
    "us$": "USD", "usd$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "s$": "SGD", "nz$": "NZD",
    "r$": "BRL", "$": "USD",
    "€": "EUR", "£": "GBP", "¥": "JPY", "₩": "KRW", "￦": "KRW", "฿": "THB", "₫": "VND", "₱": "PHP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₮": "MNT",
    "rm": "MYR", "rp": "IDR",
}  # fmt: skip
_PREFIXED = re.compile(
    r"(?<![A-Za-z$])("
    + "|".join(map(re.escape, sorted([*_SYMBOLS, *(c.lower() for c in _CODES)], key=len, reverse=True)))
    + rf")\s?({_DIGITS})(\s?(?:k|m|million|"
    rf"thousand|만|천|억)(?![A-Za-z]))?(?![\d])",
    re.IGNORECASE,
)
_KOREAN_PREFIX = re.compile(rf"(호주|캐나다|홍콩|싱가포르|싱가폴|대만|뉴질랜드|미국)\s?달러\s?(?:로\s)?({_DIGITS})\s?(?:불|달러)")
_WORDED = re.compile(
    rf"\b((?:a |(?:{'|'.join(NUMBER_WORDS)})[ -](?:and )?)(?:(?:{'|'.join(NUMBER_WORDS)})[ -](?:and )?){{0,7}})([A-Za-z]{{3,10}})\b", re.IGNORECASE
)
_SCALES = {
    "k": 1000,
    "m": 10**6,
    "million": 10**6,
    "thousand": 1000,
    "triệu": 10**6,
    "nghìn": 1000,
    "ngàn": 1000,
    "tỷ": 10**9,
    "만": 10**4,
    "천": 1000,
    "억": 10**8,
}
# After a unit of one syllable, what makes it another word: "5불이 났", "3동 502호", "10원형", "2엔진", "7프랑스".
_NOT_MONEY = {
    "원": re.compile(r"[형칙소숭룸심격]"),
    "불": re.compile(r"[꽃길법편만교빛안러르렀]|고기|이\s?(?:나|났|꺼)"),
    "동": re.compile(r"\s?\d|[네안의차물생일]|\s?(?:호|층)"),
    "엔": re.compile(r"[진딩터]"),
    "프랑": re.compile(r"스"),
    "동안": re.compile(r""),
    "랜드": re.compile(r"마크|로버"),
    "솔": re.compile(r"[로직]"),
    "숨": re.compile(r"[쉬을]"),
    "리라": re.compile(r"고"),
    "刀": re.compile(r""),
}
_FEWEST_DONG = 1000


def money(text: str) -> Iterator[Entity]:
    """Every sum in the text; overlapping finds are left to the caller."""
    has_digit = any(c.isdigit() for c in text)
    if has_digit:
        yield from _prefixed(text)
        for match in _SCALED.finditer(text):
            yield from _with_unit(text, match.start(), match.end(), match.group())
    for match in _HANGUL_NUMBER.finditer(text):
        if not match.group().startswith("몇"):
            yield from _with_unit(text, match.start(), match.end(), match.group())
    for match in _HANJA_NUMBER.finditer(text):
        yield from _with_unit(text, *match.span(), match.group())
    yield from _worded(text)


def _sum(text: str, start: int, end: int, amount: Decimal, code: str) -> Entity:
    return Entity("money", text[start:end], f"{plain(amount)} {code}", start, end)


def _prefixed(text: str) -> Iterator[Entity]:
    for match in _PREFIXED.finditer(text):
        symbol, digits, scale = match.groups()
        if symbol in ("rm", "rp", "Rm"):
            continue
        code = _SYMBOLS.get(symbol.lower()) or symbol.upper()
        try:
            amount = Decimal(digits.replace(",", "")) * _SCALES.get((scale or "").strip().lower(), 1)
        except InvalidOperation:
            continue
        yield _sum(text, match.start(), match.end(), amount, code)
    for match in _KOREAN_PREFIX.finditer(text):
        code = _BY_UNIT[f"{match.group(1)}달러"] if match.group(1) != "미국" else "USD"
        yield _sum(text, match.start(), match.end(), Decimal(match.group(2).replace(",", "")), code)


def _unit_at(text: str, at: int) -> tuple[int, str, str] | None:
    """The longest currency that begins here (or after one space): where it ends, its code, and how it is written."""
    if at < len(text) and text[at] == " ":
        at += 1
    national = _NATIONAL.match(text, at)
    if national and (code := _BY_UNIT.get(national.group(1) + national.group(2))):
        return national.end(), code, national.group()
    piece = text[at : at + _LONGEST_UNIT].lower()
    for size in range(len(piece), 0, -1):
        code = _BY_UNIT.get(piece[:size])
        if code is None:
            continue
        unit, after = piece[:size], text[at + size : at + size + 1]
        if unit[-1].isalpha() and unit[-1] < "\u2000" and after.isalpha() and after < "\u2000":
            continue
        return at + size, code, unit
    return None


def _with_unit(text: str, start: int, end: int, number: str) -> Iterator[Entity]:
    unit = _unit_at(text, len(text[:end].rstrip()) if end <= len(text) else end)
    if unit is None:
        return
    after, code, written = unit
    refused = _NOT_MONEY.get(written)
    if refused and refused.pattern and refused.match(text, after):
        return
    amount = _amount(number)
    if amount is None or (written == "동" and amount < _FEWEST_DONG) or written == "刀":
        return
    if number == "만" and text.startswith(("버스", "열차", "지하철", " 버스", " 지하철", "사례"), after):
        return
    if len(written) == 1 and is_hangul(written) and not any(c.isdigit() or c in "십백천만억" for c in number):
        return
    yield _sum(text, start, after, amount, code)


def _amount(number: str) -> Decimal | None:
    match = re.fullmatch(r"(.*?)\s?(triệu|nghìn|ngàn|tỷ|million|thousand|k)?(?:\s?(triệu|nghìn|ngàn|tỷ|million|thousand|k))?", number.strip(), re.IGNORECASE)
    if match is None:
        return None
    base, *scales = match.groups()
    try:
        amount = east_asian(base)
    except InvalidOperation:
        return None
    for scale in scales:
        if scale and amount is not None:
            amount *= _SCALES[scale.lower()]
    return amount or None


def _worded(text: str) -> Iterator[Entity]:
    """`two hundred dollars`: a run of number words before a unit."""
    for match in _WORDED.finditer(text):
        code, amount = _BY_UNIT.get(match.group(2).lower()), english(match.group(1))
        if code and amount:
            yield _sum(text, match.start(), match.end(), Decimal(amount), code)
