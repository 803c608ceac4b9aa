"""Ways a notice gets in. Each module yields one result per row or file and never lets a bad one stop the rest.

Two families: ``jsonl`` and ``md`` are notices already (``read_path``); everything else is a document out of which drafts are made (``read_document``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge_base.errors import NoticeError
from knowledge_base.ingest.drafts import Document, Refusal
from knowledge_base.ingest.jsonl import read_jsonl
from knowledge_base.ingest.kinds import PUBLISHED_KINDS, SUFFIXES, suffix_of
from knowledge_base.ingest.markdown import read_markdown
from knowledge_base.schemas import NoticeContent

if TYPE_CHECKING:
    from knowledge_base.ingest.isolated import Reader

LARGEST_FILE_BYTES = 20_000_000
MOST_FOLDERS_DEEP = 10


def files(path: Path, depth: int = 0) -> Iterator[Path]:
    """The file itself, or what can be read in a folder and its folders, in the order of names; hidden ones are left out."""
    if not path.is_dir():
        yield path
        return
    for child in sorted(path.iterdir()):
        if child.name.startswith((".", "~$")) or child.is_symlink():
            continue
        if child.is_dir():
            if depth < MOST_FOLDERS_DEEP:
                yield from files(child, depth + 1)
        elif child.suffix.lower() in SUFFIXES and child.name.lower() != "readme.md":
            yield child


def is_document(path: Path) -> bool:
    """Whether drafts are made of it, rather than notices read from it."""
    return suffix_of(path.name) not in PUBLISHED_KINDS


def read_document(path: Path, reader: Reader, largest_bytes: int) -> Document:
    """A document with its drafts.

    Raises:
        Refusal: with the reason's name.
    """
    _refuse_odd_name(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(largest_bytes + 1)
    except OSError as error:
        raise Refusal(path.name, f"the file cannot be read ({error.strerror})", "file_missing") from error
    if len(raw) > largest_bytes:
        raise Refusal(path.name, f"the file is larger than {largest_bytes // 1_000_000} MB", "file_too_large")
    return reader.read(raw, path.name)


def read_path(path: Path) -> Iterator[NoticeContent | NoticeError]:
    """Every notice of a file, or of the Markdown and JSONL files of a folder, in the order of their names."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.suffix.lower() in (".md", ".jsonl") and child.name.lower() != "readme.md":
                yield from read_path(child)
        return
    suffix = path.suffix.lower()
    if suffix not in (".md", ".jsonl"):
        yield NoticeError(path.name, f"files of type {suffix or 'unknown'} cannot be read yet; use .md or .jsonl", "file_type_unknown")
        return
    try:
        _refuse_odd_name(path)
        if path.stat().st_size > LARGEST_FILE_BYTES and suffix == ".md":
            yield NoticeError(path.name, "the file is larger than 20 MB", "file_too_large")
            return
        if suffix == ".jsonl":
            with path.open("rb") as lines:
                yield from read_jsonl(lines)
        else:
            yield read_markdown(path.read_bytes(), path.stem)
    except NoticeError as error:
        yield error
    except OSError as error:
        yield NoticeError(path.name, f"the file cannot be read ({error.strerror})", "file_missing")


def _refuse_odd_name(path: Path) -> None:
    """A name becomes an id, or is kept with the file: neither takes what is no UTF-8."""
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        raise Refusal(path.name, "the file's name is not UTF-8; rename it", "file_missing") from error
