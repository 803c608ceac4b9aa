"""Entry into Rasa's environment: ``python -m bot.dialogue.launch serve|train …``, quiet, and without TensorFlow.

``rasa train``, ``rasa shell`` and ``rasa test`` work beside it, as Rasa's users expect; this is what the program itself starts.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Parse the command and run it."""
    parser = argparse.ArgumentParser(prog="bot.dialogue.launch")
    commands = parser.add_subparsers(dest="command", required=True)
    serve_parser = commands.add_parser("serve")
    serve_parser.add_argument("--model", type=Path, required=True)
    serve_parser.add_argument("--port", type=int, required=True)
    train_parser = commands.add_parser("train")
    train_parser.add_argument("--out", type=Path, required=True)
    train_parser.add_argument("--name", required=True)
    options = parser.parse_args(arguments)

    from bot.dialogue.light import without_tensorflow
    from bot.dialogue.quiet import silence

    # libraries of 2023 warn of much, and set filters of their own
    warnings.showwarning = lambda *arguments, **keywords: None
    without_tensorflow()
    silence()
    if options.command == "serve":
        return serve(options.model, options.port)
    return train(options.out, options.name)


def serve(model: Path, port: int) -> int:
    """Serve the channel of ``credentials.yml`` on the loopback, and nothing else: no HTTP API, no status page."""
    import rasa.core.run
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.endpoints import EndpointConfig

    _warnings_only()
    endpoints = AvailableEndpoints.read_endpoints("endpoints.yml")
    actions_url = os.environ.get("GILDONGMU_ACTION_URL")
    if actions_url:
        headers = {"X-Gildongmu-Token": os.environ.get("GILDONGMU_ACTION_TOKEN", "")}
        endpoints.action = EndpointConfig(url=actions_url, headers=headers, selective_domain=True)
    rasa.core.run.serve_application(
        str(model), interface="127.0.0.1", port=port, credentials="credentials.yml", enable_api=False, endpoints=endpoints, cors=None
    )
    return 0


def train(out: Path, name: str) -> int:
    """Train from the project files at the root into ``out/name.tar.gz``, and write its intent classifier as arrays into ``out/name.npz``."""
    from rasa.model_training import train as train_model

    _warnings_only()
    result = train_model("domain.yml", "config.yml", ["data/nlu", "data/rules"], output=str(out), fixed_model_name=name, force_training=True)
    if result.code == 0:
        from bot.dialogue.export import export

        export(out / f"{name}.tar.gz", "data/nlu", out / f"{name}.npz")
    return int(result.code)


def _warnings_only() -> None:
    """Logs at warning level: below it, Rasa's lines carry the citizen's words."""
    from core.logging import configure
    from language.redaction import redact

    configure("WARNING", redact)
    for name in ("rasa", "sanic.access", "sanic.root", "sanic.error", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
