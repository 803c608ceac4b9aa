"""The triage slot: every inbound, whoever owns its conversation, is judged on arrival and outside the conversation's lock.

It runs in each worker and, a moment later, in the web process as a standby, so that danger reaches a desk although every worker is dead.
Rows are claimed with advisory locks on the slot's own database session: they die with their holder, at once. What follows from a message
is one transaction of its own, emergencies first, so that no emergency waits for another's locks.

When many wait, what looks most alarming on arrival is read first (``language/first_look.py``): that orders and decides nothing, and what looks calm
waits at most so much longer, since a part of the reading always goes to who came first. Presses that say nothing in words are not read at all,
and the turns stand back while a backlog is read. While the web process is late with taking in what people say, a worker's slots claim at once only what
looks alarming, and the rest within the worker's share of the processors (``bot/pace.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot import escalation, hush, no_danger, phrases, satisfaction, typed_answer, where
from bot.escalation import Danger, card_category
from bot.pace import LONGEST_S
from bot.pressed import by_words
from bot.services import Services
from bot.wake import Wake
from conversation import service as conversation
from core import db as database
from core.db import UNAVAILABLE, Connection
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import TRIAGE_SECONDS, TRIAGED
from handoff import location
from handoff import service as handoff
from handoff.schemas import HOME
from handoff.speech import CHOICE as CANNOT_SPEAK
from handoff.speech import REASON
from knowledge_base.crisis_cards import QUIET
from language.categories import Category, Urgency
from language.first_look import FirstLook
from language.triage import Context, Decision

log = get(__name__)
BATCH = 16
#: Texts of a batch that are read before what follows from them is written: danger among the first must not wait for the reading of the last.
READ_AT_ONCE = 4
#: Each step of the first look goes before what came so much earlier; what looks calm waits at most four times as long, however many cry wolf.
HEAD_START_S = 300
#: In a backlog each third claim takes who came first, however calm it looks: a fifth of all reading, so that danger that looks calm waits five times
#: its own place in the line at most, and not for the whole head start. Fewer at a time, because a cry that comes then waits for them.
OLDEST_EVERY, OLDEST = 3, 8
#: After so many failures of the analyser a person looks: in doubt, a human.
ATTEMPTS = 2
SHORT_LETTERS = 4
#: A cry that everybody writes so, however often and with whatever between its letters.
_SIGN = re.compile(r"(?<![^\W\d_])(?:s\W{0,2}o\W{0,2}s\W{0,2})+(?![^\W\d_])", re.IGNORECASE)
#: Each worker's slot holds this lock (shared) as long as it lives: a standby that gets it (exclusive) is alone, and does not wait.
WORKS = 0x747269616765
STANDBY_LOOKS_S = 0.1
#: While a worker lives, a standby that has read waits this many times as long as that took, at most so long, before it claims again: in a flood the web process
#: is there to take in what people say, and what a worker cannot read now is read in the order of the first look by whichever comes next.
STANDBY_PAUSE, LONGEST_PAUSE_S = 4.0, 1.0
#: And while it is late with that, as many times longer.
LATE_PAUSE = 5.0
#: A worker's look without being woken.
LOOKS_S = 1.0

#: A button of ours that says nothing about danger, whatever the title under which it was pressed.
PRESSED = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ("pressed",))
#: Somebody who cannot speak or hear needs a person to call for them; whether they are hiding is not known, so they are answered quietly.
CANNOT_SPEAK_DECISION = Decision(Urgency.URGENT, Category.OTHER, "escalate", 1.0, (REASON,), possible=(Category.CONFINEMENT,))

#: However many wait: of each look the first, through the index that holds what waits by its look. The looks are written out, because with a series the
#: planner believes in a thousand of them when it makes a plan to keep, and then makes one anew each time (0.5 ms).
_CLAIM = """
WITH candidate AS MATERIALIZED (
    SELECT message_id FROM (
        SELECT 0 AS failed, w.message_id, w.received_at - make_interval(secs => %(head_start_s)s * look) AS due
        FROM (VALUES (0), (1), (2), (3), (4)) AS looks(look) CROSS JOIN LATERAL (
            SELECT message_id, received_at FROM inbox
            WHERE triage_state = 'pending' AND first_look = look AND look >= %(least)s AND triage_attempts <= 2  -- 2: ATTEMPTS
                  AND received_at <= clock_timestamp() - make_interval(secs => %(delay_s)s)
            ORDER BY received_at LIMIT 200
        ) AS w
        UNION ALL
        SELECT triage_attempts, message_id, received_at - make_interval(secs => %(head_start_s)s * first_look) FROM inbox
        WHERE triage_state = 'pending' AND triage_attempts > 2 AND received_at <= clock_timestamp() - make_interval(secs => %(delay_s)s)
    ) AS waiting ORDER BY failed, due LIMIT 200
), claimed AS MATERIALIZED (
    SELECT message_id FROM candidate WHERE pg_try_advisory_lock(-message_id) LIMIT %(most)s
)
SELECT i.message_id, i.seq, i.channel, i.triage_attempts, i.triage_state, m.kind, m.body,
       c.id, c.owner_kind, c.owner_id, c.status, c.language, c.country, c.last_urgency, c.synthetic, c.guarded_at, c.hushed_at,
       c.code_word, c.visitor, c.country_said,
       COALESCE(c.heightened_until > now(), false) AS heightened,
       COALESCE((SELECT true FROM cases k WHERE k.conversation_id = c.id AND k.status IN ('queued', 'claimed')
                 AND k.severity IN ('life_threat', 'urgent') LIMIT 1), false) AS open_emergency,
       EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.status <> 'closed') AS has_case,
       ARRAY(SELECT p.score FROM inbox p WHERE p.conversation_id = c.id AND p.seq < i.seq AND p.score IS NOT NULL
             ORDER BY p.seq DESC LIMIT 3) AS last_scores
