"""Everything the program knows about a message, computed once: language, morphemes, entities and sentence vector."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language.cues import has_cue
from language.detect import detect
from language.entities import ENTITIES, Entity
from language.morphology import MORPHEMES, Morphology, Token
from language.normalise import normalise
from language.recent import Recent

if TYPE_CHECKING:
    from language.encoder import Encoder

LONGEST_TEXT = 2000  # characters read for morphemes, entities and language; beyond it, head and tail
LONGEST_INPUT = 100_000  # nothing is looked at beyond this
WINDOW = 200  # characters; a longer text is also judged in windows, so that danger in its middle is not averaged away
MOST_ENCODED_WINDOWS = 24
REMEMBERED = 4096  # texts whose morphemes and entities are kept
_SENTENCE = re.compile(r"[^.!?。！？\n]*[.!?。！？\n]+|[^.!?。！？\n]+$")


@dataclass(frozen=True, eq=False)
class Analysis:
    """One analysed message; spans refer to `normalised`. `vector` is None when no encoder could be used."""

    text: str
    normalised: str
    language: str
    tokens: tuple[Token, ...] = ()
    vector: np.ndarray | None = None
    # The vector adapted to triage; None where the encoder in use carries no adapter.
    adapted: np.ndarray | None = None
    entities: tuple[Entity, ...] = ()
    windows: tuple[str, ...] = ()
    # Row i belongs to windows[window_rows[i]]; windows beyond the limit have no vector and are judged by their letters alone.
    window_vectors: np.ndarray | None = None
    window_adapted: np.ndarray | None = None
    window_rows: tuple[int, ...] = ()
    window_tokens: tuple[tuple[Token, ...], ...] = ()

    @property
    def countries(self) -> tuple[str, ...]:
        """ISO codes named, directly or by a city, in order of mention."""
        return tuple(dict.fromkeys(e.country for e in self.entities if e.country))

    def to_metadata(self) -> dict[str, Any]:
        """A JSON-ready form for Rasa's message metadata: the windows stay behind, triage is over by then."""
        return {
            "version": 1,
            "text": self.text.encode("utf-8", "ignore").decode("utf-8"),
            "normalised": self.normalised,
            "language": self.language,
            "tokens": [[t.form, t.tag, t.start, t.end] for t in self.tokens],
            "entities": [e.to_dict() for e in self.entities],
            "vector": None if self.vector is None else base64.b64encode(self.vector.astype("<f2").tobytes()).decode("ascii"),
        }

    @classmethod
    def from_metadata(cls, data: Mapping[str, Any]) -> Analysis:
        """The inverse of `to_metadata`, up to half precision."""
        raw = data.get("vector")
        return cls(
            text=data["text"],
            normalised=data["normalised"],
            language=data["language"],
            tokens=tuple(Token(str(f), str(t), int(s), int(e)) for f, t, s, e in data["tokens"]),
            vector=None if raw is None else np.frombuffer(base64.b64decode(raw), dtype="<f2").astype(np.float32),
            entities=tuple(Entity.from_dict(e) for e in data["entities"]),
        )


