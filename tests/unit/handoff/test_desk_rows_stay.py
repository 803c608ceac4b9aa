"""What has not changed on a staff page is not drawn anew: a press on its way still reaches its button, and a focus stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nicegui import Client, ui
from nicegui.element import Element
from nicegui.page import page

from accounts.schemas import Staff
from handoff.desk import case_strip, phone_tools
from handoff.desk.aside import Aside
from handoff.desk.case_strip import CaseStrip
from handoff.desk.context_pane import ContextPane
from handoff.desk.elements import block
from handoff.desk.officer_page import OfficerPage
from handoff.desk.phone_tools import PhoneTools
from handoff.desk.place_tools import PlaceTools
from handoff.desk.team_actions import Left, TeamPicture
from handoff.desk.team_people import TeamPeople
from handoff.nearby import Around
from handoff.officers.service import DistrictCase
from handoff.phone.caller import CallerCard
from handoff.phone.schemas import IssuedCode
from handoff.schemas import Case, CaseCard, Certainty, Colleague, CountryCandidate, MissionHint, MissionNow, Place
from knowledge_base.desk.list_pane import ListPane
from knowledge_base.desk.work import Listed
from knowledge_base.editing.schemas import NoticeRow
from knowledge_base.schemas import NoticeStatus

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ME = Staff(1, "haneul", "김하늘", frozenset({"agent"}), ("ko",), 3)
CHIEF = Staff(2, "chief", "최책임", frozenset({"supervisor"}), ("ko",), 3)
PLACE = Place(1, "device", 11.5, 104.9, 20.0, "high", "device", "WGS84", "webchat", "", NOW, NOW, NOW + timedelta(hours=24))
EMBASSY = MissionHint("주캄보디아대사관", "KH", 3.2, True, "가까운 공관", Certainty.LIKELY)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A page that nobody looks at."""
    monkeypatch.setattr(ui, "run_javascript", lambda *_: None)
    with Client(page("/nobody"), request=None) as made:
        yield made


def found(client: Client, name: str, value: object | None = None) -> list[Element]:
    """Elements by an attribute, in the order of the page."""

    def walk(element: Element) -> Iterator[Element]:
        for child in element:
            if name in child.props and (value is None or child.props[name] == value):
                yield child
            yield from walk(child)

    return list(walk(client.content))


def open_case(number: int = 7, **more: Any) -> Case:
    values: dict[str, Any] = dict.fromkeys(Case.__annotations__) | {
        "id": number,
        "conversation_id": "talk",
        "status": "claimed",
        "severity": "urgent",
    }
    return Case(**values | {"category": "other", "owner_id": 1, "synthetic": False, "ladder": "", "cannot_speak": False} | more)


def card_of(case: Case | None = None, place: Place | None = PLACE, **more: Any) -> CaseCard:
    values: dict[str, Any] = {name: [] for name in ("transcript", "bot_lines", "track", "numbers", "notes")}
    values |= dict.fromkeys(("owner_name", "typed_place", "time_zone", "local_time", "alarm_level"))
    values |= {"why": (), "summary": "", "channel": "webchat", "conversation_open": True, "attempts": 0, "country_conflict": False, "may_write": True}
    values |= {"countries": [CountryCandidate("KH", 0.0)], "missions": [EMBASSY], "missions_now": {EMBASSY.name: opening(NOW)}}
    return CaseCard(case=case or open_case(), place=place, **values | more)


def opening(at: datetime) -> MissionNow:
    return MissionNow(True, True, "", "Asia/Phnom_Penh", at, None, "", "")


# -- the strip ----------------------------------------------------------------------------------------------------------------------


def test_the_button_that_answers_a_pending_line_stays_while_another_line_changes(client: Client) -> None:
    with client.content:
        strip = CaseStrip(block(), ME, lambda _: None)
    asked = card_of(open_case(asked_to=1, owner_id=9), owner_name="박민수")
    strip.show(asked, Aside())
    (claim,) = found(client, "data-move", "claim")
    strip.show(asked, Aside(is_guarded=True, participants=(("이소라", "agent"),)))
    assert found(client, "data-move", "claim") == [claim]
    assert [row.props["role"] for row in found(client, "role", "note")] == ["note"] * 3
    assert "is-guarded" in found(client, "role", "note")[0].classes
    # The same words at another case: a press that was meant for this one must not answer there.
    strip.show(replace(asked, case=replace(asked.case, id=8)), Aside())
    assert claim.is_deleted
    assert len(found(client, "data-move", "claim")) == 1
    strip.clear()
    assert found(client, "role", "note") == []


