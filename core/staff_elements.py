"""Small building blocks of the staff's pages: native elements whose text is always text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

E = TypeVar("E", bound=Element)
#: How long a page waits for its browser after the line broke. Within it nothing is lost: dialogs stay, what was missed is sent again, keys pressed meanwhile
#: arrive. After it the page loads anew. Shorter than three missed beats, after which a desk's cases go back to the queue.
RECONNECT_S = 30.0


def staff_page(path: str, title: str, **more: Any) -> ui.page:
    """The decorator of a staff page's function."""
    return ui.page(path, title=title, reconnect_timeout=RECONNECT_S, **more)


def attributes(element: E, **values: Any) -> E:
    """Set attributes from data, never from a string that would be parsed; ``data_tick`` becomes ``data-tick``."""
    for name, value in values.items():
        element.props[name.rstrip("_").replace("_", "-")] = value
    return element


def select_tab(tabs: Mapping[str, Element], panels: Mapping[str, Element], chosen: str) -> None:
    """Show one panel of several, and say so on its tab."""
    for code, tab in tabs.items():
        attributes(tab, aria_selected=str(code == chosen).lower()).update()
        panels[code].set_visibility(code == chosen)


def block(tag: str = "div", classes: str = "", **values: Any) -> Element:
    """An element with classes and attributes."""
    return attributes(Element(tag).classes(classes), **values)


def say(tag: str, text: str, classes: str = "", **values: Any) -> TextElement:
    """An element with text; whatever the text holds, it is shown as it is."""
    return attributes(TextElement(tag=tag, text=text).classes(classes), **values)


def button(label: str, on_click: Callable[..., Any], *, classes: str = "", hint: str = "", **values: Any) -> Element:
    """A native button; ``hint`` is the key shown on it."""
    with block("button", classes, type="button", **values) as element:
        say("span", label)
        if hint:
            say("kbd", hint, aria_hidden="true")
    element.on("click", on_click, [])
    return element


def relabel(element: Element, label: str) -> None:
    """Give a button of ``button`` other words; the button itself stays, so that a press on its way still reaches it."""
    next(one for one in element.default_slot.children if isinstance(one, TextElement)).set_text(label)
