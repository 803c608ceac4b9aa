"""How actions read the knowledge base: with the analysis that came along, so that nothing is understood or encoded twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

#: queries of our own making are few and constant, so their analyses are kept
REMEMBERED_QUERIES = 256


class Reader:
    """Answers from the knowledge base, or None while it is not loaded (and in ``rasa shell``, which has none)."""

    def __init__(self, knowledge: Callable[[], Any], analyser: Callable[[], Any]) -> None:
        self._knowledge = knowledge
        self._analyser = analyser
        self._analysed: dict[str, Any] = {}

    async def about_message(self, message: Mapping[str, Any], country: str | None) -> dict[str, Any] | None:
        """Answer the citizen's own words."""
        metadata = message.get("metadata") or {}
        if "normalised" in metadata:
            from language.analysis import Analysis

            return self._answer(Analysis.from_metadata(metadata), country)
        return await self.about(str(message.get("text") or ""), country)

    async def about(self, query: str, country: str | None, language: str = "") -> dict[str, Any] | None:
        """Answer a question put by us, such as the end of a form; in ``language``, where it is known, instead of the question's own."""
        analysis = self._analysed.get(query)
        if analysis is None:
            analyser = self._analyser()
            if analyser is None or not query:
                return None
            analysis = (await asyncio.get_running_loop().run_in_executor(None, partial(analyser.analyse, [query])))[0]
            if len(self._analysed) >= REMEMBERED_QUERIES:
                self._analysed.clear()
            self._analysed[query] = analysis
        return self._answer(replace(analysis, language=language) if language else analysis, country)

    def _answer(self, analysis: Any, country: str | None) -> dict[str, Any] | None:
        knowledge = self._knowledge()
        if knowledge is None:
            return None
        answer = knowledge.answer(analysis, country=country)
        return {
            "type": "answer",
            "outcome": str(answer.outcome),
            "of_row": answer.of_row,
            "text": answer.text,
            "notice_ids": list(answer.notice_ids),
            "source": _plain(answer.source),
            "quick_replies": list(answer.quick_replies),
        }


def _plain(source: Any) -> dict[str, Any] | None:
    if source is None:
        return None
    return {name: str(value) if hasattr(value, "isoformat") else value for name, value in asdict(source).items()}
