"""The records of exports, as their page works with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from handoff.records.export_document import Document
from handoff.records.export_redaction import Marks, Rules
from handoff.records.export_rules import Care, Requester, State

Form = Literal["json", "html"]


@dataclass(frozen=True)
class Export:
    """One export as the page lists it."""

    id: int
    case_id: int
    state: State
    version: int
    requester: Requester
    identity: str = field(repr=False)
    asked_on: date
    due_on: date
    prepared_by: int
    prepared_by_name: str
    prepared_at: datetime
    released_by_name: str
    released_at: datetime | None
    expires_at: datetime
    returned_why: str = field(repr=False)
    is_there: bool


@dataclass(frozen=True)
class Opened:
    """One export to be read: its document, what is black in it, and what must be known before it goes."""

    export: Export
    document: Document = field(repr=False)
    marks: Marks
    rules: Rules = field(repr=False)
    cares: tuple[Care, ...]
