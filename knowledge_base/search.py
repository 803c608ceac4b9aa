"""Hybrid search: sentence vectors, morphemes, titles and countries, over the notices that hold on the day asked about.

Each signal is standardised over the whole collection for this one query and the standard scores are added with weights fitted on the
training questions (``models/search/weights.json``). The words of a question in another language than the notices' do not count: only
what the glossary makes of them does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from math import fsum
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.settings import ROOT
from knowledge_base.examples import Examples, Likeness, Likenesses
from knowledge_base.glossary import Glossary
from knowledge_base.index import Entry, Index
from knowledge_base.past import Period, asked_period
from knowledge_base.schemas import Hit
from knowledge_base.words import subject_words
from language.analysis import Analysis

WEIGHTS_FILE = ROOT / "models" / "search" / "weights.json"
NEAREST_PASSAGES = 400
#: Called so, it may be either of the two; the gazetteer takes it for CG.
EITHER_CONGO = frozenset({"콩고", "congo", "コンゴ", "刚果"})
NEAREST_WORDS = 100


@dataclass(frozen=True)
class Weights:
    """How much each signal counts; fitted by ``knowledge_base.fitting``."""

    dense: float = 1.0
    title: float = 0.3
    bm25: float = 0.5  # questions in Korean
    bm25_foreign: float = 0.5  # questions in other languages: only what the glossary translates
    likeness: float = 0.0  # questions that are known to belong to the notice
    learnt: float = 0.0  # the passages that answer questions like it
    glossary: float = 0.6  # a glossary's word beside the question's own
    country_named: float = 1.5  # the question names a country the notice is for
    country_other: float = -2.5  # the question names another country
    country_here: float = 0.8  # the notice is for the country the citizen is in
    country_elsewhere: float = -0.8  # the notice is for another country than the citizen's
    country_unasked: float = -0.4  # the notice is for one country, the question says nothing of any
    same_share: float = 0.75  # words two notices must share to count as near-duplicates
    same_title: float = 0.6

    @classmethod
    def load(cls, path: Path = WEIGHTS_FILE) -> Weights:
        """The fitted weights, or the defaults where none are installed."""
        if not path.is_file():
            return cls()
        stored = json.loads(path.read_text(encoding="utf-8"))["weights"]
        return cls(**{name: float(value) for name, value in stored.items() if name in asdict(cls())})


@dataclass(frozen=True)
class Signals:
    """What each candidate scored; arrays are parallel to ``candidates`` (numbers of entries)."""

    candidates: np.ndarray
    dense: np.ndarray
    title: np.ndarray
    bm25: np.ndarray
    likeness: np.ndarray  # as `learnt`, of a notice without known questions: what its passages score
    learnt: np.ndarray
    country: np.ndarray
    cosine: np.ndarray
    best_row: np.ndarray
    has_vectors: bool


@dataclass(frozen=True)
class Question:
    """A question as search sees it."""

    analysis: Analysis
    words: tuple[str, ...]
    other_words: tuple[str, ...]  # what notices call the same things
    today: date
    day: date  # the day whose notices count as current: today, unless the caller asks for another
    period: Period | None  # the past days it asks about
    named: tuple[str, ...]  # countries in the text
    here: str | None  # the country the citizen is in, if known
    likeness: Mapping[str, Likeness] = field(default_factory=dict)  # by notice: how like its known questions this one is
    turned: np.ndarray | None = None  # its vector turned towards the passages that answer questions like it
    toward: np.ndarray | None = None  # its vector turned towards passages that answer, of whatever notice

    @classmethod
    def of(
        cls,
        analysis: Analysis,
        today: date,
        at: date | None = None,
        country: str | None = None,
        glossary: Glossary | None = None,
        examples: Examples | None = None,
        is_known: bool = False,
    ) -> Question:
        """An explicit ``at`` decides about the days; otherwise the text does. ``is_known``: one of the examples itself, while weights are fitted."""
        period = Period(at, at) if at is not None and at < today else asked_period(analysis.normalised, today, analysis.language)
        here = country.upper() if country else None
        # Notices are Korean: "Korea" in a question is the asker's own country, not a place the notice is about.
        named = tuple(c for c in analysis.countries if c != "KR")
        if "CG" in named and "CD" not in named and all(e.text.casefold() in EITHER_CONGO for e in analysis.entities if e.country == "CG"):
            named = (*named, "CD")
        # The words of a foreign question would only match by accident.
        words = tuple(subject_words(analysis.tokens)) if analysis.language == "ko" else ()
        other_words = glossary.words(analysis.normalised, analysis.language, words) if glossary else ()
        likeness = examples.likeness(analysis.vector, without_itself=is_known) if examples else {}
        turned = examples.turned(analysis.vector) if examples else None
        toward = examples.toward(analysis.vector) if examples else None
        return cls(analysis, words, other_words, today, at or today, period, named, here, likeness, turned, toward)


def allowed_entries(index: Index, question: Question) -> np.ndarray:
    """Which entries may be quoted for this question."""
    period = question.period
    if period is None:
        return index.in_force(question.day, question.day)
    if period.first is None or period.last is None:
        # "예전에는 …였나요?" without a date: what no longer holds.
        return ~index.in_force(question.day, question.day) & index.started_before(question.day)
    return index.in_force(period.first, period.last)


#: So many notices that nobody has asked about, the best by plain vector and words, are compared with the turned question: reading more vectors takes long.
MOST_TURNED = 48


def signals(index: Index, question: Question, allowed: np.ndarray, weights: Weights) -> Signals:
    """Score the candidates: the notices of the nearest passages and those with the best words."""
    lexical = index.lexical(question.words)
    if question.other_words:
        lexical = lexical + (weights.glossary if question.words else 1.0) * index.lexical(question.other_words)
    vector = index.query_vector(question.analysis.vector)
    has_vectors = vector is not None
    is_candidate = np.zeros(len(allowed), dtype=bool)
    is_candidate[_highest(lexical, NEAREST_WORDS)] = True
    is_candidate &= allowed
    near_row, near_score = np.full(len(allowed), -1), np.zeros(len(allowed), dtype=np.float32)
    if vector is not None:
        # The best of an entry among the nearest rows is put down last, and stays: nothing of it can be nearer and not among them.
        rows, scores = (best_first[::-1] for best_first in index.nearest(vector, allowed, NEAREST_PASSAGES))
        owner = index.owner[rows]
        near_row[owner], near_score[owner], is_candidate[owner] = rows, scores, True
    candidates = np.flatnonzero(is_candidate)
    count = len(candidates)
    spread = float(lexical.std()) or 1.0
    bm25 = (lexical[candidates] - float(lexical.mean())) / spread if count else np.zeros(0)
    dense, title, cosine = np.zeros(count), np.zeros(count), np.zeros(count)
    best_row = index.first_rows[candidates]
    if count and vector is not None and index.passage_statistics is not None and index.title_statistics is not None:
        mean, deviation = index.passage_statistics.spread(vector)
        best_row, best = near_row[candidates], near_score[candidates]
        is_far = best_row < 0
        best_row[is_far], best[is_far] = index.best_passages(candidates[is_far], vector)
        dense = (best.astype(np.float64) - mean) / deviation
        cosine = (best - index.owed(best_row)).astype(np.float64)
        title_mean, title_deviation = index.title_statistics.spread(vector)
        title = (index.title_similarities(candidates, vector) - title_mean) / title_deviation
    elif count:
        for place, i in enumerate(candidates):
            best_row[place] = _best_row_by_words(index, index.entries[i], (*question.words, *question.other_words))
    groups, group_of = index.countries
    country = _country_scores(groups, group_of[candidates], question, weights)
    likeness, learnt = _known(index, question, candidates, dense, bm25)
    return Signals(candidates, dense, title, bm25, likeness, learnt, country, cosine, best_row, has_vectors)


def _known(index: Index, question: Question, candidates: np.ndarray, dense: np.ndarray, bm25: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How like the known questions of each candidate this one is, and how near it lies when turned; what replaces a known notice takes its questions over.

    What nobody has asked about has no questions to be like, and is compared with the question as it is turned for any notice.
    """
    places, is_few = np.full(len(candidates), -1), np.zeros(len(candidates), dtype=bool)
    if isinstance(question.likeness, Likenesses):
        places = index.known_places(question.likeness.places)[candidates]
        is_few = (places >= 0) & question.likeness.is_few[places]
    is_known = places >= 0
    learnt = dense.copy()
    others = np.flatnonzero(~is_known | is_few)
    if len(others) > MOST_TURNED:
        others = others[np.argsort(-(dense + bm25)[others], kind="stable")[:MOST_TURNED]]
    # The map of our own notices knows nothing of an editor's.
    for vector, own in ((question.turned, np.flatnonzero(is_known & ~is_few)), (question.toward, others)):
        query = index.query_vector(vector)
        if query is not None and index.passage_statistics is not None and len(own):
            mean, deviation = index.passage_statistics.spread(query)
            _, best = index.best_passages(candidates[own], query)
            learnt[own] = (best - mean) / deviation
    likeness = learnt.copy()
    if isinstance(question.likeness, Likenesses):
        likeness[is_known] = question.likeness.scores[places[is_known]]
    # A handful of questions cannot speak against a notice.
    likeness[is_few] = np.maximum(learnt[is_few], likeness[is_few])
    return likeness, learnt


