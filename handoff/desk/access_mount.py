"""Mounts ``/desk/access``: the page, its styles, and a month of the access log as a file."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.settings import Settings
from core.staff_elements import staff_page
from handoff.desk.access_actions import AccessActions
from handoff.desk.access_page import AccessPage
from handoff.desk.elements import block, say
from handoff.desk.session import Session

_SHEETS = ("desk", "places", "moves", "team", "access")
HEAD = "".join(f'<link rel="stylesheet" href="/desk/assets/{name}.css">' for name in _SHEETS) + '<meta name="robots" content="noindex">'


@dataclass(frozen=True)
class _Parts:
    db: Database
    cipher: Cipher
    settings: Settings

    def actions(self, request: Request) -> AccessActions:
        return AccessActions(self.db, self.cipher, Session.of(request))


#: What the page works with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, cipher: Cipher, settings: Settings) -> None:
    """Put the page on an application, before NiceGUI itself."""
    _parts[:] = [_Parts(db, cipher, settings)]
    app.get("/desk/access/log.csv", include_in_schema=False)(_file)
    staff_page("/desk/access", "열람 기록")(_page)


async def _page(request: Request, client: Client) -> Response | None:
    parts = _parts[0]
    actions = parts.actions(request)
    ui.add_head_html(HEAD)
    try:
        viewer = await actions.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk/access", 303)
        with block("div", "refused"):
            say("h1", "열람 기록을 열 수 없습니다")
            say("p", error.kind.korean)
        client.status_code = error.kind.status
        return None
    case = request.query_params.get("case", "")
    page = AccessPage(client, viewer, actions, parts.settings)
    page.build()
    await page.start(int(case) if case.isascii() and case.isdigit() and len(case) < 19 else None)
    return None


async def _file(request: Request) -> Response:
    """A month for a spreadsheet: always a download."""
    month, account = (request.query_params.get(name, "")[:60] for name in ("month", "account"))
    text = await _parts[0].actions(request).export(month, account)
    headers = {
        "Content-Disposition": f'attachment; filename="access-{month or "now"}.csv"',  # a month that cannot be read was refused
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)
