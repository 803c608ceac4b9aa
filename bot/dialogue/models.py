"""The table of saved dialogue states. Imported on the application's side only; Rasa's process writes it through ``tracker_store``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Table, Text, func

from core.db import metadata

dialogue_states = Table(
    "dialogue_states",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, comment="number of the inbound message whose turn left this state"),
    Column("state", LargeBinary, nullable=False, comment="sealed; context dialogue_states.state:<conversation>"),
    Column("saved_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "saved_at"),
)
