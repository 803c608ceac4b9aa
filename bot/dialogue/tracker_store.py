"""Where a dialogue rests between two messages: one encrypted, bounded row a message in our PostgreSQL. Rasa itself keeps nothing.

The sender id is ``"<conversation>:<seq>"``. A message restores the newest state saved *before* its own number and saves under it, so a
message that is repeated, after a lost answer or a killed process, leads to the same state again and no form advances twice. With the
database away a message is answered as the first of its conversation.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from cryptography.exceptions import InvalidTag
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue import meanwhile, patches
from bot.dialogue.sealing import Sealer
from bot.dialogue.state import EventDict, compact, split_sender, told

logger = logging.getLogger(__name__)

KEPT_STATES = 3
#: Rasa is one thread, so a slow database would hold every conversation; better to answer without state
STATEMENT_TIMEOUT_MS = 800
CONNECT_TIMEOUT_S = 2
RECONNECT_AFTER_S = 0.5
SHELL_CONVERSATIONS = 200

RESTORE = """
SELECT state FROM dialogue_states WHERE conversation_id = %(conversation)s AND seq < %(seq)s ORDER BY seq DESC LIMIT 1
"""
SAVE = """
WITH pruned AS (
  DELETE FROM dialogue_states WHERE conversation_id = %(conversation)s AND seq < (
    SELECT seq FROM dialogue_states WHERE conversation_id = %(conversation)s AND seq < %(seq)s ORDER BY seq DESC OFFSET %(offset)s LIMIT 1))
INSERT INTO dialogue_states (conversation_id, seq, state, saved_at) VALUES (%(conversation)s, %(seq)s, %(state)s, now())
ON CONFLICT (conversation_id, seq) DO UPDATE SET state = excluded.state, saved_at = excluded.saved_at
"""


class StateTable:
    """The table, through one connection that is opened again when it was lost."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Any = None
        self._retry_at = 0.0

    def run(self, statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]] | None:
        """The rows of a statement; None when the database is away. A connection that died since its last use is replaced once."""
        for _ in range(2):
            fresh = self._connection is None
            try:
                with self._connect().cursor() as cursor:
                    cursor.execute(statement, parameters)
                    return cursor.fetchall() if cursor.description else []
            except psycopg2.Error as error:
                self._close()
                if fresh or not isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
                    self._retry_at = time.monotonic() + RECONNECT_AFTER_S
                    logger.warning("dialogue state is unavailable: %s", type(error).__name__)
                    return None
        return None

    def _connect(self) -> Any:
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise psycopg2.OperationalError("waiting before the next attempt")
            connection = psycopg2.connect(
                self._dsn,
                connect_timeout=CONNECT_TIMEOUT_S,
                # a state lost in a crash of the server costs one repeated question; waiting for the disk would cost every turn
                options=f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c synchronous_commit=off",
                application_name="gildongmu-dialogue",
            )
            connection.set_session(autocommit=True)
            self._connection = connection
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None


class BoundedTrackerStore(TrackerStore):  # type: ignore[misc]
    """Saves slots, the active form and the last events of a conversation, sealed, at the number of its message.

    ``dsn_variable`` and ``key_file_variable`` (``endpoints.yml``) name the environment variables that hold the connection string and the
    key file. Where they are unset, as in ``rasa shell``, state lives in memory.
    """

    def __init__(self, domain: Domain | None, event_broker: EventBroker | None = None, **settings: Any) -> None:
        patches.apply()
        dsn = os.environ.get(str(settings.pop("dsn_variable", "")), "")
        key_file = os.environ.get(str(settings.pop("key_file_variable", "")), "")
        self._sealer = Sealer.from_file(Path(key_file)) if dsn and key_file else None
        self._table = StateTable(dsn) if self._sealer else None
        self._shell: OrderedDict[str, str] = OrderedDict()
        settings.pop("host", None)
        super().__init__(domain, event_broker, **settings)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The dialogue as it was before this message, and told what was answered without it since; None when it begins with this message."""
        saved = self._load(sender_id)
        now = meanwhile.current.get()
        if now is not None and (now.slots or now.form):
            form = now.form if now.form in self.domain.form_names else None
            saved = told(saved or [], now.slots, form)
        if saved is None:
            return None
        return DialogueStateTracker.from_events(sender_id, deserialise_events(saved), self.domain.slots, domain=self.domain)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Save the dialogue as this message left it."""
        events = [event.as_dict() for event in tracker.events]
        if not any(event["event"] == "user" for event in events):
            return  # Rasa saves each new dialogue once before its first message
        now = meanwhile.current.get()
        if now is not None:
            now.after = meanwhile.left(tracker.current_slot_values(), tracker.active_loop_name)
        conversation, seq = split_sender(tracker.sender_id)
        state = json.dumps({"events": compact(events)}, ensure_ascii=False, separators=(",", ":"))
        if self._table is None or self._sealer is None or seq is None:
            self._shell[conversation] = state
            self._shell.move_to_end(conversation)
            while len(self._shell) > SHELL_CONVERSATIONS:
                self._shell.popitem(last=False)
            return
        sealed = psycopg2.Binary(self._sealer.seal(state, conversation))
        self._table.run(SAVE, {"conversation": conversation, "seq": seq, "state": sealed, "offset": KEPT_STATES - 2})

    async def keys(self) -> Iterable[str]:
        """Conversations kept in memory; the table is not for listing."""
        return list(self._shell)

    def _load(self, sender_id: str) -> list[EventDict] | None:
        conversation, seq = split_sender(sender_id)
        if self._table is None or self._sealer is None or seq is None:
            state = self._shell.get(conversation)
        else:
            rows = self._table.run(RESTORE, {"conversation": conversation, "seq": seq})
            if not rows:
                return None
            try:
                state = self._sealer.open(rows[0][0], conversation)
            except (ValueError, InvalidTag):
                logger.warning("a saved dialogue state cannot be opened; the dialogue begins anew")
                return None
        return json.loads(state)["events"] if state else None
