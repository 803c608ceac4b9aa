"""``gildongmu review`` and ``gildongmu evaluate triage --since`` on a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", dsn)

    def command(*words: str):
        return CliRunner().invoke(main, [*words, "--data-dir", str(tmp_path)])

    return command


def test_since_a_day_the_last_line_is_one_object(run) -> None:
    result = run("evaluate", "triage", "--since", "2026-11-01")
    assert result.exit_code == 0
    found = json.loads(result.output.splitlines()[-1])
    assert {"n", "missed", "missed_rate", "false_escalations", "precision", "by_week", "drift"} <= set(found)
    assert found["since"].startswith("2026-11-01T00:00:00")


@pytest.mark.parametrize("words", [("search", "--since", "2026-11-01"), ("triage", "--since", "yesterday"), ("triage", "--since", "2999-01-01")])
def test_what_cannot_be_evaluated_is_told(run, words) -> None:
    assert run("evaluate", *words).exit_code == 2


def test_the_figures_are_one_object(run) -> None:
    found = json.loads(run("review", "figures").output.splitlines()[-1])
    assert found["written_missed_rate"]["rate"] > 0
    assert found["missed_rate"]["interval"] == [0.0, 1.0]


def test_the_export_writes_a_file_even_of_nothing(run, tmp_path: Path) -> None:
    result = run("review", "export", "--out", str(tmp_path / "out.jsonl"))
    assert (result.exit_code, json.loads(result.output)["lines"]) == (0, 0)
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert run("review", "export", "--out", str(tmp_path / "no" / "out.jsonl")).exit_code == 2
