"""How to talk with somebody in a grave situation: short lists for agents, as dated data, never shown to citizens.

The rules are checked when the cards are loaded, so that a careless edit stops a test and not an agent: nothing is longer than can be read at a
glance, a card is approved by somebody on a day, and no telephone number hides in a sentence, since only checked numbers may be called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.errors import StartError
from core.settings import ROOT
from language.categories import Category

FOLDER = ROOT / "data" / "guidance"
MAX_LINES = 6
MAX_CHARS = 70
_NUMBER = re.compile(r"\+?\d[\d\- ]{2,}\d")


@dataclass(frozen=True)
class Guidance:
    """One card: what to do and what not to, and to whom such a case is handed on."""

    category: str
    title: str
    do: tuple[str, ...]
    dont: tuple[str, ...]
    hand_on: tuple[str, ...]
    author: str
    approver: str
    approved_at: date
    source: str


def read(content: Mapping[str, Any], name: str) -> Guidance:
    """One file's card.

    Raises:
        StartError: something is missing, too long, or a number stands in a sentence.
    """
    try:
        card = Guidance(
            category=str(Category(content["category"])),
            title=str(content["title"]).strip(),
            do=tuple(map(str, content["do"])),
            dont=tuple(map(str, content["dont"])),
            hand_on=tuple(map(str, content["hand_on"])),
            author=str(content["author"]).strip(),
            approver=str(content["approver"]).strip(),
            approved_at=date.fromisoformat(str(content["approved_at"])),
            source=str(content["source"]).strip(),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StartError(f"The guidance card {name} cannot be read ({error}).") from error
    lines = (*card.do, *card.dont)
    if not (card.title and card.author and card.approver and card.source and 0 < len(card.do) <= MAX_LINES and 0 < len(card.dont) <= MAX_LINES):
        raise StartError(f"The guidance card {name} lacks a title, an approval or a source, or its lists are empty or too long.")
    if any(not line.strip() or len(line) > MAX_CHARS or _NUMBER.search(line) for line in lines):
        raise StartError(f"A line of the guidance card {name} is empty, longer than {MAX_CHARS} characters, or carries a telephone number.")
    return card


def load(folder: Path = FOLDER) -> dict[str, Guidance]:
    """Every card by its category.

    Raises:
        StartError: a card breaks a rule, or two are of one category.
    """
    cards: dict[str, Guidance] = {}
    for path in sorted(folder.glob("*.yaml")):
        card = read(yaml.safe_load(path.read_text(encoding="utf-8")) or {}, path.name)
        if card.category in cards:
            raise StartError(f"There are two guidance cards of the category {card.category}.")
        cards[card.category] = card
    return cards


@lru_cache(maxsize=1)
def _cards() -> dict[str, Guidance]:
    return load()


def of_category(category: str) -> Guidance | None:
    """The card of a category, if there is one."""
    return _cards().get(category)
