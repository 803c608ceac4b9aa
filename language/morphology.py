"""Kiwi's morphemes, with typo correction, inside a spaCy `ko` pipeline whose tokens keep the exact surface."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

MORPHEMES = "morphemes"
# "basic" repairs common misspellings for 0.8 ms a sentence instead of 0.4; the costlier sets split words that were right.
TYPOS = "basic"
# Twelve syllables in a row: no Korean word is that long. The encoder was taught with spaces; recall rises with them put back.
_UNSPACED = re.compile("[\uac00-\ud7a3]{12,}")


@dataclass(frozen=True, slots=True)
class Token:
    """One morpheme: its dictionary form, Sejong tag, and the span of the normalised text it came from (spans may overlap)."""

    form: str
    tag: str
    start: int
    end: int


class Kiwi:
    """Morphological analysis without the multi-word dictionary, which takes 190 MB and changes nothing here."""

    def __init__(self) -> None:
        from kiwipiepy import Kiwi as Engine

        self._engine = Engine(num_workers=1, load_multi_dict=False)
        self._lock = threading.Lock()

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The morphemes of one text."""
        with self._lock:
            found = self._engine.tokenize(text, typos=TYPOS)
        return tuple(
            # Finals such as ᆫ come as conjoining jamo; NFKC would not change them, so they are kept as Kiwi spells them.
            Token(unicodedata.normalize("NFC", t.form), str(t.tag), t.start, min(t.start + t.len, len(text)))
            for t in found
        )

    def spaced(self, text: str) -> str:
        """The text with its spaces put back, when somebody typed without any; otherwise untouched."""
        if not _UNSPACED.search(text):
            return text
        with self._lock:
            return str(self._engine.space(text))


def surface_pieces(text: str, tokens: Iterable[Token]) -> list[tuple[int, int]]:
    """Non-overlapping spans that cover everything but white space: overlapping morphemes share one span."""
    edges = [0] * (len(text) + 1)
    for token in tokens:
        for inside in range(token.start + 1, token.end):
            edges[inside] = 1
    starts = {t.start for t in tokens if t.end > t.start} | {t.end for t in tokens if t.end > t.start}
    pieces: list[tuple[int, int]] = []
    begin: int | None = None
    for at, char in enumerate(text):
        if char.isspace():
            if begin is not None:
                pieces.append((begin, at))
            begin = None
            continue
        if begin is None:
            begin = at
        elif at in starts and not edges[at]:
            pieces.append((begin, at))
            begin = at
    if begin is not None:
        pieces.append((begin, len(text)))
    return pieces


class KiwiTokenizer:
    """A spaCy tokenizer: words are surface pieces, `tag_` and `lemma_` join the morphemes that start in them."""

    def __init__(self, vocab: Any, kiwi: Kiwi) -> None:
        self.vocab = vocab
        self.kiwi = kiwi

    def __call__(self, text: str) -> Doc:  # noqa: D102 - spaCy's protocol
        from spacy.tokens import Doc

        tokens = self.kiwi.tokens(text)
        pieces = surface_pieces(text, tokens)
        words: list[str] = []
        spaces: list[bool] = []
        tags: list[str] = []
        lemmas: list[str] = []
        by_start: dict[int, list[Token]] = {}
        for token in tokens:
            by_start.setdefault(token.start, []).append(token)
        at = 0
        for start, end in pieces:
            if start > at:
                gap = text[at:start]
                if words and gap[0] == " " and not spaces[-1]:
                    spaces[-1] = True
                    gap = gap[1:]
                if gap:
                    self._add(words, spaces, tags, lemmas, gap, "SP", gap)
            inside = [t for i in range(start, end) for t in by_start.get(i, ())]
            surface = text[start:end]
            lemma = "+".join(t.form for t in inside) or surface
            self._add(words, spaces, tags, lemmas, surface, "+".join(t.tag for t in inside) or "UN", lemma)
            at = end
        if at < len(text):
            self._add(words, spaces, tags, lemmas, text[at:], "SP", text[at:])
        doc = Doc(self.vocab, words=words, spaces=spaces, tags=tags, lemmas=lemmas)
        doc.user_data[MORPHEMES] = tokens
        return doc

    @staticmethod
    def _add(words: list[str], spaces: list[bool], tags: list[str], lemmas: list[str], word: str, tag: str, lemma: str) -> None:
        words.append(word)
        spaces.append(False)
        tags.append(tag)
        lemmas.append(lemma)


_registered = threading.Lock()
_is_registered = False


def _register(kiwi: Kiwi) -> None:
    """Register the tokenizer and the gazetteer with spaCy, once."""
    global _is_registered
    with _registered:
        if _is_registered:
            return
        import spacy
        from spacy.language import Language

        from language.entities import annotate

        @spacy.registry.tokenizers("gildongmu.kiwi.v1")
        def make_tokenizer() -> Callable[[Language], KiwiTokenizer]:
            return lambda nlp: KiwiTokenizer(nlp.vocab, kiwi)

        Language.component("gildongmu_gazetteer", func=annotate)
        _is_registered = True


class Morphology:
    """The spaCy pipeline, loaded once a process."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp
        # spaCy's string store is not safe to grow from two threads.
        self._lock = threading.Lock()

    @classmethod
    def load(cls) -> Morphology:
        """Kiwi (320 MB, 1 s) and a blank Korean pipeline with the gazetteer."""
        import spacy

        _register(Kiwi())
        nlp = spacy.blank("ko", config={"nlp": {"tokenizer": {"@tokenizers": "gildongmu.kiwi.v1"}}})
        nlp.add_pipe("gildongmu_gazetteer")
        return cls(nlp)

    @property
    def kiwi(self) -> Kiwi:
        """The analyser inside the tokenizer."""
        return cast("KiwiTokenizer", self.nlp.tokenizer).kiwi

    def tokens(self, text: str) -> tuple[Token, ...]:
        """Morphemes alone, without spaCy."""
        return self.kiwi.tokens(text)

    def spaced(self, text: str) -> str:
        """The text with spaces put back where there were none."""
        return self.kiwi.spaced(text)

    def docs(self, texts: Sequence[str]) -> list[Doc]:
        """One pass over a batch of normalised texts."""
        with self._lock:
            return list(self.nlp.pipe(texts))
