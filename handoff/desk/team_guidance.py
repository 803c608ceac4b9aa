"""The guidance cards as they stand: which the installation has approved, which are only the program's, and what is wrong with its own files."""

from __future__ import annotations

from nicegui import Client

from core.settings import settings
from handoff import guidance
from handoff.desk import words
from handoff.desk.elements import block, say

HOW = (
    "data/guidance 의 글을 폴더 하나에 복사해 기관의 말로 고칩니다.",
    "author(쓴 사람), approver(승인한 사람), approved_at(승인한 날), source(근거)를 기관의 것으로 적습니다.",
    "운영자가 GILDONGMU_GUIDANCE_DIR 에 그 폴더를 적고 다시 시작합니다. 여기에 ‘기관 글’로 나오면 쓰이고 있는 것입니다.",
)
MARKS = {"approved": ("verified", "✓ 승인됨"), "test": ("unverified", "? 시험용"), "unapproved": ("unverified", "? 승인 전")}


class TeamGuidance:
    """A table to read; what is in use is decided by files, so that every text has been looked at by whoever set it up."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._root = block("section", "team-guidance", aria_label="상담 요령")

    async def refresh(self) -> None:
        """Draw."""
        found, environment = guidance.in_use(), settings().environment
        with self._client:
            self._root.clear()
            with self._root:
                self._fill(found, environment)

    def _fill(self, found: guidance.Known, environment: str) -> None:
        say("p", "자해, 성폭력처럼 말을 조심해야 하는 상담에서 상담관의 오른쪽 화면에 나오는 글입니다. 승인되지 않은 글도 그렇다고 적혀 나옵니다.", "soft")
        for one in found.refused:
            say("p", f"{one.name} 은(는) 쓰지 않습니다. 프로그램의 글이 대신 나옵니다. ({one.why})", "warning")
        with block("div", "scroll"), block("table", "grid"):
            with block("thead"), block("tr"):
                for head in ("상담", "제목", "상태", "승인", "근거", "어디의 글"):
                    say("th", head, scope="col")
            with block("tbody"):
                for category, card in sorted(found.cards.items(), key=lambda item: words.category_word(item[0])):
                    code, text = guidance.standing(card, environment)
                    mark, label = MARKS[code]
                    with block("tr", "", data_guidance=category):
                        say("th", words.category_word(category), scope="row")
                        say("td", card.title)
                        with block("td"):
                            say("span", label, f"mark {mark}")
                        say("td", text)
                        say("td", card.source)
                        say("td", "기관 글" if category in found.own else "프로그램 글")
        with block("details", "history"):
            say("summary", "기관의 글로 바꾸려면")
            with block("ol"):
                for line in HOW:
                    say("li", line)
