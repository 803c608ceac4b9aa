"""``gildongmu bench triage``: what a decision costs, from text to action, beside what the encoder alone costs on the same sentences."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Sequence

import psutil

from bench.sentences import varied
from bench.stats import percentile, table
from language import corpus
from language.analysis import Analyser
from language.encoder import load_encoder
from language.triage import Triage

ONE_BY_ONE = 600
BATCH = 16  # as the triage slot takes them
BATCHED = 1600


def main(seconds: int = 0) -> int:
    """Measure on sentences of the triage corpus, each in words that were not sent before; the length is fixed."""
    del seconds
    began = time.perf_counter()
    analyser, triage = Analyser.load(), Triage.load()
    triage.decide(analyser.analyse(["준비"])[0])
    load_s = time.perf_counter() - began
    texts = list(itertools.islice(varied([e.text for e in corpus.read() if e.split == "test"]), ONE_BY_ONE + BATCHED))
    one_by_one, batched = texts[:ONE_BY_ONE], texts[ONE_BY_ONE:]
    per_second = _rate(analyser, triage, batched)
    again = batched[:1000]
    _rate(analyser, triage, again)
    per_second_cached = _rate(analyser, triage, again)
    rss_mb = round(psutil.Process(os.getpid()).memory_info().rss / 2**20)  # before the second encoder, which only measures
    encoder = load_encoder(cache=0)
    encoder.encode_twice(["준비"])
    alone, whole = [], []
    for text in one_by_one:  # in turns, so that whatever else the machine does meets both
        spaced = analyser.morphology.spaced(text)
        alone.append(_spent(lambda spaced=spaced: encoder.encode_twice([spaced])))
        whole.append(_spent(lambda text=text: triage.decide(analyser.analyse([text])[0])))
    figures = {
        "per_second": round(per_second, 1),
        "per_second_cached": round(per_second_cached, 1),
        "p99_ms_over_encoder": round(percentile(whole, 0.99) - percentile(alone, 0.99), 2),
        "rss_mb": rss_mb,
        "load_s": round(load_s, 2),
    }
    rows = [(name, percentile(t, 0.5), percentile(t, 0.95), percentile(t, 0.99)) for name, t in (("encoder alone", alone), ("whole decision", whole))]
    print(table(("one by one", "p50 ms", "p95 ms", "p99 ms"), rows))
    print(json.dumps(figures))
    return 0


def _spent(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return (time.perf_counter() - began) * 1000


def _rate(analyser: Analyser, triage: Triage, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        for analysis in analyser.analyse(texts[start : start + BATCH]):
            triage.decide(analysis)
    return len(texts) / (time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(main())
