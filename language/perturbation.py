"""What thumbs, fear, old keyboards and good manners do to a sentence: eight ways to change it without changing what it says."""

from __future__ import annotations

import random
import re
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

from language.detect import detect
from language.paths import RESOURCES

# The standard Korean keyboard (KS X 5002), row by row: a slip lands on a neighbour in its row or on the key below.
_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
_LATIN_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_SYLLABLE = re.compile("[가-힣]")
_LETTERS_PER_SLIP = 12
_EMOJI = ("😭", "🙏", "😢", "😨", "‼️", "🥲", "😱", "💦", "🤯")
# Words that people who live abroad write in another script.
_FOREIGN = {
    "경찰": "police", "병원": "hospital", "여권": "passport", "호텔": "hotel", "친구": "friend", "택시": "taxi", "지금": "now", "엄마": "mom",
    "아빠": "dad", "남편": "husband", "공항": "airport", "버스": "bus", "가방": "bag", "전화": "phone", "문": "door", "약": "medicine",
    "대사관": "embassy", "집": "home", "사람": "people", "아이": "baby", "물": "water", "돈": "money", "숙소": "hostel", "차": "car",
    "한국": "korea", "회사": "company", "방": "room", "피": "blood", "칼": "knife", "도와주세요": "help 해주세요", "중국": "中國", "일본": "日本",
}  # fmt: skip


def _neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    near: dict[str, str] = {}
    for number, row in enumerate(rows):
        for place, key in enumerate(row):
            below = rows[number + 1][place : place + 1] if number + 1 < len(rows) else ""
            near[key] = row[max(0, place - 1) : place] + row[place + 1 : place + 2] + below
    return near


_NEAR = _neighbours(_ROWS)
_NEAR_LATIN = _neighbours(_LATIN_ROWS)