FROM claimed CROSS JOIN LATERAL (SELECT * FROM inbox WHERE inbox.message_id = claimed.message_id LIMIT 1) AS i
     CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = i.message_id LIMIT 1) AS m
     CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id LIMIT 1) AS c
ORDER BY i.triage_attempts, i.first_look DESC, i.received_at
"""
#: A standby's look: how old a message must be for it (in seconds), nothing where there is none that old. The workers' lock dies with them, at once.
_LOOK = """
SELECT CASE WHEN since IS NULL THEN NULL
            WHEN pg_try_advisory_lock(%(works)s) THEN CASE WHEN pg_advisory_unlock(%(works)s) THEN 0.0 END
            WHEN since <= clock_timestamp() - make_interval(secs => %(delay_s)s) THEN %(delay_s)s
       END::float8 AS delay_s
FROM (
    SELECT min(w.received_at) AS since FROM (VALUES (0), (1), (2), (3), (4)) AS looks(look) CROSS JOIN LATERAL (
        SELECT received_at FROM inbox WHERE triage_state = 'pending' AND first_look = look ORDER BY received_at LIMIT 1
    ) AS w
) AS waiting
"""
#: One conversation's effects are written one after the other, whichever slot has read them: what follows from one decides how quietly the next is answered.
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))"
#: Locks the row that is about to be judged, unless another slot has judged it since; with what the message before it may have changed,
#: or whoever has ended the case or handed it back meanwhile: in an emergency that the bot serves again a doubt brings a person, and is not asked about.
_STILL_PENDING = """
SELECT c.owner_kind, c.owner_id, c.guarded_at, c.hushed_at, c.code_word, c.country, c.country_said,
       EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.status <> 'closed' AND k.severity IN ('life_threat', 'urgent')) AS open_emergency
