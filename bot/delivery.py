"""What a sender does next with the rows it holds. Pure: the sender reads, asks here, acts.

When nobody knows whether a message arrived, three things can be done: send it again under the same key, send it again and say so, or give it
up where the desk sees it. Which one is the declared policy of the platform and of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.channels.contract import DANGER, Action, ActionKind, Capabilities, Outbound
from conversation.outbox import Row

#: Seconds until the next try after so many; the last one repeats.
PATIENCE_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
#: Somebody waits for help: a platform that is down is asked again at least this often.
DANGER_PATIENCE_S = 5.0


class Way(StrEnum):
    """How a parcel goes."""

    REPLY = "reply"  # in a reply window
    PUSH = "push"
    ASK = "ask"  # once more in the same window, which tells whether it had arrived
    WAIT = "wait"  # until the citizen writes again
    GIVE_UP = "give_up"


@dataclass(frozen=True)
class Step:
    """The way, and whether the words say that they may have arrived before."""

    way: Way
    again: bool = False
    reason: str = ""


def next_step(row: Row, capabilities: Capabilities, *, has_window: bool, attempt_window_is_open: bool) -> Step:
    """How the first row that is held goes: ``has_window`` an open one to answer in, ``attempt_window_is_open`` the one of an attempt in doubt."""
    fresh = Way.REPLY if has_window else Way.PUSH if capabilities.may_push else Way.WAIT
    if not row.in_doubt:
        return Step(fresh)
    if row.window_id is None and capabilities.push_has_key:
        return Step(Way.PUSH)
    if row.window_id is not None and attempt_window_is_open and capabilities.spent_window_tells:
        return Step(Way.ASK)
    if row.is_danger:
        return Step(fresh, again=True)
    return Step(Way.GIVE_UP, reason="unknown")


def patience_s(attempts: int, is_danger: bool, asked_for: float | None = None) -> float:
    """How long to wait after a try that failed; a platform that names a time is believed, up to a minute."""
    waiting = PATIENCE_S[min(max(attempts, 1), len(PATIENCE_S)) - 1]
    if asked_for is not None:
        waiting = max(waiting, min(asked_for, 60.0))
    return min(waiting, DANGER_PATIENCE_S) if is_danger else waiting


@dataclass(frozen=True)
class Load:
    """What one parcel carries: whole rows, or the next part of one long row (``next_part`` is where it goes on afterwards; 0: it is done)."""

    rows: tuple[Row, ...]
    messages: tuple[Outbound, ...]
    next_part: int = 0


def pack(rows: Sequence[tuple[Row, tuple[Outbound, ...]]], capabilities: Capabilities, most: int | None = None) -> Load:
    """The first parcel: as many whole rows as go together, in order; of a row too long for one parcel, its next part.

    Rows in doubt go with those that they were sent with, and with no others, since they go under the same key. Danger goes alone, and so does
    what is withheld. ``most`` is what a window or an answer still takes. Where the platform counts messages, lines are joined.
    """
    room = min(capabilities.messages_per_send, most if most is not None else capabilities.messages_per_send)
    first = rows[0][0]
    taken: list[Row] = []
    messages: list[Outbound] = []
    for row, rendered in rows:
        if taken and (row.in_doubt != first.in_doubt or _goes_alone(row) or _goes_alone(first) or (first.in_doubt and row.parcel != first.parcel)):
            break
        rest = rendered[row.parts_sent :] or rendered[-1:]
        if taken and len(joined((*messages, *rest), capabilities)) > room:
            break
        taken.append(row)
        messages.extend(rest[:room])
        if len(rest) > room:
            return Load(tuple(taken), tuple(messages), row.parts_sent + room)
    return Load(tuple(taken), gather_quick_replies(joined(messages, capabilities), capabilities))


def joined(messages: Sequence[Outbound], capabilities: Capabilities) -> tuple[Outbound, ...]:
    """Neighbours that are words alone, in as few messages as their limit allows, where the platform counts messages."""
    if not capabilities.joins_messages:
        return tuple(messages)
    together: list[Outbound] = []
    for message in messages:
        last = together[-1] if together else None
        if last is not None and _is_words(last) and _is_words(message) and capabilities.text.fits(text := f"{last.text}\n\n{message.text}"):
            together[-1] = Outbound(text)
        else:
            together.append(message)
    return tuple(together)


def _is_words(message: Outbound) -> bool:
    return bool(message.text) and message == Outbound(message.text)


def _goes_alone(row: Row) -> bool:
    return row.is_danger or row.withheld


def gather_quick_replies(messages: Sequence[Outbound], capabilities: Capabilities) -> tuple[Outbound, ...]:
    """All quick replies on the last message, where the platform shows them; the last message's own come first, the danger button is never left out."""
    place = capabilities.quick_replies
    if place is None or len(messages) < 2:
        return tuple(messages)
    found: dict[tuple[str, str, str], Action] = {}
    for message in reversed(messages):
        for action in message.quick_replies:
            found.setdefault((action.kind.value, action.value, "" if action.kind is ActionKind.LOCATION else action.text), action)
    standing = [action for action in found.values() if action.kind is ActionKind.LOCATION or action.value == DANGER]
    choices = [action for action in found.values() if action not in standing]
    shown = (*choices[: max(0, place.count - len(standing))], *standing)[: place.count]
    bare = [replace(message, quick_replies=()) for message in messages]
    return (*bare[:-1], replace(bare[-1], quick_replies=shown))
