"""The competent missions of a case on one sheet: their cards, and their officers, who can be told of the case or invited into it."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from accounts.schemas import Role
from core.settings import settings
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Floor
from handoff.desk.mission_actions import MissionActions
from handoff.desk.mission_card import MISSIONS_SHOWN, fill
from handoff.desk.sheet import Sheet
from handoff.officers.at_case import Stationed
from handoff.schemas import CaseCard

SEOUL = ZoneInfo("Asia/Seoul")
NOBODY = "이 공관에는 등록된 영사가 없습니다. 확인된 당직 번호로 전화하세요. 영사 등록은 책임자가 팀 화면에서 합니다."


def standing(one: Stationed, *, is_mailing: bool) -> str:
    """How far an officer knows of the case, in a few words. Pure; ``is_mailing``: this installation can send mail."""
    if one.has_joined:
        return "✓ 이 상담에 참여 중"
    if one.acknowledged_at is not None:
        return f"✓ {one.acknowledged_at.astimezone(SEOUL):%m-%d %H:%M} 확인했음 · 아직 참여하지 않음"
    if not one.is_told:
        return "? 아직 알리지 않음"
    if not one.has_email or not is_mailing:
        why = "메일 주소 없음" if is_mailing else "메일 미설정"
        return f"? 공관 데스크에만 보임 ({why}) · 확인 전"
    if one.sent:
        return f"? 메일 {one.sent}번 보냄 · 확인 전"
    return "✕ 메일을 보내지 못함 · 공관 데스크에만 보임" if one.failed else "? 곧 메일을 보냄"


class MissionDesk:
    """Belongs to one desk; ``card_of`` tells the open case."""

    def __init__(self, floor: Floor, do: MissionActions, card_of: Callable[[], CaseCard | None]) -> None:
        self._floor = floor
        self._do = do
        self._card_of = card_of

    async def ask(self) -> None:
        """Open the sheet for the open case."""
        card = self._card_of()
        if card is None:
            self._floor.tell("먼저 상담을 여세요.", "info")
            return
        if card.case.synthetic:
            self._floor.tell("훈련은 공관에 알리지 않습니다.", "info")
            return
        shown = card.missions[:MISSIONS_SHOWN]
        found: list[Stationed] = []

        async def load() -> None:
            found.extend(await self._do.stationed(card.case.id, [one.name for one in shown]))

        if not await self._floor.guarded(load):
            return
        may_call = card.case.status != "closed" and (card.case.owner_id == self._floor.viewer.id or self._floor.viewer.has(Role.SUPERVISOR))
        with self._floor.client, Sheet(self._floor.client, "관할 공관", "mission", is_wide=True) as sheet:
            if not shown:
                say("p", "알 수 없습니다. 나라를 먼저 확인하세요.", "none")
            if not may_call and card.case.status != "closed":
                say("p", "영사에게 알리거나 초대하는 것은 이 상담을 맡은 사람과 책임자만 할 수 있습니다.", "soft")
            with block("ul", "missions mission-sheet"):
                for mission in shown:
                    with block("li", "", data_mission=mission.name):
                        fill(mission, card.missions_now.get(mission.name))
                        here = [one for one in found if one.mission == mission.name]
                        if not here:
                            say("p", NOBODY, "soft")
                        for one in here:
                            self._officer(card, one, sheet, may_call=may_call)
            sheet.foot("", None)

    def _officer(self, card: CaseCard, one: Stationed, sheet: Sheet, *, may_call: bool) -> None:
        case_id = card.case.id

        async def inform() -> None:
            if await self._do.inform(case_id, one.staff_id):
                self._floor.tell(f"#{case_id} 상담을 {one.name} 영사에게 알립니다.")
            else:
                self._floor.tell(f"{one.name} 영사는 이미 확인했습니다.", "info")

        async def call_in() -> None:
            if await self._do.call_in(case_id, one.staff_id):
                self._floor.tell(f"#{case_id} 상담에 {one.name} 영사를 초대했습니다.")
            else:
                self._floor.tell(f"{one.name} 영사는 이미 참여하고 있습니다.", "info")

        with block("div", "officer-row", data_officer=one.staff_id):
            with block("div", "who"):
                say("b", f"{one.name} 영사")
                say("p", standing(one, is_mailing=bool(settings().smtp_host)), "soft")
            if may_call and not one.has_joined:
                with block("div", "acts"):
                    if one.is_of_district and one.acknowledged_at is None:
                        label = "다시 알리기" if one.is_told else "알리기"
                        button(label, lambda: sheet.run(inform), classes="small", data_inform=one.staff_id)
                    button("상담에 초대", lambda: sheet.run(call_in), classes="small primary", data_call_in=one.staff_id)
