"""What actions ask the notices in their own words, and what a search leaves in the dialogue's slots; for a turn that answers without asking Rasa, too."""

from __future__ import annotations

from typing import Any

#: after so many answers in a row that did not help, a person is offered
FAILURES_BEFORE_PERSON = 2
QUERY_CHARS = 200
OFFER_TEXT = "제가 드린 답이 부족했네요. 상담관에게 연결해 드릴까요?"
OFFER_BUTTONS = [{"title": "상담관 연결", "payload": "person"}, {"title": "괜찮아요", "payload": "괜찮아요"}]
#: what an offer leaves in the slot that a plain yes is read by
PERSON = "person"
#: the notices asked back
CLARIFY = "clarify"
SEARCH = "search"

LOST_PASSPORT = "해외에서 여권을 잃어버렸을 때 어떻게 해야 하나요"
ALARM_LEVEL = "여행경보 단계"
ENTRY_RULES = "입국 조건과 무비자 체류 기간"
REGISTER_ALERTS = "안전 문자와 안전 공지 알림 신청 방법"


def failures_after(outcome: str | None, failures: float) -> float:
    """Answers in a row that did not help, this one included; ``outcome`` is None where there was no answer at all."""
    return failures + 1 if outcome in (None, "abstain") else 0.0


def after_search(query: str, outcome: str | None) -> dict[str, Any]:
    """What may be asked for again, or for another country."""
    return {"last_topic": CLARIFY if outcome == CLARIFY else SEARCH, "last_query": query[:QUERY_CHARS]}
