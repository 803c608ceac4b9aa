"""Every reason that a rule writes into a case stands in Korean at the desk: an agent reads no code of ours."""

from __future__ import annotations

import re

import pytest

from handoff.desk.words import why
from language.rules import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rules_reason_has_words(rule) -> None:
    (said,) = why((f"rule:{rule.name}",))
    assert not re.search(r"[a-z_]", said)


def test_a_code_that_has_none_stays_visible() -> None:
    assert why(("rule:from_tomorrow", "classifier")) == ["from_tomorrow", "문장 판단"]
