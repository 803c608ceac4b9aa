"""Every test story (``*.yml``, Rasa's format) is told to the real Rasa, with the real actions, over its channel."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from stories import Story, differences, read

from actions.executor import build_router
from bot.dialogue.client import DialogueClient
from bot.dialogue.process import DialogueProcess, rasa_python, train_dialogue
from bot.dialogue.sealing import Sealer
from core.crypto import load_cipher
from core.db import Database
from core.settings import Settings

pytestmark = [
    pytest.mark.dialogue,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not rasa_python().exists(), reason="Rasa's environment is not there; `make setup` makes it"),
]

TOKEN = "token-of-the-actions"
STORIES = read(Path(__file__).parent)


class Notices:
    """Answers questions that ask something of ours; has nothing for "모르는", and nothing for abuse and other people's business."""

    def answer(self, analysis: Any, country: str | None = None) -> SimpleNamespace:
        knows = any(word in analysis.normalised for word in ("여권", "경보", "입국", "비자", "송금", "알림", "passport"))
        outcome = "answered" if knows and "모르는" not in analysis.normalised else "abstain"
        return SimpleNamespace(outcome=outcome, text=f"{country}: {analysis.normalised}", notice_ids=("n1",), source=None, quick_replies=())


@pytest.fixture(scope="module")
def actions_url(analyser: Any) -> Iterator[str]:
    app = FastAPI()
    app.include_router(build_router(Notices, lambda: analyser, TOKEN))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}/rasa/actions"
    server.should_exit = True
    thread.join(5)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stories") / "keys.json"
    load_cipher(path)
    return path


@pytest.fixture(scope="module")
def rasa(dsn: str, actions_url: str, key_file: Path) -> Iterator[DialogueProcess]:
    process = DialogueProcess(Settings(database_url=dsn, data_dir=key_file.parent), action_url=actions_url, action_token=TOKEN, model=train_dialogue())
    process.start()
    assert process.wait_ready(90)
    yield process
    process.stop()


@pytest_asyncio.fixture
async def client(rasa: DialogueProcess) -> AsyncIterator[DialogueClient]:
    client = DialogueClient(rasa.base_url, rasa.token, timeout_s=20)
    yield client
    await client.close()


async def state_of(db: Database, key_file: Path, conversation: str, seq: int) -> list[dict[str, Any]]:
    for _ in range(20):
        async with db.read() as connection:
            cursor = await connection.execute("SELECT state FROM dialogue_states WHERE conversation_id = %s AND seq = %s", (conversation, seq))
            row = await cursor.fetchone()
        if row is not None:
            return json.loads(Sealer.from_file(key_file).open(row["state"], conversation))["events"]
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was saved")


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
async def test_story(story: Story, client: DialogueClient, db: Database, key_file: Path, analyser: Any) -> None:
    conversation = f"story-{STORIES.index(story)}"
    wrong = []
    for seq, turn in enumerate(story.turns, 1):
        metadata = analyser.analyse([turn.text])[0].to_metadata()
        said = await client.ask(conversation, seq, turn.text, metadata)
        assert said is not None
        assert said.messages
        wrong += [f"{turn.text}: {difference}" for difference in differences(turn, await state_of(db, key_file, conversation, seq))]
    assert wrong == []


def test_every_dialogue_of_the_plan_has_a_story() -> None:
    turns = [turn for story in STORIES for turn in story.turns]
    assert len(STORIES) >= 30
    assert len({story.name for story in STORIES}) == len(STORIES)
    intents = {turn.intent for turn in turns}
    for intent in ("lost_passport", "entry_rules", "ask_alarm_level", "register_alerts", "ask_person", "correct_country", "refuse_to_share", "thank"):
        assert intent in intents
    assert {"greet", "goodbye", "out_of_scope", "abuse", "rate", "complaint", "cancel", "repeat", "help", "bot_challenge", "deny", "affirm"} <= intents


def test_a_broken_story_is_found() -> None:
    events = [{"event": "user", "parse_data": {"intent": {"name": "greet", "confidence": 0.9}}}, {"event": "action", "name": "utter_greet"}]
    turn = STORIES[0].turns[0]
    assert len(differences(turn, events)) == 3
