"""Offensive words in citizens' messages, veiled on the desk until the agent wants to see them. Pure.

Only what an agent's eyes meet is veiled: what is stored, what triage reads and what an emergency is found by stay whole. A line in which triage
has seen danger, or that it has not judged yet, is never veiled, since there every word may matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.settings import ROOT
from language.categories import Urgency

FILE = ROOT / "data" / "desk" / "profanity.txt"
#: What people put between the letters of a word to slip it through.
_BETWEEN = r"[0-9*._~^\-]{0,2}"
_WORD = r"[^\W_]"
#: Triage has judged these lines, and found no danger.
CALM = frozenset({Urgency.NONE.value, Urgency.NON_URGENT.value})


@dataclass(frozen=True)
class Rule:
    """One offensive word, and where the same letters are harmless."""

    pattern: re.Pattern[str]
    exceptions: tuple[str, ...]


def read(text: str) -> list[Rule]:
    """The rules of a list."""
    rules = []
    for line in text.splitlines():
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        word, *rest = entry.split()
        at_start = word.startswith("<")
        letters = _BETWEEN.join(map(re.escape, word.removeprefix("<")))
        rules.append(Rule(re.compile((rf"(?<!{_WORD})" if at_start else "") + letters, re.IGNORECASE), tuple(one.removeprefix("!") for one in rest)))
    return rules


@lru_cache(maxsize=1)
def _rules() -> list[Rule]:
    return read(Path(FILE).read_text(encoding="utf-8"))


def _stands_there(text: str, word: str, start: int, end: int) -> bool:
    """Whether a harmless word overlaps the letters that were found."""
    first = max(0, start - len(word) + 1)
    return word in text[first : end + len(word) - 1].lower()


def spans(text: str, rules: list[Rule] | None = None) -> list[tuple[int, int]]:
    """Where offensive words stand, in order and without overlap."""
    found = []
    for rule in _rules() if rules is None else rules:
        for match in rule.pattern.finditer(text):
            if not any(_stands_there(text, word, match.start(), match.end()) for word in rule.exceptions):
                found.append(match.span())
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def pieces(text: str, urgency: str | None) -> list[tuple[str, bool]]:
    """A line in pieces, each with whether it is veiled; put together they are the line. Empty: nothing is veiled."""
    if urgency not in CALM or not (veiled := spans(text)):
        return []
    cut, at = [], 0
    for start, end in veiled:
        cut += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(part, hidden) for part, hidden in [*cut, (text[at:], False)] if part]
