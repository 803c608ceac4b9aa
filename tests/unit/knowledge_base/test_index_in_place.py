"""An index that was changed again and again ranks as one built from nothing does, and what was handed out before never changes."""

from __future__ import annotations

import hashlib
import random
from datetime import date, timedelta

import numpy as np
import pytest

from knowledge_base.index import Index, Prepared, is_searched, reference_key
from knowledge_base.notices import Force
from knowledge_base.past import Period
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeKind, NoticeStatus
from knowledge_base.search import Question, Weights, rank
from language.analysis import Analysis

WIDTH = 30
TODAY = date(2026, 11, 22)
WORDS = [f"낱말{n}" for n in range(80)]
#: Nothing that was fitted: the test must not depend on it.
WEIGHTS = Weights()


def vectors(texts: list[str]) -> np.ndarray:
    """A unit vector for each text, always the same."""
    seeds = [int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) for text in texts]
    rows = np.stack([np.random.default_rng(seed).standard_normal(WIDTH) for seed in seeds])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


class World:
    """Versions of notices, as a database would hold them, and what was prepared for each text."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.versions: dict[tuple[str, int], Notice] = {}
        self.prepared = {reference_key(): Prepared([[] for _ in range(12)], vectors([f"무관 {n}" for n in range(12)]))}

    def written(self, number: int, version: int) -> Notice:
        chance = self.chance
        body = " ".join(" ".join(chance.choices(WORDS, k=6)) + "다." for _ in range(chance.choice([0, 1, 2, 4]))) or "<!-- -->"
        start = date(2026, 1, 1) + timedelta(days=chance.randrange(400))
        content = NoticeContent(
            f"n{number:02}",
            f"제목 {chance.choice(WORDS)}",
            body,
            start,
            start,
            countries=chance.choice([(), (), ("JP",)]),
            expires_at=start + timedelta(days=chance.randrange(1, 400)) if chance.random() < 0.3 else None,
            review_by=start + timedelta(days=chance.randrange(400)) if chance.random() < 0.3 else None,
            supersedes=tuple({f"n{chance.randrange(30):02}" for _ in range(chance.choice([0, 0, 0, 1, 2]))}),
            kind=chance.choice([NoticeKind.NOTICE] * 9 + [NoticeKind.CANNED]),
        )
        notice = Notice(content, version, chance.choice([NoticeStatus.PUBLISHED] * 4 + [NoticeStatus.DRAFT]))
        cut = Cut.of(notice)
        texts = index_texts(notice, cut.pieces)
        self.prepared[cut.key] = Prepared([text.split() for text in texts], vectors(texts))
        return notice

    def change(self) -> dict[str, list[Notice]]:
        """Publish, supersede, expire, withdraw, renew: all versions of the ids that were touched."""
        touched = set()
        for _ in range(self.chance.choice([1, 1, 1, 2, 6])):
            number = self.chance.randrange(30)
            own = [n for (name, _), n in self.versions.items() if name == f"n{number:02}"]
            touched.add(f"n{number:02}")
            if not own or self.chance.random() < 0.4:
                notice = self.written(number, len(own) + 1)
            else:
                notice = self.chance.choice(own)
                changed = self.chance.choice(list(NoticeStatus))
                content = notice.content
                if self.chance.random() < 0.3:
                    content = NoticeContent(**{**content.__dict__, "review_by": date(2027, 1, 1)})
                notice = Notice(content, notice.version, changed)
            self.versions[notice.id, notice.version] = notice
        return {name: [n for (other, _), n in self.versions.items() if other == name] for name in touched}

    def rebuilt(self) -> Index:
        return Index.build(list(self.versions.values()), self.prepared, True)

    def questions(self) -> list[Question]:
        words = tuple(self.chance.choices([*WORDS, "unknown"], k=4))
        vector = vectors([" ".join(words)])[0].astype(np.float32)
        analysis = Analysis(" ".join(words), " ".join(words), "ko", vector=vector)
        blind = Analysis(analysis.text, analysis.text, "ko")
        periods = [None, Period(date(2026, 3, 1), date(2026, 6, 30)), Period(None, None)]
        return [Question(a, words, (), TODAY, TODAY, period, (), here) for a in (analysis, blind) for period in periods for here in (None, "JP")]


def ranking(index: Index, question: Question) -> list[tuple[tuple[str, int], str, Force]]:
    ranked = rank(index, question, WEIGHTS)
    entries = [(index.entries[number], row) for number, row in zip(ranked.entries, ranked.rows, strict=True)]
    return [((e.notice.id, e.notice.version), e.passages[row - e.first].text, e.force) for e, row in entries]


def check_equal(changed: Index, built: Index, world: World) -> None:
    assert [(e.notice, e.force, e.passages) for e in changed.entries] == [(e.notice, e.force, e.passages) for e in built.entries]
    assert (changed.by_id, changed.passages) == (built.by_id, built.passages)
    for number in range(len(built.entries)):
        assert changed.words_of(number) == built.words_of(number)
        assert changed.title_words[number] == built.title_words[number]
    for question in world.questions():
        assert np.allclose(changed.lexical(question.words), built.lexical(question.words), rtol=1e-6)
        assert [changed.idf(w) for w in question.words] == [built.idf(w) for w in question.words]
        assert ranking(changed, question) == ranking(built, question)
        assert np.allclose(rank(changed, question, WEIGHTS).scores, rank(built, question, WEIGHTS).scores, atol=1e-4)
        assert np.allclose(rank(changed, question, WEIGHTS).cosines, rank(built, question, WEIGHTS).cosines, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_changes_ranks_as_built_from_nothing(seed: int) -> None:
    world = World(seed)
    index = Index()
    compacted = 0
    for step in range(30):
        index = index.with_changes(world.change(), world.prepared)
        if world.chance.random() < 0.15:
            index, compacted = index.compacted(), compacted + 1
        if step % 3 == 2:
            check_equal(index, world.rebuilt(), world)
    assert compacted
    assert len(index.segments) <= 2


def test_an_index_that_was_handed_out_stays_as_it_was_and_two_may_branch_from_it() -> None:
    world = World(11)
    for _ in range(12):
        world.change()
    first = world.rebuilt()
    kept = World(11)
    kept.versions, kept.prepared = dict(world.versions), world.prepared
    one = first.with_changes(world.change(), world.prepared)
    supposed = world.written(3, 99)
    supposed = Notice(supposed.content, 99, NoticeStatus.PUBLISHED)
    other = first.with_notice(supposed, world.prepared)
    check_equal(first, kept.rebuilt(), kept)
    check_equal(one, world.rebuilt(), world)
    kept.versions[supposed.id, 99] = supposed
    check_equal(other, kept.rebuilt(), kept)


def test_only_new_words_are_asked_for() -> None:
    world = World(5)
    for _ in range(10):
        world.change()
    index = world.rebuilt()
    known = [entry.notice for entry in index.entries]
    withdrawn = {n.id: [] for n in known[:2]}
    superseded = Notice(known[3].content, known[3].version, NoticeStatus.SUPERSEDED)
    assert index.missing(known) == []
    assert index.missing([superseded]) == []
    changed = index.with_changes({**withdrawn, superseded.id: [superseded]}, {})
    assert changed.segments == index.segments
    new = world.written(29, 50)
    assert index.missing([new]) == ([new] if is_searched(new) else [])


def test_what_gathers_beside_the_large_segment_asks_to_be_laid_side_by_side() -> None:
    world = World(7)
    index = Index()
    for _ in range(3):
        index = index.with_changes(world.change(), world.prepared)
    for version in range(100, 300):
        notice = Notice(world.written(1, version).content, version)
        index = index.with_changes({notice.id: [notice]}, world.prepared)
        if index.wants_compaction:
            break
    assert index.wants_compaction or sum(s.rows for s in index.segments[1:]) <= 256
    changed = index.with_changes({e.notice.id: [] for e in index.entries[:1]}, {})
    assert not changed.compacted().wants_compaction
    assert changed.changes_to(changed.compacted()) == {}


def test_emptied_and_filled_again() -> None:
    world = World(2)
    for _ in range(8):
        world.change()
    full = world.rebuilt()
    empty = full.with_changes({e.notice.id: [] for e in full.entries}, {})
    assert (len(empty.entries), empty.passages) == (0, 0)
    question = world.questions()[0]
    assert rank(empty, question, WEIGHTS).entries == ()
    again = empty.compacted().with_changes(empty.changes_to(full), world.prepared)
    check_equal(again, world.rebuilt(), world)
