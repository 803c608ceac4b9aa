"""Reads a question and a notice's likeliest sentences together: small networks over their vectors, learnt on which notices answer which questions.

Each network was learnt without some of the notices and without every question that came near those. A notice that was learnt from is judged by the network that
has never seen it, so that what thresholds are fitted on is what citizens get; any other notice by the mean of all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.settings import ROOT
from knowledge_base.index import Index
from knowledge_base.search import Question

FILE = ROOT / "models" / "search" / "judge.npz"
#: So many of the picker's likeliest sentences are read, beside the title.
SENTENCES = 4
#: Vectors of sentences are all alike; what is left without the mean is stretched to about one.
STRETCH = 20.0


@dataclass(frozen=True)
class Net:
    """Both sides turned and compared; of the sentences each hidden unit takes the one that moves it most. A row of networks at once."""

    asked: np.ndarray  # (nets, units, width)
    said: np.ndarray  # (nets, units, width)
    bias: np.ndarray  # (nets, 3, units): of the question, of the title, of a sentence
    mix: np.ndarray  # (nets, hidden, 4 · units + 1)
    mix_bias: np.ndarray  # (nets, hidden)
    out: np.ndarray  # (nets, 2 · hidden + 1): of the title, of the sentences, and alone

    def scores(self, question: np.ndarray, passages: np.ndarray) -> np.ndarray:
        """By network the log-odds that these passages answer, the title first; both sides centred and stretched."""
        turned = self.asked @ question + self.bias[:, 0]
        other = passages @ self.said.transpose(0, 2, 1) + self.bias[:, 2][:, None]
        other[:, 0] += self.bias[:, 1] - self.bias[:, 2]
        mine = np.broadcast_to(turned[:, None], other.shape)
        near = np.broadcast_to((passages @ question / (2 * STRETCH))[None, :, None], (*other.shape[:2], 1))
        seen = np.concatenate([mine, other, mine * other, np.abs(mine - other), near], axis=2)
        hidden = np.maximum(seen @ self.mix.transpose(0, 2, 1) + self.mix_bias[:, None], 0)
        both = np.concatenate([hidden[:, 0], hidden[:, 1:].max(axis=1)], axis=1)
        return np.asarray((both * self.out[:, :-1]).sum(axis=1) + self.out[:, -1])

    def only(self, number: int) -> Net:
        """One of the networks."""
        return Net(*(getattr(self, name)[number : number + 1] for name in PARTS))


PARTS = ("asked", "said", "bias", "mix", "mix_bias", "out")


@dataclass(frozen=True)
class Judge:
    """The networks, and which of them has not seen a notice."""

    net: Net
    means: np.ndarray  # (2, width): of questions, of passages
    part_of: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = FILE) -> Judge | None:
        """The committed one; None where there is none."""
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as stored:
            net = Net(*(stored[name].astype(np.float32) for name in PARTS))
            return cls(net, stored["means"].astype(np.float32), json.loads(stored["parts"].tobytes().decode("utf-8")))

    def save(self, path: Path = FILE) -> None:
        """Half precision, without pickle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self.net, name).astype(np.float16) for name in PARTS} | {"means": self.means}
        parts = json.dumps(self.part_of, sort_keys=True).encode("utf-8")
        np.savez_compressed(path, parts=np.frombuffer(parts, dtype=np.uint8), **arrays)  # type: ignore[arg-type]

    def score(self, index: Index, number: int, question: Question, likeliest: np.ndarray) -> float:
        """The log-odds that an entry answers; ``likeliest``: places of its sentences, the likeliest first. Nothing without vectors, or with others."""
        vector = question.analysis.vector
        if vector is None or index.query_vector(vector) is None or len(vector) != self.means.shape[1]:
            return 0.0
        asked, read = self.centred(vector, passages_of(index, number, likeliest))
        content = index.entries[number].notice.content
        part = next((self.part_of[name] for name in (content.id, *content.supersedes) if name in self.part_of), None)
        net = self.net if part is None else self.net.only(part)
        return float(net.scores(asked, read).mean())

    def centred(self, question: np.ndarray, passages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As the networks take them."""
        return (question - self.means[0]) * STRETCH, (passages - self.means[1]) * STRETCH


def passages_of(index: Index, number: int, likeliest: np.ndarray) -> np.ndarray:
    """The vectors that are read of an entry: its title, then its likeliest sentences."""
    return np.concatenate([index.title_vector(number)[None], index.vectors_of(number)[likeliest[:SENTENCES]]])
