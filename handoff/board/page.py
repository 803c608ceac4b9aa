"""Mounts ``/board``: the page, its styles, and the figures as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui
from starlette.staticfiles import StaticFiles

from accounts.page_session import PageSession
from core.db import Database
from core.errors import AppError
from core.staff_elements import block, say, staff_page
from handoff.board.actions import BoardActions
from handoff.board.board_page import BoardPage
from handoff.board.channels import Health

ASSETS = Path(__file__).parent / "static"
_SHEETS = ("/desk/assets/desk.css", "/desk/assets/moves.css", "/board/assets/board.css")
HEAD = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in _SHEETS) + '<meta name="robots" content="noindex">'


@dataclass(frozen=True)
class _Parts:
    db: Database
    health: Health | None

    def actions(self, request: Request) -> BoardActions:
        return BoardActions(self.db, PageSession.of(request), self.health)


#: What the page works with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, health: Health | None = None) -> None:
    """Put the board on an application, before the desk, which brings NiceGUI itself; ``health`` tells how the configured channels do."""
    _parts[:] = [_Parts(db, health)]
    app.mount("/board/assets", StaticFiles(directory=ASSETS), name="board-assets")
    app.get("/board/figures.csv", include_in_schema=False)(_file)
    staff_page("/board", "상황판")(_page)


async def _page(request: Request, client: Client) -> Response | None:
    actions = _parts[0].actions(request)
    ui.add_head_html(HEAD)
    try:
        viewer = await actions.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/board", 303)
        with block("div", "refused"):
            say("h1", "상황판을 열 수 없습니다")
            say("p", error.kind.korean)
        client.status_code = error.kind.status
        return None
    page = BoardPage(client, viewer, actions)
    page.build()
    client.on_delete(page.stop)
    page.start()
    return None


async def _file(request: Request) -> Response:
    """The figures of some days for a spreadsheet: always a download."""
    first, last = (request.query_params.get(name, "")[:40] for name in ("from", "to"))
    text = await _parts[0].actions(request).export(first, last)
    headers = {
        "Content-Disposition": f'attachment; filename="board-{first if first.isascii() and first.replace("-", "").isdigit() else "today"}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)
