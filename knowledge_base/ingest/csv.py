"""CSV: a row per notice; the first row names the columns, in Korean or English."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale

from knowledge_base.ingest.charset import decode
from knowledge_base.ingest.days import parse_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row

MOST_ROWS = 20_000
MOST_COLUMNS = 200
LONGEST_FIELD = 250_000
_DELIMITERS = ",\t;|"
#: What a column may be called; compared without spaces, underlines and brackets, in lower case.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "번호", "식별자", "공지번호", "글번호", "noticeid", "관리번호"),
    "title": ("title", "제목", "공지제목", "글제목", "subject", "명칭"),
    "body": ("body", "내용", "본문", "공지내용", "글내용", "content", "text", "contents"),
    "published_at": ("publishedat", "게시일", "게시일자", "등록일", "등록일자", "작성일", "작성일자", "공고일", "date", "publisheddate", "wrtdt"),
    "effective_from": ("effectivefrom", "시행일", "시행일자", "적용일", "시작일", "effectivedate"),
    "expires_at": ("expiresat", "만료일", "만료일자", "expirydate", "expires"),
    "last_day": ("종료일", "종료일자", "마감일", "마감일자"),  # on which it still holds, unlike on the day of expiry
    "review_by": ("reviewby", "검토기한", "검토일", "재검토일"),
    "countries": ("countries", "country", "국가", "국가명", "국가코드", "대상국가", "나라", "countrycode", "countryisoalp2"),
    "topics": ("topics", "topic", "분류", "주제", "구분", "category", "카테고리"),
    "source": ("source", "출처", "작성기관", "기관", "부서", "담당부서"),
    "source_url": ("sourceurl", "url", "링크", "주소", "원문", "원문주소", "출처링크", "출처url", "link", "fileurl"),
    "language": ("language", "lang", "언어"),
    "supersedes": ("supersedes", "대체", "대체공지", "대체하는공지"),
}
_DAYS = ("published_at", "effective_from", "expires_at", "last_day", "review_by")
_LISTS = re.compile(r"[,;/·|]\s*|\n")


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """A draft or a row's refusal for each row that is not blank.

    Raises:
        Refusal: of unknown characters, or without columns for title and body.
    """
    text = decode(raw, name)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        header = next((row for row in rows if any(cell.strip() for cell in row)), [])
        places = _places(header, name)
        found: list[Draft | Row] = []
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(found) >= MOST_ROWS:
                raise Refusal(name, f"the file has more than {MOST_ROWS} rows", "file_too_large")
            found.append(_draft(row, places, name, rows.line_num))
    except csv.Error as error:
        raise Refusal(name, f"the file is not a readable CSV ({error})", "file_broken") from error
    if not found:
        raise Refusal(name, "the file has no rows", "file_no_text")
    return found


def _delimiter(text: str) -> str:
    """The one that parts the first line best; quoted text does not count."""
    head = re.sub(r'"[^"]*"', "", text[:20_000]).lstrip("\ufeff\r\n").split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda mark: head.count(mark))


def _places(header: list[str], name: str) -> dict[str, int]:
    if len(header) > MOST_COLUMNS:
        raise Refusal(name, "the file has too many columns", "file_columns")
    places: dict[str, int] = {}
    named = [re.sub(r"[\s_()\[\]*\ufeff-]", "", cell).lower() for cell in header]
    for field, names in _COLUMNS.items():
        at = next((named.index(candidate) for candidate in names if candidate in named), None)
        if at is not None:
            places[field] = at
    missing = [field for field in ("title", "body") if field not in places]
    if missing:
        raise Refusal(name, f"the first row names no column for {' and '.join(missing)}", "file_columns")
    return places


def _draft(row: list[str], places: dict[str, int], name: str, line: int) -> Draft | Row:
    def cell(field: str) -> str:
        at = places.get(field, len(row))
        return row[at].strip() if at < len(row) else ""

    title = " ".join(cell("title").split())
    row_name = cell("id") or f"{name} line {line}"
    if not title or not cell("body"):
        return Row(row_name, "title or body is empty")
    days: dict[str, date] = {}
    for field in _DAYS:
        if cell(field):
            day = parse_day(cell(field))
            if day is None:
                return Row(row_name, f"{field} must be a date such as 2026-03-01", "bad_date")
            days[field] = day
    if "last_day" in days:
        days.setdefault("expires_at", days.pop("last_day") + timedelta(days=1))  # ``parse_day`` knows no year after 2099
    countries = [country_code(word) for word in _LISTS.split(cell("countries")) if word.strip()]
    unknown = [word.strip() for word, code in zip((w for w in _LISTS.split(cell("countries")) if w.strip()), countries, strict=True) if not code]
    warnings = (f"나라 이름을 알아볼 수 없어 비웠습니다: {', '.join(unknown)[:100]}",) if unknown else ()
    url = cell("source_url")
    if url and not re.fullmatch(r"https?://[^\s<>\"']{1,1990}", url):
        warnings, url = (*warnings, "출처 주소가 웹 주소가 아니어서 비웠습니다."), ""
    return Draft(
        id="-".join(cell("id").split()) or _made_id(name, title),
        title=title,
        body=cell("body"),
        source=cell("source"),
        source_url=url,
        language=cell("language").lower() if re.fullmatch(r"[A-Za-z]{2,3}", cell("language")) else "",
        countries=tuple(dict.fromkeys(filter(None, countries))),
        topics=tuple(filter(None, (word.strip() for word in _LISTS.split(cell("topics"))))),
        supersedes=tuple(filter(None, (word.strip() for word in re.split(r"[,;\s]+", cell("supersedes"))))),
        warnings=warnings,
        **{field: day.isoformat() for field, day in days.items()},  # type: ignore[arg-type]  # names of text fields, all of them
    )


def _made_id(name: str, title: str) -> str:
    """The same title in the same file keeps its id when rows move."""
    return "-".join(name.split())[:150] + "-" + hashlib.sha256(title.encode("utf-8", "replace")).hexdigest()[:8]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in ("en", "ko"):
        for code, country in Locale.parse(locale).territories.items():
            if re.fullmatch(r"[A-Z]{2}", code):
                names[_bare(country)] = code
    return names


def _bare(word: str) -> str:
    return "".join(word.split()).lower()


def country_code(word: str) -> str:
    """The ISO code of a country by its code or its Korean or English name; empty if it is none."""
    word = word.strip()
    if re.fullmatch(r"[A-Za-z]{2}", word) and word.upper() in _names().values():
        return word.upper()
    return _names().get(_bare(word), "")
