"""Snapshot + events = fresh snapshot, for every way in which a conversation changes (after Zulip's ``verify_action``)."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from conversation import service as conversation
from conversation.schemas import AuthorKind
from core import events

AGENT, OFFICER = 11, 13
State = dict[str, Any]


async def snapshot(desk, talk: str) -> State:
    row = await desk.row(talk)
    lines = await desk.rows("SELECT id, seq FROM messages WHERE conversation_id = %s", talk)
    return {
        "messages": {line["seq"]: line["id"] for line in lines},
        "owner": row["owner_kind"],
        "closed": row["status"] == "closed",
        "read": {"citizen": row["read_by_citizen"], "person": row["read_by_person"]},
    }


def replay(state: State, found: list[events.Event]) -> State:
    """What a page does with each event; an unknown kind is a mistake."""
    state = copy.deepcopy(state)
    for event in found:
        match event.kind:
            case "message":
                assert event.payload["seq"] not in state["messages"], "an event came twice"
                state["messages"][event.payload["seq"]] = event.payload["message_id"]
            case "owner":
                state["owner"] = event.payload["owner"]
            case "closed":
                state |= {"closed": True, "owner": "bot"}
            case "read":
                state["read"][event.payload["by"]] = event.payload["seq"]
            case _:
                pytest.fail(f"no page knows {event.kind}")
    return state


async def since(desk, talk: str, after: int) -> list[events.Event]:
    async with desk.db.read() as connection:
        return await events.read(connection, conversation.stream(talk), after, limit=1000)


ACTIONS = {
    "say": lambda desk, talk: desk.say(talk),
    "say twice the same": lambda desk, talk: desk.say(talk, event_id="same"),
    "bot": lambda desk, talk: desk.reply(talk, AuthorKind.BOT),
    "agent": lambda desk, talk: desk.reply(talk, AuthorKind.AGENT, author_id=AGENT),
    "officer": lambda desk, talk: desk.reply(talk, AuthorKind.OFFICER, author_id=OFFICER),
    "system": lambda desk, talk: desk.reply(talk, AuthorKind.SYSTEM, "same"),
    "take over": lambda desk, talk: desk.take_over(talk, AGENT),
    "hand back": lambda desk, talk: desk.hand_back(talk, AGENT),
    "citizen reads": lambda desk, talk: desk.mark_read(talk, "citizen", 2),
    "person reads": lambda desk, talk: desk.mark_read(talk, "person", 99),
    "close": lambda desk, talk: desk.close(talk),
}


@pytest.mark.parametrize("owned", [False, True], ids=["bot's", "agent's"])
@pytest.mark.parametrize("action", ACTIONS)
async def test_each_action(desk, talk, action: str, owned: bool) -> None:
    await desk.say(talk)
    if owned:
        await desk.take_over(talk, AGENT)
    before, last = await snapshot(desk, talk), len(await since(desk, talk, 0))
    await ACTIONS[action](desk, talk)
    assert replay(before, await since(desk, talk, last)) == await snapshot(desk, talk)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_actions_from_any_moment(desk, talk, seed: int) -> None:
    choice = random.Random(seed)
    await desk.join(talk, OFFICER)
    moments = [(await snapshot(desk, talk), 0)]
    for _ in range(30):
        name = choice.choice([name for name in ACTIONS if name != "close"])
        await ACTIONS[name](desk, talk)
        moments.append((await snapshot(desk, talk), len(await since(desk, talk, 0))))
    await desk.close(talk)
    fresh = await snapshot(desk, talk)
    for state, last in moments:
        assert replay(state, await since(desk, talk, last)) == fresh
    assert [event.seq for event in await since(desk, talk, 0)] == list(range(1, len(await since(desk, talk, 0)) + 1))