def like_of(question: Question, entry: Entry) -> Likeness | None:
    """How like the known questions of a notice this one is, or of those that it replaces; None: there are none."""
    content = entry.notice.content
    return next((like for name in (content.id, *content.supersedes) if (like := question.likeness.get(name)) is not None), None)


def _highest(scores: np.ndarray, limit: int) -> np.ndarray:
    """Places of the highest scores above nothing, of equal ones the first; without sorting all."""
    floor = np.partition(scores, -limit)[-limit] if len(scores) > limit else 0.0
    places = np.flatnonzero((scores >= floor) & (scores > 0))
    return places[np.argsort(-scores[places], kind="stable")][:limit]


def _best_row_by_words(index: Index, entry: Entry, words: Sequence[str]) -> int:
    wanted = set(words)
    weights = [fsum(index.idf(w) for w in wanted & set(index.passage_words[row])) for row in range(entry.first, entry.last)]
    return entry.first + int(np.argmax(weights))


def _country_scores(groups: Sequence[tuple[str, ...]], group_of: np.ndarray, question: Question, weights: Weights) -> np.ndarray:
    """By candidate; notices for the same countries are scored once."""
    scores = np.zeros(len(groups))
    for group in np.unique(group_of):
        scores[group] = _country_score(groups[group], question, weights)
    return scores[group_of]


