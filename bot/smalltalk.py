"""What is said to a greeting, to thanks and the like: the dialogue's own words (``domain.yml``), so that they are the same without Rasa."""

from __future__ import annotations

from functools import lru_cache

import yaml

from conversation.schemas import Body, Button
from core.settings import ROOT

#: Intents that have one response whatever was said before, unless something is expected.
INTENTS = ("greet", "goodbye", "thank", "bot_challenge", "help")


@lru_cache(maxsize=1)
def replies() -> dict[str, Body]:
    """The response to each of the intents."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    return {intent: _body(responses[f"utter_{intent}"][0]) for intent in INTENTS}


def _body(response: dict[str, object]) -> Body:
    offered = response.get("buttons")
    buttons = offered if isinstance(offered, list) else []
    # A payload equal to its title is what pressing the button says.
    return Body(str(response["text"]).strip(), buttons=tuple(Button(str(b["title"]), "" if b["payload"] == b["title"] else str(b["payload"])) for b in buttons))
