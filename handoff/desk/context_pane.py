"""The right pane: where, what time it is there, who is competent, what number may be called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from core.clock import now as clock_now
from handoff.desk import consent_pane, guidance_pane, mission_card, words
from handoff.desk.elements import attributes, block, button, say
from handoff.desk.mission_card import KOREA, MISSIONS_SHOWN, telephone
from handoff.desk.phone_tools import PhoneTools
from handoff.desk.place_tools import PlaceTools
from handoff.desk.tiles import PATH as TILES
from handoff.geocoding import NearTown
from handoff.location import TYPED
from handoff.schemas import CaseCard, Place

ASSETS = "/desk/assets"
WORLD = ((20.0, 60.0), 1)
MAX_ZOOM = 18


def zoom_for(radius_m: float | None, *, tiles: bool) -> int:
    """A zoom at which the accuracy circle and what surrounds it can be seen; outlines alone say nothing below a country's size."""
    if not tiles:
        return 6 if (radius_m or 0) < 50_000 else 5
    zoom, reach = 16, 300.0
    while reach < (radius_m or 0) * 1.5 and zoom > 4:
        zoom, reach = zoom - 1, reach * 2
    return zoom


class ContextPane:
    """The situation of one case; the map is made once and moved."""

    def __init__(
        self,
        tile_url: str,
        *,
        on_ask: Callable[[], Any],
        tools: PlaceTools | None = None,
        phone: PhoneTools | None = None,
        on_hand_on: Callable[[], Any] | None = None,
        on_mission: Callable[[], Any] | None = None,
        on_consent: Callable[[], Any] | None = None,
    ) -> None:
        self._tiles = bool(tile_url)
        self._tools = tools
        self._phone = phone
        self._on_hand_on = on_hand_on
        self._on_mission = on_mission
        self._on_consent = on_consent
        self._said: dict[int, Any] = {}
        self._layers: list[Any] = []
        self._drawn: tuple[Any, ...] | None = None
        self._viewed: tuple[Any, ...] | None = None
        self._point: tuple[float, float] | None = None
        self._radius_m: float | None = None
        self._near = False
        with block("aside", "pane context", aria_label="상황", data_pane="context"):
            self._nothing = say("p", "상담을 열면 위치와 관할 공관이 여기에 나옵니다.", "nothing hint")
            self._all = block("div", "situation")
            with self._all:
                # The frame is what appears and disappears: Leaflet writes classes of its own on the map, and a change of ours would wipe them.
                self._frame = block("div", "frame")
                with self._frame:
                    self._map = make_map(TILES if tile_url else "")
                    self._map.on("init", lambda _: self.settle())  # a case that was opened sooner than the map was there
                self._zoom = button("정확도 원 / 나라 보기", self._toggle_near, classes="small wide", data_action="zoom")
                self._call = block("div", "call-block")
                with block("div", "place", role="group", aria_label="위치"):
                    # Apart from each other: the place itself says something else with each look of a live one.
                    self._place, self._towns, self._consents = block(), block(), block()
                self._ask = button("위치 다시 요청", on_ask, classes="wide", hint="l", data_key="KeyL", data_action="ask-place")
                self._guidance = block("div", "guidance-block", role="group", aria_label="상담 요령")
                self._times = block("div", "times", role="group", aria_label="현지 시각")
                self._where = block("div", "where-block")
                self._more = block("div", "more-block")
        self._all.set_visibility(False)

    def clear(self) -> None:
        """Nothing is open."""
        self._said.clear()
        self._all.set_visibility(False)
        self._nothing.set_visibility(True)

    def show(self, card: CaseCard, *, may_ask: bool) -> None:
        """The situation of a case that has been opened or has changed."""
        self._nothing.set_visibility(False)
        self._all.set_visibility(True)
        self._ask.set_visibility(may_ask and card.caller is None)
        case_id = card.case.id
        if (phone := self._phone) is not None:
            self._refill(self._call, phone.says(card), lambda: phone.fill(card))
        self._show_map(card)
        self._refill(self._place, (card.place, card.near_town, card.typed_place), lambda: _place(card))
        if (on_consent := self._on_consent) is not None:
            self._refill(self._consents, (case_id, card.consents), lambda: consent_pane.fill(card, on_consent))
        if (on_hand_on := self._on_hand_on) is not None:
            guided = (case_id, card.case.category, card.case.status == "closed", len(card.handed_on))
            self._refill(self._guidance, guided, lambda: guidance_pane.fill(card, on_hand_on))
        self._refill(self._times, card.time_zone, lambda: _times(card))
        self._refill(self._where, _where_says(card), lambda: _where(card, self._on_mission))
        if (tools := self._tools) is not None:
            typed_id = card.typed_place.fix_id if card.typed_place is not None else None
            self._refill(self._towns, (case_id, card.may_write, typed_id, card.towns), lambda: tools.towns(card))
            self._refill(self._more, (case_id, card.map is None), lambda: tools.more(card))
        # The clocks are the browser's; they are set at once, when it has drawn what is new.
        ui.run_javascript("setTimeout(() => window.deskTick?.(), 30)")

    def _refill(self, container: Element, says: Any, fill: Callable[[], Any]) -> None:
        """Drawn anew only when it says something else: whoever presses a button of it, or reads it, is not disturbed."""
        if self._said.get(container.id, container) == says:
            return
        self._said[container.id] = says
        container.clear()
        with container:
            fill()
        container.set_visibility(bool(container.default_slot.children))

    def _show_map(self, card: CaseCard) -> None:
        place = card.place
        point = (place.lat, place.lon) if place is not None and place.lat is not None and place.lon is not None else None
        drawn = (card.case.id, place.fix_id if place else None)
        self._frame.set_visibility(point is not None)
        self._zoom.set_visibility(point is not None)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        for layer in self._layers:
            self._map.remove_layer(layer)
        self._layers.clear()
        before, self._point = self._point, point
        if place is None or point is None:
            return
        track = [(one.lat, one.lon) for one in card.track if one.lat is not None]
        if len(track) > 1:
            self._layers.append(self._map.generic_layer(name="polyline", args=[track, {"className": "track", "weight": 3}]))
        if place.radius_m:
            self._layers.append(self._map.generic_layer(name="circle", args=[point, {"radius": place.radius_m, "className": "accuracy", "weight": 2}]))
        self._layers.append(self._map.generic_layer(name="circleMarker", args=[point, {"radius": 8, "className": "person", "weight": 3}]))
        if len(card.countries) == 1:  # beside a border no name is written on the map
            label = {"permanent": True, "direction": "top", "offset": (0, -10), "className": "place-label"}
            label["content"] = words.country_name(card.countries[0].country)
            self._layers.append(self._map.generic_layer(name="tooltip", args=[point, label]))
        self._radius_m = place.radius_m
        # A town that was chosen from words gives way to what a device says: that is another look, as another case is.
        viewed = (card.case.id, place.method == TYPED)
        if before is not None and viewed == self._viewed:
            self._map.run_map_method("follow", before, point)
            return
        self._viewed, self._near = viewed, False
        self._map.run_map_method("invalidateSize")
        self._move()

    def settle(self) -> None:
        """The pane can be seen now: a map that was drawn while it could not knows neither its size nor what it shows."""
        if self._point is not None:
            self._map.run_map_method("invalidateSize")
            self._move()

    def _toggle_near(self) -> None:
        self._near = not self._near
        self._move()

    def _move(self) -> None:
        """The country around the place, or the accuracy circle alone."""
        if self._point is None:
            return
        zoom = zoom_for(self._radius_m, tiles=self._tiles or self._near)
        self._map.center, self._map.zoom = self._point, zoom
        self._map.run_map_method("setView", self._point, zoom, {"animate": False})


