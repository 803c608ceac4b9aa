"""The citizens' pages stay light: what each one loads, compressed, is at most 20 KB."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[3] / "bot" / "static"
MOST_BYTES = 20 * 1024


@pytest.mark.parametrize("name", ["chat.html", "locate.html", "code.html"])
def test_a_page_and_all_that_it_loads(name: str) -> None:
    page = (STATIC / name).read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src|href)="/static/([\w.]+)"', page)
    assert "exit.js" in loaded  # quick exit is on every page
    assert sum(len(gzip.compress((STATIC / file).read_bytes())) for file in (name, *loaded)) <= MOST_BYTES


def test_the_code_of_calls_comes_only_with_a_call_and_is_light() -> None:
    page = (STATIC / "chat.html").read_text(encoding="utf-8")
    assert "call.js" not in page
    assert "voice.js" not in page
    files = (STATIC / "call.js", STATIC / "call.css", STATIC.parents[1] / "handoff" / "calls" / "static" / "voice.js")
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= MOST_BYTES / 2
