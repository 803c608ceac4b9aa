"""The ways in which a case leaves a desk: back to the bot, back into the queue, closed. Each asks once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client, ui

from core.errors import AppError
from handoff import service as handoff
from handoff.desk.actions import Actions
from handoff.desk.aside import Aside
from handoff.desk.closing_dialog import ask_second
from handoff.desk.dialogs import ask_close, ask_confirm
from handoff.desk.floor import Floor, Guarded
from handoff.moves import DRILL
from handoff.queue_order import is_emergency
from handoff.reviews.schemas import Label
from handoff.schemas import CaseCard


class Leaving:
    """Belongs to one desk; ``on_left`` gets the conversation, and whether the case is over."""

    def __init__(
        self, floor: Floor, actions: Actions, card_of: Callable[[], CaseCard | None], aside_of: Callable[[], Aside], on_left: Callable[[str, bool], None]
    ) -> None:
        self._client: Client = floor.client
        self._floor = floor
        self._do = actions
        self._guarded: Guarded = floor.guarded
        self._card_of = card_of
        self._aside_of = aside_of
        self._on_left = on_left

    def ask_hand_back(self) -> None:
        """Let the bot serve again."""
        card = self._card_of()
        if card is None:
            return
        text = "민원인은 다시 봇과 이야기합니다."
        if is_emergency(card.case.severity):
            text += " 긴급 상담은 끝나지 않습니다. 종료할 때까지 내 상담으로 남고, 위험한 글이 오면 다시 대기열에 올라갑니다."
        ask_confirm("봇에게 돌려주기", text, "돌려주기", lambda: self._leave(card, lambda: self._do.hand_back(card.case.id)), name="hand-back")

    def ask_to_queue(self) -> None:
        """Let somebody else take it."""
        card = self._card_of()
        if card is not None:
            text = "다른 상담관이 맡을 수 있게 대기열로 되돌립니다. 처음 온 시각의 순서를 지킵니다."
            ask_confirm("대기열로 되돌리기", text, "되돌리기", lambda: self._leave(card, lambda: self._do.to_queue(card.case.id)), name="to-queue")

    async def _leave(self, card: CaseCard, action: Callable[[], Awaitable[None]]) -> None:
        if await self._guarded(action):
            with self._client:
                self._on_left(card.case.conversation_id, False)

    def ask_close(self) -> None:
        """End it, with an outcome."""
        card = self._card_of()
        if card is None:
            return
        if card.case.closing_by is not None:
            self._ask_second(card)
            return

        if card.case.synthetic:
            ask_confirm("훈련 종료", "훈련을 마칩니다. 걸린 시간이 기록됩니다.", "종료하기", lambda: self._end_drill(card), name="close-drill")
            return

        async def confirm(outcome: str, contact: str, label: Label | None) -> str | None:
            try:
                ended = await self._do.close(card.case.id, outcome, contact)
            except AppError as error:
                if error.extra.get("field") == "verified_contact":
                    return "누구와 어떻게 연락해 안전을 확인했는지 적으세요."
                return error.kind.korean
            if label is not None:
                await self._guarded(lambda: self._do.mark_closed(card.case.id, label))
            with self._client:
                if not ended:
                    ui.notify(f"#{card.case.id} 종료를 요청했습니다. 다른 상담관이 확인할 때까지 내 상담으로 남습니다.", type="info")
                    return None
                self._on_left(card.case.conversation_id, True)
                ui.notify(f"#{card.case.id} 상담을 종료했습니다: {handoff.OUTCOMES[outcome]}", type="positive")
            return None

        ask_close(card.case, confirm)

    async def _end_drill(self, card: CaseCard) -> None:
        """One person's act, without a contact to verify."""

        async def end() -> None:
            await self._do.close(card.case.id, DRILL, "")

        if await self._guarded(end):
            with self._client:
                self._on_left(card.case.conversation_id, True)
                ui.notify(f"#{card.case.id} 훈련을 마쳤습니다.", type="positive")

    def _ask_second(self, card: CaseCard) -> None:
        """Another person confirms what a colleague has asked for, or objects; whoever asked may take it back."""
        request = self._aside_of().closing
        if request is None:  # taken back at this moment
            return

        async def end() -> None:
            await self._do.confirm_close(card.case.id)
            with self._client:
                self._on_left(card.case.conversation_id, False)
                ui.notify(f"#{card.case.id} 상담을 종료했습니다.", type="positive")

        ask_second(self._floor, card, request, end)