def make_map(tile_url: str) -> Any:
    """A map whose base is our own outlines; no tile server is asked unless one is set."""
    made = ui.leaflet(
        center=WORLD[0],
        zoom=WORLD[1],
        options={"maxZoom": MAX_ZOOM, "minZoom": 1, "worldCopyJump": True, "attributionControl": bool(tile_url), "keyboard": True},
        additional_resources=[f"{ASSETS}/map.js"],
    ).classes("map")
    # The element comes with a public tile server; nothing may leave the machine, so it goes before the browser has seen it.
    made.layers.clear()
    if tile_url:
        made.tile_layer(url_template=tile_url, options={"maxZoom": MAX_ZOOM})
    return attributes(made, role="application", aria_label="민원인 위치 지도. 자세한 값은 아래에 글로 있습니다.")


def _place(card: CaseCard) -> None:
    if card.place is None and card.typed_place is None:
        say("p", "아직 위치를 받지 못했습니다.", "none")
    if card.place is not None:
        _fix(card.place)
        if card.near_town is not None:
            say("p", _near(card.near_town), "near-town")
    if card.typed_place is not None:
        with block("p", "typed"):
            say("b", "직접 적은 곳 ")
            say("span", card.typed_place.text)
            say("time", _when(card.typed_place.fixed_at), "soft", data_tick="ago", data_at=card.typed_place.fixed_at.timestamp() * 1000)


