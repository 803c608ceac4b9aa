"""The web chat's routes: start, send, follow.

A message is inserted under its unique client id and committed before it is acknowledged. The danger button needs no model: its case is
opened in the transaction that stores it, so that an acknowledged press is already in the queue.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError

from bot import pressed, surge, triage_slot
from bot.channels.webchat import calls, uploads, views
from bot.channels.webchat.schemas import ClearIn, ConversationIn, LocationIn, MessageIn, ProofIn, ReadIn
from bot.channels.webchat.stream import EventStream
from bot.limits import Limits
from bot.services import Services
from conversation import clearing, guarding, marks, proof
from conversation import service as conversation
from conversation.disguise import COOKIE
from conversation.files import links
from conversation.schemas import Accepted, Inbound, InboundKind, Line, Location, News
from core import events
from core.clock import now
from core.db import Connection
from core.deadline import within
from core.errors import AppError
from core.events import Following
from core.metrics import INBOUND
from handoff import location, speech
from handoff import service as handoff
from language.categories import Category, Urgency
from language.triage import Decision

CHANNEL = "webchat"
PREFIX = "/webchat/v1"
Model = TypeVar("Model", bound=BaseModel)
MAX_BODY_BYTES = 64 * 1024
KEEP_ALIVE_S = 15.0
#: Pressed without a word: everything is possible, so the worst is assumed.
DANGER = Decision(Urgency.LIFE_THREAT, Category.OTHER, "escalate", 1.0, ("danger_button",))
#: Where quick exit leads unless the operator names another page.
BLANK_PAGE = "/static/blank.html"
#: The page shows its own words before we have them: their event may come along with the answer, which saves a look at the table.
ECHO_S = 0.25


def build_router(services: Services, limits: Limits) -> APIRouter:
    """The routes of ``/webchat/v1``."""
    router = APIRouter(prefix=PREFIX)

    def render(found: Sequence[News]) -> list[dict[str, Any]]:
        return _render(found, services.settings.vanish_after_s)

    @router.post("/conversations", status_code=201)
    async def start(request: Request) -> dict[str, str]:
        limits.check_address(request)
        wish = _parse(ConversationIn, await _json(request, empty_ok=True))
        conversation_id, token = await within(_start(services, wish))
        return {"conversation_id": conversation_id, "token": token, "view": views.ticket(services.cipher, conversation_id, 0, now())}

    @router.get("/away", response_model=None)
    async def away() -> Response:
        answer = Response(status_code=303, headers={"Location": services.settings.quick_exit_url or BLANK_PAGE, "Clear-Site-Data": '"storage"'})
        answer.delete_cookie(COOKIE, path="/", samesite="lax")
        return answer

    async def send(request: Request) -> Response:
        conversation_id = request.path_params["conversation_id"]
        content = await _json(request)
        message = _parse(MessageIn, content)
        inbound = to_inbound(conversation_id, message, services.settings.max_text_chars)
        token = _token(request)
        if inbound.kind is InboundKind.DANGER:
            accepted = await within(_press(services, inbound, token, DANGER, is_plain=message.plain))
        elif inbound.choice == speech.CHOICE:
            accepted = await within(_press(services, inbound, token, triage_slot.CANNOT_SPEAK_DECISION, is_plain=message.plain))
        else:
            limits.check_conversation(conversation_id)
            accepted = await within(_accept(services, inbound, token, is_plain=message.plain))
        INBOUND.labels(channel=CHANNEL, kind=inbound.kind.value).inc()
        return JSONResponse({"sequence": accepted.sequence}, status_code=202)

    # A plain route: what FastAPI adds to one costs more than the handler, which takes the request as it is anyway.
    router.add_route(f"{PREFIX}/conversations/{{conversation_id}}/messages", send, methods=["POST"])

    uploads.add(router, PREFIX, services, limits)
    calls.add(router, PREFIX, services, limits)

    @router.post("/conversations/{conversation_id}/read", status_code=204)
    async def read(conversation_id: str, request: Request) -> Response:
        mark = _parse(ReadIn, await _json(request))
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, _token(request))
            await (marks.mark_delivered(tx, conversation_id, mark.seq) if mark.delivered else conversation.mark_read(tx, conversation_id, "citizen", mark.seq))
        return Response(status_code=204)

    @router.post("/conversations/{conversation_id}/clear", status_code=204)
    async def clear(conversation_id: str, request: Request) -> Response:
        wish = _parse(ClearIn, await _json(request))
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, _token(request))
            await clearing.clear(tx, conversation_id, wish.seq, now())
        return Response(status_code=204)

    @router.post("/conversations/{conversation_id}/typing", status_code=204)
    async def typing(conversation_id: str, request: Request) -> Response:
        if limits.allows_typing(conversation_id):
            async with services.db.read() as connection:
                row = await conversation.check_token(connection, conversation_id, _token(request))
                if row["owner_kind"] == "agent":  # nobody else would see it
                    await marks.say_typing(connection, conversation_id, "citizen")
        return Response(status_code=204)

    @router.get("/conversations/{conversation_id}/events", response_model=None)
    async def follow(conversation_id: str, request: Request) -> Response:
        after = _after(request)
        begins, view = await _begins(services, conversation_id, _token(request), request.headers.get(views.HEADER, ""))
        after = max(after, begins)
        if "text/event-stream" in request.headers.get("accept", ""):
            hints = partial(services.hub.hinted, conversation.stream(conversation_id))
            return EventStream(_following(services, conversation_id, after), render, KEEP_ALIVE_S, hints, **{views.HEADER: view})
        async with services.db.read() as connection:
            found = await conversation.news(connection, services.cipher, conversation_id, after)
        return JSONResponse({"events": render(found), "last": found[-1].seq if found else after}, headers={views.HEADER: view})

    @router.post("/conversations/{conversation_id}/history")
    async def history(conversation_id: str, request: Request) -> dict[str, str]:
        wish = _parse(ProofIn, await _json(request))
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, _token(request))
            is_proved = await proof.prove(tx, services.cipher, conversation_id, wish.proof, now())
        if not is_proved:  # the wrong try is committed by now
            raise AppError("wrong_proof")
        return {"view": views.ticket(services.cipher, conversation_id, 0, now())}

    return router


async def _start(services: Services, wish: ConversationIn) -> tuple[str, str]:
    after = (wish.after.conversation_id, wish.after.token) if wish.after else None
    async with services.db.read() as connection:  # one statement, which is its own transaction
        started = await conversation.start(connection, CHANNEL, language=wish.language, after=after, by_ticket=wish.view)
    await surge.open_with(services.db, services.cipher, started[0], wish.language)
    return started


async def _accept(services: Services, inbound: Inbound, token: str, *, is_plain: bool = False) -> Accepted:
    if not is_plain:
        async with services.db.read() as connection:
            accepted = await conversation.accept_new(connection, services.cipher, inbound, token=token)
        if accepted is not None:
            return accepted
    async with services.db.transaction() as tx:
        accepted = await conversation.accept(tx, services.cipher, inbound, token=token)
        if is_plain:  # whoever hides the page expects that somebody looks at it
            await guarding.mark(tx, inbound.conversation_id, guarding.DISGUISE)
        return accepted


async def _begins(services: Services, conversation_id: str, token: str, shown: str) -> tuple[int, str]:
    """After which event the page may read, and the ticket with which it may go on from there."""

    async def look() -> int:
        async with services.db.read() as connection:
            row = await conversation.check_token(connection, conversation_id, token)
            last = await events.last_seq(connection, conversation.stream(conversation_id)) if row["guarded_at"] is not None else 0
        return views.begins_after(services.cipher, row, shown, last, now())

    async with services.hub.turn():
        begins = await within(look())
    return begins, views.ticket(services.cipher, conversation_id, begins, now())


async def _press(services: Services, inbound: Inbound, token: str, decision: Decision, *, is_plain: bool = False) -> Accepted:
    """A button that brings a person: stored, in the queue and answered in one transaction."""
    decision, known = await pressed.read(services, decision, inbound.text) if inbound.kind is InboundKind.DANGER else (decision, {})
    async with services.db.transaction() as tx:
        await handoff.lock_open_case(tx, inbound.conversation_id)
        accepted = await conversation.accept(tx, services.cipher, inbound, token=token)
        if is_plain:
            await guarding.mark(tx, inbound.conversation_id, guarding.DISGUISE)
        if not accepted.duplicate:
            current = await conversation.get(tx, inbound.conversation_id)
            content = {"text": inbound.text, "choice": inbound.choice}
            press = {**current, **known, "message_id": accepted.message_id, "kind": inbound.kind.value, "content": content}
            await triage_slot.apply(services, tx, press, decision, "button")
    return accepted


def to_inbound(conversation_id: str, message: MessageIn, max_chars: int) -> Inbound:
    """Normalise a message of the web chat to the one inbound type.

    Raises:
        AppError: ``empty_message``, ``too_long`` or ``location_out_of_range``.
    """
    if clean(message.client_id) != message.client_id:
        raise AppError("invalid_request", fields=["client_id"])
    event_id = f"{conversation_id}:{message.client_id}"
    text = clean(message.text or "")
    if len(text) > max_chars:
        raise AppError("too_long")
    if message.danger:
        return Inbound(CHANNEL, event_id, conversation_id, InboundKind.DANGER, text=text)
    if message.location is not None:
        # Who agrees on the notebook has read another sentence.
        choice = location.PLAIN if message.choice == location.PLAIN else ""
        return Inbound(CHANNEL, event_id, conversation_id, InboundKind.LOCATION, text=text, choice=choice, location=_location(message.location))
    if message.choice:
        return Inbound(CHANNEL, event_id, conversation_id, InboundKind.CHOICE, text=text, choice=clean(message.choice))
    if not text.strip():
        raise AppError("empty_message")
    return Inbound(CHANNEL, event_id, conversation_id, InboundKind.TEXT, text=text)


def clean(text: str) -> str:
    """Drop what PostgreSQL or a reader cannot take: lone surrogates and control characters other than line breaks and tabs."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cs", "Cc"))


