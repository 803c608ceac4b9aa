"""The staff at a glance: who is there, who is away, why and for how long, and what nobody looks after any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from accounts.schemas import Role, Staff
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.people import stands, team_name, teams_of
from handoff.desk.team_actions import Left, TeamPicture
from language.categories import Category

ORDER = {"available": 0, "away": 1, "offline": 2}
#: Away for longer than this is worth a look.
LONG_AWAY_S = 30 * 60


def ordered(picture: TeamPicture) -> list[handoff.Colleague]:
    """Those who are there first; of those away the longest first. Pure."""
    return sorted(picture.people, key=lambda one: (ORDER.get(one.state, 9), one.since or picture.at if one.state == "away" else picture.at, one.name))


def summary(picture: TeamPicture) -> str:
    """The one line that a supervisor reads from afar. Pure."""
    agents = [one for one in picture.people if one.roles & {Role.AGENT.value, Role.SUPERVISOR.value}]
    count = {state: sum(one.state == state for one in agents) for state in ORDER}
    free = sum(max(0, one.cap - one.held) for one in agents if one.state == "available")
    return f"응대 가능 {count['available']}명 · 빈자리 {free} · 자리 비움 {count['away']}명 · 데스크 닫힘 {count['offline']}명"


def shift_words(one: handoff.Colleague, picture: TeamPicture) -> str:
    """Until when somebody works, or when next. Pure."""
    if one.shift_ends_at is not None:
        return f"{when.said(one.shift_ends_at, picture.at)}까지"
    return f"다음 {when.said(one.next_shift_at, picture.at)}" if one.next_shift_at else "정하지 않음"


class TeamPeople:
    """The table; drawn anew when the picture has changed in something other than its moment."""

    def __init__(self, viewer: Staff, on_edit: Callable[[handoff.Colleague, TeamPicture], Any], on_take_over: Callable[[Left], Awaitable[None]]) -> None:
        self._viewer = viewer
        self._on_edit = on_edit
        self._on_take_over = on_take_over
        self._seen: object = None
        self._root = block("section", "team-people", aria_label="사람")

    def show(self, picture: TeamPicture) -> None:
        """How everybody stands."""
        # What only says that a desk is still there changes at every look and is not shown.
        people = [(replace(one, last_seen_at=None, since=None), stands(one, picture.at)) for one in picture.people]
        seen = (people, picture.shifts, picture.left)
        if seen == self._seen:
            return
        self._seen = seen
        self._root.clear()
        with self._root:
            say("p", summary(picture), "glance", role="status")
            for one in picture.left:
                with block("div", "pending is-late", data_left=one.staff_id):
                    why = "계정이 중지되었는데" if one.is_gone else "근무가 끝났는데"
                    say("span", f"{one.name} 님이 {why} 상담 {one.cases}건, 약속 {one.promises}건이 남았습니다.", "words")
                    if self._viewer.has(Role.SUPERVISOR):
                        button("대신 인계", lambda one=one: self._on_take_over(one), classes="small", data_action="take-over")
            with block("div", "scroll"), block("table", "grid"):
                with block("thead"), block("tr"):
                    for head in ("이름", "지금", "상담", "분야", "언어", "팀", "근무", ""):
                        say("th", head, scope="col")
                with block("tbody"):
                    for colleague in ordered(picture):
                        self._row(colleague, picture)

    def _row(self, one: handoff.Colleague, picture: TeamPicture) -> None:
        is_long = one.state == "away" and one.since is not None and (picture.at - one.since).total_seconds() > LONG_AWAY_S
        with block("tr", f"is-{one.state}" + (" is-long" if is_long else ""), data_staff=one.id):
            with block("th", "", scope="row"):
                say("b", one.name)
                say("span", " · ".join(Role(role).label for role in sorted(one.roles)), "soft")
            say("td", stands(one, picture.at), "stand")
            say("td", f"{one.held}/{one.cap}", "number")
            say("td", ", ".join(Category(skill).label for skill in one.skills) or "-")
            say("td", ", ".join(words.language_name(code) for code in one.languages))
            say("td", ", ".join(team_name(team) for team in one.teams) or "기본 팀")
            say("td", shift_words(one, picture))
            with block("td"):
                button("고치기", lambda: self._on_edit(one, picture), classes="small", data_action="edit-person")


def known_teams(picture: TeamPicture) -> list[str]:
    """Every team that somebody belongs to."""
    return list(teams_of(picture.people))
