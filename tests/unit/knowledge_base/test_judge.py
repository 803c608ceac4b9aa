"""The networks that read a question and a notice's sentences together: how they learn, and which of them may speak of which notice."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from knowledge_base import fitting_judge
from knowledge_base.fitting_judge import NETS, Pairs, learn_judge
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.judge import PARTS, SENTENCES, Judge, Net
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus
from knowledge_base.search import Question
from language.analysis import Analysis

TODAY = date(2026, 11, 22)
WIDTH = 16


def pairs(count: int, seed: int = 1) -> Pairs:
    """What answers lies where the question lies, in one of the sentences; all else is chance."""
    draw = np.random.default_rng(seed)
    unit = lambda rows: rows / np.linalg.norm(rows, axis=-1, keepdims=True)  # noqa: E731
    asked, said = unit(draw.normal(size=(count, WIDTH))), unit(draw.normal(size=(count, 1 + SENTENCES, WIDTH)))
    right = draw.random(count) < 0.5
    said[right, 2] = unit(asked[right] + 0.15 * draw.normal(size=(right.sum(), WIDTH)))
    near = draw.integers(0, NETS, count)[:, None] == np.arange(NETS)
    return Pairs(asked.astype(np.float32), said.astype(np.float32), right.astype(np.float32), near)


def judged(judge: Judge, of: Pairs, number: int) -> np.ndarray:
    return judge.net.scores(*judge.centred(of.asked[number], of.said[number]))


def test_slopes_are_those_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting_judge, "UNITS", 4)
    monkeypatch.setattr(fitting_judge, "HIDDEN", 5)
    draw = np.random.default_rng(2)
    state = [part.astype(np.float64) for part in fitting_judge._start(7, draw)]
    asked, said, right = draw.normal(size=(6, 7)), draw.normal(size=(6, 3, 7)), np.array([1.0, 0, 1, 0, 0, 1])

    def loss() -> float:
        net = Net(*(part[None] for part in state))
        odds = np.array([net.scores(*pair)[0] for pair in zip(asked, said, strict=True)])
        return float(np.mean(np.logaddexp(0, odds) - right * odds))

    for part, slope in zip(state, fitting_judge._slopes(state, asked, said, right, None), strict=True):
        for place in [tuple(draw.integers(0, side) for side in part.shape) for _ in range(6)]:
            kept = part[place]
            part[place] = kept + 1e-5
            above = loss()
            part[place] = kept - 1e-5
            assert (above - loss()) / 2e-5 == pytest.approx(slope[place], abs=1e-4)
            part[place] = kept


def test_a_network_tells_answers_from_others_among_pairs_it_has_never_seen() -> None:
    known, other = pairs(2500), pairs(300, seed=9)
    judge = learn_judge(known, {})
    odds = np.array([judged(judge, other, number).mean() for number in range(300)])
    right = other.is_right > 0
    assert (odds[right][:, None] > odds[~right]).mean() > 0.85


def test_what_came_near_a_part_changes_nothing_in_its_network() -> None:
    known = pairs(400)
    touched = known.is_near[:, 3]
    turned = Pairs(known.asked, known.said, np.where(touched, 1 - known.is_right, known.is_right), known.is_near)
    nets = [fitting_judge._learn(one, np.zeros((2, WIDTH), np.float32), ~one.is_near[:, 3], 3) for one in (known, turned)]
    assert all(np.array_equal(getattr(nets[0], name), getattr(nets[1], name)) for name in PARTS)
    seen = fitting_judge._learn(turned, np.zeros((2, WIDTH), np.float32), ~turned.is_near[:, 4], 3)
    assert not np.array_equal(seen.asked, nets[0].asked)


def index_of(*contents: NoticeContent) -> Index:
    notices = [Notice(content, 1, NoticeStatus.PUBLISHED) for content in contents]
    draw = np.random.default_rng(4)
    prepared = {reference_key(): Prepared([], np.zeros((0, WIDTH), np.float16))}
    for notice in notices:
        cut = Cut.of(notice)
        texts = index_texts(notice, cut.pieces)
        rows = draw.normal(size=(len(texts), WIDTH))
        prepared[cut.key] = Prepared([text.split() for text in texts], (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16))
    return Index.build(notices, prepared, True)


def content(name: str, **more: object) -> NoticeContent:
    return NoticeContent(name, f"{name} 안내", "배는 아침에 떠납니다. 표는 창구에서 삽니다. 값은 7,500원입니다.", TODAY, TODAY, **more)


def test_a_notice_is_judged_by_the_network_without_it_and_its_successor_too_and_an_unknown_one_by_the_mean(tmp_path) -> None:
    index = index_of(content("boat-2"), content("ferry", supersedes=("boat",)), content("new"))
    learn_judge(pairs(200), {"boat-2": 5, "boat": 2}).save(tmp_path / "judge.npz")
    judge = Judge.load(tmp_path / "judge.npz")
    assert judge is not None
    vector = np.zeros(WIDTH, np.float32)
    vector[1] = 1.0
    question = Question(Analysis("값", "값", "ko", vector=vector), ("값",), (), TODAY, TODAY, None, (), None)
    places = np.array([2, 0, 1])

    def by_net(name: str) -> np.ndarray:
        number = index.by_id[name]
        read = np.concatenate([index.title_vector(number)[None], index.vectors_of(number)[places]])
        return judge.net.scores(*judge.centred(vector, read))

    found = {name: judge.score(index, index.by_id[name], question, places) for name in ("boat-2", "ferry", "new")}
    assert found == pytest.approx({"boat-2": by_net("boat-2")[5], "ferry": by_net("ferry")[2], "new": by_net("new").mean()}, abs=1e-5)


def test_without_vectors_or_with_those_of_another_encoder_it_says_nothing() -> None:
    index, judge = index_of(content("boat-2")), learn_judge(pairs(100), {})
    for vector in (None, np.ones(8, np.float32)):
        question = Question(Analysis("값", "값", "ko", vector=vector), ("값",), (), TODAY, TODAY, None, (), None)
        assert judge.score(index, 0, question, np.array([0, 1])) == 0.0
