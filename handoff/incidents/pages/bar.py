"""The bar above the pages of incidents."""

from __future__ import annotations

from accounts.schemas import Staff
from handoff.desk.elements import block, say

LINKS = (("/desk", "상담 데스크"), ("/desk/incidents", "사고"))


def bar(viewer: Staff) -> None:
    """Brand, where else to go, who it is, and the way out."""
    with block("header", "bar"):
        say("span", "길동무 사고", "brand")
        with block("div", "bar-right"):
            for href, title in LINKS:
                with block("a", "nav", href=href):
                    say("span", title)
            say("span", viewer.display_name, "who")
            with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                say("span", "나가기")
