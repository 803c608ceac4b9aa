"""Mounts ``/desk/exports``: the page, and a released export as a file. No other route serves one, and none that a citizen can reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.staff_elements import staff_page
from handoff.desk.consent_actions import ConsentActions
from handoff.desk.elements import block, say
from handoff.desk.export_actions import ExportActions
from handoff.desk.export_page import ExportPage
from handoff.desk.session import Session
from handoff.records.export_schemas import Form

_SHEETS = ("desk", "moves", "team", "access", "export")
HEAD = "".join(f'<link rel="stylesheet" href="/desk/assets/{name}.css">' for name in _SHEETS) + '<meta name="robots" content="noindex">'
_MEDIA: dict[str, tuple[Form, str]] = {"json": ("json", "application/json"), "html": ("html", "text/html; charset=utf-8")}


@dataclass(frozen=True)
class _Parts:
    db: Database
    cipher: Cipher

    def actions(self, request: Request) -> tuple[ExportActions, ConsentActions]:
        """Any account may ask, so that one without the right is refused and written down."""
        session = Session.of(request)

        @asynccontextmanager
        async def acting() -> AsyncIterator[tuple[Connection, Staff]]:
            async with self.db.transaction() as tx:
                yield tx, await session.person(tx)

        return ExportActions(acting, self.cipher, session.address), ConsentActions(acting, self.cipher)


#: What the page works with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, cipher: Cipher) -> None:
    """Put the page on an application, before NiceGUI itself."""
    _parts[:] = [_Parts(db, cipher)]
    app.get("/desk/exports/{number}/file.{form}", include_in_schema=False)(_file)
    staff_page("/desk/exports", "정보 열람")(_page)


async def _page(request: Request, client: Client) -> Response | None:
    do, consents = _parts[0].actions(request)
    wanted = request.query_params.get("id", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    ui.add_head_html(HEAD)
    try:
        viewer = await do.viewer(number)
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk/exports", 303)
        with block("div", "refused"):
            say("h1", "정보 열람 자료를 열 수 없습니다")
            say("p", error.kind.korean)
        client.status_code = error.kind.status
        return None
    page = ExportPage(client, viewer, do, consents)
    page.build()
    await page.start(number)
    return None


async def _file(request: Request, number: str, form: str) -> Response:
    """A released export: always a download, which nothing keeps and in which nothing runs."""
    if form not in _MEDIA or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise AppError("not_found")
    wanted, media_type = _MEDIA[form]
    text = await _parts[0].actions(request)[0].fetch(int(number), wanted)
    headers = {
        "Content-Disposition": f'attachment; filename="record-{int(number)}.{wanted}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(text.encode("utf-8", "replace"), media_type=media_type, headers=headers)
