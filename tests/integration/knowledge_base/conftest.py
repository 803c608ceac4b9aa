"""Builders for notices and a knowledge base over them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.db import Database
from knowledge_base import publishing
from knowledge_base.notices import parse_record
from knowledge_base.schemas import RowResult
from knowledge_base.service import KnowledgeBase

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def bring() -> Callable[..., Any]:
    """Imports records as published notices."""

    async def brought(db: Database, *records: dict[str, Any], environment: str = "development") -> list[RowResult]:
        items = [parse_record(row) for row in records]
        return [result async for result in publishing.import_published(db, items, "test", environment)]

    return brought


@pytest.fixture(scope="session")
def shipped(analyser: Any, tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The notices that come with the program, without a database."""
    return KnowledgeBase.from_files(analyser, environment="development", now=lambda: NOW)


@pytest.fixture
def open_base(db: Database, analyser: Any) -> Callable[..., Any]:
    """Opens a knowledge base on the test database."""

    async def opened(environment: str = "development") -> KnowledgeBase:
        return await KnowledgeBase.open(db, analyser, environment=environment, now=lambda: NOW)

    return opened


@pytest.fixture
def notices_folder(root: Path) -> Path:
    return root / "data" / "notices"
