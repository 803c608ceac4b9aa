"""Everyday and foreign words for what notices call something else: 애기 → 미성년자, "how much" → 수수료.

The lexical half of the search reads these Korean words beside the question's own; for a question in another language they are all it has.
The table is ``models/search/glossary.csv``: one concept a row, alternatives apart by ``|``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.settings import ROOT
from knowledge_base.words import Analysing, words_of_texts

GLOSSARY_FILE = ROOT / "models" / "search" / "glossary.csv"
_SPACED = ("en", "vi")


@dataclass(frozen=True)
class Glossary:
    """A pattern for each language; group ``n`` belongs to row ``n``."""

    patterns: dict[str, tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]]

    @classmethod
    def load(cls, analyser: Analysing, path: Path = GLOSSARY_FILE) -> Glossary:
        """Read the table; its Korean words are cut as the notices are."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        patterns: dict[str, list[tuple[re.Pattern[str], tuple[str, ...]]]] = {}
        for row, words in zip(rows, words_of_texts(analyser, [row.pop("korean") for row in rows]), strict=True):
            for language, cell in row.items():
                alternatives = sorted((a.strip().lower() for a in cell.split("|") if a.strip()), key=len, reverse=True)
                if alternatives:
                    start = r"(?<!\w)" if language in _SPACED else ""
                    pattern = re.compile(start + f"(?:{'|'.join(map(re.escape, alternatives))})")
                    patterns.setdefault(language, []).append((pattern, tuple(words)))
        return cls({language: tuple(rows) for language, rows in patterns.items()})

    def words(self, text: str, language: str, known: Sequence[str] = ()) -> tuple[str, ...]:
        """Korean words for what the text says otherwise, without those it has already."""
        text = text.lower()
        found: dict[str, None] = {}
        for pattern, words in self.patterns.get(language, ()):
            if pattern.search(text):
                found.update(dict.fromkeys(words))
        return tuple(word for word in found if word not in known)
