"""What is asked on an incident's page: how somebody stands, who else there is, with which incident it is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client, ui

from handoff.desk.elements import say
from handoff.desk.sheet import Sheet, field
from handoff.incidents.pages.actions import IncidentActions
from handoff.incidents.schemas import SAID_BY, STATES, Person

Refresh = Callable[[], Awaitable[None]]


def edited(shown: str, typed: str | None) -> str | None:
    """What stands in a field, if somebody has changed it: the field of a name that is hidden is empty, and says nothing. Pure."""
    return None if (typed or "") == shown else typed or ""


def ask_state(client: Client, do: IncidentActions, person: Person, refresh: Refresh) -> None:
    """How this person stands, and who says so."""
    with Sheet(client, "상태 적기", "person-state") as sheet:
        name = field("이름", "name", most=80, value=person.name)
        state = ui.radio(STATES, value=person.state).props("inline data-field=state")
        said_by = ui.select(SAID_BY, label="누가 말했나", value=person.said_by if person.recorded_by_name else None).props("data-field=said-by").classes("wide")
        say("p", "‘안전’으로 적어도 상담은 그대로 열려 있습니다.", "soft")

        async def act() -> str | None:
            if not said_by.value:
                return "누가 말했는지 고르세요."
            await do.say_state(person.id, state.value, said_by.value, edited(person.name, name.value))
            await refresh()
            return None

        async def drop() -> str | None:
            await do.drop_person(person.id)
            await refresh()
            return None

        sheet.foot("적기", act, others=None if person.is_citizen else {"명단에서 빼기": drop})


def ask_person(client: Client, do: IncidentActions, incident_id: int, refresh: Refresh) -> None:
    """Somebody who does not write to us."""
    with Sheet(client, "사람 더하기", "person") as sheet:
        say("p", "상담하지 않은 일행이나, 가족이 찾는 사람입니다.", "soft")
        name = field("이름", "name", most=80)
        state = ui.radio(STATES, value="unknown").props("inline data-field=state")
        said_by = ui.select(SAID_BY, label="누가 말했나").props("data-field=said-by").classes("wide")

        async def act() -> str | None:
            if not (name.value or "").strip():
                return "이름을 적으세요."
            if not said_by.value:
                return "누가 말했는지 고르세요."
            await do.add_person(incident_id, name.value, state.value, said_by.value)
            await refresh()
            return None

        sheet.foot("더하기", act)


def ask_merge(client: Client, do: IncidentActions, incident_id: int) -> None:
    """Into which incident this one goes up."""
    with Sheet(client, "다른 사고와 합치기", "incident-merge") as sheet:
        say("p", "상담·사람·안내가 모두 고른 사고로 옮겨지고, 이 사고는 닫힙니다. 되돌릴 수 없습니다.", "warning")
        into = field("합칠 사고의 번호", "into", most=18)

        async def act() -> str | None:
            wished = (into.value or "").strip().removeprefix("#")
            if not (wished.isascii() and wished.isdigit()):
                return "사고 번호를 숫자로 적으세요."
            await do.merge(incident_id, int(wished))
            with client:
                ui.navigate.to(f"/desk/incident/{int(wished)}")
            return None

        sheet.foot("합치기", act, is_danger=True)


def ask_close(client: Client, do: IncidentActions, incident_id: int, refresh: Refresh) -> None:
    """The event is over."""
    with Sheet(client, "사고 끝내기", "incident-close") as sheet:
        say("p", "사고만 닫힙니다. 상담은 닫히지 않고, 각 상담관이 하나씩 끝냅니다.", "warning")

        async def act() -> str | None:
            await do.close(incident_id)
            await refresh()
            return None

        sheet.foot("끝내기", act, is_danger=True)
