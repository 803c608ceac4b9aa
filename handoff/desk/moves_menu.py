"""Every move in one menu, by letter, arrow or mouse; what cannot be done now says why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from accounts.schemas import Role
from handoff.desk import words
from handoff.desk.choices import NAMES, Do, Situation, choices
from handoff.desk.consent_dialog import show_consents
from handoff.desk.elements import MenuKeys, attributes, block, button, say
from handoff.desk.export_dialog import ask_export
from handoff.desk.floor import Floor
from handoff.desk.guard_dialog import show_guard
from handoff.desk.invite_dialog import ask_invite
from handoff.desk.merge_dialog import ask_merge, others
from handoff.desk.note_dialog import show_notes
from handoff.desk.override_dialog import ask_take_from
from handoff.desk.promise_dialog import show_promises
from handoff.desk.record_dialogs import show_hold, show_restriction
from handoff.desk.reopen_dialog import show_closed
from handoff.desk.rungs_dialog import show_rungs
from handoff.desk.sheet import Sheet
from handoff.desk.shift_dialog import ShiftDialog
from handoff.desk.snooze_dialog import ask_snooze
from handoff.desk.transfer_dialog import ask_team, ask_transfer
from handoff.schemas import CaseCard

#: Letters inside the menu. On the desk itself a few of them mean something else: it hears no key while the menu is open or on its way.
LETTERS = {
    Do.CLAIM: "Enter",
    Do.DECLINE: "D",
    Do.TRANSFER: "T",
    Do.TO_TEAM: "G",
    Do.UNASK: "Z",
    Do.INVITE: "I",
    Do.MISSION: "M",
    Do.NOTE: "N",
    Do.PROMISE: "P",
    Do.SNOOZE: "S",
    Do.MERGE: "W",
    Do.RUNGS: "U",
    Do.TAKE_FROM: "O",
    Do.HAND_BACK: "B",
    Do.TO_QUEUE: "Q",
    Do.CLOSE: "E",
    Do.CONFIRM_CLOSE: "C",
    Do.OBJECT: "C",
    Do.GUARD: "V",
    Do.ABUSE: "Y",
    Do.RESTRICT: "X",
    Do.HOLD: "K",
    Do.CONSENT: "A",
    Do.EXPORT: "F",
    Do.REOPEN: "R",
}
#: Reached from the menu of the desk itself, whatever is open.
GENERAL = (("H", "교대 인계", "shift"), ("P", "내 약속", "promises"), ("L", "최근 종료한 상담", "closed"))
Elsewhere = Callable[[], Any]


class Moves:
    """Belongs to one desk. ``elsewhere`` does what the desk does itself: take, hand back, queue, close."""

    def __init__(
        self,
        floor: Floor,
        card_of: Callable[[], CaseCard | None],
        elsewhere: dict[Do, Elsewhere],
        on_taken: Callable[[int], Awaitable[None]],
        on_promises: Callable[[], Awaitable[None]],
    ) -> None:
        self._floor = floor
        self._card_of = card_of
        self._elsewhere = elsewhere
        self._on_taken = on_taken
        self._on_promises = on_promises
        self._shift: ShiftDialog | None = None

    def listen(self) -> None:
        """The queue has changed."""
        if self._shift is not None:
            self._shift.listen()

    def situation(self, card: CaseCard) -> Situation:
        """The open case as this person stands to it."""
        has_other = bool(others(self._floor.feed, card.case, self._floor.viewer))
        return Situation(card.case, self._floor.viewer, may_write=card.may_write, has_other=has_other)

    def menu(self) -> None:
        """Open the menu."""
        card = self._card_of()
        found = choices(self.situation(card)) if card else {}
        with Sheet(self._floor.client, "할 수 있는 일", "moves", is_wide=True) as sheet:
            MenuKeys()
            if card is not None:
                say("p", words.case_label(card.case), "what")
                with block("div", "menu", role="group", aria_label="이 상담"):
                    for do, why in found.items():
                        # Whoever may confirm objects in the same dialog.
                        if not why and not (do is Do.OBJECT and not found[Do.CONFIRM_CLOSE]):
                            name = "종료 요청 취소" if do is Do.OBJECT and card.case.closing_by == self._floor.viewer.id else NAMES[do]
                            self._item(sheet, LETTERS[do], name, partial(self.move, do), code=do.value)
            with block("div", "menu", role="group", aria_label="내 데스크"):
                for letter, name, code in GENERAL:
                    if not (letter == "P" and not found.get(Do.PROMISE, "-")):  # the case's own item opens the same dialog
                        self._item(sheet, letter, name, partial(self.general, code), code=code)
                if self._floor.viewer.has(Role.SUPERVISOR, Role.ADMIN):
                    with block("a", "nav", href="/desk/team"):
                        say("span", "팀 · 당직 번호 · 관할")
            if barred := {do: why for do, why in found.items() if why}:
                with block("details", "barred"):
                    say("summary", f"지금은 할 수 없는 일 {len(barred)}")
                    with block("dl"):
                        for do, why in barred.items():
                            with block("div"):
                                say("dt", NAMES[do])
                                say("dd", why)
            sheet.foot("", None)

    def _item(self, sheet: Sheet, letter: str, name: str, act: Callable[[], Any], *, code: str) -> None:
        async def pressed() -> None:
            sheet.close()
            await act()

        made = button(name, pressed, hint=letter, data_move=code)
        if letter != "Enter":
            attributes(made, data_menu_key=f"Key{letter}")
        else:
            attributes(made, data_menu_key="")

    async def general(self, code: str) -> None:
        """What belongs to the desk rather than to a case."""
        if code == "shift":
            self._shift = ShiftDialog(self._floor)
            await self._floor.guarded(self._shift.open)
        elif code == "promises":
            card = self._card_of()
            may_write = card is not None and card.may_write
            await self._floor.guarded(lambda: show_promises(self._floor, card.case if card else None, may_write=may_write, on_change=self._on_promises))
        else:
            await self._floor.guarded(lambda: show_closed(self._floor))

    async def move(self, do: Do | str) -> None:
        """Begin a move of the open case, or say why it cannot be; what ends or moves something asks in a dialog first."""
        do, card = Do(do), self._card_of()
        if card is None:
            self._floor.tell("먼저 상담을 여세요.", "info")
        elif why := choices(self.situation(card))[do]:
            self._floor.tell(f"{NAMES[do]}: {why}", "warning")
        elif do in self._elsewhere:
            done = self._elsewhere[do]()
            if done is not None:
                await done
        else:
            await self._floor.guarded(lambda: self._begin(do, card))

    async def _begin(self, do: Do, card: CaseCard) -> None:
        floor, case = self._floor, card.case
        if do is Do.TRANSFER:
            await ask_transfer(floor, case)
        elif do is Do.TO_TEAM:
            await ask_team(floor, case)
        elif do is Do.INVITE:
            await ask_invite(floor, case)
        elif do is Do.SNOOZE:
            await ask_snooze(floor, case)
        elif do is Do.MERGE:
            await ask_merge(floor, case)
        elif do is Do.TAKE_FROM:
            await ask_take_from(floor, card, self._on_taken)
        elif do is Do.RUNGS:
            await show_rungs(floor, case)
        elif do is Do.GUARD:
            await show_guard(floor, case)
        elif do is Do.NOTE:
            await show_notes(floor, card)
        elif do is Do.PROMISE:
            await show_promises(floor, case, may_write=card.may_write, on_change=self._on_promises)
        elif do is Do.DECLINE:
            await floor.do.decline(case.id)
        elif do is Do.UNASK:
            await floor.do.unask(case.id)
        elif do is Do.RESTRICT:
            await show_restriction(floor, case)
        elif do is Do.HOLD:
            await show_hold(floor, case)
        elif do is Do.CONSENT:
            await show_consents(floor, card)
        elif do is Do.EXPORT:
            await ask_export(floor, case)
        elif do is Do.REOPEN:
            await floor.do.reopen(case.id)

    async def decline(self, case_id: int) -> None:
        """From the queue, without opening the case."""
        await self._floor.guarded(lambda: self._floor.do.decline(case_id))
