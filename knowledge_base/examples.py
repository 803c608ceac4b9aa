"""Questions that are known to belong to a notice: a new question is also compared with those, since people ask alike where notices are worded otherwise.

A notice without such questions is judged by its own words alone. The vectors are committed (``models/search/examples.npz``), so no start computes them.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.logging import get
from core.settings import ROOT
from knowledge_base.question_map import ANY_FILE, QuestionMap
from knowledge_base.words import Analysing

log = get(__name__)

FILE = ROOT / "models" / "search" / "examples.npz"
#: The likeness to a notice is the mean over so many of its nearest questions: one that is near by chance does not decide.
NEAREST = 3
#: So many of the nearest known questions of all vote for their notices.
VOTERS = 10
#: The name under which questions stand that no notice answers.
NO_NOTICE = ""
#: One of the known questions asked word for word must not vouch for itself while weights are fitted.
ITSELF = 0.9985
#: Below this the encoder in use is another one than that of the file, and its vectors mean nothing here.
SAME_ENCODER = 0.97


@dataclass(frozen=True)
class Likeness:
    """How near a question is to the known questions of a notice."""

    score: float  # in standard deviations from the mean over all notices that have some
    cosine: float
    votes: float = 0.0  # which share of the nearest known questions of all are its own
    is_few: bool = False  # only editors' few test questions are known, so they may speak for the notice and not against it


class Likenesses(Mapping[str, Likeness]):
    """By notice, how near a question is to its known questions; ``scores`` and ``cosines`` hold the same by place, for who looks at many."""

    def __init__(self, places: Mapping[str, int], scores: np.ndarray, cosines: np.ndarray, votes: np.ndarray, is_few: np.ndarray) -> None:
        #: One and the same object for all questions, so that what is derived from it can be kept.
        self.places = places
        self.scores = scores
        self.cosines = cosines
        self.votes = votes
        self.is_few = is_few

    def __getitem__(self, name: str) -> Likeness:
        place = self.places[name]
        return Likeness(float(self.scores[place]), float(self.cosines[place]), float(self.votes[place]), bool(self.is_few[place]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


class Examples:
    """Vectors of known questions, grouped by notice."""

    def __init__(
        self,
        names: Sequence[str] = (),
        owner: np.ndarray | None = None,
        vectors: np.ndarray | None = None,
        question_map: QuestionMap | None = None,
        any_map: QuestionMap | None = None,
    ) -> None:
        self.names = tuple(names)
        self._places_of = {name: place for place, name in enumerate(self.names)}
        self._map = question_map
        self._any_map = any_map
        self._is_few = np.zeros(len(self.names), dtype=bool)
        # A vector for each column: what a question is compared with most costs a quarter less this way round, and is held once.
        self._columns = np.ascontiguousarray(np.zeros((0, 0), np.float32) if vectors is None else np.asarray(vectors, dtype=np.float32).T)
        self._vectors = self._columns.T
        owner = self._owner = np.zeros(0, np.int64) if owner is None else owner
        rows = [np.flatnonzero(owner == number) for number in range(len(self.names))]
        # Those that no notice answers are many, and stand apart: a table as wide as they are would be mostly empty.
        self._nothing = self.names.index(NO_NOTICE) if NO_NOTICE in self.names else None
        self._unanswered = rows[self._nothing] if self._nothing is not None else np.zeros(0, np.int64)
        if self._nothing is not None:
            rows[self._nothing] = rows[self._nothing][:NEAREST]
        longest = max((len(own) for own in rows), default=0)
        # Short rows are filled with a place behind the last vector, whose score is lower than any.
        self._places = np.full((len(rows), longest), len(self._vectors))
        for number, own in enumerate(rows):
            self._places[number, : len(own)] = own

    @classmethod
    def of(cls, asked: Mapping[str, np.ndarray]) -> Examples:
        """From the vectors of each notice's questions."""
        names = sorted(name for name, vectors in asked.items() if len(vectors))
        owner = np.repeat(np.arange(len(names)), [len(asked[name]) for name in names])
        return cls(names, owner, np.concatenate([asked[name] for name in names]) if names else None)

    def with_own(self, asked: Mapping[str, np.ndarray]) -> Examples:
        """With the vectors of questions that editors wrote for their notices beside the committed ones."""
        width = self._vectors.shape[1]
        own = {name: vectors for name, vectors in sorted(asked.items()) if len(vectors) and (not width or vectors.shape[1] == width)}
        if not own:
            return self
        names = [*self.names, *(name for name in own if name not in self._places_of)]
        place = {name: number for number, name in enumerate(names)}
        owner = np.concatenate([self._owner, *(np.full(len(vectors), place[name]) for name, vectors in own.items())])
        known = [self._vectors] if width else []
        joined = Examples(names, owner, np.concatenate([*known, *own.values()]), self._map, self._any_map)
        joined._is_few = np.array([name not in self._places_of for name in names])
        return joined

    @classmethod
    def load(cls, analyser: Analysing, path: Path = FILE) -> Examples:
        """The committed ones; none when there is no file, when it is damaged, or when the encoder in use is not the one that it was made with."""
        if not path.is_file():
            return cls()
        try:
            with np.load(path, allow_pickle=False) as stored:
                about = json.loads(stored["about"].tobytes().decode("utf-8"))
                owner, vectors = stored["owner"].astype(np.int64), stored["vectors"].astype(np.float32)
            question_map, any_map = QuestionMap.load(), QuestionMap.load(ANY_FILE)
            names, is_whole = list(about["names"]), len(owner) == len(vectors) > 0 and int(owner.max()) < len(about["names"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            log.error("known_questions_unreadable", error=type(error).__name__)
            return cls()
        if not is_whole:
            log.error("known_questions_unreadable", error="incomplete")
            return cls()
        try:
            probe = np.asarray(analyser.encode([about["probe"]], kind="query")[0])
        except Exception:  # noqa: BLE001 - whatever is wrong with the encoder, search goes on with words alone
            return cls()
        if len(probe) != vectors.shape[1] or float(probe @ vectors[0]) < SAME_ENCODER:
            return cls()
        return cls(names, owner, vectors, question_map, any_map)

    def turned(self, vector: np.ndarray | None) -> np.ndarray | None:
        """The question's vector turned towards the passages that answer questions like it."""
        return _applied(self._map, vector)

    def toward(self, vector: np.ndarray | None) -> np.ndarray | None:
        """The question's vector turned towards passages that answer, whatever notice they are of."""
        return _applied(self._any_map, vector)

    def likeness(self, vector: np.ndarray | None, *, without_itself: bool = False) -> Mapping[str, Likeness]:
        """For each notice that has questions (and for no notice at all), how near they are to this one."""
        if vector is None or len(self.names) < 2 or self._vectors.shape[1] != len(vector):
            return {}
        cosines = np.asarray(vector, dtype=np.float32) @ self._columns
        if without_itself:
            cosines[cosines > ITSELF] = -np.inf
        best = _highest(np.append(cosines, np.float32(-np.inf))[self._places])
        if self._nothing is not None:
            few = _highest(cosines[None, self._unanswered])
            best[: len(few), self._nothing] = few[:, 0]
        known = np.isfinite(best)
        mean = np.where(known, best, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        # Of an editor's handful each stands for itself.
        mean = np.where(self._is_few, best.max(axis=0), mean)
        apart = mean - mean.mean()
        spread = float(np.sqrt(apart @ apart / len(apart))) or 1.0
        return Likenesses(self._places_of, apart / spread, mean, self._votes(cosines, best), self._is_few)

    def _votes(self, cosines: np.ndarray, best: np.ndarray) -> np.ndarray:
        few = min(VOTERS, len(cosines))
        # So many of the best of each notice are known already: what votes is no further away than those.
        floor = float(np.partition(best, -few, axis=None)[-few]) if few <= best.size else -np.inf
        near = np.flatnonzero(cosines >= floor)
        nearest = near[np.argsort(cosines[near], kind="stable")[-few:]]
        return np.bincount(self._owner[nearest], minlength=len(self.names)) / few


def _applied(known: QuestionMap | None, vector: np.ndarray | None) -> np.ndarray | None:
    return None if vector is None or known is None or len(vector) != len(known.bias) else known.apply(np.asarray(vector, dtype=np.float32))


def _highest(scores: np.ndarray) -> np.ndarray:
    """The few highest of each row, in no order: a column for each row, since columns add up faster, in double precision."""
    highest = scores if scores.shape[1] <= NEAREST else np.partition(scores, -NEAREST, axis=1)[:, -NEAREST:]
    return highest.T.astype(np.float64, order="C")


def save(asked: Sequence[tuple[str, str, np.ndarray]], analyser: Analysing, path: Path = FILE) -> None:
    """Write (notice, question, its vector); the analyser only makes the probe that tells its encoder from others."""
    names = sorted({name for name, _, _ in asked})
    ordered = sorted(asked, key=lambda one: names.index(one[0]))
    vectors = np.array([vector for _, _, vector in ordered], dtype=np.float16)
    owner = np.array([names.index(name) for name, _, _ in ordered], dtype=np.int16)
    # The probe goes another way to its vector than a message does, so it is stored as the encoder alone gives it.
    probe = ordered[0][1]
    vectors[0] = analyser.encode([probe], kind="query")[0]
    about = json.dumps({"names": names, "probe": probe}, ensure_ascii=False).encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, about=np.frombuffer(about, dtype=np.uint8), owner=owner, vectors=vectors)
