"""Why a move was refused, in one sentence that says what to do next. Pure."""

from __future__ import annotations

from core.errors import AppError

_FIELDS = {
    "to": "지금 상담을 받을 수 없는 사람입니다. 자리를 비웠거나 데스크를 닫았습니다. 다른 사람을 고르세요.",
    "team": "팀 이름을 고르세요.",
    "teams": "팀 이름은 1~40자로 적으세요.",
    "staff": "초대할 수 없는 계정입니다. 사용이 중지되었거나 상담에 참여하는 역할이 아닙니다.",
    "officer": "이 상담을 알릴 수 없는 계정입니다. 공관에 소속되지 않았거나 이 상담의 관할이 아닙니다. 먼저 초대하세요.",
    "email": "메일 주소를 다시 확인하세요. 예: name@example.go.kr",
    "until": "미룰 수 있는 시간은 1분 뒤부터 긴급 상담은 1시간, 그 밖은 7일까지입니다.",
    "due_at": "언제까지인지 정하세요.",
    "verified_contact": "누구와 어떻게 연락해 안전을 확인했는지 적으세요.",
    "outcome": "결과를 고르세요.",
    "skills": "목록에 있는 분야만 고를 수 있습니다.",
    "languages": "언어를 하나 이상 고르세요.",
    "cap": "정원은 0부터 50까지입니다.",
    "starts_at": "같은 사람의 다른 근무와 겹칩니다.",
    "ends_at": "끝나는 시각은 시작한 뒤, 24시간 안이어야 합니다.",
    "number": "번호는 국가 번호부터 적으세요. 예: +82-2-3210-0404",
    "country": "나라를 고르세요.",
    "source": "어디에서 확인했는지 출처를 적으세요.",
    "mission": "공관 목록에 있는 공관을 고르세요.",
    "regions": "이 나라의 행정 구역을 하나 이상 고르세요. 나머지 전부는 * 입니다.",
    "valid_to": "끝나는 날은 시작하는 날보다 뒤여야 합니다.",
    "valid_from": "시작하는 날을 확인하세요.",
    "basis": "나이, 관계, 확인한 방법을 목록에서 고르세요.",
    "agency": "요청한 기관을 적으세요. 예: 해양경찰, 현지 경찰",
    "marks": "가릴 곳을 다시 고르세요. 그사이에 바뀌었을 수 있습니다.",
    "rest_minutes": "휴식 시간은 1분부터 120분까지입니다.",
    "seq": "민원인이 쓴 글에만 표시할 수 있습니다.",
    "people": "볼 수 있는 사람으로 고를 수 없는 계정이 있습니다. 상담에 참여하는 역할인지 확인하세요.",
    "reason": "자리를 비우는 까닭을 고르세요.",
}
_CODES = {
    "not_owner": "그사이에 담당이 바뀌었습니다. 지금은 내 상담이 아닙니다.",
    "illegal_move": "그사이에 상담이 바뀌었습니다. 창을 닫고 지금 상태를 확인하세요.",
    "agent_full": "받는 사람이 맡을 수 있는 상담 수를 넘었습니다. 다른 사람을 고르세요.",
    "empty_message": "받는 사람이 알아야 할 것을 한 줄이라도 적으세요.",
    "reason_missing": "까닭을 다섯 글자 이상 적으세요.",
    "own_review": "번호를 적은 사람은 확인할 수 없습니다. 다른 책임자가 걸어 보고 확인해야 합니다.",
    "not_found": "그사이에 다른 사람이 바꾸거나 지웠습니다. 창을 닫고 다시 여세요.",
}


def sentence(error: AppError) -> str:
    """What to tell the person who pressed; the catalogue's sentence where nothing better is known."""
    if error.code == "invalid_request":
        return _FIELDS.get(str(error.extra.get("field")), error.kind.korean)
    if error.code == "restricted" and "case_id" in error.extra:  # of several that are handed over, which one
        return f"#{error.extra['case_id']}: {error.kind.korean}"
    return _CODES.get(error.code, error.kind.korean)
