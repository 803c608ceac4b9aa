"""The low-rank adapter (LoRA, Hu et al. 2021) that bends the encoder's last layers towards danger: arrays only, merged into the graph when it is built."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from language.paths import MODELS

FOLDER = MODELS / "encoder"
FILE = "adapter.npz"


@dataclass(frozen=True)
class Adapter:
    """Pairs (a: rank × inputs, b: outputs × rank) by the name of the matrix they change ("l8.q"); layers below `first` are shared."""

    first: int
    scale: float
    factors: Mapping[str, tuple[np.ndarray, np.ndarray]]

    def merged(self, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The adapted layers' tensors: W + scale · b · a where there is a pair, everything else as it was."""
        out = dict(tensors)
        for name, (a, b) in self.factors.items():
            weight = tensors[f"{name}.w"]
            out[f"{name}.w"] = (weight.reshape(b.shape[0], a.shape[1]) + self.scale * (b @ a)).astype(np.float32).reshape(weight.shape)
        return out

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return sum(a.size + b.size for a, b in self.factors.values())

    def save(self, path: Path) -> None:
        """Half precision, without pickle."""
        arrays: dict[str, np.ndarray] = {"first": np.array(self.first), "scale": np.array(self.scale, np.float32)}
        for name, (a, b) in self.factors.items():
            arrays[f"{name}.a"], arrays[f"{name}.b"] = a.astype(np.float16), b.astype(np.float16)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load(folder: Path = FOLDER) -> Adapter | None:
    """The committed adapter, or None where there is none: triage does without."""
    path = folder / FILE
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        names = sorted(key.removesuffix(".a") for key in arrays.files if key.endswith(".a"))
        factors = {n: (arrays[f"{n}.a"].astype(np.float32), arrays[f"{n}.b"].astype(np.float32)) for n in names}
        return Adapter(int(arrays["first"]), float(arrays["scale"]), factors)


def digest(folder: Path = FOLDER) -> str:
    """What tells one adapter from another: a graph built with another one must be built again."""
    path = folder / FILE
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""
