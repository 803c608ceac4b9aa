"""One body, as well as a platform can show it, and never over one of its limits. Pure.

What cannot be a button stands in the text: nothing that a body says is left out. Numbers to call are always in the text, since some clients
do not show buttons that call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from bot.channels.contract import DANGER, Action, ActionKind, Actions, Capabilities, Outbound
from bot.channels.splitting import cut, divide, sendable
from bot.channels.words import Words, words
from conversation.schemas import Body, SentFile, SourceCard

_SCHEMES = ("http", "https")
MOST_IMAGE_URL = 1000


def render(body: Body, language: str, capabilities: Capabilities, *, discreet: bool = False, again: int | None = None) -> tuple[Outbound, ...]:
    """The messages that say what the body says, in order; quick replies stand on the last.

    ``discreet``: somebody may read along, so that nothing calls out danger or rings. ``again``: from this message on they may have arrived before,
    and the first of them says so where that fits. The words are divided as they were without it, so that a line goes on where it was broken off.
    """
    said = words(language)
    quick, buttons, listed = _place_choices(body, capabilities, said, discreet)
    links, written = _place_ways(body, capabilities, said, discreet)
    card, source_lines = _place_source(body.source, capabilities, said)
    picture, opened = _place_file(body.file, capabilities)
    text = "\n".join(filter(None, (body.text.strip(), *opened, *written, *source_lines, *listed)))
    # Choices need words to stand under.
    parts = divide(text, capabilities.text) or (divide(said.tap, capabilities.text) if card is None and quick and body.buttons else [])
    messages = [Outbound(part) for part in parts]
    under = (*links, *buttons)
    if under and capabilities.buttons is not None:
        messages = _with_buttons(messages, under, capabilities.buttons, said)
    if picture is not None:
        messages.append(picture)
    if card is not None:
        messages.append(card)
    if messages and quick:
        messages[-1] = replace(messages[-1], quick_replies=quick)
    if messages and again is not None:
        at = min(again, len(messages) - 1)
        messages[at] = _marked(messages[at], said.again, capabilities)
    return tuple(messages)


def offered(body: Body) -> dict[str, str]:
    """What a citizen without buttons may write for a choice, and the payload that it stands for: its number as listed, or its title."""
    choices = [(button.title, button.payload or button.title) for button in body.buttons]
    by_number = {str(number): payload for number, (_, payload) in enumerate(choices, 1)}
    return by_number | {" ".join(title.split()).casefold(): payload for title, payload in choices}


def _place_choices(body: Body, capabilities: Capabilities, said: Words, discreet: bool) -> tuple[tuple[Action, ...], tuple[Action, ...], list[str]]:
    """Quick replies, buttons, and lines for what neither can hold."""
    place = capabilities.quick_replies
    extra: list[Action] = []
    if place is not None and ActionKind.LOCATION in place.kinds:
        extra.append(Action(ActionKind.LOCATION, cut(said.here, place.label)))
    if place is not None and ActionKind.CHOICE in place.kinds and not discreet and not _is_crisis(body):
        extra.append(Action(ActionKind.CHOICE, cut(said.danger, place.label), DANGER, said.danger))
    choices = [(button.title, button.payload) for button in body.buttons if sendable(button.title).strip()]
    if place is not None and ActionKind.CHOICE in place.kinds:
        room = max(0, place.count - len(extra))
        shown = tuple(Action(ActionKind.CHOICE, cut(title, place.label), payload, title) for title, payload in choices[:room])
        return (*shown, *extra[: place.count - len(shown)]), (), _listed(choices[room:], said, numbered=False)
    under = capabilities.buttons
    if under is not None and ActionKind.CHOICE in under.kinds:
        shown = tuple(Action(ActionKind.CHOICE, cut(title, under.label), payload, title) for title, payload in choices[: under.count])
        return tuple(extra), shown, _listed(choices[under.count :], said, numbered=False)
    return tuple(extra), (), _listed(choices, said, numbered=True)


def _listed(choices: list[tuple[str, str]], said: Words, *, numbered: bool) -> list[str]:
    if not choices:
        return []
    if numbered:
        return [*(f"{number}. {title}" for number, (title, _) in enumerate(choices, 1)), said.by_number]
    return [f"{said.more}: {' / '.join(title for title, _ in choices)}"]


def _is_crisis(body: Body) -> bool:
    """Whether the danger is known already: its own button would be a second alarm for nothing."""
    return body.kind.startswith("crisis:") or body.kind == "danger_question"


def _place_ways(body: Body, capabilities: Capabilities, said: Words, discreet: bool) -> tuple[list[Action], list[str]]:
    """Numbers and the location link: as buttons where they can be, and as lines."""
    actions, lines, place = [], [], capabilities.buttons
    for phone in body.phones:
        if not _stands_in(phone.number, body.text):
            lines.append(f"{phone.label} {phone.number}".strip())
        if place is not None and ActionKind.PHONE in place.kinds and not discreet:
            actions.append(Action(ActionKind.PHONE, cut(sendable(phone.label).strip() or said.call, place.label), phone.number, phone.label))
    if body.location_url and not capabilities.location_link:
        lines.append(said.say_where)
    elif url := _address(body.location_url):
        if place is not None and ActionKind.LINK in place.kinds and len(url) <= place.max_link:
            actions.insert(0, Action(ActionKind.LINK, cut(said.locate, place.label), url, said.locate))
        else:
            lines.append(f"{said.locate}: {url}")
    return actions, lines


def _stands_in(number: str, text: str) -> bool:
    """Whether a number is in the text as a number of its own: the 000 of a sum is none to call."""
    return re.search(rf"(?<![\d,.+-]){re.escape(number)}(?![\d-])", text) is not None


def _place_source(source: SourceCard | None, capabilities: Capabilities, said: Words) -> tuple[Outbound | None, list[str]]:
    """Where an answer comes from: a card with a link, or lines."""
    if source is None:
        return None, []
    dated = " · ".join(filter(None, (source.effective_from and f"{source.effective_from} {said.in_force}", source.source, said.past if source.past else "")))
    url, card = _address(source.url), capabilities.card
    if card is not None and url and len(url) <= card.actions.max_link and ActionKind.LINK in card.actions.kinds and sendable(source.title).strip():
        link = Action(ActionKind.LINK, cut(said.open_source, card.actions.label), url, said.open_source)
        return Outbound(cut(dated or said.source, card.text), cut(source.title, card.title), (link,)), []
    lines = [f"{said.source}: {source.title}" + (f" ({dated})" if dated else "")]
    return None, [*lines, url] if url else lines


def _place_file(file: SentFile | None, capabilities: Capabilities) -> tuple[Outbound | None, list[str]]:
    """A picture where the platform shows one, which it fetches by https alone; anything else is an address to open."""
    url = _address(file.url) if file is not None else ""
    if file is None or not url:
        return None, []
    if capabilities.images and file.kind == "image" and url.startswith("https://") and len(url) <= MOST_IMAGE_URL:
        return Outbound(url, image_url=url, preview_url=_address(file.preview_url) or url), []
    return None, [url]


def _with_buttons(messages: list[Outbound], actions: Iterable[Action], place: Actions, said: Words) -> list[Outbound]:
    """The buttons under the last words, where these fit there, else under a line of their own; more than fit take more messages."""
    under = list(actions)
    last = messages[-1] if messages else None
    if last is not None and (place.text is None or place.text.fits(last.text)):
        messages = [*messages[:-1], Outbound(last.text, actions=tuple(under[: place.count]))]
        under = under[place.count :]
    while under:
        words_over = cut(said.tap, place.text) if place.text else said.tap
        messages.append(Outbound(words_over, actions=tuple(under[: place.count])))
        under = under[place.count :]
    return messages


def _marked(message: Outbound, mark: str, capabilities: Capabilities) -> Outbound:
    text, place = f"{mark}\n{message.text}", capabilities.buttons
    limit = place.text if message.actions and place is not None and place.text is not None else capabilities.text
    return message if message.title or message.image_url or not limit.fits(text) else replace(message, text=text)


def _address(url: str) -> str:
    """The address in the form that every platform takes; empty where a messenger cannot open it, such as a path of ours without our own address."""
    if url != sendable(url) or not url.isprintable() or " " in url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]") if parts.scheme in _SCHEMES and parts.hostname else ""
