"""Staff pages to come in and go out: ``/staff/invite/{token}``, ``/staff/sign-in``, ``/staff/sign-out``."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from accounts import pages, service
from accounts.schemas import COOKIE, Refused, Staff
from core.crypto import new_token
from core.db import Database
from core.errors import AppError
from core.settings import Settings

CSRF_COOKIE = "gildongmu_csrf"
MAX_FORM_BYTES = 8192
MAX_FIELDS = 10
STYLE_FILE = Path(__file__).parent / "static" / "staff.css"
#: Where a sign-in may lead; anything else leads to the desk.
PLACES = ("/desk", "/kb", "/board")
HEADERS = {
    "Content-Security-Policy": ("default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "Cache-Control": "no-store",
    # Under "no-referrer" browsers send "Origin: null" with a form, and over plain http nothing else tells whose form it was.
    "Referrer-Policy": "same-origin",
}


async def signed_in(db: Database, request: Request) -> Staff | None:
    """Who sent a request, by its cookie."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    async with db.read() as connection:
        return await service.session(connection, token)


def check_same_origin(request: Request, public_url: str | None = None) -> None:
    """Refuse what another site's page sends. Browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin``.

    Behind a proxy that changes the host, ``public_url`` is ours too.

    Raises:
        AppError: ``cross_site``.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise AppError("cross_site")
        return
    origin = request.headers.get("origin")
    ours = {request.headers.get("host"), urlsplit(public_url or "").netloc} - {None, ""}
    if origin is None or urlsplit(origin).netloc not in ours:
        raise AppError("cross_site")


def build_router(db: Database, settings: Settings) -> APIRouter:
    """The routes of the staff's accounts."""
    router = APIRouter(prefix="/staff", include_in_schema=False)

    def secure(request: Request) -> bool:
        return request.url.scheme == "https" or settings.tls_cert is not None or (settings.public_url or "").startswith("https:")

    def html(request: Request, content: str, csrf: str = "", status: int = 200) -> Response:
        response = HTMLResponse(content, status, HEADERS)
        if csrf:
            response.set_cookie(CSRF_COOKIE, csrf, httponly=True, samesite="strict", secure=secure(request), path="/staff")
        return response

    @router.get("/static/staff.css", response_model=None)
    async def style() -> Response:
        return FileResponse(STYLE_FILE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    @router.get("/sign-in", response_model=None)
    async def show_sign_in(request: Request) -> Response:
        wished = _local(request.query_params.get("next", ""))
        if await signed_in(db, request) is not None:
            return RedirectResponse(wished, 303, HEADERS)
        csrf = _csrf(request)
        return html(request, pages.sign_in(csrf, next_path=wished, welcome="welcome" in request.query_params), csrf)

    @router.post("/sign-in", response_model=None)
    async def sign_in(request: Request) -> Response:
        form = await _form(request, settings.public_url)
        result = await service.sign_in(db, form.get("login", ""), form.get("password", ""), _address(request))
        wished = _local(form.get("next", ""))
        if isinstance(result, Refused):
            kind = AppError(result.code).kind
            text = "로그인 시도가 너무 많습니다. 15분 뒤에 다시 해 주세요." if result.code == "too_many_requests" else kind.korean
            csrf = _csrf(request)
            return html(request, pages.sign_in(csrf, problem=text, login=form.get("login", "")[:40], next_path=wished), csrf, kind.status)
        response = RedirectResponse(wished, 303, HEADERS)
        response.set_cookie(
            COOKIE,
            result.token,
            max_age=settings.staff_session_hours * 3600,
            httponly=True,
            samesite="strict",
            secure=secure(request),
            path="/",
        )
        return response

    @router.post("/sign-out", response_model=None)
    async def sign_out(request: Request) -> Response:
        # Same-origin is enough here: the desk's button has no form of ours, and nobody gains by signing a colleague out.
        check_same_origin(request, settings.public_url)
        async with db.transaction() as tx:
            await service.sign_out(tx, request.cookies.get(COOKIE), address=_address(request))
        response = RedirectResponse("/staff/sign-in", 303, HEADERS)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=secure(request))
        return response

    @router.get("/invite/{token}", response_model=None)
    async def show_invite(token: str, request: Request) -> Response:
        try:
            async with db.read() as connection:
                roles = await service.invite_roles(connection, token)
        except AppError as error:
            return html(request, _spent(error), status=error.kind.status)
        csrf = _csrf(request)
        return html(request, pages.invitation(csrf, token, [role.label for role in roles]), csrf)

    @router.post("/invite/{token}", response_model=None)
    async def accept_invite(token: str, request: Request) -> Response:
        form = await _form(request, settings.public_url)
        login, name, password = (form.get(key, "") for key in ("login", "display_name", "password"))
        try:
            if password != form.get("again", ""):
                raise AppError("invalid_request", field="again", hint="두 비밀번호가 서로 다릅니다.")
            async with db.transaction() as tx:
                await service.accept_invite(tx, token, login, name, password, address=_address(request))
        except AppError as error:
            if error.code != "invalid_request":
                if error.code == "link_expired":
                    await service.note_spent_invite(db, token, _address(request))
                return html(request, _spent(error), status=error.kind.status)
            async with db.read() as connection:
                roles = await service.invite_roles(connection, token)
            csrf, labels = _csrf(request), [role.label for role in roles]
            hint, field = str(error.extra.get("hint") or error.kind.korean), str(error.extra.get("field", ""))
            content = pages.invitation(csrf, token, labels, problem=hint, field=field, login=login[:40], display_name=name[:40])
            return html(request, content, csrf, error.kind.status)
        return RedirectResponse("/staff/sign-in?welcome=1", 303, HEADERS)

    return router


def _spent(error: AppError) -> str:
    if error.code == "link_expired":
        return pages.message(
            "쓸 수 없는 링크입니다",
            "이미 썼거나 기한이 지난 초대입니다. 방금 계정을 만들었다면 그대로 로그인하세요. 아니면 초대한 사람에게 알리고 새 링크를 요청하세요.",
        )
    return pages.message("처리하지 못했습니다", error.kind.korean)


def _local(path: str) -> str:
    """A place of ours to go on to, never another site."""
    return path if path in PLACES or path.startswith(tuple(f"{place}/" for place in PLACES)) else PLACES[0]


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _csrf(request: Request) -> str:
    """The visitor's form token: the cookie's, so that several tabs work, or a new one."""
    kept = request.cookies.get(CSRF_COOKIE, "")
    return kept if 40 <= len(kept) <= 50 and kept.isascii() else new_token()


async def _form(request: Request, public_url: str | None) -> dict[str, str]:
    """The fields of a small form that one of our own pages sent.

    Raises:
        AppError: ``cross_site``, ``too_long`` or ``invalid_request``.
    """
    check_same_origin(request, public_url)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise AppError("too_long")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise AppError("invalid_request") from error
    form = {name: values[-1] for name, values in fields.items()}
    sent, kept = form.get("csrf", ""), request.cookies.get(CSRF_COOKIE, "")
    if not kept or not secrets.compare_digest(sent.encode(), kept.encode()):
        raise AppError("cross_site", "form token")
    if any("\0" in value for value in form.values()):
        raise AppError("invalid_request")
    return form
