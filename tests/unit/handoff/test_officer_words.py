"""How an officer stands to a case, and to a seat, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handoff.desk.mission_dialog import standing
from handoff.desk.team_officers import standing as seat_standing
from handoff.officers.at_case import Stationed
from handoff.officers.seats import Seat

AT = datetime(2026, 11, 22, 5, 3, tzinfo=UTC)


def officer(**values):
    known = {"has_email": True, "is_of_district": True, "is_told": True, "sent": 0, "failed": 0, "acknowledged_at": None, "has_joined": False}
    return Stationed(7, "박영사", "주캄보디아대사관", **(known | values))


@pytest.mark.parametrize(
    ("values", "is_mailing", "said"),
    [
        ({"has_joined": True}, True, "참여 중"),
        ({"acknowledged_at": AT, "sent": 2}, True, "11-22 14:03 확인했음"),
        ({"is_told": False}, True, "아직 알리지 않음"),
        ({"has_email": False}, True, "메일 주소 없음"),
        ({}, False, "메일 미설정"),
        ({}, True, "곧 메일을 보냄"),
        ({"sent": 3}, True, "메일 3번 보냄 · 확인 전"),
        ({"failed": 2}, True, "메일을 보내지 못함"),
    ],
)
def test_how_far_an_officer_knows(values, is_mailing, said):
    assert said in standing(officer(**values), is_mailing=is_mailing)


@pytest.mark.parametrize(("disabled", "mission", "said"), [(True, "주일본대사관", "계정 중지됨"), (False, "", "소속 없음"), (False, "주일본대사관", "소속됨")])
def test_how_somebody_sits(disabled, mission, said):
    assert said in seat_standing(Seat(1, "a", "b", disabled, mission, "", "", None, 0))[1]