def _parts(syllable: str) -> tuple[str, str, str]:
    code = ord(syllable) - 0xAC00
    return _INITIALS[code // 588], _VOWELS[code % 588 // 28], _FINALS[code % 28].strip()


def _join(initial: str, vowel: str, final: str) -> str:
    return chr(0xAC00 + _INITIALS.index(initial) * 588 + _VOWELS.index(vowel) * 28 + (_FINALS.index(final) if final else 0))


def _slip(char: str, draw: random.Random) -> str:
    """One key beside the right one, a shift forgotten, or a final left out."""
    if not _SYLLABLE.match(char):
        near = _NEAR_LATIN.get(char.lower(), "")
        return draw.choice(near) if near else char
    initial, vowel, final = _parts(char)
    kind = draw.choice(("initial", "vowel", "final", "vowel"))
    if kind == "final" and final:
        return _join(initial, vowel, "") if draw.random() < 0.5 or final not in _NEAR else _join(initial, vowel, _pick(_NEAR[final], _FINALS, final, draw))
    if kind == "initial":
        plain = {"ㄲ": "ㄱ", "ㄸ": "ㄷ", "ㅃ": "ㅂ", "ㅆ": "ㅅ", "ㅉ": "ㅈ"}.get(initial)
        return _join(plain or _pick(_NEAR.get(initial, ""), _INITIALS, initial, draw), vowel, final)
    return _join(initial, _pick(_NEAR.get(vowel, ""), _VOWELS, vowel, draw), final)


def _pick(near: str, allowed: str, otherwise: str, draw: random.Random) -> str:
    fitting = [key for key in near if key in allowed]
    return draw.choice(fitting) if fitting else otherwise


def without_spaces(text: str, _draw: random.Random) -> str:
    """No space at all."""
    return text.replace(" ", "")


def typos(text: str, draw: random.Random) -> str:
    """One slip in about twelve letters, at least one."""
    letters = [i for i, c in enumerate(text) if _SYLLABLE.match(c) or c.lower() in _NEAR_LATIN]
    out = list(text)
    for place in draw.sample(letters, min(len(letters), max(1, len(letters) // _LETTERS_PER_SLIP))):
        out[place] = _slip(out[place], draw)
    return "".join(out)


def split_jamo(text: str, draw: random.Random) -> str:
    """A third of the syllables typed as single letters, as broken input methods send them."""
    return "".join("".join(_parts(c)) if _SYLLABLE.match(c) and draw.random() < 0.33 else c for c in text)


def repeated_endings(text: str, draw: random.Random) -> str:
    """The last letter held down, and tears or marks after it."""
    last = text.rstrip(" .!?~")
    return last + last[-1:] * draw.randint(2, 6) + draw.choice(("ㅠㅠㅠㅠㅠ", "!!!!!!", "......", "ㅜㅜㅜ", "~~~~", "????"))


def emoji(text: str, draw: random.Random) -> str:
    """Emoji between the words and after them."""
    words = [word + (draw.choice(_EMOJI) if draw.random() < 0.25 else "") for word in text.split(" ")]
    return " ".join(words) + draw.choice(_EMOJI) * draw.randint(1, 3)


def other_width(text: str, _draw: random.Random) -> str:
    """Full-width Latin letters, digits and marks, and every second word in half-width Hangul."""
    words = text.split(" ")
    wide = [re.sub("[!-~]", lambda m: chr(ord(m.group()) + 0xFEE0), word) for word in words]
    return " ".join(_half(word) if place % 2 else word for place, word in enumerate(wide))


def _half(word: str) -> str:
    return "".join("".join(_HALF.get(p, p) for p in _parts(c) if p) if _SYLLABLE.match(c) else c for c in word)


def _half_forms() -> Mapping[str, str]:
    """Half-width letters by what NFKC and back makes of them."""
    forms: dict[str, str] = {}
    for code in range(0xFFA1, 0xFFDD):
        full = unicodedata.normalize("NFKC", chr(code))
        name = unicodedata.name(chr(code), "").removeprefix("HALFWIDTH ")
        if name and full:
            forms[unicodedata.lookup(name)] = chr(code)
    return forms


_HALF = _half_forms()


def mixed_script(text: str, draw: random.Random) -> str:
    """Words in Latin or Han letters; where none fits, an invisible character in the middle."""
    changed = text
    for korean, foreign in _FOREIGN.items():
        changed = re.sub(rf"(?<![가-힣]){korean}(?=[\s을를이가은는에로도서만,.!?]|$)", foreign, changed, count=1)
    if changed == text and len(text) > 2:
        at = draw.randint(1, len(text) - 1)
        changed = text[:at] + "​" + text[at:]
    return changed


@lru_cache(maxsize=1)
def _courtesies() -> Mapping[tuple[str, str], list[str]]:
    """The words by language and place."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in (RESOURCES / "courtesies.tsv").read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            lang, place, words = line.split("\t")
            found.setdefault((lang, place), []).append(words)
    return found


def courtesies(text: str, draw: random.Random) -> str:
    """A greeting, an apology or whom it is about before it, thanks or a sigh after it, or both."""
    known, lang = _courtesies(), detect(text)
    before, after = known.get((lang, "<"), [""]), known.get((lang, ">"), []) + known["any", ">"]
    which = draw.random()
    return (draw.choice(before) if which < 0.7 else "") + text + (draw.choice(after) if which > 0.4 else "")


PERTURBATIONS: Mapping[str, Callable[[str, random.Random], str]] = {
    "without_spaces": without_spaces,
    "typos": typos,
    "split_jamo": split_jamo,
    "repeated_endings": repeated_endings,
    "emoji": emoji,
    "other_width": other_width,
    "mixed_script": mixed_script,
    "courtesies": courtesies,
}


def perturb(name: str, text: str, seed: int = 0) -> str:
    """The text spoilt in one way, always the same for the same text and seed."""
    return PERTURBATIONS[name](text, random.Random(zlib.crc32(text.encode("utf-8", "ignore")) + seed))  # noqa: S311 - no secret
