"""Agents' canned texts are records of the same shape, and differ where it matters."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge_base.errors import NoticeError
from knowledge_base.index import Index, Prepared, index_texts, reference_key, text_key
from knowledge_base.ingest.jsonl import read_jsonl
from knowledge_base.ingest.markdown import read_markdown
from knowledge_base.notices import content_hash, parse_record
from knowledge_base.passages import split_passages
from knowledge_base.schemas import Notice, NoticeKind

PLAIN: dict[str, Any] = {"id": "a", "title": "인사", "body": "안녕하세요.", "published_at": "2026-01-10"}
CANNED = {**PLAIN, "kind": "canned", "review_by": "2027-01-31"}


def test_a_record_is_a_notice_unless_it_says_otherwise() -> None:
    assert parse_record(PLAIN).kind is NoticeKind.NOTICE
    canned = parse_record({**CANNED, "shortcut": "/인사"})
    assert (canned.kind, canned.shortcut) == (NoticeKind.CANNED, "인사")


@pytest.mark.parametrize(
    "record",
    [
        {**CANNED, "kind": "card"},
        {**CANNED, "kind": ["canned"]},
        {**CANNED, "review_by": None},
        {**PLAIN, "shortcut": "인사"},
        {**CANNED, "shortcut": "두 낱말"},
        {**CANNED, "shortcut": "가" * 21},
        {**CANNED, "shortcut": 7},
    ],
)
def test_what_contradicts_itself_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(NoticeError):
        parse_record(record)


def test_front_matter_and_json_lines_carry_the_kind() -> None:
    front = "---\nid: a\ntitle: 인사\nkind: canned\nshortcut: 인사\npublished_at: 2026-01-10\nreview_by: 2027-01-31\n---\n안녕하세요.\n"
    (line,) = read_jsonl(['{"id":"a","title":"인사","body":"안녕하세요.","published_at":"2026-01-10","kind":"canned","review_by":"2027-01-31"}'.encode()])
    assert read_markdown(front.encode(), "x").kind is NoticeKind.CANNED
    assert getattr(line, "kind", None) is NoticeKind.CANNED


def test_the_hash_tells_kinds_apart_and_knows_notices_stored_before_there_were_kinds() -> None:
    notice = parse_record({**CANNED, "kind": "notice"})
    assert len({content_hash(notice), content_hash(parse_record(CANNED)), content_hash(parse_record({**CANNED, "shortcut": "인사"}))}) == 3
    # As the first release wrote it.
    assert content_hash(parse_record(PLAIN)) == "e9d1a3623149779ee8971c2ee15888dc80923d949c5b7206c7c7491c9a6c83a7"


def test_the_index_takes_no_canned_text_even_when_it_is_handed_one() -> None:
    both = [Notice(parse_record(PLAIN)), Notice(parse_record({**CANNED, "id": "b"}))]
    prepared = {text_key(texts): Prepared([[] for _ in texts], None) for texts in (index_texts(n, split_passages(n.content.body)) for n in both)}
    prepared[reference_key()] = Prepared([], None)
    assert [entry.notice.id for entry in Index.build(both, prepared, False).entries] == ["a"]
