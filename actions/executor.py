"""``POST /rasa/actions``: rasa-sdk's executor inside our web process, behind a token in a header."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionNotFoundException

from actions.consular import all_actions
from actions.reader import Reader
from core.errors import AppError
from core.logging import get

if TYPE_CHECKING:
    from fastapi import APIRouter

log = get(__name__)

PATH = "/rasa/actions"
TOKEN_HEADER = "X-Gildongmu-Token"  # noqa: S105  (a header's name)
MAX_BODY_BYTES = 512 * 1024


def build_executor(reader: Reader) -> ActionExecutor:
    """rasa-sdk's executor with our actions and no others."""
    executor = ActionExecutor()
    for action in all_actions(reader):
        executor.register_action(action)
    return executor


def build_router(knowledge: Callable[[], Any], analyser: Callable[[], Any], token: str) -> APIRouter:
    """The internal route. ``knowledge`` and ``analyser`` are asked at each call, since both load after the port opens.

    An empty token refuses every call.
    """
    from fastapi import APIRouter, Request, Response

    executor = build_executor(Reader(knowledge, analyser))
    router = APIRouter()
    expected = token.encode()

    def answer(content: dict[str, Any], status: int = 200) -> Response:
        return Response(json.dumps(content, ensure_ascii=False), status, media_type="application/json")

    async def run_action(request: Request) -> Response:
        if not expected or not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), expected):
            return answer(AppError("bad_token").body(), 401)
        if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
            return answer({"error": "size"}, 413)
        try:
            call = json.loads(await request.body())
            name, state = str(call["next_action"]), dict(call["tracker"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return answer({"error": "body"}, 422)
        try:
            result = await executor.run({"next_action": name, "tracker": {"sender_id": "", **state}, "domain": {}})
        except ActionNotFoundException:
            return answer({"error": "unknown action"}, 404)
        except Exception as error:  # noqa: BLE001  (the edge of a process: Rasa goes on without this action, and the log must not quote the call)
            log.error("action_failed", action=name, error=type(error).__name__)
            return answer({"error": "failed"}, 500)
        if result is None:
            return answer({"error": "body"}, 422)
        return answer({"events": result.events, "responses": result.responses})

    router.add_route(PATH, run_action, methods=["POST"], include_in_schema=False)
    return router
