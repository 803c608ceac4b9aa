"""From our messages to LINE's JSON. Pure."""

from __future__ import annotations

import re
from typing import Any

from bot.channels.contract import Action, ActionKind, Actions, Capabilities, Card, Limit, Outbound
from bot.channels.splitting import cut
from conversation.schemas import TextUnit

#: The labels are counted in characters, which are never fewer than the graphemes that LINE counts.
CAPABILITIES = Capabilities(
    text=Limit(5000, TextUnit.UTF16),
    messages_per_send=5,
    quick_replies=Actions(13, Limit(20), frozenset({ActionKind.CHOICE, ActionKind.LOCATION})),
    buttons=Actions(4, Limit(20), frozenset({ActionKind.LINK, ActionKind.PHONE}), text=Limit(160, TextUnit.UTF16)),
    card=Card(Limit(40, TextUnit.UTF16), Limit(60, TextUnit.UTF16), Actions(4, Limit(20), frozenset({ActionKind.LINK}))),
    images=True,
    file_links=True,
    location_in=True,
    typing=True,
    may_push=True,
    push_has_key=True,
    spent_window_tells=True,
)
ALT_TEXT = Limit(400, TextUnit.UTF16)
DATA = Limit(300, TextUnit.UTF16)
SAID = Limit(300, TextUnit.UTF16)


def message(outbound: Outbound) -> dict[str, Any]:
    """One message object."""
    if outbound.image_url:
        content: dict[str, Any] = {"type": "image", "originalContentUrl": outbound.image_url, "previewImageUrl": outbound.preview_url}
    elif outbound.actions:
        template: dict[str, Any] = {"type": "buttons", "text": outbound.text, "actions": [_action(action) for action in outbound.actions]}
        if outbound.title:
            template["title"] = outbound.title
        content = {"type": "template", "altText": cut(" ".join(filter(None, (outbound.title, outbound.text))), ALT_TEXT), "template": template}
    else:
        content = {"type": "text", "text": outbound.text}
    if outbound.quick_replies:
        content["quickReply"] = {"items": [{"type": "action", "action": _action(action)} for action in outbound.quick_replies]}
    return content


def choice_data(value: str, title: str) -> str:
    """What a pressed button sends back: LINE does not say which words stood on it, so that they go along."""
    return f"{value}\n{cut(title, Limit(DATA.size - len(value) - 1, DATA.unit))}"


def _action(action: Action) -> dict[str, Any]:
    if action.kind is ActionKind.LINK:
        return {"type": "uri", "label": action.label, "uri": action.value}
    if action.kind is ActionKind.PHONE:
        return {"type": "uri", "label": action.label, "uri": "tel:" + re.sub(r"[^0-9+*#]", "", action.value)}
    if action.kind is ActionKind.LOCATION:
        return {"type": "location", "label": action.label}
    if action.value:
        return {"type": "postback", "label": action.label, "data": choice_data(action.value, action.text), "displayText": cut(action.text, SAID)}
    return {"type": "message", "label": action.label, "text": cut(action.text, SAID)}
