"""The baseline's one custom action: a fixed sentence, so that nothing but the engine is measured."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class Answer(Action):  # type: ignore[misc]
    """Says one sentence."""

    def name(self) -> str:
        """Its name in the domain."""
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Answer."""
        dispatcher.utter_message(text="외교부 안내에 따르면 여권은 가까운 재외공관에서 신청하실 수 있습니다.")
        return []
