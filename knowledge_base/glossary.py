"""Everyday and foreign words for what notices call something else: 애기 → 미성년자, "how much" → 수수료.

The lexical half of the search reads these Korean words beside the question's own; for a question in another language they are all it has.
The table is ``models/search/glossary.csv``: one concept a row, alternatives apart by ``|``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.settings import ROOT
from knowledge_base.words import Analysing, words_of_texts

GLOSSARY_FILE = ROOT / "models" / "search" / "glossary.csv"
_SPACED = ("en", "vi")


@dataclass(frozen=True)
class Rows:
    """The concepts of one language: a pattern for each, and which of them may stand in a text that has certain two letters next to each other."""

    patterns: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    by_start: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, language: str, concepts: Iterable[tuple[str, Sequence[str]]]) -> Rows:
        """From cells of the table and their Korean words."""
        patterns: list[tuple[re.Pattern[str], tuple[str, ...]]] = []
        by_start: dict[str, tuple[int, ...]] = {}
        before = r"(?<!\w)" if language in _SPACED else ""
        for cell, words in concepts:
            alternatives = sorted((a.strip().lower() for a in cell.split("|") if a.strip()), key=len, reverse=True)
            if not alternatives:
                continue
            for start in {alternative[:2] for alternative in alternatives}:
                by_start[start] = (*by_start.get(start, ()), len(patterns))
            patterns.append((re.compile(before + f"(?:{'|'.join(map(re.escape, alternatives))})"), tuple(words)))
        return cls(tuple(patterns), by_start)

    def found(self, text: str) -> Iterator[tuple[str, ...]]:
        """The words of each concept that the text names, in the table's order."""
        starts = {text[at : at + 2] for at in range(len(text))} | set(text)
        # Most concepts need not be tried: hundreds of patterns cost more than the search that follows.
        for number in sorted({number for start in starts & self.by_start.keys() for number in self.by_start[start]}):
            pattern, words = self.patterns[number]
            if pattern.search(text):
                yield words


@dataclass(frozen=True)
class Glossary:
    """The table's rows by language."""

    rows: Mapping[str, Rows]

    @classmethod
    def load(cls, analyser: Analysing, path: Path = GLOSSARY_FILE) -> Glossary:
        """Read the table; its Korean words are cut as the notices are."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        words = words_of_texts(analyser, [row.pop("korean") for row in rows])
        languages = dict.fromkeys(language for row in rows for language in row)
        return cls({language: Rows.of(language, [(row[language], own) for row, own in zip(rows, words, strict=True)]) for language in languages})

    def words(self, text: str, language: str, known: Sequence[str] = ()) -> tuple[str, ...]:
        """Korean words for what the text says otherwise, without those it has already."""
        rows = self.rows.get(language)
        if rows is None:
            return ()
        found = dict.fromkeys(word for words in rows.found(text.lower()) for word in words)
        return tuple(word for word in found if word not in known)
