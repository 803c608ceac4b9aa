"""A question about another person is known for what it is; a question about oneself, or a report of danger, is never taken for one."""

from __future__ import annotations

import json

import pytest

from bot import third_party
from core.settings import ROOT

ASKED = [
    "제 남편이 거기 있나요?", "우리 남편 거기 와 있어요?", "아내가 대사관에 왔나요", "혹시 제 여자친구가 그쪽에 연락했나요?", "딸이 신고했는지 알려주세요",
    "김철수 씨 거기 있나요?", "홍길동이라는 사람이 상담했나요", "남편 위치 좀 알려 주세요", "아들이 어디 있는지 말해 주세요", "와이프가 신고 접수했습니까?",
    "엄마 연락처 알려줘", "동생이 거기 상담한 적 있나요?", "아내가 영사관에 전화했어요?", "제 아내 거기 있죠?", "이런 여자 거기 갔나요?",
    "Is my husband with you?", "Has my wife contacted you?", "tell me where she is", "Did Minji call the embassy?",
    "혹시홍길동님 거기 있나요?", "홍길동 님이 상담했나요?", "상담관님, 제 친구가 거기 연락했나요?", "영사님 남편 연락처 알려 주세요",
    "남편 위치 알려줄 수 있나요?",
]  # fmt: skip
NOT_ASKED = [
    "남편이 여권을 잃어버렸는데 어떻게 하나요?", "가족이 대신 신고해도 되나요?", "대사관 위치 알려 주세요", "대사관에 한국어 하는 직원이 있나요?",
    "부모님 댁 주소로 여권 배송 되나요", "친구가 다쳤어요 병원 연락처 알려줘", "남편이 대사관에서 일해요", "딸이 연락이 안 돼요",
    "남편과 같이 대사관에 가야 하나요?", "어머니가 돌아가셨는데 영사관에 신고해야 하나요", "여권 신청 접수했나요?", "good evening, is anyone there?",
    "영사님 연락처 알려 주세요", "상담관님 연락처 알려주세요", "대사관 직원님 연락처 좀 알려주세요", "총영사 님 연락처 알려 주세요",
    "영사님 제 신고 접수 받으셨나요?", "선생님, 아까 제가 문의한 거 접수했나요?", "길동무님 제 신고 접수했나요?",
    "제 친구 숙소 알려드릴게요. 와 주세요", "제 아내 연락처 알려 드려도 되나요?", "친구 숙소 알려줄게요",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_it_is_asked(text: str) -> None:
    assert third_party.asks(text)


@pytest.mark.parametrize("text", NOT_ASKED)
def test_it_is_not(text: str) -> None:
    assert not third_party.asks(text)


def test_none_of_the_questions_that_notices_answer_is_taken_for_one() -> None:
    lines = (ROOT / "data" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [str(row.get("text") or row.get("question")) for row in map(json.loads, lines)]
    assert len(texts) > 100
    assert [text for text in texts if third_party.asks(text)] == []


@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi", "fr", "th"])
def test_the_sentence_is_set_and_leads_to_a_person(language: str) -> None:
    said = third_party.answer(language)
    assert said == third_party.answer(language)
    assert said.text in third_party.ANSWER.values()
    assert [button.payload for button in said.buttons] == ["person"]