def test_lines_that_say_the_same_all_stand_there(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with client.content:
        strip = CaseStrip(block(), ME, lambda _: None)
    monkeypatch.setattr(case_strip, "pending", lambda *_: [case_strip.Pending("call", "놓친 통화")] * 2)
    strip.show(card_of(), Aside())
    assert len(found(client, "role", "note")) == 2


# -- the situation ------------------------------------------------------------------------------------------------------------------


async def _let(action: Any) -> bool:
    await action()
    return True


class Places:
    """What a desk asks about a place."""

    def __init__(self) -> None:
        self.asked_of: list[int] = []

    async def around(self, case_id: int) -> Around:
        self.asked_of.append(case_id)
        return Around("found", ())

    async def export(self, case_id: int, form: object) -> str:
        return f"geo:{case_id}"


@pytest.fixture
def situation(client: Client) -> ContextPane:
    """The right pane of a desk, with everything that it can do."""
    codes = SimpleNamespace(page="chat.test/locate", can_text=False)
    with client.content:
        return ContextPane(
            "",
            on_ask=lambda: None,
            tools=PlaceTools(cast(Any, Places()), _let),
            phone=PhoneTools(cast(Any, codes), _let),
            on_hand_on=lambda: None,
            on_mission=lambda: None,
            on_consent=lambda: None,
        )


def moved(card: CaseCard, seconds: int) -> CaseCard:
    """The same case with the next look of a citizen on the way, a little farther from everything."""
    at = NOW + timedelta(seconds=seconds)
    place = replace(PLACE, fix_id=PLACE.fix_id + seconds, lat=11.5 + seconds / 10_000, fixed_at=at, received_at=at)
    near = replace(EMBASSY, distance_km=3.2 + seconds / 100)
    return replace(card, place=place, missions=[near], missions_now={EMBASSY.name: opening(at)}, countries=[CountryCandidate("KH", float(seconds))])


def test_nothing_that_is_pressed_or_read_is_drawn_anew_while_a_citizen_moves(client: Client, situation: ContextPane) -> None:
    first = card_of()
    situation.show(first, may_ask=True)
    before = found(client, "data-action") + found(client, "data-copy")
    assert {"around", "mission", "consents", "hand-on"} <= {one.props.get("data-action") for one in before}
    situation.show(moved(first, 1), may_ask=True)
    assert found(client, "data-action") + found(client, "data-copy") == before
    assert any(getattr(one, "text", "") == "11.50010, 104.90000" for one in client.elements.values())


def test_what_says_something_else_is_drawn_anew(client: Client, situation: ContextPane) -> None:
    first = card_of()
    situation.show(first, may_ask=True)
    (mission,), (around,) = found(client, "data-action", "mission"), found(client, "data-action", "around")
    situation.show(replace(first, missions=[replace(EMBASSY, distance_km=9.0)]), may_ask=True)
    assert mission.is_deleted
    assert not around.is_deleted
    # Another case: no button of the last one is left, though everything reads the same.
    kept = found(client, "data-action", "mission") + found(client, "data-action", "consents") + [around]
    situation.show(replace(first, case=open_case(8)), may_ask=True)
    assert all(one.is_deleted for one in kept)
    situation.show(card_of(open_case(8), None), may_ask=True)
    assert found(client, "data-action", "around") == []
    situation.show(first, may_ask=True)
    (around,) = found(client, "data-action", "around")
    situation.clear()
    situation.show(first, may_ask=True)
    assert around.is_deleted, "with what was found or copied before the case was closed"
    assert len(found(client, "data-action", "around")) == 1


async def test_what_was_found_around_one_place_never_stands_under_another_case(client: Client) -> None:
    asked, places = [], Places()

    async def later(action: Any) -> bool:
        asked.append(action)
        with client.content:
            situation.show(card_of(open_case(8)), may_ask=True)
        await action()
        return True

    with client.content:
        tools = PlaceTools(cast(Any, places), later)
        situation = ContextPane("", on_ask=lambda: None, tools=tools)
        situation.show(card_of(), may_ask=True)
        await tools._around(7)
    assert places.asked_of == [7]
    (shown,) = found(client, "aria-label", "찾은 것")
    assert list(shown) == []


def test_the_map_follows_the_same_citizen_and_begins_anew_with_another_case(client: Client, situation: ContextPane) -> None:
    done: list[str] = []
    situation._map.run_map_method = lambda name, *_, **__: done.append(name)
    first = card_of()
    situation.show(first, may_ask=True)
    assert done == ["invalidateSize", "setView"]
    situation._toggle_near()
    done.clear()
    situation.show(moved(first, 1), may_ask=True)
    assert done == ["follow"]
    assert situation._near, "the accuracy circle that was asked for"
    done.clear()
    situation.show(moved(card_of(open_case(8)), 2), may_ask=True)
    assert done == ["invalidateSize", "setView"]
    assert not situation._near
    done.clear()
    situation.show(card_of(open_case(8), None), may_ask=True)
    situation.settle()
    assert done == [], "a place that is gone is not moved to"
    situation.show(card_of(open_case(8), replace(PLACE, method="typed")), may_ask=True)
    situation.show(moved(card_of(open_case(8)), 3), may_ask=True)
    assert done == ["invalidateSize", "setView"] * 2, "a town gives way to what a device says"


def test_digits_that_are_over_go_from_the_screen(client: Client, situation: ContextPane, monkeypatch: pytest.MonkeyPatch) -> None:
    until = NOW + timedelta(minutes=5)
    caller = CallerCard("김길동", "", (), until, None)
    assert situation._phone is not None
    situation._phone._codes[7] = (IssuedCode("123456", until), False)
    monkeypatch.setattr(phone_tools, "clock_now", lambda: NOW)
    situation.show(card_of(caller=caller), may_ask=True)
    shown = found(client, "data-code")
    situation.show(card_of(caller=caller, attempts=1), may_ask=True)
    assert found(client, "data-code") == shown != []
    monkeypatch.setattr(phone_tools, "clock_now", lambda: until)
    situation.show(card_of(caller=caller), may_ask=True)
    assert found(client, "data-code") == []


# -- lists --------------------------------------------------------------------------------------------------------------------------


def test_a_case_of_the_district_keeps_its_buttons_while_another_one_changes(client: Client) -> None:
    mine = DistrictCase(7, "queued", "urgent", "assault", "KH", NOW, "관할", "", False, False)
    other = replace(mine, case_id=8)
    desk = OfficerPage(client, ME, "주캄보디아대사관", cast(Any, SimpleNamespace(acknowledge=None, join=None)), "")
    with client.content:
        desk.build()
        desk._fill_list([])
        desk._fill_list([mine, other])
    buttons = found(client, "data-action", "officer-join")
    with client.content:
        desk._fill_list([replace(other, status="claimed", owner_name="박민수"), mine])
    assert [row.props["data-case"] for row in found(client, "data-case")] == [8, 7]
    assert found(client, "data-action", "officer-join")[1] is buttons[0]
    assert buttons[1].is_deleted


def test_a_colleague_keeps_their_row_while_another_ones_changes_and_is_edited_with_the_newest_shifts(client: Client) -> None:
    edited: list[TeamPicture] = []
    one = Colleague(1, "김하늘", frozenset({"agent"}), "available", 3, 0, ("ko",), last_seen_at=NOW, since=NOW)
    two, left = replace(one, id=2, name="박민수"), Left(3, "이소라", True, 1, 0)

    async def take_over(_: Left) -> None: ...

    with client.content:
        team = TeamPeople(CHIEF, lambda _, picture: edited.append(picture), take_over)
        team.show(TeamPicture(NOW, (one, two), (), (left,)))
        before = found(client, "data-action")
        later = NOW + timedelta(seconds=2)
        newest = TeamPicture(later, (replace(one, last_seen_at=later), replace(two, held=1)), (), (left,))
        team.show(newest)
    after = found(client, "data-action")
    assert [one.props["data-action"] for one in after] == ["take-over", "edit-person", "edit-person"]
    assert after[:2] == before[:2]
    assert after[2] is not before[2]
    for listener in after[1]._event_listeners.values():
        cast(Any, listener.handler)()
    assert edited == [newest]


def test_a_notice_keeps_its_row_while_the_list_is_read_again(client: Client) -> None:
    day = NOW.date()
    one = NoticeRow("a", 1, NoticeStatus.PUBLISHED, "여권 안내", ("KH",), (), day, day, None, None, None, True, (), "minji", NOW)
    two = replace(one, id="b", title="입국 요건")

    async def opened(_: str) -> None: ...

    with client.content:
        pane = ListPane(client, cast(Any, None), cast(Any, None), opened, None)
        pane._fill(Listed((one, two), 2))
        before = found(client, "data-entry")
        pane._fill(Listed((one, two), 2))
        assert found(client, "data-entry") == before
        pane._fill(Listed((replace(two, title="바뀐 요건"), one), 5))
    assert [entry.props["data-entry"] for entry in found(client, "data-entry")] == ["b", "a"]
    assert found(client, "data-entry")[1] is before[0]
    assert before[1].is_deleted
    with client.content:
        pane._fill(Listed((), 0))
    assert found(client, "data-entry") == []
