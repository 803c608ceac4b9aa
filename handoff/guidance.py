"""How to talk with somebody in a grave situation: short lists for agents, as dated data, never shown to citizens.

The rules are checked when the cards are loaded, so that a careless edit stops a test and not an agent: nothing is longer than can be read at a
glance, a card is approved by somebody on a day, and no telephone number hides in a sentence, since only checked numbers may be called.

The cards that come with the program carry a test approval. An installation puts its own, approved by its own people, into ``guidance_dir``; what is
wrong with one of them is told on the team's page and in the log, and the program's card stands in its place: nobody is ever left without.
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
from core.logging import get
from core.settings import ROOT, settings
from language.categories import Category

log = get(__name__)
FOLDER = ROOT / "data" / "guidance"
MAX_LINES = 6
MAX_CHARS = 70
#: Who has approved nothing: the cards were written for tests.
TEST_APPROVER = "시험용 승인"
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

    @property
    def is_test(self) -> bool:
        """Whether nobody who answers for it has approved it."""
        return self.approver == TEST_APPROVER


@dataclass(frozen=True)
class Refused:
    """A file of the installation's own that is not used, and why, in English for the log and the page's fine print."""

    name: str
    why: str


@dataclass(frozen=True)
class Known:
    """The cards in use by category, which of them are the installation's own, and its files that are not used."""

    cards: Mapping[str, Guidance]
    own: frozenset[str]
    refused: tuple[Refused, ...]


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


def known(own: Path | None, environment: str, folder: Path = FOLDER) -> Known:
    """The program's cards, each replaced by the installation's own where that may be used: in production none with a test approval."""
    cards, replaced, refused = load(folder), set(), []
    try:
        files = sorted(own.glob("*.yaml")) if own is not None and own.is_dir() else []
        if own is not None and not own.is_dir():
            refused.append(Refused(str(own.name), "there is no such folder"))
    except OSError as error:
        files = []
        refused.append(Refused(own.name if own else "", type(error).__name__))
    for path in files:
        try:
            card = read(yaml.safe_load(path.read_text(encoding="utf-8")) or {}, path.name)
        except (StartError, yaml.YAMLError, OSError, UnicodeDecodeError, AttributeError, TypeError) as error:
            refused.append(Refused(path.name, str(error) if isinstance(error, StartError) else f"it cannot be read ({type(error).__name__})"))
            continue
        if card.category in replaced:
            refused.append(Refused(path.name, f"there are two cards of the category {card.category}"))
        elif environment == "production" and card.is_test:
            refused.append(Refused(path.name, "a test approval is not one"))
        else:
            cards[card.category] = card
            replaced.add(card.category)
    return Known(cards, frozenset(replaced), tuple(refused))


def standing(card: Guidance, environment: str) -> tuple[str, str]:
    """(code, words) of who answers for a card. Pure."""
    if not card.is_test:
        return "approved", f"{card.approved_at} {card.approver} 승인"
    if environment == "production":
        return "unapproved", "이 기관이 승인하지 않은 글입니다. 참고만 하고 책임자에게 승인을 요청하세요."
    return "test", f"{card.approved_at} {card.approver}"


@lru_cache(maxsize=4)
def _known(own: Path | None, environment: str) -> Known:
    found = known(own, environment)
    if found.refused:
        log.error("guidance_cards_refused", count=len(found.refused))  # which, and why, stands on the team's page
    if environment == "production" and (count := sum(card.is_test for card in found.cards.values())):
        log.warning("guidance_not_approved", cards=count)
    return found


def in_use() -> Known:
    """The cards of this installation; its files are read once in a process."""
    return _known(settings().guidance_dir, settings().environment)


def of_category(category: str) -> Guidance | None:
    """The card of a category, if there is one."""
    return in_use().cards.get(category)
