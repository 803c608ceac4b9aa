"""A well-known framework's hybrid retriever as a further peer of ``gildongmu evaluate search --framework PYTHON``.

PYTHON is an interpreter of an environment of its own, with what ``requirements/framework.in`` names. Haystack gets the same notices (one document each:
title and body), the vectors of our encoder, the questions as they were written, and for each of them the notices that held on its day, as every
other peer does. None of our notices is as long as the 200 words at which its ``DocumentSplitter`` would cut, so nothing is split.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from knowledge_base.evaluation import DEPTH, Case
from knowledge_base.index import Index
from knowledge_base.search import Question, allowed_entries
from knowledge_base.words import Analysing

MODULE = "bench.haystack_default"
TIMEOUT_S = 900.0


class FrameworkError(RuntimeError):
    """The framework could not be asked; the message is one sentence for the person at the terminal."""


def environment() -> dict[str, str]:
    """Of ours only what any program needs; telemetry is off."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HAYSTACK_TELEMETRY_ENABLED": "False", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def peers(python: Path, index: Index, analyser: Analysing, cases: Sequence[Case], questions: Sequence[Question]) -> dict[str, list[list[str]]]:
    """Rankings as ids of notices, by the name of the way.

    Raises:
        FrameworkError: it could not be asked, or it answered something else.
    """
    notices = [entry.notice for entry in index.entries]
    texts = [f"{notice.content.title}\n\n{notice.content.body}" for notice in notices]
    allowed = [np.flatnonzero(allowed_entries(index, question)).tolist() for question in questions]
    vectors = [question.analysis.vector for question in questions]
    answered = ask(python, request(texts, analyser.encode(texts, kind="passage"), [case.text for case in cases], vectors, allowed))
    return rankings(answered, [notice.id for notice in notices], allowed)


def request(
    texts: Sequence[str], vectors: np.ndarray, asked: Sequence[str], asked_vectors: Sequence[np.ndarray | None], allowed: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """What the child is asked; a document's id is its place.

    Raises:
        FrameworkError: a question has no vector, so that it would not be the same encoder on both sides.
    """
    questions = []
    for text, vector, places in zip(asked, asked_vectors, allowed, strict=True):
        if vector is None:
            raise FrameworkError("The encoder is missing: without it there is nothing to compare.")
        questions.append({"text": text, "vector": vector.tolist(), "allowed": [str(place) for place in places]})
    documents = [{"id": str(place), "text": text, "vector": row.tolist()} for place, (text, row) in enumerate(zip(texts, vectors, strict=True))]
    return {"documents": documents, "questions": questions}


def ask(python: Path, content: Mapping[str, Any], module: str = MODULE) -> dict[str, Any]:
    """Start the interpreter, hand it the request and read its answer.

    Raises:
        FrameworkError: it did not start, failed, took too long or did not answer with JSON.
    """
    try:
        # Not resolved: the python of an environment is a link, and behind the link nothing is installed.
        done = subprocess.run(
            [str(python.absolute()), "-m", module],
            input=json.dumps(content).encode(),
            capture_output=True,
            cwd=ROOT,
            env=environment(),
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FrameworkError(f"The framework's interpreter {python} could not be run ({error}).") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise FrameworkError(f"The framework failed ({said[-1] if said else f'exit code {done.returncode}'}). Its environment: requirements/framework.in")
    try:
        answered = json.loads(done.stdout)
    except ValueError as error:
        raise FrameworkError("The framework's answer could not be read.") from error
    if not isinstance(answered, dict):
        raise FrameworkError("The framework's answer could not be read.")
    return answered


def rankings(answered: Mapping[str, Any], ids: Sequence[str], allowed: Sequence[Sequence[int]]) -> dict[str, list[list[str]]]:
    """The child's answer as ids of notices.

    Raises:
        FrameworkError: a ranking is missing, or holds what was not allowed: the figures would not be comparable.
    """
    out: dict[str, list[list[str]]] = {}
    for name, rows in answered["rankings"].items():
        if len(rows) != len(allowed):
            raise FrameworkError(f"{name} answered {len(rows)} of {len(allowed)} questions.")
        places = [[int(place) for place in row] for row in rows]
        if any(not set(row) <= set(may) for row, may in zip(places, allowed, strict=True)):
            raise FrameworkError(f"{name} found notices that did not hold on the day.")
        out[name] = [[ids[place] for place in row[:DEPTH]] for row in places]
    return out
