"""Which countries a question names."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.search import Question
from language.analysis import Analysis
from language.entity import Entity

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("called", "named"),
    [("콩고", ("CG", "CD")), ("Congo", ("CG", "CD")), ("콩고공화국", ("CG",)), ("Republic of the Congo", ("CG",))],
)
def test_only_the_bare_name_may_be_either_congo(called: str, named: tuple[str, ...]) -> None:
    entity = Entity("country", called, "CG", 0, len(called), country="CG")
    text = f"{called} 여행경보"
    assert Question.of(Analysis(text, text, "ko", entities=(entity,)), TODAY).named == named
