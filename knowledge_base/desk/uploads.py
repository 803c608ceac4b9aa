"""Files that editors bring: read in a process of their own, kept as drafts with the file, and a line in Korean for what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.clock import now
from core.db import Database
from core.errors import CATALOGUE, AppError
from core.settings import Settings
from knowledge_base import publishing
from knowledge_base.desk.words import IMPORTED
from knowledge_base.errors import NoticeError
from knowledge_base.ingest.drafts import Document, Draft, Refusal, Row
from knowledge_base.ingest.isolated import Reader
from knowledge_base.ingest.jsonl import read_jsonl
from knowledge_base.ingest.kinds import PUBLISHED_KINDS, SUFFIXES, document_id, suffix_of
from knowledge_base.ingest.markdown import read_markdown
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import NoticeContent, NoticeKind, RowResult

ACCEPTED = ",".join(SUFFIXES)
MOST_NAME_CHARS = 200
#: How readers of tables and lists name a row.
_LINE = re.compile(r"(?:^| )line (\d+)$")
BOM = b"\xef\xbb\xbf"
#: Rows of one file that are shown one by one; the rest are counted.
MOST_LINES = 50
#: The reader's process goes when nobody has brought a file for so long.
IDLE_S = 120.0


@dataclass(frozen=True)
class Taken:
    """What became of a file: ``taken``, ``partly``, ``unchanged`` or ``refused``, in words, and a line for each notice or refusal."""

    state: str
    word: str
    lines: tuple[dict[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def safe_name(name: str) -> str:
    """A file's name without folders and without characters that only deceive; it is shown and kept as text."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")).strip().lstrip(".")
    if len(kept) > MOST_NAME_CHARS:
        stem, dot, suffix = kept.rpartition(".")
        kept = f"{stem[: MOST_NAME_CHARS - len(suffix) - 1]}{dot}{suffix}" if dot and len(suffix) < 10 else kept[:MOST_NAME_CHARS]
    return kept or "file"


def _draft_of(content: NoticeContent) -> Draft:
    """A ready notice as a draft: whoever uploads it, a person still looks at it before citizens are told."""
    plain = {key: value for key, value in asdict(content).items() if key in {field.name for field in fields(Draft)}}
    for key in ("published_at", "effective_from", "expires_at", "review_by"):
        plain[key] = plain[key].isoformat() if plain[key] else ""
    return Draft(**plain)


def read_ready(raw: bytes, name: str) -> Document:
    """A file whose rows are notices already, as a document of drafts.

    Raises:
        Refusal: nothing in it can be read.
    """
    kind = suffix_of(name)
    found: Iterable[NoticeContent | NoticeError] = read_jsonl(raw.splitlines()) if kind == "jsonl" else _one(raw, name)
    items: list[Draft | Row] = []
    for item in found:
        if isinstance(item, NoticeError):
            items.append(Row(item.notice_id, str(item), item.code))
        elif item.kind is not NoticeKind.NOTICE:
            items.append(Row(item.id, "agents' texts do not come by upload"))
        else:
            items.append(_draft_of(item))
    if not items:
        raise Refusal(name, "there is nothing in it", "file_no_text")
    return Document(name, kind, raw, tuple(items))


def _one(raw: bytes, name: str) -> Iterator[NoticeContent | NoticeError]:
    try:
        yield read_markdown(raw, document_id(name.rsplit(".", 1)[0]))
    except NoticeError as error:
        yield error


def read_plain_markdown(raw: bytes, name: str) -> Document:
    """A Markdown file that says nothing of itself: its first heading is the title, the rest the body.

    Raises:
        Refusal: not UTF-8, or nothing in it.
    """
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Refusal(name, "the file is not UTF-8", "file_charset") from error
    if not text:
        raise Refusal(name, "there is nothing in it", "file_no_text")
    stem = name.rsplit(".", 1)[0]
    first, _, rest = text.partition("\n")
    title, body = (first.lstrip("# ").strip(), rest.strip()) if first.startswith("#") and rest.strip() else (stem, text)
    return Document(name, "md", raw, (Draft(title or stem, body, id=document_id(name)),))


def summary(results: Iterable[RowResult], titles: dict[str, str]) -> Taken:
    """What became of a file, in words."""
    found = list(results)
    good = [result for result in found if result.outcome != "error"]
    drafts = sum(result.outcome == "draft" for result in found)
    if not good:
        state, word = "refused", "받지 못했습니다"
    elif len(good) < len(found):
        state, word = "partly", f"{len(found)}건 가운데 {len(good)}건만 받았습니다"
    elif drafts:
        state, word = "taken", "초안 1건이 되었습니다" if drafts == 1 else f"초안 {drafts}건이 되었습니다"
    else:
        state, word = "unchanged", "전에 가져온 것과 같습니다"
    # What was refused is what somebody has to act on: it comes first.
    ordered = sorted(found, key=lambda result: result.outcome != "error")
    lines = [_line(result, titles) for result in ordered[:MOST_LINES]]
    if len(found) > MOST_LINES:
        lines.append({"outcome": "more", "message": f"그 밖에 {len(found) - MOST_LINES}건"})
    return Taken(state, word, tuple(lines))


def _line(result: RowResult, titles: dict[str, str]) -> dict[str, str]:
    if result.outcome == "error":
        return {"outcome": "error", "name": _LINE.sub(r" \1번째 줄", result.id).strip(), "message": CATALOGUE[result.code or "bad_notice"].korean}
    message = " ".join([IMPORTED[result.outcome] + ".", *result.warnings])
    return {"outcome": result.outcome, "id": result.id, "title": titles.get(result.id, ""), "message": message}


class Uploads:
    """Reads one file at a time; its reader starts with the first file and goes after a while without any."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._reader = Reader(settings.import_timeout_s)
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    @property
    def most_bytes(self) -> int:
        """The largest file that is taken."""
        return self._settings.import_max_mb * 1_000_000

    async def take(self, raw: bytes, name: str, by: str) -> Taken:
        """Make drafts of a file. A refusal is a result, not an error: the next file goes on.

        Raises:
            AppError: the database is away.
        """
        name = safe_name(name)
        async with self._turn:
            try:
                document = await asyncio.to_thread(self._read, raw, name)
            except NoticeError as error:
                return summary([RowResult(name, "error", str(error), code=error.code)], {})
            finally:
                self._close_later()
        rules = publishing.DraftRules(today_in_seoul(now()), self._settings.import_review_days, by)
        results = await publishing.import_document(self._db, document, rules, {})
        return summary(results, {item.id: item.title for item in document.items if isinstance(item, Draft) and item.id})

    def _read(self, raw: bytes, name: str) -> Document:
        if not raw:
            raise Refusal(name, "the file is empty", "file_no_text")
        kind = suffix_of(name)
        if kind == "md" and not raw.removeprefix(BOM).startswith(b"---"):
            return read_plain_markdown(raw, name)
        if kind in PUBLISHED_KINDS:
            return read_ready(raw, name)
        return self._reader.read(raw, name)

    def _close_later(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, lambda: None if self._turn.locked() else self._reader.close())

    async def close(self) -> None:
        """End the reader."""
        if self._idle is not None:
            self._idle.cancel()
        with contextlib.suppress(AppError):
            async with self._turn:
                await asyncio.to_thread(self._reader.close)
