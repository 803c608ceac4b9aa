"""``/desk/team``: a supervisor's page of people, duty numbers and districts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, ui

from accounts.schemas import Staff
from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk.elements import Signals, block, button, say, select_tab
from handoff.desk.floor import Floor
from handoff.desk.guarded import guarded
from handoff.desk.live import QueueFeed
from handoff.desk.move_actions import MoveActions
from handoff.desk.shift_dialog import ShiftDialog
from handoff.desk.team_actions import Left, TeamActions, TeamPicture
from handoff.desk.team_districts import TeamDistricts
from handoff.desk.team_guidance import TeamGuidance
from handoff.desk.team_numbers import TeamNumbers
from handoff.desk.team_officers import TeamOfficers
from handoff.desk.team_people import TeamPeople, known_teams
from handoff.desk.team_person_dialog import ask_person
from handoff.desk.team_rests import TeamRests

REFRESH_S = 3.0
TABS = (("people", "사람"), ("officers", "공관 영사"), ("numbers", "당직 번호"), ("districts", "관할"), ("rests", "폭언 · 휴식"), ("guidance", "상담 요령"))


class TeamPage:
    """One open page: people are read anew every three seconds, the rest when something was changed."""

    def __init__(self, client: Client, viewer: Staff, do: TeamActions, moves: MoveActions, feed: QueueFeed) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._floor = Floor(client, viewer, moves, feed, self._guarded)
        self._shift: ShiftDialog | None = None
        self._picture: TeamPicture | None = None

    def build(self) -> None:
        """Make the elements; called once."""
        with block("div", "desk team"):
            with block("header", "bar"):
                say("span", "길동무 팀", "brand")
                with block("div", "bar-right"):
                    self._signals = Signals()
                    with block("a", "nav", href="/desk"):
                        say("span", "상담 데스크")
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("main", "team-main"):
                with block("div", "team-tabs", role="tablist", aria_label="팀 화면"):
                    self._tabs = {code: button(label, self._shower(code), role="tab", data_team_tab=code) for code, label in TABS}
                self._panels = {code: block("div", "panel", role="tabpanel", data_panel=code) for code, _ in TABS}
        with self._panels["people"]:
            self._people = TeamPeople(self._viewer, self._edit, self._take_over)
        with self._panels["officers"]:
            self._officers = TeamOfficers(self._client, self._do)
        with self._panels["numbers"]:
            self._numbers = TeamNumbers(self._client, self._viewer, self._do)
        with self._panels["districts"]:
            self._districts = TeamDistricts(self._client, self._viewer, self._do, self._guarded)
        with self._panels["guidance"]:
            self._guidance = TeamGuidance(self._client)
        with self._panels["rests"]:
            self._rests = TeamRests(self._client, self._do)
        select_tab(self._tabs, self._panels, "people")
        self._floor.feed.attach(self._on_queue)
        ui.timer(REFRESH_S, self._tick, immediate=True)

    def stop(self) -> None:
        """The page is gone."""
        self._floor.feed.detach(self._on_queue)

    def _on_queue(self, _: Any) -> None:
        if self._shift is not None:
            with self._client:
                self._shift.listen()

    async def _guarded(self, action: Callable[[], Awaitable[Any]], *, quiet: bool = False) -> bool:
        return await guarded(self._client, "/desk/team", action, quiet=quiet)

    def _shower(self, code: str) -> Callable[[], Awaitable[None]]:
        async def show() -> None:
            select_tab(self._tabs, self._panels, code)
            if code == "officers":
                await self._guarded(self._officers.refresh)
            elif code == "numbers":
                await self._guarded(self._numbers.refresh)
            elif code == "districts":
                await self._guarded(self._districts.refresh)
            elif code == "guidance":
                await self._guarded(self._guidance.refresh)
            elif code == "rests":
                await self._guarded(self._rests.refresh)

        return show

    async def _tick(self) -> None:
        if await self._guarded(self._refresh, quiet=True):
            with self._client:
                self._signals.run_method("pulse", clock_now().timestamp() * 1000, self._floor.feed.freshness, round(self._floor.feed.silent_s, 1))

    async def _refresh(self) -> None:
        self._picture = await self._do.picture()
        with self._client:
            self._people.show(self._picture)

    def _edit(self, one: handoff.Colleague, picture: TeamPicture) -> None:
        shifts = [shift for shift in picture.shifts if shift.staff_id == one.id]
        ask_person(self._client, self._do, one, shifts, known_teams(picture), self._refresh)

    async def _take_over(self, left: Left) -> None:
        self._shift = ShiftDialog(self._floor, left.staff_id, left.name)
        await self._guarded(self._shift.open)
