"""Mounts ``/desk/incidents`` and ``/desk/incident/{id}``, and the list of people as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui
from starlette.staticfiles import StaticFiles

from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.staff_elements import staff_page
from handoff.desk.elements import block, say
from handoff.desk.session import Session
from handoff.incidents.pages.actions import IncidentActions
from handoff.incidents.pages.incident_page import IncidentPage
from handoff.incidents.pages.list_page import ListPage

ASSETS = Path(__file__).parent / "static"
_SHEETS = ("/desk/assets/desk.css", "/desk/assets/places.css", "/desk/assets/moves.css", "/desk/assets/team.css", "/desk/incident-assets/incident.css")
HEAD = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in _SHEETS) + '<meta name="robots" content="noindex">'


@dataclass(frozen=True)
class _Parts:
    db: Database
    cipher: Cipher
    tile_url: str

    def actions(self, request: Request) -> IncidentActions:
        return IncidentActions(self.db, self.cipher, Session.of(request))


#: What the pages work with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, cipher: Cipher, tile_url: str) -> None:
    """Put the pages on an application, before NiceGUI itself."""
    _parts[:] = [_Parts(db, cipher, tile_url)]
    app.mount("/desk/incident-assets", StaticFiles(directory=ASSETS), name="incident-assets")
    app.get("/desk/incident/{incident_id}/people.csv", include_in_schema=False)(_file)
    staff_page("/desk/incidents", "사고")(_list)
    staff_page("/desk/incident/{incident_id}", "사고")(_incident)


async def _list(request: Request, client: Client) -> Response | None:
    actions = _parts[0].actions(request)
    ui.add_head_html(HEAD)
    try:
        viewer = await actions.viewer()
    except AppError as error:
        return _refused(client, error, "/desk/incidents")
    ListPage(client, viewer, actions).build()
    return None


async def _incident(request: Request, client: Client, incident_id: str) -> Response | None:
    parts = _parts[0]
    actions = parts.actions(request)
    ui.add_head_html(HEAD)
    try:
        number = _number(incident_id)
        viewer = await actions.viewer()
        found = await actions.picture(number)
        if found.incident.merged_into is not None:
            return RedirectResponse(f"/desk/incident/{found.incident.merged_into}", 303)
        await actions.opened(number)
    except AppError as error:
        return _refused(client, error, "/desk/incidents")
    IncidentPage(client, viewer, actions, found, parts.tile_url).build()
    return None


async def _file(request: Request, incident_id: str) -> Response:
    """The list of people for a spreadsheet: always a download."""
    number = _number(incident_id)
    text = await _parts[0].actions(request).export(number)
    headers = {
        "Content-Disposition": f'attachment; filename="incident-{number}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise AppError("not_found")
    return int(text)


def _refused(client: Client, error: AppError, here: str) -> Response | None:
    if error.code == "not_signed_in":
        return RedirectResponse(f"/staff/sign-in?next={here}", 303)
    with block("div", "refused"):
        say("h1", "사고를 열 수 없습니다")
        say("p", "그런 번호의 사고가 없습니다." if error.code == "not_found" else error.kind.korean)
    client.status_code = error.kind.status
    return None
