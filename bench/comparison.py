"""What else could judge danger, taught the same sentences and asked the same ones: the reason for the model that is shipped.

Rasa's own classifier (DIET) runs in Rasa's environment through `diet.py` beside this; without that environment its row is left out and the report says so.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.dialogue.process import rasa_python
from language import corpus
from language.analysis import Analyser
from language.corpus import Example
from language.evaluation import KEYWORDS, share
from language.linear import Head
from language.training import Dev, TrainingData, dev_examples, fit, linear_heads, mixed_heads, training_examples

DIET = Path(__file__).with_name("diet.py")


def _figures(scores: np.ndarray, emergency: np.ndarray, trap: np.ndarray) -> dict[str, Any]:
    """Recall where 8 and 20 % of the traps alarm, and the area under the curve between emergencies and traps."""
    from sklearn.metrics import roc_auc_score

    def recall(alarms: float) -> dict[str, Any]:
        order = np.sort(scores[trap])[::-1]
        limit = order[int(alarms * len(order))]
        return share(bool(s > limit) for s in scores[emergency])

    both = emergency | trap
    return {"at_8": recall(0.08), "at_20": recall(0.20), "auc_traps": round(float(roc_auc_score(emergency[both], scores[both])), 4)}


def _diet(train: Sequence[Example], test: Sequence[Example], progress: Callable[[str], None]) -> np.ndarray | None:
    """Rasa's confidence that each test sentence is an emergency; None where Rasa is not installed."""
    if not rasa_python().is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.json", Path(folder) / "out.json"
        sentences = {"train": [[e.text, e.is_emergency] for e in train], "test": [e.text for e in test]}
        source.write_text(json.dumps(sentences, ensure_ascii=False), encoding="utf-8")
        progress("comparison: training Rasa's classifier, which takes longest: twenty minutes with the corpus of 22 November, half of today's")
        subprocess.run([str(rasa_python()), str(DIET), str(source), str(target)], check=True, cwd=folder, capture_output=True)
        return np.array(json.loads(target.read_text(encoding="utf-8")))


def compare_models(
    data_dir: Path = corpus.FOLDER, analyser: Analyser | None = None, everyday: Path | None = None, progress: Callable[[str], None] = print
) -> dict[str, Any]:
    """Teach each model the `train` part and measure it on `test`; the mixed one also needs `dev`. Rasa's classifier takes longest."""
    analyser = analyser or Analyser.load()
    examples = corpus.read(data_dir)
    data = TrainingData(analyser, training_examples(examples, data_dir, everyday))
    dev = Dev(analyser, dev_examples(examples, everyday), data.mean)
    test = Dev(analyser, [e for e in examples if e.split == "test"], data.mean)
    progress("comparison: fitting")
    heads = linear_heads(data)
    scores: dict[str, np.ndarray] = {
        "keyword list": np.array([len(KEYWORDS.findall(e.text)) for e in test.examples], dtype=float),
        "letters and morphemes, linear": test.scores(heads["blind"], "blind")[:, 0],
        "encoder, linear": test.scores(encoder_head(data), "plain")[:, 0],
        "joined: encoder, letters, morphemes": test.scores(heads["plain"], "plain")[:, 0],
    }
    if dev.is_adapted:
        mixed = mixed_heads(heads, dev)["adapted"]
        scores["encoder with low-rank adapter"] = test.scores(Head(bias=mixed.bias, adapted=mixed.adapted))[:, 0]
        scores["all joined (shipped)"] = test.scores(mixed)[:, 0]
    if (diet := _diet(data.examples, test.examples, progress)) is not None:
        scores["Rasa's DIET"] = diet
    return {
        "n": len(test.examples),
        "trained_on": len(data.examples),
        "models": {name: _figures(values, test.emergency, test.trap) for name, values in scores.items()},
        "rasa": diet is not None,
    }


def encoder_head(data: TrainingData) -> Head:
    """A linear head over the plain vector alone."""
    x, weights, rows = data.joined(with_vectors=True)
    y = np.array([e.is_emergency for e in data.examples])[rows]
    model = fit(x[:, : len(data.mean)].toarray(), y, weights)
    return Head(bias=model.intercept_.astype(np.float32), dense=model.coef_.astype(np.float32))