def clip(text: str, longest: int = LONGEST_TEXT) -> str:
    """Head and tail of a text that is too long: people begin with who they are and end with what they want."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return text[: longest - tail - 1] + "\n" + text[-tail:]


def encoder_text(normalised: str) -> str:
    """What the encoder reads of a whole message, before spaces are put back; training must read the same."""
    return clip(normalised, 4 * WINDOW)


def split_windows(text: str, size: int = WINDOW) -> tuple[str, ...]:
    """Sentences gathered up to `size` characters; a longer sentence is cut with an overlap of a quarter."""
    if len(text) <= size:
        return ()
    windows: list[str] = []
    current = ""
    for match in _SENTENCE.finditer(text):
        sentence = match.group()
        if len(current) + len(sentence) <= size:
            current += sentence
            continue
        if current.strip():
            windows.append(current.strip())
        while len(sentence) > size:
            windows.append(sentence[:size].strip())
            sentence = sentence[size - size // 4 :]
        current = sentence
    if current.strip():
        windows.append(current.strip())
    return tuple(windows)


def windows_to_encode(windows: Sequence[str], most: int = MOST_ENCODED_WINDOWS) -> tuple[int, ...]:
    """All, or in a very long text: those with a cue of danger first, then the ends, then evenly between."""
    if len(windows) <= most:
        return tuple(range(len(windows)))
    chosen = [i for i, window in enumerate(windows) if has_cue(window)][: most - 4]
    ends = [0, 1, len(windows) - 2, len(windows) - 1]
    even = np.linspace(0, len(windows) - 1, most).astype(int).tolist()
    return tuple(sorted(list(dict.fromkeys(chosen + ends + even))[:most]))


class Analyser:
    """Kiwi and spaCy once, the encoder once for each batch; meant for one worker thread, harmless from several."""

    def __init__(self, morphology: Morphology, encoder: Encoder | None, degraded: str | None = None) -> None:
        self.morphology = morphology
        self.encoder = encoder
        # Why there are no vectors, in one word for the health page; None when all is well.
        self.degraded = degraded
        # The encoder computes outside the interpreter's lock: meanwhile this thread takes the words apart.
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._read: Recent[tuple[tuple[Token, ...], tuple[Entity, ...]]] = Recent(REMEMBERED)

    @classmethod
    def load(cls, encoder_folder: str | Path | None = None, *, threads: int = 1, with_encoder: bool = True) -> Analyser:
        """Load everything. A missing or broken encoder leaves `degraded` set: danger is then judged without it."""
        from language.encoder import load_encoder

        encoder: Encoder | None = None
        degraded: str | None = None if with_encoder else "encoder_off"
        if with_encoder:
            try:
                encoder = load_encoder(encoder_folder, threads=threads)
                encoder.encode(["확인"])
            except Exception as error:  # noqa: BLE001 - triage must go on without vectors, whatever is wrong with them
                encoder, degraded = None, f"encoder_{type(error).__name__}"
        return cls(Morphology.load(), encoder, degraded)

    def encode(self, texts: Sequence[str], kind: str = "query") -> np.ndarray:
        """Vectors of texts that need no analysis (notices); raises when there is no encoder."""
        if self.encoder is None:
            raise RuntimeError(f"no encoder: {self.degraded}")
        return self.encoder.encode(texts, "passage" if kind == "passage" else "query")

    def _vectors(self, texts: Sequence[str]) -> tuple[np.ndarray | None, np.ndarray | None]:
        if self.encoder is None:
            return None, None
        try:
            vectors, adapted = self.encoder.encode_twice(texts)
        except Exception as error:  # noqa: BLE001 - as in load: no vector is better than no triage
            self.degraded = f"encoder_{type(error).__name__}"
            return None, None
        if not np.isfinite(vectors).all() or (adapted is not None and not np.isfinite(adapted).all()):
            self.degraded = "encoder_not_finite"
            return None, None
        return vectors, adapted

    def _morphemes_and_entities(self, texts: Sequence[str]) -> list[tuple[tuple[Token, ...], tuple[Entity, ...]]]:
        return [(doc.user_data[MORPHEMES], doc.user_data[ENTITIES]) for doc in self.morphology.docs(texts)]

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """One analysis for each text, in order."""
        normalised = [normalise(text[:LONGEST_INPUT]) for text in texts]
        windows = [split_windows(text) for text in normalised]
        rows = [windows_to_encode(w) for w in windows]
        queue = [encoder_text(text) for text in normalised]
        for text_windows, text_rows in zip(windows, rows, strict=True):
            queue.extend(text_windows[row] for row in text_rows)
        encoding = self._beside.submit(self._vectors, [self.morphology.spaced(text) for text in queue])
        read = self._read.of([clip(text) for text in normalised], self._morphemes_and_entities)
        vectors, adapted = encoding.result()
        out: list[Analysis] = []
        at = len(texts)
        for i, (tokens, entities) in enumerate(read):
            count = len(rows[i])
            out.append(
                Analysis(
                    text=texts[i],
                    normalised=clip(normalised[i]),
                    language=detect(normalised[i]),
                    tokens=tokens,
                    vector=None if vectors is None else vectors[i],
                    adapted=None if adapted is None else adapted[i],
                    entities=entities,
                    windows=windows[i],
                    window_vectors=vectors[at : at + count] if vectors is not None and count else None,
                    window_adapted=adapted[at : at + count] if adapted is not None and count else None,
                    window_rows=rows[i],
                    window_tokens=tuple(self.morphology.tokens(windows[i][row]) for row in rows[i]),
                )
            )
            at += count
        return out
