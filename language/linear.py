"""Linear heads over one message's features, kept as plain arrays: what training fits and the running program multiplies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from language.features import DIMENSIONS, Sparse, letter_features, morpheme_features
from language.morphology import Token

# Length given to the centred encoder vector beside the n-gram blocks of length 1; 1.0 was best of 1, 1.5, 2 and 3 on held-out voices.
ENCODER_WEIGHT = 1.0


@dataclass(frozen=True)
class Features:
    """One text ready for the heads; `dense` and `adapted` are None where there is no such vector."""

    dense: np.ndarray | None
    letters: Sparse
    morphemes: Sparse
    adapted: np.ndarray | None = None


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """e5's vectors share one strong direction; without it the differences are what remains."""
    moved = vectors - mean
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    return np.asarray(ENCODER_WEIGHT * moved / np.maximum(norms, 1e-6), dtype=np.float32)


def features(text: str, tokens: Sequence[Token], vector: np.ndarray | None, mean: np.ndarray, adapted: np.ndarray | None = None) -> Features:
    """The blocks for one text."""
    dense = None if vector is None or vector.shape != mean.shape else centred(vector, mean)
    return Features(dense, letter_features(text), morpheme_features(tokens), adapted if dense is not None else None)


BLOCKS = ("adapted", "dense", "letters", "morphemes")


@dataclass(frozen=True, kw_only=True)
class Head:
    """Weights of one classifier: a row for each output, a block for each kind of feature; a block it has not learnt is None."""

    bias: np.ndarray
    adapted: np.ndarray | None = None
    dense: np.ndarray | None = None
    letters: np.ndarray | None = None
    morphemes: np.ndarray | None = None

    def score(self, x: Features) -> np.ndarray:
        """Logits; what is missing on either side contributes nothing."""
        out = self.bias.astype(np.float32)
        for weights, vector in ((self.adapted, x.adapted), (self.dense, x.dense)):
            if weights is not None and vector is not None:
                out = out + weights @ vector
        for weights, (index, weight) in ((self.letters, x.letters), (self.morphemes, x.morphemes)):
            if weights is not None:
                out = out + weights[:, index] @ weight
        return np.asarray(out)

    @classmethod
    def from_coefficients(cls, coefficients: np.ndarray, bias: np.ndarray, dim: int) -> Head:
        """Split a fitted matrix (dense, letters, morphemes side by side) into its blocks."""
        low, high = dim, dim + DIMENSIONS
        return cls(dense=coefficients[:, :low], letters=coefficients[:, low:high], morphemes=coefficients[:, high:], bias=bias)

    def scaled(self, factor: float) -> Head:
        """The head whose scores are so many times this one's."""
        return Head(bias=factor * self.bias, **{b: None if getattr(self, b) is None else factor * getattr(self, b) for b in BLOCKS})

    def plus(self, other: Head) -> Head:
        """The head whose scores are the sum of both; their blocks must not overlap."""
        blocks = {}
        for block in BLOCKS:
            mine, others = getattr(self, block), getattr(other, block)
            if mine is not None and others is not None:
                raise ValueError(f"both heads have weights for {block}")
            blocks[block] = mine if mine is not None else others
        return Head(bias=self.bias + other.bias, **blocks)

    def rows(self, places: Sequence[int], minus: Sequence[int] | None = None) -> Head:
        """The head of some outputs, or of the differences between outputs."""

        def chosen(block: np.ndarray) -> np.ndarray:
            return block[list(places)] if minus is None else block[list(places)] - block[list(minus)]

        return Head(bias=chosen(self.bias), **{b: None if getattr(self, b) is None else chosen(getattr(self, b)) for b in BLOCKS})


def save_heads(path: Path, heads: Mapping[str, Head], mean: np.ndarray) -> None:
    """Half-precision arrays in one .npz without pickle."""
    arrays: dict[str, np.ndarray] = {"mean": mean.astype(np.float32)}
    for name, head in heads.items():
        for block in BLOCKS:
            if (weights := getattr(head, block)) is not None:
                arrays[f"{name}.{block}"] = weights.astype(np.float16)
        arrays[f"{name}.bias"] = head.bias.astype(np.float32)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load_heads(path: Path) -> tuple[dict[str, Head], np.ndarray]:
    """Heads by name, and the mean vector."""
    with np.load(path, allow_pickle=False) as arrays:
        # Columns of the sparse blocks are gathered by index: Fortran order keeps each gather on one cache line.
        found = {key: np.asfortranarray(arrays[key].astype(np.float32)) for key in arrays.files if "." in key}
        names = sorted({key.split(".")[0] for key in found})
        heads = {n: Head(bias=found[f"{n}.bias"], **{b: found[f"{n}.{b}"] for b in BLOCKS if f"{n}.{b}" in found}) for n in names}
        return heads, arrays["mean"].astype(np.float32)
