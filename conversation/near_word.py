"""The agreed word as a frightened hand writes it: one key wrong, missing, doubled or swapped, or a particle inside. Pure.

Words are compared by the keys that write them, so that ``빠란 우산``, ``파라누산`` and ``파란 우사`` are each one key away from ``파란 우산``.
A word that is kept as hashes cannot be measured against a text; so each form of it with one key left out is kept too, and looked up from the text's side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

#: Shorter words have neighbours in ordinary talk; they are found only as they were agreed.
LETTERS_AT_LEAST, KEYS_AT_LEAST = 4, 8
#: Of a longer message only so much is searched; whoever calls for help without being seen writes little.
READS = 200
PARTICLES = ("으로", "에서", "한테", "이랑", "의", "이", "가", "은", "는", "을", "를", "에", "도", "로", "과", "와", "랑", "만")

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = ("ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅕ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅛ", "ㅜ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ")
_FINALS = (
    *("", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ"),
    *("ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ"),
)


def keys_of(letter: str) -> str:
    """The keys of a Korean keyboard that write a letter; any other letter is its own key."""
    code = ord(letter) - 0xAC00
    if 0 <= code < 11172:
        return _INITIALS[code // 588] + _VOWELS[code % 588 // 28] + _FINALS[code % 28]
    # A lone jamo, as the normal form leaves it.
    for first, table in ((0x1100, _INITIALS), (0x1161, _VOWELS), (0x11A7, _FINALS)):
        if 0 <= ord(letter) - first < len(table):
            return table[ord(letter) - first]
    return letter


def keys(letters: str) -> str:
    """The keys of a whole text."""
    return "".join(map(keys_of, letters))


def base(words: list[str]) -> str | None:
    """The keys of an agreed word without its particles; None for one that is too short to be looked for in other forms."""
    letters = "".join(map(_bare, words))
    written = keys(letters)
    free = sum(not key.isdigit() for key in written)
    return written if len(letters) >= LETTERS_AT_LEAST and free >= KEYS_AT_LEAST else None


def _bare(word: str) -> str:
    return next((word[: -len(one)] for one in PARTICLES if word.endswith(one) and len(word) - len(one) >= 2), word)


def forms(written: str) -> set[str]:
    """What is kept of a word: its keys, and its keys with one left out. A digit never is, since another number is another number."""
    return {written, *_without_one(written)}


def _without_one(written: str) -> Iterator[str]:
    return (written[:at] + written[at + 1 :] for at, key in enumerate(written) if not key.isdigit())


def looked_up(letters: str, length: int) -> Iterator[str]:
    """Everything in a text that could be a form of a word of so many keys.

    It begins where a letter begins and, with a slip, ends where one ends: else ``겨울 바람`` would be ``겨울 바다``.
    """
    letters = letters[:READS]
    written = [keys_of(letter) for letter in letters]
    whole = "".join(written)
    starts = [0]
    for one in written:
        starts.append(starts[-1] + len(one))
    ends = set(starts)
    particles = [next((len(one) for one in PARTICLES if letters.startswith(one, at)), 0) for at in range(len(letters))]
    for begin, start in enumerate(starts[:-1]):
        if len(whole) - start < length - 1:
            return
        yield whole[start : start + length]  # also where its last key has moved to the next letter
        if start + length - 1 in ends:
            yield whole[start : start + length - 1]
        for end in (start + length, start + length + 1):
            if end in ends:
                yield from _without_one(whole[start:end])
        for inner in range(begin + 1, len(letters)):
            kept = starts[inner] - start
            if kept >= length:
                break
            if particles[inner]:
                yield whole[start : starts[inner]] + whole[starts[inner + particles[inner]] :][: length - kept]


_text_keys = lru_cache(maxsize=32_768)(keys)


def is_in(letters: str, written: str) -> bool:
    """Whether a text that is no secret holds a form of the word; one half of the word stands in every such text unchanged."""
    half = len(written) // 2
    kept: Collection[str] = forms(written)
    text = _text_keys(letters)
    if written[:half] not in text and written[half:] not in text:
        return False
    return any(piece in kept for begin in range(0, len(letters), READS // 2) for piece in looked_up(letters[begin : begin + READS], len(written)))
