"""What differs between two versions, and that nothing is lost in telling it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.editing.diff import MOST_WORDS, diff, word_runs
from knowledge_base.editing.schemas import Run
from knowledge_base.schemas import NoticeContent

OLD = NoticeContent("fee", "여권 수수료 안내", "수수료는 1,000원입니다. 신분증이 필요합니다.", date(2026, 1, 1), date(2026, 1, 1), review_by=date(2026, 6, 1))


def told(old: str, new: str) -> list[tuple[str, str]]:
    return [(run.run.value, run.text) for run in word_runs(old, new)]


def test_an_amount_changes_alone() -> None:
    (change,) = diff(OLD, replace(OLD, body=OLD.body.replace("1,000원", "2,500원")))
    assert (change.field, change.label) == ("body", "내용")
    assert [(run.run.value, run.text.strip()) for run in change.words] == [
        ("same", "수수료는"),
        ("gone", "1,000원입니다"),
        ("new", "2,500원입니다"),
        ("same", ". 신분증이 필요합니다."),
    ]


def test_fields_come_in_reading_order_with_plain_values() -> None:
    new = replace(OLD, title="여권 수수료", expires_at=date(2026, 12, 31), countries=("JP", "TH"), review_by=None, test_only=True)
    assert [(c.field, c.old, c.new) for c in diff(OLD, new)] == [
        ("title", "여권 수수료 안내", "여권 수수료"),
        ("expires_at", "", "2026-12-31"),
        ("review_by", "2026-06-01", ""),
        ("countries", "", "JP, TH"),
        ("test_only", "아니요", "예"),
    ]


def test_equal_texts_do_not_differ() -> None:
    assert diff(OLD, replace(OLD)) == []


@pytest.mark.parametrize(("old", "new"), [("", "가 나"), ("가 나", ""), ("가", "나")])
def test_nothing_in_common(old: str, new: str) -> None:
    assert told(old, new) == [(kind, text) for kind, text in (("gone", old), ("new", new)) if text]


_TEXT = st.text(alphabet=st.sampled_from("가나 다.\n1,0원|-*<b>\t"), max_size=80)


@given(_TEXT, _TEXT)
def test_the_runs_joined_are_both_texts_again(old: str, new: str) -> None:
    runs = word_runs(old, new)
    assert "".join(run.text for run in runs if run.run is not Run.NEW) == old
    assert "".join(run.text for run in runs if run.run is not Run.GONE) == new
    assert all(run.text for run in runs)
    assert all(one.run is not two.run for one, two in pairwise(runs))


def test_a_long_text_is_told_apart_by_lines_and_still_whole() -> None:
    lines = [f"제{n}조 이 조는 여러 낱말로 되어 있습니다.\n" for n in range(MOST_WORDS // 4)]
    old, new = "".join(lines), "".join([*lines[:50], "새로 넣은 줄입니다.\n", *lines[50:-1], "제끝조 바뀐 줄입니다.\n"])
    runs = word_runs(old, new)
    assert "".join(run.text for run in runs if run.run is not Run.NEW) == old
    assert "".join(run.text for run in runs if run.run is not Run.GONE) == new
    assert sum(len(run.text) for run in runs if run.run is not Run.SAME) < 200
