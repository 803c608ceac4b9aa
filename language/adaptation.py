"""Bends the encoder's last layers towards danger: low-rank adaptation with sentence-transformers and peft, on the CPU.

The layers below the first adapted one never change, so what leaves them is computed once for each sentence, and an epoch costs only the layers above.
Needs the extra `requirements/torch.in`; what it writes (half-precision arrays, below a megabyte) is committed, and nothing at run time needs torch.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from language import corpus
from language.adapter import FILE, FOLDER, Adapter
from language.analysis import encoder_text
from language.categories import Category, Urgency
from language.corpus import Example
from language.encoder_build import ensure_built
from language.encoder_weights import HIDDEN, LAYERS, QUERY_PREFIX
from language.linear import Head, save_heads
from language.normalise import normalise
from language.perturbation import perturb

# Four of twelve layers: six learnt no more and cost half as much again; two learnt less.
FIRST = 8
RANK = 8
SCALE = 2.0
DROPOUT = 0.1
EPOCHS = 3
BATCH = 32
RATE = 2e-3
LONGEST = 128  # tokens of a training sentence
LONGEST_SPOILT = 120  # characters
SIDE_WEIGHT = 0.3  # urgency and category beside the question "is somebody in danger?"
# A unit vector is lengthened before the heads, or their weights would have to grow first.
LENGTH = 8.0
HEADS = "heads.npz"
URGENCIES = tuple(Urgency)
CATEGORIES = tuple(Category)
_SHORT = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}


def _texts(examples: Sequence[Example]) -> tuple[list[str], list[int]]:
    """What is encoded, and which example each row is: every sentence, and for every second written one a spoilt copy (without spaces or mistyped, in turn)."""
    from language.morphology import Kiwi

    kiwi = Kiwi()
    rows = [(e.text, i) for i, e in enumerate(examples)]
    for place, example in list(enumerate(examples))[::2]:
        kind = "without_spaces" if place % 4 and example.lang == "ko" else "typos"
        spoilt = perturb(kind, example.text, seed=1)
        if spoilt != example.text and example.voice != corpus.ORDINARY and len(example.text) <= LONGEST_SPOILT:
            rows.append((spoilt, place))
    return [kiwi.spaced(encoder_text(normalise(text))) for text, _ in rows], [i for _, i in rows]


class _Model:
    """The encoder with its adapter, its heads, and the frozen part's output for each sentence."""

    def __init__(self, folder: Path, seed: int) -> None:
        import torch
        from peft import LoraConfig
        from sentence_transformers import SentenceTransformer
        from torch import nn

        torch.manual_seed(seed)
        self.torch = torch
        self.sentence_transformer = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"})
        self.sentence_transformer.add_adapter(
            LoraConfig(
                r=RANK,
                lora_alpha=int(SCALE * RANK),
                lora_dropout=DROPOUT,
                target_modules=["query", "key", "value", "dense"],
                layers_to_transform=list(range(FIRST, LAYERS)),
                layers_pattern="layer",
            )
        )
        self.bert: Any = self.sentence_transformer[0].auto_model
        self.heads = nn.ModuleDict(
            {"danger": nn.Linear(HIDDEN, 1), "urgency": nn.Linear(HIDDEN, len(URGENCIES)), "category": nn.Linear(HIDDEN, len(CATEGORIES))}
        )
        self.dropout = nn.Dropout(DROPOUT)
        trained = [p for name, p in self.bert.named_parameters() if "lora_" in name]
        for parameter in self.bert.parameters():
            parameter.requires_grad_(False)
        for parameter in trained:
            parameter.requires_grad_(True)
        self.parameters = [*trained, *self.heads.parameters()]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids as at run time."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(ensure_built() / "tokenizer.json"))
        tokenizer.encode_special_tokens = True
        tokenizer.enable_truncation(LONGEST)
        return [e.ids for e in tokenizer.encode_batch([QUERY_PREFIX + text.encode("utf-8", "ignore").decode() for text in texts])]

    def _layers(self, x: Any, mask: Any, layers: Sequence[Any]) -> Any:
        bias = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in layers:
            x = layer(x, bias)
            x = x[0] if isinstance(x, tuple) else x
        return x

    def below(self, texts: Sequence[str]) -> list[Any]:
        """What enters the first adapted layer: a half-precision tensor (tokens, hidden) for each text."""
        torch = self.torch
        ids = self.tokens(texts)
        out: list[Any] = [None] * len(ids)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        with torch.no_grad():
            self.bert.eval()
            for start in range(0, len(order), 64):
                rows = order[start : start + 64]
                x = torch.zeros(len(rows), max(len(ids[i]) for i in rows), dtype=torch.long)
                mask = torch.zeros(x.shape)
                for row, i in enumerate(rows):
                    x[row, : len(ids[i])] = torch.tensor(ids[i])
                    mask[row, : len(ids[i])] = 1
                hidden = self._layers(self.bert.embeddings(input_ids=x), mask, self.bert.encoder.layer[:FIRST])
                for row, i in enumerate(rows):
                    out[i] = hidden[row, : len(ids[i])].half()
        return out

    def vectors(self, below: Sequence[Any]) -> Any:
        """Unit vectors of a batch, through the adapted layers."""
        torch = self.torch
        x = torch.zeros(len(below), max(len(b) for b in below), HIDDEN)
        mask = torch.zeros(x.shape[:2])
        for row, b in enumerate(below):
            x[row, : len(b)] = b.float()
            mask[row, : len(b)] = 1
        x = self._layers(x, mask, self.bert.encoder.layer[FIRST:])
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return mean / mean.norm(dim=1, keepdim=True)

    def adapter(self) -> Adapter:
        """The trained pairs as arrays."""
        factors: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for number in range(FIRST, LAYERS):
            modules = dict(self.bert.encoder.layer[number].named_modules())
            for long, short in _SHORT.items():
                lora = modules[long]
                factors[f"l{number}.{short}"] = tuple(getattr(lora, part)["default"].weight.detach().numpy() for part in ("lora_A", "lora_B"))  # type: ignore[assignment]
        return Adapter(FIRST, SCALE, factors)

    def save(self, folder: Path) -> None:
        """The adapter, and the heads over its unit vectors."""
        self.adapter().save(folder / FILE)
        heads = {}
        for name, linear in self.heads.items():
            weight, bias = linear.weight.detach().numpy() * LENGTH, linear.bias.detach().numpy()
            heads[name] = Head(adapted=weight, bias=bias)
        save_heads(folder / HEADS, heads, np.zeros(0, np.float32))


