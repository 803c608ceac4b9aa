"""Prepared passages in a file: a damaged one costs the time to compute again, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge_base.preparing import Prepared
from knowledge_base.store import FileStore

ENCODER = "e"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    store = FileStore(tmp_path)
    store.put({"a": Prepared([["수수료"]], np.ones((1, 8), dtype=np.float16))}, ENCODER)
    store.save(ENCODER, ["a"])
    return tmp_path / f"passages-{ENCODER}.npz"


def known(path: Path) -> dict[str, Prepared]:
    return FileStore(path.parent).get(["a"], ENCODER)


def test_what_was_saved_is_found(stored: Path) -> None:
    assert known(stored)["a"].words == [["수수료"]]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_file_is_as_none(stored: Path, share: float) -> None:
    raw = stored.read_bytes()
    stored.write_bytes(raw[: int(share * len(raw))])
    assert known(stored) == {}


@pytest.mark.parametrize(("mark", "offset"), [(b"PK\x01\x02", 6), (b"PK\x01\x02", 10)])
def test_an_altered_file_is_as_none(stored: Path, mark: bytes, offset: int) -> None:
    raw = bytearray(stored.read_bytes())
    raw[raw.index(mark) + offset] ^= 0x55
    stored.write_bytes(raw)
    assert known(stored) == {}


def test_a_file_of_another_kind_is_as_none(stored: Path) -> None:
    with stored.open("wb") as file:
        np.save(file, np.ones(3))
    assert known(stored) == {}
