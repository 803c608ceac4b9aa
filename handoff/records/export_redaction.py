"""What is blacked out of an export: found by rule, then marked and unmarked by hand. Pure; when in doubt it is black.

A mark set by hand always wins. What a rule finds is uncovered only span by span, by whoever prepares the export.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from handoff.records.export_document import Document, Item
from language import redaction

#: How a black place reads in the file, by what it was.
KINDS = {
    "url": "주소(링크)",
    "email": "전자우편",
    "account": "계정",
    "secret": "비밀번호",
    "place": "장소",
    "resident": "주민등록번호",
    "passport": "여권번호",
    "card": "카드번호",
    "phone": "전화번호",
    "number": "번호",
    "person": "다른 사람",
    "staff": "직원",
    "case": "다른 상담",
    "hand": "다른 사람의 정보",
}
HAND = "hand"
#: Black as a whole until somebody says that it is the citizen's own: who has rung may be another than who asks.
WHOLE = frozenset({"case:caller"})
MAX_MARKS = 2000
MAX_WORD_CHARS = 100
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남심노하곽성차주우구민나진지엄채"
    "원천방공현함변염여추도소석설마길연위표명기반라왕금옥육인맹제모탁국어은편용"
)
_NAME = rf"[{_SURNAMES}][가-힣]{{1,2}}"
_PERSON = re.compile(
    rf"(?<![가-힣]){_NAME}\s?(?:씨|군|양)(?![가-힣]{{3}})|"
    rf"(?:남편|아내|부인|아들|딸|동생|형|누나|언니|오빠|엄마|아빠|어머니|아버지|친구|사장|가이드|동료|상사|이름은|이름이)\s([{_SURNAMES}][가-힣]{{2}})"
    r"(?=[은는이가을를과와랑의도,.!?\s]|하고|한테|에게|$)"
)
_CASE = re.compile(r"#(\d{1,12})")

Span = tuple[int, int, str]
Place = tuple[str, int, int]


@dataclass(frozen=True)
class Marks:
    """What the person who prepares an export has changed: places that they blacked out, and places of the rules that they uncovered."""

    added: frozenset[Place] = field(default_factory=frozenset)
    removed: frozenset[Place] = field(default_factory=frozenset)

    def to_data(self) -> dict[str, list[list[object]]]:
        """For the table: places only."""
        return {"added": sorted(map(list, self.added)), "removed": sorted(map(list, self.removed))}

    @classmethod
    def of_data(cls, data: dict[str, list[list[object]]]) -> Marks:
        """From the table."""

        def places(name: str) -> frozenset[Place]:
            return frozenset((str(one[0]), int(str(one[1])), int(str(one[2]))) for one in data.get(name, ()))

        return cls(places("added"), places("removed"))


@dataclass(frozen=True)
class Segment:
    """A stretch of a line that is shown, or that is black and why; ``start`` counts characters."""

    start: int
    text: str = field(repr=False)
    kind: str = ""


@dataclass(frozen=True)
class Rules:
    """What must be known to look for others in a text: names and logins of staff, and the number of the case itself."""

    staff: tuple[str, ...]
    case_id: int
    #: A released document: what was black in it is gone, and nothing is looked for any more.
    is_done: bool = False


def found(item: Item, rules: Rules) -> list[Span]:
    """What the rules black out of a line, in order, not overlapping. Facts that nobody wrote are left alone."""
    if not item.is_free or rules.is_done:
        return []
    if item.id in WHOLE:
        return [(0, len(item.text), "person")] if item.text else []
    spans: list[Span] = list(redaction.spans(item.text))
    for name in rules.staff:
        spans += [(match.start(), match.end(), "staff") for match in re.finditer(re.escape(name), item.text)]
    spans += [(match.start(), match.end(), "case") for match in _CASE.finditer(item.text) if int(match[1]) != rules.case_id]
    for match in _PERSON.finditer(item.text):
        group = 1 if match[1] else 0
        spans.append((match.start(group), match.end(group), "person"))
    return _apart(spans)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Overlapping places as one, of the kind of the first."""
    joined: list[Span] = []
    for start, end, kind in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), joined[-1][2])
        elif end > start:
            joined.append((start, end, kind))
    return joined


def black(item: Item, rules: Rules, marks: Marks) -> list[Span]:
    """Everything that is black in a line."""
    removed = {(start, end) for one, start, end in marks.removed if one == item.id}
    by_hand = [(start, end, HAND) for one, start, end in marks.added if one == item.id and start < len(item.text)]
    return _apart([*by_hand, *(span for span in found(item, rules) if span[:2] not in removed)])


def segments(item: Item, rules: Rules, marks: Marks) -> list[Segment]:
    """A line cut into what is shown and what is black."""
    out: list[Segment] = []
    at = 0
    for start, end, kind in black(item, rules, marks):
        if start > at:
            out.append(Segment(at, item.text[at:start]))
        out.append(Segment(start, item.text[start:end], kind))
        at = min(end, len(item.text))
    if at < len(item.text):
        out.append(Segment(at, item.text[at:]))
    return out


def blacked(document: Document, rules: Rules, marks: Marks) -> Document:
    """The document as it may leave: each black place is a word of the same length whatever stood there."""

    def text(item: Item) -> str:
        return "".join(f"[가림: {KINDS.get(one.kind, KINDS[HAND])}]" if one.kind else one.text for one in segments(item, rules, marks))

    return document.mapped(text)


def mark(document: Document, marks: Marks, item_id: str, start: int, end: int) -> Marks | None:
    """Black a place out by hand; None where there is no such place."""
    item = document.items().get(item_id)
    if item is None or not 0 <= start < end <= len(item.text) or len(marks.added) >= MAX_MARKS:
        return None
    return Marks(marks.added | {(item_id, start, end)}, marks.removed)


def mark_word(document: Document, marks: Marks, word: str) -> tuple[Marks, int]:
    """Black a word out wherever somebody has written it; how many places."""
    places = {
        (item.id, match.start(), match.end())
        for item in document.items().values()
        if item.is_free
        for match in re.finditer(re.escape(word), item.text, re.IGNORECASE)
    }
    places = set(sorted(places)[: MAX_MARKS - len(marks.added)])
    return Marks(marks.added | places, marks.removed), len(places)


def unmark(document: Document, rules: Rules, marks: Marks, item_id: str, start: int, end: int) -> Marks | None:
    """Uncover a place; None where nothing is black."""
    item = document.items().get(item_id)
    if item is None or not any(_meet(span, start, end) for span in black(item, rules, marks)):
        return None
    added = frozenset(one for one in marks.added if not (one[0] == item_id and _meet(one[1:], start, end)))
    uncovered = {(item_id, span[0], span[1]) for span in found(item, rules) if _meet(span, start, end)}
    return Marks(added, frozenset(marks.removed | uncovered))


def _meet(span: Collection[object], start: int, end: int) -> bool:
    first, last = (int(str(one)) for one in tuple(span)[:2])
    return first < end and start < last


def counts(document: Document, rules: Rules, marks: Marks) -> dict[str, int]:
    """How many places are black, by kind, for whoever releases it."""
    out: dict[str, int] = {}
    for item in document.items().values():
        for _, _, kind in black(item, rules, marks):
            out[kind] = out.get(kind, 0) + 1
    return out
