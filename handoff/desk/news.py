"""What happened to a person's cases without their doing, as one sentence. Pure."""

from __future__ import annotations

from accounts.schemas import Role, Staff
from handoff.desk.live import Change


def broken_glass(change: Change, viewer: Staff) -> str | None:
    """What a supervisor is told at once when somebody who is not named opens a restricted case; it stays on the screen until it is closed."""
    if change.kind != "glass_broken" or not viewer.has(Role.SUPERVISOR) or change.payload.get("staff_id") == viewer.id:
        return None
    return f"#{change.case_id} 열람 제한 상담을 지정되지 않은 사람이 까닭을 적고 열었습니다. ‘열람 기록’에서 까닭을 확인하세요."


def guardian_danger(change: Change, viewer: Staff) -> str | None:
    """What a supervisor is told at once when a child's guardian is the danger; it stays on the screen until it is closed."""
    if change.kind != "guardian_danger" or not viewer.has(Role.SUPERVISOR) or change.payload.get("staff_id") == viewer.id:
        return None
    return f"#{change.case_id} 보호자가 위험한 아동의 상담입니다. 보호자에게 알리지 말고, 상담의 ‘동의 기록’을 읽고 확인하세요."


def unattended(change: Change, viewer: Staff) -> str | None:
    """What a supervisor is told when nobody answers an emergency that somebody has; always the same words, so that the browser counts repeats."""
    row = change.after
    if change.kind != "unattended" or row is None or row.owner_id == viewer.id or not viewer.has(Role.SUPERVISOR):
        return None
    return f"#{change.case_id} {row.owner_name or '동료'} 님이 맡은 긴급 상담의 민원인이 답을 기다립니다. 상담을 열어 보고, 답할 수 없는 상황이면 가져가세요."


def news(change: Change, viewer_id: int) -> str | None:
    """The sentence for one desk, or None when the change is not this person's business or was their own doing."""
    row, before, payload, number = change.after, change.before, change.payload, f"#{change.case_id}"
    owner_id = row.owner_id if row else None
    if change.kind == "closed":
        is_others = before is not None and before.owner_id == viewer_id and before.closing_by == viewer_id
        return f"{number} 종료를 동료가 확인해 상담이 끝났습니다." if is_others else None
    if row is None:
        return None
    if change.kind == "drill_unclaimed":
        return f"{number} 훈련 상담을 제때 아무도 맡지 않았습니다. 실제였다면 민원인이 아직 기다리고 있습니다."
    who = f"{row.owner_name} 님이" if row.owner_name else "동료가"
    if change.kind == "asked" and row.asked_to == viewer_id:
        return f"{number} 긴급 상담을 맡아 달라는 요청이 왔습니다. 맡기 전까지는 {row.owner_name or '동료'} 님의 상담입니다."
    if change.kind == "refused" and owner_id == viewer_id and payload.get("staff_id") != viewer_id:
        return f"{number} 인계를 받지 않겠다고 합니다. 계속 내 상담입니다."
    if change.kind in ("accepted", "overridden") and payload.get("from_id") == viewer_id:
        return f"{number} 상담을 {who} {'넘겨받았습니다' if change.kind == 'accepted' else '책임자로서 가져갔습니다'}."
    if change.kind == "accepted" and owner_id == viewer_id and payload.get("why"):
        return f"{number} 상담을 넘겨받았습니다. 메모를 먼저 읽으세요."
    if change.kind in ("offer_expired", "offer_withdrawn") and payload.get("staff_id") == viewer_id:
        return f"{number} 제안이 지나 다음 상담관에게 갑니다."
    if change.kind == "closing_withdrawn" and owner_id == viewer_id and payload.get("staff_id") not in (None, viewer_id):
        return f"{number} 종료에 동료가 반대했습니다. 상담은 계속 열려 있습니다."
    if change.kind == "code_word" and owner_id == viewer_id:
        return f"{number} 민원인이 약속한 말을 썼습니다. 민원인의 화면에는 아무 표시도 나가지 않았습니다."
    if change.kind == "link_lost" and owner_id == viewer_id:
        return f"{number} 위치 링크 문자가 도착하지 않았습니다. 여섯 자리 숫자를 불러 주거나 말로 위치를 물어보세요."
    if change.kind == "unattended" and owner_id == viewer_id:
        return f"{number} 긴급 상담의 민원인이 {payload['waited_s'] // 60}분째 답을 기다립니다."
    if change.kind == "woken" and owner_id == viewer_id:
        return f"{number} 미뤄 둔 상담을 볼 시간입니다."
    if change.kind == "returned" and before is not None and before.owner_id == viewer_id and payload.get("why") == "desk_silent":
        return f"{number} 데스크 연결이 끊긴 동안 대기열로 돌아갔습니다."
    return None
