"""On the right pane: how to talk with somebody in a grave situation, whom such a case is handed on to, and to whom it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from core.settings import settings
from handoff import guidance
from handoff.desk.elements import block, button, say
from handoff.schemas import CaseCard

SEOUL = ZoneInfo("Asia/Seoul")


def fill(card: CaseCard, on_hand_on: Callable[[], Any]) -> None:
    """Inside the current element: the category's card, the button of the directory, what was handed on."""
    known = guidance.of_category(card.case.category)
    if known is not None:
        _card(known)
    if card.case.status != "closed":
        button("도움 줄 곳 · 넘긴 기록", on_hand_on, classes="small wide", hint="g", data_key="KeyG", data_action="hand-on")
    with block("ul", "handed-on"):
        for one in card.handed_on:
            with block("li"):
                say("b", one.target)
                say("span", f" {one.handed_at.astimezone(SEOUL):%m-%d %H:%M} · {one.staff_name or '사용 중지된 계정'}", "soft")
                say("p", one.said, "words")


def _card(known: guidance.Guidance) -> None:
    with block("details", "guidance", open="", data_guidance=known.category):
        code, words = guidance.standing(known, settings().environment)
        say("summary", f"상담 요령 — {known.title}")
        if code == "unapproved":
            say("p", words, "warning")
        say("h3", "○ 하세요")
        with block("ul", "do"):
            for line in known.do:
                say("li", line)
        say("h3", "✕ 하지 마세요")
        with block("ul", "dont"):
            for line in known.dont:
                say("li", line)
        say("p", f"상담관만 봅니다 · {'승인 전' if code == 'unapproved' else words} · {known.source}", "soft")
