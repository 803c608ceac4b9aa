"""Korean in Rasa's pipeline: a tokenizer, a sentence vector and the gazetteer's entities, named in ``config.yml``.

The application has analysed a message before Rasa sees it and sends what it found as metadata, so that nothing is done twice and this
process needs neither Kiwi nor the encoder. Where there is none, while training and in ``rasa shell``, they are loaded here.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.dialogue import quiet
from bot.dialogue.reading import Reading, from_metadata, rasa_entities, read

quiet.silence()
logger = logging.getLogger(__name__)

BATCH = 32
REMEMBERED = 4096

_readings: OrderedDict[str, Reading] = OrderedDict()


def reading_of(message: Message) -> Reading:
    """What is known of a message's text: from its metadata, else analysed here once."""
    metadata = message.get("metadata") or {}
    text = message.get(TEXT) or ""
    if metadata.get("analysed"):
        return from_metadata(text, metadata)
    if text not in _readings:
        _remember([text])
    return _readings[text]


def _remember(texts: list[str]) -> None:
    for text, reading in zip(texts, read(texts), strict=True):
        _readings[text] = reading
    while len(_readings) > max(REMEMBERED, len(texts)):
        _readings.popitem(last=False)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class KoreanTokenizer(Tokenizer):  # type: ignore[misc]
    """Morphemes of Kiwi as Rasa's tokens."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's own settings of a tokenizer."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None, "prefix_separator_symbol": None}

    @staticmethod
    def required_packages() -> list[str]:
        """What training needs installed."""
        return ["kiwipiepy", "onnxruntime"]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Analyse all examples in batches first, which is several times faster than one by one."""
        texts = list(dict.fromkeys(text for example in training_data.training_examples if (text := example.get(TEXT)) and text not in _readings))
        for start in range(0, len(texts), BATCH):
            _remember(texts[start : start + BATCH])
        return super().process_training_data(training_data)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The message's morphemes; other attributes (our own responses) are split at spaces."""
        text = message.get(attribute) or ""
        if attribute == TEXT:
            reading = reading_of(message)
            tokens = [Token(reading.text[start:end] or form, start, end, lemma=form) for form, start, end in reading.tokens]
        else:
            tokens = self._convert_words_to_tokens(text.split(), text)
        return tokens or [Token(text or "?", 0)]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVector(DenseFeaturizer, GraphComponent):  # type: ignore[misc]
    """The encoder's vector of the whole message. ``scale`` weighs it against the counts of the sparse featurizers."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Comes after the tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Settings with their defaults."""
        return {**DenseFeaturizer.get_default_config(), "scale": 6.0, "size": 384}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._scale = float(config["scale"])
        self._size = int(config["size"])

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> SentenceVector:
        """Make the component."""
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing that could be wrong beyond types."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message."""
        for message in messages:
            if message.get(TEXT):
                self._add(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vector to each example."""
        self.process(training_data.training_examples)
        return training_data

    def _add(self, message: Message) -> None:
        vector = reading_of(message).vector
        if vector is None or vector.shape != (self._size,):
            vector = np.zeros(self._size, dtype=np.float32)
        row = (vector * self._scale).reshape(1, -1)
        for kind in (FEATURE_TYPE_SEQUENCE, FEATURE_TYPE_SENTENCE):
            message.add_features(Features(row, kind, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class GazetteerEntities(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]
    """Countries, dates and documents, found by the ``language`` package."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No settings."""
        return {}

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> GazetteerEntities:
        """Make the component."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities to each message."""
        for message in messages:
            if message.get(TEXT):
                found = self.add_extractor_name(rasa_entities(reading_of(message)))
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
