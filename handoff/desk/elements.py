"""Small building blocks: those of every staff page, and our own browser components."""

from __future__ import annotations

from nicegui.element import Element

from core.staff_elements import attributes, block, button, relabel, say, select_tab

__all__ = [
    "Composer",
    "FilePicker",
    "MenuKeys",
    "PersonList",
    "QueueList",
    "ReviewKeys",
    "Signals",
    "Transcript",
    "attributes",
    "block",
    "button",
    "relabel",
    "say",
    "select_tab",
]


class QueueList(Element, component="static/queue_list.js"):
    """The list of cases; patched row by row."""


class Transcript(Element, component="static/transcript.js"):
    """The lines of a conversation; appended one by one."""


class Composer(Element, component="static/composer.js"):
    """The reply box, with correct Hangul composition."""


class FilePicker(Element, component="static/file_picker.js"):
    """Chooses a picture or document and sends it."""


class Signals(Element, component="static/signals.js"):
    """Sound, title, connection, clocks and keys."""


class ReviewKeys(Element, component="static/review_keys.js"):
    """The keys of the review page."""


class MenuKeys(Element, component="static/menu_keys.js"):
    """The keys of the menu of moves."""


class PersonList(Element, component="static/person_list.js"):
    """Colleagues to choose one from."""
