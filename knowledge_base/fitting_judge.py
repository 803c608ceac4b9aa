"""Teaches ``knowledge_base.judge`` which notices answer which questions; plain gradients by hand, as in ``question_map``, so nothing more is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge_base.answer import Desk
from knowledge_base.confidence import MOST_JUDGED
from knowledge_base.evaluation import Case
from knowledge_base.judge import PARTS, SENTENCES, STRETCH, Judge, Net, passages_of
from knowledge_base.search import Question, rank

#: The notices are cut into so many parts; one network for each that has not seen it.
NETS = 6
UNITS = HIDDEN = 40
RATE = 2e-3
DECAY = 0.1
PASSES = 6
BATCH = 64
DROPPED, DROPPED_HIDDEN = 0.3, 0.2
SEED = 20261122


@dataclass(frozen=True)
class Pairs:
    """Questions beside notices that came near them; arrays are parallel."""

    asked: np.ndarray  # (pairs, width)
    said: np.ndarray  # (pairs, 1 + SENTENCES, width); what is missing repeats the likeliest sentence
    is_right: np.ndarray
    #: By pair and part: whether any notice near the question is of that part, so that the part's network must not see it.
    is_near: np.ndarray

    @classmethod
    def of(cls, desk: Desk, asked: Sequence[tuple[Case, Question]], part_of: dict[str, int]) -> Pairs:
        """The first few notices of each question's ranking, and the right ones among those ranked behind."""
        index = desk.index
        questions, said, right, near = [], [], [], []
        for case, question in asked:
            ranked = rank(index, question, desk.weights)
            names = [index.entries[number].notice.id for number in ranked.entries]
            taken = [place for place, name in enumerate(names) if place < MOST_JUDGED or name in case.expected]
            parts = np.zeros(NETS, dtype=bool)
            parts[[part_of[name] for name in {*(names[place] for place in taken), *case.expected} if name in part_of]] = True
            for place in taken:
                number = ranked.entries[place]
                places, odds = desk.confidence.picker.odds(index, number, question)
                read = passages_of(index, number, places[np.argsort(-odds, kind="stable")])
                said.append(np.concatenate([read, np.repeat(read[1:2], 1 + SENTENCES - len(read), axis=0)]))
                questions.append(question.analysis.vector)
                right.append(names[place] in case.expected)
                near.append(parts)
        return cls(np.array(questions, np.float32), np.array(said, np.float32), np.array(right, np.float32), np.array(near))

    @classmethod
    def together(cls, several: Sequence[Pairs]) -> Pairs:
        """All of them in one."""
        return cls(*(np.concatenate([getattr(one, name) for one in several]) for name in ("asked", "said", "is_right", "is_near")))


def learn_judge(pairs: Pairs, part_of: dict[str, int]) -> Judge:
    """A network for each part of the notices, learnt from the pairs that have nothing to do with it."""
    means = np.stack([pairs.asked.mean(axis=0), pairs.said[:, 1].mean(axis=0)])
    nets = [_learn(pairs, means, ~pairs.is_near[:, part], part) for part in range(NETS)]
    return Judge(Net(*(np.concatenate([getattr(net, name) for net in nets]) for name in PARTS)), means, part_of)


def _start(width: int, draw: np.random.Generator) -> list[np.ndarray]:
    def even(*shape: int) -> np.ndarray:
        edge = 1 / np.sqrt(shape[-1])
        return draw.uniform(-edge, edge, shape).astype(np.float32)

    out = np.append(even(2 * HIDDEN), np.float32(0))
    return [even(UNITS, width), even(UNITS, width), np.zeros((3, UNITS), np.float32), even(HIDDEN, 4 * UNITS + 1), np.zeros(HIDDEN, np.float32), out]


