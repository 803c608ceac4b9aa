"""How sure we may be that a notice answers the question: boosted trees over readable signs, and which of the first few notices is the likeliest.

Fitted by ``knowledge_base.fitting`` on the training questions; ``models/search/confidence.json`` names the signs and thresholds, the file of
that name with the ending ``npz`` holds the trees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

import numpy as np

from core.settings import ROOT
from knowledge_base import kinds, picking
from knowledge_base.aspects import asked_aspects, given_aspects
from knowledge_base.examples import NO_NOTICE, Likeness
from knowledge_base.forest import Forest
from knowledge_base.index import Entry, Index
from knowledge_base.judge import Judge
from knowledge_base.picking import Picker
from knowledge_base.search import Question, Ranked, like_of

CONFIDENCE_FILE = ROOT / "models" / "search" / "confidence.json"
SIGNS = (
    "place",
    "score",
    "cosine",
    "near_nothing",
    "coverage",
    "coverage_best",
    "glossary",
    "no_glossary",
    "margin",
    "lead",
    "vectors_agree",
    "words_agree",
    "foreign",
    "few_words",
    "dense",
    "dense_lead",
    "title",
    "title_lead",
    "bm25",
    "bm25_lead",
    "title_words",
    "grams",
    "strange_word",
    "asks_value",
    "misses_value",
    "silent",
    "elsewhere",
    "elsewhere_value",
    "gives_asked",
    "clear_sentence",
    "sentence_lead",
    "three_sentences",
    "said_length",
    "asked_length",
    "judged",
    "past",
    "likeness",
    "nearest_known",
    "nearest_nothing",
    "is_known",
    "known_agree",
    "learnt",
    "learnt_lead",
    "learnt_agree",
    "votes",
    "votes_for_nothing",
)
#: How near the question lies when turned, by the map of known notices or by that of any.
LEARNT_SIGNS = ("learnt", "learnt_lead", "learnt_agree")
KNOWN_SIGNS = tuple(sign for sign in SIGNS[SIGNS.index("likeness") :] if sign not in LEARNT_SIGNS)
#: Of the sentences read, and what the judge says of them: they tell right from wrong for notices without known questions; with those they add nothing.
READ_SIGNS = SIGNS[SIGNS.index("sentence_lead") : SIGNS.index("past")]
#: Signs that need sentence vectors.
VECTOR_SIGNS = ("cosine", "near_nothing", "vectors_agree", "dense", "dense_lead", "title", "title_lead", *KNOWN_SIGNS, *LEARNT_SIGNS)
_ITSELF = 0.9995
#: Of a long document only so many sentences are compared with the question letter by letter.
MOST_READ = 80


#: From this cosine a question is one that an editor wrote for the notice, nearly word for word; then it is the one meant.
AS_EDITORS_ASKED, EDITORS_WORD = 0.97, 0.99
#: So many of the first notices are judged; what stands further behind is hardly ever right.
MOST_JUDGED = 3
#: And compared with the others among so many: rank at least these before asking ``settle``.
RANKED = 10

#: With known questions of the best notice, without any, and without sentence vectors at all: each has its own weights, since signs are missing.
CASES = ("known", "unknown", "words_only")


@dataclass(frozen=True)
class Scale:
    """Trees over some of the signs, and the probability from which we answer."""

    signs: tuple[str, ...]
    forest: Forest
    threshold: float
    #: For questions whose wrong answer costs dearly (``consistency.is_critical``).
    value_threshold: float = 1.0

    def probabilities(self, signs: Sequence[Mapping[str, float]]) -> list[float]:
        """Between 0 and 1, of each."""
        found: list[float] = self.forest.probabilities(np.array([[each[name] for name in self.signs] for each in signs])).tolist()
        return found


@dataclass(frozen=True)
class Settled:
    """A ranking with the likeliest of its first few notices in front, and how far that one may be trusted."""

    ranked: Ranked
    probability: float
    is_enough: bool
    is_enough_for_value: bool
    #: The likeliest of the others: its place in ``ranked``, and how likely it answers; None: there is no other.
    rival: tuple[int, float] | None = None


@dataclass(frozen=True)
class Confidence:
    """A scale for each case of ``CASES``, and what chooses the sentences that are judged with the notice."""

    scales: Mapping[str, Scale]
    picker: Picker
    judge: Judge | None = None

    @classmethod
    def load(cls, path: Path = CONFIDENCE_FILE) -> Confidence:
        """The fitted numbers and trees."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as trees:
            scales = {
                name: Scale(
                    tuple(stored[name]["signs"]), Forest.of(trees, name), float(stored[name]["threshold"]), float(stored[name].get("value_threshold", 1.0))
                )
                for name in CASES
            }
        return cls(scales, Picker.load(), Judge.load())

    def settle(self, index: Index, ranked: Ranked) -> Settled:
        """The likeliest of the first few notices, how likely it answers, and whether that is enough to say so."""
        nothing = near_nothing(index, ranked)
        places = range(min(MOST_JUDGED, len(ranked.entries)))
        judged = self._judge(index, ranked, [signs_of(index, ranked, self.picker, self.judge, place, nothing) for place in places])
        order = sorted(range(len(judged)), key=lambda place: -judged[place][0])
        best = order[0]
        probability, scale = judged[best]
        # The notice that comes to the front moves those before it one place back.
        rival = (order[1] + (order[1] < best), judged[order[1]][0]) if len(order) > 1 else None
        return Settled(ranked.led_by(best), probability, probability >= scale.threshold, probability >= scale.value_threshold, rival)

    def _judge(self, index: Index, ranked: Ranked, signs: Sequence[Mapping[str, float]]) -> list[tuple[float, Scale]]:
        """By place, how likely the notice answers, and by which scale; each scale is asked once for all of them."""
        own = [like_of(ranked.question, index.entries[ranked.entries[place]]) for place in range(len(signs))]
        case = [case_of(each, ranked.has_vectors) for each in signs]
        is_few = [like is not None and like.is_few for like in own]
        asked: dict[str, list[int]] = {}
        for place, name in enumerate(case):
            for one in ("known", "unknown") if name == "known" and is_few[place] else (name,):
                asked.setdefault(one, []).append(place)
        found: list[list[tuple[float, Scale]]] = [[] for _ in signs]
        for name in sorted(asked):  # "known" before "unknown": of two that are as sure the first counts
            scale = self.scales[name]
            for place, probability in zip(asked[name], scale.probabilities([signs[place] for place in asked[name]]), strict=True):
                found[place].append((probability, scale))
        for place, like in enumerate(own):
            if like is not None and like.is_few and like.cosine >= AS_EDITORS_ASKED:
                found[place] = [(EDITORS_WORD, self.scales[case[place]])]
        return [max(judged, key=lambda one: one[0] - one[1].threshold) for judged in found]


