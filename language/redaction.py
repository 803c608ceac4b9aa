"""Takes out of a text what must never reach a log or a metric: numbers of people, documents, cards and phones, addresses, coordinates, passwords.

Spellings that hide a number count too: full-width and Hangul digits ("공일공"), letters for zeros, dots, dashes and spaces between.
Dates, times and sums of money stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HANGUL_DIGITS = "공영일이삼사오육륙칠팔구"
_GAP = r"[\s\-\u2010-\u2015\u2212ㅡ.~_/·]"  # between the digits of one number
_MASK = r"[\d*●•xX]"
_DIGITS_SAID = rf"[0-9Oo{_HANGUL_DIGITS}]"

# Full-width ASCII is read as half-width; nothing changes its place.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

_DAY = r"(?:(?:19|20)\d\d\s?[-./년]\s?(?:0?[1-9]|1[0-2])\s?[-./월]\s?(?:0?[1-9]|[12]\d|3[01])\s?일?|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
_TIME = r"(?:[T\s]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
# What only begins like a currency does not make a sum of a bare number: 동생, 원본, 불러, 숨겨, won't.
_CURRENCY = (
    r"(?:원(?![본래])|달러|불(?![러법가])|동(?![생네포행료기일]|의[해합하서])|엔|유로|바트|밧|위안|루피|페소|링깃|리엘|킵(?!해)|짯|파운드|프랑|루블|숨(?![겨어])|텡게|투그릭|"
    r"ms\b|KRW|USD|EUR|JPY|VND|THB|CNY|won(?![A-Za-z'’])|dollars?|baht|dong(?![A-Za-z])|yen)"
)
# A count or a sum: short before 만 and the like, which may as well say "only" or begin a word (만료, 천안, 명의), and with no nought in front.
_SUM = rf"(?<![\dA-Za-z.+-])(?!0\d)(?:\d{{1,5}}\s?[만천억]|\d{{1,6}}\s?명(?!의)|\d{{1,10}}(?:\.\d{{1,2}})?\s?{_CURRENCY})"
_HARMLESS = re.compile(
    rf"(?<![\d.-]){_DAY}{_TIME}(?![\d-])|(?<![\d.])\d{{1,3}}(?:,\d{{3}}){{1,5}}(?:\.\d{{1,2}})?(?![\d,])|{_SUM}|"
    r"(?<![\d.])\d{1,2}\.\d{1,2}\s?~\s?\d{1,2}\.\d{1,2}(?![\d.])|(?<![0-9a-zA-Z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-zA-Z])|"
    r"(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?\s?[-~]\s?\d{1,2}:\d{2}",
    re.IGNORECASE,
)
_LABEL_OF_DEGREES = r"(?:위도|경도|북위|남위|동경|서경|\blat(?:itude)?\b|\blon(?:gitude)?\b|\blng\b)"
_DEGREES = r"[-+]?\d{1,3}(?:[.,]\d{2,12})"
_HEMISPHERE = r"\s?°?\s?[NSEWnsew]?"

# In this order: a match takes its characters from the rules after it.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("url", r"https?://\S{1,2000}|\bwww\.\S{1,2000}|\b(?:maps?\.[a-z]{2,10}|goo\.gl|naver\.me|kko\.to)[./]\S{1,2000}|\bgeo:\S{1,200}"),
        ("email", r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}\s?@\s?[A-Za-z0-9-]{1,63}(?:[.,][A-Za-z0-9-]{1,63}){1,6}"),
        ("email", r"(?<![가-힣A-Za-z0-9._-])[가-힣A-Za-z0-9._-]{1,64}@[가-힣A-Za-z0-9-]{1,63}(?:\.[가-힣A-Za-z0-9-]{1,63}){1,6}"),
        (
            "email",
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{2,64}\s?(?:[(\[]\s?at\s?[)\]]|골뱅이|앳|(?<=\s)at(?=\s))\s?[A-Za-z0-9가-힣-]{2,63}"
            r"\s?(?:\.|[(\[]\s?dot\s?[)\]]|닷|점|(?<=\s)dot(?=\s))\s?(?:com|net|org|co|kr|컴|콤|넷)(?:\.kr)?",
        ),
        ("account", r"(?:카톡|카카오톡?|라인|텔레그램|위챗|인스타|wechat|line|kakao|telegram)\s?(?:아이디|id)(?:는|은|가)?\s?[:=]?\s?[A-Za-z0-9._-]{3,40}"),
        ("secret", r"(?:cvc|cvv)\s?(?:번호|코드)?(?:는|은|가)?\s?[:=]?\s?\d{3,4}(?!\d)|유효\s?기간(?:은|이|는)?\s?[:=]?\s?\d{2}\s?/\s?\d{2}(?!\d)"),
        ("secret", r"(?:비밀\s?번호|비번|패스워드|password|passwd|\bpin)(?:는|은|가)?\s?[:=]?\s?(?=[A-Za-z!@#$%^&*]*\d)[A-Za-z0-9!@#$%^&*]{4,64}"),
        (
            "place",
            rf"[NS]?\s?(?<![\d.,]){_DEGREES}{_HEMISPHERE}\s{{0,3}}[,/;\s]\s{{0,3}}[EW]?\s?{_DEGREES}(?![\d.]\d){_HEMISPHERE}(?:\s?,\s?\d{{1,5}}(?:\.\d+)?\s?m\b)?",
        ),
        ("place", r"\d{1,3}\s?[°도]\s?\d{1,2}(?:\.\d{1,6})?\s?['′’분](?:\s?\d{1,2}(?:\.\d{1,6})?\s?(?:[\"″”]|''|초))?\s?[NSEW]?"),
        ("place", rf"{_LABEL_OF_DEGREES}[\"'\s:=]{{0,4}}(?:은|는|이|가)?\s?[-+]?\d{{1,3}}(?:\.\d{{1,12}})?\s?[°도]?"),
        (
            "place",
            r"(?<![A-Za-z0-9])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![A-Za-z0-9])|///[\w가-힣]{1,30}\.[\w가-힣]{1,30}\.[\w가-힣]{1,30}",
        ),
        ("place", r"(?<![A-Za-z0-9])\d{1,2}[C-X][A-Z]{2}\s?\d{4,5}\s?\d{4,5}(?![A-Za-z0-9])"),
        ("resident", rf"(?<!\d)\d{{6}}{_GAP}{{0,3}}[1-8]{_MASK}{{6}}(?![\d*])"),
        ("resident", r"(?:(?:앞|뒷|뒤)\s?자리|주민(?:등록)?번호\s?뒤)(?:는|가|은|이)?\s?[:=]?\s?\d{6,7}(?!\d)"),
        ("account", r"(?<![A-Za-z0-9])(?=(?:\s?[A-Z]{0,4}\s?\d){10})[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"),
        ("passport", r"(?<![A-Za-z0-9<])(?=[A-Z0-9<]{0,40}\d{6})[A-Z0-9<]{20,44}(?![A-Za-z0-9<])"),
        ("card", rf"(?<![\d*])(?=[\d*●•xX\s./_-]{{0,24}}\d{{4}})(?:{_MASK}{{4}}[\s./_-]{{0,2}}){{3}}{_MASK}{{1,4}}(?:[\s./_-]\d{{1,4}})?(?![\d*])"),
        ("card", rf"(?<!\d)3[0-9]\d{{2}}{_GAP}{{0,2}}\d{{6}}{_GAP}{{0,2}}\d{{4,5}}(?!\d)"),
        # Korean passports: M12345678, M123A4567; and the shape of most other countries'.
        (
            "passport",
            rf"(?<![A-Za-z0-9])[A-Z]{{1,2}}{_GAP}{{0,2}}(?:\d{_GAP}?){{3}}[A-Z]?{_GAP}?(?:\d{_GAP}?){{2,4}}\d(?:[A-Z]{{1,3}}(?![a-z]))?(?![A-Za-z0-9])",
        ),
        ("phone", rf"(?<![A-Za-z0-9])[0Oo][1lI][0Oo16789](?:{_GAP}|[,)(*]){{0,3}}\d{{3,4}}(?:{_GAP}|[,)(*]){{0,3}}\d{{4}}(?![A-Za-z0-9])"),
        ("phone", rf"(?<![A-Za-z0-9.])\+?\s?\(?[\dOo]{{1,4}}\)?(?:{_GAP}|[()]){{0,3}}\d(?:(?:{_GAP}|[()]){{0,3}}\d){{5,40}}(?![A-Za-z0-9])"),
        ("phone", rf"(?<![A-Za-z가-힣]){_DIGITS_SAID}(?:{_GAP}{{0,3}}(?:에\s?|(?:다시|대시|하이픈|빼기)\s?)?{_DIGITS_SAID}){{6,24}}"),
        ("phone", rf"[{_HANGUL_DIGITS}](?:{_GAP}{{0,3}}(?:에\s?|(?:다시|대시|하이픈|빼기)\s?)?[0-9{_HANGUL_DIGITS}]){{8,24}}"),
        # Any other long number: accounts, bookings.
        ("number", r"\d(?:[ -]?\d){5,}"),
        ("number", rf"(?<!\d)\d(?:{_GAP}{{0,2}}\d){{8,}}"),
    )
)
# What any of the rules needs; most log lines have none of it.
_MAY_HOLD = re.compile(
    rf"\d|[@＠]|//|골뱅이|앳|아이디|[{_HANGUL_DIGITS}]{{3}}|www|geo:|\sat\s|[(\[]at|goo\.gl|naver\.me|kko\.to|map|"
    r"(?<![A-Za-z_])(?:line|kakao|wechat|telegram)?id(?![A-Za-z])",
    re.IGNORECASE,
)
_FEWEST_SAID = 7
_NUMBERS = {"phone", "number", "passport", "card", "resident"}


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Where something must go, and what it is; in order, not overlapping."""
    if not _MAY_HOLD.search(text):
        return
    read = text.translate(_FULL_WIDTH)
    kept, taken = bytearray(len(read)), bytearray(len(read))
    if any(c.isdigit() for c in read):
        for match in _HARMLESS.finditer(read):
            kept[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    found: list[tuple[int, int, str]] = []
    for kind, pattern in _RULES:
        for match in pattern.finditer(read):
            start, end = _trimmed(read, *match.span())
            if any(taken[start:end]) or (kind in _NUMBERS and _stays(read, start, end, kept)):
                continue
            found.append((start, end, kind))
            taken[start:end] = b"\1" * (end - start)
    yield from sorted(found)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _stays(text: str, start: int, end: int, kept: bytearray) -> bool:
    """Whether a number is one that may be read: all of it dates and sums, or said in too few digits."""
    digits = 0
    for at in range(start, end):
        # "90일" is ninety days.
        said = text[at] in _HANGUL_DIGITS and not (text[at] == "일" and text[at - 1 : at].isdigit() and not text[at + 1 : at + 2].isdigit())
        if (text[at].isdigit() or said) and not kept[at]:
            digits += 1
    return digits < min(_FEWEST_SAID - 1, end - start)


def redact(text: str) -> str:
    """The text with each such span replaced by its kind, e.g. `[phone]`."""
    out: list[str] = []
    at = 0
    for start, end, kind in spans(text):
        out += (text[at:start], f"[{kind}]")
        at = end
    return "".join((*out, text[at:]))
