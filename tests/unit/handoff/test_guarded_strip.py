"""A guarded case says so above everything else, with what the agent must not write."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from accounts.schemas import Staff
from handoff.desk.aside import Aside
from handoff.desk.case_strip import pending
from handoff.guarding import HUSHED, MEANING


@pytest.mark.parametrize("is_guarded", [True, False])
def test_the_mark_stands_first_with_what_it_means(is_guarded: bool) -> None:
    case = SimpleNamespace(owner_id=1, status="claimed", offered_to=None, asked_to=2, snoozed_until=None, restricted_to=None, severity="none")
    card = cast(Any, SimpleNamespace(case=case, owner_name="", notes=[], consents=(), abuse=SimpleNamespace(is_enough=False)))
    found = pending(card, Aside(is_guarded=is_guarded), Staff(1, "a", "가", frozenset({"agent"}), ("ko",), 3), datetime.now(UTC))
    assert [one.code for one in found] == (["guarded", "asked"] if is_guarded else ["asked"])
    assert (found[0].text == " ".join(MEANING)) is is_guarded


def test_the_agreed_word_stands_above_even_that() -> None:
    case = SimpleNamespace(owner_id=1, status="claimed", offered_to=None, asked_to=None, snoozed_until=None, restricted_to=None, severity="none")
    card = cast(Any, SimpleNamespace(case=case, owner_name="", notes=[], consents=(), abuse=SimpleNamespace(is_enough=False)))
    found = pending(card, Aside(is_guarded=True, is_hushed=True), Staff(1, "a", "가", frozenset({"agent"}), ("ko",), 3), datetime.now(UTC))
    assert [one.text for one in found] == [HUSHED, " ".join(MEANING)]
    assert HUSHED.startswith("민원인이 약속한 말을 썼습니다.")
