"""What is said to a greeting, to thanks and the like: the dialogue's own words (``domain.yml``), so that they are the same without Rasa."""

from __future__ import annotations

from functools import lru_cache

import yaml

from conversation.schemas import Body, Button
from core.settings import ROOT

#: Intents that have one response whatever was said before, unless something is expected.
INTENTS = ("greet", "goodbye", "thank", "bot_challenge", "help")


#: Has a response of its own too, but only after the notices were asked.
OUT_OF_SCOPE = "out_of_scope"
#: While a form waits, these are answered with the way back to it.
INTERRUPTING = ("greet", "thank", "help")
BACK_TO_FORM = "back_to_form"
WHICH_COUNTRY = "ask_topic_country"


def replies() -> dict[str, Body]:
    """The response to each of the intents."""
    return {intent: _responses()[intent] for intent in INTENTS}


def out_of_scope() -> Body:
    """What is said where no notice answers what sounds like somebody else's business."""
    return _responses()[OUT_OF_SCOPE]


def within_form(intent: str) -> Body:
    """The response to one of the intents (not to a goodbye, which ends the form) while a form waits."""
    return _responses()[BACK_TO_FORM if intent in INTERRUPTING else intent]


def which_country() -> Body:
    """What a form asks that lacks its country."""
    return _responses()[WHICH_COUNTRY]


@lru_cache(maxsize=1)
def _responses() -> dict[str, Body]:
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    return {intent: _body(responses[f"utter_{intent}"][0]) for intent in (*INTENTS, OUT_OF_SCOPE, BACK_TO_FORM, WHICH_COUNTRY)}


def _body(response: dict[str, object]) -> Body:
    offered = response.get("buttons")
    buttons = offered if isinstance(offered, list) else []
    # A payload equal to its title is what pressing the button says.
    return Body(str(response["text"]).strip(), buttons=tuple(Button(str(b["title"]), "" if b["payload"] == b["title"] else str(b["payload"])) for b in buttons))
