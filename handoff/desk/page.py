"""``/desk`` and ``/desk/reviews``: the staff's pages, their files and the base map."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from nicegui import Client, ui
from starlette.staticfiles import StaticFiles

from accounts.schemas import Role
from core import audit
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.events import EventHub
from core.settings import Settings
from core.staff_elements import staff_page
from handoff.desk import frame
from handoff.desk.access_mount import mount as mount_access
from handoff.desk.actions import Actions
from handoff.desk.call_routes import build_router as calls_router
from handoff.desk.desk import Desk
from handoff.desk.draft_routes import build_router as drafts_router
from handoff.desk.elements import block, say
from handoff.desk.export_mount import mount as mount_exports
from handoff.desk.file_routes import build_router as files_router
from handoff.desk.live import QueueFeed
from handoff.desk.officer_actions import OfficerActions
from handoff.desk.officer_page import OfficerPage
from handoff.desk.review_actions import ReviewActions
from handoff.desk.reviews_page import ReviewPage, refuse
from handoff.desk.session import Session
from handoff.desk.team_actions import TeamActions
from handoff.desk.team_page import TeamPage
from handoff.desk.texts import Search, Texts
from handoff.desk.tiles import build_router as tiles_router
from handoff.geography import BASE_MAP
from handoff.incidents.pages import mount as incident_pages
from handoff.records.subjects import subjects
from handoff.soon import warm

ASSETS = Path(__file__).parent / "static"
#: A whole shift that sits down in the same minute must not be turned away.
BUSY_S = 20.0
SHEETS = ("desk", "places", "moves", "call")
HEAD = "".join(f'<link rel="stylesheet" href="/desk/assets/{name}.css">' for name in SHEETS) + '<meta name="robots" content="noindex">'


@dataclass(frozen=True)
class _Parts:
    db: Database
    cipher: Cipher
    hub: EventHub
    settings: Settings
    feed: QueueFeed
    search: Search


#: What the page works with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, cipher: Cipher, hub: EventHub, settings: Settings, search: Search = lambda: None) -> None:
    """Put the desk on an application; call it last, after the other routes. ``search`` gives nothing while the models are loading."""
    feed = QueueFeed(db, hub, Session.name_of)
    _parts[:] = [_Parts(db, cipher, hub, settings, feed, search)]

    @app.get("/desk/basemap.json", include_in_schema=False)
    async def base_map() -> Response:
        return FileResponse(BASE_MAP, media_type="application/json", headers={"Cache-Control": "private, max-age=86400"})

    app.include_router(tiles_router(db, settings.tile_url))
    app.include_router(files_router(db, cipher, settings))
    app.include_router(calls_router(db, cipher, settings))
    app.include_router(drafts_router(db, settings))
    app.mount("/desk/assets", StaticFiles(directory=ASSETS), name="desk-assets")
    staff_page("/desk", "상담 데스크", response_timeout=BUSY_S)(_page)
    staff_page("/desk/reviews", "판정 검토")(_reviews)
    staff_page("/desk/mission", "공관 데스크")(_mission)
    staff_page("/desk/team", "팀")(_team)
    incident_pages.mount(app, db, cipher, settings.tile_url)
    mount_access(app, db, cipher, settings)
    mount_exports(app, db, cipher)
    audit.name_subjects(subjects(cipher))
    frame.install(app, cipher, settings)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        warming = asyncio.create_task(asyncio.to_thread(warm), name="desk-tables")
        async with inner(running) as state:
            try:
                yield state
            finally:
                warming.cancel()
                await feed.stop()

    app.router.lifespan_context = lifespan


async def _page(request: Request, client: Client) -> Response | None:
    parts = _parts[0]
    session = Session.of(request)
    try:
        async with parts.db.read() as connection:
            person = await session.person(connection)
            if not person.disabled and person.has(Role.OFFICER) and not person.has(Role.AGENT, Role.SUPERVISOR):
                return RedirectResponse("/desk/mission", 303)  # signing in leads here, whatever somebody's desk is
            viewer = await session.staff(connection)
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk", 303)
        ui.add_head_html(HEAD)
        with block("div", "refused"):
            say("h1", "상담 데스크를 열 수 없습니다")
            say("p", error.kind.korean)
        client.status_code = error.kind.status
        return None
    await parts.feed.ready()
    ui.add_head_html(HEAD)
    actions = Actions(parts.db, parts.cipher, session, parts.settings.public_url or str(request.base_url))
    texts = Texts(parts.db, session, parts.settings, parts.search)
    desk = Desk(client, viewer, parts.db, parts.hub, parts.feed, actions, texts, parts.settings)
    desk.build()
    client.on_delete(desk.stop)
    case = request.query_params.get("case", "")
    desk.start(int(case) if case.isascii() and case.isdigit() and len(case) < 19 else None)
    return None


async def _mission(request: Request, client: Client) -> Response | None:
    parts = _parts[0]
    actions = OfficerActions(parts.db, parts.cipher, Session.of(request))
    ui.add_head_html(HEAD + '<link rel="stylesheet" href="/desk/assets/officer.css">')
    try:
        viewer, mission = await actions.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk/mission", 303)
        refuse(error)
        client.status_code = error.kind.status
        return None
    OfficerPage(client, viewer, mission, actions, parts.settings.tile_url).build()
    return None


async def _team(request: Request, client: Client) -> Response | None:
    parts = _parts[0]
    session = Session.of(request)
    do = TeamActions(parts.db, parts.cipher, session)
    ui.add_head_html(HEAD + '<link rel="stylesheet" href="/desk/assets/team.css">')
    try:
        viewer = await do.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk/team", 303)
        refuse(error)
        client.status_code = error.kind.status
        return None
    await parts.feed.ready()
    moves = Actions(parts.db, parts.cipher, session, parts.settings.public_url or "").moves
    page = TeamPage(client, viewer, do, moves, parts.feed)
    page.build()
    client.on_delete(page.stop)
    return None


async def _reviews(request: Request, client: Client) -> Response | None:
    parts = _parts[0]
    actions = ReviewActions(parts.db, parts.cipher, Session.of(request))
    ui.add_head_html(HEAD + '<link rel="stylesheet" href="/desk/assets/reviews.css">')
    try:
        viewer = await actions.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse("/staff/sign-in?next=/desk/reviews", 303)
        refuse(error)
        client.status_code = error.kind.status
        return None
    page = ReviewPage(client, viewer, actions)
    page.build()
    client.on_delete(page.stop)
    page.start()
    return None
