"""From the API's items to rows of our tables: a key that tells rows apart, and plain values. Pure; an item that cannot be read is named, not guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from knowledge_base.opendata.catalogue import Kind, Service
from knowledge_base.opendata.cleaning import day, degrees, one_line, plain

Item = dict[str, Any]

#: From the least to the most severe. The special advisory stands between 2 and 3: for its time it counts as "cancel or postpone".
LEVELS = ("1", "2", "special", "3", "4")
SCOPES = {"전체": "whole", "일부": "part"}
_LEVEL = re.compile(r"\s*([1-4])\s*(?:단계)?\s*")
_CODE = re.compile(r"[A-Za-z]{2}")
_NOT_A_WORD = re.compile(r"[^\w]+", re.UNICODE)
_LINK = re.compile(r"https?://\S+")


class BadItem(ValueError):
    """An item that cannot be read; the message names the field, not its content."""


@dataclass(frozen=True)
class Row:
    """A row of a table, or a notice: what tells it apart, and what it says."""

    key: tuple[str, ...]
    values: dict[str, Any]
    written_on: date | None = None


def rank(level: str) -> int:
    """How severe a level is, from 1."""
    return LEVELS.index(level) + 1


def rows_of(service: Service, items: Iterable[Item]) -> tuple[list[Row], list[str]]:
    """Every row that can be read, one for each key, and why others cannot.

    Of two alarms for the same region the higher one counts; of other rows with the same key the last one does.
    """
    read = _READERS[service.kind]
    found: dict[tuple[str, ...], Row] = {}
    wrong: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            row = read(service, item)
        except BadItem as error:
            wrong.append(f"row {number}: {error}")
            continue
        known = found.get(row.key)
        if known is not None and service.kind is Kind.ALARM and rank(known.values["level"]) >= rank(row.values["level"]):
            continue
        found[row.key] = row
    return list(found.values()), wrong


def level_of(raw: Any) -> str:
    """A level as the API writes it: null and an empty text are a special advisory, never "none"."""
    text = one_line(raw)
    if not text or "특별" in text:
        return "special"
    match = _LEVEL.fullmatch(text)
    if match is None:
        raise BadItem("alarm_lvl is no level")
    return match[1]


def region_key(region: str) -> str:
    """A region's name as it is compared: without spaces, marks and width, so that a typing correction is no other region."""
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", region)).casefold()


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    from babel import Locale

    return {name: code for code, name in Locale("ko").territories.items() if _CODE.fullmatch(code)}


def _country(item: Item) -> tuple[str, str]:
    name = one_line(item.get("country_nm"))
    code = one_line(item.get("country_iso_alp2")).upper()
    if not _CODE.fullmatch(code):
        code = _codes_by_name().get(name, "")
    if not code:
        raise BadItem("country_iso_alp2 is no country")
    return code, name


def _alarm(service: Service, item: Item) -> Row:
    country, name = _country(item)
    region = one_line(item.get("remark"))
    scope = SCOPES.get(one_line(item.get("region_ty")), "unknown")
    if service.name == "special-advisories":
        level = "special"
    elif service.name == "travel-bans":
        level = "4"
    else:
        level = level_of(item.get("alarm_lvl"))
    values = {"country": country, "country_name": name, "scope": scope, "region": region, "region_key": region_key(region), "level": level}
    return Row((country, scope, values["region_key"]), values, day(item.get("written_dt") or item.get("wrt_dt")))


def _yes_no(value: Any) -> str:
    text = one_line(value).upper()
    return text if text in ("Y", "N") else ""


def _entry(service: Service, item: Item) -> Row:
    country, name = _country(item)
    values = {
        "country": country,
        "country_name": name,
        "have_yn": _yes_no(item.get("have_yn")),
        "ordinary_yn": _yes_no(item.get("gnrl_pspt_visa_yn")),
        "ordinary": plain(item.get("gnrl_pspt_visa_cn")),
        "official_yn": _yes_no(item.get("ofclpspt_visa_yn")),
        "official": plain(item.get("ofclpspt_visa_cn")),
        "diplomatic_yn": _yes_no(item.get("dplmt_pspt_visa_yn")),
        "diplomatic": plain(item.get("dplmt_pspt_visa_cn")),
        "basis": plain(item.get("nvisa_entry_evdc_cn")),
        "remark": plain(item.get("remark")),
    }
    return Row((country,), values, day(item.get("written_dt") or item.get("wrt_dt")))


def _mission(service: Service, item: Item) -> Row:
    country, country_name = _country(item)
    code = one_line(item.get("embassy_cd"))
    name = one_line(item.get("embassy_kor_nm"))
    if not code or not name:
        raise BadItem("embassy_cd or embassy_kor_nm is missing")
    values = {
        "code": code,
        "name": name,
        "country": country,
        "country_name": country_name,
        "kind": one_line(item.get("embassy_ty_cd_nm")),
        "management": one_line(item.get("embassy_manage_ty_cd_nm")),
        "address": plain(item.get("emblgbd_addr")),
        "lat": degrees(item.get("embassy_lat"), 90),
        "lon": degrees(item.get("embassy_lng"), 180),
        "phone": one_line(item.get("tel_no")),
        "duty_phone": one_line(item.get("urgency_tel_no")),
        "free_phone": one_line(item.get("free_tel_no")),
        "centre_phone": one_line(item.get("center_tel_no")),
    }
    return Row((code, country), values, day(item.get("written_dt") or item.get("wrt_dt")))


def _contact(service: Service, item: Item) -> Row:
    country, name = _country(item)
    values = {"country": country, "country_name": name, "contacts": plain(item.get("contact_remark"))}
    return Row((country,), values, day(item.get("wrt_dt") or item.get("written_dt")))


def _notice(service: Service, item: Item) -> Row:
    number = one_line(item.get("sfty_notice_id") or item.get("id"))
    if not number or re.search(r"\s", number) or len(number) > 100:
        raise BadItem("the notice has no usable id")
    title = one_line(item.get("title"))
    if not title:
        raise BadItem("title is missing")
    written = day(item.get("written_dt") or item.get("wrt_dt"))
    link = one_line(item.get("file_download_url"))
    code = one_line(item.get("country_iso_alp2")).upper()
    notice_id = f"mofa-{number}"
    values: dict[str, Any] = {
        "id": notice_id,
        "title": title,
        "body": plain(item.get("txt_origin_cn")),
        "published_at": written.isoformat() if written else "",
        "countries": [code] if _CODE.fullmatch(code) else [],
        "source_url": link if _LINK.fullmatch(link) else "",
    }
    return Row((notice_id,), values, written)


_READERS: dict[Kind, Callable[[Service, Item], Row]] = {
    Kind.ALARM: _alarm,
    Kind.ENTRY: _entry,
    Kind.MISSION: _mission,
    Kind.CONTACT: _contact,
    Kind.NOTICE: _notice,
}
