"""The benchmarks search notices that are many, alike real ones, and always the same."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from bench import notices, publish
from core.db import Database
from knowledge_base import publishing
from knowledge_base.preparing import Cut
from knowledge_base.service import KnowledgeBase


def test_generated_notices_are_whole_different_and_always_the_same(analyser: Any) -> None:
    made = list(notices.generated(analyser, 250))
    again = list(notices.generated(analyser, 250))
    assert [(notice, key) for notice, key, _, _ in made] == [(notice, key) for notice, key, _, _ in again]
    assert len({key for _, key, _, _ in made}) == 250
    for (notice, key, prepared, _), (_, _, other, _) in zip(made, again, strict=True):
        cut = Cut.of(notice)
        assert cut.key == key
        assert len(cut.passages) == notices.PASSAGES_EACH == len(prepared.words) - 1
        assert prepared.vectors is not None
        assert prepared.vectors.dtype == np.float16
        assert np.allclose(np.linalg.norm(prepared.vectors.astype(np.float32), axis=1), 1, atol=2e-3)
        assert np.array_equal(prepared.vectors, other.vectors)
    rows = np.concatenate([prepared.vectors for _, _, prepared, _ in made if prepared.vectors is not None])
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_words_of_a_varied_sentence_have_its_numbers() -> None:
    import random

    sentence = notices.Sentence("수수료는 53,000원이고 3일 걸립니다.", ["수수료", "53,000", "3", "걸리"], np.zeros(2))
    text, words = notices._varied(sentence, random.Random(4))
    assert text != sentence.text
    assert len(text) == len(sentence.text)
    assert words[0] == "수수료"
    assert all(number in text for number in words[1:3])


async def test_a_knowledge_base_holds_what_was_filled_in(db: Database, dsn: str, analyser: Any) -> None:
    passages = await notices.fill(dsn, analyser, 60)
    base = await KnowledgeBase.open(db, analyser, environment="development")
    assert (base.size, base.desk.index.passages) == (60, passages) == (60, 60 * notices.PASSAGES_EACH)


def test_publications_are_asked_about_in_their_own_words() -> None:
    published = publish.publications()
    assert len(published) == 2 * len(publish.SUBJECTS) == 2 * len({content.id for content, _, _ in published})
    for content, question, words in published:
        assert words in content.body
        assert question.removesuffix("가 얼마예요?") in content.title
    assert len({words for _, _, words in published}) == len(published)


async def test_each_publication_is_answered_beside_the_others(db: Database, dsn: str, analyser: Any) -> None:
    """As the followers are asked: among many notices (among a few it would not show) no other may be nearly as likely and cost something else."""
    await notices.fill(dsn, analyser, 1200)
    base = await KnowledgeBase.open(db, analyser, environment="development")
    published = publish.publications()
    for part in (published[: len(publish.SUBJECTS)], published[len(publish.SUBJECTS) :]):
        async with db.transaction() as tx:
            for content, _, _ in part:
                version = await publishing.save_draft(tx, content, "bench")
                await publishing.publish(tx, content.id, version, "bench", "development")
        await base.reload()
        unquoted = [content.id for content, question, words in part if not publish.is_quoted(base.answer(question), content.id, words)]
        assert unquoted == []


def test_a_follower_that_says_something_else_ends_the_benchmark() -> None:
    assert publish._line(io.BytesIO(b"new-001 2 17.5\n"), "new-001 2") == 17.5
    for said in (b"", b"new-001 1 17.5\n", b"Traceback (most recent call last):\n"):
        with pytest.raises(RuntimeError, match="expected"):
            publish._line(io.BytesIO(said), "new-001 2")
