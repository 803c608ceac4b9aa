"""One mission as staff see it: how sure it is that it is competent, whether it is open now, and its duty number where somebody has checked it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from handoff.desk.elements import block, say
from handoff.schemas import Certainty, MissionHint, MissionNow

MISSIONS_SHOWN = 4
KOREA = "Asia/Seoul"


def says(mission: MissionHint, now: MissionNow | None) -> tuple[Any, ...]:
    """What ``fill`` shows of them: whole kilometres, and not the time of the look. Pure."""
    distance_km = None if mission.distance_km is None else round(mission.distance_km)
    return vars(mission) | {"distance_km": distance_km}, None if now is None else vars(now) | {"local_time": None}


def fill(mission: MissionHint, now: MissionNow | None) -> None:
    """Inside the current element: its name, why it stands here and how sure that is, whether it is open, whom to call."""
    is_sure = mission.certainty is Certainty.CONFIRMED and mission.verified
    with block("div", "mission"):
        say("b", mission.name)
        say("span", "✓ 확인됨" if is_sure else "? 확인 필요", "mark " + ("verified" if is_sure else "unverified"))
    distance = f" · {mission.distance_km:,.0f} km" if mission.distance_km is not None else ""
    say("p", mission.basis + distance, "soft")
    if now is None:
        return
    with block("p", "mission-now"):
        say("b", "지금 엶" if now.is_open else "지금 닫힘")
        say("span", f" ({now.why})" if now.why else "")
        if not now.is_verified:
            say("span", " · 업무시간 미확인", "soft")
        if now.next_opening is not None:
            there, korea = (now.next_opening.astimezone(ZoneInfo(zone)) for zone in (now.time_zone, KOREA))
            say("span", f" · 다음 업무 {there:%m-%d %H:%M} (한국 {korea:%m-%d %H:%M})", "soft")
    if now.hours:
        say("p", f"업무시간 {now.hours}", "soft")
    with block("p", "duty"):
        if now.duty_phone:
            say("span", "당직 ")
            say("a", now.duty_phone, "tel", href=telephone(now.duty_phone))
        else:
            say("span", "확인된 당직 번호 없음", "soft")


def telephone(number: str) -> str:
    """The address that calls a number."""
    return "tel:" + "".join(c for c in number if c in "+0123456789")
