"""Every statement on reviews and samples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]
ROLES = ["editor", "supervisor"]

#: What can be judged: words of a citizen. A press of a button tells nothing of triage.
_MESSAGE = """
SELECT m.id, m.conversation_id, m.seq, m.body, m.created_at, c.language, c.country, c.synthetic, i.action, i.score, i.received_at
FROM messages m JOIN inbox i ON i.message_id = m.id JOIN conversations c ON c.id = m.conversation_id
WHERE m.author_kind = 'citizen' AND m.kind = 'text'
"""
_REVIEW = """
SELECT r.*, COALESCE(s.display_name, '') AS account_name
FROM triage_reviews r LEFT JOIN staff s ON s.id = r.account_id
"""


# -- messages ---------------------------------------------------------------------------------------------------------------------


async def message(connection: Connection, message_id: int) -> Row | None:
    """A citizen's message with what triage made of it."""
    return await database.one(connection, f"{_MESSAGE} AND m.id = %s", message_id)


async def before(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Row]:
    """What the citizen wrote before, newest first."""
    return await database.rows(
        connection,
        f"{_MESSAGE} AND m.conversation_id = %s AND m.seq < %s ORDER BY m.seq DESC LIMIT %s",
        conversation_id,
        seq,
        limit,
    )


async def trigger(connection: Connection, case: Row) -> int | None:
    """The message for which a case stands: what was escalated, else asked about, else the words nearest to its opening."""
    row = await database.one(
        connection,
        """SELECT m.id FROM messages m JOIN inbox i ON i.message_id = m.id
           WHERE m.conversation_id = %s AND m.author_kind = 'citizen' AND m.kind = 'text'
           ORDER BY CASE i.action WHEN 'escalate' THEN 0 WHEN 'ask' THEN 1 ELSE 2 END,
                    abs(extract(epoch FROM i.received_at - %s)), m.seq LIMIT 1""",
        case["conversation_id"],
        case["opened_at"],
    )
    return int(row["id"]) if row else None


