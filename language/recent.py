"""Remembers what was made of the last texts: greetings and the notices' questions come again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Made = TypeVar("Made")
# Characters; longer texts are hardly sent twice, and would fill the memory.
LONGEST = 200


class Recent(Generic[Made]):
    """The `size` last texts with what was made of them; safe from several threads, which may then make the same thing twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, Made] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str], make: Callable[[Sequence[str]], Sequence[Made]]) -> list[Made]:
        """What belongs to each text, in order; what is not known is made in one call."""
        found: dict[str, Made] = {}
        with self._lock:
            for text in texts:
                if text in self._known:
                    self._known.move_to_end(text)
                    found[text] = self._known[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found.update(zip(missing, make(missing), strict=True))
            with self._lock:
                self._known.update((text, found[text]) for text in missing if len(text) <= LONGEST)
                while len(self._known) > self._size:
                    self._known.popitem(last=False)
        return [found[text] for text in texts]
