"""What is computed once for a text and kept: its passages' words and vectors, under a key that changes with the text and the way it is cut."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.settings import ROOT
from knowledge_base.passages import Passage, split_passages
from knowledge_base.schemas import Notice
from knowledge_base.words import Analysing, words_of_texts

NO_VECTORS = "none"
#: Questions that no notice answers. A passage that is near to many of them is near to everything, and is marked down for it.
NO_ANSWER_FILE = ROOT / "models" / "search" / "no_answer.txt"
_BATCH = 32
_PROBE = "길동무 색인 확인"


@dataclass(frozen=True)
class Prepared:
    """Words and vectors of a notice's title (first) and of each passage."""

    words: list[list[str]]
    vectors: np.ndarray | None


class PassageStore(Protocol):
    """Where prepared passages are kept between starts."""

    def get(self, keys: Sequence[str], encoder: str) -> dict[str, Prepared]:
        """Those that are known."""

    def put(self, prepared: dict[str, Prepared], encoder: str) -> None:
        """Keep these."""


@dataclass(frozen=True)
class Cut:
    """A notice in pieces, and the key of what is prepared for them; cutting is slow enough to be done once."""

    notice: Notice
    pieces: tuple[Passage, ...]  # as cut from the body: none, where it has no words
    key: str

    @classmethod
    def of(cls, notice: Notice) -> Cut:
        """Cut one."""
        pieces = tuple(split_passages(notice.content.body))
        return cls(notice, pieces, text_key(index_texts(notice, pieces)))

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What can be quoted: at least the title."""
        return self.pieces or (Passage(self.notice.content.title),)


def index_texts(notice: Notice, passages: Sequence[Passage]) -> list[str]:
    """What is encoded: the title alone, then each passage behind the title and its heading, since a sentence seldom names its subject."""
    title = notice.content.title
    return [title] + [f"{title}. {p.heading + ': ' if p.heading else ''}{p.text}" for p in passages]


def text_key(texts: Sequence[str]) -> str:
    """Names a prepared record; changes with the text and with the way it is cut."""
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def encoder_name(analyser: Analysing) -> str:
    """A fingerprint of the encoder in use, so that another model never reads this one's vectors."""
    try:
        vector = analyser.encode([_PROBE], kind="passage")[0]
    except Exception:  # noqa: BLE001 - whatever is wrong with the encoder, search goes on with words alone
        return NO_VECTORS
    return hashlib.sha256(np.round(vector, 2).astype(np.float32).tobytes()).hexdigest()[:16]


def reference_texts() -> list[str]:
    """The questions that no notice answers."""
    return [line.strip() for line in NO_ANSWER_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def reference_key() -> str:
    """Names their vectors in a store."""
    return text_key(["questions without an answer", *reference_texts()])


def prepare(
    notices: Sequence[Notice], analyser: Analysing, store: PassageStore, encoder: str, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Prepared], bool]:
    """Prepared passages of all notices by key, from the store where it has them; and whether they carry vectors.

    ``encoder`` is what ``encoder_name`` says.
    """
    return prepare_cut([Cut.of(notice) for notice in notices], analyser, store, encoder, progress)


def prepare_cut(
    cuts: Sequence[Cut], analyser: Analysing, store: PassageStore, encoder: str, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Prepared], bool]:
    """The same for notices that are cut already."""
    wanted = {cut.key: cut for cut in cuts}
    own = reference_key()
    known = store.get([*wanted, own], encoder)
    if own not in known:
        texts = reference_texts()
        vectors = None if encoder == NO_VECTORS else analyser.encode(texts, kind="query").astype(np.float16)
        known[own] = Prepared([[] for _ in texts], vectors)
        store.put({own: known[own]}, encoder)
    missing = [key for key in wanted if key not in known]
    for at in range(0, len(missing), _BATCH):
        fresh: dict[str, Prepared] = {}
        for key in missing[at : at + _BATCH]:
            texts = index_texts(wanted[key].notice, wanted[key].pieces)
            vectors = None if encoder == NO_VECTORS else analyser.encode(texts, kind="passage").astype(np.float16)
            title, *passages = texts
            fresh[key] = Prepared(words_of_texts(analyser, [title, *(text[len(title) + 2 :] for text in passages)]), vectors)
        store.put(fresh, encoder)
        known.update(fresh)
        if progress:
            progress(min(at + _BATCH, len(missing)), len(missing))
    return known, encoder != NO_VECTORS
