"""The triage corpus: written sentences with their urgency, category, voice and tags."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from language.categories import Category, Urgency
from language.paths import ROOT

FOLDER = ROOT / "data" / "triage"


@dataclass(frozen=True)
class Example:
    """One line of the corpus."""

    id: str
    text: str
    urgency: Urgency
    category: Category
    lang: str
    tags: tuple[str, ...]
    is_trap: bool
    voice: str
    split: str

    @property
    def is_emergency(self) -> bool:
        """Whether a person must be brought in."""
        return self.urgency.is_emergency


def read(folder: Path = FOLDER) -> list[Example]:
    """Every line of every file, in the order of file names, so that training is reproducible."""
    out: list[Example] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                out.append(_example(json.loads(line)))
            except (KeyError, ValueError) as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error
    return out


def _example(data: dict[str, object]) -> Example:
    tags = data.get("tags") or []
    return Example(
        id=str(data["id"]),
        text=str(data["text"]),
        urgency=Urgency(str(data["urgency"])),
        category=Category(str(data["category"])),
        lang=str(data.get("lang", "ko")),
        tags=tuple(str(t) for t in tags) if isinstance(tags, list) else (),
        is_trap=bool(data.get("trap", False)),
        voice=str(data["voice"]),
        split=str(data["split"]),
    )
