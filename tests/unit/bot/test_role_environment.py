"""What every role is started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.supervisor import LARGE_PAGES, ONE_THREAD, environment
from core.settings import Settings


def started_with(folder: Path) -> dict[str, str]:
    return environment(Settings(data_dir=folder), "postgresql://", 8080)


def test_roles_ask_for_large_pages_and_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    env = started_with(tmp_path)
    assert env["GLIBC_TUNABLES"] == LARGE_PAGES
    assert ONE_THREAD.items() <= env.items()


def test_what_an_operator_has_tuned_has_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0:glibc.malloc.arena_max=2")
    assert started_with(tmp_path)["GLIBC_TUNABLES"] == f"{LARGE_PAGES}:glibc.malloc.hugetlb=0:glibc.malloc.arena_max=2"
