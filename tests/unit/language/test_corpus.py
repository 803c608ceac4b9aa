"""What the corpus promises in its datasheet."""

from collections import Counter

import pytest

from language import corpus
from language.categories import Category
from language.evaluation import KEYWORDS


@pytest.fixture(scope="module")
def examples():
    return corpus.read()


def test_size(examples):
    emergencies = [e for e in examples if e.is_emergency]
    assert len(examples) >= 39_000
    assert len(emergencies) >= 16_000
    assert sum(e.urgency == "life_threat" for e in emergencies) >= 10_000
    assert sum(e.is_trap for e in examples) >= 14_000
    assert corpus.counts(examples) in (corpus.FOLDER / "DATASHEET.md").read_text(encoding="utf-8")


def test_most_emergencies_have_no_alarming_word(examples):
    emergencies = [e for e in examples if e.is_emergency]
    assert sum(KEYWORDS.search(e.text) is None for e in emergencies) >= 0.4 * len(emergencies)


def test_every_category_and_language_in_every_part(examples):
    for split in ("train", "dev", "test"):
        danger = [e for e in examples if e.split == split and e.is_emergency]
        assert {e.category for e in danger} == set(Category)
        assert {e.lang for e in danger} >= {"ko", "en", "ja", "zh", "vi"}


def test_no_voice_writes_for_two_parts(examples):
    parts: dict[str, set[str]] = {}
    for example in examples:
        parts.setdefault(example.voice, set()).add(example.split)
    assert {voice: p for voice, p in parts.items() if len(p) > 1} == {}


def test_no_sentence_stands_in_two_parts(examples):
    parts: dict[str, set[str]] = {}
    for example in examples:
        parts.setdefault("".join(example.text.split()), set()).add(example.split)
    assert [text for text, p in parts.items() if len(p) > 1] == []


def test_ids_are_unique(examples):
    assert [i for i, n in Counter(e.id for e in examples).items() if n > 1] == []


def test_the_test_part_is_large_enough(examples):
    danger = [e for e in examples if e.split == "test" and e.is_emergency]
    assert len(danger) >= 400
    assert sum(e.urgency == "life_threat" for e in danger) >= 400


def test_a_trap_is_never_an_emergency(examples):
    assert [e.id for e in examples if e.is_trap and e.is_emergency] == []


def test_voices_held_back_have_written_nothing_else(examples):
    held = corpus.read(corpus.FOLDER / "held_back")
    assert len({e.id for e in held}) == len(held) == 1916
    assert {e.split for e in held} == {"test"}
    assert not {e.id for e in held} & {e.id for e in examples}
    assert not {e.voice for e in held} & {e.voice for e in examples}
    assert not {"".join(e.text.split()) for e in held} & {"".join(e.text.split()) for e in examples}
    assert {e.category for e in held if e.is_emergency} == set(Category)


def test_labels_of_use_are_read_like_the_corpus(tmp_path):
    file = tmp_path / "reviews.jsonl"
    line = '{"id": "u000001", "text": "문이 밖에서 잠겼어요", "urgency": "life_threat", "category": "confinement", "lang": "ko", "tags": ["from_use"], '
    file.write_text(line + '"trap": false, "voice": "use", "split": "train"}\n\n', encoding="utf-8")
    assert [(e.id, e.is_emergency, e.split) for e in corpus.read_file(file)] == [("u000001", True, "train")]


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": "u1"}', '{"id":"u1","text":"x","urgency":"high","category":"other","voice":"use","split":"train"}'])
def test_a_line_that_is_none_of_a_corpus_is_named(tmp_path, line):
    file = tmp_path / "reviews.jsonl"
    file.write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"reviews\.jsonl:2"):
        corpus.read_file(file)
