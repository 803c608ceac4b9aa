"""``/desk/incident/{id}``: who is safe and who is not, one statement to all, the cases and where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, ui

from accounts.schemas import Role, Staff
from handoff.board.definitions import ZONE
from handoff.desk import words
from handoff.desk.context_pane import WORLD, make_map
from handoff.desk.elements import block, button, say
from handoff.desk.guarded import guarded
from handoff.desk.tiles import PATH as TILES
from handoff.geography import cell_bounds
from handoff.incidents.pages import dialogs
from handoff.incidents.pages.actions import IncidentActions
from handoff.incidents.pages.bar import bar
from handoff.incidents.pages.statements_pane import StatementsPane
from handoff.incidents.schemas import SAID_BY, STATES, Member, Person, Picture

REFRESH_S = 2.0
#: Colour alone carries no meaning: each state has a word and a shape.
SHAPES = {"needs_help": "▲", "unknown": "?", "safe": "✓"}
NEVER_CLOSES = "‘안전’은 누군가 그렇게 말했다는 기록입니다. 상담을 닫거나 긴급도를 낮추지 않습니다."


class IncidentPage:
    """One open page, read anew every two seconds; what has not changed is not drawn again."""

    def __init__(self, client: Client, viewer: Staff, actions: IncidentActions, found: Picture, tile_url: str) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._id = found.incident.id
        self._here = f"/desk/incident/{self._id}"
        self._found = found
        self._drawn: dict[str, Any] = {}
        self._tile_url = tile_url
        self._layers: list[Any] = []

    def build(self) -> None:
        """Make the elements."""
        incident = self._found.incident
        with block("div", "desk team incident"):
            bar(self._viewer)
            with block("main", "team-main"):
                with block("section", aria_label="사고"):
                    with block("div", "head"):
                        say("h1", f"#{incident.id} {incident.title}")
                        say("span", f"{words.country_name(incident.country)} · {words.category_word(incident.category)}", "soft")
                        self._status = say("b", "", "status")
                        if self._viewer.has(Role.SUPERVISOR):
                            button("다른 사고와 합치기", lambda: dialogs.ask_merge(self._client, self._do, self._id), classes="small", data_action="merge")
                            button(
                                "사고 끝내기", lambda: dialogs.ask_close(self._client, self._do, self._id, self._refresh), classes="small", data_action="close"
                            )
                    self._counts = block("div", "counts")
                with block("div", "halves"):
                    with block("section", aria_label="사람"):
                        with block("div", "head"):
                            say("h2", "사람")
                            button(
                                "사람 더하기",
                                lambda: dialogs.ask_person(self._client, self._do, self._id, self._refresh),
                                classes="small",
                                data_action="person",
                            )
                            with block("a", data_action="csv", href=f"{self._here}/people.csv", download=""):
                                say("span", "CSV로 받기")
                        say("p", NEVER_CLOSES, "soft")
                        self._people = block("div", "scroll")
                    with block("div", "side"):
                        with block("section", aria_label="모두에게 안내"):
                            self._statements = StatementsPane(self._client, self._viewer, self._do, self._id, self._act)
                        with block("section", aria_label="지도"):
                            say("h2", "어디에 있나")
                            say("p", "5 km보다 큰 칸으로만 보입니다. 정확한 위치는 각 상담에서 봅니다.", "soft")
                            self._map = make_map(TILES if self._tile_url else "")
                with block("section", aria_label="상담"):
                    with block("div", "head"):
                        say("h2", "상담")
                        number = block("input", type="number", min="1", aria_label="넣을 상담 번호", data_field="case")
                        number.on("change", self._keep_number, js_handler="(e) => emit(e.target.value)")
                        button("상담 넣기", self._add_number, classes="small", data_action="add-case")
                        self._suggested = block("span")
                    self._members = block("div", "scroll")
        self._wished = ""
        self._show(self._found, [])
        ui.timer(REFRESH_S, self._tick)

    # -- keeping fresh ------------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        await guarded(self._client, self._here, self._refresh, quiet=True)

    async def _refresh(self) -> None:
        found, suggested = await self._do.picture(self._id), await self._do.suggestions(self._id)
        with self._client:
            if found.incident.merged_into is not None:
                ui.navigate.to(f"/desk/incident/{found.incident.merged_into}")
                return
            self._show(found, suggested)

    async def _act(self, action: Callable[[], Awaitable[Any]]) -> bool:
        done = await guarded(self._client, self._here, action)
        await self._tick()
        return done

    def _show(self, found: Picture, suggested: list[int]) -> None:
        self._found = found
        self._status.text = "" if found.incident.status == "open" else "끝난 사고"
        for name, state, draw in (
            ("counts", (found.counts(), len(found.members)), self._fill_counts),
            ("people", found.people, self._fill_people),
            ("statements", found.statements, lambda: self._statements.show(found.statements)),
            ("members", found.members, self._fill_members),
            ("cells", Counter(one.cell for one in found.members if one.cell), self._fill_map),
            ("suggested", suggested, lambda: self._fill_suggested(suggested)),
        ):
            if self._drawn.get(name) != state:
                self._drawn[name] = state
                draw()

    # -- parts --------------------------------------------------------------------------------------------------------------------

    def _fill_counts(self) -> None:
        self._counts.clear()
        with self._counts:
            for state, number in self._found.counts().items():
                with block("div", f"count is-{state}", data_count=state):
                    say("b", str(number))
                    say("span", f"{SHAPES[state]} {STATES[state]}")
            with block("div", "count", data_count="cases"):
                say("b", str(len(self._found.members)))
                say("span", "상담")

    def _fill_people(self) -> None:
        self._people.clear()
        with self._people:
            if not self._found.people:
                say("p", "아직 아무도 없습니다.", "empty")
                return
            with block("table", "grid"):
                _head("사람", "상태", "누가 · 언제 말함", "")
                with block("tbody"):
                    for person in self._found.people:
                        self._person(person)

    def _person(self, person: Person) -> None:
        with block("tr", f"is-{person.state}", data_person=str(person.id), data_state=person.state):
            with block("th", scope="row"):
                say("b", person.name or ("상담한 사람" if person.is_citizen else "이름 모름"))
                if person.case_id is not None:
                    with block("a", href=f"/desk?case={person.case_id}"):
                        say("span", f"상담 #{person.case_id}")
            say("td", f"{SHAPES[person.state]} {STATES[person.state]}", "stand")
            with block("td"):
                say("span", f"{SAID_BY[person.said_by]} · {person.said_at.astimezone(ZONE):%m-%d %H:%M}")
                if person.recorded_by_name:
                    say("span", f"적은 사람 {person.recorded_by_name}", "soft")
            with block("td"):
                button("고치기", self._editor(person), classes="small", data_action="edit")

    def _add_person(self) -> None:
        dialogs.ask_person(self._client, self._do, self._id, self._refresh)

    def _editor(self, person: Person) -> Callable[[], None]:
        return lambda: dialogs.ask_state(self._client, self._do, person, self._refresh)

    def _fill_members(self) -> None:
        self._members.clear()
        with self._members:
            if not self._found.members:
                say("p", "아직 상담이 없습니다.", "empty")
                return
            with block("table", "grid"):
                _head("상담", "상태", "맡은 사람", "들어온 때(서울)", "")
                with block("tbody"):
                    for one in self._found.members:
                        self._member(one)

    def _member(self, one: Member) -> None:
        word, shape = words.SEVERITY[one.severity]
        with block("tr", data_case=str(one.case_id)):
            with block("th", scope="row"), block("a", href=f"/desk?case={one.case_id}"):
                say("span", f"#{one.case_id} {shape} {word}")
            say("td", f"{words.STATUS[one.status]} · {words.category_word(one.category)}")
            say("td", one.owner_name or "–")
            say("td", f"{one.arrival_at.astimezone(ZONE):%m-%d %H:%M}", "number")
            with block("td"):
                button("빼기", self._remover(one.case_id), classes="small", data_action="remove")

    def _remover(self, case_id: int) -> Callable[[], Awaitable[bool]]:
        return lambda: self._act(lambda: self._do.remove_case(self._id, case_id))

    def _fill_suggested(self, case_ids: list[int]) -> None:
        self._suggested.clear()
        if case_ids:
            with self._suggested:
                label = f"같은 나라·분야의 상담 {len(case_ids)}건 넣기"
                button(label, lambda: self._act(lambda: self._do.add_cases(self._id, case_ids)), classes="small primary", data_action="add-suggested")

    def _keep_number(self, event: Any) -> None:
        self._wished = str(event.args)[:19]

    async def _add_number(self) -> None:
        if self._wished.isascii() and self._wished.isdigit() and len(self._wished) < 19:
            number = int(self._wished)
            await self._act(lambda: self._do.add_cases(self._id, [number]))

    def _fill_map(self) -> None:
        for layer in self._layers:
            self._map.remove_layer(layer)
        self._layers = []
        corners = []
        for cell, number in self._drawn["cells"].items():
            south, west, north, east = cell_bounds(cell)
            corners += [(south, west), (north, east)]
            options = {"className": "accuracy", "weight": 2}
            self._layers.append(self._map.generic_layer(name="rectangle", args=[[(south, west), (north, east)], options]))
            label = {"permanent": True, "direction": "center", "content": f"{number}건"}
            self._layers.append(self._map.generic_layer(name="tooltip", args=[((south + north) / 2, (west + east) / 2), label]))
        if corners:
            middle = tuple(sum(corner[axis] for corner in corners) / len(corners) for axis in (0, 1))
            self._map.set_center(middle)
            self._map.set_zoom(6)
        else:
            self._map.set_center(WORLD[0])


def _head(*titles: str) -> None:
    with block("thead"), block("tr"):
        for title in titles:
            say("th", title, scope="col")
