"""``gildongmu ask``: one stateless turn a line, with the real models and the notices that come with the program."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bot.stateless import ask
from core.settings import Settings

LINES = {
    "fee": "여권 수수료",
    "visa": "베트남 비자 필요해요?",
    "where": "입국 조건 알려 주세요",
    "alarm": "일본 여행경보 몇 단계야?",
    "danger": "문이 밖에서 잠겨서 못 나가고 있어요 살려주세요",
    "person": "상담원이랑 얘기하고 싶어요",
    "thanks": "고마워요",
    "weather": "오늘 서울 날씨 어때?",
}


@pytest.fixture(scope="module")
def said() -> dict[str, dict[str, Any]]:
    lines = [json.dumps({"id": name, "text": text}, ensure_ascii=False) for name, text in LINES.items()]
    target = io.StringIO()
    assert ask(io.BytesIO("\n".join([*lines, "{broken"]).encode()), target, Settings(database_url=None), given=False) == 1
    found = [json.loads(line) for line in target.getvalue().splitlines()]
    assert [one["id"] for one in found] == [*LINES, None], "in order, and a broken line stops nobody"
    assert found[-1]["error"]
    return {one["id"]: one for one in found}


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("fee", "answered"),
        ("where", "form"),
        ("alarm", "abstain"),
        ("danger", "emergency"),
        ("person", "handoff"),
        ("thanks", "smalltalk"),
        ("weather", "abstain"),
    ],
)
def test_what_becomes_of_a_line(said: dict[str, dict[str, Any]], name: str, outcome: str) -> None:
    assert said[name]["outcome"] == outcome
    assert said[name]["answer"]
    assert bool(said[name]["notice_ids"]) is (outcome == "answered")


def test_an_answer_carries_its_notice_with_date_and_link(said: dict[str, dict[str, Any]]) -> None:
    assert "52,000원" in said["fee"]["answer"]
    assert "2026년 3월 1일" in said["fee"]["answer"]
    assert "https://" in said["fee"]["answer"]


def test_a_country_that_was_named_is_not_asked_for(said: dict[str, dict[str, Any]]) -> None:
    assert said["visa"]["outcome"] != "form"
    assert "어느 나라" not in said["visa"]["answer"]
    assert "일본의 여행경보는 현재 확인할 수 없습니다" in said["alarm"]["answer"]