def case_of(signs: Mapping[str, float], has_vectors: bool) -> str:
    """Which scale fits what is known."""
    return "words_only" if not has_vectors else "known" if signs["is_known"] else "unknown"


def signs_of(index: Index, ranked: Ranked, picker: Picker, judge: Judge | None = None, place: int = 0, nothing: float | None = None) -> dict[str, float]:
    """What speaks for and against a notice of a ranking: the first one, or the one at ``place``; ``nothing`` is :func:`near_nothing`, where it is known."""
    question, number = ranked.question, ranked.entries[place]
    asked = picking.asked_of(index, question)
    words, others = asked.words, asked.other_words
    is_foreign = question.analysis.language != "ko"
    entry_words, title = index.words_of(number), frozenset(index.title_words[number])
    total = 0.0 if is_foreign else asked.weight(words)
    best = title.union(index.passage_words[ranked.rows[place]])
    others_total = asked.weight(others)
    score = ranked.scores[place]
    own = like_of(question, index.entries[number])
    is_strange = own is None or own.is_few
    return {
        "place": float(place),
        "score": score,
        "cosine": ranked.cosines[place] * 10,
        "near_nothing": (near_nothing(index, ranked) if nothing is None else nothing) * 10,
        "coverage": asked.weight(words & entry_words) / total if total else 0.0,
        "coverage_best": asked.weight(words & best) / total if total else 0.0,
        "glossary": asked.weight(others & entry_words) / others_total if others_total else 0.0,
        "no_glossary": float(not others),
        "margin": score - ranked.scores[:RANKED][-1],
        "lead": _lead(ranked.scores, place),
        "vectors_agree": ranked.of_each["first_by_dense"][place],
        "words_agree": float(bool(ranked.of_each["first_by_bm25"][place]) and bool(words or others)),
        "foreign": float(is_foreign),
        "few_words": float(len(words) <= 1 and not is_foreign),
        **{name: ranked.of_each[name][place] for name in ("dense", "title", "bm25")},
        **{f"{name}_lead": _lead(ranked.of_each[name], place) for name in ("dense", "title", "bm25")},
        **_of_text(index, question, number, title),
        **_of_sentences(index, question, number, picker, judge if is_strange else None),
        **_known_questions(ranked, own, place),
    }


def _lead(scores: Sequence[float], place: int) -> float:
    """How far one is ahead of the best of the others; below zero: behind."""
    others = (*scores[:place], *scores[place + 1 : RANKED])
    return scores[place] - max(others) if others else 1.0


