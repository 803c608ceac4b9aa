"""The guidance cards and the directory as they are committed, and what is refused of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from core.errors import StartError
from core.settings import ROOT
from handoff import guidance
from handoff.hand_on import directory
from handoff.hand_on.directory import CHECK_HOLDS, Target, in_order, listed

GOOD = {
    "category": "self_harm",
    "title": "자해",
    "do": ["들으세요"],
    "dont": ["꾸짖지 마세요"],
    "hand_on": [],
    "author": "a",
    "approver": "b",
    "approved_at": "2026-11-22",
    "source": "c",
}
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TARGET = Target("doctors", "의사", "+82-44-320-0119", frozenset({"illness_injury"}), "", "공고", None)


@pytest.mark.parametrize("category", ["self_harm", "sexual_violence", "child_alone", "domestic_violence", "confinement", "arrest_detention"])
def test_these_have_a_card_with_its_approval(category: str) -> None:
    card = guidance.of_category(category)
    assert card is not None
    assert card.approver
    assert card.source


def test_every_card_names_targets_that_exist() -> None:
    named = {key for card in guidance.load().values() for key in card.hand_on}
    assert named <= directory.targets().keys()


def test_there_is_none_for_an_everyday_case() -> None:
    assert guidance.of_category("other") is None


@pytest.mark.parametrize(
    "change",
    [
        {"do": []},
        {"dont": ["  "]},
        {"do": ["가" * 71]},
        {"do": ["들으세요"] * 7},
        {"do": ["+82-2-3210-0404 로 거세요"]},
        {"dont": ["109 1234 로 걸지 마세요"]},
        {"approver": ""},
        {"source": " "},
        {"approved_at": "어제"},
        {"category": "ghost"},
        {"title": None, "category": None},
    ],
)
def test_a_careless_card_is_refused(change: dict) -> None:
    assert guidance.read(GOOD, "x").category == "self_harm"
    with pytest.raises(StartError):
        guidance.read(GOOD | change, "x")


def test_two_cards_of_a_category_are_refused(tmp_path) -> None:
    text = (ROOT / "data" / "guidance" / "self_harm.yaml").read_text()
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text)
    with pytest.raises(StartError, match="two guidance cards"):
        guidance.load(tmp_path)


def own(folder: Path, name: str = "mine.yaml", **change: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(GOOD | {"approver": "김승인", "do": ["우리 말로 들으세요"]} | change, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.mark.parametrize("environment", ["development", "production"])
def test_an_installations_own_card_takes_the_place_of_the_programs(tmp_path, environment: str) -> None:
    found = guidance.known(own(tmp_path / "own"), environment)
    assert found.cards["self_harm"].do == ("우리 말로 들으세요",)
    assert (found.own, found.refused) == ({"self_harm"}, ())
    assert guidance.standing(found.cards["self_harm"], environment) == ("approved", "2026-11-22 김승인 승인")
    assert found.cards.keys() == guidance.load().keys()


def test_in_production_a_test_approval_is_none_and_the_programs_card_says_so(tmp_path) -> None:
    folder = own(tmp_path / "own", approver=guidance.TEST_APPROVER)
    assert guidance.known(folder, "development").own == {"self_harm"}
    found = guidance.known(folder, "production")
    assert [one.name for one in found.refused] == ["mine.yaml"]
    card = found.cards["self_harm"]
    assert card.do != ("우리 말로 들으세요",)
    assert guidance.standing(card, "production")[0] == "unapproved"
    assert guidance.standing(card, "development")[0] == "test"


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("broken", [b"category: [", b"\xff\xfe", b"- a list", b"category: ghost", b""])
def test_whatever_is_wrong_with_own_files_nobody_is_left_without_guidance(tmp_path, environment: str, broken: bytes) -> None:
    folder = own(tmp_path / "own", "b.yaml")
    (folder / "a.yaml").write_bytes(broken)
    own(folder, "c.yaml")
    found = guidance.known(folder, environment)
    assert found.cards.keys() == guidance.load().keys()
    assert [one.name for one in found.refused] == ["a.yaml", "c.yaml"]
    for nowhere in (None, tmp_path / "nowhere"):
        assert guidance.known(nowhere, environment).cards == guidance.load()


def test_citizens_pages_and_answers_never_read_them() -> None:
    for folder in ("bot", "knowledge_base", "actions", "conversation"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "guidance" not in path.read_text(), path


def row(**values):
    known = {"number": TARGET.number, "source": "공고", "entered_by": None, "checked_at": NOW, "checked_name": "김책임"}
    return known | values


@pytest.mark.parametrize(
    ("stored", "number", "callable_"),
    [
        (None, "+82-44-320-0119", False),
        (row(), "+82-44-320-0119", True),
        (row(checked_at=None), "+82-44-320-0119", False),
        (row(checked_at=NOW - CHECK_HOLDS + timedelta(seconds=1)), "+82-44-320-0119", True),
        (row(checked_at=NOW - CHECK_HOLDS), "+82-44-320-0119", False),
        (row(checked_at=NOW + timedelta(days=1)), "+82-44-320-0119", False),
        (row(number="+82-1"), "+82-44-320-0119", False),
        (row(number="+82-2-1", entered_by=7), "+82-2-1", True),
        (row(number="+82-2-1", entered_by=7, checked_at=None), "+82-2-1", False),
    ],
    ids=["of the file", "checked", "not checked", "just in time", "too old", "from the future", "the file has changed", "entered and checked", "entered"],
)
def test_which_number_stands_and_may_be_called(stored, number, callable_) -> None:
    found = listed(TARGET, stored, NOW)
    assert (found.number, found.is_callable) == (number, callable_)


def test_without_a_number_nothing_may_be_called() -> None:
    nobody = Target("x", "x", "", frozenset(), "", "", None)
    assert not listed(nobody, row(number=""), NOW).is_callable


def test_those_of_the_guidance_come_first_then_those_of_the_category() -> None:
    known = [listed(Target(key, key, "", frozenset(of), "", "", None), None, NOW) for key, of in (("a", ()), ("b", ("self_harm",)), ("c", ()), ("d", ()))]
    assert [one.target.key for one in in_order(known, "self_harm", ["d", "c"])] == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    "line", ["a,A,,,,,\na,A,,,,,", "a,A,,ghost,,,", "a,A,+82-2-1,,,,", "a,,,,,,"], ids=["twice", "unknown category", "a number without a source", "no label"]
)
def test_a_careless_row_is_refused(tmp_path, line: str) -> None:
    path = tmp_path / "targets.csv"
    path.write_text("key,label,number,categories,note,source,source_date\n" + line + "\n")
    with pytest.raises(StartError):
        directory.read(path)
