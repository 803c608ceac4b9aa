"""What a classifier takes for danger although little or nothing was said: names of files and places, and answers to what a crisis card asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from language.triage import Action, Decision

#: How many are there, which cards ask for.
_COUNT = re.compile(
    r"\s*(?:(?:저|저희|우리|여자|남자|어른|성인|아이|애|일행|모두|전부|총|다)(?:는|은|가|이|까지|만)?\s*)*"
    r"(?:\d{1,3}\s*(?:명|사람|분|인)?|혼자|둘|셋|넷|다섯|여섯|(?:한|두|세|네|다섯|여섯)\s*(?:명|사람|분))\s*(?:이에요|이예요|에요|예요|이요|요|입니다|이야|있어요)?[\s.!]*"
)


def is_count(text: str) -> bool:
    """Whether a message says how many are there, and nothing else."""
    return _COUNT.fullmatch(text) is not None


def is_by_rule(decision: Decision) -> bool:
    """Whether plain words have said so, and not the classifier alone."""
    return any(reason.startswith("rule:") for reason in decision.reasons)


def said_beside(content: Mapping[str, Any], decision: Decision) -> Action:
    """What follows from the words that came with a place, a file or a sticker.

    Words of the citizen's beside a place are words. A file's name and a place's title are mostly a telephone's or a map's ("119안전센터"): these are asked
    about, and only where a rule has found plain words of danger ("유서.pdf").
    """
    place = content.get("location") or {}
    if place and not place.get("title") and not place.get("address"):
        return decision.action if str(content.get("text") or "").strip() else "none"
    return "ask" if decision.action != "none" and is_by_rule(decision) else "none"