def _country_score(countries: tuple[str, ...], question: Question, weights: Weights) -> float:
    if not countries:
        return 0.0
    if question.named:
        return weights.country_named if set(countries) & set(question.named) else weights.country_other
    if question.here:
        return weights.country_here if question.here in countries else weights.country_elsewhere
    return weights.country_unasked


def fuse(found: Signals, weights: Weights, language: str) -> np.ndarray:
    """One score for each candidate."""
    if not found.has_vectors:
        return found.bm25 + found.country
    lexical = weights.bm25 if language == "ko" else weights.bm25_foreign
    # The sum is brought to one scale, so that a threshold means the same with and without the lexical part.
    total = weights.dense + weights.title + lexical + weights.likeness + weights.learnt
    text = weights.dense * found.dense + weights.title * found.title + lexical * found.bm25
    return (text + weights.likeness * found.likeness + weights.learnt * found.learnt) / total + found.country


@dataclass(frozen=True)
class Ranked:
    """A ranking with what the answer needs of it."""

    question: Question
    entries: tuple[int, ...]
    scores: tuple[float, ...]
    rows: tuple[int, ...]
    cosines: tuple[float, ...]
    has_vectors: bool
    #: By signal, what each notice scored (``OF_EACH``), and as ``first_by_…`` whether that signal and the country alone would have put it first.
    of_each: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def led_by(self, place: int) -> Ranked:
        """The same with the notice of that place in front; it takes over the score of the first, so that scores still fall."""
        if place == 0:
            return self

        of_each = {name: _moved(values, place) for name, values in self.of_each.items()}
        return replace(self, entries=_moved(self.entries, place), rows=_moved(self.rows, place), cosines=_moved(self.cosines, place), of_each=of_each)


T = TypeVar("T")


def _moved(values: tuple[T, ...], place: int) -> tuple[T, ...]:
    return (values[place], *values[:place], *values[place + 1 :])


#: So many pairs are remembered until the index changes; the same notices meet again and again.
MOST_TWINS = 50_000
OF_EACH = ("dense", "title", "bm25", "learnt")
FIRST_BY = ("dense", "bm25", "likeness", "learnt")


