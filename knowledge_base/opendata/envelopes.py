"""From the bytes of an answer to its rows: both JSON envelopes, the XML form, and the gateway's errors, which are XML whatever was asked for. Pure."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from knowledge_base.opendata.errors import SUCCESS, OpenDataError, by_code

Item = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """The rows of one page, its number if the answer says it, and how many rows there are in all."""

    items: tuple[Item, ...]
    total: int
    number: int | None = None


def read_page(raw: bytes) -> Page:
    """The page in an answer.

    Raises:
        OpenDataError: an error of the service or of the gateway, or something that is no answer at all.
    """
    text = raw.decode("utf-8-sig", "replace").strip()
    if text.startswith("<"):
        return _from_xml(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise OpenDataError("bad_answer", "neither JSON nor XML", is_passing=True) from None
    if not isinstance(content, dict):
        raise OpenDataError("bad_answer", "not an object", is_passing=True)
    if "response" in content:
        return _current(_object(content["response"]))
    if "OpenAPI_ServiceResponse" in content:
        raise _gateway(_object(_object(content["OpenAPI_ServiceResponse"]).get("cmmMsgHeader")))
    return _former(content)


def _current(response: Item) -> Page:
    """``{"header": {...}, "body": {"items": {"item": [...] | {...}} | "", "totalCount": n}}``."""
    _check(_object(response.get("header")))
    body = _object(response.get("body"))
    items = body.get("items")
    if isinstance(items, dict):
        items = items.get("item")
    return _page(items, body.get("totalCount"), body.get("pageNo"))


def _former(content: Item) -> Page:
    """``{"resultCode": 0, "totalCount": n, "data": [...]}``."""
    _check(content)
    return _page(content.get("data"), content.get("totalCount"), content.get("pageNo"))


def _page(items: Any, total: Any, number: Any) -> Page:
    if items is None or items == "":
        items = []
    elif isinstance(items, dict):
        items = [items]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise OpenDataError("bad_answer", "rows that are no objects", is_passing=True)
    known = _number(total)
    if known is None:
        # Without the total nobody can say that a list is whole, and an empty list would pass for "no alarm".
        raise OpenDataError("bad_answer", "no totalCount", is_passing=True)
    return Page(tuple(items), known, _number(number))


def _check(header: Item) -> None:
    if "resultCode" not in header:
        raise OpenDataError("bad_answer", "no resultCode", is_passing=True)
    if str(header["resultCode"]).strip() not in SUCCESS:
        raise by_code(header["resultCode"])


def _from_xml(text: str) -> Page:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise OpenDataError("bad_answer", "a document type", is_passing=True)  # an HTML page of some proxy, or worse
    try:
        root = ET.fromstring(text)  # noqa: S314  (document types are refused above, so no entity can expand)
    except ET.ParseError:
        raise OpenDataError("bad_answer", "broken XML", is_passing=True) from None
    if root.tag == "OpenAPI_ServiceResponse":
        raise _gateway({child.tag: child.text for child in root.iterfind("cmmMsgHeader/*")})
    header, body = root.find("header"), root.find("body")
    if header is None:
        raise OpenDataError("bad_answer", "unknown XML", is_passing=True)
    _check({child.tag: child.text or "" for child in header})
    if body is None:
        raise OpenDataError("bad_answer", "no body", is_passing=True)
    items = [{field.tag: field.text for field in item} for item in body.iterfind("items/item")]
    return _page(items, body.findtext("totalCount"), body.findtext("pageNo"))


def _gateway(header: Item) -> OpenDataError:
    return by_code(header.get("returnReasonCode") or "99")


def _object(value: Any) -> Item:
    if not isinstance(value, dict):
        raise OpenDataError("bad_answer", "a part is missing", is_passing=True)
    return value


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        found = int(str(value).strip())
    except ValueError:
        return None
    return found if found >= 0 else None
