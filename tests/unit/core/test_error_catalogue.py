"""The catalogue of errors: Korean for people, a status that fits, one shape, and every code that the program uses is in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.errors import CATALOGUE, HOTLINE, AppError, DatabaseUnavailable

PACKAGES = ("core", "language", "conversation", "accounts", "knowledge_base", "handoff", "actions", "bot")


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
class TestEachCode:
    def test_it_has_a_korean_sentence(self, kind) -> None:
        assert re.search(r"[가-힣]{2}", kind.korean)
        assert kind.korean.endswith((".", "요."))
        assert not re.search(r"[A-Za-z]{3,}", kind.korean), "no machinery in what people read"

    def test_its_status_is_an_error(self, kind) -> None:
        assert 400 <= kind.status < 600

    def test_its_body_has_the_one_shape(self, kind) -> None:
        error = AppError(kind.code, "detail for the log").body()["error"]
        assert (error["code"], error["message"]) == (kind.code, kind.korean)
        assert "detail for the log" not in str(error)


@pytest.mark.parametrize("code", [code for code, kind in CATALOGUE.items() if kind.status >= 500])
def test_when_we_cannot_help_the_hotline_stands_there(code: str) -> None:
    error = AppError(code).body()["error"]
    assert error["hotline"] == HOTLINE
    assert HOTLINE in error["message"]


def test_a_lost_database_is_a_503() -> None:
    assert DatabaseUnavailable("why").kind.status == 503


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        AppError("no_such_code")


def _codes(root: Path) -> set[tuple[str, str]]:
    found = set()
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "AppError" and node.args:
                    found |= {(str(path.relative_to(root)), leaf.value) for leaf in _strings(node.args[0])}
    return found


def _strings(node: ast.expr) -> list[ast.Constant]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node]
    if isinstance(node, ast.IfExp):
        return _strings(node.body) + _strings(node.orelse)
    return []


def test_every_code_that_is_raised_stands_in_the_catalogue(root: Path) -> None:
    codes = _codes(root)
    assert len(codes) > 20
    assert {(path, code) for path, code in codes if code not in CATALOGUE} == set()
