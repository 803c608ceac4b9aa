"""Marking words as abusive, and what may follow at the third mark: the contact ends with a set sentence, or a supervisor takes it."""

from __future__ import annotations

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import closing, handing, queue_order
from handoff.abuse import repository
from handoff.abuse.rests import counted
from handoff.abuse.schemas import Abuse
from handoff.access import access_own_case, access_writable_case
from handoff.choosing import SILENT_AFTER
from handoff.moves import ABUSE
from handoff.phone.caller import CHANNEL
from handoff.schemas import Case
from handoff.streams import case_stream

LAST_WORDS = {
    "ko": (
        "폭언이나 모욕이 이어져 이번 상담을 마칩니다. 궁금한 것은 여기에 계속 적으시면 상담봇이 안내합니다. "
        "위험한 일이 생기면 언제든 ‘지금 위험해요’를 누르거나 {hotline} 로 전화하세요."
    ),
    "en": (
        "We are ending this conversation because of repeated abusive language. You can keep writing here and the assistant will answer. "
        "If you are in danger at any time, press the danger button or call {hotline}."
    ),
    "ja": (
        "暴言が続いたため、この相談を終了します。ご質問はこのままここにお書きください。自動応答がご案内します。"
        "危険を感じたら、いつでも危険ボタンを押すか、{hotline} にお電話ください。"
    ),
    "zh": "由于持续出现辱骂言语，本次咨询到此结束。您仍可在此留言，由自动助手答复。如遇危险，请随时按下危险按钮，或拨打 {hotline}。",
    "vi": (
        "Chúng tôi kết thúc cuộc tư vấn này vì lời lẽ xúc phạm lặp lại. Bạn vẫn có thể viết ở đây, trợ lý tự động sẽ trả lời. "
        "Nếu gặp nguy hiểm, bất cứ lúc nào hãy bấm nút nguy hiểm hoặc gọi {hotline}."
    ),
    "fr": (
        "Nous mettons fin à cet entretien en raison de propos injurieux répétés. Vous pouvez continuer à écrire ici, l'assistant vous répondra. "
        "En cas de danger, appuyez à tout moment sur le bouton de danger ou appelez le {hotline}."
    ),
    "es": (
        "Terminamos esta conversación por los insultos repetidos. Puede seguir escribiendo aquí y el asistente le responderá. "
        "Si está en peligro, pulse en cualquier momento el botón de peligro o llame al {hotline}."
    ),
    "ru": (
        "Мы завершаем этот разговор из-за повторяющихся оскорблений. Вы можете и дальше писать здесь, ответит автоматический помощник. "
        "Если вы в опасности, в любой момент нажмите кнопку опасности или позвоните по номеру {hotline}."
    ),
}


def last_words(language: str) -> str:
    """The set sentence; it always says how danger still reaches a person. It is read out to a caller."""
    return LAST_WORDS.get(language, LAST_WORDS["en"]).format(hotline=settings().hotline)


async def mark(tx: Connection, case_id: int, staff: Staff, seq: int | None, on: bool = True) -> Abuse:
    """Mark the citizen's line as abusive, or take the mark back; on the telephone there are no lines, and each mark counts. The marks as they stand now.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` for a case that is over, or ``invalid_request`` for a line that is not the citizen's.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    talk = row["conversation_id"]
    is_spoken = (await conversation.get(tx, talk))["channel"] == CHANNEL
    if (seq is None) != is_spoken or (seq is not None and not await repository.is_citizens_line(tx, talk, seq)):
        raise AppError("invalid_request", field="seq")
    changed = await repository.add_mark(tx, talk, case_id, seq, staff.id) if on else await repository.take_back(tx, talk, seq, staff.id)
    if changed:
        await events.append(tx, case_stream(case_id), "abuse", {"case_id": case_id, "staff_id": staff.id, "seq": seq, "on": on})
        await audit.record(tx, staff.login, "", "case.abuse_mark" if on else "case.abuse_taken_back", case_id, detail={"seq": seq})
    return await counted(tx, case_id, talk)


async def mark_last(tx: Connection, case_id: int, staff: Staff) -> tuple[Abuse, bool]:
    """Mark what the citizen has said last; whether the mark is new.

    Raises:
        AppError: what ``mark`` raises.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if (await conversation.get(tx, row["conversation_id"]))["channel"] == CHANNEL:
        return await mark(tx, case_id, staff, None), True
    seq = await repository.last_line(tx, row["conversation_id"])
    before = await counted(tx, case_id, row["conversation_id"])
    return await mark(tx, case_id, staff, seq), seq not in before.seqs


async def end(tx: Connection, cipher: Cipher, case_id: int, staff: Staff) -> Case:
    """End an abusive contact with the set sentence. The conversation goes back to the bot, so that danger still finds a person.

    Raises:
        AppError: ``abuse_emergency`` for any emergency, ``abuse_not_yet`` before the third mark, and what ``closing.close`` raises.
    """
    row = await access_own_case(tx, case_id, staff)
    if queue_order.is_emergency(row["severity"]):
        raise AppError("abuse_emergency", f"case {case_id} is an emergency")
    if not (await counted(tx, case_id, row["conversation_id"])).is_enough:
        raise AppError("abuse_not_yet")
    if (await conversation.get(tx, row["conversation_id"]))["channel"] != CHANNEL:
        # Whoever has left the chat does not get it; the contact ends all the same.
        body = Body(last_words(row["language"]))
        await conversation.reply(tx, cipher, row["conversation_id"], AuthorKind.SYSTEM, body, client_id=f"abuse-{case_id}-{row['version']}")
    return await closing.close(tx, cipher, case_id, staff, ABUSE)


async def to_supervisor(tx: Connection, cipher: Cipher, case_id: int, staff: Staff) -> Case:
    """Give the contact to a supervisor who is there; an emergency stays its owner's until the supervisor accepts.

    Raises:
        AppError: ``abuse_not_yet``, ``no_supervisor``, and what ``handing.transfer`` raises.
    """
    row = await access_own_case(tx, case_id, staff, lock=False)
    if not (await counted(tx, case_id, row["conversation_id"])).is_enough:
        raise AppError("abuse_not_yet")
    for to_id in await repository.supervisors(tx, clock_now() - SILENT_AFTER, staff.id):
        try:
            async with tx.transaction():
                return await handing.transfer(tx, cipher, case_id, staff, to_id, "폭언이 이어져 책임자에게 넘깁니다.")
        except AppError as error:
            # Full, or gone since the look: the next one. What was locked for this one is free again.
            if error.code != "agent_full" and error.extra.get("field") != "to":
                raise
    raise AppError("no_supervisor")
