"""Whether an agreed word could be said by chance: looked for in what people ordinarily write, with and without a slip of the hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from conversation import near_word, proof
from language import corpus

#: A word that so many of the sentences hold is no word to call for help with.
TOO_MANY = 3


@dataclass(frozen=True)
class Chance:
    """How often ordinary sentences hold a word, and whether any holds something that is nearly it."""

    times: int
    is_near_another: bool

    @property
    def is_too_common(self) -> bool:
        """Whether people would say it without meaning it."""
        return self.times >= TOO_MANY


def chance_of(said: str) -> Chance:
    """Look a word up in the sentences; some 0.1 s, and a second or two at the first time."""
    word, base = proof.code_word_of(said) or "", proof.near_base(said)
    times, is_near = 0, False
    for letters in _sentences():
        if word and word in letters:
            times += 1
        elif base is not None and not is_near:
            is_near = near_word.is_in(letters, base)
    return Chance(times, is_near)


@lru_cache(maxsize=1)
def _sentences() -> tuple[str, ...]:
    """What is written without danger in the corpus that triage was trained on."""
    return tuple(proof.letters_of(one.text) for one in corpus.read() if one.split == "train" and not one.is_emergency)
