"""What must hold after every step, read from the database in one exchange and without the product's own rules for it.

The limits and the order stand here a second time on purpose: a rule that is wrong in the product must not be wrong here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from handoff.streams import state

RANK = {"life_threat": 0, "urgent": 1, "non_urgent": 2, "none": 3}
EMERGENCIES = ("life_threat", "urgent")
#: After so many people a case is everyone's.
MOST_OFFERS = 3
Row = dict[str, Any]

#: Every invariant that the tables show by themselves, as (what is broken, of what); empty when all hold.
BREACHES = """
SELECT 'answered twice' AS broken, in_reply_to::text AS subject FROM outbox
WHERE in_reply_to IS NOT NULL AND (client_id LIKE 'turn-%' OR client_id LIKE 'danger-%') GROUP BY in_reply_to HAVING count(*) > 1
UNION ALL
SELECT 'said twice', conversation_id || ' ' || client_id FROM outbox GROUP BY conversation_id, client_id HAVING count(*) > 1
UNION ALL
SELECT 'called answered, but nothing was said', i.message_id::text FROM inbox i
WHERE i.turn_state = 'answered' AND NOT EXISTS (SELECT 1 FROM outbox o JOIN messages m ON m.id = o.message_id
                                                WHERE o.conversation_id = i.conversation_id AND o.in_reply_to IS NOT NULL AND m.seq > i.seq)
UNION ALL
SELECT 'held for ever', i.message_id::text FROM inbox i
WHERE i.turn_state = 'held' AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'danger_ask' AND t.subject = i.conversation_id)
UNION ALL
SELECT 'conversation and case have different owners', v.id FROM conversations v
LEFT JOIN cases k ON k.conversation_id = v.id AND k.status = 'claimed'
WHERE v.status = 'open' AND v.owner_id IS DISTINCT FROM k.owner_id
UNION ALL
SELECT 'a conversation has two open cases', conversation_id FROM cases WHERE status <> 'closed' GROUP BY conversation_id HAVING count(*) > 1
UNION ALL
SELECT 'an emergency waits without a timer', c.id::text FROM cases c
WHERE c.status = 'queued' AND c.severity IN ('life_threat', 'urgent')
  AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'case_offer' AND t.subject = c.id::text AND t.due_at > clock_timestamp() - interval '1 minute')
UNION ALL
SELECT 'a life threat waits without its ladder', c.id::text FROM cases c
WHERE c.status = 'queued' AND c.severity = 'life_threat' AND (SELECT count(*) FROM case_rungs r WHERE r.case_id = c.id AND r.wait = c.waits) <> 3
UNION ALL
SELECT 'an open emergency belongs to nobody who may work', c.id::text FROM cases c
WHERE c.status <> 'closed' AND c.status <> 'queued' AND c.severity IN ('life_threat', 'urgent')
  AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = c.owner_id AND NOT s.disabled)
UNION ALL
SELECT 'a ladder climbs on though somebody owns the case', r.case_id::text FROM case_rungs r JOIN cases c ON c.id = r.case_id
WHERE r.state IN ('waiting', 'calling') AND (c.status <> 'queued' OR c.waits <> r.wait)
UNION ALL
SELECT 'an offer outlasts its timer', c.id::text FROM cases c
WHERE c.offered_to IS NOT NULL AND c.severity IN ('life_threat', 'urgent')
  AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'case_offer' AND t.subject = c.id::text AND t.due_at <= c.offer_due_at + interval '1 second')