async def lock_message(tx: Connection, message_id: int) -> None:
    """One change of a message's reviews at a time; those who look are not held up."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(hashtextextended('triage_reviews', %s))", message_id)


# -- reviews ----------------------------------------------------------------------------------------------------------------------


async def review(connection: Connection, review_id: int) -> Row | None:
    """One review."""
    return await database.one(connection, f"{_REVIEW} WHERE r.id = %s", review_id)


async def review_by(connection: Connection, message_id: int, account_id: int) -> Row | None:
    """What one person said of a message."""
    return await database.one(connection, f"{_REVIEW} WHERE r.message_id = %s AND r.account_id = %s", message_id, account_id)


async def reviews_of(connection: Connection, message_id: int) -> list[Row]:
    """Everything that was said of a message."""
    return await database.rows(connection, f"{_REVIEW} WHERE r.message_id = %s ORDER BY r.id", message_id)


async def put(tx: Connection, **values: Any) -> Row:
    """Write what one person says of a message in place of what they said before."""
    row = await database.one(
        tx,
        """INSERT INTO triage_reviews (message_id, case_id, account_id, source, was_emergency, urgency, category, note)
           VALUES (%(message_id)s, %(case_id)s, %(account_id)s, %(source)s, %(was_emergency)s, %(urgency)s, %(category)s, %(note)s)
           ON CONFLICT (message_id, account_id) DO UPDATE
           SET case_id = COALESCE(excluded.case_id, triage_reviews.case_id), source = excluded.source, was_emergency = excluded.was_emergency,
               urgency = excluded.urgency, category = excluded.category, note = excluded.note, marked_at = clock_timestamp(), state = 'proposed',
               decided_by = NULL, decided_at = NULL, accepted_urgency = NULL, accepted_category = NULL
           RETURNING *""",
        **values,
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return row


async def decide(tx: Connection, review_id: int, state: str, decided_by: int, urgency: str | None, category: str | None) -> None:
    """Write what was decided."""
    await database.run(
        tx,
        """UPDATE triage_reviews SET state = %s, decided_by = %s, decided_at = clock_timestamp(), accepted_urgency = %s, accepted_category = %s
           WHERE id = %s""",
        state,
        decided_by,
        urgency,
        category,
        review_id,
    )


async def pending(connection: Connection, viewer_id: int, limit: int) -> list[Row]:
    """What waits for an editor, oldest first, with the newest case of its words; not what the viewer is still to judge blind."""
    return await database.rows(
        connection,
        f"""SELECT r.*, (SELECT max(c.id) FROM messages m JOIN cases c USING (conversation_id) WHERE m.id = r.message_id) AS newest_case_id
            FROM ({_REVIEW}) r WHERE r.state = 'proposed' AND NOT EXISTS (
                SELECT 1 FROM review_samples p JOIN review_slots t ON t.sample_id = p.id
                WHERE p.message_id = r.message_id AND p.state = 'open' AND t.account_id = %s)
            ORDER BY r.marked_at, r.id LIMIT %s""",  # noqa: S608  (a constant)
        viewer_id,
        limit,
    )


async def is_blind(connection: Connection, message_id: int, viewer_id: int) -> bool:
    """Whether the viewer has this message in an open sample: then nothing that others said of it is theirs to see."""
    row = await database.one(
        connection,
        """SELECT 1 FROM review_samples p JOIN review_slots t ON t.sample_id = p.id
           WHERE p.message_id = %s AND p.state = 'open' AND t.account_id = %s""",
        message_id,
        viewer_id,
    )
    return row is not None


async def pending_count(connection: Connection) -> int:
    """How many messages wait for a decision."""
    row = await database.one(connection, "SELECT count(DISTINCT message_id) AS n FROM triage_reviews WHERE state = 'proposed'")
    return int(row["n"]) if row else 0


async def closed_unmarked(connection: Connection, staff_id: int, since: datetime, limit: int) -> list[Row]:
    """Cases that a person has ended lately and said nothing of."""
    return await database.rows(
        connection,
        """SELECT c.* FROM cases c
           WHERE c.closed_by = %s AND c.owner_id = %s AND c.status = 'closed' AND c.closed_at >= %s AND NOT c.synthetic
             AND NOT EXISTS (SELECT 1 FROM triage_reviews r WHERE r.case_id = c.id AND r.account_id = %s)
           ORDER BY c.closed_at DESC LIMIT %s""",
        staff_id,
        staff_id,
        since,
        staff_id,
        limit,
    )


async def accepted(connection: Connection, after_id: int, limit: int) -> list[Row]:
    """Accepted labels with their sealed words, for the export; what has been erased, and drills, are not among them."""
    return await database.rows(
        connection,
        """SELECT r.id, r.accepted_urgency, r.accepted_category, r.source, m.body, i.action, c.language
           FROM triage_reviews r JOIN messages m ON m.id = r.message_id JOIN inbox i ON i.message_id = m.id
           JOIN conversations c ON c.id = m.conversation_id
           WHERE r.state = 'accepted' AND r.id > %s AND NOT c.synthetic AND m.kind = 'text' ORDER BY r.id LIMIT %s""",
        after_id,
        limit,
    )


async def judged_of_caught(connection: Connection, weeks: Sequence[date]) -> Row:
    """Of what was escalated or asked about in some weeks: how much people have judged, and how much of that was danger."""
    row = await database.one(
        connection,
        """SELECT count(*) AS judged, count(*) FILTER (WHERE r.accepted_urgency IN ('life_threat', 'urgent')) AS yes
           FROM triage_reviews r JOIN inbox i ON i.message_id = r.message_id
           WHERE r.state = 'accepted' AND i.action IN ('escalate', 'ask')
             AND date_trunc('week', i.received_at AT TIME ZONE 'UTC')::date = ANY(%s)""",
        list(weeks),
    )
    assert row is not None  # noqa: S101  (an aggregate gives a row)
    return row


# -- samples ----------------------------------------------------------------------------------------------------------------------


async def sample(connection: Connection, sample_id: int, *, lock: bool = False) -> Row | None:
    """One drawn message."""
    return await database.one(connection, f"SELECT * FROM review_samples WHERE id = %s {'FOR UPDATE' if lock else ''}", sample_id)  # noqa: S608


async def slots(connection: Connection, sample_id: int) -> list[Row]:
    """Who judges it, and what was said."""
    return await database.rows(connection, "SELECT * FROM review_slots WHERE sample_id = %s ORDER BY slot", sample_id)


async def give_verdict(tx: Connection, sample_id: int, account_id: int, urgency: str, category: str) -> bool:
    """Write a blind verdict into its own slot; False when the person has none."""
    return (
        await database.run(
            tx,
            """UPDATE review_slots SET urgency = %s, category = %s, judged_at = clock_timestamp()
               WHERE sample_id = %s AND account_id = %s AND slot IN (1, 2)""",
            urgency,
            category,
            sample_id,
            account_id,
        )
        > 0
    )


async def third_verdict(tx: Connection, sample_id: int, account_id: int, urgency: str, category: str) -> None:
    """The verdict that decides; the caller has locked the sample."""
    await database.run(
        tx,
        "INSERT INTO review_slots (sample_id, slot, account_id, urgency, category, judged_at) VALUES (%s, 3, %s, %s, %s, clock_timestamp())",
        sample_id,
        account_id,
        urgency,
        category,
    )


async def set_sample(tx: Connection, sample_id: int, state: str, urgency: str | None = None, category: str | None = None) -> None:
    """Where a sampled message stands now."""
    await database.run(
        tx,
        """UPDATE review_samples SET state = %(state)s, urgency = %(urgency)s, category = %(category)s,
                  settled_at = CASE %(state)s WHEN 'settled' THEN clock_timestamp() END
           WHERE id = %(id)s""",
        state=state,
        urgency=urgency,
        category=category,
        id=sample_id,
    )


async def samples_of(connection: Connection, account_id: int, since: date) -> list[Row]:
    """What one person judges or has judged; shuffled the same way each time, so that the order says nothing."""
    return await database.rows(
        connection,
        """SELECT p.id, p.week, p.state, t.judged_at IS NOT NULL AS judged
           FROM review_slots t JOIN review_samples p ON p.id = t.sample_id
           WHERE t.account_id = %s AND t.slot IN (1, 2) AND p.message_id IS NOT NULL AND (t.judged_at IS NULL OR p.week >= %s)
           ORDER BY p.week, sha256(convert_to(p.id || ':' || t.account_id, 'UTF8'))""",
        account_id,
        since,
    )


async def disputed(connection: Connection, viewer_id: int) -> list[Row]:
    """Where the two disagreed and the viewer was neither."""
    return await database.rows(
        connection,
        """SELECT p.id, p.week, p.state, false AS judged FROM review_samples p
           WHERE p.state = 'disputed' AND p.message_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM review_slots t WHERE t.sample_id = p.id AND t.account_id = %s)
           ORDER BY p.week, p.id""",
        viewer_id,
    )


async def draws(connection: Connection, limit: int) -> list[Row]:
    """The newest draws with how far each is."""
    return await database.rows(
        connection,
        """SELECT d.week, d.population, d.caught, count(p.id) AS drawn,
                  count(p.id) FILTER (WHERE p.state = 'settled') AS settled,
                  count(p.id) FILTER (WHERE p.state <> 'settled' AND p.message_id IS NULL) AS gone,
                  count(p.id) FILTER (WHERE p.state = 'disputed' AND p.message_id IS NOT NULL) AS disputed,
                  count(p.id) FILTER (WHERE p.urgency IN ('life_threat', 'urgent')) AS missed
           FROM review_draws d LEFT JOIN review_samples p ON p.week = d.week
           GROUP BY d.week ORDER BY d.week DESC LIMIT %s""",
        limit,
    )


async def items(connection: Connection, weeks: Sequence[date]) -> list[Row]:
    """Chance and outcome of every message drawn in some weeks."""
    return await database.rows(
        connection,
        """SELECT week, probability, CASE state WHEN 'settled' THEN urgency IN ('life_threat', 'urgent') END AS was_emergency
           FROM review_samples WHERE week = ANY(%s) ORDER BY id""",
        list(weeks),
    )


# -- drawing ----------------------------------------------------------------------------------------------------------------------

#: Real people's own words of a week. What counts as let pass: triage said "none", and the conversation was never escalated, by words,
#: by the button, or because a question stayed unanswered.
_WEEK = """
WITH week AS MATERIALIZED (
    SELECT i.message_id, i.conversation_id, i.action, COALESCE(i.score, 0) AS score
    FROM inbox i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = i.conversation_id
    WHERE i.received_at >= %(start)s AND i.received_at < %(end)s AND i.triage_state = 'done' AND m.kind = 'text' AND NOT c.synthetic
), passed AS MATERIALIZED (
    SELECT w.message_id, w.score FROM week w
    WHERE w.action = 'none'
      AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.conversation_id = w.conversation_id AND e.action = 'escalate')
      AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = w.conversation_id AND k.severity IN ('life_threat', 'urgent'))
)
"""


async def is_drawn(connection: Connection, week: date) -> bool:
    """Whether a week has had its draw."""
    return await database.one(connection, "SELECT 1 FROM review_draws WHERE week = %s", week) is not None


async def draw(
    tx: Connection,
    week: date,
    start: datetime,
    end: datetime,
    *,
    wanted: int,
    seed: str,
    salts: tuple[int, int],
    uniform: int,
    edges: Sequence[float],
    takes: Sequence[int],
) -> list[Row]:
    """Write the week's row and draw twice from the same messages, independently: some from all, some from each band of score.

    ``edges`` are the upper ends of the bands as shares of the messages in falling order of score; ``takes`` how many to draw from each. The
    lots are hashes under two salts. Where there are no more than ``wanted``, all are drawn.
    """
    return await database.rows(
        tx,
        f"""{_WEEK}, begun AS (
            INSERT INTO review_draws (week, wanted, seed, population, caught)
            SELECT %(week)s, %(wanted)s, %(seed)s, (SELECT count(*) FROM passed), (SELECT count(*) FROM week WHERE action IN ('escalate', 'ask'))
        ), ranked AS (
            SELECT message_id, count(*) OVER () AS size, row_number() OVER (ORDER BY score DESC, message_id) AS place,
                   row_number() OVER (ORDER BY hashint8extended(message_id, %(first)s::bigint), message_id) AS uniform_place
            FROM passed
        ), banded AS (
            SELECT *, 1 + width_bucket((place - 1)::float8 / size, %(edges)s::float8[]) AS band
            FROM ranked
        ), drawn AS (
            SELECT message_id, size, band, count(*) OVER (PARTITION BY band) AS band_size, size <= %(wanted)s OR uniform_place <= %(uniform)s AS is_uniform,
                   size > %(wanted)s AND row_number() OVER (PARTITION BY band ORDER BY hashint8extended(message_id, %(second)s::bigint), message_id)
                       <= (%(takes)s::int[])[band] AS is_banded
            FROM banded
        )
        SELECT * FROM drawn WHERE (is_uniform OR is_banded) AND %(wanted)s > 0 ORDER BY message_id""",  # noqa: S608  (a constant)
        week=week,
        start=start,
        end=end,
        wanted=wanted,
        seed=seed,
        first=salts[0],
        second=salts[1],
        uniform=uniform,
        edges=list(edges),
        takes=list(takes),
    )


async def insert_sample(tx: Connection, week: date, message_id: int, stratum: str, probability: float) -> int:
    """A drawn message."""
    row = await database.one(
        tx,
        "INSERT INTO review_samples (week, message_id, stratum, probability) VALUES (%s, %s, %s, %s) RETURNING id",
        week,
        message_id,
        stratum,
        probability,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def insert_slot(tx: Connection, sample_id: int, slot: int, account_id: int | None) -> None:
    """A place for a blind verdict."""
    await database.run(tx, "INSERT INTO review_slots (sample_id, slot, account_id) VALUES (%s, %s, %s)", sample_id, slot, account_id)


async def reviewers(connection: Connection) -> list[Row]:
    """Who may judge, with how much each still has to do."""
    return await database.rows(
        connection,
        """SELECT s.id, (SELECT count(*) FROM review_slots t JOIN review_samples p ON p.id = t.sample_id
                         WHERE t.account_id = s.id AND t.judged_at IS NULL AND p.message_id IS NOT NULL) AS load
           FROM staff s WHERE NOT s.disabled AND s.roles && %s::text[] ORDER BY s.id""",
        ROLES,
    )


async def vacant_slots(tx: Connection, assigned_before: datetime) -> list[Row]:
    """Blind slots that nobody will fill: without a person, with one who may no longer judge, or left lying too long; locked."""
    return await database.rows(
        tx,
        """SELECT t.sample_id, t.slot, t.account_id,
                  ARRAY(SELECT o.account_id FROM review_slots o WHERE o.sample_id = t.sample_id AND o.slot <> t.slot AND o.account_id IS NOT NULL) AS others
           FROM review_slots t JOIN review_samples p ON p.id = t.sample_id LEFT JOIN staff s ON s.id = t.account_id
           WHERE t.judged_at IS NULL AND p.state = 'open' AND p.message_id IS NOT NULL
             AND (s.id IS NULL OR s.disabled OR NOT s.roles && %s::text[] OR t.assigned_at < %s)
           ORDER BY t.sample_id, t.slot FOR UPDATE OF p, t SKIP LOCKED""",
        ROLES,
        assigned_before,
    )


async def assign(tx: Connection, sample_id: int, slot: int, account_id: int) -> None:
    """Give a slot to somebody else."""
    await database.run(
        tx,
        "UPDATE review_slots SET account_id = %s, assigned_at = clock_timestamp() WHERE sample_id = %s AND slot = %s AND judged_at IS NULL",
        account_id,
        sample_id,
        slot,
    )
