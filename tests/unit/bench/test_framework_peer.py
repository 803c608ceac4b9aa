"""Another framework's retriever beside ours: what it is asked, what of its answer is believed, and that it calls nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bench import framework
from bot.cli import main
from core.settings import ROOT
from knowledge_base import evaluation

ALLOWED = [[0, 2], [1]]


def test_it_gets_our_vectors_the_written_questions_and_the_notices_of_the_day() -> None:
    asked = framework.request(["가", "나", "다"], np.eye(3), ["질문", "둘째"], [np.array([0.5, 0.25]), np.array([1.0])], ALLOWED)
    assert [document["id"] for document in asked["documents"]] == ["0", "1", "2"]
    assert asked["documents"][1] == {"id": "1", "text": "나", "vector": [0.0, 1.0, 0.0]}
    assert asked["questions"] == [{"text": "질문", "vector": [0.5, 0.25], "allowed": ["0", "2"]}, {"text": "둘째", "vector": [1.0], "allowed": ["1"]}]


def test_without_our_encoder_nothing_is_compared() -> None:
    with pytest.raises(framework.FrameworkError, match="encoder is missing"):
        framework.request(["가"], np.eye(1), ["질문"], [None], [[0]])


def test_an_answer_becomes_ids_of_notices_cut_at_the_measured_depth() -> None:
    ids = [f"notice-{place}" for place in range(30)]
    may = [list(range(30)), [1]]
    found = framework.rankings({"rankings": {"way": [[str(place) for place in range(19, -1, -1)], []]}}, ids, may)
    assert found == {"way": [[f"notice-{place}" for place in range(19, 9, -1)], []]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [([["0"]], "1 of 2 questions"), ([["0", "1"], ["1"]], "did not hold on the day")],
)
def test_an_answer_that_cannot_be_compared_is_refused(rows: list[list[str]], said: str) -> None:
    with pytest.raises(framework.FrameworkError, match=said):
        framework.rankings({"rankings": {"way": rows}}, ["a", "b", "c"], ALLOWED)


def interpreter(folder: Path, body: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    path.chmod(0o755)
    return path


def test_the_interpreter_is_asked_with_telemetry_off_and_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "True")
    monkeypatch.setenv("GILDONGMU_SECRET", "x")
    python = interpreter(tmp_path, "print(json.dumps({'asked': json.load(sys.stdin), 'arguments': sys.argv[1:], 'environment': dict(os.environ)}))")
    answered = framework.ask(python, {"documents": ["가"]})
    assert answered["asked"] == {"documents": ["가"]}
    assert answered["arguments"] == ["-m", framework.MODULE]
    assert answered["environment"]["HAYSTACK_TELEMETRY_ENABLED"] == "False"
    assert "GILDONGMU_SECRET" not in answered["environment"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('no such thing')", "no such thing"),
        ("sys.exit(3)", "exit code 3"),
        ("print('[]')", "could not be read"),
        ("print('hm')", "could not be read"),
    ],
)
def test_a_failing_interpreter_is_one_sentence(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(framework.FrameworkError, match=said):
        framework.ask(interpreter(tmp_path, body), {})


def test_what_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(framework.FrameworkError, match="could not be run"):
        framework.ask(tmp_path / "nothing", {})


def test_an_interpreter_without_the_framework_names_what_is_missing() -> None:
    with pytest.raises(framework.FrameworkError, match=r"haystack.*requirements/framework\.in"):
        framework.ask(Path(sys.executable), {"documents": [], "questions": []})


@pytest.mark.parametrize("call", ["socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo('localhost', 80)"])
def test_the_child_reaches_nobody(call: str) -> None:
    code = f"import socket\nfrom bench.haystack_default import stay_offline\nstay_offline()\n{call}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the comparison runs without a network" in done.stderr


def test_search_is_compared_with_it_only_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def evaluate_search(**options: Any) -> dict[str, Any]:
        given.append(options)
        return {"peers": options["others"](None, None, [], []) if options else {}}

    python = interpreter(tmp_path, "")
    monkeypatch.setattr(evaluation, "evaluate_search", evaluate_search)
    monkeypatch.setattr(framework, "peers", lambda path, *_: {"way": [str(path)]})
    assert '{"peers": {}}' in CliRunner().invoke(main, ["evaluate", "search"]).output
    assert f'{{"peers": {{"way": ["{python}"]}}}}' in CliRunner().invoke(main, ["evaluate", "search", "--framework", str(python)]).output
    assert [bool(options) for options in given] == [False, True]


def test_a_framework_that_fails_ends_the_command_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(**_: Any) -> dict[str, Any]:
        raise framework.FrameworkError("It failed.")

    monkeypatch.setattr(evaluation, "evaluate_search", failing)
    result = CliRunner().invoke(main, ["evaluate", "search", "--framework", sys.executable])
    assert (result.exit_code, result.output) == (1, "Error: It failed.\n")


def test_other_evaluations_have_no_framework() -> None:
    result = CliRunner().invoke(main, ["evaluate", "answers", "--framework", sys.executable])
    assert result.exit_code == 2
    assert "--framework is for search" in result.output
