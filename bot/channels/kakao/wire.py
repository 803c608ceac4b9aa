"""From our messages to Kakao's response, and to the plain words of the consult talk. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.channels.contract import DANGER, Action, ActionKind, Actions, Capabilities, Card, Limit, Outbound
from bot.channels.splitting import cut, divide

#: As small as the smallest of what a message may become: a text in the skill's response, a message of the consult talk.
CAPABILITIES = Capabilities(
    text=Limit(1000),
    messages_per_send=3,
    quick_replies=Actions(10, Limit(14), frozenset({ActionKind.CHOICE})),
    buttons=Actions(3, Limit(14), frozenset({ActionKind.LINK, ActionKind.PHONE}), text=Limit(400)),
    card=Card(Limit(50), Limit(230), Actions(3, Limit(14), frozenset({ActionKind.LINK}))),
    file_links=True,
    answers_inline=True,
)
OUTPUTS = 3
LIST_ITEMS = 5
LABEL = 14
#: A question of the list is one line or two on a telephone.
LIST_TITLE = Limit(40)
SAID = Limit(200)
NEXT = "이어서 물어보세요"
PLAIN = Limit(1000)

Json = dict[str, Any]


def response(messages: Sequence[Outbound], *, under: Json | None = None, over: str = "") -> Json:
    """A skill response with these messages; ``under`` is a button for the way to a person, which stands where there is room; ``over`` the words above it."""
    choices = messages[-1].quick_replies if messages else ()
    questions = _questions(choices) if len(messages) < OUTPUTS else ()
    outputs = [output(message) for message in messages[:OUTPUTS]]
    if under is not None:
        _add_button(outputs, under, over or under["label"], room=OUTPUTS - bool(questions))
    if questions and len(outputs) < OUTPUTS:
        outputs.append(_list(questions))
        choices = tuple(action for action in choices if action not in questions)
    template: Json = {"outputs": outputs}
    if choices:
        template["quickReplies"] = [_quick_reply(action) for action in choices]
    return {"version": "2.0", "template": template}


def waiting_for_callback(text: str) -> Json:
    """The response that lets Kakao wait for a callback; the block shows ``text`` meanwhile."""
    return {"version": "2.0", "useCallback": True, "data": {"text": text}}


def nothing() -> Json:
    """A response that shows nothing."""
    return {"version": "2.0", "template": {"outputs": []}}


def output(message: Outbound) -> Json:
    """One output: words, or a card where there is a title or there are buttons."""
    if not message.actions:
        return {"simpleText": {"text": message.text}}
    card: Json = {"description": message.text, "buttons": [_button(action) for action in message.actions]}
    return {"textCard": {"title": message.title} | card if message.title else card}


def plain(messages: Sequence[Outbound]) -> tuple[str, ...]:
    """The messages as words alone, in as few parts as their limit allows: buttons become lines, choices their titles."""
    parts: list[str] = []
    for message in messages:
        lines = [message.title, message.text, *(_line(action, message.text) for action in message.actions)]
        if message.quick_replies:
            # The danger button stands in every message: as a line under each of a counsellor's it would be noise. Its words still work.
            said = [action.text or action.label for action in message.quick_replies if action.kind is ActionKind.CHOICE and action.value != DANGER]
            lines.append("(" + " / ".join(said) + ")" if said else "")
        text = "\n".join(filter(None, lines))
        if parts and PLAIN.fits(joined := f"{parts[-1]}\n\n{text}"):
            parts[-1] = joined
        else:
            parts.extend(divide(text, PLAIN))
    return tuple(parts)


def link_button(label: str, url: str) -> Json:
    """A button that opens an address."""
    return {"label": label[:LABEL], "action": "webLink", "webLinkUrl": url}


def operator_button(label: str) -> Json:
    """The button that calls a counsellor of the channel's own one-to-one chat."""
    return {"label": label[:LABEL], "action": "operator"}


def _questions(choices: Sequence[Action]) -> tuple[Action, ...]:
    """Next questions that are longer than a quick reply may be, with those beside them: a list shows them whole."""
    asking = tuple(action for action in choices if action.kind is ActionKind.CHOICE and not action.value)
    is_cut = any(len(action.text) > LABEL for action in asking)
    return asking[:LIST_ITEMS] if len(asking) > 1 and is_cut else ()


def _list(questions: Sequence[Action]) -> Json:
    items = [{"title": cut(action.text, LIST_TITLE), "action": "message", "messageText": cut(action.text, SAID)} for action in questions]
    return {"listCard": {"header": {"title": NEXT}, "items": items}}


def _add_button(outputs: list[Json], button: Json, over: str, *, room: int) -> None:
    if len(outputs) < room:
        # Passed on, its reference would lead somebody else into this talk.
        outputs.append({"textCard": {"description": over, "buttons": [button], "forwardable": False}})
        return
    for one in reversed(outputs):
        card = one.get("textCard")
        if card is not None and len(card["buttons"]) < 3:
            card["buttons"].append(button)
            return


def _button(action: Action) -> Json:
    if action.kind is ActionKind.PHONE:
        return {"label": action.label, "action": "phone", "phoneNumber": re.sub(r"[^0-9+*#-]", "", action.value)}
    return {"label": action.label, "action": "webLink", "webLinkUrl": action.value}


def _quick_reply(action: Action) -> Json:
    reply: Json = {"label": action.label, "action": "message", "messageText": cut(action.text or action.label, SAID)}
    return reply | {"extra": {"choice": action.value}} if action.value else reply


def _line(action: Action, text: str) -> str:
    """A button as words; a number that the words have already is not said twice."""
    return "" if action.value in text else f"{action.text or action.label}: {action.value}"
