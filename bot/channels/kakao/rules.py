"""What KakaoTalk would not take of a response: by the independent package ``kakao-chatbot``, and by limits that stand in Kakao's documents only.

For the simulator and tests: the package is installed for development only.
"""

from __future__ import annotations

from typing import Any

from kakao_chatbot.response import KakaoResponse, QuickReply
from kakao_chatbot.response.components import Button, ListCardComponent, ListItem, SimpleTextComponent, TextCardComponent

#: Fields that Kakao knows and the package does not.
BEYOND = frozenset({"forwardable", "lock"})
NEEDS = {"webLink": "webLinkUrl", "message": "messageText", "phone": "phoneNumber", "block": "blockId"}


def faults(response: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a skill response; of one that asks for time, only that."""
    if response.get("version") != "2.0":
        return ["version"]
    if response.get("useCallback"):
        return ["a template beside useCallback"] * ("template" in response) + ["no data"] * (not isinstance(response.get("data"), dict))
    template = response.get("template") or {}
    outputs, quick = template.get("outputs") or [], template.get("quickReplies") or []
    if not outputs:
        return ["quick replies without a message"] if quick else []
    found = [fault for one in outputs for fault in _sizes(one)] + [fault for one in quick for fault in _button(one)]
    try:
        rendered = KakaoResponse(component_list=[_component(one) for one in outputs], quick_replies=[_quick(one) for one in quick] or None).get_dict()
    except Exception as error:  # noqa: BLE001  (whatever the package raises, this is no response of Kakao's)
        return [*found, f"{type(error).__name__}: {error}"]
    known = {"outputs": [_without(one) for one in outputs]} | ({"quickReplies": quick} if quick else {})
    return found + ["the package reads it otherwise"] * (rendered["template"] != known)


def _component(output: dict[str, Any]) -> Any:
    (kind, content), *more = output.items()
    if more:
        raise ValueError("an output of two kinds")
    if kind == "simpleText":
        return SimpleTextComponent(content["text"])
    buttons = [_press(one) for one in content.get("buttons") or []]
    if kind == "textCard":
        return TextCardComponent(content.get("title"), content.get("description"), buttons)
    if kind == "listCard":
        return ListCardComponent(content["header"]["title"], [_item(one) for one in content["items"]], buttons)
    raise ValueError(kind)


def _press(button: dict[str, Any]) -> Button:
    return Button(
        button["label"],
        button["action"],
        button.get("webLinkUrl"),
        button.get("messageText"),
        button.get("phoneNumber"),
        button.get("blockId"),
        button.get("extra"),
    )


def _item(item: dict[str, Any]) -> ListItem:
    return ListItem(item["title"], action=item.get("action"), message_text=item.get("messageText"), extra=item.get("extra"))


def _quick(reply: dict[str, Any]) -> QuickReply:
    return QuickReply(reply["label"], reply["action"], reply.get("messageText"), reply.get("blockId"), reply.get("extra"))


def _without(output: dict[str, Any]) -> dict[str, Any]:
    return {kind: {name: value for name, value in content.items() if name not in BEYOND} for kind, content in output.items()}


def _sizes(output: dict[str, Any]) -> list[str]:
    text, card, listed = output.get("simpleText"), output.get("textCard"), output.get("listCard")
    if text is not None:
        return ["text"] * (not 1 <= len(text["text"]) <= 1000)
    if card is not None:
        title, description = card.get("title") or "", card.get("description") or ""
        buttons = card.get("buttons") or []
        wrong = ["card"] * (not 1 <= len(title) + len(description) <= 400) + ["title"] * (len(title) > 50) + ["buttons"] * (len(buttons) > 3)
        return wrong + [fault for one in buttons for fault in _button(one)]
    if listed is not None:
        items = listed["items"]
        return ["items"] * (not 1 <= len(items) <= 5) + ["item"] * any(not one["title"] for one in items)
    return ["an unknown output"]


def _button(button: dict[str, Any]) -> list[str]:
    needs = NEEDS.get(button["action"])
    return ["label"] * (not 1 <= len(button["label"]) <= 14) + [f"{button['action']} without {needs}"] * (needs is not None and not button.get(needs))
