"""Writes the encoder as an ONNX graph with `onnx` alone: the token ids of texts of one length in, unit-length sentence vectors out.

There is no mask: a text runs alone, so nothing is padded.
With an adapter the graph has a second output: the last layers once more with the adapter merged in. The layers below are computed once for both, so
a message costs a third more than for search alone, not twice as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from language.adapter import Adapter
from language.encoder_weights import FEED_FORWARD, HEADS, HIDDEN, LAYERS, Weights

OPSET = 20


def quantise_columns(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8, one scale per output column of an (inputs, outputs) matrix."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-8) / 127.0
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


class _Graph:
    """Collects nodes and constants; `int8` decides how a matrix product is written."""

    def __init__(self, int8: bool) -> None:
        self.int8 = int8
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.counter = 0

    def const(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def op(self, kind: str, inputs: list[str], outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        from onnx import helper

        self.counter += 1
        names = [f"{kind}_{self.counter}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def dense(self, name: str, x: str, quantised: tuple[str, str, str] | None, weight: np.ndarray, bias: np.ndarray) -> str:
        """x · weight + bias, with dynamically quantised x in the int8 graph."""
        if quantised is None:
            product = self.op("MatMul", [x, self.const(f"{name}.w", weight)])
        else:
            values, scale, zero = quantised
            packed, scales = quantise_columns(weight)
            zero_w = self.const(f"{name}.z", np.zeros(packed.shape[1], np.int8))
            integers = self.op("MatMulInteger", [values, self.const(f"{name}.w", packed), zero, zero_w])
            floats = self.op("Cast", [integers], to=1)
            product = self.op("Mul", [floats, self.op("Mul", [scale, self.const(f"{name}.s", scales)])])
        return str(self.op("Add", [product, self.const(f"{name}.b", bias)]))

    def quantise(self, x: str) -> tuple[str, str, str] | None:
        """One dynamic quantisation shared by the products that read x."""
        if not self.int8:
            return None
        values, scale, zero = self.op("DynamicQuantizeLinear", [x], outputs=3)
        return values, scale, zero

    def attention(self, name: str, x: str, matrices: list[np.ndarray], biases: list[np.ndarray]) -> str:
        """Every head's mean of the values, weighted by how well its queries and keys agree; in the int8 graph one node with the three products."""
        quantised = self.quantise(x)
        if quantised is None:
            q, k, v = (self.dense(name + n, x, None, w, b) for n, w, b in zip("qkv", matrices, biases, strict=True))
            return str(self.op("MultiHeadAttention", [q, k, v], domain="com.microsoft", num_heads=HEADS))
        values, scale, zero = quantised
        packed, scales = quantise_columns(np.concatenate(matrices, axis=1))
        weight = [
            self.const(f"{name}qkv.{n}", v) for n, v in (("w", packed), ("b", np.concatenate(biases)), ("s", scales), ("z", np.zeros(len(scales), np.int8)))
        ]
        inputs = [values, weight[0], weight[1], scale, weight[2], "", zero, weight[3]]
        return str(self.op("QAttention", inputs, domain="com.microsoft", num_heads=HEADS))

    def norm(self, name: str, x: str, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> str:
        inputs = [x, self.const(f"{name}.w", weight), self.const(f"{name}.b", bias)]
        return str(self.op("LayerNormalization", inputs, axis=-1, epsilon=epsilon))


def _embed(g: _Graph, weights: Weights) -> str:
    """Word (int8 rows with a scale each, or float32) + position + type embeddings, normalised."""
    w = weights.tensors
    words = w["emb.word"].reshape(-1, HIDDEN)
    if g.int8:
        packed, scales = quantise_columns(words.T)
        rows = g.op("Gather", [g.const("emb.word", packed.T), "input_ids"])
        row_scales = g.op("Gather", [g.const("emb.word.s", scales[:, None]), "input_ids"])
        word = g.op("Mul", [g.op("Cast", [rows], to=1), row_scales])
    else:
        word = g.op("Gather", [g.const("emb.word", words), "input_ids"])
    length = g.op("Shape", ["input_ids"], start=1, end=2)
    zero = g.const("first", np.array([0], np.int64))
    position = w["emb.pos"].reshape(-1, HIDDEN) + w["emb.type"].reshape(-1, HIDDEN)[0]
    total = g.op("Add", [word, g.op("Slice", [g.const("emb.pos", position), zero, length, zero])])
    return g.norm("emb.ln", total, w["emb.ln.w"], w["emb.ln.b"], weights.epsilon)


def _layer(g: _Graph, w: Mapping[str, np.ndarray], epsilon: float, layer: int, x: str, branch: str = "") -> str:
    """One BERT layer: attention and feed-forward, each with its residual and norm; `branch` keeps the constants' names apart."""
    source = f"l{layer}."
    p = branch + source

    def matrix(name: str, inputs: int = HIDDEN) -> np.ndarray:
        return np.ascontiguousarray(w[f"{source}{name}.w"].reshape(-1, inputs).T)

    def bias(name: str) -> np.ndarray:
        return w[f"{source}{name}.b"]

    def norm(name: str, x: str) -> str:
        return g.norm(p + name, x, w[f"{source}{name}.w"], bias(name), epsilon)

    attended = g.attention(p, x, [matrix(n) for n in "qkv"], [bias(n) for n in "qkv"])
    projected = g.dense(p + "ao", attended, g.quantise(attended), matrix("ao"), bias("ao"))
    x = norm("aln", g.op("Add", [projected, x]))
    inner = g.op("Gelu", [g.dense(p + "fi", x, g.quantise(x), matrix("fi"), bias("fi"))])
    outer = g.dense(p + "fo", inner, g.quantise(inner), matrix("fo", FEED_FORWARD), bias("fo"))
    return norm("oln", g.op("Add", [outer, x]))


def write_graph(path: Path, weights: Weights, int8: bool, adapter: Adapter | None = None, below: int | None = None) -> None:
    """Write the model, with mean pooling and unit length inside the graph, to one file; outputs `sentence` and, with an adapter, `adapted`.

    With `below`, a layer's number, the one output is `below`: what enters that layer, (texts, tokens, hidden). An adapter is learnt over it.
    """
    import onnx
    from onnx import TensorProto, helper

    g = _Graph(int8)
    x = branch = _embed(g, weights)
    for layer in range(LAYERS if below is None else below):
        if adapter is not None and layer == adapter.first:
            branch = x
        x = _layer(g, weights.tensors, weights.epsilon, layer, x)
    if below is not None:
        g.nodes.append(helper.make_node("Identity", [x], ["below"]))
        outputs = [helper.make_tensor_value_info("below", TensorProto.FLOAT, ["texts", "tokens", HIDDEN])]
    else:
        ends = [("sentence", x)]
        if adapter is not None:
            merged = adapter.merged(weights.tensors)
            for layer in range(adapter.first, LAYERS):
                branch = _layer(g, merged, weights.epsilon, layer, branch, "adapted.")
            ends.append(("adapted", branch))
        axis, last = g.const("axis_tokens", np.array([1], np.int64)), g.const("axis_last", np.array([-1], np.int64))
        for name, end in ends:
            mean = g.op("ReduceMean", [end, axis], keepdims=0)
            g.nodes.append(helper.make_node("Div", [mean, g.op("ReduceL2", [mean, last], keepdims=1)], [name]))
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", HIDDEN]) for name, _ in ends]
    graph = helper.make_graph(g.nodes, "e5-small", [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])], outputs, g.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    onnx.save_model(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))
