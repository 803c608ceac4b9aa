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
    """One text ready for the heads; `dense` is None when there is no vector."""

    dense: np.ndarray | None
    letters: Sparse
    morphemes: Sparse


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """e5's vectors share one strong direction; without it the differences are what remains."""
    moved = vectors - mean
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    return np.asarray(ENCODER_WEIGHT * moved / np.maximum(norms, 1e-6), dtype=np.float32)


def features(text: str, tokens: Sequence[Token], vector: np.ndarray | None, mean: np.ndarray) -> Features:
    """The three blocks for one text."""
    dense = None if vector is None or vector.shape != mean.shape else centred(vector, mean)
    return Features(dense, letter_features(text), morpheme_features(tokens))


@dataclass(frozen=True)
class Head:
    """Weights of one classifier: a row for each output."""

    dense: np.ndarray
    letters: np.ndarray
    morphemes: np.ndarray
    bias: np.ndarray

    def score(self, x: Features) -> np.ndarray:
        """Logits; a missing vector contributes nothing."""
        out = self.bias.astype(np.float32)
        if x.dense is not None:
            out = out + self.dense @ x.dense
        index, weight = x.letters
        out = out + self.letters[:, index] @ weight
        index, weight = x.morphemes
        return np.asarray(out + self.morphemes[:, index] @ weight)

    @classmethod
    def from_coefficients(cls, coefficients: np.ndarray, bias: np.ndarray, dim: int) -> Head:
        """Split a fitted matrix (dense, letters, morphemes side by side) into its blocks."""
        low, high = dim, dim + DIMENSIONS
        return cls(coefficients[:, :low], coefficients[:, low:high], coefficients[:, high:], bias)


def save_heads(path: Path, heads: Mapping[str, Head], mean: np.ndarray) -> None:
    """Half-precision arrays in one .npz without pickle."""
    arrays: dict[str, np.ndarray] = {"mean": mean.astype(np.float32)}
    for name, head in heads.items():
        for part in ("dense", "letters", "morphemes"):
            arrays[f"{name}.{part}"] = getattr(head, part).astype(np.float16)
        arrays[f"{name}.bias"] = head.bias.astype(np.float32)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load_heads(path: Path) -> tuple[dict[str, Head], np.ndarray]:
    """Heads by name, and the mean vector."""
    with np.load(path, allow_pickle=False) as arrays:
        names = {key.split(".")[0] for key in arrays.files if "." in key}
        heads = {}
        for name in names:
            parts = [arrays[f"{name}.{part}"].astype(np.float32) for part in ("dense", "letters", "morphemes", "bias")]
            # Columns are gathered by index: Fortran order keeps each gather on one cache line.
            heads[name] = Head(parts[0], np.asfortranarray(parts[1]), np.asfortranarray(parts[2]), parts[3])
        return heads, arrays["mean"].astype(np.float32)
