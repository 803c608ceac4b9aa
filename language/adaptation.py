"""Bends the encoder's last layers towards danger: low-rank adaptation on the corpus, with heads for danger, urgency and category.

What it writes (half-precision arrays, below two megabytes) is committed, and nothing at run time needs torch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from language import corpus
from language.adapter import FILE, FOLDER, load
from language.analysis import encoder_text
from language.categories import Category, Urgency
from language.corpus import Example
from language.encoder_weights import HIDDEN
from language.linear import Head, load_heads, save_heads
from language.lora import DROPOUT, FIRST, RANK, LoraEncoder, batches, steps
from language.normalise import normalise
from language.perturbation import perturb

EPOCHS = 3
BATCH = 64
RATE, HARD_RATE, LAST_RATE = 1.5e-3, 5e-4, 8e-4
HARD_HARMLESS, HARD_EMERGENCIES, HARD_OTHERS = 12000, 9000, 6000
LONGEST_SPOILT = 120  # characters
LONGEST_COURTEOUS = 130
COURTEOUS_ORDINARY = 4  # of real and everyday talk, which is plenty, every fourth sentence; of the dialogue's own each
SIDE_WEIGHT = 0.3  # urgency and category beside the question "is somebody in danger?"
# A unit vector is lengthened before the heads, or their weights would have to grow first.
LENGTH = 8.0
HEADS = "heads.npz"
URGENCIES = tuple(Urgency)
CATEGORIES = tuple(Category)


def _spoilt(examples: Sequence[Example]) -> list[tuple[str, int]]:
    """For every second written sentence a copy without spaces or mistyped, in turn, and which it is of."""
    rows = []
    for place, example in list(enumerate(examples))[::2]:
        kind = "without_spaces" if place % 4 and example.lang == "ko" else "typos"
        spoilt = perturb(kind, example.text, seed=1)
        if spoilt != example.text and example.voice != corpus.ORDINARY and len(example.text) <= LONGEST_SPOILT:
            rows.append((spoilt, place))
    return rows


def _courteous(examples: Sequence[Example]) -> list[tuple[str, int]]:
    """Copies with courtesies before, after or around them, which tell nothing about danger; and which they are of."""
    taken = [e.voice != corpus.ORDINARY or corpus.DIALOGUE in e.tags or not i % COURTEOUS_ORDINARY for i, e in enumerate(examples)]
    chosen = [i for i, e in enumerate(examples) if taken[i] and len(e.text) <= LONGEST_COURTEOUS]
    return [(perturb("courtesies", examples[i].text, seed=1), i) for i in chosen]


def _encoded(texts: Sequence[str]) -> list[str]:
    """Texts as the encoder gets them when the program runs."""
    from language.morphology import Kiwi

    kiwi = Kiwi()
    return [kiwi.spaced(encoder_text(normalise(text))) for text in texts]


def _heads(torch: Any) -> Any:
    """Linear heads over the unit vector."""
    outputs = {"danger": 1, "urgency": len(URGENCIES), "category": len(CATEGORIES)}
    return torch.nn.ModuleDict({name: torch.nn.Linear(HIDDEN, count) for name, count in outputs.items()})


def _save(folder: Path, model: LoraEncoder, heads: Any) -> None:
    """The adapter, and the heads over its unit vectors."""
    model.adapter().save(folder / FILE)
    saved = {name: Head(adapted=linear.weight.detach().numpy() * LENGTH, bias=linear.bias.detach().numpy()) for name, linear in heads.items()}
    save_heads(folder / HEADS, saved, np.zeros(0, np.float32))


def _resume(folder: Path, model: LoraEncoder, heads: Any) -> None:
    """Take up an adapter and its heads where another run has left them."""
    torch = model.torch
    known = load(folder)
    if known is None:
        raise FileNotFoundError(folder / FILE)
    model.take(known)
    saved, _ = load_heads(folder / HEADS)
    with torch.no_grad():
        for name, linear in heads.items():
            adapted = saved[name].adapted
            assert adapted is not None  # noqa: S101
            linear.weight.copy_(torch.tensor(np.asarray(adapted, dtype=np.float32) / LENGTH))
            linear.bias.copy_(torch.tensor(np.asarray(saved[name].bias, dtype=np.float32)))


def _hard(scores: np.ndarray, is_danger: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """The harmless rows that score highest, the emergencies that score lowest, and some of the others, lest they be forgotten."""
    order = np.argsort(-scores, kind="stable")
    harmless, danger = order[~is_danger[order]][:HARD_HARMLESS], order[is_danger[order]][::-1][:HARD_EMERGENCIES]
    near = np.concatenate([harmless, danger])
    others = np.setdiff1d(np.arange(len(scores)), near)
    return np.sort(np.concatenate([near, draw.choice(others, min(HARD_OTHERS, len(others)), replace=False)]))


def _on_dev(dev: Sequence[Example], scores: np.ndarray) -> dict[str, float]:
    """How well scores tell emergencies from everything else, and from traps."""
    from sklearn.metrics import roc_auc_score

    truth = np.array([e.is_emergency for e in dev])
    hard = truth | np.array([e.is_trap for e in dev])
    return {"dev_auc": round(float(roc_auc_score(truth, scores)), 4), "dev_auc_traps": round(float(roc_auc_score(truth[hard], scores[hard])), 4)}


def train_encoder(
    data_dir: Path = corpus.FOLDER,
    out_dir: Path = FOLDER,
    seed: int = 20261122,
    epochs: int = EPOCHS,
    everyday: Path | None = None,
    start: Path | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Adapt on the `train` part, write adapter and heads, and return what was measured on `dev`; 75 minutes of two cores for 60,000 sentences.

    Three passes over all, one over what lies near the border, one over all with courteous copies. With ``start``, a folder with an adapter and its heads, the
    first three are left out.

    :raises ModuleNotFoundError: without the extra of `requirements/torch.in`.
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    from language.training import corpus_digest, importance, training_examples

    started = time.monotonic()
    draw = np.random.default_rng(seed)
    read = corpus.read(data_dir)
    train = training_examples(read, data_dir, everyday)
    dev = [e for e in read if e.split == "dev"]
    model = LoraEncoder(seed)
    heads = _heads(torch)
    parameters = [*model.parameters, *heads.parameters()]
    dropout = torch.nn.Dropout(DROPOUT)
    plain = [*((e.text, i) for i, e in enumerate(train)), *_spoilt(train)]
    copies = [*plain, *_courteous(train)]
    progress(f"encoder: {len(train)} sentences, {len(copies)} with copies")
    below = model.below(_encoded([text for text, _ in copies]))
    dev_below = model.below(_encoded([e.text for e in dev]))
    progress(f"encoder: frozen layers done after {time.monotonic() - started:.0f} s")

    rows = np.array([i for _, i in copies])
    lengths = np.array([len(b) for b in below])
    danger = torch.tensor([float(e.is_emergency) for e in train])
    urgency = torch.tensor([URGENCIES.index(e.urgency) for e in train])
    category = torch.tensor([CATEGORIES.index(e.category) for e in train])
    weight = torch.tensor(importance(train), dtype=torch.float32)
    # Plain routine questions would teach only that nearly everything is "other".
    telling = torch.tensor([float(e.is_trap or e.urgency != Urgency.NONE) for e in train])
    measured: list[dict[str, float]] = []

    def learn(chosen: np.ndarray, rate: float, passes: int) -> None:
        """Some passes over these rows, the rate rising and falling once."""
        optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=passes * steps(len(chosen), BATCH), pct_start=0.1)
        for _ in range(passes):
            model.bert.train()
            total = 0.0
            drawn = batches(lengths[chosen], BATCH, draw)
            for batch in (chosen[places] for places in drawn):
                which = rows[batch]
                vectors = dropout(model.vectors([below[i] for i in batch]) * LENGTH)
                loss = (binary_cross_entropy_with_logits(heads["danger"](vectors)[:, 0], danger[which], reduction="none") * weight[which]).mean()
                loss = loss + SIDE_WEIGHT * cross_entropy(heads["urgency"](vectors), urgency[which])
                by_category = cross_entropy(heads["category"](vectors), category[which], reduction="none")
                loss = loss + SIDE_WEIGHT * (by_category * telling[which]).mean()
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimiser.step()
                schedule.step()
                total += float(loss.detach())
            figures = {"rows": len(chosen), "loss": round(total / len(drawn), 4), **_on_dev(dev, scored(dev_below))}
            measured.append(figures)
            progress(f"encoder: pass {len(measured)} after {time.monotonic() - started:.0f} s: {figures}")

    def scored(some: Sequence[Any]) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(heads["danger"](model.settled(some) * LENGTH)[:, 0].numpy())

    first = np.arange(len(plain))
    if start is None:
        learn(first, RATE, epochs)
    else:
        _resume(start, model, heads)
    learn(_hard(scored(below[: len(plain)]), danger.numpy()[rows[first]] > 0, draw), HARD_RATE, 1)
    learn(np.arange(len(rows)), LAST_RATE, 1)
    _save(out_dir, model, heads)
    saved = {
        "seed": seed, "corpus": corpus_digest(data_dir), "first_layer": FIRST, "rank": RANK, "numbers": model.adapter().size,
        "sentences": len(train), "rows": len(copies), "passes": measured,
    }  # fmt: skip
    (out_dir / "adapter.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    return saved
