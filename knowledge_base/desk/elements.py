"""The page's own browser components."""

from __future__ import annotations

from nicegui.element import Element

from core.staff_elements import attributes, block, button, say, select_tab

__all__ = ["Importer", "Keys", "NoticeForm", "attributes", "block", "button", "choose", "say", "select_tab"]


class NoticeForm(Element, component="static/notice_form.js"):
    """The fields of a notice; what is typed stays in the browser until it is saved."""


class Importer(Element, component="static/importer.js"):
    """Files dropped or chosen, with progress and results."""


class Keys(Element, component="static/kb_keys.js"):
    """The keys of the page."""


def choose(label: str, options: dict[str, str], value: str = "", **values: object) -> Element:
    """A native list of choices with its label; listen to ``change`` with ``target.value``."""
    with block("label", "choice"):
        say("span", label)
        with block("select", "", **values) as select:
            for code, word in options.items():
                say("option", word, value=code, selected=True if code == value else None)
    return select
