"""The real Rasa, with the real action route beside it, for the tests of dialogues; only what answers questions is given."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from actions.executor import build_router
from bot.dialogue.process import DialogueProcess, rasa_python, train_dialogue
from core.crypto import load_cipher
from core.ports import free_port
from core.settings import Settings

TOKEN = "token-of-the-actions"
READY_S = 300
NEEDS_RASA = pytest.mark.skipif(not rasa_python().exists(), reason="Rasa's environment is not there; `make setup` makes it")


@contextlib.contextmanager
def serving_actions(notices: Callable[[], Any], analyser: Any) -> Iterator[str]:
    """The address of the action route, served from a thread of this process."""
    app, port = FastAPI(), free_port()
    app.include_router(build_router(notices, lambda: analyser, TOKEN))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/rasa/actions"
    finally:
        server.should_exit = True
        thread.join(5)


@contextlib.contextmanager
def running_rasa(dsn: str, data_dir: Path, actions_url: str) -> Iterator[DialogueProcess]:
    """Rasa on the committed dialogue, trained if need be; its key file lies in ``data_dir``."""
    load_cipher(data_dir / "keys.json")
    process = DialogueProcess(Settings(database_url=dsn, data_dir=data_dir), action_url=actions_url, action_token=TOKEN, model=train_dialogue())
    process.start()
    try:
        assert process.wait_ready(READY_S)
        yield process
    finally:
        process.stop()
