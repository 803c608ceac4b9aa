"""What a changed answer is called, and who answers rightly in another's place."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from knowledge_base.editing.schemas import ChangedAnswer, Said, TestQuestion
from knowledge_base.editing.whatif import Heirs
from knowledge_base.schemas import Notice, NoticeContent

QUESTION = TestQuestion(1, "fee", "수수료가 얼마예요?", None, "kim.editor")
DAY = date(2026, 1, 1)


def index_of(**supersedes: tuple[str, ...]) -> Any:
    notices = [Notice(NoticeContent(name, "제목", "본문", DAY, DAY, supersedes=older)) for name, older in supersedes.items()]
    return SimpleNamespace(entries=[SimpleNamespace(notice=notice) for notice in notices])


def said(notice_id: str, outcome: str = "answered") -> Said:
    return Said(outcome, notice_id, "제목", "글")


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(True, True, "other_words"), (True, False, "worse"), (False, True, "better"), (False, False, "still_wrong")],
)
def test_what_a_change_is_called(before: bool, after: bool, verdict: str) -> None:
    assert ChangedAnswer(QUESTION, said("a"), said("b"), before, after).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (said("fee"), True),
        (said("fee-2027"), True),
        (said("fee-2028"), True),  # the heir of an heir
        (said("visa"), False),
        (said(""), False),
        (said("fee", "clarify"), False),
        (said("fee", "abstain"), False),
    ],
)
def test_who_may_answer_for_a_notice(answer: Said, right: bool) -> None:
    heirs = Heirs(index_of(**{"fee-2027": ("fee", "other"), "fee-2028": ("fee-2027",), "visa": ()}))
    assert heirs.gives(answer, "fee") is right
    assert not heirs.gives(said("fee"), "fee-2027")  # not the other way round


def test_a_loop_ends() -> None:
    assert set(Heirs(index_of(a=("b",), b=("a",))).of("a")) == {"a", "b"}
