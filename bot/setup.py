"""What is built once on a machine, and what is trained on request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from core.settings import ROOT


def run() -> None:
    """Build the encoder and train the dialogue model, unless they are there and fit their sources."""
    from bot.dialogue.process import train_dialogue
    from language.encoder import ensure_built

    began = time.monotonic()

    def progress(message: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {message}", err=True)

    ensure_built(progress=progress)
    train_dialogue(progress=progress)


def train(what: str, seed: int, everyday: Path | None = None, more: Path | None = None, thresholds: bool = False) -> None:
    """Train one model, or of triage only set the thresholds."""
    if what == "triage":
        from language.training import set_thresholds, train_triage

        try:
            if thresholds:
                set_thresholds(ROOT / "data" / "triage", ROOT / "models" / "triage", everyday=everyday)
                return
            train_triage(ROOT / "data" / "triage", ROOT / "models" / "triage", seed, everyday=everyday, more=more)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    elif what == "dialogue":
        from bot.dialogue.process import train_dialogue
        from language.intents import train_intents

        train_intents(ROOT / "data" / "nlu", ROOT / "models" / "intents", seed)
        train_dialogue(force=True)
    else:
        from language.adaptation import train_encoder

        try:
            train_encoder(ROOT / "data" / "triage", ROOT / "models" / "encoder", seed, everyday=everyday)
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"The package {error.name} is missing. Install the extra first: .venv/bin/python -m pip install -r requirements/torch.in"
            ) from error


def _evaluations() -> dict[str, Callable[..., dict[str, Any]]]:
    """What can be evaluated, by name; each returns its figures."""
    from bench.comparison import compare_models
    from handoff.board.evaluate import evaluate as evaluate_board
    from knowledge_base import evaluation as knowledge
    from language import evaluation as triage
    from language.detection import evaluate_language
    from language.entity_evaluation import evaluate_entities
    from language.redaction_evaluation import evaluate_redaction

    return {
        "triage": triage.evaluate_triage,
        "robustness": triage.evaluate_robustness,
        "comparison": compare_models,
        "language": evaluate_language,
        "entities": evaluate_entities,
        "redaction": evaluate_redaction,
        "search": knowledge.evaluate_search,
        "answers": knowledge.evaluate_answers,
        "board": evaluate_board,
    }


#: Names for the command line, without loading what evaluates them.
EVALUATIONS = ("triage", "robustness", "comparison", "language", "entities", "redaction", "search", "answers", "board")


def evaluate(name: str, everyday: Path | None = None, save: bool = False, framework: Path | None = None) -> None:
    """Evaluate one model on held-out data; the figures are the last line. ``save`` also writes those of triage into its model card; ``framework`` is an
    interpreter whose hybrid retriever search is compared with.
    """
    from language.model_card import FIGURES, save_figures

    work = _evaluations()[name]
    if framework is not None:
        work = partial(_beside_framework, work, framework)
    result = work(everyday=everyday) if everyday is not None else work()
    if save and name in FIGURES:
        save_figures(ROOT / "models" / "triage", name, result)
    click.echo(json.dumps(result, ensure_ascii=False))


def _beside_framework(work: Callable[..., dict[str, Any]], framework: Path) -> dict[str, Any]:
    from bench.framework import FrameworkError, peers

    try:
        return work(others=partial(peers, framework))
    except FrameworkError as error:
        raise click.ClickException(str(error)) from error
