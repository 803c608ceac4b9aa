"""Which language a message is written in: by script first; among Latin scripts by common words and marks, helped by `langdetect`."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from language.paths import RESOURCES

SUPPORTED = ("ko", "en", "ja", "zh", "vi", "fr", "es", "ru")
DEFAULT = "ko"

_SCRIPTS = {
    "ko": re.compile("[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]"),
    "ja": re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc]"),
    "zh": re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "th": re.compile("[\u0e01-\u0e5b]"),
    "ar": re.compile("[\u0620-\u06ff]"),
}
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_VIETNAMESE = re.compile("[\u0103\u0111\u0129\u0169\u01a1\u01b0\u0102\u0110\u0128\u0168\u01a0\u01af\u1ea0-\u1ef9]")
_WORD = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
#: Letters and marks of one language, or of two; each speaks this much for its language.
_MARKS = (
    ("es", re.compile("[\u00f1\u00bf\u00a1]"), 3.0),
    ("es", re.compile("[\u00e1\u00ed\u00f3\u00fa]"), 0.8),
    ("fr", re.compile("[\u00e7\u0153\u00e6\u00f9\u00fb\u00ee\u00ef\u00eb]"), 1.5),
    ("fr", re.compile("[\u00e0\u00e8\u00ea\u00e2]|\\b[cdjlmnst]['\u2019](?=[a-z\u00e0-\u00ff])|\\bqu['\u2019]", re.I), 0.8),
    ("vi", re.compile("[\u00e3\u00f5\u00fd\u00ec\u00f2]"), 0.8),
)
#: Characters as only Japanese writes them (2010 standard forms, made in Japan, or neither simplified nor traditional) …
_JAPANESE_HAN = frozenset(
    "発続済込働畑峠駅両売読帰団戻変実県広応険検験権関経総処伝転軽単労営厳覚観歓勧択沢滝竜円気図対価仮児圧囲恵拝挙掲摂斉歩毎渇渉満焼獣砕穂稲継"
    "緑縁縄縦臓芸荘蔵薬陥隷髄壱弐査歯帯様塩亜栃駄遅辺涙姉増悩悪懐戦払抜拡拠捜揺撃暁暦桜桟楽歳歴殻浄渓犠畳窓粛絵聴脳訳豊賛酔醸釈鉄鉱銭録闘隠雑霊頼"
    "騒鶏黒剣剤壊専巻徳徴栄"
)
#: … and small words of Chinese that Japanese does not write.
_CHINESE_WORDS = frozenset("的了吗嗎我你您是这這怎么麼请没沒们們呢吧很丢給给哪儿她他")
#: Full forms beside shortened ones, which Chinese does not mix and Japanese does: 領 and 号 ("電話番号").
_SHORTENED = frozenset("国会学当来万号断独点声乱画写区番")
_FULL = frozenset("電話領館機場時間書類員買車開門無")
_KOREAN_RUN = re.compile("[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]+")
_LONGEST_NAME = 4
_FEWEST_WORDS = 3
#: Clear of the runner-up by so many words, statistics need not be asked.
_CLEAR = 2.0
_STATISTICS_WEIGHT = 2.0
_LATIN_CODES = ("en", "vi", "fr", "es")
#: Languages we do not answer in, so that they are not taken for one that we do.
_NEIGHBOURS = ("de", "it", "pt", "id", "tl", "nl", "tr")
_SURE_NEIGHBOUR = 0.95
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _factory() -> Any:
    """langdetect limited to Latin-script languages: quicker to load and less often wrong."""
    import langdetect
    from langdetect.detector_factory import DetectorFactory

    folder = Path(langdetect.__file__).parent / "profiles"
    factory = DetectorFactory()
    factory.load_json_profile([(folder / code).read_text(encoding="utf-8") for code in (*_LATIN_CODES, *_NEIGHBOURS)])
    factory.seed = 0
    return factory


@lru_cache(maxsize=1)
def _common_words() -> dict[str, dict[str, float]]:
    """For each common word, how much it speaks for which language."""
    found: dict[str, set[str]] = {}
    for line in (RESOURCES / "common_words.txt").read_text(encoding="utf-8").splitlines():
        code, *words = line.split()
        if code in _LATIN_CODES:
            for word in words:
                found.setdefault(word, set()).add(code)
    return {word: dict.fromkeys(codes, 1 / len(codes)) for word, codes in found.items()}


def has_common_words(text: str, count: int) -> bool:
    """Whether so many words of a text are common words of a Latin-script language: names of places are not."""
    return sum(_plain(word) in _common_words() for word in _WORD.findall(text[:2000])) >= count


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.lower().replace("\u0111", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _statistics(words: list[str]) -> dict[str, float]:
    """langdetect's probabilities; nothing where it has none."""
    try:
        with _lock:
            detector = _factory().create()
            detector.append(" ".join(words))
            return {found.lang: found.prob for found in detector.get_probabilities()} if detector.text.strip() else {}
    except ImportError:
        return {}
    except Exception as error:  # langdetect raises its own error when no n-gram is known
        if type(error).__name__ != "LangDetectException":
            raise
        return {}


