"""Countries, cities, missions, documents, dates, money, phone numbers and alarm levels in a message, with exact spans and particles left outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from language.alarm_levels import alarm_levels
from language.dates import dates
from language.documents import documents
from language.entity import Entity
from language.missions import missions
from language.money import money
from language.phones import phones
from language.places import places

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from language.morphology import Token

__all__ = ["ENTITIES", "Entity", "annotate", "find"]

ENTITIES = "entities"


def find(text: str, tokens: Sequence[Token]) -> tuple[Entity, ...]:
    """Every entity of a normalised text, none overlapping, in order of appearance."""
    found = [*places(text, tokens), *missions(text), *documents(text, tokens), *alarm_levels(text), *dates(text), *money(text)]
    found += phones(text, dict.fromkeys(e.country for e in found if e.country))
    return _without_overlap(found)


def _without_overlap(found: Iterable[Entity]) -> tuple[Entity, ...]:
    """The longest of overlapping spans, in order of appearance."""
    chosen: list[Entity] = []
    ordered = sorted(found, key=lambda e: e.start)
    group: list[Entity] = []
    reach = -1
    for entity in [*ordered, None]:
        if entity is not None and entity.start < reach:
            group.append(entity)
            reach = max(reach, entity.end)
            continue
        chosen += _longest(group)
        if entity is not None:
            group, reach = [entity], entity.end
    return tuple(chosen)


def _longest(group: list[Entity]) -> list[Entity]:
    if len(group) < 2:
        return group
    chosen: list[Entity] = []
    first = min(e.start for e in group)
    taken = bytearray(max(e.end for e in group) - first)
    for entity in sorted(group, key=lambda e: (e.start - e.end, e.start)):
        if not any(taken[entity.start - first : entity.end - first]):
            chosen.append(entity)
            taken[entity.start - first : entity.end - first] = b"\1" * (entity.end - entity.start)
    return sorted(chosen, key=lambda e: e.start)


def annotate(doc: Doc) -> Doc:
    """The spaCy component: our exact spans on `doc.ents` and in `user_data`."""
    from language.morphology import MORPHEMES

    entities = find(doc.text, doc.user_data.get(MORPHEMES, ()))
    doc.user_data[ENTITIES] = entities
    if entities:
        from spacy.util import filter_spans

        spans = [doc.char_span(e.start, e.end, label=e.kind, kb_id=e.country or "", alignment_mode="expand") for e in entities]
        doc.ents = filter_spans([span for span in spans if span is not None])
    return doc
