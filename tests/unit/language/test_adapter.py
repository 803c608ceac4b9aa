from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from language import adapter
from language.adapter import Adapter
from language.encoder import OnnxEncoder, open_graph
from language.encoder_build import ensure_built, is_built, serves_int8
from language.encoder_graph import write_graph
from language.encoder_weights import HIDDEN, LAYERS, QUERY_PREFIX, read_weights, wheel_weights

TEXTS = ["문이 밖에서 잠겼어요", "여권 수수료가 얼마예요?", "help"]


@pytest.fixture(scope="module")
def encoder():
    return OnnxEncoder(ensure_built())


def test_the_committed_adapter_is_small():
    assert (adapter.FOLDER / adapter.FILE).stat().st_size < 2_000_000
    found = adapter.load()
    assert found is not None
    assert 0 < found.first < LAYERS


def test_both_vectors_come_from_one_pass_and_search_keeps_its_own(encoder):
    plain, adapted = encoder.encode_twice(TEXTS)
    assert adapted is not None
    assert np.allclose(plain, encoder.encode(TEXTS), atol=1e-6)
    assert np.allclose(np.linalg.norm(adapted, axis=1), 1, atol=1e-4)
    assert (np.abs((plain * adapted).sum(axis=1)) < 0.999).all()


def test_what_the_adapter_learns_over_is_what_the_served_graph_computes(encoder, tmp_path):
    """After all layers its mean is the very vector that is served."""
    path = tmp_path / "below.onnx"
    write_graph(path, read_weights(wheel_weights()), int8=serves_int8(), below=LAYERS)
    session = open_graph(path)
    for text in TEXTS:
        ids = np.array([encoder._tokenizer.encode(QUERY_PREFIX + text).ids])
        (hidden,) = session.run(["below"], {"input_ids": ids})
        assert hidden.shape == (1, ids.shape[1], HIDDEN)
        mean = hidden[0].mean(axis=0)
        assert np.allclose(mean / np.linalg.norm(mean), encoder.encode([text])[0], atol=1e-4)


def test_of_several_messages_two_are_encoded_at_a_time_each_alone(encoder, monkeypatch):
    """Each vector is the very same as that of its text alone, and no text goes twice or not at all."""
    texts = [f"{text} {number}" for number in range(7) for text in TEXTS]
    alone = [encoder.encode_twice([text]) for text in texts]
    with ThreadPoolExecutor(1) as second:
        monkeypatch.setattr(encoder, "_second", second)
        together, adapted = encoder.encode_twice(texts)
        assert threads_of(second)
    assert np.array_equal(together, np.concatenate([plain for plain, _ in alone]))
    assert np.array_equal(adapted, np.concatenate([own for _, own in alone]))


def test_passages_and_single_messages_leave_the_other_processor_alone(encoder, monkeypatch):
    with ThreadPoolExecutor(1) as second:
        monkeypatch.setattr(encoder, "_second", second)
        encoder.encode(TEXTS, "passage")
        encoder.encode_twice(TEXTS[:1])
        assert not threads_of(second)


def threads_of(pool):
    """The threads that a pool has needed until now."""
    return pool._threads


def test_merging_adds_the_product_of_the_pair():
    a, b = np.ones((2, 3), np.float32), np.full((4, 2), 0.5, np.float32)
    weight = np.arange(12, dtype=np.float32)
    merged = Adapter(0, 2.0, {"l0.q": (a, b)}).merged({"l0.q.w": weight, "l0.q.b": np.zeros(4)})
    assert np.allclose(merged["l0.q.w"], weight + 2.0)
    assert np.allclose(weight, np.arange(12))


def test_saved_and_read_back(tmp_path):
    draw = np.random.default_rng(0)
    pair = (draw.normal(size=(2, 3)).astype(np.float16).astype(np.float32), draw.normal(size=(4, 2)).astype(np.float16).astype(np.float32))
    Adapter(8, 2.0, {"l8.q": pair}).save(tmp_path / adapter.FILE)
    found = adapter.load(tmp_path)
    assert found is not None
    assert (found.first, found.scale, found.size) == (8, 2.0, 14)
    assert np.array_equal(found.factors["l8.q"][0], pair[0])


def test_no_adapter_is_no_error(tmp_path):
    assert adapter.load(tmp_path) is None
    assert adapter.digest(tmp_path) == ""


def test_a_graph_of_another_adapter_is_built_again(monkeypatch):
    assert is_built(ensure_built())
    monkeypatch.setattr(adapter, "digest", lambda: "another")
    assert not is_built(ensure_built.__globals__["built_folder"]() / "e5-small")
