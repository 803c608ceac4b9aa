"""Rasa's own intent classifier as plain arrays, so that a turn knows at once which rule Rasa would follow. No Rasa in here.

``export.py`` writes the arrays when the dialogue model is trained, and refuses to if they do not say what Rasa says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = "intents.npz"
FALLBACK = "nlu_fallback"
NUMBER = re.compile(r"\b[0-9]+\b")
#: So many morphemes are remembered, none longer than this.
MOST_KEPT, LONGEST_KEPT = 4096, 20

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Counts:
    """One of Rasa's count featurizers: the n-grams it knows, each with its row of the weights."""

    analyzer: str
    shortest: int
    longest: int
    pattern: str
    rows: dict[str, int]

    def found(self, text: str) -> list[int]:
        """The rows of all n-grams of a text, once for each time that one occurs."""
        grams = re.findall(self.pattern, text) if self.analyzer == "word" else [gram for word in text.split() for gram in self._letters(word)]
        return [row for gram in grams if (row := self.rows.get(gram)) is not None]

    def _letters(self, word: str) -> list[str]:
        """As scikit-learn counts letters inside words, which it pads with spaces."""
        grams = []
        padded = f" {word} "
        for size in range(self.shortest, self.longest + 1):
            grams.append(padded[:size])
            grams += [padded[start : start + size] for start in range(1, len(padded) - size + 1)]
            if size >= len(padded):
                break  # a short word counts once
        return grams


class DialogueIntents:
    """Logistic regression over counts and the sentence vector, with Rasa's two thresholds."""

    def __init__(self, names: list[str], counts: list[Counts], weights: Floats, bias: Floats, scale: float, thresholds: tuple[float, float]) -> None:
        self.names = names
        self.counts = counts
        self.weights = weights  # a row for each n-gram, then one for each number of the vector
        self.bias = bias
        self.scale = scale
        self.thresholds = thresholds
        #: The sum of a morpheme's rows: most morphemes of a message are those of others.
        self.kept: dict[str, Floats] = {}

    def save(self, path: Path) -> None:
        """Write arrays and words into one file."""
        words = {
            "names": self.names,
            "counts": [[c.analyzer, c.shortest, c.longest, c.pattern, c.rows] for c in self.counts],
            "scale": self.scale,
            "thresholds": self.thresholds,
        }
        with path.open("wb") as file:
            np.savez_compressed(file, weights=self.weights, bias=self.bias, words=np.frombuffer(json.dumps(words).encode(), dtype=np.uint8))

    @classmethod
    def load(cls, path: Path) -> DialogueIntents | None:
        """Read them; None where there are none."""
        if not path.exists():
            return None
        with np.load(path) as arrays:
            words = json.loads(arrays["words"].tobytes())
            counts = [Counts(*each) for each in words["counts"]]
            return cls(words["names"], counts, arrays["weights"], arrays["bias"], float(words["scale"]), tuple(words["thresholds"]))

    def shares(self, forms: list[str], vector: Floats | None) -> Floats:
        """The probability of each intent, for a message's morphemes and vector."""
        logits = self.bias.astype(np.float64)
        for form in forms:
            logits += self._sum_of(form)
        if vector is not None:
            logits = logits + (vector * self.scale) @ self.weights[-len(vector) :]
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum(), dtype=np.float32)

    def _sum_of(self, form: str) -> Floats:
        """What a morpheme's n-grams add to each intent; none of them reaches into another morpheme."""
        known = self.kept.get(form)
        if known is None:
            text = NUMBER.sub("__NUMBER__", form).lower()
            known = self.weights[[row for each in self.counts for row in each.found(text)]].sum(axis=0)
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            if len(form) <= LONGEST_KEPT:
                self.kept[form] = known
        return known

    def predict(self, forms: list[str], vector: Floats | None) -> str:
        """The intent whose rule Rasa would follow; :data:`FALLBACK` where it would believe none."""
        shares = self.shares(forms, vector)
        second, first = np.partition(shares, -2)[-2:]
        least, apart = self.thresholds
        return FALLBACK if first < least or first - second < apart else self.names[int(shares.argmax())]
