"""The map that turns questions towards their passages."""

import numpy as np

from knowledge_base.question_map import QuestionMap, learn


def task(seed=3, size=24, passages=12, each=30):
    draw = np.random.default_rng(seed)
    unit = lambda rows: (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)  # noqa: E731
    bank = unit(draw.normal(size=(passages, size)))
    # People ask in words of their own: a question lies where its passage lies, seen through a mirror.
    mirror = np.linalg.qr(draw.normal(size=(size, size)))[0]
    label = np.repeat(np.arange(passages), each)
    asked = unit(bank[label] @ mirror + 0.15 * draw.normal(size=(len(label), size)))
    return bank, asked, label


def first(vectors, bank, label):
    return float(((vectors @ bank.T).argmax(axis=1) == label).mean())


def test_questions_never_seen_find_their_passage_through_the_map():
    bank, asked, label = task()
    seen = np.arange(len(label)) % 3 > 0
    right = label[:, None] == np.arange(len(bank))
    compared = np.ones_like(right)
    # Many passes' worth of steps: the map of the product takes fourteen passes over 3,500 questions.
    repeat = np.tile(np.flatnonzero(seen), 12)
    found = learn(asked[repeat], bank, right[repeat], compared[repeat])
    assert first(asked[~seen], bank, label[~seen]) < 0.4
    assert first(found.apply(asked[~seen]), bank, label[~seen]) > 0.65


def test_the_same_seed_gives_the_same_map():
    bank, asked, label = task()
    right = label[:, None] == np.arange(len(bank))
    one, other = (learn(asked, bank, right, np.ones_like(right)) for _ in range(2))
    assert np.array_equal(one.matrix, other.matrix)


def test_what_a_question_is_not_compared_with_does_not_matter():
    bank, asked, label = task()
    right = label[:, None] == np.arange(len(bank))
    compared = right | (np.arange(len(bank)) < 6)
    inside = np.flatnonzero(label < 6)
    alone = learn(asked[inside], bank[:6], right[inside][:, :6], compared[inside][:, :6])
    among = learn(asked[inside], bank, right[inside], compared[inside])
    assert np.allclose(alone.matrix, among.matrix, atol=1e-4)


def test_vectors_stay_of_unit_length_and_a_file_gives_back_the_map(tmp_path):
    bank, asked, label = task()
    right = label[:, None] == np.arange(len(bank))
    found = learn(asked, bank, right, np.ones_like(right))
    found.save(tmp_path / "map.npz")
    known = QuestionMap.load(tmp_path / "map.npz")
    assert known is not None
    assert np.allclose(np.linalg.norm(known.apply(asked), axis=1), 1, atol=1e-5)
    assert np.allclose(known.apply(asked), found.apply(asked), atol=1e-2)
    assert QuestionMap.load(tmp_path / "none.npz") is None
