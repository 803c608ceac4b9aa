"""Countries, cities, documents, dates and phone numbers in a message, with exact spans and particles left outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from language.gazetteer import Place, names_in

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from language.morphology import Token

ENTITIES = "entities"


@dataclass(frozen=True, slots=True)
class Entity:
    """A span of the normalised text: kind, surface, value (ISO code, city, document id, ISO date, E.164) and country if it tells one."""

    kind: str
    text: str
    value: str
    start: int
    end: int
    country: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entity:
        """The inverse of `to_dict`."""
        return cls(data["kind"], data["text"], data["value"], int(data["start"]), int(data["end"]), data.get("country"))


_DOCUMENTS = {
    "passport": ("여권", "전자여권", "패스포트", "passport", "hộ chiếu", "护照", "旅券", "パスポート"),
    "emergency_passport": ("긴급여권", "단수여권", "긴급 여권", "단수 여권"),
    "travel_certificate": ("여행증명서", "여행 증명서"),
    "visa": ("비자", "사증", "visa", "签证", "ビザ"),
    "residence_permit": ("체류증", "거주증", "영주권", "체류허가증", "거류증"),
    "id_card": ("주민등록증", "신분증", "민증"),
    "mobile_id": ("모바일신분증", "모바일 신분증", "재외국민 신원확인증"),
    "driving_licence": ("운전면허증", "운전면허", "국제운전면허증", "국제면허증"),
    "birth_certificate": ("출생증명서",),
    "family_certificate": ("가족관계증명서", "가족관계등록부", "기본증명서", "혼인관계증명서"),
    "apostille": ("아포스티유", "아포스티", "apostille"),
    "notarisation": ("공증", "영사확인", "위임장"),
    "joint_certificate": ("공동인증서", "공인인증서"),
    "ticket": ("항공권", "비행기표", "탑승권"),
}
# The ruler sees Kiwi's words; the expression also finds a name that Kiwi cut elsewhere ("긴급여권" as one word or two).
_DOCUMENT_OF = {name: kind for kind, names in _DOCUMENTS.items() for name in names}
_DOCUMENT = re.compile("|".join(map(re.escape, sorted(_DOCUMENT_OF, key=len, reverse=True))), re.IGNORECASE)
DOCUMENT_PATTERNS = [{"label": "document", "id": kind, "pattern": name} for kind, names in _DOCUMENTS.items() for name in names]

_HANGUL = re.compile("[\uac00-\ud7a3]")
# What makes a name something else than a place: "중국어" (language), "중국집" (restaurant), "미국인" (a person; "태국인데요" is one).
_NOT_A_PLACE = re.compile(r"어(?![디떻떤쩌쩔느제])|말(?=로|을|은|이|도|만|\s|$)|집|산(?=\s|제품|이에)|식당|음식|요리|제품|축구|드라마")
_PERSON = re.compile(r"인(?!데|가|지|거|걸|듯|디|것|줄|천)")
# After an ambiguous name, what shows that a place is meant.
_PLACE_PARTICLE = re.compile(r"에|서|으로|로|인데|이에요|예요|이야|입니다|입국|여행|출국|공항|대사관|영사관|비자|까지|행|쪽|현지|시내")
# Stronger still: enough for a city whose name Kiwi does not know as a proper noun ("세부에서").
_BEING_THERE = re.compile(r"에서|에 (?:있|왔|와)|에있|여행|\s?(?:공항|시내|현지)|인데|이에요|예요|입니다")
_DATE = re.compile(r"(?:(20\d\d)\s*[년./-]\s*)?(\d{1,2})\s*(?:월|[./-])\s*(\d{1,2})\s*일?(?![\d-])")
_RELATIVE = re.compile(
    r"그저께|그제|어제|어젯밤|오늘|내일모레|내일|모레|글피|(?:지난|이번|다음|담)\s?(?:주|달|해)|재작년|작년|내년|올해|"
    r"(?:\d{1,3}|한|두|세|네|며칠|몇)\s?(?:시간|일|달|주|주일|개월|년)\s?(?:전|후|뒤)|yesterday|tomorrow|today"
)
_PHONE = re.compile(r"(?<![A-Za-z0-9.,+])\+?\d[\d\s().-]{5,20}\d(?![A-Za-z0-9])")
_FEWEST_PHONE_DIGITS = 8


def _starts_word(text: str, at: int) -> bool:
    return at == 0 or not _HANGUL.match(text[at - 1])


def _is_place(text: str, start: int, end: int, place: Place, tokens: Sequence[Token]) -> bool:
    """Whether the name at this span means the place."""
    if not _HANGUL.match(text[start]):
        return True
    rest = text[end : end + 8]
    if _NOT_A_PLACE.match(rest) or (place.kind == "country" and _PERSON.match(rest)):
        return False
    at_morpheme = any(t.start == start and t.tag.startswith("NN") for t in tokens)
    if not place.is_ambiguous:
        # A name inside a word counts only where Kiwi begins a noun there ("지금태국인데요").
        return _starts_word(text, start) or at_morpheme
    proper = any(t.start == start and t.end == end and t.tag == "NNP" for t in tokens)
    if not _starts_word(text, start):
        return False
    if proper:
        return not rest or not _HANGUL.match(rest[0]) or bool(_PLACE_PARTICLE.match(rest))
    return place.kind == "city" and len(place.name) > 1 and place.name != "후에" and bool(_BEING_THERE.match(rest))


def _places(text: str, tokens: Sequence[Token]) -> Iterable[Entity]:
    for start, end, place in names_in(text):
        if _is_place(text, start, end, place, tokens):
            value = place.country if place.kind == "country" else place.name
            yield Entity(place.kind, text[start:end], value, start, end, place.country)


def _phones(text: str) -> Iterable[Entity]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(digits) < _FEWEST_PHONE_DIGITS or len(digits) > 15 or re.fullmatch(r"20\d\d\D?\d{1,2}\D?\d{1,2}", match.group()):
            continue
        plus = "+" if match.group().startswith("+") else ""
        yield Entity("phone", match.group(), plus + digits, match.start(), match.end())


def _dates(text: str) -> Iterable[Entity]:
    for match in _DATE.finditer(text):
        year, month, day = match.groups()
        if "월" not in match.group() and year is None:
            continue
        if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            value = f"{year or '-'}-{int(month):02d}-{int(day):02d}"
            yield Entity("date", match.group().strip(), value, match.start(), match.start() + len(match.group().rstrip()))
    for match in _RELATIVE.finditer(text):
        yield Entity("date", match.group(), "relative", match.start(), match.end())


def _without_overlap(found: Iterable[Entity]) -> tuple[Entity, ...]:
    """The longest of overlapping spans, in order of appearance."""
    chosen: list[Entity] = []
    for entity in sorted(found, key=lambda e: (e.start - e.end, e.start)):
        if all(entity.end <= other.start or entity.start >= other.end for other in chosen):
            chosen.append(entity)
    return tuple(sorted(chosen, key=lambda e: e.start))


def annotate(doc: Doc) -> Doc:
    """The spaCy component: joins the entity ruler's documents with our exact spans, on `doc.ents` and in `user_data`."""
    from spacy.util import filter_spans

    from language.morphology import MORPHEMES

    text = doc.text
    found = [Entity("document", e.text, e.ent_id_ or e.text, e.start_char, e.end_char) for e in doc.ents if e.label_ == "document"]
    found += [Entity("document", m.group(), _DOCUMENT_OF[m.group().lower()], *m.span()) for m in _DOCUMENT.finditer(text)]
    found += [*_places(text, doc.user_data.get(MORPHEMES, ())), *_phones(text), *_dates(text)]
    entities = _without_overlap(found)
    doc.user_data[ENTITIES] = entities
    spans = [doc.char_span(e.start, e.end, label=e.kind, kb_id=e.country or "", alignment_mode="expand") for e in entities]
    doc.ents = filter_spans([span for span in spans if span is not None])
    return doc
