"""Rules that protect people, read from the source: what a log may carry, who may write a message, who may read a place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.settings import ROOT

PACKAGES = ("core", "language", "conversation", "accounts", "knowledge_base", "handoff", "actions", "bot")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
#: What a log line never carries, by the name of a keyword, a variable or an attribute.
PRIVATE = {
    "text",
    "texts",
    "body",
    "content",
    "lat",
    "lon",
    "latitude",
    "longitude",
    "location",
    "place",
    "fix",
    "name",
    "display_name",
    "login",
    "phone",
    "summary",
    "note",
    "query",
    "question",
    "answer",
    "token",
    "password",
    "transcript",
    "line",
    "lines",
    "blob",
    "visitor",
    "ip",
    "client_host",
}
#: Looked at one by one: the name of an action of ours, the status number of an HTTP answer.
ALLOWED = {("actions/executor.py", "name"), ("bot/dialogue/client.py", "answer")}
#: Who may say the words of a table: every other module goes through the owner's functions.
WRITERS = {
    "messages": {"conversation/service.py", "conversation/visitors.py", "conversation/arriving.py"},
    "outbox": {"conversation/service.py", "conversation/outbox.py"},
    "inbox": {"conversation/service.py", "conversation/visitors.py", "conversation/arriving.py", "bot/triage_slot.py", "bot/turn.py", "bot/worker.py"},
    # Messages that arrive together are one statement with their events: the numbers are taken in it as core/events.py takes them.
    "events": {"core/events.py", "conversation/arriving.py"},
    "streams": {"core/events.py", "conversation/arriving.py"},
    "access_log": {"core/audit.py"},
    "cases": {"handoff/repository.py"},
    "geo_fixes": {"handoff/places.py"},
    "location_views": {"handoff/places.py"},
}


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts]


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in sources()]


def private_words_logged(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and word of everything private in a log call's arguments; a length or a type of it is fine."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger", "logging"}):
            continue
        found += [(node.lineno, keyword.arg) for keyword in node.keywords if keyword.arg in PRIVATE]
        found += [(node.lineno, word) for argument in (*node.args[1:], *(k.value for k in node.keywords)) for word in _words(argument)]
        if node.args and not isinstance(node.args[0], ast.Constant):
            found.append((node.lineno, "an event that is not a constant"))
    return found


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"len", "type", "bool"}:
        return
    if isinstance(node, ast.Attribute) and node.attr == "__name__":
        return
    if isinstance(node, ast.Name) and node.id in PRIVATE:
        yield node.id
    if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
        yield node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in PRIVATE:
        yield str(node.slice.value)
    for child in ast.iter_child_nodes(node):
        yield from _words(child)


class TestLogs:
    def test_no_log_call_carries_what_is_private(self) -> None:
        found = {(path, word) for path, tree in trees() for _, word in private_words_logged(tree)}
        assert found - ALLOWED == set()

    @pytest.mark.parametrize(
        "line",
        [
            "log.info('x', text=t)",
            "log.error('x', lat=1.0)",
            "log.info('x', value=row['text'])",
            "log.info('x', value=staff.display_name)",
            "log.info('x', words=str(body)[:20])",
            "log.info(f'x {t}')",
            "logger.warning('x', reason=f'{content}')",
        ],
    )
    def test_the_rule_finds(self, line: str) -> None:
        assert private_words_logged(ast.parse(line))

    @pytest.mark.parametrize("line", ["log.info('x', length=len(text))", "log.error('x', error=type(e).__name__)", "log.info('x', message=row['message_id'])"])
    def test_the_rule_lets_pass(self, line: str) -> None:
        assert not private_words_logged(ast.parse(line))

    def test_nothing_prints_outside_the_commands(self) -> None:
        commands = {
            "bot/cli.py",
            "bot/commands.py",
            "bot/setup.py",
            "bot/stateless.py",
            "bot/supervisor.py",
            "bot/dialogue/launch.py",
            "language/encoder_build.py",
        }
        found = [
            (path, node.lineno)
            for path, tree in trees()
            if path not in commands and "train" not in path and "evaluation" not in path and not _has_main(tree)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ]
        assert found == []


def _has_main(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body)


@cache
def statements() -> list[tuple[str, str]]:
    """Every string that could be SQL, and the file it stands in."""
    return [(path, n.value) for path, tree in trees() for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def files_with(pattern: str) -> set[str]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return {path for path, text in statements() if compiled.search(text)}


class TestTables:
    @pytest.mark.parametrize("table", WRITERS)
    def test_only_its_owner_inserts(self, table: str) -> None:
        assert files_with(rf"\bINSERT\s+INTO\s+{table}\b") <= WRITERS[table]

    @pytest.mark.parametrize("table", ["messages", "outbox", "inbox", "cases", "conversations", "geo_fixes"])
    def test_a_domain_that_is_not_its_neighbour_never_names_it(self, table: str) -> None:
        strangers = ("core/", "language/", "knowledge_base/", "accounts/", "actions/")
        assert {path for path in files_with(rf"\b(FROM|JOIN|INTO|UPDATE)\s+{table}\b") if path.startswith(strangers)} == set()

    def test_exact_places_are_read_inside_the_handoff_only(self) -> None:
        """Opening ``geo_fixes.place`` anywhere else would go round the record of views."""
        assert {path for path in files_with(r"\b(FROM|JOIN)\s+geo_fixes\b") if not path.startswith("handoff/")} == {"bot/erasure.py"}  # counts and deletes


class TestTime:
    def test_no_naive_present(self) -> None:
        """``core.clock.now`` is the only source of the present."""
        pattern = re.compile(r"datetime\.(utcnow|now|today)\(\s*\)")
        found = [str(path.relative_to(ROOT)) for path in sources() if pattern.search(path.read_text())]
        assert found == []

    def test_nothing_unpickles(self) -> None:
        pattern = re.compile(r"^\s*(import|from)\s+(pickle|dill|joblib|shelve|marshal)\b|allow_pickle\s*=\s*True", re.MULTILINE)
        found = [str(path.relative_to(ROOT)) for path in sources() if pattern.search(path.read_text())]
        assert found == []
