"""One spelling for what people type: composed, half-width, without control characters and without endless repetition."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = {0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x2060, 0xFEFF, 0x3164, 0xFFA0}
_INVISIBLE |= set(range(0x200B, 0x2010)) | set(range(0x202A, 0x202F)) | set(range(0x2061, 0x2070)) | set(range(0xFE00, 0xFE10))
_INVISIBLE |= set(range(0xE0000, 0xE0080))

# Half-width Hangul and Katakana, full-width ASCII, circled and squared forms are folded one by one; the rest of NFKC is not wanted
# (it would turn the compatibility jamo of "ㅅㄹㄷ" into conjoining ones).
_FOLDED = re.compile("[\uff01-\uff5e\uff61-\uffdc\uffe0-\uffe6\u3000\u2460-\u2473\u3200-\u32ff\u3300-\u33ff]")
_REPEATED = re.compile(r"([^\d\s])\1{3,}")
_REPEATED_PAIR = re.compile(r"([^\d\s]{2,4}?)\1{3,}")
_SPACES = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r"\s*\n\s*")
_JAMO_RUN = re.compile("[\u3131-\u3163]{2,}")

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_MERGED_VOWELS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ", "ㅡㅣ": "ㅢ"}
_MERGED_FINALS = {"ㄱㅅ": "ㄳ", "ㄴㅈ": "ㄵ", "ㄴㅎ": "ㄶ", "ㄹㄱ": "ㄺ", "ㄹㅁ": "ㄻ", "ㄹㅂ": "ㄼ", "ㄹㅎ": "ㅀ", "ㅂㅅ": "ㅄ"}


def _is_kept(char: str) -> bool:
    if char in "\n\t":
        return True
    if ord(char) in _INVISIBLE:
        return False
    return unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")


def _fold(char: str) -> str:
    """The ordinary form; half-width Hangul becomes compatibility letters, which `_compose_run` can put together (NFKC would make all of them initials)."""
    if "\uffa1" <= char <= "\uffdc":
        return chr(int(unicodedata.decomposition(char).split()[1], 16))
    return unicodedata.normalize("NFKC", char)


def _compose_run(run: str) -> str:
    """Put letters typed apart ("ㅅㅏㄹㄹㅕ") back into syllables; runs of only consonants or only vowels stay."""
    if not (any(c in _VOWELS for c in run) and any(c in _INITIALS for c in run)):
        return run
    out: list[str] = []
    i = 0
    while i < len(run):
        if not (run[i] in _INITIALS and i + 1 < len(run) and run[i + 1] in _VOWELS):
            out.append(run[i])
            i += 1
            continue
        initial, vowel = run[i], run[i + 1]
        i += 2
        if i < len(run) and vowel + run[i] in _MERGED_VOWELS:
            vowel = _MERGED_VOWELS[vowel + run[i]]
            i += 1
        final = " "
        if i < len(run) and run[i] in _FINALS and not (i + 1 < len(run) and run[i + 1] in _VOWELS):
            final = run[i]
            i += 1
            if i < len(run) and final + run[i] in _MERGED_FINALS and not (i + 1 < len(run) and run[i + 1] in _VOWELS):
                final = _MERGED_FINALS[final + run[i]]
                i += 1
        code = (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28 + _FINALS.index(final)
        out.append(chr(0xAC00 + code))
    return "".join(out)


def normalise(text: str) -> str:
    """The text as the rest of `language` reads it; offsets of tokens and entities refer to this form."""
    text = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if _is_kept(c))
    text = unicodedata.normalize("NFC", _FOLDED.sub(lambda m: _fold(m.group()), text))
    text = _JAMO_RUN.sub(lambda m: _compose_run(m.group()), text)
    text = _REPEATED.sub(r"\1\1\1", text)
    text = _REPEATED_PAIR.sub(r"\1\1\1", text)
    return _NEWLINES.sub("\n", _SPACES.sub(" ", text)).strip()
