"""The staff at a glance: who is there, who is away, why and for how long, and what nobody looks after any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui.element import Element

from accounts.schemas import Role, Staff
from core.staff_rows import Rows
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


def is_long_away(one: handoff.Colleague, picture: TeamPicture) -> bool:
    """Whether somebody has been away for so long that it is worth a look. Pure."""
    return one.state == "away" and one.since is not None and (picture.at - one.since).total_seconds() > LONG_AWAY_S


class TeamPeople:
    """The table; a row is drawn anew when it says something else."""

    _picture: TeamPicture

    def __init__(self, viewer: Staff, on_edit: Callable[[handoff.Colleague, TeamPicture], Any], on_take_over: Callable[[Left], Awaitable[None]]) -> None:
        self._viewer = viewer
        self._on_edit = on_edit
        self._on_take_over = on_take_over
        with block("section", "team-people", aria_label="사람"):
            self._glance = say("p", "", "glance", role="status")
            self._left = block("div", "left-behind")
            with block("div", "scroll"), block("table", "grid"):
                with block("thead"), block("tr"):
                    for head in ("이름", "지금", "상담", "분야", "언어", "팀", "근무", ""):
                        say("th", head, scope="col")
                self._people = Rows(block("tbody"))
        self._left_rows = Rows(self._left)

    def show(self, picture: TeamPicture) -> None:
        """How everybody stands."""
        self._picture = picture
        self._glance.set_text(summary(picture))
        self._left.set_visibility(bool(picture.left))
        self._left_rows.show({one: partial(self._left_row, one) for one in picture.left})
        self._people.show({self._says(one): partial(self._row, one) for one in ordered(picture)})

    def _says(self, one: handoff.Colleague) -> tuple[Any, ...]:
        # What only says that a desk is still there changes at every look and is not shown.
        shown = replace(one, last_seen_at=None, since=None)
        return shown, stands(one, self._picture.at), shift_words(one, self._picture), is_long_away(one, self._picture)

    def _left_row(self, one: Left) -> Element:
        with block("div", "pending is-late", data_left=one.staff_id) as row:
            why = "계정이 중지되었는데" if one.is_gone else "근무가 끝났는데"
            say("span", f"{one.name} 님이 {why} 상담 {one.cases}건, 약속 {one.promises}건이 남았습니다.", "words")
            if self._viewer.has(Role.SUPERVISOR):
                button("대신 인계", lambda: self._on_take_over(one), classes="small", data_action="take-over")
        return row

    def _row(self, one: handoff.Colleague) -> Element:
        picture = self._picture
        with block("tr", f"is-{one.state}" + (" is-long" if is_long_away(one, picture) else ""), data_staff=one.id) as row:
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
                # With the teams and shifts of the newest look: the row itself may be older.
                button("고치기", lambda: self._on_edit(one, self._picture), classes="small", data_action="edit-person")
        return row


def known_teams(picture: TeamPicture) -> list[str]:
    """Every team that somebody belongs to."""
    return list(teams_of(picture.people))
