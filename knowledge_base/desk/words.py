"""The words and shapes that the editors' page shows for codes. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from knowledge_base.editing.schemas import Flag
from knowledge_base.notices import SEOUL
from knowledge_base.schemas import NoticeStatus, Outcome

#: Topics as they stand in notices, in Korean; an unknown one is shown as it is.
TOPICS = {
    "passport": "여권",
    "lost-passport": "여권 분실",
    "emergency-passport": "긴급여권",
    "fee": "수수료",
    "photo": "여권 사진",
    "online-reissue": "온라인 재발급",
    "validity": "유효기간",
    "covid": "코로나19",
    "mask": "마스크",
    "quarantine": "격리",
    "entry": "입국 요건",
    "entry-ban": "입국 금지",
    "visa": "비자",
    "f4-visa": "재외동포 비자",
    "travel-alarm": "여행경보",
    "travel-ban": "여행금지",
    "special-advisory": "특별여행주의보",
    "crisis": "위기 상황",
    "emergency": "긴급",
    "safety": "안전",
    "safety-notice": "안전공지",
    "notice": "공지사항",
    "callcenter": "영사콜센터",
    "consular-assistance": "영사 조력",
    "mission": "재외공관",
    "mission-hours": "공관 업무시간",
    "apostille": "아포스티유",
    "notary": "공증",
    "certificate": "증명서",
    "family-register": "가족관계 등록",
    "criminal-record": "범죄경력",
    "nationality": "국적",
    "military": "병역",
    "birth": "출생",
    "marriage": "혼인",
    "death": "사망",
    "theft": "도난",
    "robbery": "강도",
    "fraud": "사기",
    "voice-phishing": "보이스피싱",
    "job-scam": "취업 사기",
    "confinement": "감금",
    "kidnapping": "납치",
    "missing": "실종",
    "arrest": "체포·구금",
    "drugs": "마약",
    "medical": "의료",
    "insurance": "보험",
    "remittance": "신속 송금",
    "natural-disaster": "자연재해",
    "earthquake": "지진",
    "typhoon": "태풍",
    "traffic-accident": "교통사고",
    "interpretation": "통역",
    "mobile-id": "모바일 신분증",
    "overseas-registration": "재외국민 등록",
    "overseas-voting": "재외선거",
    "safety-registration": "여행자 등록",
    "customs": "세관",
    "flight": "항공",
    "sms": "문자",
    "kakao": "카카오톡",
    "line": "라인",
    "wechat": "위챗",
    "roaming": "로밍",
}
KINDS = {"notice": "공지", "canned": "상담 정형문"}
OUTCOMES = {Outcome.ANSWERED: "답함", Outcome.CLARIFY: "되물음", Outcome.ABSTAIN: "답하지 않음"}
#: What CLDR names beside countries.
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB"})
#: What became of a file or a row of an import.
IMPORTED = {"draft": "초안이 되었습니다", "unchanged": "전과 같습니다", "error": "받지 못했습니다"}


def topic_word(code: str) -> str:
    """Korean word of a topic."""
    return TOPICS.get(code, code)


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Korean names of countries by code, in Korean order."""
    from babel import Locale

    named = {
        code: name for code, name in Locale("ko").territories.items() if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB")
    }
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def country_name(code: str) -> str:
    """Korean name of a country; nobody guesses one that is not known."""
    return countries().get(code, code)


def day(value: date | None) -> str:
    """A day as it stands in notices."""
    return value.isoformat() if value else "정하지 않음"


def moment(value: datetime) -> str:
    """A moment at the ministry."""
    return f"{value.astimezone(SEOUL):%Y-%m-%d %H:%M}"


def days_left(value: date, today: date) -> str:
    """How far a day is, in words."""
    left = (value - today).days
    return "오늘" if left == 0 else f"{left}일 남음" if left > 0 else f"{-left}일 지남"


def size(value: int) -> str:
    """A file's size as people read it."""
    return f"{value:,}바이트" if value < 1000 else f"{value / 1000:,.0f}KB" if value < 1_000_000 else f"{value / 1_000_000:,.1f}MB"


def author(name: str) -> str:
    """Who stands behind a change; the program's own names in words."""
    return {"gildongmu": "처음 채운 자료", "open data": "공공데이터", "command line": "명령줄", "schedule": "예약 동기화"}.get(name, name)


@dataclass(frozen=True)
class State:
    """What citizens get of a notice today, as a code for colour, a shape and a word."""

    code: str
    shape: str
    word: str


def state_of(status: NoticeStatus, in_force: bool, flags: Collection[Flag]) -> State:
    """The one state that matters most; what else is to be seen stays a flag."""
    if in_force:
        return State("in_force", "●", "시행 중")
    if status is NoticeStatus.WITHDRAWN:
        return State("withdrawn", "✕", "철회")
    if status is NoticeStatus.DRAFT:
        return State("draft", "○", "초안")
    if status is NoticeStatus.REVIEW:
        return State("review", "◐", "검토 중")
    if Flag.REVIEW_OVERDUE in flags and Flag.ENDED not in flags and status is NoticeStatus.PUBLISHED:
        return State("overdue", "▲", "검토 기한 지남")
    if Flag.STARTS_LATER in flags and Flag.ENDED not in flags and status is NoticeStatus.PUBLISHED:
        return State("later", "◷", "시행 전")
    if status is NoticeStatus.SUPERSEDED:
        return State("superseded", "⇢", "대체됨")
    return State("ended", "■", "효력 끝남")


#: Flags that the state itself already tells.
TOLD = {
    "in_force": frozenset(),
    "draft": frozenset({Flag.NEVER_PUBLISHED}),
    "review": frozenset({Flag.NEVER_PUBLISHED}),
    "overdue": frozenset({Flag.REVIEW_OVERDUE}),
    "later": frozenset({Flag.STARTS_LATER}),
    "superseded": frozenset({Flag.ENDED, Flag.NO_REVIEW_DAY, Flag.REVIEW_OVERDUE, Flag.REVIEW_SOON, Flag.EXPIRES_SOON}),
    "ended": frozenset({Flag.ENDED, Flag.NO_REVIEW_DAY, Flag.REVIEW_OVERDUE, Flag.REVIEW_SOON, Flag.EXPIRES_SOON}),
    "withdrawn": frozenset(Flag) - {Flag.TEST_ONLY, Flag.CHANGED_SINCE},
}


def more_flags(state: State, flags: Collection[Flag]) -> list[str]:
    """What is to be seen beside the state, in words."""
    return [flag.label for flag in flags if flag not in TOLD[state.code]]