def _location(place: LocationIn) -> Location:
    accuracy = place.accuracy_m
    if not (math.isfinite(place.lat) and math.isfinite(place.lon) and -90 <= place.lat <= 90 and -180 <= place.lon <= 180):
        raise AppError("location_out_of_range")
    if accuracy is not None and not (math.isfinite(accuracy) and 0 <= accuracy <= 20_040_000):
        raise AppError("location_out_of_range")
    return Location(place.lat, place.lon, accuracy, place.fixed_at)


def _token(request: Request) -> str:
    """The conversation's token: a bearer header; ``?token=`` only because a browser's EventSource cannot send headers."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    return request.headers.get("x-conversation-token") or request.query_params.get("token", "")


def _after(request: Request) -> int:
    raw = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not raw.isascii() or not raw.isdigit() or len(raw) > 18:
        raise AppError("invalid_request", "after")
    return int(raw)


async def _json(request: Request, *, empty_ok: bool = False) -> Any:
    """The request's JSON.

    Raises:
        AppError: ``too_long`` above 64 KiB, ``bad_json`` for anything that is not JSON.
    """
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise AppError("too_long")
    if not raw and empty_ok:
        return {}
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise AppError("bad_json") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _parse(model: type[Model], content: Any) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise AppError("invalid_request", fields=sorted({".".join(map(str, e["loc"])) for e in error.errors()})) from error


def _following(services: Services, conversation_id: str, after: int) -> Following[News]:
    async def look(connection: Connection, stream: str, after: int, limit: int) -> list[News]:
        return await conversation.news(connection, services.cipher, conversation_id, after, limit)

    return Following(services.hub, conversation.stream(conversation_id), after, look, ECHO_S)


def _render(found: Sequence[News], fade_s: int) -> list[dict[str, Any]]:
    """Events as the citizen may see them: names and ids of staff stay inside. ``fade_s``: after which time lines that fade go."""
    content = []
    for event in found:
        if event.is_hidden:
            continue
        entry: dict[str, Any] = {"seq": event.seq, "kind": event.kind, "at": event.created_at.isoformat()}
        if event.kind == "message":
            line = event.line
            if line is None:
                continue
            entry["message"] = render_line(line) | {"client_id": line.event_id.partition(":")[2] if line.event_id else None}
            if event.fades:
                entry["message"]["fade_s"] = fade_s
        else:
            entry |= {key: event.payload[key] for key in ("owner", "by", "position", "wait_min_s", "wait_max_s") if key in event.payload}
            if event.kind == "call":
                entry |= {key: event.payload[key] for key in ("call_id", "state", "why", "answered")}
            if event.kind == "read":
                entry["read_seq"] = event.payload["seq"]
            elif event.kind == "cleared":
                entry["cleared_seq"] = event.payload["seq"]
            elif event.kind == "fading":
                entry["fade_s"] = fade_s if event.payload["on"] else 0
        content.append(entry)
    return content


AUTHORS = {"citizen": "citizen", "bot": "bot", "agent": "person", "officer": "person", "system": "system"}


def render_line(line: Line) -> dict[str, Any]:
    """A transcript line for the citizen."""
    body = line.body
    return {
        "seq": line.seq,
        "author": AUTHORS[line.author_kind],
        "kind": line.kind.partition(":")[0],
        "text": body.get("text") or "",
        "choice": body.get("choice") or None,
        "location": bool(body.get("location")),
        "buttons": body.get("buttons") or [],
        "source": body.get("source"),
        "phones": body.get("phones") or [],
        "location_url": body.get("location_url") or "",
        "file": _file(body.get("file")),
        "created_at": line.created_at.isoformat(),
    }


def _file(sent: Any) -> dict[str, str] | None:
    """A file that an agent has sent: a path of our own to open it at."""
    return {"kind": str(sent["kind"]), "name": str(sent.get("name") or ""), "url": links.PATH + str(sent["url"]).rpartition(links.PATH)[2]} if sent else None
