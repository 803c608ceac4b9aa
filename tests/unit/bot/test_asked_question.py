"""Which words editors are shown when the dialogue found no answer: the citizen's question, never a topic's own words."""

from __future__ import annotations

import pytest

from bot.compose import from_dialogue
from bot.dialogue.client import BotMessage


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        ({"outcome": "abstain", "query": "비자 없이 며칠 있을 수 있나요"}, "비자 없이 며칠 있을 수 있나요"),  # "태국이요", after we asked which country
        ({"outcome": "abstain", "query": "여행경보 단계", "topic": "alarm_level"}, ""),
        ({"outcome": "abstain"}, ""),
    ],
)
def test_the_question_that_was_searched_for(payload: dict[str, str], asked: str) -> None:
    reply = from_dialogue([BotMessage(custom={"type": "answer", "text": "찾지 못했습니다.", **payload}), BotMessage("상담관에게 연결해 드릴까요?")])
    assert (reply.outcome, reply.asked, reply.of_row) == ("abstain", asked, False)


def test_a_row_that_we_do_not_have_is_marked_as_such() -> None:
    payload = {"type": "answer", "text": "현재 확인할 수 없습니다.", "outcome": "abstain", "of_row": True}
    assert from_dialogue([BotMessage(custom=payload)]).of_row
