"""What every webhook passes first: bounded, typed, parsed, or refused in the one error shape and counted. Nothing refused reaches a conversation."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from fastapi import Request

from core.errors import AppError
from core.logging import get
from core.metrics import WEBHOOKS_REFUSED

log = get(__name__)
MAX_BODY_BYTES = 1024 * 1024
#: Why a platform's request is refused, and with which error.
REASONS = {
    "bad_signature": "bad_signature",
    "stale": "bad_signature",
    "replayed": "bad_signature",
    "wrong_address": "bad_signature",
    "wrong_content_type": "wrong_content_type",
    "body_too_large": "body_too_large",
    "bad_json": "bad_json",
    "bad_xml": "bad_xml",
    "invalid": "invalid_request",
}


def refused(channel: str, reason: str) -> AppError:
    """The error to raise; why exactly is for the operator's counters, not for whoever tries."""
    WEBHOOKS_REFUSED.labels(channel=channel, reason=reason).inc()
    log.warning("webhook_refused", channel=channel, reason=reason)
    return AppError(REASONS[reason])


async def body(request: Request, channel: str, *, content_types: Collection[str] = (), max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The raw bytes, as the signature covers them.

    Raises:
        AppError: ``wrong_content_type`` or ``body_too_large``; reading ends as soon as it is too large, whatever the header said.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_types and given not in content_types:
        raise refused(channel, "wrong_content_type")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > max_bytes:
            raise refused(channel, "body_too_large")
    return bytes(raw)


def json_of(raw: bytes, channel: str) -> dict[str, Any]:
    """The JSON object.

    Raises:
        AppError: ``bad_json`` for anything else, infinities and endless nesting included.
    """
    try:
        content = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refused(channel, "bad_json") from error
    if not isinstance(content, dict):
        raise refused(channel, "bad_json")
    return content


def xml_of(raw: bytes, channel: str) -> Element:
    """The root element; a document type or an entity is refused before it is read.

    Raises:
        AppError: ``bad_xml``.
    """
    try:
        root: Element = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise refused(channel, "bad_xml") from error
    return root


def _no_constant(name: str) -> Any:
    raise ValueError(name)
