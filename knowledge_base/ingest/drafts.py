"""What a parser of documents hands on: drafts, or a refusal with a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from knowledge_base.errors import NoticeError


@dataclass(frozen=True)
class Draft:
    """One notice as far as a document tells it; what it does not tell is left empty and filled in on import."""

    title: str
    body: str  # Markdown, tables as Markdown tables
    published_at: str = ""  # days as 2026-03-01
    source_url: str = ""
    source: str = ""
    id: str = ""  # empty: made from the file's name
    effective_from: str = ""
    expires_at: str = ""
    review_by: str = ""
    language: str = ""
    countries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # Korean sentences for the editor
    test_only: bool = False  # 시험용


@dataclass(frozen=True)
class Document:
    """A file as it came, and what was found in it."""

    name: str
    kind: str
    raw: bytes
    items: tuple[Draft | Row, ...]


@dataclass(frozen=True)
class Row:
    """One row's refusal; the rest of its file is taken."""

    name: str
    message: str
    code: str = "bad_notice"


@dataclass
class Warnings:
    """Collects an editor's warnings, each once."""

    found: dict[str, None] = field(default_factory=dict)

    def add(self, sentence: str) -> None:
        """Remember it."""
        self.found[sentence] = None

    def all(self) -> tuple[str, ...]:
        """In the order in which they came up."""
        return tuple(self.found)


class Refusal(NoticeError):
    """A file that is not taken: ``code`` names why in the catalogue, the message is for logs and developers."""

    def __init__(self, name: str, message: str, code: str) -> None:
        super().__init__(name, message, code)


class Parser(Protocol):
    """Reads one kind of document. It raises ``Refusal`` and nothing else that is foreseen; the registry catches the unforeseen."""

    def __call__(self, raw: bytes, name: str) -> list[Draft | Row]:
        """The drafts of a file, in its order."""
        ...
