"""A field for a moment in Korean time, with buttons for the usual ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from nicegui import ui

from core.clock import now as clock_now
from handoff.desk import when
from handoff.desk.elements import block, button


class MomentField:
    """Pressing a button keeps that very moment; what is typed is to the minute."""

    def __init__(self, label: str, longest: timedelta) -> None:
        self._pressed: tuple[str, datetime] | None = None
        with block("div", "moments", role="group", aria_label=label):
            for text, at in when.suggestions(clock_now(), longest):
                button(text, self._presser(at), classes="choice", data_moment=text)
        self._field: Any = ui.input(label=f"{label} (한국 시각)").props("outlined dense type=datetime-local stack-label data-field=moment").classes("wide")

    def _presser(self, at: datetime) -> Any:
        def press() -> None:
            self._pressed = (when.to_field(at), at)
            self._field.set_value(self._pressed[0])

        return press

    @property
    def value(self) -> datetime | None:
        """The moment, or None while there is none."""
        text = str(self._field.value or "")
        if self._pressed is not None and self._pressed[0] == text:
            return self._pressed[1]
        return when.from_field(text)
