"""The frame of the desk's dialogs: a title, what is asked, a sentence for what stands in the way, and one button that acts once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from nicegui import Client, ui
from nicegui.element import Element

from core.errors import CATALOGUE, AppError
from core.logging import get
from handoff.desk.elements import PersonList, attributes, block, button, say
from handoff.desk.refusals import sentence

log = get(__name__)
#: What pressing the button does: None ends the dialog, a sentence stays in it.
Act = Callable[[], Awaitable[str | None]]

#: A syllable that is being composed is not in the text yet, and a key held down confirms nothing.
CTRL_ENTER = """(e) => {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.isComposing || e.repeat) return;
    e.preventDefault();
    emit();
}"""


class Sheet:
    """Used as a context: what is made inside stands in the dialog, which opens at the end. Escape and 닫기 change nothing."""

    def __init__(self, client: Client, title: str, code: str, *, is_wide: bool = False) -> None:
        self._client = client
        self._code = code
        self._act: Act | None = None
        self._is_busy = False
        with client.content:
            self._dialog = ui.dialog().props("no-backdrop-dismiss")
        with self._dialog:
            self.body = block("div", "dialog sheet is-wide" if is_wide else "dialog sheet", role="dialog", aria_label=title, data_dialog=code)
        with self.body:
            say("h2", title)
        self._button: Element | None = None
        self._problem: Any = None

    def __enter__(self) -> Self:
        self.body.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.body.__exit__(kind, error, trace)
        self._begin_writing()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _begin_writing(self) -> None:
        """Whoever opens a dialog to write in it writes at once; a list of people takes the focus by itself."""
        inside = list(self.body.descendants())
        first = next((one for one in inside if isinstance(one, ui.input | ui.textarea) and "data-field" in one.props), None)
        if first is not None and not any(isinstance(one, PersonList) for one in inside):
            first.props("autofocus")

    def close(self) -> None:
        """Take the dialog away."""
        self._dialog.close()

    def foot(self, label: str, act: Act | None, *, is_danger: bool = False, cancel: str = "닫기", others: dict[str, Act] | None = None) -> None:
        """The last row. The button that acts never has the focus by itself, so that no stray key presses it; Ctrl+Enter does, but for what is dangerous."""
        self._problem = say("p", "", "problem", role="alert")
        with block("div", "dialog-buttons"):
            button(cancel, self.close, data_cancel="")
            for text, other in (others or {}).items():
                button(text, self._press(other), data_other="")
            if act is not None:
                self._button = button(label, self._press(act), classes="danger" if is_danger else "primary", data_confirm="")
                if not is_danger:
                    attributes(self._button, aria_keyshortcuts="Control+Enter")
                    self.body.on("keydown", lambda: self._by_key(act), js_handler=CTRL_ENTER)

    async def _by_key(self, act: Act) -> None:
        if self._button is not None:
            await self.run(act)

    def finish(self) -> None:
        """What was asked is done: the button that acts goes, the dialog stays to be read."""
        if self._button is not None:
            self._button.delete()
            self._button = None

    def tell(self, text: str) -> None:
        """Say what stands in the way."""
        if self._problem is not None:
            self._problem.set_text(text)

    def _press(self, act: Act) -> Callable[[], Awaitable[None]]:
        return lambda: self.run(act)

    async def run(self, act: Act) -> None:
        """Act once: a second press while the first is under way, or that was on its way when the first was done, is the same press."""
        if self._is_busy:
            return
        self._set_busy(True)
        said: str | None = None
        try:
            said = await act()
        except AppError as error:
            if error.code == "not_signed_in":
                self._set_busy(False)
                with self._client:
                    ui.navigate.to("/staff/sign-in?next=/desk")
                return
            said = sentence(error)
        except Exception:  # the edge of the page: a person must never press a button and see nothing
            log.exception("desk_dialog_failed", dialog=self._code)
            said = CATALOGUE["internal"].korean
        with self._client:
            if said is None:
                self.close()
            else:
                self._set_busy(False)
                self.tell(said)

    def _set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        if self._button is not None and not self._button.is_deleted:
            attributes(self._button, aria_busy=str(is_busy).lower())
            self._button.update()


def field(label: str, code: str, *, lines: int = 1, most: int = 500, value: str = "", hint: str = "") -> Any:
    """A text field; what it holds is text."""
    made = ui.textarea(label=label, value=value) if lines > 1 else ui.input(label=label, value=value)
    made.props(f"outlined dense autocomplete=off maxlength={most} data-field={code}").classes("wide")
    if lines > 1:
        made.props(f"rows={lines}")
    if hint:
        attributes(made, hint=hint)
    return made