def _latin(text: str) -> str:
    """Common words and marks decide; where they are near each other, langdetect's statistics join them."""
    if _VIETNAMESE.search(text):
        return "vi"
    words = [w.lower() for w in _WORD.findall(text)][:200]
    scores = dict.fromkeys(_LATIN_CODES, 0.0)
    for word in words:
        for code, weight in _common_words().get(_plain(word), {}).items():
            scores[code] += weight
    known = max(scores.values())
    lowered = text.lower()
    for code, pattern, weight in _MARKS:
        scores[code] += weight * min(2, len(pattern.findall(lowered)))
    first, second = sorted(scores.values(), reverse=True)[:2]
    if len(words) >= _FEWEST_WORDS and first - second < _CLEAR:
        statistics = _statistics(words)
        if known <= 1 and sum(statistics.get(code, 0.0) for code in _NEIGHBOURS) > _SURE_NEIGHBOUR:
            return "en"
        for code in _LATIN_CODES:
            scores[code] += _STATISTICS_WEIGHT * statistics.get(code, 0.0)
    # English comes first in the table, so that it also stands for what nothing is known of.
    return max(scores, key=lambda code: scores[code])


def _is_a_name_in_latin(text: str) -> bool:
    """Whether the only Korean is one short word ("My name is 김민수 and …") among common words of another language."""
    korean = _KOREAN_RUN.findall(text)
    if len(korean) != 1 or len(korean[0]) > _LONGEST_NAME:
        return False
    return sum(_plain(word) in _common_words() for word in _WORD.findall(text)) >= _FEWEST_WORDS


def _is_japanese_han(text: str) -> bool:
    """Whether a text in Chinese characters alone is Japanese."""
    letters = set(text)
    if letters & _CHINESE_WORDS:
        return False
    return bool(letters & _JAPANESE_HAN) or bool(letters & _FULL and letters & _SHORTENED)


def detect(text: str) -> str:
    """A two-letter code; Korean when nothing says otherwise (numbers, emoji, nothing at all)."""
    sample = text[:2000]
    counts = {code: len(pattern.findall(sample)) for code, pattern in _SCRIPTS.items()}
    latin = len(_LATIN.findall(sample))
    letters = sum(counts.values()) + latin
    if letters == 0:
        # Khmer, Lao, Burmese, Hindi …: whoever writes so is more likely to read English than Korean.
        return "en" if any(letter.isalpha() for letter in sample) else DEFAULT
    # One Korean word in a foreign sentence is a name; one in five letters is Korean with foreign words (a syllable weighs two letters).
    if counts["ko"] and 2 * counts["ko"] >= 0.2 * (letters + counts["ko"]) and not _is_a_name_in_latin(sample):
        return "ko"
    if counts["ja"] and counts["ja"] + counts["zh"] >= latin * 0.3:
        return "ja"
    best = max(("zh", "ru", "th", "ar"), key=lambda code: counts[code])
    if counts[best] and counts[best] >= latin * 0.3:
        return "ja" if best == "zh" and _is_japanese_han(sample) else best
    found = _latin(sample)
    return found if found in SUPPORTED else "en"
