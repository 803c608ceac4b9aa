"""Letters as numbers: hashed n-grams of syllables, jamo and morphemes, without a vocabulary and the same on every machine."""

from __future__ import annotations

import itertools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from language.morphology import Token

DIMENSIONS = 1 << 14
_MASK = 0xFFFFFFFF
_PRIME = 1000003
_MIX = np.uint64(0x9E3779B97F4A7C15)
_WORD_GAP = re.compile(r"[\s.,!?~…·\"'()]+")
_SYLLABLES = re.compile("[\uac00-\ud7a3]+")
_LONGEST = 2000
# Tags whose form says something about danger or time; names and numbers only invite learning places by heart.
_TAGS = ("VV", "VA", "VX", "VCN", "NNG", "NNB", "MAG", "EP", "EC", "EF", "ETM", "IC", "NR", "XR", "MM", "NP", "JX")


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "ignore"), dtype="<u4").astype(np.uint64)


def _jamo(text: str) -> np.ndarray:
    """Syllables taken apart into initial, vowel and final, so that a misspelt vowel costs one letter and not a word."""
    return _codes(_SYLLABLES.sub(lambda run: unicodedata.normalize("NFD", run.group()), text))


def _grams(codes: np.ndarray, sizes: Sequence[int], salt: int) -> list[np.ndarray]:
    """Hashes of all windows of the given sizes: a polynomial of the codes, which the next size takes a step further, plus what the size begins with."""
    out = []
    window = np.zeros(0, dtype=np.uint64)
    power = 1
    for size in range(1, min(max(sizes), len(codes)) + 1):
        power = power * _PRIME & _MASK
        # Beyond 64 bits it wraps around, which the last 32 do not notice.
        window = window[:-1] * np.uint64(_PRIME) + codes[size - 1 :] if size > 1 else codes
        if size in sizes:
            out.append(window + np.uint64((salt * 97 + size) * power & _MASK))
    return out


def _weigh(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices and weights of unit length: a feature counts once, however often it is repeated."""
    # What np.unique gives, in a third of its time.
    indices = np.sort(hashes.astype(np.int64))
    indices = indices[np.diff(indices, prepend=-1) > 0]
    return indices, np.full(len(indices), 1.0 / np.sqrt(max(len(indices), 1)), dtype=np.float32)


def letter_features(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Syllable 1- to 4-grams across spaces, and jamo 4- to 6-grams."""
    text = _WORD_GAP.sub(" ", re.sub(r"\d", "0", text[:_LONGEST].lower())).strip()
    # Without spaces: half of what people send in a hurry has none.
    unspaced = "^" + text.replace(" ", "") + "$"
    hashed = np.concatenate([*_grams(_codes(unspaced), (1, 2, 3, 4), 1), *_grams(_jamo(unspaced), (4, 6), 2)])
    return _weigh((((hashed & np.uint64(_MASK)) * _MIX) >> np.uint64(33)) % np.uint64(DIMENSIONS))


def morpheme_features(tokens: Sequence[Token]) -> tuple[np.ndarray, np.ndarray]:
    """Morphemes and their pairs: endings carry what matters (going on now, over, only asked)."""
    forms = [f"{t.form}/{t.tag[:2]}" if t.tag.startswith(_TAGS) else t.tag[:2] for t in tokens[:400]]
    keys = [f for f in forms if "/" in f] + [f"{a} {b}" for a, b in itertools.pairwise(forms)]
    if not keys:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    return _weigh(np.array([zlib.crc32(k.encode("utf-8", "ignore")) % DIMENSIONS for k in keys]))


Sparse = tuple[np.ndarray, np.ndarray]


def stack(rows: Sequence[Sparse]) -> Any:
    """A SciPy matrix of feature rows, for training only."""
    from scipy.sparse import csr_matrix

    starts = np.cumsum([0] + [len(r[0]) for r in rows])
    return csr_matrix((np.concatenate([r[1] for r in rows]), np.concatenate([r[0] for r in rows]), starts), shape=(len(rows), DIMENSIONS))
