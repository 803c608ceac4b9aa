"""Choosing a colleague: who is there stands first, and who is not says why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.schemas import Role
from handoff import service as handoff
from handoff.choosing import CENTRE
from handoff.desk import when, words
from handoff.desk.elements import PersonList, attributes
from handoff.queue_order import may_take
from handoff.schemas import Colleague


def team_name(team: str) -> str:
    """The name of a team; the one everybody belongs to who belongs to no other has a Korean name."""
    return "기본 팀" if team == CENTRE else team


def stands(one: Colleague, now: datetime) -> str:
    """How somebody stands, in a few words: with the reason and for how long, when they are away."""
    if one.state == "away":
        why = handoff.away_name(one.away_reason)
        return "자리 비움" + (f" · {why}" if why else "") + (f" · {when.lasted(one.since, now)}째" if one.since else "")
    return words.STATES.get(one.state, "데스크 닫힘")


def detail(one: Colleague) -> str:
    """What somebody can do: load, languages, teams."""
    parts = [f"{one.held}/{one.cap}건", ", ".join(words.language_name(code) for code in one.languages), ", ".join(team_name(team) for team in one.teams)]
    return " · ".join(part for part in parts if part)


def receivers(people: Iterable[Colleague], severity: str, *, without: Iterable[int], now: datetime) -> list[dict[str, Any]]:
    """Who could be given a case of this severity, those who can take it first; the others say why not."""
    barred = set(without)
    rows = []
    for one in people:
        if one.id in barred or not one.roles & {Role.AGENT.value, Role.SUPERVISOR.value}:
            continue
        why = "" if one.state == "available" else stands(one, now)
        if not why and not may_take(severity, one.held, one.cap):
            why = "정원이 찼습니다"
        rows.append({"id": one.id, "name": one.name, "detail": detail(one), "why": why, "held": one.held})
    return sorted(rows, key=lambda row: (bool(row["why"]), row["held"], row["name"]))


def guests(people: Iterable[Colleague], *, without: Iterable[int], now: datetime) -> list[dict[str, Any]]:
    """Who could be invited: everybody, since whoever is away reads it later; officers say that they are."""
    barred = set(without)
    rows = []
    for one in people:
        if one.id not in barred:
            role = Role.OFFICER.label if Role.OFFICER in one.roles else ""
            rows.append({"id": one.id, "name": one.name, "detail": " · ".join(part for part in (role, stands(one, now)) if part), "why": "", "held": one.held})
    return rows


class PersonPicker:
    """A list with a filter; arrows move, Enter or a click chooses."""

    def __init__(self, rows: list[dict[str, Any]], label: str) -> None:
        self.chosen: int | None = None
        self._list = attributes(PersonList(), people=rows, label=label)
        self._list.on("pick", lambda e: self._pick(e.args), None)

    def _pick(self, staff_id: Any) -> None:
        self.chosen = int(staff_id)


def teams_of(people: Iterable[Colleague]) -> dict[str, int]:
    """Every team with how many of it could take a case now; nobody's case is sent to a team that nobody belongs to."""
    found: dict[str, int] = {}
    for one in people:
        for team in one.teams or (CENTRE,):
            if one.roles & {Role.AGENT.value, Role.SUPERVISOR.value}:
                found[team] = found.get(team, 0) + (one.state == "available")
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
