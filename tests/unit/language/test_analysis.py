import json

import numpy as np
import pytest

from language.analysis import WINDOW, Analyser, Analysis, split_windows, windows_to_encode

SENTENCES = [
    "안녕하세요",
    "여권을 잃어버렸는데 어떻게 해야 하나요? 내일 비행기라 마음이 급합니다",
    "문이 밖에서 잠겼어요",
    "ㅅㄹㄷ",
    "I lost my passport",
    "재외국민 등록은 어디서 하나요",
]


def test_a_sentence_has_the_same_vector_whatever_it_arrived_with(analyser):
    encoder = analyser.encoder._encoder  # beneath the cache, which would hide a difference
    alone = np.concatenate([encoder.encode([s]) for s in SENTENCES])
    together = encoder.encode(SENTENCES)
    backwards = encoder.encode([*SENTENCES[::-1], "아주 긴 문장입니다 " * 30])[: len(SENTENCES)][::-1]
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(alone, backwards)


def test_decisions_do_not_depend_on_the_batch(analyser, triage):
    together = [triage.decide(a) for a in analyser.analyse(SENTENCES)]
    assert together == [triage.decide(analyser.analyse([s])[0]) for s in SENTENCES]


def test_vectors_are_of_unit_length_and_of_the_reference(analyser):
    from language.encoder_build import reference

    texts, vectors = reference()
    own = analyser.encoder.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(own, axis=1), 1.0, atol=1e-4)
    assert (own * vectors).sum(axis=1).mean() >= 0.995


def test_metadata_survives_json(analyser):
    before = analyser.analyse(["태국 방콕인데 여권을 잃어버렸어요 \ud800"])[0]
    after = Analysis.from_metadata(json.loads(json.dumps(before.to_metadata())))
    assert after.tokens == before.tokens
    assert after.entities == before.entities
    assert after.language == before.language
    assert float(after.vector @ before.vector) > 0.999


def test_metadata_without_a_vector(analyser):
    blind = Analyser(analyser.morphology, None).analyse(["안녕하세요"])[0]
    assert Analysis.from_metadata(blind.to_metadata()).vector is None


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00\x01", "\ud800", "?", "😀", "a" * 3000, "가" * 3000])
def test_odd_texts(analyser, triage, text):
    analysis = analyser.analyse([text])[0]
    assert np.isfinite(analysis.vector).all()
    assert triage.decide(analysis).action in ("none", "ask", "escalate")


def test_token_spans_lie_inside_the_text(analyser):
    analysis = analyser.analyse(["살려주세여 갖혔어요\n여권이 업어요 ㅠㅠ"])[0]
    assert analysis.tokens
    assert all(0 <= t.start <= t.end <= len(analysis.normalised) for t in analysis.tokens)


def test_spacy_words_rebuild_the_text(analyser):
    for text in ["살려주세요 지금 태국인데요", "앞\n뒤  끝", "A, B. (다)"]:
        assert analyser.morphology.docs([text])[0].text == text


def test_windows_cover_everything():
    text = "한 문장입니다. " * 100 + "가" * 500
    windows = split_windows(text)
    assert all(len(w) <= WINDOW for w in windows)
    assert sum(len(w) for w in windows) >= len(text.replace(" ", "")) - 100
    assert split_windows("짧은 글") == ()


def test_windows_with_a_cue_are_encoded_in_a_very_long_text():
    windows = ["수수료가 궁금합니다"] * 100
    windows[57] = "방에 갇혀 있어요"
    assert 57 in windows_to_encode(windows)


def test_a_broken_encoder_degrades_instead_of_failing(analyser):
    class Broken:
        dim = 384

        def encode_twice(self, texts):
            raise RuntimeError("model file is damaged")

    broken = Analyser(analyser.morphology, Broken())
    assert broken.analyse(["살려주세요"])[0].vector is None
    assert broken.degraded == "encoder_RuntimeError"


def test_load_with_a_missing_encoder(tmp_path):
    loaded = Analyser.load(tmp_path / "nothing")
    assert loaded.degraded is not None
    assert loaded.analyse(["안녕"])[0].vector is None