FROM inbox i JOIN conversations c ON c.id = i.conversation_id
WHERE i.message_id = %s AND i.triage_state = 'pending' FOR UPDATE OF i
"""
#: Marks the row as judged, and wakes the turns (when this commits) if one of them has something to do.
_MARK = """
WITH marked AS (
    UPDATE inbox SET triage_state = 'done', triaged_at = clock_timestamp(), triaged_by = %(by)s, urgency = %(urgency)s, category = %(category)s,
           action = %(action)s, score = %(score)s, reasons = %(reasons)s::jsonb,
           turn_state = CASE WHEN turn_state = 'pending' THEN %(turn_state)s ELSE turn_state END,
           turned_at = CASE WHEN %(turn_state)s IN ('answered', 'to_person', 'dropped') THEN clock_timestamp() END
    WHERE message_id = %(message_id)s AND triage_state = 'pending'
    RETURNING conversation_id
)
SELECT pg_notify('turns', conversation_id) FROM marked WHERE %(turn_state)s IN ('pending', 'dropped')
"""


#: The mark for messages that triage lets pass, which has no other effect than the country that one names and the language it changes to. A crash
#: of the server may lose it (this session does not wait for the disk): then they are judged again. Where another process takes the turns, it is woken.
_MARK_PASSED = """
WITH judged AS (
    SELECT * FROM unnest(%(messages)s::bigint[], %(urgencies)s::text[], %(categories)s::text[], %(scores)s::float8[], %(reasons)s::text[],
                         %(countries)s::text[], %(there)s::boolean[], %(languages)s::text[])
         AS j(message_id, urgency, category, score, reasons, country, is_there, language)
), marked AS (
    UPDATE inbox i SET triage_state = 'done', triaged_at = clock_timestamp(), triaged_by = %(by)s, urgency = j.urgency, category = j.category,
           action = 'none', score = j.score, reasons = j.reasons::jsonb
    FROM judged j WHERE i.message_id = j.message_id AND i.triage_state = 'pending'
    RETURNING i.conversation_id, i.message_id, j.country, j.is_there, j.language
), told AS (
    SELECT conversation_id, bool_or(is_there) AS is_there,
           (array_agg(country ORDER BY is_there DESC, message_id DESC) FILTER (WHERE country IS NOT NULL))[1] AS country,
           (array_agg(language ORDER BY message_id DESC) FILTER (WHERE language IS NOT NULL))[1] AS language
    FROM marked GROUP BY conversation_id
), placed AS (
    UPDATE conversations c SET language = COALESCE(t.language, c.language), country_said = c.country_said OR t.is_there,
           country = CASE WHEN t.country IS NOT NULL AND (t.is_there OR NOT c.country_said) THEN t.country ELSE c.country END
    FROM told t WHERE c.id = t.conversation_id AND (t.language IS NOT NULL OR t.country IS NOT NULL)
)
SELECT conversation_id, CASE WHEN %(wake)s THEN pg_notify('turns', conversation_id) END FROM marked
"""
_RELEASE = "SELECT pg_advisory_unlock(-id) FROM unnest(%s::bigint[]) AS id"
#: What is spoken or filmed is read by nobody here: whoever cannot write may be in danger, so they are asked, and silence brings a person who listens.
SPOKEN = Decision(Urgency.URGENT, Category.OTHER, "ask", 0.0, ("doubt",))
SPOKEN_KINDS = frozenset({"audio", "voice", "video", "shortvideo"})


class TriageSlot:
    """Claims untriaged inbounds and writes what follows from each.

    ``turns`` takes the conversations that a turn of this process can serve at once; without it, turns are woken wherever they are.
    Slots of one process share ``wake``: while one claims or writes, the other's messages are read. News wakes one of them, and that one the next if it
    finds a backlog or fails.
    """

    def __init__(self, services: Services, name: str, delay_ms: int = 0, turns: Callable[[str], None] | None = None, wake: Wake | None = None) -> None:
        self.services = services
        self.name = name
        self.delay_s = delay_ms / 1000
        self.turns = turns
        self.wake = wake or Wake()
        self._session: Connection | None = None
        self._held: list[int] = []
        self._full_claims = 0
        self._is_again = False
        self._stands_aside = False
        #: What does not look alarming was last claimed then, and now waits so much longer for this process's share of the processors.
        self._claimed_calm_at = 0.0
        self._rest_s = 0.0
        self._is_overdue = False
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def run(self) -> None:
        """Work for ever; ``wake`` is set by whoever LISTENs for new inbounds."""
        while True:
            self.wake.clear()
            began = time.monotonic()
            try:
                found = await self.step()
            except (DatabaseUnavailable, *UNAVAILABLE):
                self.wake.set()
                await self._hang_up()
                await asyncio.sleep(0.1)
                continue
            except Exception as error:
                self.wake.set()
                # Whatever it was, triage goes on: the slot is the last thing that may end.
                log.error("triage_step_failed", error=type(error).__name__, exc_info=error)
                await self._hang_up()
                await asyncio.sleep(1.0)
                continue
            if found and self._stands_aside:
                late = LATE_PAUSE if self.services.strain.is_late else 1.0
                await asyncio.sleep(late * min(STANDBY_PAUSE * (time.monotonic() - began), LONGEST_PAUSE_S))
            elif self._rest_s:
                if not found:
                    await self.wake.wait(self._rest_s)
            elif not self._full_claims and not self._is_again:  # else there may be more
                # A standby looks on its own clock, since the rows it is for are those that nobody was woken for.
                await self.wake.wait(STANDBY_LOOKS_S if self.delay_s else LOOKS_S)

    async def _hang_up(self) -> None:
        """Close the session, and with it whatever claim it may still hold."""
        session, self._session, self._held, self._full_claims = self._session, None, [], 0
        self._is_idle.set()
        if session is not None:
            with contextlib.suppress(Exception):
                await session.close()

    async def step(self) -> int:
        """Triage one batch; returns how many."""
        session, self._is_again = self._session, False
        if session is None or session.closed:
            session = self._session = await self.services.db.connect()
            # Only claims and marks are written on this session; danger and whatever else has effects is not.
            await database.run(session, "SET synchronous_commit = off")
            if not self.delay_s:
                await database.run(session, "SELECT pg_advisory_lock_shared(%s)", WORKS)
        delay_s = await self._look(session) if self.delay_s else 0.0
        self._stands_aside = bool(delay_s)
        self._rest_s = self._rest()
        if delay_s is None:
            self._full_claims = 0
        rows = await self._claim(session, delay_s) if delay_s is not None else []
        # A full claim is a backlog: there may be more behind it.
        (self._is_idle.clear if self._full_claims else self._is_idle.set)()
        if self._full_claims:
            self.wake.set()
        if not rows:
            return 0
        try:
            for row in rows:
                row["content"] = self._open(row)
            pressed = [row for row in rows if _says_nothing(row)]
            read = [row for row in rows if not _says_nothing(row)]
            for start in range(0, len(read), READ_AT_ONCE):
                some = read[start : start + READ_AT_ONCE]
                await self._follow(session, list(zip(some, await self._decide(some), strict=True)))
            await self._follow(session, [(row, PRESSED) for row in pressed])
        finally:
            self._held = [row["message_id"] for row in rows]
        return len(rows)

    async def _follow(self, session: Connection, judged: list[tuple[dict[str, Any], Decision]]) -> None:
        """Write what follows: first what has effects, one by one, then all others at once."""
        plain = []
        for row, found in judged:
            decision = hush.heard(self.services.cipher, row, found)
            row["told"] = where.told(row.get("analysis"), is_answer=row["has_case"])
            if _has_effects(row, decision):
                await self._apply_one(row, decision)
            else:
                plain.append((row, decision))
        if not plain:
            return
        try:
            await self._pass(session, plain)
        except UNAVAILABLE:
            raise
        except Exception:  # noqa: BLE001  (one of them is at fault: each alone finds out which)
            for row, decision in plain:
                await self._apply_one(row, decision)

    async def idle(self, longest_s: float) -> None:
        """Wait while a backlog is read, but not longer than this: a turn stands back for whoever may be in danger."""
        if not self._is_idle.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(longest_s):
                    await self._is_idle.wait()

    def _rest(self) -> float:
        """How long what does not look alarming waits for the web process, which is late; nothing waits so long that it is not read at all."""
        rest_s, at = self.services.pace.rest_s(), time.monotonic()
        if rest_s and at - self._claimed_calm_at < LONGEST_S:
            return rest_s
        # Those who cry have been read all along: what is claimed now in spite of the share belongs to who came first.
        self._claimed_calm_at, self._is_overdue = at, bool(rest_s)
        return 0.0

    async def _claim(self, session: Connection, delay_s: float) -> list[dict[str, Any]]:
        """Let go of what was claimed last, which is judged by now or to be tried again, and claim what waits: one exchange with the server."""
        held, self._held = self._held, []
        full_claims, least = self._full_claims, FirstLook.ALARMING if self._rest_s else FirstLook.CALM
        is_oldest = not self._rest_s and full_claims % OLDEST_EVERY == OLDEST_EVERY - 1
        most, head_start_s = (OLDEST, 0) if is_oldest else (BATCH, 0 if self._is_overdue and not self._rest_s else HEAD_START_S)
        async with session.pipeline():
            if held:
                await session.execute(_RELEASE, (held,))
            claimed = await session.execute(_CLAIM, {"delay_s": delay_s, "head_start_s": head_start_s, "least": int(least), "most": most})
        rows = await claimed.fetchall()
        if not self._rest_s:  # else it is not known whether more wait, nor is it the oldest's turn
            self._full_claims = full_claims + 1 if len(rows) == most else 0
        return rows

    async def _pass(self, session: Connection, judged: list[tuple[dict[str, Any], Decision]]) -> None:
        """Mark what triage lets pass, and let the turns begin."""
        found = await database.rows(
            session,
            _MARK_PASSED,
            by=self.name,
            messages=[row["message_id"] for row, _ in judged],
            urgencies=[decision.urgency.value for _, decision in judged],
            categories=[str(decision.category) for _, decision in judged],
            scores=[float(decision.score) for _, decision in judged],
            reasons=[_json(decision.reasons) for _, decision in judged],
            countries=[row["told"].country for row, _ in judged],
            there=[row["told"].is_there for row, _ in judged],
            languages=[_new_language(row) for row, _ in judged],
            wake=self.turns is None,
        )
        if self.turns is not None:
            for row in found:
                self.turns(row["conversation_id"])
        for _, decision in judged:
            TRIAGED.labels(urgency=decision.urgency.value, action=decision.action).inc()

    async def _look(self, session: Connection) -> float | None:
        """How old the messages must be that a standby takes, none at all while no worker lives; None: nothing waits for it."""
        row = await database.one(session, _LOOK, works=WORKS, delay_s=self.delay_s)
        return row["delay_s"] if row else None

    async def _apply_one(self, row: dict[str, Any], decision: Decision) -> None:
        if row["triage_attempts"] >= ATTEMPTS:
            # Whatever made it fail (its place, its analysis) is left aside: a person looks at the message as it is, under the danger that was found in it.
            decision = decision if decision.action == "escalate" else _in_doubt(str(row["content"].get("text") or ""))
            row = {**row, "kind": "text", "analysis": None}
        try:
            async with self.services.db.transaction() as tx:
                await database.run(tx, _ONE_BY_ONE, row["id"])
                # The case is locked before the conversation, as everywhere: handoff.moves names the order.
                await handoff.lock_open_case(tx, row["id"])
                current = await database.one(tx, _STILL_PENDING, row["message_id"])
                if current is not None:
                    await apply(self.services, tx, row | current, decision, self.name)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            log.error("triage_apply_failed", message=row["message_id"], error=type(error).__name__, exc_info=error)
            async with self.services.db.transaction() as tx:
                await database.run(tx, "UPDATE inbox SET triage_attempts = triage_attempts + 1 WHERE message_id = %s", row["message_id"])
            # The next try is at once, and it is this slot's, which holds the claim: another would only hear the wake. What fails even then waits a moment.
            self._is_again = self._is_again or row["triage_attempts"] <= ATTEMPTS

    async def _decide(self, rows: list[dict[str, Any]]) -> list[Decision]:
        understanding = self.services.understanding
        texts = [str(row["content"].get("text", "")) for row in rows]
        try:
            if understanding is None:
                raise RuntimeError("the analyser is not loaded")
            with TRIAGE_SECONDS.time():
                analyses = await understanding.analyse(texts)
            decisions = []
            for row, analysis in zip(rows, analyses, strict=True):
                row["analysis"] = analysis
                understanding.remember(row["message_id"], analysis)
                readable = "unreadable" not in row["content"]
                decisions.append(understanding.triage.decide(analysis, _context(row)) if readable else _in_doubt())
            return decisions
        except Exception as error:  # noqa: BLE001  (whatever the model does, the message must reach someone)
            log.error("triage_failed", error=type(error).__name__, count=len(rows))
            return [_in_doubt(text) for text in texts]

    def _open(self, row: dict[str, Any]) -> dict[str, Any]:
        """The content; a row that cannot be opened goes to a person and must not stop the others."""
        try:
            return conversation.open_body(self.services.cipher, row["body"])
        except Exception as error:  # noqa: BLE001  (a lost key, a damaged row)
            log.error("body_unreadable", message=row["message_id"], error=type(error).__name__)
            return {"text": "", "unreadable": True}


def _says_nothing(row: dict[str, Any]) -> bool:
    """Whether somebody has only pressed a button of ours that is not about danger: there is nothing to read, and nothing follows but the turn."""
    choice = str(row["content"].get("choice") or "")
    return row["triage_attempts"] < ATTEMPTS and row["kind"] == "choice" and (choice == escalation.PERSON or choice.startswith(satisfaction.CHOICE))


def _has_effects(row: dict[str, Any], decision: Decision) -> bool:
    """Whether more follows than the mark that lets the turn begin, or may: a bare "네" answers the danger question where it is open, a country the card's."""
    is_placed = row["has_case"] and row["told"].country is not None
    return decision.action != "none" or (row["kind"] != "text" and decision is not PRESSED) or bool(_typed(row)) or is_placed


