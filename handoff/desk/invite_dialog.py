"""Letting a named colleague or officer read a case and write beside its owner."""

from __future__ import annotations

from core.clock import now as clock_now
from handoff.desk import words
from handoff.desk.elements import say
from handoff.desk.floor import Floor
from handoff.desk.people import PersonPicker, guests
from handoff.desk.sheet import Sheet
from handoff.schemas import Case


async def ask_invite(floor: Floor, case: Case) -> None:
    """Whom."""
    rows = guests(await floor.do.roster(), without=(case.owner_id or 0, floor.viewer.id), now=clock_now())
    with Sheet(floor.client, "동료 초대", "invite") as sheet:
        say("p", words.case_label(case), "what")
        say("p", "초대한 사람은 대화를 읽고 함께 쓸 수 있습니다. 맡은 사람은 그대로입니다.", "soft")
        picker = PersonPicker(rows, "초대할 사람")

        async def act() -> str | None:
            if picker.chosen is None:
                return "초대할 사람을 고르세요."
            name = next(row["name"] for row in rows if row["id"] == picker.chosen)
            if not await floor.do.invite(case.id, picker.chosen):
                return f"{name} 님은 이미 이 상담에 참여하고 있습니다."
            floor.tell(f"#{case.id} 상담에 {name} 님을 초대했습니다.")
            return None

        sheet.foot("초대하기", act)
