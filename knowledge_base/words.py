"""The words of a text that carry its subject, as dictionary forms, for the lexical half of the search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from language.morphology import MORPHEMES

if TYPE_CHECKING:
    from language.analysis import Analysis
    from language.morphology import Morphology, Token


class Analysing(Protocol):
    """What the knowledge base needs of ``language.analysis.Analyser``."""

    morphology: Morphology
    degraded: str | None

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """One analysis for each text."""

    def encode(self, texts: Sequence[str], kind: str = "query") -> np.ndarray:
        """Unit vectors."""


_SUBJECT_TAGS = ("NNG", "NNP", "NR", "SL", "SH", "SN", "XR", "VV", "VA", "MAG", "W_")
#: Words that ask, address or glue, and say nothing of the subject.
_EMPTY = frozenset(
    """
    하 되 있 없 같 주 싶 알 알리 알려주 가르치 궁금 문의 질문 안녕 감사 부탁 좀 지금 혹시 저 제 나 뭐 무엇 누구 몇 왜
    어떻 어떻게 얼마 언제 어디 어느 무슨 어떤 그 이 것 수 때 경우 말 좋 많 어떡하 그러 이러 그렇 이렇 그리고 그런데 근데 그냥 정말 진짜
    너무 다 안 못 잘 더 또 요 네 예 아니 아 음 방법
    """.split()  # noqa: SIM905 - a list of words reads better as words
)


def subject_words(tokens: Iterable[Token]) -> list[str]:
    """Dictionary forms of nouns, verbs, numbers and foreign words, without those that only ask or address."""
    return [token.form.lower() for token in tokens if token.tag.startswith(_SUBJECT_TAGS) and token.form not in _EMPTY]


def words_of_texts(analyser: Analysing, texts: Sequence[str]) -> list[list[str]]:
    """Subject words of texts that need no further analysis (titles, passages)."""
    return [subject_words(doc.user_data[MORPHEMES]) for doc in analyser.morphology.docs(list(texts))]
