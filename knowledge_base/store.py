"""Prepared passages between starts: in memory (filled from the database), or in a file beside the built models for ``ask``."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge_base.preparing import Prepared

#: What reading a cut or altered file raises.
_DAMAGED = (OSError, ValueError, KeyError, EOFError, TypeError, NotImplementedError, zlib.error, zipfile.BadZipFile)


class MemoryStore:
    """Holds what is known and remembers what came new, for the caller to save."""

    def __init__(self, known: dict[str, Prepared] | None = None) -> None:
        self.known = dict(known or {})
        self.fresh: dict[str, Prepared] = {}

    def get(self, keys: Sequence[str], encoder: str) -> dict[str, Prepared]:
        """Those that are known; the caller filled this store for one encoder."""
        return {key: self.known[key] for key in keys if key in self.known}

    def put(self, prepared: dict[str, Prepared], encoder: str) -> None:
        """Keep these."""
        self.known.update(prepared)
        self.fresh.update(prepared)


class FileStore(MemoryStore):
    """One file for each encoder; a damaged or unwritable file only costs the time to compute again."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._loaded = ""

    def _path(self, encoder: str) -> Path:
        return self.folder / f"passages-{encoder}.npz"

    def get(self, keys: Sequence[str], encoder: str) -> dict[str, Prepared]:
        """Those in the file."""
        if self._loaded != encoder:
            self._loaded = encoder
            with contextlib.suppress(*_DAMAGED):
                self.known.update(self._read(self._path(encoder)))
        return super().get(keys, encoder)

    @staticmethod
    def _read(path: Path) -> dict[str, Prepared]:
        with np.load(path, allow_pickle=False) as stored:
            records = json.loads(stored["words"].tobytes().decode("utf-8"))
            vectors = stored["vectors"]
        found: dict[str, Prepared] = {}
        at = 0
        for key, words in records:
            found[key] = Prepared(words, vectors[at : at + len(words)] if len(vectors) else None)
            at += len(words)
        return found

    def save(self, encoder: str, keys: Sequence[str]) -> None:
        """Write the file anew with these records, if anything is new; a reader sees the old file or the new one."""
        if not self.fresh:
            return
        records = [(key, self.known[key]) for key in keys]
        words = json.dumps([[key, p.words] for key, p in records], ensure_ascii=False).encode("utf-8")
        matrices = [p.vectors for _, p in records if p.vectors is not None]
        vectors = np.concatenate(matrices) if len(matrices) == len(records) and matrices else np.zeros((0, 0), dtype=np.float16)
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".passages-", suffix=".npz")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, words=np.frombuffer(words, dtype=np.uint8), vectors=vectors)
                os.replace(temporary, self._path(encoder))
            except OSError:
                os.unlink(temporary)
                raise
        self.fresh.clear()
