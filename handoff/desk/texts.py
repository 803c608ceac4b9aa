"""What an agent may put into a reply, and the last look before it goes out. The knowledge base says what holds; the case says what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.schemas import Staff
from core import audit
from core.clock import now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.settings import Settings
from handoff import repository
from handoff.access import access_case
from handoff.desk.session import Session
from handoff.schemas import CaseCard, Certainty, MissionHint
from knowledge_base.service import staff_texts, today_in_seoul
from language.categories import Urgency

Search = Callable[[], staff_texts.StaffSearch | None]
#: A message as short as this asks for nothing that a notice could answer.
SHORTEST_MESSAGE = 2


@dataclass(frozen=True)
class Triaged:
    """What triage has said of a message so far."""

    is_done: bool
    is_calm: bool  # neither danger nor a doubt about it


def triaged(row: dict[str, Any] | None) -> Triaged:
    """A message whose triage failed, or that was asked about, is not calm."""
    if row is None:
        return Triaged(True, False)
    calm = row["urgency"] in (Urgency.NONE, Urgency.NON_URGENT) and row["action"] not in ("ask", "escalate")
    return Triaged(row["triage_state"] != "pending", row["triage_state"] == "done" and calm)


def competent(card: CaseCard) -> MissionHint | None:
    """The one mission that may be named to the citizen; None while there are several, a person must ask, or place and words disagree."""
    only = card.missions[0] if len(card.missions) == 1 and not card.country_conflict else None
    return only if only is not None and only.certainty is not Certainty.CHECK else None


def shown(offer: staff_texts.Offered) -> dict[str, Any]:
    """An offer as the browser shows it: words only."""
    return {
        "key": offer.key,
        "title": offer.used.title,
        "detail": offer.detail,
        "day": " · ".join(offer.detail.split(" · ")[:2]),
        "text": offer.text,
        "problems": list(offer.problems),
        "stale": list(offer.stale),
    }


class Texts:
    """Bound to one signed-in session: every look asks whether the case is (still) this person's to see."""

    def __init__(self, db: Database, session: Session, settings: Settings, search: Search) -> None:
        self._db = db
        self._session = session
        self._settings = settings
        self._search = search
        self._with_test_only = settings.environment != "production"

    async def canned(self, card: CaseCard, query: str) -> list[staff_texts.Offered]:
        """Canned texts for this case.

        Raises:
            AppError: ``not_signed_in``, ``forbidden`` or ``not_found``.
        """
        async with self._db.read() as connection:
            await access_case(connection, card.case.id, await self._session.staff(connection))
            facts = await self._facts(connection, card)
            return await staff_texts.offer_canned(connection, self._search(), query, facts, with_test_only=self._with_test_only)

    async def _facts(self, connection: Connection, card: CaseCard) -> staff_texts.CaseFacts:
        mission = competent(card)
        phone = await staff_texts.checked_mission_phone(connection, mission.name) if mission is not None and mission.verified else ""
        return staff_texts.CaseFacts(card.case.id, today_in_seoul(now()), self._settings.hotline, mission.name if mission else "", phone)

    async def notices(self, card: CaseCard, query: str) -> list[staff_texts.Offered]:
        """Notices for what was typed.

        Raises:
            AppError: ``still_loading`` before the models are there.
        """
        if (search := self._search()) is None:
            raise AppError("still_loading")
        return staff_texts.offer_notices(await search.find(query, card.case.country)) if query.strip() else []

    async def suggested(self, card: CaseCard, text: str) -> list[staff_texts.Offered]:
        """Notices in force for a citizen's message that triage has found calm."""
        search = self._search()
        if search is None or len(text.strip()) < SHORTEST_MESSAGE:
            return []
        return staff_texts.offer_notices(await search.suggest(text, card.case.country))

    async def triage_of(self, message_id: int) -> Triaged:
        """What triage says of a message by now."""
        async with self._db.read() as connection:
            return triaged(await repository.triage_of(connection, message_id))


async def check_reply(tx: Connection, text: str, used: Sequence[staff_texts.Used], *, is_confirmed: bool, settings: Settings) -> list[staff_texts.Used]:
    """The last look at a reply; gives back what has run out and was confirmed, to be written down.

    Raises:
        AppError: ``unfilled_text`` (``slots``), or ``stale_text`` (``why``) until the person has confirmed it.
    """
    if slots := staff_texts.left_open(text):
        raise AppError("unfilled_text", slots=list(slots))
    over = await staff_texts.run_out(tx, used, today_in_seoul(now()), with_test_only=settings.environment != "production")
    if over and not is_confirmed:
        raise AppError("stale_text", why=[why for _, why in over])
    return [one for one, _ in over]


async def record_stale(
    tx: Connection, cipher: Cipher, staff: Staff, address: str, case_id: int, conversation_id: str, over: Sequence[staff_texts.Used]
) -> None:
    """Write down that somebody has sent, knowingly, what no longer holds; ids only, call it last."""
    detail = {"texts": [{"kind": str(one.kind), "id": one.id, "version": one.version} for one in over]}
    await audit.record(tx, staff.login, address, "reply.stale_text", case_id, cipher.pseudonym(conversation_id), detail)