def _of_text(index: Index, question: Question, number: int, title: frozenset[str]) -> dict[str, float]:
    """What the question and the whole notice have in common, and what of the question the notice knows nothing of."""
    entry, asked = index.entries[number], picking.asked_of(index, question)
    of_title = fsum([index.idf(w) for w in title])
    unmatched = asked.words - index.words_of(number)
    texts = (entry.notice.content.title, *(p.text for p in entry.passages[:MOST_READ]))
    shared = frozenset().union(*(asked.grams & picking.grams_of(said) for said in texts))
    is_elsewhere = names_another_country(question, entry)
    return {
        "title_words": asked.weight(title & asked.all_words) / of_title if of_title else 0.0,
        "grams": len(shared) / len(asked.grams) if asked.grams else 0.0,
        "strange_word": max((asked.idf[w] for w in unmatched), default=0.0) / index.unknown_idf,
        "elsewhere": float(is_elsewhere),
        "elsewhere_value": float(is_elsewhere and any(kind.name in ("phone", "level", "fee") for kind in kinds.asked(question.analysis.normalised))),
        "past": float(question.period is not None),
    }


def names_another_country(question: Question, entry: Entry) -> bool:
    """Whether the question names a country or city, and the notice none of those."""
    if not question.named:
        return False
    content = entry.notice.content
    if set(question.named) & set(content.countries):
        return False
    names = [entity.text for entity in question.analysis.entities if entity.country in question.named]
    return not any(name in content.title or name in content.body for name in names)


def _of_sentences(index: Index, question: Question, number: int, picker: Picker, judge: Judge | None) -> dict[str, float]:
    """Whether the likeliest sentences give what is asked for."""
    entry = index.entries[number]
    wanted = tuple(kind for kind in kinds.asked(question.analysis.normalised) if kind.is_needed or kind.name == "level")
    places, odds = picker.odds(index, number, question)
    order = np.argsort(-odds, kind="stable")
    best = order[:3]
    likely = [entry.passages[k].text for k in places[best]]
    gives = [any(kind.gives.search(text) for text in likely) for kind in wanted]
    asks = [aspect for aspect, is_asked in enumerate(asked_aspects(question.analysis.normalised)) if is_asked]
    met = [aspect for aspect in asks if any(given_aspects(text)[aspect] for text in likely)]
    sure = odds[best].tolist()
    return {
        "asks_value": float(bool(wanted)),
        "misses_value": float(bool(wanted) and not all(gives)),
        "silent": float(bool(wanted) and kinds.is_silent(wanted, tuple(p.text for p in entry.passages[:MOST_READ]))),
        "gives_asked": len(met) / len(asks) if asks else 0.5,
        "clear_sentence": sure[0],
        "sentence_lead": sure[0] - (sure[1] if len(sure) > 1 else 0.0),
        "three_sentences": sum(sure),
        "said_length": sum(map(len, likely)) / 100,
        "judged": judge.score(index, number, question, places[order]) if judge else 0.0,
        "asked_length": len(question.analysis.normalised) / 10,
    }


def _known_questions(ranked: Ranked, own: Likeness | None, place: int) -> dict[str, float]:
    """How near the question is to the notice's known ones, and to those that no notice answers; nothing for a notice without any."""
    learnt = {
        "learnt": ranked.of_each["learnt"][place],
        "learnt_lead": _lead(ranked.of_each["learnt"], place),
        "learnt_agree": ranked.of_each["first_by_learnt"][place],
    }
    if own is None:
        return dict.fromkeys(KNOWN_SIGNS, 0.0) | learnt
    nothing = ranked.question.likeness.get(NO_NOTICE)
    return learnt | {
        "likeness": own.score,
        "nearest_known": own.cosine * 10,
        "nearest_nothing": nothing.cosine * 10 if nothing else 0.0,
        "is_known": 1.0,
        "known_agree": ranked.of_each["first_by_likeness"][place],
        "votes": own.votes * 10,
        "votes_for_nothing": nothing.votes * 10 if nothing else 0.0,
    }


def near_nothing(index: Index, ranked: Ranked) -> float:
    """How near the question is to questions that no notice answers."""
    vector = ranked.question.analysis.vector
    if vector is None or index.reference is None or not ranked.has_vectors or not len(index.reference):
        return 0.0
    near = index.reference @ vector
    # One of them asked word for word must not vouch for itself when the signs are fitted.
    near = near[near < _ITSELF]
    return float(np.sort(np.partition(near, -3)[-3:] if len(near) > 3 else near).mean())
