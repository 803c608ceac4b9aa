"""Which language a message is written in: by script first, `langdetect` only among Latin-script languages."""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

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
_VIETNAMESE = re.compile("[\u0103\u0111\u01a1\u01b0\u0102\u0110\u01a0\u01af\u1ea0-\u1ef9]")
_WORD = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff']+")
# Too short for statistics: a few words that people send alone.
_ALONE = {
    "fr": {"bonjour", "merci", "aide", "aidez", "secours", "passeport", "salut", "oui", "ambassade"},
    "es": {"hola", "gracias", "ayuda", "auxilio", "socorro", "pasaporte", "embajada", "ayúdame", "policía", "sí"},
    "vi": {"xin", "cuu", "giup", "toi", "cam"},
}
_FEWEST_WORDS = 3
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _factory() -> Any:
    """langdetect limited to the Latin-script languages we answer in: quicker to load and less often wrong."""
    import langdetect
    from langdetect.detector_factory import DetectorFactory

    folder = Path(langdetect.__file__).parent / "profiles"
    factory = DetectorFactory()
    factory.load_json_profile([(folder / code).read_text(encoding="utf-8") for code in ("en", "vi", "fr", "es")])
    factory.seed = 0
    return factory


def _latin(text: str) -> str:
    if _VIETNAMESE.search(text):
        return "vi"
    words = [w.lower() for w in _WORD.findall(text)]
    if len(words) < _FEWEST_WORDS:
        for code, known in _ALONE.items():
            if any(word in known for word in words):
                return code
        return "en"
    try:
        with _lock:
            detector = _factory().create()
            detector.append(" ".join(words[:200]))
            return str(detector.detect()) if detector.text.strip() else "en"
    except ImportError:
        return "en"
    except Exception as error:  # langdetect raises its own error when no n-gram is known
        if type(error).__name__ != "LangDetectException":
            raise
        return "en"


def detect(text: str) -> str:
    """A two-letter code; Korean when nothing says otherwise (numbers, emoji, nothing at all)."""
    sample = text[:2000]
    counts = {code: len(pattern.findall(sample)) for code, pattern in _SCRIPTS.items()}
    latin = len(_LATIN.findall(sample))
    letters = sum(counts.values()) + latin
    if letters == 0:
        return DEFAULT
    # One Korean word in a foreign sentence is a name; one in five letters is Korean with foreign words (a syllable weighs two letters).
    if counts["ko"] and 2 * counts["ko"] >= 0.2 * (letters + counts["ko"]):
        return "ko"
    if counts["ja"] and counts["ja"] + counts["zh"] >= latin * 0.3:
        return "ja"
    best = max(("zh", "ru", "th", "ar"), key=lambda code: counts[code])
    if counts[best] and counts[best] >= latin * 0.3:
        return best
    found = _latin(sample)
    return found if found in SUPPORTED else "en"
