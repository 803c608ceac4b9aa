"""What agents can do, which teams they belong to, when they work, and why they are away: kept by supervisors, used for offers and shift changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.schemas import Role, Staff
from core import audit
from core.db import Connection
from core.errors import AppError
from handoff import staffing_repository as repository
from handoff.choosing import SILENT_AFTER
from handoff.schemas import Colleague, Shift
from language.categories import Category

#: Why somebody is away; shown to colleagues, hence a closed list and no free text.
AWAY_REASONS = {"break": "휴식", "meal": "식사", "call": "전화 상담", "training": "교육", "meeting": "회의", "other": "기타"}
#: The rest after an abusive contact; nobody chooses it.
REST = "rest"
REST_NAME = "의무 휴식"
MAX_TEAM_CHARS = 40
MOST_AT_ONCE = 50


def away_name(reason: str) -> str:
    """The Korean name of why somebody is away; empty when no reason was given."""
    return REST_NAME if reason == REST else AWAY_REASONS.get(reason, "")


async def set_skills(tx: Connection, by: Staff, staff_id: int, skills: Iterable[str]) -> None:
    """The kinds of case that somebody is trained for; offers prefer them.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``invalid_request``.
    """
    wanted = sorted(set(skills))
    if not set(wanted) <= {str(category) for category in Category}:
        raise AppError("invalid_request", field="skills")
    await _may_change(tx, by, staff_id)
    await repository.set_skills(tx, staff_id, wanted)
    await audit.record(tx, by.login, "", "staff.skills", detail={"staff_id": staff_id, "skills": wanted})


async def set_languages(tx: Connection, by: Staff, staff_id: int, languages: Iterable[str]) -> None:
    """The languages that somebody can counsel in.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``invalid_request``.
    """
    wanted = sorted(set(languages))
    if not wanted or not all(2 <= len(code) <= 3 and code.isascii() and code.islower() and code.isalpha() for code in wanted):
        raise AppError("invalid_request", field="languages")
    await _may_change(tx, by, staff_id)
    await repository.set_languages(tx, staff_id, wanted)
    await audit.record(tx, by.login, "", "staff.languages", detail={"staff_id": staff_id, "languages": wanted})


async def set_teams(tx: Connection, by: Staff, staff_id: int, teams: Iterable[str]) -> None:
    """The teams of somebody; with none, they belong to the centre's.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``invalid_request``.
    """
    wanted = sorted({team.strip() for team in teams})
    if not all(0 < len(team) <= MAX_TEAM_CHARS for team in wanted):
        raise AppError("invalid_request", field="teams")
    await _may_change(tx, by, staff_id)
    await repository.set_teams(tx, staff_id, wanted)
    await audit.record(tx, by.login, "", "staff.teams", detail={"staff_id": staff_id, "teams": wanted})


async def plan_shift(tx: Connection, by: Staff, staff_id: int, starts_at: datetime, ends_at: datetime) -> int:
    """Write down when somebody works; the shift's id.

    Raises:
        AppError: ``forbidden``, ``not_found``, or ``invalid_request`` for times that are naive, turned round or longer than a day, or that overlap.
    """
    if starts_at.tzinfo is None or ends_at.tzinfo is None or not 0 < (ends_at - starts_at).total_seconds() <= 24 * 3600:
        raise AppError("invalid_request", field="ends_at")
    await _may_change(tx, by, staff_id)
    shift_id = await repository.add_shift(tx, staff_id, starts_at, ends_at)
    if shift_id is None:
        raise AppError("invalid_request", field="starts_at")
    await audit.record(tx, by.login, "", "staff.shift", detail={"staff_id": staff_id, "shift_id": shift_id})
    return shift_id


async def cancel_shift(tx: Connection, by: Staff, shift_id: int) -> None:
    """Take a planned shift away.

    Raises:
        AppError: ``forbidden`` or ``not_found``.
    """
    if by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden", f"staff {by.id} may not change shifts")
    staff_id = await repository.drop_shift(tx, shift_id)
    if staff_id is None:
        raise AppError("not_found")
    await audit.record(tx, by.login, "", "staff.shift_cancelled", detail={"staff_id": staff_id, "shift_id": shift_id})


async def set_cap(tx: Connection, by: Staff, staff_id: int, cap: int) -> None:
    """How many cases somebody may have in hand at once; what they hold already stays theirs.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``invalid_request``.
    """
    if not 0 <= cap <= MOST_AT_ONCE:
        raise AppError("invalid_request", field="cap")
    await _may_change(tx, by, staff_id)
    await repository.set_cap(tx, staff_id, cap)
    await audit.record(tx, by.login, "", "staff.cap", detail={"staff_id": staff_id, "cap": cap})


async def shifts(connection: Connection, at: datetime) -> list[Shift]:
    """Shifts that run or are to come."""
    return [Shift(row["id"], row["staff_id"], row["starts_at"], row["ends_at"]) for row in await repository.shifts(connection, at)]


async def roster(connection: Connection, at: datetime) -> list[Colleague]:
    """Everybody who may take or join cases; a desk that has fallen silent counts as off, whatever it said last."""
    return [
        Colleague(
            row["id"],
            row["display_name"],
            frozenset(row["roles"]),
            "offline" if row["last_seen_at"] is None or at - row["last_seen_at"] > SILENT_AFTER else row["state"],
            row["cap"],
            row["held"],
            tuple(row["languages"]),
            tuple(row["skills"]),
            tuple(row["teams"]),
            row["away_reason"],
            row["last_seen_at"],
            row["idle_since"],
            row["shift_ends_at"],
            row["next_shift_at"],
        )
        for row in await repository.roster(connection, at)
    ]


async def on_shift(connection: Connection, at: datetime) -> list[int]:
    """Who should be working at a time."""
    return await repository.on_shift(connection, at)


async def overstaying(connection: Connection, at: datetime) -> list[dict[str, Any]]:
    """Who still holds open cases or unkept promises though their shift is over or their account is locked: what must be handed over by name."""
    return await repository.overstaying(connection, at)


async def _may_change(tx: Connection, by: Staff, staff_id: int) -> None:
    if by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden", f"staff {by.id} may not change staff {staff_id}")
    if not await repository.lock_account(tx, staff_id):
        raise AppError("not_found")
