"""Notices as JSON, one a line: the form in which users bring their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from knowledge_base.errors import NoticeError
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent

LONGEST_LINE_BYTES = 2_000_000


def read_jsonl(lines: Iterable[bytes]) -> Iterator[NoticeContent | NoticeError]:
    """A notice or an error for each line that is not blank; an error without a known id names the line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name = f"line {number}"
        try:
            if len(line) > LONGEST_LINE_BYTES:
                raise NoticeError(name, "the line is longer than 2 MB")
            record = json.loads(line.decode("utf-8-sig"))
            if not isinstance(record, dict):
                raise NoticeError(name, "the line is not a JSON object")
            yield parse_record(record)
        except NoticeError as error:
            yield error if error.notice_id else NoticeError(name, str(error), error.code)
        except (UnicodeDecodeError, ValueError, RecursionError):
            yield NoticeError(name, "the line is not valid JSON in UTF-8")
