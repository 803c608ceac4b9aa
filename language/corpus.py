"""The triage corpus: written sentences with their urgency, category, voice and tags."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from language.categories import Category, Urgency
from language.paths import RESOURCES, ROOT

FOLDER = ROOT / "data" / "triage"
_MARK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


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
    return [example for path in sorted(folder.glob("*.jsonl")) for example in read_file(path)]


def read_file(path: Path) -> list[Example]:
    """One file of the corpus, or what `gildongmu review export` wrote.

    :raises ValueError: a line is none of a corpus; the message names it.
    """
    out: list[Example] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            out.append(_example(json.loads(line)))
        except (KeyError, ValueError, AttributeError) as error:
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


ORDINARY = "ordinary"
DIALOGUE = "dialogue"  # tag of the dialogue's own sentences
# Ordinary talk: what the dialogue serves by itself, a lost passport included (a person is one tap away there).
_ORDINARY = {
    "greet", "goodbye", "thank", "bot_challenge", "affirm", "deny", "cancel", "help", "repeat", "correct_country", "inform", "lost_passport", "ask_person",
    "entry_rules", "ask_alarm_level", "register_alerts", "ask_notice", "complaint", "out_of_scope", "refuse_to_share", "abuse", "rate",
}  # fmt: skip


def read_nlu(folder: Path) -> list[tuple[str, str]]:
    """(intent, text) of Rasa's training files, entity marks removed; nothing when there are none."""
    import yaml

    out: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for block in data.get("nlu") or []:
            if "intent" not in block:
                continue
            for line in str(block.get("examples", "")).splitlines():
                text = _MARK.sub(r"\1", line.strip().removeprefix("-").strip())
                if text:
                    out.append((str(block["intent"]).split("/")[0], text))
    return out


def ordinary(nlu_folder: Path) -> list[Example]:
    """Further harmless examples for training: ordinary sentences of the dialogue data, and everyday talk about anything at all."""
    tags: dict[str, tuple[str, ...]] = {text: (DIALOGUE,) for intent, text in read_nlu(nlu_folder) if intent in _ORDINARY}
    for text in (RESOURCES / "everyday.txt").read_text(encoding="utf-8").split("\n"):
        if text.strip():
            tags.setdefault(text, ())
    return [Example(f"o{i:04d}", t, Urgency.NONE, Category.OTHER, "ko", tag, False, ORDINARY, "train") for i, (t, tag) in enumerate(tags.items())]


def counts(examples: list[Example]) -> str:
    """A table of what the parts hold, for the datasheet: ``python -m language.corpus``."""
    lines = ["| part | sentences | life threats | urgent | traps | other harmless | voices | languages |", "|---|---|---|---|---|---|---|---|"]
    for part in ("train", "dev", "test", "all"):
        inside = [e for e in examples if part in (e.split, "all")]
        numbers = [
            len(inside),
            sum(e.urgency == Urgency.LIFE_THREAT for e in inside),
            sum(e.urgency == Urgency.URGENT for e in inside),
            sum(e.is_trap for e in inside),
            sum(not e.is_trap and not e.is_emergency for e in inside),
            len({e.voice for e in inside}),
        ]
        langs: dict[str, int] = {}
        for e in inside:
            langs[e.lang] = langs.get(e.lang, 0) + 1
        spoken = " ".join(f"{lang} {n}" for lang, n in sorted(langs.items(), key=lambda item: -item[1]))
        lines.append(f"| {part} | {' | '.join(map(str, numbers))} | {spoken} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(counts(read()) + "\n")
