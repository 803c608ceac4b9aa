"""``gildongmu bench retrieve``: what a question costs beyond its encoding with 10,000 notices, how large a web process is, and how soon it answers.

The notices are those of ``bench.notices``, in a database of their own. A fresh process loads what a web process loads (analyser, triage, dialogue
intents, knowledge base) and answers written questions, each once: from the text to the answer, less what the encoder alone takes for the same text. The
cold start is from before the process is spawned until its first answer; vectors and words come from the database.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench import notices
from bench.stats import percentile, table
from core import logging
from core.db import Database
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import ROOT
from knowledge_base.evaluation import Case, load_cases
from knowledge_base.service import KnowledgeBase
from language.analysis import Analyser
from language.encoder import load_encoder

QUESTIONS = 400
WARM_UP = 20


def main(seconds: int = 0, count: int = notices.NOTICES) -> int:
    """Fill a database and measure in a process of its own; the length is fixed."""
    del seconds
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "state") as server:
        migrate(server.dsn)
        passages = asyncio.run(notices.fill(server.dsn, Analyser.load(), count))
        spawned = time.time()
        child = subprocess.run([sys.executable, "-m", "bench.retrieve", server.dsn, str(spawned)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures = json.loads(child.stdout.decode().splitlines()[-1])
    if (figures["notices"], figures["passages"]) != (count, passages):
        raise RuntimeError(f"the process holds {figures['notices']} notices with {figures['passages']} passages, not {count} with {passages}")
    rows = [(name, *figures.pop(name)) for name in ("encoder alone", "text to answer", "search and answer", "the same, processor")]
    sys.stdout.write(table(("a question", "p50 ms", "p95 ms"), rows) + "\n")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def web_process(dsn: str, spawned: float) -> dict[str, object]:
    """Load, answer, measure: what the fresh process does."""
    from bot.services import Understanding

    analyser = Understanding.load().analyser
    cases = load_cases()[: QUESTIONS + WARM_UP]

    async def opened() -> tuple[KnowledgeBase, float]:
        db = await Database.open(dsn, min_size=1, max_size=4)
        began = time.perf_counter()
        base = await KnowledgeBase.open(db, analyser, environment="development")
        took = time.perf_counter() - began
        await db.close()
        return base, took

    base, open_s = asyncio.run(opened())
    _answer(base, cases[0])
    cold_start_s = time.time() - spawned
    gc.collect()
    gc.freeze()
    for case in cases[:WARM_UP]:
        _answer(base, case)
    whole, alone, after, processor = [], [], [], []
    encoder = None
    for case in cases[WARM_UP:]:
        began = time.perf_counter()
        analysis = analyser.analyse([case.text])[0]
        analysed, own = time.perf_counter(), time.thread_time()
        base.answer(analysis, at=case.at, country=case.country)
        ended = time.perf_counter()
        processor.append((time.thread_time() - own) * 1000)
        whole.append((ended - began) * 1000)
        after.append((ended - analysed) * 1000)
    rss_mb = psutil.Process(os.getpid()).memory_info().rss / 2**20  # before the second encoder, which only measures
    encoder = load_encoder(cache=0)
    encoder.encode_twice(["준비"])
    for case in cases[WARM_UP:]:
        spaced = analyser.morphology.spaced(case.text)
        began = time.perf_counter()
        encoder.encode_twice([spaced])
        alone.append((time.perf_counter() - began) * 1000)
    return {
        "p50_ms_over_encoder": round(percentile(whole, 0.5) - percentile(alone, 0.5), 2),
        "p95_ms_over_encoder": round(percentile(whole, 0.95) - percentile(alone, 0.95), 2),
        "rss_mb": round(rss_mb),
        "notices": base.size,
        "passages": base.desk.index.passages,
        "cold_start_s": round(cold_start_s, 2),
        "knowledge_base_s": round(open_s, 2),
        "p95_processor_ms": round(percentile(processor, 0.95), 2),
        "n": len(whole),
        "encoder alone": (percentile(alone, 0.5), percentile(alone, 0.95)),
        "text to answer": (percentile(whole, 0.5), percentile(whole, 0.95)),
        "search and answer": (percentile(after, 0.5), percentile(after, 0.95)),
        "the same, processor": (percentile(processor, 0.5), percentile(processor, 0.95)),
    }


def _answer(base: KnowledgeBase, case: Case) -> None:
    base.answer(case.text, at=case.at, country=case.country)


if __name__ == "__main__":
    logging.configure()  # to standard error: the other side reads what is said here
    sys.stdout.write(json.dumps(web_process(sys.argv[1], float(sys.argv[2])), ensure_ascii=False) + "\n")
