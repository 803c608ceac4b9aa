"""What may stand in braces in a canned text: a closed set, so that a text with any other brace is refused before anybody can send it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_SLOT = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_BRACE = re.compile(r"[{}]")


class Slot(StrEnum):
    """A variable by the name that editors write."""

    MISSION_NAME = "공관 이름"  # the competent mission, where exactly one is
    MISSION_PHONE = "공관 전화"  # of that mission, only when somebody has checked its row
    HOTLINE = "콜센터 전화"  # the service's own number
    CASE_NUMBER = "접수 번호"
    TODAY = "오늘 날짜"  # of Seoul
    NOTICE = "공지"  # {공지: id}: title, day, sentences and link of a notice in force


@dataclass(frozen=True)
class Found:
    """A variable where it stands in a text; ``argument`` is what follows the colon."""

    slot: Slot
    argument: str
    start: int
    end: int


_BY_NAME = {slot.value.replace(" ", ""): slot for slot in Slot}


def slots(text: str) -> Iterator[Found]:
    """The variables of a text in order; whatever else stands in braces is passed over."""
    for match in _SLOT.finditer(text):
        slot = _BY_NAME.get("".join(match.group(1).split()))
        argument = (match.group(2) or "").strip()
        if slot is not None and (slot is Slot.NOTICE) == bool(argument) and not any(c.isspace() for c in argument):
            yield Found(slot, argument, match.start(), match.end())


def unknown(text: str) -> str:
    """The first thing in braces that is no variable, or a brace that stands alone; empty when all is well."""
    rest, at = [], 0
    for found in slots(text):
        rest.append(text[at : found.start])
        at = found.end
    left = "…".join([*rest, text[at:]])
    match = _SLOT.search(left) or _BRACE.search(left)
    return match.group() if match else ""


def quoted_ids(text: str) -> tuple[str, ...]:
    """The notices that a text quotes."""
    return tuple(dict.fromkeys(found.argument for found in slots(text) if found.slot is Slot.NOTICE))
