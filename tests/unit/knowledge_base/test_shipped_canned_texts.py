"""The canned texts that come with the program keep the rules that protect people."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from knowledge_base import crisis_cards
from knowledge_base.canned import CaseFacts, Standing, fill, last_words, standing
from knowledge_base.ingest import read_path
from knowledge_base.schemas import Notice, NoticeContent, NoticeKind
from knowledge_base.slots import Slot, slots

TODAY = date(2026, 11, 22)
FOLDER = Path(__file__).resolve().parents[3] / "data"
MOST_CHARS = 400


def read(folder: str) -> list[NoticeContent]:
    found = list(read_path(FOLDER / folder))
    assert all(isinstance(item, NoticeContent) for item in found), found
    return [item for item in found if isinstance(item, NoticeContent)]


TEXTS = read("canned")
NOTICES = [Notice(content) for content in read("notices")]


def test_there_is_one_for_each_step_with_a_shortcut_of_its_own() -> None:
    assert 15 <= len(TEXTS) <= 25
    assert len({text.shortcut for text in TEXTS}) == len(TEXTS)
    assert {"인사", "위치", "여권", "병원", "경찰", "확인중", "불가", "마무리", "봇"} <= {text.shortcut for text in TEXTS}
    assert all(text.kind is NoticeKind.CANNED and not text.test_only for text in TEXTS)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.id)
def test_nothing_promises_rescue_and_no_number_stands_in_the_words(text: NoticeContent) -> None:
    own = text.body
    for found in reversed(list(slots(own))):
        own = own[: found.start] + own[found.end :]
    assert not crisis_cards._PROMISES.search(own)
    assert not any(letter.isdigit() for letter in own)
    assert len(own) <= MOST_CHARS
    assert text.review_by is not None
    assert text.review_by <= TODAY + timedelta(days=366)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.id)
def test_each_can_be_sent_today_once_the_mission_is_known(text: NoticeContent) -> None:
    (one,) = standing([Notice(text)], TODAY)
    filled = fill(one, CaseFacts(12, TODAY, "+82-2-3210-0404", "주캄보디아대사관", "+855-23-211-900"), quoted(one))
    assert (filled.problems, filled.stale) == ((), ())
    assert "{" not in filled.text
    assert len(filled.text) < 1500


def quoted(one: Standing) -> dict[str, Standing]:
    return last_words(NOTICES, one.quotes, TODAY)


def test_facts_of_the_authority_are_quoted_never_retold() -> None:
    with_quotes = [text for text in TEXTS if any(found.slot is Slot.NOTICE for found in slots(text.body))]
    assert {"여권", "경찰", "병원", "송금", "불가"} <= {text.shortcut for text in with_quotes}
