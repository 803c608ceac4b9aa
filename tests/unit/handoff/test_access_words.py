"""Every code that the program writes into the access log has words, and what stands out is ordered by how grave it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.settings import ROOT
from handoff.records.access_review import Line, bounds, month_of, next_month
from handoff.records.action_words import LOOKS, OWN, RESTRICTED, WORDS, said
from handoff.records.log_file import build
from handoff.records.unusual import Month, Sign, in_order

PACKAGES = ("accounts", "actions", "bot", "conversation", "core", "handoff", "knowledge_base")


def codes(path: Path) -> set[str]:
    """What a file gives to ``audit.record`` as a plain word."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "record") and len(node.args) > 3:
            found |= {one.value for one in ast.walk(node.args[3]) if isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value}
    return found


def test_every_code_has_korean_words():
    written = set().union(*(codes(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py")))
    assert len(written) > 80
    assert {code for code in written if code not in WORDS and not code.endswith(".")} == set()
    assert all(any("가" <= letter <= "힣" for letter in text) for text in WORDS.values())
    assert {*OWN, *RESTRICTED, *LOOKS} <= set(WORDS)
    assert said("unknown.code") == "unknown.code"


def month(account, **values):
    return Month(account, account, **({"lines": 9, "looks": 9, "cases": 5, "most_in_a_day": 3, "not_theirs": 0, "night": 0, "restricted": 0} | values))


@pytest.mark.parametrize(
    ("values", "signs"),
    [
        ({}, ()),
        ({"most_in_a_day": 59}, ()),
        ({"most_in_a_day": 60}, (Sign.MANY,)),
        ({"night": 1}, (Sign.NIGHT,)),
        ({"not_theirs": 1}, (Sign.NOT_THEIRS,)),
        ({"restricted": 1}, (Sign.RESTRICTED,)),
        ({"refused": 1}, (Sign.RESTRICTED,)),
        ({"night": 2, "restricted": 1, "not_theirs": 4, "most_in_a_day": 99}, (Sign.RESTRICTED, Sign.NOT_THEIRS, Sign.MANY, Sign.NIGHT)),
    ],
)
def test_what_stands_out(values, signs):
    assert month("a", **values).signs(60) == signs


def test_the_unusual_first():
    quiet, night, strange, stranger, glass = (
        month("a"),
        month("b", night=9),
        month("c", not_theirs=1),
        month("d", not_theirs=1, night=1),
        month("e", restricted=1),
    )
    assert [one.account for one in in_order([quiet, night, strange, stranger, glass], 60)] == ["e", "d", "c", "b", "a"]


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "x", "2026-00", "２０２６-01", "1999-12", "2026-01-01"])
def test_an_odd_month_is_refused(text):
    from core.errors import AppError

    with pytest.raises(AppError, match="bad_date"):
        month_of(text)


def test_a_month_begins_and_ends_in_seoul():
    first = month_of("2026-12")
    assert next_month(first).isoformat() == "2027-01-01"
    assert [at.isoformat() for at in bounds(first)] == ["2026-12-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00"]


def test_a_file_runs_nothing_in_a_spreadsheet():
    start, _ = bounds(month_of("2026-11"))
    text = build(month_of("2026-11"), [Line(1, start, "=cmd", "+82", "@x", "case.view", 7, "abc", (Sign.NIGHT,))])
    assert "1,2026-11-01 00:00:00,'=cmd,'+82,'@x,상담 보기,7,abc,근무 밖 밤" in text
