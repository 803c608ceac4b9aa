"""Questions analysed once in a process: what tests, groups and forecasts ask again and again.

What is kept hangs on the knowledge base, and is dropped as soon as a question is no longer asked about, so that nothing of an erased
citizen stays.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from knowledge_base.search import Question
    from knowledge_base.service import KnowledgeBase

_kept: WeakKeyDictionary[KnowledgeBase, dict[tuple[str, Hashable], tuple[str, Question]]] = WeakKeyDictionary()
_lock = threading.Lock()


def understood(base: KnowledgeBase, kind: str, texts: Mapping[Hashable, str]) -> dict[Hashable, Question]:
    """The questions by key; slow only for those that are new or reworded. Those of this kind that are not named are forgotten.

    Their days are those of the first time: ask again with the analysis where days matter.
    """
    with _lock:
        kept = _kept.setdefault(base, {})
        for key in [key for key in kept if key[0] == kind and key[1] not in texts]:
            del kept[key]
        known = dict(kept)
    found: dict[Hashable, Question] = {}
    fresh: dict[tuple[str, Hashable], tuple[str, Question]] = {}
    for name, text in texts.items():
        mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        held = known.get((kind, name))
        if held is None or held[0] != mark:
            held = fresh[kind, name] = (mark, base.question(text))
        found[name] = held[1]
    with _lock:
        kept.update(fresh)
    return found
