"""Where a message's time goes inside the worker: morphemes, vector, triage, intent, search; ``python -m bench.parts``.

Processor time of all threads, so that whatever else the machine does changes little.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from bench.sentences import routine, varied
from bench.stats import percentile, table
from bot.at_once import reading_of
from bot.dialogue.intents import FILE, DialogueIntents
from bot.dialogue.process import model_folder
from knowledge_base.service import KnowledgeBase
from language.analysis import Analyser, Analysis
from language.encoder import load_encoder
from language.triage import Context, Triage

MESSAGES = 200


def main(seconds: int = 0) -> int:
    """Measure each part on messages of its own; the length is fixed."""
    del seconds
    analyser, triage = Analyser.load(), Triage.load()
    encoder = load_encoder()
    knowledge = KnowledgeBase.from_files(analyser)
    intents = DialogueIntents.load(model_folder() / FILE)
    texts = list(itertools.islice(varied(routine()), 3 * MESSAGES))
    analyses = analyser.analyse(texts[:MESSAGES])
    parts: dict[str, list[float]] = {
        "analyse (all of it)": _each(lambda text: analyser.analyse([text]), texts[MESSAGES : 2 * MESSAGES]),
        "  of it, vector": _each(lambda text: encoder.encode([text], "query"), texts[2 * MESSAGES :]),
        "triage decides": _each(lambda analysis: triage.decide(analysis, Context()), analyses),
        "search and answer": _each(knowledge.answer, analyses),
        "metadata for Rasa": _each(lambda analysis: json.dumps(analysis.to_metadata()), analyses),
    }
    if intents is not None:
        parts["Rasa's intent"] = _each(lambda analysis: _intent(intents, analysis), analyses)
    print(table(("part", "p50 ms", "p95 ms"), [(name, median(times), percentile(times, 0.95)) for name, times in parts.items()]))
    print(json.dumps({name.strip(): round(median(times), 2) for name, times in parts.items()}))
    return 0


def _intent(intents: DialogueIntents, analysis: Analysis) -> str:
    reading = reading_of(analysis)
    return intents.predict([form for form, _, _ in reading.tokens], reading.vector)


def _each(work: Callable[[Any], object], items: Sequence[Any]) -> list[float]:
    times = []
    for item in items:
        began = time.process_time()
        work(item)
        times.append((time.process_time() - began) * 1000)
    return times


if __name__ == "__main__":
    raise SystemExit(main())
