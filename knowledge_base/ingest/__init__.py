"""Ways a notice gets in. Each module yields one result per row or file and never lets a bad one stop the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledge_base.errors import NoticeError
from knowledge_base.ingest.jsonl import read_jsonl
from knowledge_base.ingest.markdown import read_markdown
from knowledge_base.schemas import NoticeContent

LARGEST_FILE_BYTES = 20_000_000


def read_path(path: Path) -> Iterator[NoticeContent | NoticeError]:
    """Every notice of a file, or of the Markdown and JSONL files of a folder, in the order of their names."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.suffix.lower() in (".md", ".jsonl") and child.name.lower() != "readme.md":
                yield from read_path(child)
        return
    suffix = path.suffix.lower()
    if suffix not in (".md", ".jsonl"):
        yield NoticeError(path.name, f"files of type {suffix or 'unknown'} cannot be read yet; use .md or .jsonl")
        return
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES and suffix == ".md":
            yield NoticeError(path.name, "the file is larger than 20 MB")
            return
        if suffix == ".jsonl":
            with path.open("rb") as lines:
                yield from read_jsonl(lines)
        else:
            yield read_markdown(path.read_bytes(), path.stem)
    except NoticeError as error:
        yield error
    except OSError as error:
        yield NoticeError(path.name, f"the file cannot be read ({error.strerror})")
