"""What desks know of the queue: old picture + events = fresh picture, after each action of the handoff (after Zulip's ``verify_action``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core import events
from core.clock import now
from handoff import service as handoff
from handoff.desk.live import MAX_ROWS, apply

NOTE = "교대 메모입니다"


async def picture(db):
    async with db.read() as connection:
        seq = await events.last_seq(connection, handoff.QUEUE)
        return {row.case_id: row for row in await handoff.all_open(connection, MAX_ROWS)}, seq


class Scene:
    """A waiting emergency, one in hand and one whose end is asked for, a routine case each way, two agents and a supervisor."""

    def __init__(self, db, cipher, agent, other, chief):
        self.db, self.cipher, self.agent, self.other, self.chief = db, cipher, agent, other, chief
        self.cases = {}

    async def do(self, function, *args, **values):
        async with self.db.transaction() as tx:
            return await function(tx, *args, **values)


@pytest.fixture
async def scene(db, cipher, make_case, make_staff):
    agent, other, chief = await make_staff(cap=9), await make_staff(cap=9), await make_staff("supervisor", cap=9)
    scene = Scene(db, cipher, agent, other, chief)
    for name, severity in (
        ("waiting", "life_threat"),
        ("routine", "none"),
        ("mine", "urgent"),
        ("chat", "non_urgent"),
        ("ending", "urgent"),
        ("asked", "urgent"),
        ("over", "none"),
    ):
        scene.cases[name] = await make_case(severity)
        if name not in ("waiting", "routine"):
            await scene.do(handoff.claim, scene.cases[name].id, agent)
    await scene.do(handoff.close, cipher, scene.cases["ending"].id, agent, "resolved", verified_contact="본인과 통화함")
    await scene.do(handoff.transfer, cipher, scene.cases["asked"].id, agent, other.id, NOTE)
    await scene.do(handoff.close, cipher, scene.cases["over"].id, agent, "resolved")
    return scene


def case(s, name):
    return s.cases[name].id


ACTIONS = {
    "open": lambda s: s.do(handoff.open_or_raise, s.cipher, s.cases["over"].conversation_id, "urgent", "assault", "direct"),
    "raise": lambda s: s.do(handoff.open_or_raise, s.cipher, s.cases["chat"].conversation_id, "life_threat", "assault", "direct", country="JP"),
    "repeat": lambda s: s.do(handoff.open_or_raise, s.cipher, s.cases["waiting"].conversation_id, "urgent", "assault", "direct"),
    "doubt": lambda s: s.do(handoff.note_doubt, s.cases["mine"].conversation_id, 0.4),
    "acknowledge": lambda s: s.do(handoff.acknowledge, case(s, "waiting"), s.other),
    "claim": lambda s: s.do(handoff.claim, case(s, "waiting"), s.other),
    "claim next": lambda s: s.do(handoff.claim_next, s.other),
    "offers": lambda s: s.do(handoff.sweep, now() + timedelta(seconds=1)),
    "offers expire": lambda s: s.do(handoff.sweep, now() + timedelta(seconds=40)),
    "desks fall silent": lambda s: s.do(handoff.sweep, now() + timedelta(minutes=5)),
    "away": lambda s: s.do(handoff.set_presence, s.agent, "away"),
    "return": lambda s: s.do(handoff.return_to_queue, case(s, "mine"), s.agent),
    "hand back an emergency": lambda s: s.do(handoff.hand_back, case(s, "mine"), s.agent),
    "hand back a routine case": lambda s: s.do(handoff.hand_back, case(s, "chat"), s.agent),
    "close": lambda s: s.do(handoff.close, s.cipher, case(s, "chat"), s.agent, "resolved"),
    "ask to close": lambda s: s.do(handoff.close, s.cipher, case(s, "mine"), s.agent, "resolved", verified_contact="본인과 통화함"),
    "confirm the end": lambda s: s.do(handoff.confirm_close, case(s, "ending"), s.other),
    "object to the end": lambda s: s.do(handoff.object_to_close, case(s, "ending"), s.other),
    "transfer a routine case": lambda s: s.do(handoff.transfer, s.cipher, case(s, "chat"), s.agent, s.other.id, NOTE),
    "ask to take over": lambda s: s.do(handoff.transfer, s.cipher, case(s, "mine"), s.agent, s.other.id, NOTE),
    "accept": lambda s: s.do(handoff.accept, case(s, "asked"), s.other),
    "refuse": lambda s: s.do(handoff.refuse, case(s, "asked"), s.other),
    "override": lambda s: s.do(handoff.take_from, s.cipher, case(s, "mine"), s.chief, "담당자가 자리에 없음"),
    "to a team": lambda s: s.do(handoff.to_team, s.cipher, case(s, "chat"), s.agent, "legal", NOTE),
    "snooze": lambda s: s.do(handoff.snooze, case(s, "chat"), s.agent, now() + timedelta(hours=1)),
    "reopen": lambda s: s.do(handoff.reopen, case(s, "over"), s.agent),
    "reply": lambda s: s.do(handoff.reply, s.cipher, case(s, "mine"), s.agent, "지금 어디 계십니까?", "one"),
    "note": lambda s: s.do(handoff.add_note, s.cipher, case(s, "mine"), s.agent, NOTE),
    "invite": lambda s: s.do(handoff.invite, case(s, "mine"), s.agent, s.other.id),
    "promise": lambda s: s.do(handoff.promise, s.cipher, case(s, "mine"), s.agent, "다시 전화", now() + timedelta(hours=1)),
}


@pytest.mark.parametrize("action", ACTIONS)
async def test_old_picture_and_events_are_the_fresh_picture(scene, action):
    rows, seq = await picture(scene.db)
    await ACTIONS[action](scene)
    async with scene.db.read() as connection:
        found = await events.read(connection, handoff.QUEUE, seq)
    for event in found:
        apply(rows, event)
    fresh, last = await picture(scene.db)
    assert [event.seq for event in found] == list(range(seq + 1, last + 1))
    assert {key: replace(row, owner_name=None) for key, row in rows.items()} == {key: replace(row, owner_name=None) for key, row in fresh.items()}