def _learn(pairs: Pairs, means: np.ndarray, of: np.ndarray, seed: int) -> Net:
    """Adam with weight decay; the rate rises over the first third and falls to nothing."""
    draw = np.random.default_rng([SEED, seed])
    state = _start(pairs.asked.shape[1], draw)
    first, second = [np.zeros_like(p) for p in state], [np.zeros_like(p) for p in state]
    rows = np.flatnonzero(of)
    total = PASSES * -(-len(rows) // BATCH)
    step = 0
    for _ in range(PASSES):
        order = draw.permutation(rows)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            asked, said = (pairs.asked[batch] - means[0]) * STRETCH, (pairs.said[batch] - means[1]) * STRETCH
            slopes = _slopes(state, asked, said, pairs.is_right[batch], draw)
            step += 1
            share = step / total
            rate = RATE * (share / 0.3 if share < 0.3 else (1 + np.cos(np.pi * (share - 0.3) / 0.7)) / 2)
            for place, slope in enumerate(slopes):
                first[place] = 0.9 * first[place] + 0.1 * slope
                second[place] = 0.999 * second[place] + 0.001 * slope**2
                moved = first[place] / (1 - 0.9**step) / (np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8)
                state[place] = (state[place] * (1 - rate * DECAY) - rate * moved).astype(np.float32)
    return Net(*(p[None] for p in state))


def _kept(shape: tuple[int, ...], dropped: float, draw: np.random.Generator) -> np.ndarray:
    return np.asarray((draw.random(shape, dtype=np.float32) >= dropped) / np.float32(1 - dropped), dtype=np.float32)


def _slopes(state: Sequence[np.ndarray], asked: np.ndarray, said: np.ndarray, right: np.ndarray, draw: np.random.Generator | None) -> list[np.ndarray]:
    """Of the mean log loss, by part of the network; ``draw`` drops some inputs and hidden units at random."""
    turn, other_turn, bias, mix, mix_bias, out = state
    count = len(asked)
    near = (said @ asked[:, :, None]) / (2 * STRETCH)
    if draw is not None:
        asked, said = asked * _kept(asked.shape, DROPPED, draw), said * _kept(said.shape, DROPPED, draw)
    turned = asked @ turn.T + bias[0]
    other = said @ other_turn.T + bias[2]
    other[:, 0] += bias[1] - bias[2]
    mine = np.broadcast_to(turned[:, None], other.shape)
    seen = np.concatenate([mine, other, mine * other, np.abs(mine - other), near], axis=2)
    hidden = np.maximum(seen @ mix.T + mix_bias, 0)
    alive = (hidden > 0).astype(np.float32)
    if draw is not None:
        kept = _kept(hidden.shape, DROPPED_HIDDEN, draw)
        hidden, alive = hidden * kept, alive * kept
    which = hidden[:, 1:].argmax(axis=1)[:, None] + 1
    best = np.take_along_axis(hidden, which, axis=1)[:, 0]
    both = np.concatenate([hidden[:, 0], best], axis=1)
    slope = ((1 / (1 + np.exp(-(both @ out[:-1] + out[-1]))) - right) / count).astype(np.float32)
    of_out = np.append(slope @ both, slope.sum()).astype(np.float32)
    of_both = slope[:, None] * out[:-1]
    of_hidden = np.zeros_like(hidden)
    of_hidden[:, 0] = of_both[:, :HIDDEN]
    np.put_along_axis(of_hidden, which, of_both[:, None, HIDDEN:], axis=1)
    of_hidden *= alive
    of_mix = np.tensordot(of_hidden, seen, axes=([0, 1], [0, 1]))
    of_seen = of_hidden @ mix
    sign = np.sign(mine - other)
    parts = [of_seen[:, :, k * UNITS : (k + 1) * UNITS] for k in range(4)]
    of_mine = parts[0] + parts[2] * other + parts[3] * sign
    of_other = parts[1] + parts[2] * mine - parts[3] * sign
    of_turned = of_mine.sum(axis=1)
    of_bias = np.stack([of_turned.sum(axis=0), of_other[:, 0].sum(axis=0), of_other[:, 1:].sum(axis=(0, 1))])
    return [of_turned.T @ asked, np.tensordot(of_other, said, axes=([0, 1], [0, 1])), of_bias, of_mix, of_hidden.sum(axis=(0, 1)), of_out]
