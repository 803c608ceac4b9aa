"""Under the place on the right pane: towns to choose from, copies for others, and what is around."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element

from core.clock import now as clock_now
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.place_actions import PlaceActions
from handoff.exports import Form
from handoff.nearby import KINDS, Around
from handoff.schemas import CaseCard

COPIES = {Form.GEO_URI: "geo: 주소", Form.GEOJSON: "GeoJSON", Form.PIDF_LO: "PIDF-LO"}
#: ``Desk._guarded``: an expected failure becomes a sentence.
Guarded = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]
STATES = {
    "off": "주변 검색이 설정되지 않음",
    "failed": "주변 정보를 받지 못했습니다. 잠시 뒤 다시 누르세요.",
    "found": "가까운 곳을 찾지 못했습니다.",
}


class PlaceTools:
    """The buttons of one desk; filled anew for each case."""

    def __init__(self, do: PlaceActions, guarded: Guarded) -> None:
        self._do = do
        self._guarded = guarded
        self._shown: Element | None = None

    def towns(self, card: CaseCard) -> None:
        """Inside the current element: towns to choose from, for whoever may write."""
        if card.towns and card.typed_place is not None and card.may_write:
            self._towns(card, card.typed_place.fix_id)

    def more(self, card: CaseCard) -> None:
        """Inside the current element: copies, and what is around."""
        if card.place is None or card.place.lat is None:
            return
        with block("div", "copies", role="group", aria_label="위치 복사"):
            say("span", "복사 ", "soft")
            for form, label in COPIES.items():
                button(label, self._copier(card.case.id, form), classes="small", data_copy=form.value)
        button("주변 병원·경찰서 찾기", lambda: self._around(card.case.id), classes="small wide", data_action="around")
        self._shown = block("div", "around", role="status", aria_label="찾은 것")

    def _towns(self, card: CaseCard, fix_id: int) -> None:
        with block("div", "towns", role="group", aria_label="적은 곳의 후보"):
            say("p", "적은 말과 같은 이름의 도시입니다. 고르면 지도에 큰 원으로 놓입니다.", "soft")
            for item in card.towns:
                label = f"{item.town.name}, {words.country_name(item.town.country)} ±{item.radius_m / 1000:.0f} km"
                button(label, self._picker(card.case.id, fix_id, item.town.id), classes="small wide", data_town=item.town.id)

    def _picker(self, case_id: int, fix_id: int, town_id: int) -> Callable[[], Awaitable[Any]]:
        return lambda: self._guarded(lambda: self._do.pick(case_id, fix_id, town_id))

    def _copier(self, case_id: int, form: Form) -> Callable[[], Awaitable[None]]:
        shown_in = ui.context.client

        async def copy() -> None:
            texts: list[str] = []

            async def export() -> None:
                texts.append(await self._do.export(case_id, form))

            shown = self._shown
            if await self._guarded(export):
                with shown_in:
                    # A browser may refuse; the text stands below all the same.
                    ui.run_javascript(f"navigator.clipboard?.writeText({json.dumps(texts[0])}).catch(() => {{}})")
                _fill(shown, lambda: say("textarea", texts[0], "copied", readonly=True, rows=3, aria_label=f"{COPIES[form]} 복사됨"))

        return copy

    async def _around(self, case_id: int) -> None:
        found: list[Around] = []
        shown, at = self._shown, clock_now()

        async def ask() -> None:
            found.append(await self._do.around(case_id))

        if await self._guarded(ask):
            _fill(shown, lambda: _list(found[0], at))


def _fill(shown: Element | None, fill: Callable[[], Any]) -> None:
    """What was found, if the case that it was asked for still stands there."""
    if shown is None or shown.is_deleted:
        return
    shown.clear()
    with shown:
        fill()


def _list(around: Around, at: datetime) -> None:
    if around.state == "found":  # it stays while the citizen moves on
        say("p", f"한국 시각 {at.astimezone(when.SEOUL):%H:%M}에 있던 곳을 기준으로 찾았습니다.", "soft")
    if not around.spots:
        say("p", STATES[around.state], "none")
        return
    with block("ul", "spots"):
        for spot in around.spots:
            with block("li"):
                say("b", KINDS[spot.kind] + " ")
                say("span", f"{spot.name} · {spot.distance_km:.1f} km")
    say("p", "OpenStreetMap 자료이며 확인되지 않았습니다.", "soft")
