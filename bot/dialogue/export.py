"""Writes the trained intent classifier as plain arrays (``intents.py``). Runs in Rasa's environment, at the end of a training."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer
from rasa.shared.importers.utils import training_data_from_paths
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.dialogue.components import SentenceVector, reading_of
from bot.dialogue.intents import Counts, DialogueIntents

#: training examples that are compared; of so many, none may differ
COMPARED = 400
CLOSE = 1e-3


class DiffersError(RuntimeError):
    """The arrays do not say what Rasa says, so that turns must ask it."""


def export(model: Path, nlu: str, out: Path) -> None:
    """Take the classifier out of a model, compare both on training examples, and write it.

    Raises:
        DiffersError: they differ, or the pipeline is not one of counts, sentence vector, logistic regression and fallback.
    """
    agent = Agent.load(str(model))
    intents = arrays_of(agent)
    examples = sorted({str(example.get(TEXT)) for example in training_data_from_paths([nlu], "ko").intent_examples})
    for text in examples[:: max(1, len(examples) // COMPARED)]:
        reading = reading_of(Message({TEXT: text}))
        shares = intents.shares([form for form, _, _ in reading.tokens], reading.vector)
        said = asyncio.run(agent.processor.parse_message(UserMessage(text)))
        for ranked in said["intent_ranking"]:
            if ranked["name"] in intents.names and abs(ranked["confidence"] - shares[intents.names.index(ranked["name"])]) > CLOSE:
                raise DiffersError("the exported intents differ from Rasa's")
    intents.save(out)


def arrays_of(agent: Any) -> DialogueIntents:
    """The classifier's weights with the featurizers' vocabularies, in the pipeline's order."""
    parts = [node._component for node in agent.processor.graph_runner._instantiated_nodes.values()]
    classifier = _only(parts, LogisticRegressionClassifier)
    fallback = _only(parts, FallbackClassifier).component_config
    counts, first = [], 0
    for part in (part for part in parts if isinstance(part, CountVectorsFeaturizer)):
        vectorizer = part.vectorizers[TEXT]
        rows = {gram: first + int(column) for gram, column in vectorizer.vocabulary_.items()}
        shortest, longest = vectorizer.ngram_range
        counts.append(Counts(vectorizer.analyzer, shortest, longest, vectorizer.token_pattern, rows))
        first += len(rows)
    weights = np.ascontiguousarray(classifier.clf.coef_.T, dtype=np.float32)
    bias = np.asarray(classifier.clf.intercept_, dtype=np.float32)
    names = [str(name) for name in classifier.clf.classes_]
    return DialogueIntents(names, counts, weights, bias, _only(parts, SentenceVector)._scale, (fallback["threshold"], fallback["ambiguity_threshold"]))


def _only(parts: list[Any], kind: type) -> Any:
    found = [part for part in parts if isinstance(part, kind)]
    if len(found) != 1:
        raise DiffersError(f"{len(found)} parts of the pipeline are a {kind.__name__}")
    return found[0]
