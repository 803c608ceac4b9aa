"""Rows of a staff page that come and go while somebody works in them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from nicegui.element import Element


class Rows:
    """Drawn by what each says: a row that says the same stays as it is, so that no press on it is lost and no focus moves."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._drawn: dict[Hashable, Element] = {}

    def show(self, wanted: Mapping[Any, Callable[[], Element]]) -> None:
        """What each row says, in order, with what draws it: one element, holding nothing that is not in its key."""
        for gone in self._drawn.keys() - wanted.keys():
            self._drawn.pop(gone).delete()
        with self._root:
            for at, (says, draw) in enumerate(wanted.items()):
                if says not in self._drawn:
                    self._drawn[says] = draw()
                if self._root.default_slot.children[at] is not self._drawn[says]:
                    self._drawn[says].move(target_index=at)

    def clear(self) -> None:
        """No row at all."""
        self.show({})
