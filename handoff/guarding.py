"""The mark of a guarded case on the desk: an agent may set it, and takes it away only with a reason that is written down.

It belongs to the conversation, so that it outlives a case that is closed and holds for the next one.
"""

from __future__ import annotations

import asyncio

from accounts.schemas import Staff
from conversation import guarding, near_word, proof, telling
from conversation import service as conversation
from core import audit, events
from core import db as database
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import repository
from handoff.access import access_writable_case
from handoff.ordinary_talk import chance_of
from handoff.streams import case_stream

REASON_CHARS = 500
#: What the person at the desk must not write, in one sentence each.
MEANING = (
    "휴대전화를 다른 사람이 보고 있을 수 있습니다.",
    "경찰·구조·신고·탈출처럼 상황을 드러내는 말을 쓰지 마세요.",
    "전화나 문자를 먼저 보내지 마세요.",
    "메신저에서는 민원인이 쓰고 몇 분이 지나면, 다음에 쓸 때까지 글이 전달되지 않습니다.",
    "‘괜찮다’는 답은 안전하다는 뜻이 아닙니다.",
)

#: The same once the agreed word was said.
HUSHED = (
    "민원인이 약속한 말을 썼습니다. 화면에는 아무 표시도 나가지 않았고, 상담관이 있다는 것도 보이지 않습니다. "
    "봇이 답하는 것처럼 짧게 쓰고, ‘예·아니요’로 답할 수 있게 물으세요."
)


async def marked(tx: Connection, case_id: int, staff: Staff) -> bool:
    """Whether the case's conversation carries the mark.

    Raises:
        AppError: ``not_found`` or ``not_owner``.
    """
    row = await access_writable_case(tx, case_id, staff)
    return await guarding.is_guarded(tx, row["conversation_id"])


async def guard(tx: Connection, case_id: int, staff: Staff) -> bool:
    """An agent has found out that somebody may be reading along; False if it was known.

    Raises:
        AppError: ``not_found`` or ``not_owner``.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if not await guarding.mark(tx, row["conversation_id"], guarding.AGENT):
        return False
    await _told(tx, case_id, staff, on=True)
    return True


async def release(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, reason: str) -> bool:
    """An agent has made sure that nobody reads along any more, and says how, which stays in the case's notes; False if there was no mark.

    Raises:
        AppError: ``reason_needed``, ``too_long``, ``not_found`` or ``not_owner``.
    """
    reason = reason.strip()
    if not reason:
        raise AppError("reason_needed")
    if len(reason) > REASON_CHARS:
        raise AppError("too_long")
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if not await guarding.unmark(tx, row["conversation_id"]):
        return False
    note_id = await repository.add_note(tx, case_id, staff.id, cipher.seal(f"보호 표시를 풀었습니다: {reason}", "case_notes.body"))
    await events.append(tx, case_stream(case_id), "note", {"case_id": case_id, "note_id": note_id, "staff_id": staff.id})
    await _told(tx, case_id, staff, on=False)
    return True


async def check_words(tx: Connection, conversation_id: str, text: str, *, is_confirmed: bool, why: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The last look at words that go onto a guarded screen: the kinds of telling words in them, once the person has confirmed; none elsewhere.

    ``why``: what else stands in the way, to be said in the same breath.

    Raises:
        AppError: ``telling_words`` (``words``, ``why``) until the person has confirmed it.
    """
    kinds = telling.tells(text)
    if not kinds or not await guarding.is_guarded(tx, conversation_id):
        return ()
    if not is_confirmed:
        raise AppError("telling_words", words=telling.named(kinds), why=list(why))
    return kinds


async def record_words(tx: Connection, cipher: Cipher, staff: Staff, address: str, case_id: int, conversation_id: str, kinds: tuple[str, ...]) -> None:
    """Write down that somebody has sent such words knowingly: their kinds, never the words; call it last."""
    if kinds:
        await audit.record(tx, staff.login, address, "reply.telling_words", case_id, cipher.pseudonym(conversation_id), {"kinds": list(kinds)})


async def history_code(tx: Connection, cipher: Cipher, case_id: int, staff: Staff) -> str:
    """Six digits for a citizen whose identity the agent has made sure of: they show the history on the citizen's page, once.

    Raises:
        AppError: ``not_found`` or ``not_owner``.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    digits = await proof.issue_digits(tx, cipher, await conversation.get(tx, row["conversation_id"], lock=True), clock_now())
    await audit.record(tx, staff.login, "", "case.history_code", case_id)
    return digits


async def agree_code_word(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, word: str) -> None:
    """Keep the code word that the agent and the citizen have agreed on; where something ordinary is nearly it, only the word itself will be heard.

    Raises:
        AppError: ``unfit_code_word``, ``not_found`` or ``not_owner``.
    """
    await access_writable_case(tx, case_id, staff)
    chance = await asyncio.to_thread(chance_of, word)  # before anything is locked
    exactly = chance.is_near_another or await _is_near_notices(tx, proof.near_base(word))
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if chance.is_too_common or await _is_of_notices(tx, proof.code_word_of(word) or ""):
        raise AppError("unfit_code_word")
    if not await proof.set_code_word(tx, cipher, await conversation.get(tx, row["conversation_id"], lock=True), word, exactly=exactly):
        raise AppError("unfit_code_word")
    await audit.record(tx, staff.login, "", "case.code_word", case_id)


async def _is_of_notices(connection: Connection, word: str) -> bool:
    """Whether a notice holds it: whoever asks about that would be taken for somebody who calls for help, and be answered like one."""
    row = await database.one(
        connection,
        """SELECT 1 FROM notices WHERE status = 'published'
           AND strpos(regexp_replace(lower(title || body), '[[:space:][:punct:]]', '', 'g'), %s) > 0 LIMIT 1""",
        word,
    )
    return bool(word) and row is not None


async def _is_near_notices(connection: Connection, base: str | None) -> bool:
    """Whether a notice holds something that a slip of the hand would make the word."""
    if base is None:
        return False
    texts = [row["words"] for row in await database.rows(connection, "SELECT title || ' ' || body AS words FROM notices WHERE status = 'published'")]
    return await asyncio.to_thread(lambda: any(near_word.is_in(proof.letters_of(text), base) for text in texts))


async def _told(tx: Connection, case_id: int, staff: Staff, *, on: bool) -> None:
    await events.append(tx, case_stream(case_id), "guarded", {"case_id": case_id, "on": on, "staff_id": staff.id})
    await audit.record(tx, staff.login, "", "case.guarded", case_id, detail={"on": on})
