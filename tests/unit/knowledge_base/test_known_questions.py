"""Known questions of a notice: how like them another question is."""

import numpy as np
import pytest

from knowledge_base.examples import ITSELF, NEAREST, NO_NOTICE, Examples, save


def unit(*numbers):
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.linalg.norm(vector)


ASKED = {
    "passport-fee": np.array([unit(1, 0, 0), unit(1, 0.1, 0), unit(1, 0, 0.1), unit(0, 0, 1)]),
    "passport-lost": np.array([unit(0, 1, 0), unit(0.1, 1, 0), unit(0, 1, 0.1)]),
    NO_NOTICE: np.array([unit(0, 0, 1)]),
}


def test_the_notice_whose_questions_are_nearest_stands_out():
    found = Examples.of(ASKED).likeness(unit(1, 0.05, 0))
    assert set(found) == set(ASKED)
    assert max(found, key=lambda name: found[name].score) == "passport-fee"
    # Of four questions only the nearest three count, so the odd one does no harm.
    nearest = np.sort(ASKED["passport-fee"] @ unit(1, 0.05, 0))[-NEAREST:]
    assert found["passport-fee"].cosine == pytest.approx(float(nearest.mean()), abs=1e-5)


def test_a_notice_with_one_question_is_judged_by_it():
    assert Examples.of(ASKED).likeness(unit(0, 0, 1))[NO_NOTICE].cosine == pytest.approx(1.0, abs=1e-5)


def test_while_weights_are_fitted_a_question_has_no_vote_for_itself():
    question = ASKED["passport-lost"][0]
    with_vote = Examples.of(ASKED).likeness(question)["passport-lost"].cosine
    without = Examples.of(ASKED).likeness(question, without_itself=True)["passport-lost"].cosine
    assert without < with_vote
    assert without < ITSELF


@pytest.mark.parametrize("vector", [None, np.ones(5, np.float32)])
def test_without_a_vector_of_this_encoder_there_is_no_likeness(vector):
    assert Examples.of(ASKED).likeness(vector) == {}


def test_no_questions_no_likeness():
    assert Examples().likeness(unit(1, 0, 0)) == {}
    assert Examples().turned(unit(1, 0, 0)) is None


class Encoder:
    def __init__(self, shift=0.0):
        self.shift = shift

    def encode(self, texts, kind="query"):
        return np.array([self.vector(text) for text in texts])

    def analyse(self, texts):
        return [type("A", (), {"vector": self.vector(text)})() for text in texts]

    def vector(self, text):
        return unit(len(text), self.shift * 100, 1)


def write(path):
    texts = (("a", "여권 수수료"), ("b", "여권을 잃어버렸어요 어떡하죠"), ("a", "수수료"))
    save([(name, text, Encoder().vector(text)) for name, text in texts], Encoder(), path)


def test_the_nearest_questions_vote_for_their_notices():
    likeness = Examples.of(ASKED).likeness(unit(1, 0.05, 0))
    # Eight questions in all, so that every one of them is among the nearest ten.
    assert [likeness[name].votes for name in ("passport-fee", "passport-lost", NO_NOTICE)] == [4 / 8, 3 / 8, 1 / 8]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short", b"not an archive at all"])
def test_a_damaged_file_leaves_search_without_known_questions(tmp_path, damage):
    path = tmp_path / "examples.npz"
    path.write_bytes(damage)
    assert Examples.load(Encoder(), path).names == ()


def test_a_file_cut_short_leaves_search_without_known_questions(tmp_path):
    path = tmp_path / "examples.npz"
    write(path)
    whole = path.read_bytes()
    for end in (len(whole) // 3, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:end])
        assert Examples.load(Encoder(), path).names == ()
    path.write_bytes(whole[:200] + bytes(60) + whole[260:])
    assert Examples.load(Encoder(), path).names in ((), ("a", "b"))


def test_read_back_by_the_same_encoder_only(tmp_path):
    path = tmp_path / "examples.npz"
    write(path)
    assert Examples.load(Encoder(), path).names == ("a", "b")
    assert Examples.load(Encoder(shift=1.0), path).names == ()


def test_no_file_is_no_error(tmp_path):
    assert Examples.load(Encoder(), tmp_path / "none.npz").names == ()


def test_editors_questions_stand_beside_the_committed_ones_and_are_marked_as_few():
    shipped = Examples.of(ASKED)
    both = shipped.with_own({"boat": np.array([unit(0, 1, 1)]), "passport-fee": np.array([unit(0.2, 1, 0)])})
    likeness = both.likeness(unit(0, 1, 1))
    assert likeness["boat"].cosine == pytest.approx(1.0, abs=1e-5)
    assert likeness["boat"].is_few
    assert not likeness["passport-fee"].is_few  # it had questions before
    assert set(shipped.likeness(unit(0, 1, 1))) == set(ASKED)
    # Taken anew they replace what was taken before.
    assert "boat" not in shipped.with_own({}).likeness(unit(0, 1, 1))


def test_editors_questions_of_another_encoder_are_left_aside():
    shipped = Examples.of(ASKED)
    assert shipped.with_own({"boat": np.ones((1, 7), np.float32)}) is shipped


def test_editors_questions_without_any_committed_ones():
    own = Examples().with_own({"boat": np.array([unit(0, 1, 1)]), "kite": np.array([unit(1, 0, 0)])})
    assert max(("boat", "kite"), key=lambda name: own.likeness(unit(0, 1, 0.8))[name].score) == "boat"


def test_vectors_are_held_once():
    """Thousands of questions, in each process: the columns that a question is compared with are the vectors themselves."""
    examples = Examples.of(ASKED)
    assert np.shares_memory(examples._columns, examples._vectors)
    assert examples._vectors.shape[0] == sum(len(vectors) for vectors in ASKED.values())
