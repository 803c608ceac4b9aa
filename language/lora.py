"""The encoder with low-rank pairs in its last layers, as sentence-transformers and peft train it, on the CPU.

The layers below the first adapted one never change, so what leaves them is computed once for each sentence, and an epoch costs only the layers above.
Needs the extra `requirements/torch.in`; nothing at run time does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from language.adapter import Adapter
from language.encoder import open_graph
from language.encoder_build import ensure_built, serves_int8
from language.encoder_graph import write_graph
from language.encoder_weights import HIDDEN, LAYERS, QUERY_PREFIX, read_weights, wheel_weights

# Four of twelve layers: six learnt no more and cost half as much again; two learnt less.
FIRST = 8
RANK = 32
SCALE = 2.0
DROPOUT = 0.1
LONGEST = 128  # tokens of a training text
_SCORED_AT_ONCE = 64
_AT_ONCE = 2  # threads
_SHORT = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}


class LoraEncoder:
    """The default encoder with trainable pairs."""

    def __init__(self, seed: int) -> None:
        import torch
        from peft import LoraConfig
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(seed)
        self.torch = torch
        self.sentence_transformer = SentenceTransformer(str(ensure_built()), device="cpu", model_kwargs={"attn_implementation": "eager"})
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
        _quicken_dropout(self.bert, np.random.default_rng(seed))
        for name, parameter in self.bert.named_parameters():
            parameter.requires_grad_("lora_" in name)
        self.parameters = [p for name, p in self.bert.named_parameters() if "lora_" in name]

    def tokens(self, texts: Sequence[str], prefix: str = QUERY_PREFIX) -> list[list[int]]:
        """Token ids as at run time."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(ensure_built() / "tokenizer.json"))
        tokenizer.encode_special_tokens = True
        tokenizer.enable_truncation(LONGEST)
        return [e.ids for e in tokenizer.encode_batch([prefix + text.encode("utf-8", "ignore").decode() for text in texts])]

    def _layers(self, x: Any, mask: Any, layers: Sequence[Any]) -> Any:
        bias = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in layers:
            x = layer(x, bias)
            x = x[0] if isinstance(x, tuple) else x
        return x

    def below(self, texts: Sequence[str], prefix: str = QUERY_PREFIX) -> list[Any]:
        """What enters the first adapted layer: a half-precision tensor (tokens, hidden) for each text, as the graph that is served computes it.

        Its eight bits move an adapted vector far (cosine with single precision 0.975 on the mean), so the layers above learn from what they will get.
        """
        ids = self.tokens(texts, prefix)
        out: list[Any] = [None] * len(ids)
        rows = iter(range(len(ids)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "below.onnx"
            write_graph(path, read_weights(wheel_weights()), int8=serves_int8(), below=FIRST)
            session = open_graph(path)

        def rest() -> None:
            for row in rows:  # whichever thread comes next takes the next text
                hidden = session.run(["below"], {"input_ids": np.array([ids[row]], np.int64)})[0][0]
                out[row] = self.torch.from_numpy(hidden.astype(np.float16))

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(rest) for _ in range(_AT_ONCE)]:
                done.result()
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

    def settled(self, below: Sequence[Any]) -> Any:
        """Unit vectors of many texts as the pairs stand now, without gradients; the caller's order is kept."""
        torch = self.torch
        was_training = self.bert.training
        self.bert.eval()
        out = torch.zeros(len(below), HIDDEN)
        order = sorted(range(len(below)), key=lambda i: len(below[i]))
        with torch.no_grad():
            for start in range(0, len(order), _SCORED_AT_ONCE):
                rows = order[start : start + _SCORED_AT_ONCE]
                out[rows] = self.vectors([below[i] for i in rows])
        self.bert.train(was_training)
        return out

    def take(self, known: Adapter) -> None:
        """Set the pairs to those of an adapter for the same layers."""
        with self.torch.no_grad():
            for number in range(FIRST, LAYERS):
                modules = dict(self.bert.encoder.layer[number].named_modules())
                for long, short in _SHORT.items():
                    for part, values in zip(("lora_A", "lora_B"), known.factors[f"l{number}.{short}"], strict=True):
                        getattr(modules[long], part)["default"].weight.copy_(self.torch.tensor(values))

    def adapter(self) -> Adapter:
        """The trained pairs as arrays."""
        factors: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for number in range(FIRST, LAYERS):
            modules = dict(self.bert.encoder.layer[number].named_modules())
            for long, short in _SHORT.items():
                lora = modules[long]
                factors[f"l{number}.{short}"] = tuple(getattr(lora, part)["default"].weight.detach().numpy() for part in ("lora_A", "lora_B"))  # type: ignore[assignment]
        return Adapter(FIRST, SCALE, factors)


def _quicken_dropout(model: Any, draw: np.random.Generator) -> None:
    """Let numpy draw what dropout leaves out: torch draws it one number after another, which took a third of a training step."""
    import torch

    class QuickDropout(torch.nn.Dropout):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out_of_256 = round(self.p * 256)
            if not self.training or not out_of_256:
                return x
            kept = np.frombuffer(draw.bytes(x.numel()), np.uint8) >= out_of_256
            return x * torch.from_numpy(kept * np.float32(256 / (256 - out_of_256))).view(x.shape)

    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Dropout):
                setattr(module, name, QuickDropout(child.p))


def batches(lengths: np.ndarray, size: int, draw: np.random.Generator) -> list[np.ndarray]:
    """All rows in random order, but sentences of like length together, so that little is spent on padding."""
    out: list[np.ndarray] = []
    order = draw.permutation(len(lengths))
    for start in range(0, len(order), 20 * size):
        part = order[start : start + 20 * size]
        part = part[np.argsort(lengths[part], kind="stable")]
        cuts = [part[i : i + size] for i in range(0, len(part), size)]
        out.extend(cuts[i] for i in draw.permutation(len(cuts)))
    return out


def steps(rows: int, size: int) -> int:
    """How many batches that makes."""
    return sum(-(-min(20 * size, rows - start) // size) for start in range(0, rows, 20 * size))
