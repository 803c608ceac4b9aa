"""What a person may do with a case now, and why not: a table of every move."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accounts.schemas import Staff
from handoff.desk.choices import CLOSED, NAMES, NOT_MINE, NOT_TAKEN, Do, Situation, choices, why_not
from handoff.schemas import Case

T = datetime(2026, 1, 1, tzinfo=UTC)
ME, OTHER, CHIEF, EDITOR = (
    Staff(number, f"s{number}", "직원", frozenset([role])) for number, role in ((1, "agent"), (2, "agent"), (3, "supervisor"), (4, "editor"))
)


def case(status="queued", severity="urgent", owner=None, **more):
    values = dict.fromkeys(("team", "reason", "language"), "") | {"conversation_id": "talk", "category": "other", "country": None}
    values |= dict.fromkeys(("claimed_at", "acknowledged_at", "acknowledged_by", "first_human_reply_at", "closed_at", "outcome"))
    return Case(
        id=7, status=status, severity=severity, owner_id=owner, arrival_at=T, opened_at=T, returned=0, doubts=0, synthetic=False, version=1, **values | more
    )


def allowed(case, viewer, **more):
    return {do for do, why in choices(Situation(case, viewer, **more)).items() if not why}


@pytest.mark.parametrize(
    ("what", "viewer", "more", "expected"),
    [
        (case(), ME, {}, {Do.CLAIM}),
        (case("queued", "life_threat"), ME, {}, {Do.CLAIM, Do.RUNGS}),
        (case(offered_to=1), ME, {}, {Do.CLAIM, Do.DECLINE}),
        (case(offered_to=2), ME, {}, {Do.CLAIM}),
        (case(severity="none", offered_to=2), ME, {}, set()),
        (case(), ME, {"has_other": True}, {Do.CLAIM, Do.MERGE}),
        (
            case("claimed", owner=1),
            ME,
            {"may_write": True},
            {Do.TRANSFER, Do.TO_TEAM, Do.INVITE, Do.NOTE, Do.PROMISE, Do.GUARD, Do.ABUSE, Do.SNOOZE, Do.HAND_BACK, Do.TO_QUEUE, Do.CLOSE},
        ),
        (
            case("claimed", owner=1, asked_to=2),
            ME,
            {"may_write": True},
            {Do.TRANSFER, Do.TO_TEAM, Do.UNASK, Do.INVITE, Do.NOTE, Do.PROMISE, Do.GUARD, Do.ABUSE, Do.SNOOZE, Do.HAND_BACK, Do.TO_QUEUE, Do.CLOSE},
        ),
        (case("claimed", owner=2, asked_to=1), ME, {}, {Do.CLAIM, Do.DECLINE}),
        (
            case("handed_back", owner=1),
            ME,
            {"may_write": True},
            {Do.CLAIM, Do.TRANSFER, Do.TO_TEAM, Do.INVITE, Do.NOTE, Do.PROMISE, Do.GUARD, Do.ABUSE, Do.TO_QUEUE, Do.CLOSE},
        ),
        (case("claimed", owner=2), ME, {"may_write": True}, {Do.NOTE, Do.PROMISE, Do.GUARD, Do.ABUSE}),
        (case("claimed", owner=2), ME, {}, set()),
        (case("claimed", owner=2), CHIEF, {}, {Do.TRANSFER, Do.TO_TEAM, Do.INVITE, Do.TAKE_FROM, Do.TO_QUEUE, Do.CLOSE}),
        (case("claimed", owner=2, closing_by=2, closing_outcome="resolved"), ME, {}, {Do.CONFIRM_CLOSE, Do.OBJECT}),
        (
            case("claimed", owner=2, closing_by=2, closing_outcome="resolved"),
            OTHER,
            {},
            {Do.TRANSFER, Do.TO_TEAM, Do.INVITE, Do.SNOOZE, Do.HAND_BACK, Do.TO_QUEUE, Do.OBJECT},
        ),
        (case("closed", owner=1, closed_at=T, outcome="resolved"), ME, {"may_write": True, "has_other": True}, {Do.REOPEN}),
        (case(severity="none"), CHIEF, {}, {Do.CLAIM, Do.INVITE, Do.CLOSE}),
        (case(severity="urgent"), CHIEF, {}, {Do.CLAIM, Do.INVITE}),
        (case(), EDITOR, {"may_write": True}, set()),
    ],
)
def test_who_may_do_what(what, viewer, more, expected):
    assert allowed(what, viewer, **more) - {Do.MISSION, Do.RESTRICT, Do.HOLD, Do.CONSENT, Do.EXPORT} == expected


def test_the_missions_card_is_for_whoever_sees_an_open_case_and_never_for_a_drill():
    assert not why_not(Do.MISSION, Situation(case("claimed", owner=2), ME))
    assert why_not(Do.MISSION, Situation(replace(case(), synthetic=True), ME)) == "훈련은 공관에 알리지 않습니다."
    assert why_not(Do.MISSION, Situation(case("closed"), ME)) == CLOSED
    assert why_not(Do.MISSION, Situation(case(), EDITOR))


@pytest.mark.parametrize(("status", "more"), [("claimed", {}), ("closed", {"closed_at": T, "outcome": "resolved"})])
def test_who_may_restrict_or_hold_a_case_open_or_over(status, more):
    what = case(status, owner=2, **more)
    assert not why_not(Do.RESTRICT, Situation(what, OTHER))
    assert why_not(Do.RESTRICT, Situation(what, ME)) == NOT_MINE
    for do in (Do.HOLD, Do.EXPORT):
        assert why_not(do, Situation(what, OTHER)) == "책임자만 할 수 있습니다."
    assert not why_not(Do.CONSENT, Situation(what, ME))  # whoever sees it may read and check it
    for do in (Do.RESTRICT, Do.HOLD, Do.CONSENT, Do.EXPORT):
        assert not why_not(do, Situation(what, CHIEF))
        assert why_not(do, Situation(what, EDITOR))


@pytest.mark.parametrize(
    ("do", "what", "viewer", "says"),
    [
        (Do.TRANSFER, case(), ME, NOT_TAKEN),
        (Do.TRANSFER, case("claimed", owner=2), ME, NOT_MINE),
        (Do.SNOOZE, case("handed_back", owner=1), ME, "봇이 응대하고 있습니다"),
        (Do.CONFIRM_CLOSE, case("claimed", owner=1, closing_by=1), ME, "다른 상담관이 확인해야"),
        (Do.CLOSE, case("claimed", owner=1, closing_by=1), ME, "이미 종료를 요청"),
        (Do.CLOSE, case(), CHIEF, NOT_TAKEN),
        (Do.TAKE_FROM, case("claimed", owner=2), ME, "책임자만"),
        (Do.MERGE, case(), ME, "먼저 맡으세요"),
        (Do.REOPEN, case(), ME, "열려 있는"),
        (Do.CLAIM, case("closed", closed_at=T, outcome="resolved"), ME, CLOSED),
    ],
)
def test_a_refusal_says_why(do, what, viewer, says):
    assert says in why_not(do, Situation(what, viewer))


def test_every_move_has_a_name_and_every_refusal_is_a_whole_sentence():
    assert set(NAMES) == set(Do)
    for what in (case(), case("claimed", owner=2), case("handed_back", owner=2), case("closed", closed_at=T, outcome="resolved")):
        for viewer in (ME, OTHER, CHIEF, EDITOR):
            for why in choices(Situation(what, viewer)).values():
                assert why == "" or why.endswith(("니다.", "세요.", "립니다."))


def test_a_locked_account_may_do_nothing():
    gone = Staff(1, "s1", "직원", frozenset(["supervisor"]), disabled=True)
    assert allowed(case("claimed", owner=1), gone, may_write=True) == set()