UNION ALL
SELECT 'an emergency is put aside for too long', c.id::text FROM cases c
WHERE c.snoozed_until > clock_timestamp() + CASE WHEN c.severity IN ('life_threat', 'urgent') THEN interval '61 minutes' ELSE interval '169 hours' END
UNION ALL
SELECT 'served by the bot again without heightened triage', c.id::text FROM cases c JOIN conversations v ON v.id = c.conversation_id
WHERE c.status = 'handed_back' AND v.status = 'open' AND (v.heightened_until IS NULL OR v.heightened_until < c.claimed_at + interval '23 hours')
UNION ALL
SELECT 'a link outlives its emergency', c.id::text FROM cases c JOIN location_links l ON l.conversation_id = c.conversation_id
WHERE c.status = 'closed' AND c.merged_into IS NULL AND c.severity IN ('life_threat', 'urgent') AND l.created_at < c.closed_at AND l.revoked_at IS NULL
UNION ALL
SELECT 'a gap in a stream', s.name FROM streams s LEFT JOIN events e ON e.stream = s.name GROUP BY s.name, s.last_seq
HAVING count(e.seq) <> s.last_seq OR max(e.seq) <> s.last_seq OR min(e.seq) <> 1
UNION ALL
SELECT 'a gap in a conversation', v.id FROM conversations v LEFT JOIN messages m ON m.conversation_id = v.id GROUP BY v.id
HAVING count(m.seq) <> v.last_seq OR COALESCE(max(m.seq), 0) <> v.last_seq
UNION ALL
SELECT 'a line that no page was told of', v.id FROM conversations v
LEFT JOIN (SELECT stream, count(*) AS told FROM events WHERE kind = 'message' GROUP BY stream) e ON e.stream = 'conversation:' || v.id
WHERE v.last_seq <> COALESCE(e.told, 0)
"""
#: Everything but the cases themselves, in one row. ``changes`` tells whether anything at all was written since the last look.
_READ = f"""
SELECT (SELECT json_agg(json_build_array(b.broken, b.subject)) FROM ({BREACHES}) b) AS breaches,
       (SELECT json_object_agg(event_id, seq) FROM inbox) AS inbox, (SELECT count(*) FROM inbox) AS inbounds,
       (SELECT json_object_agg(id, json_build_object('status', status, 'owner_kind', owner_kind, 'last_seq', last_seq)) FROM conversations) AS conversations,
       (SELECT json_object_agg(id, json_build_array(staff_id, kept_at IS NOT NULL)) FROM case_promises) AS promises,
       (SELECT json_agg(json_build_array(conversation_id, staff_id)) FROM participants) AS participants
