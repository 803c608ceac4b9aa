"""What is built once on a machine, and what is trained on request."""

from __future__ import annotations

import json
import time

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


def train(what: str, seed: int) -> None:
    """Train one model."""
    if what == "triage":
        from language.training import train_triage

        train_triage(ROOT / "data" / "triage", ROOT / "models" / "triage", seed)
    elif what == "dialogue":
        from bot.dialogue.process import train_dialogue
        from language.intents import train_intents

        train_intents(ROOT / "data" / "nlu", ROOT / "models" / "intents", seed)
        train_dialogue(force=True)
    else:
        from language.encoder import ensure_built

        ensure_built()


def evaluate(name: str) -> None:
    """Evaluate one model on held-out data; the figures are the last line."""
    if name == "triage":
        from language.evaluation import evaluate_triage

        result = evaluate_triage()
    elif name == "entities":
        from language.entity_evaluation import evaluate_entities

        result = evaluate_entities()
    elif name == "redaction":
        from language.redaction_evaluation import evaluate_redaction

        result = evaluate_redaction()
    else:
        from knowledge_base import evaluation

        result = {"search": evaluation.evaluate_search, "answers": evaluation.evaluate_answers}[name]()
    click.echo(json.dumps(result, ensure_ascii=False))
