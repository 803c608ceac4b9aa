"""The collections that are only learnt from or measured with: whole, apart from one another, and turned by maps that have not seen them."""

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from knowledge_base import practice
from knowledge_base.evaluation import COLLECTIONS, load_cases
from knowledge_base.ingest import read_path
from knowledge_base.passages import split_passages
from knowledge_base.practice import bare
from knowledge_base.question_map import QuestionMap
from knowledge_base.schemas import NoticeContent
from language.analysis import Analysis
from language.morphology import MORPHEMES

FOLDERS = sorted(path.parent for folder in (practice.FOLDER, COLLECTIONS) for path in folder.glob("*/questions.jsonl"))
TODAY = date(2026, 11, 23)


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_question_names_notices_and_sentences_of_its_own_collection(folder):
    found = list(read_path(folder / "notices.jsonl"))
    notices = {item.id: item for item in found if isinstance(item, NoticeContent)}
    assert len(notices) == len(found) >= 25
    texts = {name: bare(f"{item.title} {item.body}") for name, item in notices.items()}
    asked = rows(folder)
    assert len({row["text"] for row in asked}) == len({row["id"] for row in asked}) == len(asked) >= 200
    for row in asked:
        assert set(row["expected"]) <= set(notices), row["id"]
        own = [texts[name] for name in row["expected"]]
        assert all(any(bare(sentence) in text for text in own) for sentence in row.get("sentences", ())), row["id"]
        assert all(any(bare(value) in text for text in own) for value in row.get("values", ())), row["id"]
    without = sum(not row["expected"] for row in asked)
    assert 0.2 < without / len(asked) < 0.4


def test_what_is_measured_with_is_never_learnt_from():
    learnt = {row["text"] for folder in FOLDERS if folder.is_relative_to(practice.FOLDER) for row in rows(folder)}
    learnt |= {case.text for path in practice.DATA.glob("*.jsonl") if path.name in ("questions.jsonl", "critical.jsonl") for case in load_cases(path)}
    measured = {row["text"] for folder in FOLDERS if folder.is_relative_to(COLLECTIONS) for row in rows(folder)} | {
        case.text for case in load_cases(split="test")
    }
    # "당직번호" and the like, which anybody writes.
    assert all(len(text) <= 16 for text in learnt & measured), learnt & measured


class Analyser:
    """Vectors by theme: a question lies beside the passages of its theme, off by a shift that all collections share."""

    width = 24
    morphology = SimpleNamespace(docs=lambda texts: [SimpleNamespace(user_data={MORPHEMES: ()}) for _ in texts])

    def encode(self, texts, kind="query"):
        out = np.full((len(texts), self.width), 0.05, np.float32)
        for row, text in enumerate(texts):
            last = bare(text)[-1]
            out[row, int(last) % (self.width // 2) if last.isdigit() else 0] = 1.0
            out[row, self.width // 2 + hash_of(text)] = 0.2
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    def analyse(self, texts):
        shifted = np.roll(self.encode(texts), 1, axis=1)
        return [Analysis(text, text, "ko", vector=vector) for text, vector in zip(texts, shifted, strict=True)]


def hash_of(text: str) -> int:
    return sum(map(ord, text)) % (Analyser.width // 2)


def write(folder: Path, name: str, many: int = 6) -> None:
    (folder / name).mkdir(parents=True)
    notices = [{"id": f"{name}-{k}", "title": f"{name} 안내 {k}", "body": f"{name}에서 하는 일 {k}.", "published_at": "2026-01-05"} for k in range(many)]
    asked = [{"id": f"{name}-q{k}", "text": f"{name} 무엇 {k % many}", "expected": [f"{name}-{k % many}"], "split": "train"} for k in range(4 * many)]
    asked += [{"id": f"{name}-n", "text": f"{name} 없음 0", "expected": [], "split": "train"}]
    for file, content in (("notices", notices), ("questions", asked)):
        (folder / name / f"{file}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content), encoding="utf-8")


def test_a_collection_is_turned_by_a_map_that_has_not_seen_its_part(tmp_path, monkeypatch):
    for name in ("가", "나", "다", "라", "마"):
        write(tmp_path, name)
    collections = practice.read(Analyser(), TODAY, tmp_path)
    assert [one.part for one in collections] == [0, 1, 2, 3, 0]
    learnt: list[frozenset[str]] = []
    learn = practice._learn

    def noted(targets):
        learnt.append(frozenset(str(len(one.asked)) for one in targets))
        counts.append(len(targets))
        return learn(targets)

    counts: list[int] = []
    monkeypatch.setattr(practice, "_learn", noted)
    turned = practice.learn_map(collections, Analyser(), TODAY, tmp_path / "map.npz")
    # All of them for what is written, then each part's map without it.
    assert counts == [5, 3, 4, 4, 4]
    written = QuestionMap.load(tmp_path / "map.npz")
    assert written is not None
    for one, before in zip(turned, collections, strict=True):
        own, plain = one.questions[0], before.questions[0]
        assert own.toward is not None
        assert not np.allclose(own.toward, written.apply(plain.analysis.vector), atol=1e-3)


def test_a_map_learnt_elsewhere_brings_questions_nearer_to_what_answers_them(tmp_path, monkeypatch):
    monkeypatch.setattr(practice, "ANY_PASSES", 300)  # a hundred questions instead of eight thousand
    for name in ("가", "나", "다", "라"):
        write(tmp_path, name)
    collections = practice.read(Analyser(), TODAY, tmp_path)
    turned = practice.learn_map(collections, Analyser(), TODAY, tmp_path / "map.npz")

    def nearness(ones):
        near = []
        for one in ones:
            for case, question in one.asked:
                if case.expected:
                    passage = Analyser().encode([split_passages(one.index.entries[one.index.by_id[case.expected[0]]].notice.content.body)[0].text])[0]
                    near.append(float(question.toward @ passage))
        return np.mean(near)

    assert nearness(turned) > nearness([one.toward(QuestionMap(np.zeros((24, 24)), np.zeros(24), np.zeros(24))) for one in collections]) + 0.1


def test_small_collections_hold_each_notice_once_and_what_nothing_there_answers(tmp_path):
    write(tmp_path, "가", many=7)
    path = tmp_path / "가" / "notices.jsonl"
    rows_of = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows_of[5]["supersedes"] = ["가-2"]
    rows_of[5]["published_at"] = "2026-03-02"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows_of), encoding="utf-8")
    (whole,) = practice.read(Analyser(), TODAY, tmp_path)
    pieces = whole.cut(2)
    assert sorted(notice.id for piece in pieces for notice in piece.notices) == [f"가-{k}" for k in range(7)]
    assert any({"가-2", "가-5"} <= {notice.id for notice in piece.notices} for piece in pieces)
    for piece in pieces:
        names = {notice.id for notice in piece.notices}
        assert {entry.notice.id for entry in piece.index.entries} == names
        answered = [case for case in piece.cases if case.expected]
        assert {case.id for case in answered} == {case.id for case in whole.cases if set(case.expected) & names}
        assert all(set(case.expected) <= names for case in answered)
        assert len(piece.cases) - len(answered) == min(len(answered), len(whole.cases) - len(answered))
    assert [[case.id for case in piece.cases] for piece in whole.cut(2)] == [[case.id for case in piece.cases] for piece in pieces]
