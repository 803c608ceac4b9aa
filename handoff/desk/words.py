"""The words and shapes that a desk shows for codes. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from handoff.schemas import HIDDEN, AgentFull, AlreadyTaken, Case, NotEligible, OfferedToAnother, QueueRow
from language.categories import Category

#: Severity as a word and a shape, because colour alone carries no meaning.
SEVERITY = {
    "life_threat": ("생명 위험", "●"),
    "urgent": ("긴급", "▲"),
    "non_urgent": ("도움 요청", "■"),
    "none": ("일반", "□"),
}
AUTHORS = {"citizen": "민원인", "bot": "봇", "agent": "상담관", "officer": "영사", "system": "알림"}
STATES = {"available": "응대 가능", "away": "자리 비움", "offline": "데스크 닫힘"}
STATUS = {"queued": "대기", "claimed": "상담 중", "handed_back": "봇에 되돌림", "closed": "종료"}
CHANNELS = {
    "webchat": "웹 채팅",
    "kakao": "카카오톡",
    "line": "라인",
    "wechat": "위챗",
    "wechat_mini": "위챗 미니프로그램",
    "sms": "문자",
    "phone": "전화",
}
METHODS = {"device": "기기 위치", "gps": "GPS", "network": "통신망", "wifi": "와이파이", "typed": "직접 적은 주소", "unknown": "방법 모름"}
#: Why a case stands here, by the code that triage or the bot wrote.
WHY = {
    "classifier": "문장 판단",
    "windows": "긴 글의 한 대목",
    "context": "앞선 대화",
    "doubt": "판단 애매",
    "no_vector": "규칙만으로 판단",
    "direct": "직접 표현",
    "ongoing": "진행 중",
    "button": "위험 버튼",
    "danger_button": "위험 버튼",
    "sample": "연습용 예시",
    "unanswered_question": "위험 확인에 답 없음",
    "code_word": "약속한 말",
    "said_safe": "‘위험하지 않다’고 답함 (안전 확인 아님)",
    "asked": "상담관 요청",
    "interpreter": "통역 상담 요청",
    "abstain": "봇이 답하지 못함",
    "review": "판정 검토에서 발견",
    "phone": "전화로 받음",
    "cannot_speak": "‘말할 수 없어요’를 누름",
    "rule:rescue": "구조 요청",
    "rule:in_danger": "위험하다고 씀",
    "rule:initials": "초성 구조 요청",
    "rule:sos": "SOS",
    "rule:help_english": "영어 구조 요청",
    "rule:help_other": "외국어 구조 요청",
    "rule:locked_in": "갇힘",
    "rule:self_harm": "자해 표현",
    "rule:police_now": "경찰·구급 요청",
    "rule:help_begging": "도움 간청",
    "rule:asks_for_help": "위험한지 묻거나 도움을 청함",
    "rule:bare_call": "부르는 말 한마디",
    "rule:bare_plea": "짧은 호소나 그림 글자뿐",
    "rule:sos_sign": "SOS 표시",
    "rule:police_call": "경찰·구급 부름",
    "rule:overdose": "약을 한꺼번에 먹음",
    "rule:plain_words": "위험을 뜻하는 낱말",
    "rule:told_to_write": "시켜서 쓴 듯함",
    "rule:cannot_talk": "말하거나 쓸 수 없다고 함",
    "rule:takes_leave": "작별로 들리는 말",
    "rule:means_to_die": "자해 수단을 말함",
    "rule:will_die": "죽겠다고 담담히 말함",
    "rule:sold": "팔려 왔거나 팔려 간다고 함",
    "rule:beaten_now": "맞고 있다고 함",
    "rule:caller_wants_money": "통화로 돈·비밀번호 요구",
    "rule:signs_of_stroke": "뇌졸중 증상",
    "rule:chokes": "목에 걸림·거품",
    "rule:swells": "붓고 숨이 참",
    "rule:smells_fire": "탄내·가스·연기",
    "rule:passport_kept": "여권을 돌려주지 않음",
    "rule:water_comes_in": "물이 들어옴",
    "rule:at_the_door": "문밖·집에 와 있음",
    "rule:one_is_short": "사람이 모자람·안 나옴",
    "rule:unfed": "굶음·보호자가 안 옴",
}
#: Instead of what a restricted case is about.
RESTRICTED = "열람 제한"
#: Codes that the country list carries for groups, outlying reserves and tests.
NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})
CONFIDENCE = {"high": "신뢰 높음", "medium": "신뢰 보통", "low": "신뢰 낮음"}
INBOUND = {
    "danger": "‘지금 위험해요’를 눌렀습니다",
    "location": "위치를 보냈습니다",
    "choice": "버튼을 눌렀습니다",
    "sticker": "스티커를 보냈습니다",
    "file": "파일을 보냈습니다",
    "withdrawn": "보낸 글을 민원인이 거두어들였습니다. 내용은 지워졌습니다.",
}
#: Lines whose words stand for something that has none; ours are in brackets.
WORDLESS = frozenset({"sticker", "file", "withdrawn"})
_BRACKETED = re.compile(r"\((사진|동영상|음성|파일)(?:: (.*))?\)", re.DOTALL)


RUNGS = {"supervisor": "책임자", "duty_phone": "당직 전화", "mission_voice": "공관 당직 전화"}
REACHED = {"told": "호출됨", "calling": "거는 중", "called": "걸었음", "not_configured": "미설정", "failed": "실패"}


def ladder_words(ladder: str) -> list[str]:
    """How far a life threat that nobody takes has climbed; a telephone that nobody could ring is named as such."""
    pairs = [part.partition(":") for part in ladder.split(",") if part]
    return [f"{RUNGS.get(rung, rung)} {REACHED.get(state, state)}" for rung, _, state in pairs]


def severity_word(severity: str) -> str:
    """Korean word of a severity."""
    return SEVERITY.get(severity, (severity, "□"))[0]


def severity_shape(severity: str) -> str:
    """Shape of a severity."""
    return SEVERITY.get(severity, (severity, "□"))[1]


def category_word(category: str) -> str:
    """Korean word of a category; an unknown code is shown as it is."""
    if category == HIDDEN:
        return RESTRICTED
    try:
        return Category(category).label
    except ValueError:
        return category


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    from babel import Locale

    return dict(Locale("ko").territories)


def country_name(code: str | None) -> str:
    """Korean name of a country; nobody guesses one that is not known."""
    return _countries().get(code, code) if code else "국가 모름"


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """Every country to choose from, in the order of its Korean name."""
    found = {code: name for code, name in _countries().items() if len(code) == 2 and code not in NOT_COUNTRIES}
    return dict(sorted(found.items(), key=lambda item: item[1]))


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    from babel import Locale

    return dict(Locale("ko").languages)


def language_name(code: str) -> str:
    """Korean name of a language."""
    return _languages().get(code, code)


def case_label(row: QueueRow | Case, *, hidden: bool = False) -> str:
    """A case in one line: how grave, what (unless that is hidden from the person), where, its number."""
    number = row.case_id if isinstance(row, QueueRow) else row.id
    kind = RESTRICTED if hidden else category_word(row.category)
    return f"{severity_shape(row.severity)} {severity_word(row.severity)} · {kind} · {country_name(row.country)} · #{number}"


def why(codes: tuple[str, ...]) -> list[str]:
    """The reasons in words; a code that has none stays visible as it is."""
    return [WHY.get(code, code.removeprefix("rule:")) for code in codes]


def metres(value: float | None) -> str:
    """An accuracy as people read it."""
    if value is None:
        return "정확도 모름"
    return f"±{value:,.0f} m" if value < 1000 else f"±{value / 1000:,.1f} km"


def refusal(result: AlreadyTaken | AgentFull | NotEligible | OfferedToAnother, owner_name: str | None = None) -> str:
    """Why a case could not be taken, in one sentence."""
    if isinstance(result, AlreadyTaken):
        if result.status == "closed" or result.status is None:
            return "이미 종료된 상담입니다."
        return f"{f'{owner_name} 님' if owner_name else '다른 상담관'}이 먼저 맡았습니다."
    if isinstance(result, AgentFull):
        return f"맡을 수 있는 상담 수를 넘었습니다({result.held}/{result.cap}). 하나를 끝내거나 대기열로 돌려놓은 뒤 맡으세요."
    if isinstance(result, OfferedToAnother):
        return "지금 다른 상담관에게 제안된 상담입니다. 그 상담관이 맡지 않으면 다시 열립니다."
    return {
        "role": "상담을 맡을 수 있는 역할이 아닙니다.",
        "disabled": "사용이 중지된 계정입니다.",
        "restricted": "열람이 제한된 상담입니다. 지정된 사람만 맡을 수 있습니다. 꼭 맡아야 하면 까닭을 적고 연 뒤 맡으세요.",
        "resting": "폭언 뒤의 의무 휴식 중에는 생명 위험 상담만 맡을 수 있습니다.",
        "away": "자리 비움 상태에서는 생명 위험 상담만 맡을 수 있습니다. 상태를 ‘응대 가능’으로 바꾸세요.",
    }.get(result.why, "지금은 맡을 수 없습니다.")


def line_text(line_kind: str, body: dict[str, Any]) -> str:
    """The words of a transcript line; what was sent without words is named."""
    text = str(body.get("text") or "")
    if line_kind == "sticker":
        return INBOUND["sticker"]
    if line_kind == "file" and (named := _BRACKETED.fullmatch(text)):
        return f"{named[1]}을 보냈습니다" + (f": {named[2]}" if named[2] else "")
    if text:
        return text
    return INBOUND.get(line_kind, "")


def safe_url(url: str) -> str:
    """A source's address if it is an ordinary web address, else nothing."""
    return url if url.startswith(("https://", "http://")) and not any(c.isspace() or ord(c) < 32 for c in url) else ""
