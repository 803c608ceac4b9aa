"""What differs between two versions: fields, and words of title and body. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from difflib import SequenceMatcher

from knowledge_base.editing.schemas import Change, Run, WordRun
from knowledge_base.schemas import NoticeContent

#: Fields that differ only between records, not between versions of one, are left out (id).
LABELS = {
    "title": "제목",
    "body": "내용",
    "published_at": "게시일",
    "effective_from": "시행일",
    "expires_at": "만료일",
    "review_by": "검토 기한",
    "countries": "국가",
    "topics": "주제",
    "source": "출처",
    "source_url": "출처 주소",
    "language": "언어",
    "supersedes": "대체하는 공지",
    "test_only": "시험용",
    "kind": "종류",
    "shortcut": "단축어",
}
_TEXTS = ("title", "body")
# Words with the spaces after them, so that the pieces joined are the text again; "1,000원을" is one word, a full stop at its end another.
_WORDS = re.compile(r"\s+|[\w,.%]*[\w%]\s?|[^\w\s]\s?")
#: Beyond so many words the comparison goes by lines first: its time grows with the square.
MOST_WORDS = 4000


def diff(old: NoticeContent, new: NoticeContent) -> list[Change]:
    """The fields that differ, in the order in which an editor reads them."""
    found = []
    for field, label in LABELS.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            words = word_runs(before, after) if field in _TEXTS else ()
            found.append(Change(field, label, _shown(before), _shown(after), words))
    return found


def word_runs(old: str, new: str) -> tuple[WordRun, ...]:
    """Stretches of words that stayed, went and came; a replacement is what went, then what came."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    if len(a) + len(b) > MOST_WORDS:
        return _by_lines(old, new)
    return _merged(_runs(a, b))


def _by_lines(old: str, new: str) -> tuple[WordRun, ...]:
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[WordRun] = []
    for tag, first, last, start, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        gone, came = "".join(a[first:last]), "".join(b[start:end])
        pieces = _WORDS.findall(gone), _WORDS.findall(came)
        if tag == "replace" and len(pieces[0]) + len(pieces[1]) <= MOST_WORDS:
            found.extend(_runs(*pieces))
        elif tag == "equal":
            found.append(WordRun(Run.SAME, gone))
        else:
            found.extend((WordRun(Run.GONE, gone), WordRun(Run.NEW, came)))
    return _merged(found)


def _runs(a: Sequence[str], b: Sequence[str]) -> list[WordRun]:
    found: list[WordRun] = []
    for tag, first, last, start, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(WordRun(Run.SAME, "".join(a[first:last])))
        else:
            found.extend((WordRun(Run.GONE, "".join(a[first:last])), WordRun(Run.NEW, "".join(b[start:end]))))
    return found


def _merged(runs: Sequence[WordRun]) -> tuple[WordRun, ...]:
    found: list[WordRun] = []
    for one in runs:
        if not one.text:
            continue
        if found and found[-1].run is one.run:
            found[-1] = WordRun(one.run, found[-1].text + one.text)
        else:
            found.append(one)
    return tuple(found)


def _shown(value: object) -> str:
    if value is None or value == () or value == "":
        return ""
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return value.isoformat() if isinstance(value, date) else str(value)
