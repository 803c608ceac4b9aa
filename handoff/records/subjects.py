"""How the access log names the citizen of a case: by a keyed pseudonym of the conversation, which stays the same when everything else is erased."""

from __future__ import annotations

from core import db as database
from core.audit import SubjectOf
from core.crypto import Cipher
from core.db import Connection


def subjects(cipher: Cipher) -> SubjectOf:
    """For ``core.audit.name_subjects``."""

    async def subject_of(tx: Connection, case_id: int) -> str:
        row = await database.one(tx, "SELECT conversation_id FROM cases WHERE id = %s", case_id)
        return cipher.pseudonym(row["conversation_id"]) if row else ""

    return subject_of
