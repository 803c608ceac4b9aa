"""Mounts ``/kb``: the page itself, its files, uploads and downloads."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from nicegui import Client, ui
from starlette.staticfiles import StaticFiles

from accounts.routes import check_same_origin
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.settings import Settings
from core.staff_elements import staff_page
from knowledge_base import repository
from knowledge_base.desk.guard import place
from knowledge_base.desk.knowledge_page import KnowledgePage, refuse
from knowledge_base.desk.session import Session
from knowledge_base.desk.uploads import Uploads
from knowledge_base.desk.work import Work
from knowledge_base.service import KnowledgeBase

ASSETS = Path(__file__).parent / "static"
HEAD = '<link rel="stylesheet" href="/desk/assets/desk.css"><link rel="stylesheet" href="/kb/assets/kb.css"><meta name="robots" content="noindex">'
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class _Parts:
    db: Database
    cipher: Cipher
    settings: Settings
    knowledge: Callable[[], KnowledgeBase | None]
    uploads: Uploads

    def work(self, request: Request) -> Work:
        return Work(self.db, self.cipher, self.settings, Session.of(request), self.knowledge)


#: What the page works with: NiceGUI has one application a process, so the newest mount is the one that answers.
_parts: list[_Parts] = []


def mount(app: FastAPI, db: Database, cipher: Cipher, settings: Settings, knowledge: Callable[[], KnowledgeBase | None]) -> None:
    """Put the page on an application, before the desk, which brings NiceGUI itself."""
    uploads = Uploads(db, settings)
    _parts[:] = [_Parts(db, cipher, settings, knowledge, uploads)]
    app.mount("/kb/assets", StaticFiles(directory=ASSETS), name="kb-assets")
    app.post("/kb/import", include_in_schema=False)(_import)
    app.get("/kb/file", include_in_schema=False)(_file)
    staff_page("/kb", "공지")(_page)
    staff_page("/kb/notice/{notice_id:path}", "공지")(_page)
    staff_page("/kb/new/{new_id}", "공지")(_page)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            try:
                yield state
            finally:
                await uploads.close()

    app.router.lifespan_context = lifespan


async def _page(request: Request, client: Client, notice_id: str = "", new_id: str = "") -> Response | None:
    work = _parts[0].work(request)
    ui.add_head_html(HEAD)
    try:
        viewer = await work.viewer()
    except AppError as error:
        if error.code == "not_signed_in":
            return RedirectResponse(f"/staff/sign-in?next={quote(place(new_id or notice_id, is_new=bool(new_id)), safe='')}", 303)
        refuse(error)
        client.status_code = error.kind.status
        return None
    page = KnowledgePage(client, viewer, work)
    page.build()
    client.on_delete(page.stop)
    page.start(notice_id, new_id, request.query_params.get("tab", ""))
    return None


async def _import(request: Request, name: str = "") -> Response:
    """One file; its size is known to be within the limit before it is read into memory."""
    parts = _parts[0]
    check_same_origin(request, parts.settings.public_url)
    staff = await parts.work(request).writer()
    most = parts.uploads.most_bytes
    promised = request.headers.get("content-length", "")
    if promised.isascii() and promised.isdigit() and int(promised) > most:
        raise AppError("file_too_large")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise AppError("file_too_large")
    return JSONResponse((await parts.uploads.take(bytes(raw), name, staff.login)).to_json())


async def _file(request: Request, notice: str = "", version: int = 0, sha256: str = "") -> Response:
    """A kept original: always a download, never shown, whatever it claims to be."""
    parts = _parts[0]
    work = parts.work(request)
    await work.viewer()
    if not _SHA256.fullmatch(sha256) or not 0 < version < 2**31 or "\0" in notice:
        raise AppError("not_found")
    async with parts.db.read() as connection:
        files = {file.sha256: file for file in await repository.attachments(connection, notice, version)}
        content = await repository.attachment_content(connection, sha256) if sha256 in files else None
    if content is None:
        raise AppError("not_found")
    headers = {
        "Content-Disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{quote(files[sha256].name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
