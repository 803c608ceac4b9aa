"""Texts to a carrier with a row of the ledger for each recipient, before it is asked and after it has answered."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.contract import Refused, SendResult, Sent
from bot.channels.sms import repository
from bot.channels.sms.alphabets import cost
from bot.channels.sms.carrier import Fate, Outcome, Submission, Text, TextCarrier
from conversation.service import stream
from core import events
from core.crypto import Cipher
from core.db import Database
from core.logging import get
from core.metrics import UNDELIVERED
from handoff import service as handoff

log = get(__name__)
CHANNEL = "sms"


def number_hash(cipher: Cipher, number: str) -> str:
    """As the numbers of callers are kept, so that one erasure finds both."""
    return cipher.pseudonym(f"phone:{number}")


async def deliver(db: Database, cipher: Cipher, carrier: TextCarrier, texts: Sequence[Text], conversation_id: str | None = None) -> list[SendResult]:
    """Give texts to a carrier, in as many requests as it wants; one result for each, in order.

    A row that says ``submitted`` and nothing else was on its way when the process died.
    """
    results: list[SendResult] = []
    for start in range(0, len(texts), carrier.batch):
        batch = texts[start : start + carrier.batch]
        ids = []
        async with db.transaction() as tx:
            for text in batch:
                price = cost(text.words, is_domestic=text.to.is_domestic and carrier.speaks_euc_kr)
                ids.append(
                    await repository.submitted(
                        tx,
                        key=text.key,
                        carrier=carrier.name,
                        conversation_id=conversation_id,
                        number_hash=number_hash(cipher, f"+{text.to.international}"),
                        alphabet=price.alphabet.value,
                        segments=price.segments,
                    )
                )
        submissions = await carrier.submit(batch)
        async with db.transaction() as tx:
            for row_id, submission in zip(ids, submissions, strict=True):
                await repository.answered(tx, row_id, *_answer(submission))
        results += [submission.result for submission in submissions]
    return results


def _answer(submission: Submission) -> tuple[str, str, str]:
    result = submission.result
    if isinstance(result, Sent):
        return "accepted", submission.reference, ""
    if isinstance(result, Refused):
        return "failed", "", result.reason
    return ("unknown" if getattr(result, "is_unknown", False) else "failed"), "", getattr(result, "reason", "")


async def learn(db: Database, carrier: str, outcome: Outcome) -> bool:
    """Write down what became of a text; a link that has not arrived is told where the desk sees it. False: nothing was known of it."""
    if outcome.fate is Fate.UNDERWAY or not outcome.reference:
        return True
    async with db.transaction() as tx:
        if not await repository.knows(tx, carrier, outcome.reference):
            return False
        row = await repository.settle(tx, carrier, outcome.reference, outcome.fate.value, outcome.reason)
    if row is not None and row["conversation_id"] is not None and row["message_id"] is None and outcome.fate is Fate.FAILED:
        async with db.transaction() as tx:
            await handoff.tell_lost_link(tx, row["conversation_id"], outcome.reason or "failed")
    return True


async def tell_lost(db: Database) -> None:
    """Tell where the desk sees it which lines have not arrived, or not all of them: a long one goes in several texts, and each may be lost."""
    async with db.read() as connection:
        lost = await repository.lost_lines(connection)
    for line in lost:
        conversation_id, reason = line["conversation_id"], line["reason"]
        async with db.transaction() as tx:
            await handoff.lock_open_case(tx, conversation_id)
            seq = await repository.did_not_arrive(tx, line["message_id"], reason)
            if seq is None:
                continue
            await events.append(tx, stream(conversation_id), "undelivered", {"message_id": line["message_id"], "seq": seq, "reason": reason})
            await handoff.tell_undelivered(tx, conversation_id, [seq], reason)
        UNDELIVERED.labels(channel=CHANNEL, reason="carrier").inc()
        log.error("undelivered", channel=CHANNEL, conversation=conversation_id, reason=reason, count=1)


async def ask(db: Database, carriers: Sequence[TextCarrier]) -> int:
    """Ask carriers about what is due; how many texts."""
    by_name = {carrier.name: carrier for carrier in carriers}
    async with db.transaction() as tx:
        rows = await repository.due(tx, list(by_name))
        await repository.give_up(tx)
    for row in rows:
        outcome = await by_name[row["carrier"]].look_up(row["reference"])
        if outcome is not None:
            await learn(db, row["carrier"], outcome)
    return len(rows)
