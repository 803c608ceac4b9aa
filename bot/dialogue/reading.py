"""What Rasa's components need to know of a message, and the rules that make slots of what the ``language`` package found. No Rasa in here."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

#: said after the country that is *not* meant ("일본 말고 태국") …
REJECTED_AFTER = re.compile(r"\s*(이|가|은|는)?\s*(말고|말구|아니고|아니구|아니라|아니예요|아니에요|아닌|아냐|아니야|대신|ではなく|じゃなくて|じゃなく)")
#: … or before it
REJECTED_BEFORE = re.compile(r"(not( in)?|isn't|不是|không phải( là)?)\s*$", re.IGNORECASE)
#: said after the country where somebody is
PLACE_AFTER = re.compile(r"\s*(에서|에 있|에 와|에 왔|서\s|にいま|で)")
#: a date near one of these is the flight's, any other is when it happened
FLIGHT = re.compile(r"비행기|뱅기|항공|출국|귀국|탑승|flight|便|航班|chuyến bay", re.IGNORECASE)
FLIGHT_WITHIN = 14
#: how a question ends, or begins; such a message is no answer to ours
QUESTION = re.compile(
    r"[?？]|(나요|까요|는지요?|ㄴ가요|인가요|은가요|한가요|되죠|하죠|하노|합니꺼|데요|건지|려면요?)\s*$|^(어떻게|왜|무슨|뭐가|뭘|어디서|얼마)|"
    r"(알려\s?줘|알려\s?주세요|궁금)|^(how|what|where|when|why|can|do|is)\b",
    re.IGNORECASE,
)
#: what may stand around a day or a place that is all somebody says ("파리요", "오늘 아침에요"), in letters
AROUND = 4
ASKS = re.compile(r"[?？]|(?:나요|까요|가요|니까)\s*$")
MAX_TOKENS = 400
#: under this name in a message's metadata, the country where the citizen is, if that was said; ``country`` may be a guess from what was asked about
HERE = "here"
#: under this name, the countries that the message is about
COUNTRIES = "countries"
ANSWER_CHARS = 200


@dataclass(frozen=True)
class Entity:
    """A span that the gazetteer knows; ``value`` is its canonical form, a country's being its ISO code."""

    kind: str
    start: int
    end: int
    text: str
    value: str
    country: str = ""


@dataclass(frozen=True)
class Reading:
    """The normalised text, its morphemes as (form, start, end), the encoder's vector, and entities; spans refer to that text."""

    text: str
    tokens: tuple[tuple[str, int, int], ...]
    vector: npt.NDArray[np.float32] | None
    entities: tuple[Entity, ...]
    known_country: str = ""


def from_metadata(text: str, metadata: dict[str, Any]) -> Reading:
    """Read ``Analysis.to_metadata``; whatever is missing or damaged is left out rather than refused."""
    text = str(metadata.get("normalised") or text)
    tokens = tuple(token for raw in (metadata.get("tokens") or [])[:MAX_TOKENS] if (token := _token(raw)) is not None)
    tokens = tokens or split(text)
    entities = tuple(entity for raw in metadata.get("entities") or [] if (entity := _entity(raw)) is not None)
    known = metadata.get(HERE)
    return Reading(text, tokens, decode_vector(metadata.get("vector")), entities, known if isinstance(known, str) else "")


def split(text: str) -> tuple[tuple[str, int, int], ...]:
    """Words in place of morphemes, where there are none."""
    return tuple((match.group(), match.start(), match.end()) for match in re.finditer(r"\S+", text))[:MAX_TOKENS]


def decode_vector(encoded: Any) -> npt.NDArray[np.float32] | None:
    """Base64 of float16 values, as ``Analysis.to_metadata`` writes it."""
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        return np.frombuffer(base64.b64decode(encoded, validate=True), dtype="<f2").astype(np.float32)
    except (binascii.Error, ValueError):
        return None


