"""Accepted labels as lines of the triage corpus, for an operator's own data folder. What points at a person is taken out first."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from conversation import service as conversation
from core.crypto import Cipher
from core.db import Connection
from core.errors import StartError
from core.logging import get
from handoff.reviews import repository
from handoff.reviews.schemas import Label
from language.detect import detect
from language.normalise import normalise
from language.redaction import spans

log = get(__name__)
PAGE = 500
VOICE, TAG, SPLIT = "use", "from_use", "train"
_SPACES = re.compile(r"\s+")

#: Finds further spans that may name somebody: (start, end) in the text that it is given.
Names = Callable[[str], list[tuple[int, int]]]


def proper_names() -> Names:
    """Proper nouns by morphemes, except countries and cities of the gazetteer, which half of the danger is about. Loads Kiwi (1 s)."""
    from language.gazetteer import names_in
    from language.morphology import Morphology

    morphology = Morphology.load()

    def find(text: str) -> list[tuple[int, int]]:
        places = [(start, end) for start, end, _ in names_in(text)]
        return [
            (token.start, token.end)
            for token in morphology.tokens(text)
            if token.tag == "NNP" and not any(start < token.end and token.start < end for start, end in places)
        ]

    return find


def without_people(text: str, names: Names) -> str:
    """The text as it may leave the database: numbers, addresses, coordinates out; names of people and small places as ``○○``."""
    clean = normalise(text)
    for start, end, _ in sorted(spans(clean), reverse=True):
        clean = f"{clean[:start]} {clean[end:]}"  # no word of ours in its place: it would teach the model that
    clean = _SPACES.sub(" ", clean).strip()
    for start, end in sorted(names(clean), reverse=True):
        clean = f"{clean[:start]}○○{clean[end:]}"
    return clean


def corpus_line(row: dict[str, Any], text: str) -> dict[str, Any]:
    """One label in the form of ``data/triage/*.jsonl``. A trap: harmless, and yet triage stirred."""
    label = Label.of(row["accepted_urgency"], row["accepted_category"])
    return {
        "id": f"u{row['id']:06d}",
        "text": text,
        "urgency": label.urgency.value,
        "category": label.category.value,
        "lang": detect(text),
        "tags": [TAG],
        "trap": not label.was_emergency and row["action"] in ("escalate", "ask"),
        "voice": VOICE,
        "split": SPLIT,
    }


async def lines(connection: Connection, cipher: Cipher, names: Names) -> AsyncIterator[dict[str, Any]]:
    """Every accepted label whose words are still there, oldest first."""
    last = 0
    while found := await repository.accepted(connection, last, PAGE):
        for row in found:
            last = row["id"]
            text = without_people(_words(cipher, row), names)
            if text:
                yield corpus_line(row, text)


async def export(connection: Connection, cipher: Cipher, target: Path, names: Names | None = None) -> int:
    """Write the file (0600) as a whole or not at all; how many lines it has.

    Raises:
        StartError: the file cannot be written.
    """
    names = names or proper_names()
    collected = [json.dumps(line, ensure_ascii=False) + "\n" async for line in lines(connection, cipher, names)]
    try:
        _write(target, "".join(collected))
    except OSError as error:
        raise StartError(f"The file {target} cannot be written ({error.strerror or error}).") from error
    return len(collected)


def _write(target: Path, content: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".review-")  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _words(cipher: Cipher, row: dict[str, Any]) -> str:
    """The words of a row; nothing when they have been erased, or their key has."""
    try:
        return str(conversation.open_body(cipher, row["body"]).get("text") or "")
    except Exception as error:  # noqa: BLE001  (emptied, another key, damaged: whatever it is, it is not to be had)
        log.warning("review_not_exported", review=row["id"], error=type(error).__name__)
        return ""
