"""Whatever people and the clock do, in any order, the invariants of the queue hold after each step."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversation import service as conversation
from core import audit, events
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.queue_order import order_key, rank
from handoff.schemas import AgentFull, Claimed

AGENTS = range(2)
CITIZENS = range(4)
CAP = 1
OWNER = None  # the step is taken by whoever owns the case, so that most steps do something
ALARMS = st.sampled_from(("none", "none", "non_urgent", "urgent", "urgent", "life_threat"))
PEOPLE = st.sampled_from((OWNER, OWNER, OWNER, 0, 1))
STEPS = st.one_of(
    st.tuples(st.just("claim"), st.sampled_from(CITIZENS), st.sampled_from(AGENTS)),
    st.tuples(st.just("claim"), st.sampled_from(CITIZENS), st.sampled_from(AGENTS)),
    st.tuples(st.sampled_from(("return", "hand_back", "close", "confirm", "reply")), st.sampled_from(CITIZENS), PEOPLE),
    st.tuples(st.just("alarm"), st.sampled_from(CITIZENS), ALARMS),
    st.tuples(st.just("doubt"), st.sampled_from(CITIZENS), st.none()),
    st.tuples(st.sampled_from(("away", "back", "offline", "silent")), st.none(), st.sampled_from(AGENTS)),
    st.tuples(st.just("sweep"), st.none(), st.sampled_from((0, 30, 90))),
)


class World:
    """The database beside a model that remembers only what must never change."""

    def __init__(self, db, cipher, agents, citizens):
        self.db, self.cipher, self.agents, self.citizens = db, cipher, agents, citizens
        self.arrival, self.severity, self.states, self.seq, self.texts = {}, {}, {}, 0, 0

    async def step(self, what, citizen, argument):
        async with self.db.transaction() as tx:
            try:
                async with tx.transaction():
                    await self._do(tx, what, citizen, argument)
            except AppError as error:
                if error.code not in {"not_owner", "illegal_move", "not_found", "invalid_request", "second_person_needed"}:
                    raise

    async def _do(self, tx, what, citizen, argument):
        talk = None if citizen is None else self.citizens[citizen]
        if what == "alarm":
            await handoff.open_or_raise(tx, self.cipher, talk, argument, "assault", "direct")
            return
        if what == "doubt":
            await handoff.note_doubt(tx, talk, 0.5)
            return
        if what == "sweep":
            await handoff.sweep(tx, now() + timedelta(seconds=argument))
            return
        if what in ("away", "back", "offline"):
            await handoff.set_presence(tx, self.agents[argument], {"back": "available"}.get(what, what))
            return
        if what == "silent":
            await database.run(tx, "UPDATE agent_presence SET last_seen_at = now() - interval '60 s' WHERE staff_id = %s", self.agents[argument].id)
            return
        row = await database.one(tx, "SELECT id, severity, owner_id FROM cases WHERE conversation_id = %s ORDER BY id DESC LIMIT 1", talk)
        if row is None:
            return
        agent = self.agents[argument] if argument is not OWNER else next((one for one in self.agents if one.id == row["owner_id"]), self.agents[0])
        if what == "claim":
            held = (await database.one(tx, "SELECT count(*) AS n FROM cases WHERE owner_id = %s AND status = 'claimed'", agent.id))["n"]
            result = await handoff.claim(tx, row["id"], agent)
            room = {"life_threat": 10**6, "urgent": CAP + 1}.get(row["severity"], CAP)
            assert not (isinstance(result, Claimed) and held >= room)
            assert not (isinstance(result, AgentFull) and held < room)
        elif what == "hand_back":
            await handoff.hand_back(tx, row["id"], agent)
        elif what == "confirm":
            await handoff.confirm_close(tx, row["id"], agent)
        elif what == "return":
            await handoff.return_to_queue(tx, row["id"], agent)
        elif what == "close":
            await handoff.close(tx, self.cipher, row["id"], agent, "resolved", verified_contact="전화로 본인 확인")
        else:
            self.texts += 1
            await handoff.reply(tx, self.cipher, row["id"], agent, "네", f"r{self.texts}")

    async def check(self):
        async with self.db.read() as connection:
            assert await handoff.violations(connection) == []
            cases = await database.rows(connection, "SELECT * FROM cases ORDER BY id")
            talks = {row["id"]: row for row in await database.rows(connection, "SELECT * FROM conversations")}
            waiting = await handoff.queue(connection)
            fresh = {row.case_id: (row.status, row.severity, row.owner_id, row.version) for row in await handoff.all_open(connection)}
            news = await events.read(connection, handoff.QUEUE, self.seq, 1000)
        for row in cases:
            assert row["arrival_at"] == self.arrival.setdefault(row["id"], row["arrival_at"])
            assert rank(row["severity"]) <= rank(self.severity.get(row["id"], row["severity"]))
            self.severity[row["id"]] = row["severity"]
        claimed = {row["conversation_id"]: row["owner_id"] for row in cases if row["status"] == "claimed"}
        for talk_id, talk in talks.items():
            assert talk["owner_id"] == claimed.get(talk_id)  # a person owns a conversation exactly while they hold its case
        keys = [order_key(row.severity, row.arrival_at, row.case_id) for row in waiting]
        assert keys == sorted(keys)
        for event in news:
            self.seq = event.seq
            self.states[event.payload["case_id"]] = tuple(event.payload[key] for key in ("status", "severity", "owner_id", "version"))
        assert {key: value for key, value in self.states.items() if value[0] != "closed"} == fresh


@pytest.fixture
async def pools(db, make_staff):
    return [await make_staff(cap=CAP) for _ in AGENTS]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(alarms=st.tuples(*[ALARMS] * len(CITIZENS)), steps=st.lists(STEPS, min_size=15, max_size=40))
async def test_invariants_hold_after_each_step(db, cipher, pools, alarms, steps):
    async with db.transaction() as tx:
        await database.run(tx, "TRUNCATE cases, timers, events, streams, conversations, access_log RESTART IDENTITY CASCADE")
        await database.run(tx, "UPDATE agent_presence SET state = 'available', last_seen_at = now()")
        citizens = [(await conversation.start(tx, "webchat"))[0] for _ in CITIZENS]
    world = World(db, cipher, pools, citizens)
    for step in [("alarm", citizen, severity) for citizen, severity in enumerate(alarms)] + steps:
        await world.step(*step)
        await world.check()
    async with db.read() as connection:
        assert (await audit.verify_chain(connection)).intact
