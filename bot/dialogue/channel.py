"""The one door into Rasa: ``POST /webhooks/gildongmu/webhook``, on the loopback, behind a token in a header."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.dialogue import meanwhile, patches

logger = logging.getLogger(__name__)

TOKEN_HEADER = "X-Gildongmu-Token"  # noqa: S105  (a header's name)
MAX_TEXT_CHARS = 8000


class GildongmuOutput(CollectingOutputChannel):  # type: ignore[misc]
    """Collects answers as whole messages; Rasa's own would split a text at each blank line."""

    @classmethod
    def name(cls) -> str:
        """Name that conditional responses may refer to."""
        return "gildongmu"

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep one text."""
        self.messages.append({"text": text.strip(), "buttons": [], "custom": None})

    async def send_text_with_buttons(self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any) -> None:
        """Keep one text with its buttons."""
        self.messages.append({"text": text.strip(), "buttons": buttons, "custom": None})

    async def send_custom_json(self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any) -> None:
        """Keep one typed payload of an action."""
        self.messages.append({"text": None, "buttons": [], "custom": json_message})


class GildongmuInput(InputChannel):  # type: ignore[misc]
    """``credentials.yml`` names the environment variable that holds the token; without a token every message is refused."""

    @classmethod
    def name(cls) -> str:
        """Part of the address."""
        return "gildongmu"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GildongmuInput:
        """Read the token from the environment."""
        return cls(os.environ.get((credentials or {}).get("token_variable", ""), ""))

    def __init__(self, token: str) -> None:
        patches.apply()
        self._token = token.encode()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of the channel."""
        routes = Blueprint("gildongmu_webhook", "gildongmu_webhook")

        @routes.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not self.is_allowed(request.headers.get(TOKEN_HEADER, "")):
                return json({"error": "token"}, status=401)
            body = request.json
            sender, text, metadata = body.get("sender"), body.get("message"), body.get("metadata") or {}
            if not (isinstance(sender, str) and sender and isinstance(text, str) and text.strip() and isinstance(metadata, dict)):
                return json({"error": "body"}, status=422)
            output = GildongmuOutput()
            beside = meanwhile.received(metadata)
            meanwhile.current.set(beside)
            message = UserMessage(plain(text), output, sender, input_channel=self.name(), metadata={**metadata, "analysed": True})
            try:
                await on_new_message(message)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - the edge: any failure is one answer, and the log must not quote the message
                logger.error("turn %s failed: %s from %s", sender, type(error).__name__, type(error.__cause__).__name__)
                return json({"error": "failed"}, status=500)
            return json({"messages": output.messages, "after": beside.after})

        return routes

    def is_allowed(self, token: str) -> bool:
        """Compare in constant time; an unset token lets nobody in."""
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token)


def plain(text: str) -> str:
    """The text as words: Rasa reads a leading slash as a command (``/restart``), which is not a citizen's to give."""
    return text[:MAX_TEXT_CHARS].lstrip().lstrip("/").strip() or "?"
