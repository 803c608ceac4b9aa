"""Real everyday sentences (3i4K, CC BY-SA 4.0): for measuring false alarms, and as harmless examples in training.

They are read where the operator has them, never copied. A folder holds `fci_train_val.txt` and `fci_test.txt`; training reads the first and never a
sentence of the second, measuring reads the second.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from language.categories import Category, Urgency
from language.corpus import ORDINARY, Example
from language.paths import ROOT

Part = Literal["train", "test"]
FILES: dict[Part, str] = {"train": "fci_train_val.txt", "test": "fci_test.txt"}
# Fingerprints of sentences that a careful reader would be alarmed by: no false alarms, and no harmless examples. Looked for among what triage flagged,
# in the test part and in what training reads.
ALARMING = ROOT / "data" / "eval" / "everyday_alarming.txt"
SAMPLE = 25_000  # from the front of the shuffled train part: what is learnt
DEV_SAMPLE = 1500  # after it: where thresholds are set
SEED = 20261122


def fingerprint(text: str) -> str:
    """Names a sentence without quoting it."""
    return hashlib.sha256(text.encode("utf-8", "ignore")).hexdigest()[:16]


def _lines(path: Path) -> list[str]:
    """Sentences, one a line; a label before a tab is dropped."""
    return [text for line in path.read_text(encoding="utf-8").splitlines() if (text := line.split("\t")[-1].strip())]


def _texts(path: Path, part: Part) -> list[str]:
    if not path.is_dir():
        return list(dict.fromkeys(_lines(path)))
    other = set(_lines(path / FILES["test"])) if part == "train" else set()
    return [text for text in dict.fromkeys(_lines(path / FILES[part])) if text not in other]


def _harmless(texts: Sequence[str]) -> list[str]:
    skipped = set(ALARMING.read_text(encoding="ascii").split()) if ALARMING.is_file() else set()
    return [text for text in texts if fingerprint(text) not in skipped]


def read(path: Path, part: Part = "test") -> list[str]:
    """The part's sentences once each, without the alarming ones; a file is read as it is, whatever part is asked for.

    :raises FileNotFoundError: when the folder lacks a file.
    """
    return _harmless(_texts(path, part))


def examples(path: Path | None, split: Literal["train", "dev"] = "train") -> list[Example]:
    """Harmless examples out of the train part, always the same ones; none without a path."""
    if path is None:
        return []
    texts = _texts(path, "train")
    random.Random(SEED).shuffle(texts)  # noqa: S311 - a sample, no secret
    chosen = texts[:SAMPLE] if split == "train" else texts[SAMPLE : SAMPLE + DEV_SAMPLE]
    return [Example(f"w{i:05d}", t, Urgency.NONE, Category.OTHER, "ko", (), False, ORDINARY, split) for i, t in enumerate(_harmless(chosen))]
