"""Questions to the knowledge base as sentences for triage."""

import json

import pytest

from language import asked
from language.categories import Category, Urgency


@pytest.fixture(scope="module", params=[asked.LEARNT, asked.MEASURED], ids=["learnt", "measured"])
def folder(request):
    return request.param


def test_readers_found_only_questions_that_exist(folder):
    found = [line.split("\t")[0] for line in (folder / asked.TROUBLE).read_text(encoding="utf-8").splitlines()]
    known = [json.loads(line)["id"] for name in asked.FILES for path in folder.rglob(name) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(set(found)) == len(found)
    assert set(found) <= set(known)
    assert len(set(known)) == len(known)


def test_nearly_all_are_harmless_and_some_are_not(folder):
    examples = asked.examples(folder)
    emergencies = [e for e in examples if e.is_emergency]
    assert len({e.text for e in examples}) == len(examples) > 6000
    assert 0.02 < len(emergencies) / len(examples) < 0.06
    assert any(e.urgency == Urgency.LIFE_THREAT for e in emergencies)
    assert {e.voice for e in emergencies} == {asked.VOICE}
    assert asked.VOICE not in {e.voice for e in examples if not e.is_emergency}


def test_what_is_measured_is_not_learnt():
    learnt = {"".join(e.text.split()) for e in asked.learnt()}
    assert len(learnt) > 17_000
    assert [e.text for e in asked.examples(asked.MEASURED) if "".join(e.text.split()) in learnt] == []


def _write(folder, trouble: str):
    rows = [
        {"id": "a1", "text": "방금 지갑을 털렸어요 어디로 전화해요"},
        {"id": "a2", "text": "수수료 얼마"},
        {"id": "a3", "text": "스노클링 사고 구급차"},
        {"id": "a4", "text": "수수료 얼마"},
    ]
    (folder / "practice").mkdir()
    (folder / "practice" / "questions.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    (folder / asked.TROUBLE).write_text(trouble, encoding="utf-8")


def test_trouble_is_labelled_doubt_left_out_and_nothing_twice(tmp_path):
    _write(tmp_path, "a1\turgent\trobbery_theft\na3\tunsure\tother\n")
    found = [(e.text, e.urgency, e.category) for e in asked.examples(tmp_path)]
    assert found == [("방금 지갑을 털렸어요 어디로 전화해요", Urgency.URGENT, Category.ROBBERY_THEFT), ("수수료 얼마", Urgency.NONE, Category.OTHER)]


def test_no_folder_no_questions(tmp_path):
    assert asked.examples(tmp_path / "none") == []


def test_a_label_that_is_none_is_refused(tmp_path):
    _write(tmp_path, "a1\tdringend\trobbery_theft\n")
    with pytest.raises(ValueError, match="dringend"):
        asked.examples(tmp_path)