def _batches(lengths: np.ndarray, draw: np.random.Generator) -> list[np.ndarray]:
    """All rows in random order, but sentences of like length together, so that little is spent on padding."""
    out: list[np.ndarray] = []
    order = draw.permutation(len(lengths))
    for start in range(0, len(order), 20 * BATCH):
        part = order[start : start + 20 * BATCH]
        part = part[np.argsort(lengths[part], kind="stable")]
        cuts = [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
        out.extend(cuts[i] for i in draw.permutation(len(cuts)))
    return out


def train_encoder(
    data_dir: Path = corpus.FOLDER,
    out_dir: Path = FOLDER,
    seed: int = 20261122,
    epochs: int = EPOCHS,
    everyday: Path | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Adapt on the `train` part, write adapter and heads, and return what was measured on the `dev` part; about a quarter of an hour of two cores.

    :raises ModuleNotFoundError: without the extra of `requirements/torch.in`.
    """
    import torch
    from sklearn.metrics import roc_auc_score
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    from language.training import corpus_digest, importance, training_examples

    started = time.monotonic()
    draw = np.random.default_rng(seed)
    read = corpus.read(data_dir)
    train = training_examples(read, data_dir, everyday)
    dev = [e for e in read if e.split == "dev"]
    model = _Model(ensure_built(), seed)
    texts, source = _texts(train)
    progress(f"encoder: {len(train)} sentences, {len(texts)} with copies")
    below = model.below(texts)
    dev_below = model.below(_texts(dev)[0][: len(dev)])
    progress(f"encoder: frozen layers done after {time.monotonic() - started:.0f} s")

    rows = np.array(source)
    lengths = np.array([len(b) for b in below])
    danger = torch.tensor([float(e.is_emergency) for e in train])
    urgency = torch.tensor([URGENCIES.index(e.urgency) for e in train])
    category = torch.tensor([CATEGORIES.index(e.category) for e in train])
    weight = torch.tensor(importance(train), dtype=torch.float32)
    # Plain routine questions would teach only that nearly everything is "other".
    telling = torch.tensor([float(e.is_trap or e.urgency != Urgency.NONE) for e in train])
    optimiser = torch.optim.AdamW(model.parameters, lr=RATE, weight_decay=0.01)
    steps = epochs * sum(math.ceil(min(20 * BATCH, len(rows) - s) / BATCH) for s in range(0, len(rows), 20 * BATCH))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    measured: list[dict[str, float]] = []
    for epoch in range(epochs):
        model.bert.train()
        total = 0.0
        batches = _batches(lengths, draw)
        for batch in batches:
            which = rows[batch]
            vectors = model.dropout(model.vectors([below[i] for i in batch]) * LENGTH)
            loss = (binary_cross_entropy_with_logits(model.heads["danger"](vectors)[:, 0], danger[which], reduction="none") * weight[which]).mean()
            loss = loss + SIDE_WEIGHT * cross_entropy(model.heads["urgency"](vectors), urgency[which])
            by_category = cross_entropy(model.heads["category"](vectors), category[which], reduction="none")
            loss = loss + SIDE_WEIGHT * (by_category * telling[which]).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters, 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        model.bert.eval()
        with torch.no_grad():
            scores = np.concatenate([(model.heads["danger"](model.vectors(dev_below[s : s + 64]) * LENGTH)[:, 0]).numpy() for s in range(0, len(dev), 64)])
        truth = np.array([e.is_emergency for e in dev])
        hard = truth | np.array([e.is_trap for e in dev])
        figures = {
            "loss": total / len(batches),
            "dev_auc": float(roc_auc_score(truth, scores)),
            "dev_auc_traps": float(roc_auc_score(truth[hard], scores[hard])),
        }
        measured.append({key: round(float(value), 4) for key, value in figures.items()})
        progress(f"encoder: epoch {epoch + 1} of {epochs} after {time.monotonic() - started:.0f} s: {measured[-1]}")
    model.save(out_dir)
    saved = {
        "seed": seed, "corpus": corpus_digest(data_dir), "first_layer": FIRST, "rank": RANK, "numbers": model.adapter().size,
        "sentences": len(train), "rows": len(texts), "epochs": measured,
    }  # fmt: skip
    (out_dir / "adapter.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    return saved
