"""Between the form in the browser and a notice: what is wrong in words, and the record. Pure; the browser is believed in nothing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from core.errors import CATALOGUE
from knowledge_base.errors import NoticeError
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent, NoticeKind

DAYS = {"published_at": "게시일", "effective_from": "시행일", "expires_at": "만료일", "review_by": "검토 기한"}
WORDS = ("title", "body", "source", "source_url", "shortcut")
LISTS = ("countries", "topics", "supersedes")
#: What the record says of a field, in words of the form.
SENTENCES = {
    "title": "제목을 300자 안으로 적어 주세요.",
    "body": "본문을 적어 주세요. 200,000자까지 됩니다.",
    "published_at": "게시일을 적어 주세요.",
    "effective_from": "시행일을 알아볼 수 없습니다.",
    "expires_at": "만료일은 시행일보다 뒤여야 합니다.",
    "review_by": "검토 기한을 오늘부터 2년 안으로 정해 주세요.",
    "countries": "나라를 목록에서 골라 주세요.",
    "topics": "주제를 다시 적어 주세요.",
    "supersedes": "대체하는 공지를 다시 골라 주세요. 자기 자신이나 서로 돌고 도는 것은 안 됩니다.",
    "source_url": "링크는 https:// 로 시작하는 주소여야 합니다.",
    "source": "출처를 300자 안으로 적어 주세요.",
    "shortcut": "단축어는 띄어쓰기 없이 20자까지입니다.",
}


_NEW = re.compile(r"(notice|canned)-\d{8}-[0-9a-f]{8}")


def new_content(kind: NoticeKind, today: date, review_by: date, notice_id: str = "") -> NoticeContent:
    """An empty notice to begin with; its id means nothing and is never shown to citizens."""
    return NoticeContent(notice_id or f"{kind.value}-{today:%Y%m%d}-{secrets.token_hex(4)}", "", "", today, today, review_by=review_by, kind=kind)


def kind_of_new(notice_id: str) -> NoticeKind | None:
    """Of what kind a notice is that was begun under this id; None: it is none of ours."""
    found = _NEW.fullmatch(notice_id)
    return NoticeKind(found.group(1)) if found else None


def fields_of(content: NoticeContent) -> dict[str, Any]:
    """What the form shows."""
    fields: dict[str, Any] = {"id": content.id, "test_only": content.test_only}
    fields |= {name: getattr(content, name) for name in WORDS}
    fields |= {name: list(getattr(content, name)) for name in LISTS}
    fields |= {name: value.isoformat() if (value := getattr(content, name)) else "" for name in DAYS}
    return fields


def content_of(fields: Any, base: NoticeContent) -> tuple[NoticeContent | None, dict[str, str]]:
    """The notice, or what is wrong, a sentence for each field. What the form does not hold (id, kind, language) is ``base``'s."""
    given: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
    record: dict[str, Any] = {"id": base.id, "kind": base.kind.value, "language": base.language, "test_only": base.test_only}
    record |= {name: given.get(name) if isinstance(given.get(name), str) else "" for name in (*WORDS, *DAYS)}
    record |= {name: [one for one in given.get(name, ()) if isinstance(one, str)] if isinstance(given.get(name), list) else [] for name in LISTS}
    if base.kind is not NoticeKind.CANNED:
        record["shortcut"] = ""
    problems: dict[str, str] = {}
    for name in ("title", "body"):
        if not record[name].strip():
            problems[name] = "제목을 적어 주세요." if name == "title" else "본문을 적어 주세요."
    days: dict[str, date] = {}
    for name, label in DAYS.items():
        try:
            if record[name]:
                days[name] = date.fromisoformat(record[name])
        except ValueError:
            problems[name] = f"{label}을 알아볼 수 없습니다. 연-월-일로 적어 주세요."
    if "published_at" not in days and "published_at" not in problems:
        problems["published_at"] = SENTENCES["published_at"]
    if "review_by" not in days and "review_by" not in problems:
        problems["review_by"] = "검토 기한을 정해 주세요. 이 날까지 다시 확인하지 않으면 답하지 않습니다."
    start = days.get("effective_from") or days.get("published_at")
    if start and "expires_at" in days and days["expires_at"] <= start:
        problems["expires_at"] = SENTENCES["expires_at"]
    if problems:
        return None, problems
    try:
        return parse_record(record), {}
    except NoticeError as error:
        return None, dict([problem(error.code, str(error).split(" ", 1)[0])])


def problem(code: str, field: str) -> tuple[str, str]:
    """Where a refusal belongs in the form, and its sentence."""
    if code == "notice_too_long":
        return field, CATALOGUE[code].korean
    if field in SENTENCES:
        return field, SENTENCES[field]
    return {"dates_contradict": "expires_at", "supersedes_loop": "supersedes", "review_day": "review_by"}.get(code, "title"), CATALOGUE[code].korean


def for_preview(content: NoticeContent | None, fields: Any, base: NoticeContent, today: date) -> NoticeContent | None:
    """What the preview shows while the form is not yet right: the title and the words as they stand; None while there are none."""
    if content is not None:
        return content
    given: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
    title, body = (str(given.get(name) or "").strip() for name in ("title", "body"))
    if not title or not body:
        return None
    return replace(base, title=title[:300], body=body[:200_000], effective_from=min(base.effective_from, today))
