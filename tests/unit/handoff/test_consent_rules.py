"""Whose word stands, what it changes, and that none of it stands before help: tables of plain records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accounts.schemas import Staff
from core.settings import ROOT
from handoff.desk.consent_words import headline, pending_lines, state
from handoff.desk.live import Change
from handoff.desk.news import guardian_danger
from handoff.records.consent_rules import (
    BASES,
    BASIS_WORDS,
    KINDS,
    TEXTS,
    VERSIONS,
    Basis,
    Consent,
    Kind,
    guardian_is_danger,
    is_child,
    may_ask_place,
    standing,
)

T = datetime(2026, 1, 1, tzinfo=UTC)


def record(number, kind=Kind.GUARDIAN, **values):
    made = Consent(number, 7, kind, BASES[kind][0], VERSIONS[kind], True, "부모 김○○", "", "phone", False, T, 1, "김하늘", T)
    return replace(made, **values)


YES, NO = record(1), record(2, is_given=False)
CHILD, WITHOUT = record(3, Kind.CHILD, who="", said="엄마가 때려요"), record(4, Kind.WITHOUT, who="해양경찰", said="의식이 없음", basis=Basis.RESCUE)


@pytest.mark.parametrize("severity", ["life_threat", "urgent"])
@pytest.mark.parametrize("consents", [[], [YES], [NO], [NO, CHILD], [CHILD, NO], [replace(WITHOUT, ended_at=T), NO]])
def test_in_an_emergency_the_place_may_always_be_asked_for(severity, consents):
    assert may_ask_place(severity, consents)


@pytest.mark.parametrize(
    ("consents", "may"),
    [
        ([], True),
        ([YES], True),
        ([NO], False),
        ([YES, NO], False),
        ([record(1, is_given=False), record(5)], True),
        ([NO, CHILD], True),
        ([NO, WITHOUT], True),
        ([NO, replace(CHILD, ended_at=T)], False),
        ([replace(NO, ended_at=T)], True),
    ],
)
def test_elsewhere_the_newest_word_decides(consents, may):
    for severity in ("non_urgent", "none"):
        assert may_ask_place(severity, consents) is may


def test_who_is_a_child_and_whose_guardian_must_hear_nothing():
    assert not guardian_is_danger([YES, NO, WITHOUT])
    assert guardian_is_danger([CHILD, YES])
    assert not guardian_is_danger([replace(CHILD, ended_at=T)])
    assert [is_child([one]) for one in (YES, CHILD, WITHOUT, replace(YES, ended_at=T))] == [True, True, False, False]
    assert [one.id for one in standing([YES, replace(NO, ended_at=T), WITHOUT])] == [4, 1]


@pytest.mark.parametrize(
    ("one", "waits"), [(YES, False), (NO, False), (CHILD, True), (WITHOUT, True), (replace(CHILD, checked_at=T), False), (replace(CHILD, ended_at=T), False)]
)
def test_what_waits_for_a_second_person(one, waits):
    assert one.waits is waits


def test_the_strip_says_the_gravest_first_and_a_checked_record_in_one_line():
    assert pending_lines("none", []) == []
    assert [code for code, _ in pending_lines("none", [NO, CHILD])] == ["guarded", "consent"]
    assert "책임자의 확인이 필요합니다" in pending_lines("urgent", [CHILD])[1][1]
    assert "위치를 묻지 마세요" in pending_lines("none", [NO])[0][1]
    assert pending_lines("urgent", [NO]) == [("consent", "보호자 동의하지 않음 (부모 김○○)")]
    assert pending_lines("urgent", [replace(WITHOUT, checked_by=2, checked_by_name="이바다", checked_at=T, is_agreed=True)]) == [
        ("consent", "동의 없이 (의식 없음·구조) · 해양경찰의 요청")
    ]
    assert state(replace(WITHOUT, checked_at=T, checked_by_name="이바다", is_agreed=False, objection="깨어 있었음")) == "이바다 님이 반대함: 깨어 있었음"
    assert headline(replace(YES, child_agrees=True)) == "보호자 동의함 (부모 김○○) · 아동도 동의함"
    assert state(replace(YES, ended_at=T)) == "거두었음"


def test_a_childs_words_never_stand_on_the_strip():
    assert all("때려요" not in text for _, text in pending_lines("urgent", [CHILD]))


def test_every_kind_and_basis_has_words_and_every_wording_stands_in_the_docs():
    assert set(KINDS) == set(Kind) == set(BASES) == set(VERSIONS)
    assert set(BASIS_WORDS) == set(Basis) == {one for some in BASES.values() for one in some}
    docs = (ROOT / "docs" / "records.md").read_text("utf-8")
    for version, text in TEXTS.items():
        assert version in docs
        assert text in docs


def test_only_other_supervisors_are_told_that_a_guardian_is_the_danger():
    change = Change("guardian_danger", 7, None, None, {"staff_id": 3})
    chief, writer, agent = (Staff(number, "s", "직원", frozenset([role])) for number, role in ((2, "supervisor"), (3, "supervisor"), (4, "agent")))
    assert "#7" in (guardian_danger(change, chief) or "")
    assert guardian_danger(change, writer) is None
    assert guardian_danger(change, agent) is None
    assert guardian_danger(Change("claimed", 7, None, None, {}), chief) is None
