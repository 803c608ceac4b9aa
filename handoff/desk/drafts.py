"""What staff have begun to write and not sent. In this process's memory only, never stored, so that a lost connection does not lose half a reply."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from knowledge_base.service import staff_texts

MOST = 500


@dataclass
class Draft:
    """What is being written, and what was put into it; ``is_unsent``: its writer may think that it went out, since the connection was lost meanwhile."""

    text: str = field(default="", repr=False)
    used: dict[str, staff_texts.Used] = field(default_factory=dict, repr=False)
    is_unsent: bool = False


#: By person and conversation.
_drafts: OrderedDict[tuple[int, str], Draft] = OrderedDict()


def of(staff_id: int, conversation_id: str) -> Draft | None:
    """What this person has begun to write in a conversation."""
    return _drafts.get((staff_id, conversation_id))


def keep(staff_id: int, conversation_id: str, text: str, *, is_unsent: bool = False) -> None:
    """Remember what stands in the box; an empty box is nothing to remember."""
    known = _drafts.pop((staff_id, conversation_id), Draft())
    if text:
        known.text, known.is_unsent = text, is_unsent
        _drafts[staff_id, conversation_id] = known
        while len(_drafts) > MOST:
            _drafts.popitem(last=False)


def use(staff_id: int, conversation_id: str, key: str, used: staff_texts.Used) -> None:
    """A text was put into the reply: it is looked at once more before that is sent."""
    _drafts.setdefault((staff_id, conversation_id), Draft()).used[key] = used


def forget(staff_id: int, conversation_id: str) -> None:
    """The reply is written, or the case is over."""
    _drafts.pop((staff_id, conversation_id), None)