def _is_spoken(content: dict[str, Any]) -> bool:
    """Whether a file is a voice message that the platform has not put into words, or a film."""
    return any(one.get("kind") in SPOKEN_KINDS for one in content.get("attachments") or ())


def _typed(row: dict[str, Any]) -> str:
    return typed_answer.answer(row["content"]) if row["kind"] == "text" else ""


def _context(row: dict[str, Any]) -> Context:
    return Context(
        previous_urgency=Urgency(row["last_urgency"]),
        open_case=row["open_emergency"],
        heightened=row["heightened"],
        last_turns=tuple(reversed(row["last_scores"])),
    )


def _in_doubt(text: str = "") -> Decision:
    """What nothing has read: plain words in it choose the card, so that who writes that they are held gets no loud one."""
    return by_words(Decision(Urgency.URGENT, Category.OTHER, "escalate", 1.0, ("triage_failed",)), text)


async def apply(services: Services, tx: Connection, row: dict[str, Any], decision: Decision, by: str) -> None:
    """Write what follows from one decision: a case and a crisis card, a question, or just the mark that lets the turn begin."""
    content, kind = row["content"], row["kind"]
    decision = hush.heard(services.cipher, row, decision)
    analysis = row.get("analysis")
    text = str(content.get("text") or "")
    place = where.told(analysis, is_answer=bool(row.get("has_case")))
    choice = str(content.get("choice") or "")
    language = analysis.language if analysis is not None and _tells_language(text, choice) else row["language"]
    action = decision.action
    if (typed := _typed(row)) and (typed == escalation.YES or action != "escalate") and await escalation.is_asked(tx, row["id"], row["seq"]):
        choice = typed
    turn_state = "pending"

    if hush.is_said(decision):
        pass  # with whatever else it came
    elif kind == "danger" or choice == escalation.YES:
        urgency = Urgency.LIFE_THREAT if kind == "danger" else Urgency.URGENT
        told = decision if kind == "danger" else Decision(urgency, decision.category, "escalate", 1.0, ())
        decision = replace(told, urgency=urgency, action="escalate", score=1.0, reasons=("danger_button",))
        action = "escalate"
    elif choice == CANNOT_SPEAK:
        decision, action = CANNOT_SPEAK_DECISION, "escalate"
    elif choice == escalation.NO and row["guarded_at"] is not None:
        # Whoever holds the phone may have pressed it: a person looks, and the screen shows what any "no" shows.
        await escalation.doubt_safety(services, tx, row, row["country"], language)
        action = "none"
    elif choice == escalation.NO:
        await escalation.cancel_timer(tx, escalation.ASK_TIMER, row["id"])
        held = await database.run(tx, "UPDATE inbox SET turn_state = 'pending' WHERE conversation_id = %s AND turn_state = 'held'", row["id"])
        # What waited for this answer is answered now; with nothing waiting, the "no" itself is.
        action, turn_state = "none", "dropped" if held else "pending"
    elif kind == "file" and row["owner_kind"] == "bot" and _is_spoken(content):
        decision, action = SPOKEN, "ask"
    elif kind in ("location", "sticker", "file"):
        action = no_danger.said_beside(content, decision)
    elif choice:  # a button's title says no more than the button
        action = "none"

    card = ""
    if row.get("open_emergency") and kind == "text" and not choice and not no_danger.is_by_rule(decision) and not hush.is_said(decision):
        if place.is_bare or no_danger.is_count(text):
            # The card has asked where and how many; the answer is none of a new danger, whatever such a name makes a classifier think of.
            decision, action = replace(decision, category=Category.OTHER), "none"
        elif action == "escalate" and "context" in decision.reasons and not (decision.is_category_sure and decision.category in QUIET):
            # Danger by the context alone raises the case; what kind of danger is a guess, and no guess may tell somebody in a fire to stay inside.
            decision, card = replace(decision, category=Category.OTHER), await escalation.last_card(tx, row["id"])

    if kind == "location":
        consent = location.CONSENT_PLAIN if choice == location.PLAIN else location.CONSENT_CHAT
        await location.record_message_fix(tx, services.cipher, row["id"], content["location"], channel=row["channel"], consent=consent)
        # The place may have named the country, which the card needs.
        placed = await conversation.get(tx, row["id"])
        row |= {"country": placed["country"], "country_said": placed["country_said"]}

    # Whoever calls for help is where they say; what is asked about meanwhile moves nobody.
    is_there = place.is_there or (action == "escalate" and place.country not in (None, HOME))
    country = place.country if place.country and (is_there or not row["country_said"]) else row["country"]

    if action == "escalate":
        danger = Danger(decision.urgency, str(decision.category), ",".join(decision.reasons), country, language, card or card_category(decision))
        said = str(content.get("text") or "지금 위험해요")
        if hush.is_said(decision) or row["hushed_at"] is not None:
            turn_state = await hush.raise_silently(services, tx, row, said, danger, decision)
        else:
            await escalation.escalate(services, tx, row, row["message_id"], said, danger)
            turn_state = "answered" if row["owner_kind"] == "bot" else "to_person"
        if choice == CANNOT_SPEAK:
            await handoff.note_cannot_speak(tx, row["id"])
    elif action == "ask":
        if row["hushed_at"] is not None and not row["open_emergency"]:
            # The question would show that somebody is listening: a person looks instead.
            danger = Danger(Urgency.URGENT, str(decision.category), ",".join(decision.reasons), country, language)
            turn_state = await hush.raise_silently(services, tx, row, text, danger, decision)
        elif row["owner_kind"] == "bot" and not row["open_emergency"]:
            await escalation.ask(tx, services.cipher, row["id"], row["message_id"], language, services.settings.ask_timeout_s)
            turn_state = "held"
        else:
            await handoff.note_doubt(tx, row["id"], decision.score)

    if action != "escalate" and place.country and await handoff.note_country(tx, row["id"], place.country, is_sure=place.is_there):
        is_shown = turn_state == "pending" and row["owner_kind"] == "bot" and row["guarded_at"] is None and row["hushed_at"] is None and row["open_emergency"]
        if is_shown and await escalation.give_numbers(services, tx, row, place.country):
            turn_state = "answered"

    await database.run(
        tx,
        _MARK,
        by=by,
        urgency=decision.urgency.value,
        category=str(decision.category),
        action=action,
        score=float(decision.score),
        reasons=_json(decision.reasons),
        turn_state=turn_state,
        message_id=row["message_id"],
    )
    if country and (country != row["country"] or is_there > row["country_said"]):
        await database.run(tx, "UPDATE conversations SET country = %s, country_said = country_said OR %s WHERE id = %s", country, is_there, row["id"])
    if action != "escalate" and (spoken := _new_language(row)):
        await database.run(tx, "UPDATE conversations SET language = %s WHERE id = %s", spoken, row["id"])
    TRIAGED.labels(urgency=decision.urgency.value, action=action).inc()


def _tells_language(text: str, choice: str) -> bool:
    """Whether what was written says in which language to answer. "SOS" or "119" says nothing; "助けて" does, and so does "살려줘" on an English telephone."""
    letters = [letter for letter in _SIGN.sub(" ", text) if letter.isalpha()]
    return len(letters) > SHORT_LETTERS or (not choice and any(not letter.isascii() for letter in letters))


def _new_language(row: dict[str, Any]) -> str | None:
    """The language that a typed message changes its conversation to; None: it stays."""
    analysis = row.get("analysis")
    if analysis is None or row["kind"] != "text" or row["content"].get("choice"):
        return None
    spoken = phrases.language_after(row["language"], str(row["content"].get("text") or ""), analysis.language)
    return spoken if spoken != row["language"] else None


def _json(reasons: tuple[str, ...]) -> str:
    return json.dumps(list(reasons), ensure_ascii=False)
