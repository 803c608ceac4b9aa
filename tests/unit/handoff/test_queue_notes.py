"""What a desk shows and sounds for offers, the ladder, second persons and hand-overs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accounts.schemas import Staff
from handoff.desk.live import Change
from handoff.desk.queue_pane import calls, section_of, shape
from handoff.schemas import QueueRow

ME, OTHER, CHIEF = (Staff(number, f"s{number}", f"직원 {number}", frozenset([role])) for number, role in ((1, "agent"), (2, "agent"), (3, "supervisor")))
T = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
WAITING = QueueRow(7, "talk", "queued", "life_threat", "assault", "ko", "TH", T, None, None, 0, 0, False, 1)
OWNED = replace(WAITING, status="claimed", owner_id=OTHER.id)


@pytest.mark.parametrize(
    ("row", "viewer", "says"),
    [
        (replace(WAITING, offered_to=ME.id), ME, "나에게 제안됨"),
        (replace(WAITING, offered_to=OTHER.id), ME, "다른 상담관에게 제안 중"),
        (replace(WAITING, rings=2), ME, "전체 호출 2회"),
        (replace(WAITING, ladder="supervisor:told,duty_phone:not_configured"), ME, "책임자 호출됨 · 당직 전화 미설정"),
        (replace(WAITING, ladder="mission_voice:failed"), ME, "공관 당직 전화 실패"),
        (replace(WAITING, cluster=3), ME, "같은 사건 묶음 #3"),
        (replace(OWNED, asked_to=ME.id), ME, "나에게 인계 요청"),
        (replace(OWNED, asked_to=ME.id), OTHER, "인계 수락 대기"),
        (replace(OWNED, closing_by=OTHER.id), ME, "종료 확인 필요"),
        (replace(OWNED, closing_by=OTHER.id), OTHER, "종료 확인을 기다리는 중"),
        (replace(OWNED, snoozed_until=T), OTHER, "09:30 까지 미룸"),
    ],
)
def test_notes(row, viewer, says):
    section = section_of(row, viewer)
    assert section is not None
    assert says in shape(row, section, ring=False, viewer_id=viewer.id)["note"]


@pytest.mark.parametrize(
    ("row", "sections"),
    [
        (WAITING, ("waiting", "waiting", "waiting")),
        (OWNED, (None, "mine", "others")),
        (replace(OWNED, closing_by=OTHER.id), ("others", "mine", "others")),
        (replace(OWNED, asked_to=ME.id), ("waiting", "mine", "others")),
    ],
)
def test_who_sees_it_where(row, sections):
    assert tuple(section_of(row, who) for who in (ME, OTHER, CHIEF)) == sections


@pytest.mark.parametrize(
    ("kind", "row", "sounds"),
    [
        ("offered", replace(WAITING, offered_to=ME.id, severity="none"), (True, False, False)),
        ("escalated", WAITING, (True, True, True)),
        ("asked", replace(OWNED, asked_to=ME.id), (True, False, False)),
        ("closing", replace(OWNED, closing_by=OTHER.id), (True, False, True)),
        ("woken", OWNED, (False, True, False)),
        ("snoozed", OWNED, (False, False, False)),
        ("unattended", OWNED, (False, True, True)),
    ],
)
def test_whose_desk_sounds(kind, row, sounds):
    assert tuple(calls(Change(kind, row.case_id, None, row, {}), who) for who in (ME, OTHER, CHIEF)) == sounds
