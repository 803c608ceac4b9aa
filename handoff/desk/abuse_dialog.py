"""Abusive words at the desk: a mark by one key or beside the line, and at the third what may be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.errors import CATALOGUE
from handoff import service as handoff
from handoff.desk import words
from handoff.desk.abuse_actions import AbuseActions
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Sheet
from handoff.queue_order import is_emergency
from handoff.schemas import CaseCard


def count_words(abuse: handoff.Abuse) -> str:
    """How often, in this conversation and by this person. Pure."""
    text = f"이 대화에서 {abuse.here}번"
    return text if abuse.of_person is None or abuse.of_person == abuse.here else f"{text} · 이 사람의 모든 대화에서 {abuse.of_person}번"


class AbuseMarks:
    """Belongs to one desk; ``on_left`` gets the conversation and whether the case is over, ``beat`` lets an owed rest begin at once."""

    def __init__(
        self,
        floor: Floor,
        do: AbuseActions,
        card_of: Callable[[], CaseCard | None],
        on_left: Callable[[str, bool], None],
        beat: Callable[[], Awaitable[None]],
    ) -> None:
        self._floor = floor
        self._do = do
        self._card_of = card_of
        self._on_left = on_left
        self._beat = beat

    async def toggle(self, seq: int) -> None:
        """Beside a line: mark it, or take the mark back."""
        card = self._card_of()
        if card is None:
            return
        on = seq not in card.abuse.seqs
        found: list[handoff.Abuse] = []

        async def act() -> None:
            found.append(await self._do.mark(card.case.id, seq, on))

        if await self._floor.guarded(act):
            await self._offer(card, found[0], on)

    async def press(self) -> None:
        """By key: mark what the citizen has said last; when it is marked already, show what may be done."""
        card = self._card_of()
        if card is None:
            self._floor.tell("먼저 상담을 여세요.", "info")
            return
        found: list[tuple[handoff.Abuse, bool]] = []

        async def act() -> None:
            found.append(await self._do.mark_last(card.case.id))

        if await self._floor.guarded(act):
            abuse, is_new = found[0]
            if is_new:
                self._floor.tell(f"폭언으로 표시했습니다: {count_words(abuse)}", "info")
            await self._offer(card, abuse, is_new)
            if not is_new and not abuse.is_enough:
                await self.ask(abuse)

    async def _offer(self, card: CaseCard, abuse: handoff.Abuse, on: bool) -> None:
        """From the third mark on, what may be done is asked with each new one; an emergency is not interrupted by it."""
        if on and abuse.is_enough and not is_emergency(card.case.severity):
            await self.ask(abuse)

    async def ask(self, known: handoff.Abuse | None = None) -> None:
        """What may be done about it now."""
        card = self._card_of()
        if card is None:
            return
        abuse = known or card.abuse
        minutes = await self._do.rest_minutes()
        case, is_own = card.case, card.case.owner_id == self._floor.viewer.id
        danger = is_emergency(case.severity)
        with self._floor.client, Sheet(self._floor.client, "폭언 대응", "abuse") as sheet:
            say("p", words.case_label(case), "what")
            say("p", f"폭언 표시: {count_words(abuse)}", "glance")
            if danger:
                say("p", CATALOGUE["abuse_emergency"].korean + " 의무 휴식도 이 상담이 끝난 뒤에 시작됩니다.", "warning")
            elif not abuse.is_enough:
                say("p", f"{handoff.THIRD}번이 되면 마무리 문장으로 끝내거나 책임자에게 넘길 수 있습니다.", "soft")
            elif is_own:
                if card.caller is None:
                    say("p", "끝내면 민원인에게 이 글을 보내고 봇이 응대합니다.", "soft")
                else:
                    say("p", "이 글을 읽어 준 뒤 끝내세요.", "soft")
                with block("blockquote", "quoted"):
                    say("span", handoff.last_words(case.language))
                say("p", f"끝내거나 넘기면 {minutes}분 동안 의무 휴식입니다. 다른 일반 상담을 맡고 있으면 대기열로 돌아갑니다.", "soft")
            if not is_own or not abuse.is_enough:
                sheet.foot("", None)
            elif danger:
                sheet.foot("책임자에게 인계 요청", self._up(card))
            else:
                sheet.foot("마무리 문장으로 끝내기", self._end(card), is_danger=True, others={"책임자에게 넘기기": self._up(card)})

    def _end(self, card: CaseCard) -> Callable[[], Awaitable[str | None]]:
        async def act() -> None:
            await self._do.end(card.case.id)
            with self._floor.client:
                self._on_left(card.case.conversation_id, True)
            self._floor.tell(f"#{card.case.id} 상담을 마무리 문장으로 끝냈습니다.")
            await self._beat()

        return act

    def _up(self, card: CaseCard) -> Callable[[], Awaitable[str | None]]:
        async def act() -> None:
            if not await self._do.to_supervisor(card.case.id):
                self._floor.tell(f"#{card.case.id} 책임자에게 인계를 요청했습니다. 맡을 때까지는 내 상담입니다.", "info")
                return
            with self._floor.client:
                self._on_left(card.case.conversation_id, False)
            self._floor.tell(f"#{card.case.id} 상담을 책임자에게 넘겼습니다.")
            await self._beat()

        return act
