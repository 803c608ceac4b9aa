"""10,000 notices of six passages each, made from the real ones, in a database of their own: what ``bench retrieve`` and ``bench publish`` search.

A notice has the title of a real one with the place of a mission and a month, and six sentences of that notice and of others on its topics, with other
numbers in them. Texts, words and days are therefore such as ministries write, and no two notices are alike. Encoding 60,000 passages would take seven
minutes, so vectors are derived: that of the real sentence behind its real title, plus a third of the new title's, plus noise of a fourth of its length
that depends on the text, made a unit vector again and stored in half precision like any other. Words are those that Kiwi found in the real sentence, with
the new numbers. For time and memory that is the same as real ones; nothing about the quality of answers can be read from it.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.db import Database
from core.settings import ROOT
from knowledge_base import repository
from knowledge_base.index import Prepared, encoder_name, reference_key
from knowledge_base.ingest import read_path
from knowledge_base.passages import split_passages
from knowledge_base.preparing import Cut, prepare_cut
from knowledge_base.schemas import Notice, NoticeContent
from knowledge_base.store import FileStore
from knowledge_base.words import words_of_texts
from language.analysis import Analyser
from language.paths import built_folder

NOTICES = 10_000
PASSAGES_EACH = 6
SEED = 20261122
BATCH = 500
TITLE_SHARE = 0.33
NOISE = 0.25
_OFFICE = re.compile(r"(?:대사관|총영사관|분관|출장소|대표부).*")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@dataclass(frozen=True)
class Sentence:
    """A real sentence with what was prepared for it."""

    text: str
    words: Sequence[str]
    vector: np.ndarray


@dataclass(frozen=True)
class Theme:
    """A real notice: its content, its title's words and vector, and the sentences that notices on its topics have."""

    content: NoticeContent
    title: Sentence
    sentences: Sequence[Sentence]


def _themes(analyser: Analyser) -> tuple[list[Theme], str, Prepared]:
    cuts = [Cut.of(Notice(item)) for item in read_path(ROOT / "data" / "notices") if isinstance(item, NoticeContent)]
    encoder = encoder_name(analyser)
    store = FileStore(built_folder() / "passages")
    prepared, _ = prepare_cut(cuts, analyser, store, encoder)
    store.save(encoder, list(prepared))
    own: dict[str, list[Sentence]] = {}
    for cut in cuts:
        known = prepared[cut.key]
        if known.vectors is None:
            raise RuntimeError("the encoder cannot be used")
        rows = zip(cut.pieces, known.words[1:], known.vectors[1:].astype(np.float32), strict=True)
        # What is no sentence by itself (a row of a table, a list) would be cut otherwise in another notice.
        own[cut.notice.id] = [Sentence(p.text, w, v) for p, w, v in rows if [q.text for q in split_passages(p.text)] == [p.text]]
    themes = []
    for cut in cuts:
        known = prepared[cut.key]
        content = cut.notice.content
        others = [c.notice.id for c in cuts if c.notice.id != content.id and set(c.notice.content.topics) & set(content.topics)]
        sentences = [*own[content.id], *(s for name in others for s in own[name])]
        if len(sentences) >= PASSAGES_EACH and known.vectors is not None:
            themes.append(Theme(content, Sentence(content.title, known.words[0], known.vectors[0].astype(np.float32)), sentences))
    return themes, encoder, prepared[reference_key()]


def _places(analyser: Analyser) -> list[tuple[str, str, list[str]]]:
    with (ROOT / "data" / "missions.csv").open(encoding="utf-8", newline="") as file:
        rows = [(_OFFICE.sub("", row["name"]).removeprefix("주"), row["country"]) for row in csv.DictReader(file)]
    words = words_of_texts(analyser, [place for place, _ in rows])
    return [(place, country, own) for (place, country), own in zip(rows, words, strict=True)]


def _varied(sentence: Sentence, chance: random.Random) -> tuple[str, list[str]]:
    """The sentence with other numbers of the same length, in its text and among its words."""
    changed: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        number = match.group()
        if number not in changed:
            changed[number] = re.sub(r"[1-9]", lambda _: str(chance.randrange(1, 10)), number)
        return changed[number]

    return _NUMBER.sub(other, sentence.text), [changed.get(word, word) for word in sentence.words]


def _vectors(text: str, bases: Sequence[np.ndarray], title: np.ndarray) -> np.ndarray:
    rows = np.stack(bases)
    noise = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)).standard_normal(rows.shape, dtype=np.float32)
    mixed = rows + TITLE_SHARE * title + NOISE * noise / np.sqrt(rows.shape[1])
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), dtype=np.float16)


def generated(analyser: Analyser, count: int = NOTICES) -> Iterator[tuple[Notice, str, Prepared, str]]:
    """Each notice with its key, what is prepared for it, and the encoder's name; always the same ones."""
    themes, encoder, _ = _themes(analyser)
    places = _places(analyser)
    chance = random.Random(SEED)
    last: dict[str, str] = {}
    number = refused = 0
    while number < count:
        theme = themes[(number + refused) % len(themes)]
        place, country, place_words = chance.choice(places)
        start = date(2021, 1, 1) + timedelta(days=chance.randrange(2100))
        title = f"{theme.content.title} ({place}, {start.year}년 {start.month}월)"
        # Its own sentences first: a notice is about its subject.
        chosen = [*theme.sentences[:3], *chance.sample(theme.sentences[3:], PASSAGES_EACH - 3)]
        texts = [_varied(sentence, chance) for sentence in chosen]
        content = NoticeContent(
            f"made-{number:05}",
            title,
            "\n\n".join(text for text, _ in texts),
            start,
            start,
            theme.content.source,
            theme.content.source_url,
            (country,) if chance.random() < 0.5 else (),
            theme.content.topics,
            expires_at=start + timedelta(days=chance.randrange(100, 1500)) if chance.random() < 0.3 else None,
            review_by=date(2027, 12, 31),
            supersedes=(last[theme.content.id],) if theme.content.id in last and chance.random() < 0.1 else (),
            test_only=True,
        )
        cut = Cut.of(Notice(content))
        if len(cut.pieces) != PASSAGES_EACH:
            refused += 1  # other numbers or neighbours made other sentences of it
            continue
        last[theme.content.id] = content.id
        title_words = [*theme.title.words, *place_words, str(start.year), str(start.month)]
        vectors = _vectors(f"{title} {content.body}", [theme.title.vector, *(sentence.vector for sentence in chosen)], theme.title.vector)
        yield cut.notice, cut.key, Prepared([title_words, *(words for _, words in texts)], vectors), encoder
        number += 1


async def fill(dsn: str, analyser: Analyser, count: int = NOTICES) -> int:
    """Store them all as published; the number of their passages."""
    db = await Database.open(dsn, min_size=1, max_size=2)
    passages = 0
    try:
        _, encoder, reference = await asyncio.to_thread(_themes, analyser)
        async with db.transaction() as tx:
            await repository.cache_passages(tx, {reference_key(): reference}, encoder)
        source = generated(analyser, count)
        while batch := [row for _, row in zip(range(BATCH), source, strict=False)]:
            async with db.transaction() as tx, tx.pipeline():
                await repository.cache_passages(tx, {key: prepared for _, key, prepared, _ in batch}, encoder)
                for notice, _, prepared, _ in batch:
                    passages += len(prepared.words) - 1
                    await repository.insert(tx, notice.content, notice.version, notice.status, "bench")
        async with db.read() as connection:
            await connection.execute("ANALYZE")
    finally:
        await db.close()
    return passages