def _fix(place: Place) -> None:
    with block("p", "fix"):
        say("b", f"{words.METHODS.get(place.method, place.method)} {words.metres(place.radius_m)}")
        say("time", _when(place.fixed_at), "age", data_tick="ago", data_at=place.fixed_at.timestamp() * 1000)
    marks = [words.CONFIDENCE.get(place.confidence, place.confidence)]
    if place.datum != "WGS84":
        marks.append(f"좌표계 {place.datum} — 지도와 어긋날 수 있음")
    say("p", " · ".join(marks), "soft")
    say("p", f"{place.lat:.5f}, {place.lon:.5f}", "coordinates")


def _near(found: NearTown) -> str:
    """Which town somebody may name on the telephone, and how far it is."""
    town = found.town
    name = f"{town.korean} ({town.name})" if town.korean else town.name
    away = "1 km 안" if found.distance_km < 1 else f"약 {found.distance_km:.0f} km"
    return f"가까운 도시: {name}, 중심에서 {away}"


def _clock(zone: str) -> str:
    """The time now, for a page whose clocks do not run."""
    return f"{clock_now().astimezone(ZoneInfo(zone)):%H:%M}"


def _when(at: datetime) -> str:
    return f"한국 {at.astimezone(ZoneInfo(KOREA)):%m-%d %H:%M}"


def _times(card: CaseCard) -> None:
    if card.time_zone:
        with block("p", "clock"):
            say("span", "현지 ")
            say("b", _clock(card.time_zone), data_tick="clock", data_zone=card.time_zone)
        say("span", card.time_zone, "soft")
    with block("p", "clock soft"):
        say("span", "한국 ")
        say("b", _clock(KOREA), data_tick="clock", data_zone=KOREA)


def _where_says(card: CaseCard) -> tuple[Any, ...]:
    """What ``_where`` shows of a card: of the place no more than its countries and missions. Pure."""
    case = card.case
    missions = [mission_card.says(one, card.missions_now.get(one.name)) for one in card.missions[:MISSIONS_SHOWN]]
    countries = [one.country for one in card.countries]
    return (case.id, case.country, case.synthetic, card.country_conflict, countries, card.alarm_level, missions, len(card.missions), card.numbers, card.notices)


def _where(card: CaseCard, on_mission: Callable[[], Any] | None) -> None:
    if card.country_conflict:
        found = ", ".join(words.country_name(one.country) for one in card.countries)
        say("p", f"말한 나라({words.country_name(card.case.country)})와 위치({found})가 다릅니다. 다른 사람을 위한 글일 수 있습니다.", "warning")
    elif len(card.countries) > 1:
        say("p", "국경 가까이: " + ", ".join(words.country_name(one.country) for one in card.countries), "warning")
    with block("dl", "facts wide-facts"):
        with block("div", "fact"):
            say("dt", "나라")
            say("dd", words.country_name(card.case.country or (card.countries[0].country if card.countries else None)))
        if card.alarm_level is not None:
            with block("div", "fact"):
                say("dt", "여행경보")
                say("dd", card.alarm_level)
    with block("div", "head"):
        say("h2", "관할 공관")
        if on_mission is not None and not card.case.synthetic:
            button("공관 카드 · 영사 부르기", on_mission, classes="small", hint="m", data_key="KeyM", data_action="mission")
    if not card.missions:
        say("p", "알 수 없습니다. 나라를 먼저 확인하세요.", "none")
    with block("ul", "missions"):
        for mission in card.missions[:MISSIONS_SHOWN]:
            with block("li"):
                mission_card.fill(mission, card.missions_now.get(mission.name))
        if len(card.missions) > MISSIONS_SHOWN:
            say("li", f"그 밖의 후보 {len(card.missions) - MISSIONS_SHOWN}곳: 위치를 알면 줄어듭니다.", "soft")
    say("h2", "전화")
    with block("ul", "numbers"):
        for phone in card.numbers:
            with block("li"):
                say("span", phone.label + " ")
                say("a", phone.number, "tel", href=telephone(phone.number))
    _notices(card)


def _notices(card: CaseCard) -> None:
    """What citizens are told about the country today; to be read, and quoted with the notice key."""
    found = card.notices
    if found is None or not found.total:
        return
    say("h2", f"지금 유효한 안내 {found.total}건")
    with block("ul", "current-notices"):
        for notice in found.newest:
            with block("li"):
                if url := words.safe_url(notice.source_url):
                    say("a", notice.title, href=url, target="_blank", rel="noopener noreferrer")
                else:
                    say("span", notice.title)
                marks = [f"{notice.effective_from:%Y-%m-%d} 시행", notice.source, *(["시험용"] if notice.test_only else [])]
                say("span", " · ".join(mark for mark in marks if mark), "soft")
        if found.total > len(found.newest):
            say("li", f"그 밖의 {found.total - len(found.newest)}건: Ctrl+K 로 찾으세요.", "soft")