def rank(index: Index, question: Question, weights: Weights, limit: int = 10) -> Ranked:
    """The best notices for a question, near-duplicates folded into the newest."""
    if not index.entries:
        return Ranked(question, (), (), (), (), False)
    allowed = allowed_entries(index, question)
    found = signals(index, question, allowed, weights)
    scores = fuse(found, weights, question.analysis.language)
    # Equal scores: the newer notice first, then by id, so that the order never depends on chance.
    order = np.lexsort((found.candidates, -index.starts[found.candidates], -np.round(scores, 6))).tolist()
    kept: list[int] = []
    # A whole year was asked about; a day has one answer anyway, and "back then" may mean any of them.
    is_stretch = question.period is not None and question.period.first is not None and question.period.first != question.period.last
    numbers: list[int] = found.candidates.tolist()
    for k in order:
        one, alike = numbers[k], index.same_countries
        twin = next(
            (
                n
                for n, other in enumerate(numbers[place] for place in kept)
                if (alike[one] == alike[other] and _is_twin(index, one, other, weights)) or (is_stretch and index.is_in_line(one, other))
            ),
            None,
        )
        if twin is None:
            if len(kept) == limit:
                break
            kept.append(k)
        elif _start(index, found, k) > _start(index, found, kept[twin]):
            kept[twin] = k
    top = [float(scores[k]) for k in kept]
    # A newer twin stands where its older one stood.
    ceiling = list(np.minimum.accumulate(top)) if top else []
    return Ranked(
        question,
        tuple(int(found.candidates[k]) for k in kept),
        tuple(float(s) for s in ceiling),
        tuple(int(found.best_row[k]) for k in kept),
        tuple(float(found.cosine[k]) for k in kept),
        found.has_vectors,
        _of_each(found, kept),
    )


def _of_each(found: Signals, kept: Sequence[int]) -> dict[str, tuple[float, ...]]:
    places = list(kept)
    out = {name: tuple(getattr(found, name)[places].tolist()) for name in OF_EACH}
    for name in FIRST_BY:
        signal = getattr(found, name) + found.country
        best = signal.max() - 1e-9 if len(signal) else 0.0
        out[f"first_by_{name}"] = tuple((signal[places] >= best).astype(float).tolist())
    return out


def _start(index: Index, found: Signals, k: int) -> date:
    return index.entries[found.candidates[k]].force.start


def _is_twin(index: Index, one: int, other: int, weights: Weights) -> bool:
    """Whether two notices (for the same countries) say the same thing: nearly all words shared, in the title as well."""
    pair = (one, other, weights.same_share, weights.same_title)
    known = index.twins.get(pair)
    if known is None:
        if len(index.twins) >= MOST_TWINS:
            index.twins.clear()
        known = index.twins[pair] = _say_the_same(index, one, other, weights)
    return known


def _say_the_same(index: Index, one: int, other: int, weights: Weights) -> bool:
    words = index.words_of(one), index.words_of(other)
    if min(map(len, words)) < weights.same_share * max(map(len, words)):  # though all of the shorter were shared
        return False
    shared = len(words[0] & words[1])
    if not shared or shared / (len(words[0]) + len(words[1]) - shared) < weights.same_share:
        return False
    titles = set(index.title_words[one]), set(index.title_words[other])
    return len(titles[0] & titles[1]) / max(1, len(titles[0] | titles[1])) >= weights.same_title


def hits(index: Index, ranked: Ranked) -> list[Hit]:
    """The ranking as records for callers."""
    out = []
    for number, score, row in zip(ranked.entries, ranked.scores, ranked.rows, strict=True):
        entry = index.entries[number]
        content = entry.notice.content
        out.append(
            Hit(
                notice_id=content.id,
                score=round(score, 4),
                passage=entry.passages[row - entry.first].text,
                title=content.title,
                effective_from=content.effective_from,
                until=entry.force.end,
                in_force=entry.force.on(ranked.question.day),
                countries=content.countries,
                topics=content.topics,
                source=content.source,
                source_url=content.source_url,
                test_only=content.test_only,
            )
        )
    return out


def with_weights(weights: Weights, **changes: float) -> Weights:
    """A variant, for ablation."""
    return replace(weights, **changes)
