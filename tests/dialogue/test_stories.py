"""Every test story (``*.yml``, Rasa's format) is told to the real Rasa, with the real actions, over its channel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from stories import Story, differences, read

from bot.dialogue.client import DialogueClient
from bot.dialogue.process import DialogueProcess
from bot.dialogue.sealing import Sealer
from core.db import Database
from knowledge_base.schemas import Answer, Outcome
from tests.rasa import NEEDS_RASA, running_rasa, serving_actions

pytestmark = [
    pytest.mark.dialogue,
    NEEDS_RASA,
]

STORIES = read(Path(__file__).parent)


class Notices:
    """Answers questions that ask something of ours; has nothing for "모르는", and nothing for abuse and other people's business."""

    def answer(self, analysis: Any, country: str | None = None) -> Answer:
        knows = any(word in analysis.normalised for word in ("여권", "경보", "입국", "비자", "송금", "알림", "passport"))
        outcome = "answered" if knows and "모르는" not in analysis.normalised else "abstain"
        return Answer(Outcome(outcome), f"{country}: {analysis.normalised}", ("n1",))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stories")


@pytest.fixture(scope="module")
def rasa(dsn: str, analyser: Any, data_dir: Path) -> Iterator[DialogueProcess]:
    with serving_actions(Notices, analyser) as actions_url, running_rasa(dsn, data_dir, actions_url) as process:
        yield process


@pytest_asyncio.fixture
async def client(rasa: DialogueProcess) -> AsyncIterator[DialogueClient]:
    client = DialogueClient(rasa.base_url, rasa.token, timeout_s=20)
    yield client
    await client.close()


async def state_of(db: Database, data_dir: Path, conversation: str, seq: int) -> list[dict[str, Any]]:
    for _ in range(20):
        async with db.read() as connection:
            cursor = await connection.execute("SELECT state FROM dialogue_states WHERE conversation_id = %s AND seq = %s", (conversation, seq))
            row = await cursor.fetchone()
        if row is not None:
            return json.loads(Sealer.from_file(data_dir / "keys.json").open(row["state"], conversation))["events"]
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was saved")


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
async def test_story(story: Story, client: DialogueClient, db: Database, data_dir: Path, analyser: Any) -> None:
    conversation = f"story-{STORIES.index(story)}"
    wrong = []
    for seq, turn in enumerate(story.turns, 1):
        metadata = analyser.analyse([turn.text])[0].to_metadata()
        said = await client.ask(conversation, seq, turn.text, metadata)
        assert said is not None
        assert said.messages
        wrong += [f"{turn.text}: {difference}" for difference in differences(turn, await state_of(db, data_dir, conversation, seq))]
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
