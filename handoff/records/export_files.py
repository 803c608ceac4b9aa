"""A released export as a file: JSON for programs, HTML for people. Pure; what stands in it is text, whatever it holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

from core.errors import HOTLINE
from handoff.records.export_document import Document

FORMAT = "gildongmu-export-1"
SEOUL = ZoneInfo("Asia/Seoul")
_STYLE = (
    "body{font:16px/1.6 system-ui,'Apple SD Gothic Neo','Malgun Gothic',sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;word-break:keep-all}"
    "h2{border-bottom:2px solid;margin-top:2rem}dt{font-weight:700;margin-top:.7rem}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}"
)
#: What whoever receives it must know.
NOTES = (
    "개인정보 보호법 제35조에 따라 요청하신 날까지 이 상담에 남아 있던 내용입니다.",
    "[가림: …] 은 다른 사람이나 직원의 정보라서 가린 곳입니다(같은 법 제35조 제4항 제2호).",
    "보관 기간이 지나 지운 내용과 위치는 들어 있지 않습니다. 사진과 파일은 이름과 종류만 적혀 있습니다.",
    f"틀린 내용의 정정·삭제나 이의가 있으면 {HOTLINE} 로 알려 주세요.",
)


def as_json(document: Document, released_at: datetime, asked_on: date) -> str:
    """For programs."""
    head = {"format": FORMAT, "notes": list(NOTES), "asked_on": asked_on.isoformat(), "released_at": released_at.isoformat(timespec="seconds")}
    return json.dumps(head | asdict(document), ensure_ascii=False, indent=1)


def as_html(document: Document, released_at: datetime, asked_on: date) -> str:
    """For people: one page without scripts, links or pictures, that reads the same without a connection."""
    root = Xml.Element("html", lang="ko")
    head = Xml.SubElement(root, "head")
    Xml.SubElement(head, "meta", charset="utf-8")
    Xml.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    Xml.SubElement(head, "meta", name="robots", content="noindex")
    Xml.SubElement(head, "title").text = "열람 자료"
    Xml.SubElement(head, "style").text = _STYLE
    body = Xml.SubElement(root, "body")
    Xml.SubElement(body, "h1").text = "열람 자료"
    Xml.SubElement(body, "p").text = f"요청한 날 {asked_on:%Y-%m-%d} · 내준 때 {released_at.astimezone(SEOUL):%Y-%m-%d %H:%M} (한국)"
    for note in NOTES:
        Xml.SubElement(body, "p").text = note
    for section in document.sections:
        Xml.SubElement(body, "h2").text = section.title
        if not section.items:
            Xml.SubElement(body, "p").text = "남아 있는 내용이 없습니다."
            continue
        listing = Xml.SubElement(body, "dl")
        for item in section.items:
            Xml.SubElement(listing, "dt").text = _printable(item.label)
            Xml.SubElement(listing, "dd").text = _printable(item.text)
    return "<!doctype html>\n" + Xml.tostring(root, encoding="unicode", method="html")


def _printable(text: str) -> str:
    """Without control characters, which no file for people may hold."""
    return "".join(
        letter for letter in text if letter in "\n\t" or (ord(letter) >= 0x20 and not 0x7F <= ord(letter) < 0xA0 and not 0xD800 <= ord(letter) < 0xE000)
    )
