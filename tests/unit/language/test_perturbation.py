import json
import unicodedata

import pytest

from language import corpus
from language.normalise import normalise
from language.perturbation import PERTURBATIONS, perturb

SENTENCES = ["문이 밖에서 잠겨 있고 여권은 사장님이 갖고 계세요", "호텔에 불이 났는데 어떻게 나가요", "help me please", "ㅅㄹㄷ", "妻が倒れました", "엄마", ""]


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("text", SENTENCES)
def test_the_same_text_is_always_spoilt_the_same_way(name, text):
    assert perturb(name, text) == perturb(name, text)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_something_changes(name):
    assert perturb(name, SENTENCES[0]) != SENTENCES[0]


@pytest.mark.parametrize("name", ["split_jamo", "other_width"])
def test_letters_typed_apart_and_other_widths_are_undone(name):
    texts = [e.text for e in corpus.read() if e.lang == "ko"][:2000]
    broken = [text for text in texts if normalise(perturb(name, text)) != normalise(text)]
    assert len(broken) <= 0.005 * len(texts), broken[:5]


def test_half_width_hangul_is_put_together():
    assert normalise("ﾡￋﾵￇﾷￒ") == "계세요"
    assert normalise("ﾲￂﾢﾷￇﾵￆ") == "밖에서"


@pytest.mark.parametrize("text", SENTENCES[:5])
def test_courtesies_stand_around_the_very_words(text):
    said = {perturb("courtesies", text, seed) for seed in range(40)}
    assert len(said) > 10
    assert all(text in one and len(one) > len(text) for one in said)
    korean = [one for one in said if any("가" <= c <= "힣" for c in one.replace(text, ""))]
    assert bool(korean) == (text in SENTENCES[:2] or text == "ㅅㄹㄷ")


def test_a_slip_stays_a_syllable():
    for seed in range(200):
        spoilt = perturb("typos", "남편이 또 때려서 숨었어요", seed)
        assert json.dumps(spoilt, ensure_ascii=False)
        assert all(unicodedata.category(c) in ("Lo", "Zs") for c in spoilt)
