"""What a person writes in the open case: drafts, texts put into them, suggested notices, sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import Client, ui

from accounts.schemas import Staff
from conversation.schemas import AuthorKind, Line
from core.errors import AppError
from core.logging import get
from handoff.desk import drafts
from handoff.desk.actions import Actions
from handoff.desk.conversation_pane import MAX_CHARS, ConversationPane
from handoff.desk.texts import Texts, shown
from handoff.schemas import CaseCard
from knowledge_base.service import staff_texts

log = get(__name__)
MAX_QUERY_CHARS = 200
#: How long to wait for triage before a suggestion is looked for: it usually has spoken by the second look.
TRIAGE_WAITS_S = (0.0, 0.3, 0.7, 1.5, 3.0)
CALM = "마지막 글에 맞는 안내를 찾지 못했습니다."
DANGER = "위험할 수 있는 글에는 안내를 제안하지 않습니다."
SIGN_IN_AGAIN = "로그인이 끝났습니다. 새 창에서 로그인한 뒤 다시 보내기를 누르세요."


class Writing:
    """Belongs to one desk; ``card_of`` tells the open case."""

    def __init__(self, client: Client, viewer: Staff, actions: Actions, texts: Texts, card_of: Callable[[], CaseCard | None]) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._texts = texts
        self._card_of = card_of
        self._offers: dict[str, staff_texts.Offered] = {}
        self._suggesting: tuple[int, int] | None = None
        self.pane: ConversationPane | None = None

    # -- drafts -------------------------------------------------------------------------------------------------------------------

    def draft(self, card: CaseCard) -> drafts.Draft:
        """What this person had begun to write in a case."""
        return drafts.of(self._viewer.id, card.case.conversation_id) or drafts.Draft()

    def keep(self, message: dict[str, Any]) -> None:
        """Remember what stands in the box."""
        card = self._open(message)
        if card is not None:
            drafts.keep(self._viewer.id, card.case.conversation_id, str(message["text"])[:MAX_CHARS])

    def forget(self, conversation_id: str | None) -> None:
        """The reply is written, or the case is over."""
        if conversation_id:
            drafts.forget(self._viewer.id, conversation_id)

    def _open(self, message: dict[str, Any]) -> CaseCard | None:
        """The open case, if the browser speaks of the same one."""
        card = self._card_of()
        return card if card is not None and card.case.id == int(message["case_id"]) else None

    # -- texts --------------------------------------------------------------------------------------------------------------------

    async def find(self, message: dict[str, Any]) -> None:
        """Answer the picker: canned texts or notices for what has been typed so far."""
        card = self._open(message)
        if card is None or self.pane is None:
            return
        number, kind, query = int(message["n"]), str(message["kind"]), str(message["query"])[:MAX_QUERY_CHARS]
        offers: list[staff_texts.Offered] = []
        note = ""
        try:
            offers = await (self._texts.canned(card, query) if kind == "canned" else self._texts.notices(card, query))
        except AppError as error:
            note = error.kind.korean
        self._offers |= {offer.key: offer for offer in offers}
        with self._client:
            if self._open(message) is not None:
                self.pane.found(number, [shown(offer) for offer in offers], note)

    def put(self, message: dict[str, Any]) -> None:
        """A text was put into the reply: remember which, for the last look before sending."""
        card = self._open(message)
        offer = self._offers.get(str(message["key"]))
        if card is not None and offer is not None:
            drafts.use(self._viewer.id, card.case.conversation_id, offer.key, offer.used)

    async def suggest(self, lines: Sequence[Line]) -> None:
        """Offer notices for the citizen's last message, once triage has found it calm; a newer message makes an older search stop."""
        card = self._card_of()
        line = next((one for one in reversed(lines) if one.author_kind == AuthorKind.CITIZEN), None)
        if card is None or line is None or not (card.may_write and card.conversation_open):
            return
        wanted = (card.case.id, line.seq)
        if self._suggesting == wanted:
            return
        self._suggesting = wanted
        self._suggested(card, [], "")
        for wait in TRIAGE_WAITS_S:
            await asyncio.sleep(wait)
            found = await self._texts.triage_of(line.message_id)
            if self._suggesting != wanted:
                return
            if found.is_done:
                offers = await self._texts.suggested(card, line.text) if found.is_calm else []
                if self._suggesting == wanted:
                    self._suggested(card, offers, CALM if found.is_calm else DANGER)
                return

    def stop_suggesting(self) -> None:
        """Another case is opened, or none."""
        self._suggesting = None

    def _suggested(self, card: CaseCard, offers: list[staff_texts.Offered], note: str) -> None:
        self._offers |= {offer.key: offer for offer in offers}
        now = self._card_of()
        if self.pane is not None and now is not None and now.case.id == card.case.id:
            with self._client:
                self.pane.suggested([shown(offer) for offer in offers], note)

    # -- sending ------------------------------------------------------------------------------------------------------------------

    async def send(self, message: dict[str, Any], conversation_id: str | None) -> bool:
        """Write to the citizen; what stands in the way becomes a sentence beside the box. True once it is written."""
        case_id, client_id, text = int(message["case_id"]), str(message["client_id"])[:64], str(message["text"])[:MAX_CHARS]
        known = drafts.of(self._viewer.id, conversation_id or "")
        used = [one for one in known.used.values() if one.is_in(text)] if known else []
        problem, confirm = "", False
        try:
            await self._do.reply(case_id, text, client_id, used=used, is_confirmed=bool(message.get("confirmed")))
        except AppError as error:
            problem, confirm = refusal(error), error.code in ("stale_text", "telling_words")
        else:
            self.forget(conversation_id)
        with self._client:
            card = self._card_of()
            if card is not None and card.case.id == case_id and self.pane is not None:
                self.pane.sent(client_id, not problem, problem, confirm)
            elif problem:
                ui.notify(f"#{case_id}: {problem}", type="negative", close_button="닫기")
        return not problem


def refusal(error: AppError) -> str:
    """Why a reply was not written, and what to do."""
    if error.code == "not_signed_in":
        return SIGN_IN_AGAIN
    if error.code == "unfilled_text":
        return f"{' '.join(error.extra['slots'])} 칸을 채우지 못했습니다. 직접 적거나 지운 뒤 보내세요."
    if error.code == "telling_words":
        said = f"다른 사람이 볼 수 있는 화면입니다. 드러나는 말이 있습니다: {error.extra['words']}."
        return " ".join((said, *error.extra["why"], "그래도 보내려면 Enter를 한 번 더 누르세요."))
    if error.code == "stale_text":
        return f"기한 지남 — {' '.join(error.extra['why'])} 그래도 보내려면 Enter를 한 번 더 누르세요."
    return error.kind.korean