def read(texts: list[str]) -> list[Reading]:
    """Analyse texts here, with Kiwi and the encoder; for training and Rasa's shell."""
    return [from_metadata(text, analysis.to_metadata()) for text, analysis in zip(texts, _analyser().analyse(texts), strict=True)]


@lru_cache(maxsize=1)
def _analyser() -> Any:
    from language.analysis import Analyser

    return Analyser.load()


def rasa_entities(reading: Reading) -> list[dict[str, Any]]:
    """Rasa's entities: spans by their kind, dates by what they are of, the one ``country`` that is meant, and ``answer`` where nothing is asked."""
    text = reading.text
    found = [_as_rasa(entity.kind, entity.value, entity) for entity in reading.entities if entity.kind not in ("country", "date")]
    dates = [entity for entity in reading.entities if entity.kind == "date"]
    for number, date in enumerate(dates, 1):
        until = dates[number].start if number < len(dates) else len(text)
        is_flight = FLIGHT.search(text[date.end : min(until, date.end + FLIGHT_WITHIN)]) is not None
        found.append(_as_rasa("flight_date" if is_flight else "lost_date", date.text, date))
    if dates and is_bare(text, dates):
        found.append(_as_rasa("when", text[dates[0].start : dates[-1].end], dates[0]))
    country = country_of(text, reading.entities)
    if country is not None:
        found.append(_as_rasa("country", country.country or country.value, country))
        if is_bare(text, [entity for entity in reading.entities if entity.country]):
            found.append(_as_rasa("where", country.country or country.value, country))
    if reading.known_country:
        found.append({"entity": "known_country", "value": reading.known_country, "start": 0, "end": 0})
    if not is_question(text):
        found.append({"entity": "answer", "value": text[:ANSWER_CHARS], "start": 0, "end": len(text)})
    return found


def is_question(text: str) -> bool:
    """Whether a message asks something, by its form alone."""
    return QUESTION.search(text.strip()) is not None


def is_bare(text: str, entities: list[Entity]) -> bool:
    """Whether a message is nothing but these and the letters that an answer takes; what the classifier makes of so few words does not count then."""
    rest = "".join(char for at, char in enumerate(text) if char.isalnum() and not any(entity.start <= at < entity.end for entity in entities))
    return len(rest) <= AROUND and ASKS.search(text) is None


def country_of(text: str, entities: tuple[Entity, ...]) -> Entity | None:
    """The country a message is about: the one somebody is in before others, then the first."""
    meant = _meant(text, entities)
    return next((place for place in meant if PLACE_AFTER.match(text, place.end)), meant[0] if meant else None)


def countries_of(text: str, entities: tuple[Entity, ...]) -> tuple[str, ...]:
    """All countries a message is about, as ISO codes."""
    return tuple(dict.fromkeys(place.country for place in _meant(text, entities) if place.country))


def _meant(text: str, entities: tuple[Entity, ...]) -> list[Entity]:
    """The places of a message without those that are corrected away."""
    places = [entity for entity in entities if entity.kind in ("country", "city", "mission") and (entity.country or entity.kind == "country")]
    meant = [place for place in places if not REJECTED_AFTER.match(text, place.end) and not REJECTED_BEFORE.search(text[: place.start])]
    # "인천에서 출발해서 지금 방콕이에요": where one comes from is seldom where one is.
    return [place for place in meant if place.country != "KR"] or meant


def _as_rasa(kind: str, value: str, entity: Entity) -> dict[str, Any]:
    return {"entity": kind, "value": value, "start": entity.start, "end": entity.end}


def _token(raw: Any) -> tuple[str, int, int] | None:
    try:
        form, start, end = str(raw[0]), int(raw[2]), int(raw[3])
    except (LookupError, TypeError, ValueError):
        return None
    return (form, start, end) if form and 0 <= start <= end else None


def _entity(raw: Any) -> Entity | None:
    try:
        return Entity(str(raw["kind"]), int(raw["start"]), int(raw["end"]), str(raw["text"]), str(raw["value"]), str(raw.get("country") or ""))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