"""
_CHANGES = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS changes"
_NEWS = "SELECT seq, kind, payload FROM events WHERE stream = 'queue' AND seq > %s ORDER BY seq"


@dataclass
class Seen:
    """One look at the tables."""

    changes: str = ""
    cases: dict[int, Row] = field(default_factory=dict)
    conversations: dict[str, Row] = field(default_factory=dict)
    inbox: dict[str, int] = field(default_factory=dict)
    inbounds: int = 0
    promises: dict[int, tuple[int, bool]] = field(default_factory=dict)
    participants: set[tuple[str, int]] = field(default_factory=set)
    breaches: list[tuple[str, str]] = field(default_factory=list)
    news: list[Row] = field(default_factory=list)

    def in_hand(self, staff_id: int) -> list[int]:
        return [case_id for case_id, row in self.cases.items() if row["status"] == "claimed" and row["owner_id"] == staff_id]


def look(connection: psycopg.Connection[Row], before: Seen, queue_seq: int) -> Seen:
    """Read everything in two exchanges; the same as before if nothing has been written since."""
    changes = connection.execute(_CHANGES).fetchone()
    assert changes is not None
    if changes["changes"] == before.changes:
        return before
    with connection.pipeline():
        cases = connection.execute("SELECT * FROM cases ORDER BY id")
        everything = connection.execute(_READ)
        news = connection.execute(_NEWS, (queue_seq,))
    (rest,) = everything.fetchall()
    return Seen(
        changes=changes["changes"],
        cases={row["id"]: row for row in cases.fetchall()},
        conversations=rest["conversations"] or {},
        inbox=rest["inbox"] or {},
        inbounds=rest["inbounds"],
        promises={int(number): (owner, kept) for number, (owner, kept) in (rest["promises"] or {}).items()},
        participants={(talk, staff_id) for talk, staff_id in rest["participants"] or ()},
        breaches=[(broken, subject) for broken, subject in rest["breaches"] or ()],
        news=news.fetchall(),
    )


def is_emergency(row: Mapping[str, Any]) -> bool:
    return row["severity"] in EMERGENCIES


def order(rows: Mapping[int, Row]) -> list[int]:
    """The ids of what waits: the worst first, then who came first."""
    waiting = [row for row in rows.values() if row["status"] == "queued"]
    return [row["id"] for row in sorted(waiting, key=lambda row: (RANK[row["severity"]], row["arrival_at"], row["id"]))]


def may_take(severity: str, held: int, cap: int) -> bool:
    """A life threat ignores caps, an urgent case exceeds them by one, everything else keeps them."""
    return severity == "life_threat" or held < cap + (severity == "urgent")


def check_states(seen: Seen) -> None:
    """What one look shows of each case."""
    assert not seen.breaches, seen.breaches
    for row in seen.cases.values():
        if row["offered_to"] is not None:
            assert row["status"] == "queued", "an offer of a case that does not wait"
            assert row["offered_to"] in row["tried"], "an offer that was not counted"
            assert row["rings"] == 0, "once everyone has been asked, a case is everyone's"
        assert len(set(row["tried"])) == len(row["tried"]) <= MOST_OFFERS
        assert not row["tried"] or row["status"] in ("queued", "closed")
        assert row["asked_to"] is None or (row["owner_id"] not in (None, row["asked_to"]) and is_emergency(row))
        assert row["snoozed_until"] is None or (row["status"] == "claimed" and row["owner_id"] is not None)
        assert row["closing_by"] is None or (row["owner_id"] is not None and row["status"] != "closed" and is_emergency(row))
        assert row["merged_into"] is None or (row["status"], row["outcome"]) == ("closed", "duplicate")


@dataclass(frozen=True)
class Step:
    """Who did the step, where it matters: a second person who ends, a supervisor who takes."""

    second: int | None = None
    overriding: int | None = None


def check_changes(before: Seen, after: Seen, caps: Mapping[int, int], step: Step) -> None:
    """What may have become of each case in one step."""
    for case_id, old in before.cases.items():
        assert case_id in after.cases, "a case is lost"
        _check_change(old, after.cases[case_id], step)
    for case_id in after.cases.keys() - before.cases.keys():
        assert after.cases[case_id]["status"] != "closed" or not is_emergency(after.cases[case_id])
    for staff_id, cap in caps.items():
        if staff_id != step.overriding:
            _check_cap(before, after, staff_id, cap)


def _check_change(old: Row, new: Row, step: Step) -> None:
    assert new["arrival_at"] == old["arrival_at"], "a case has lost its arrival time"
    assert new["conversation_id"] == old["conversation_id"]
    assert new["cannot_speak"] or not old["cannot_speak"], "the mark of somebody who cannot speak is lost"
    assert RANK[new["severity"]] <= RANK[old["severity"]], "a case has become less severe"
    assert all(new[name] >= old[name] for name in ("version", "waits", "returned", "doubts")), "a count went back"
    if new["status"] == "closed" and old["status"] != "closed" and is_emergency(new) and new["merged_into"] is None:
        assert old["closing_by"] is not None, "an emergency ended that nobody had asked to end"
        assert old["severity"] == new["severity"], "it had become worse when it ended"
        assert step.second not in (None, old["closing_by"]), "one person alone ended an emergency"
    if old["status"] == new["status"] == "closed":
        assert (new["closed_at"], new["version"]) == (old["closed_at"], old["version"]), "a closed case has changed"
    if old["status"] == "closed" != new["status"]:
        assert (new["status"], new["returned"]) == ("queued", old["returned"] + 1), "a closed case can only wait again"
    if RANK[new["severity"]] < RANK[old["severity"]] and is_emergency(new) and new["status"] != "closed":
        assert new["closing_by"] is None, "it has become worse, and would still be ended as it was"
        assert new["snoozed_until"] is None, "it has become worse, and stays put aside"
    if new["owner_id"] not in (None, old["owner_id"]):
        assert old["owner_id"] is None or not is_emergency(old) or new["owner_id"] in (old["asked_to"], step.overriding), "handed over without a yes"
        assert is_emergency(old) or old["offered_to"] in (None, new["owner_id"]), "taken while it was offered to another"
    if old["status"] == "claimed" and new["status"] == "queued":
        assert (new["returned"], new["waits"]) == (old["returned"] + 1, old["waits"] + 1), "a way back that was not counted"


def _check_cap(before: Seen, after: Seen, staff_id: int, cap: int) -> None:
    now = after.in_hand(staff_id)
    taken = sorted((RANK[after.cases[case_id]["severity"]] for case_id in set(now) - set(before.in_hand(staff_id))), reverse=True)
    for number, rank in enumerate(taken):  # in the order that fits best
        severity = next(name for name, of in RANK.items() if of == rank)
        assert may_take(severity, len(now) - len(taken) + number, cap), "the cap did not hold"


def check_replay(known: dict[int, Row], seen: Seen) -> None:
    """Old queue + events = fresh queue, for everything that events tell."""
    for event in seen.news:
        payload = event["payload"]
        assert payload["version"] >= known.get(payload["case_id"], {}).get("version", 0), "an older state was told later"
        known[payload["case_id"]] = payload
    fresh = {case_id: state(row) for case_id, row in seen.cases.items()}
    assert fresh == {case_id: {name: payload.get(name) for name in fresh.get(case_id, payload)} for case_id, payload in known.items()}


@dataclass(frozen=True)
class Around:
    """What a sweep works with besides the cases."""

    presence: dict[int, Row]
    timers: dict[int, datetime]


def around(connection: psycopg.Connection[Row], at: datetime) -> Around:
    """Read it, and what no sweep may leave behind."""
    with connection.pipeline():
        presence = connection.execute("SELECT staff_id, state, last_seen_at FROM agent_presence")
        timers = connection.execute("SELECT subject, due_at FROM timers WHERE kind = 'case_offer'")
        left = connection.execute(_LEFT, (at, at))
    assert not (found := left.fetchall()), found
    return Around({row["staff_id"]: row for row in presence.fetchall()}, {int(row["subject"]): row["due_at"] for row in timers.fetchall()})


_LEFT = """
SELECT 'a rung is due and was not climbed' AS left_behind, r.case_id AS subject FROM case_rungs r JOIN cases c ON c.id = r.case_id AND c.waits = r.wait
WHERE c.status = 'queued' AND r.state = 'waiting' AND r.due_at <= %s
UNION ALL
SELECT 'a place outlives its time', id FROM geo_fixes WHERE place IS NOT NULL AND expires_at <= %s
"""


def check_sweep(before: Seen, after: Seen, around: Around, at: datetime, dismissed: set[int]) -> None:
    """What a sweep at a time leaves behind."""
    there = {staff_id for staff_id, row in around.presence.items() if row["last_seen_at"] >= at - timedelta(seconds=45)} - dismissed
    available = {staff_id for staff_id in there if around.presence[staff_id]["state"] == "available"}
    alarms: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for case_id, row in after.cases.items():
        if row["status"] in ("claimed", "handed_back"):
            assert row["owner_id"] in there, "it stays with somebody who is not there"
            assert around.presence[row["owner_id"]]["state"] != "offline", "it stays with somebody who has left"
        assert row["snoozed_until"] is None or row["snoozed_until"] > at, "it sleeps on"
        if row["offered_to"] is not None:
            assert row["offer_due_at"] > at, "an offer is over and has not moved on"
            assert row["offered_to"] in available, "it is offered to somebody who is not there"
        if row["status"] != "closed" and is_emergency(row):
            alarms[row["category"], row["country"]].append(row)
        old = before.cases.get(case_id)
        if old is not None and row["status"] == old["status"] == "queued" and row["waits"] == old["waits"] and is_emergency(old):
            assert around.timers[case_id] > at, "its time has come and nothing was done"
    for flood in alarms.values():
        assert len(flood) < 5 or all(row["cluster"] is not None for row in flood), "a flood has not been grouped"
    _check_routine_offers(before, after)


def _check_routine_offers(before: Seen, after: Seen) -> None:
    """Nobody behind is offered to somebody who could have been asked for the one in front."""
    passed: list[Row] = []
    for case_id in order(after.cases):
        row = after.cases[case_id]
        if is_emergency(row):
            continue
        if row["offered_to"] is None:
            if row["team"] == "centre" and len(row["tried"]) < MOST_OFFERS:
                passed.append(row)
        elif case_id not in before.cases or before.cases[case_id]["offered_to"] != row["offered_to"]:
            assert all(row["offered_to"] in ahead["tried"] for ahead in passed), "offered before somebody who came first"
