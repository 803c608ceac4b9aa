"""Whether a low-rank adapter for search would pay: the encoder's last layers bent so that a question lies nearer to the passage that answers it.

``python -m bench.search_adapter`` (needs the extra `requirements/torch.in`; a quarter of an hour of two cores). Questions carry the gradients; passages are
held where they were, since two sides that move together fell into one point. The figures, and why no such adapter is shipped: docs/knowledge.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from knowledge_base.evaluation import load_cases
from knowledge_base.learning import OTHER, QUESTIONS, Bank, read_notices
from language.analysis import encoder_text
from language.encoder_weights import PASSAGE_PREFIX
from language.lora import LoraEncoder, batches, steps
from language.morphology import Kiwi
from language.normalise import normalise

SEED = 20261122
EPOCHS = 3
BATCH = 32
RATE = 5e-4
TEMPERATURE = 0.03
KEPT = 12  # passages a step that are held where they were
KEEPING = 20.0  # what a passage's drift (one minus cosine) costs beside the loss


def measure(today: date, seed: int = SEED, epochs: int = EPOCHS, progress: Callable[[str], None] = print) -> list[dict[str, float]]:
    """Adapt on the questions about the notices that come with the program; after each epoch, how often the nearest passage is right for other people's
    questions about them, and for questions about other notices.

    :raises ModuleNotFoundError: without the extra.
    """
    import torch

    started = time.monotonic()
    draw = np.random.default_rng(seed)
    bank = Bank.of(read_notices(others=True))
    answered = [case for case in load_cases(QUESTIONS) if case.expected]
    groups = {
        "learnt": [case for case in answered if not case.expected[0].startswith(OTHER)],
        "other_subjects": [case for case in answered if case.expected[0].startswith(OTHER)],
        "other_voices": [case for case in load_cases(split="train") if case.expected],
    }
    kiwi = Kiwi()
    model = LoraEncoder(seed)
    passages = model.below(bank.texts, PASSAGE_PREFIX)
    asked = {name: model.below([kiwi.spaced(encoder_text(normalise(case.text))) for case in cases]) for name, cases in groups.items()}
    marks = {name: bank.targets(cases, today) for name, cases in groups.items()}
    progress(f"search: {len(groups['learnt'])} questions, {len(bank.texts)} passages of {len(bank.notices)} notices, frozen layers done")

    def measured(vectors: Any) -> dict[str, float]:
        out: dict[str, float] = {}
        for name in ("other_subjects", "other_voices"):
            scores = (model.settled(asked[name]) @ vectors.T).numpy()
            out[name] = round(bank.first(scores, marks[name][1], groups[name]), 4)
        return out

    settled = model.settled(passages)
    figures = [measured(settled)]
    progress(f"search: before: {figures[0]}")
    right, compared = (torch.tensor(m) for m in marks["learnt"])
    lengths = np.array([len(b) for b in asked["learnt"]])
    optimiser = torch.optim.AdamW(model.parameters, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * steps(len(lengths), BATCH), pct_start=0.1)
    for epoch in range(epochs):
        model.bert.train()
        total = drift = 0.0
        drawn = batches(lengths, BATCH, draw)
        for batch in drawn:
            rows = torch.tensor(batch)
            scores = (model.vectors([asked["learnt"][i] for i in batch]) @ settled.T) / TEMPERATURE
            everything = scores.masked_fill(~compared[rows], -torch.inf).logsumexp(1)
            loss = (everything - scores.masked_fill(~right[rows], -torch.inf).logsumexp(1)).mean()
            kept = draw.choice(len(passages), KEPT, replace=False)
            away = (1 - (model.vectors([passages[i] for i in kept]) * settled[kept]).sum(1)).mean()
            optimiser.zero_grad()
            (loss + KEEPING * away).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters, 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
            drift += float(away.detach())
        figures.append({"loss": round(total / len(drawn), 4), "drift": round(drift / len(drawn), 4), **measured(model.settled(passages))})
        progress(f"search: epoch {epoch + 1} of {epochs} after {time.monotonic() - started:.0f} s: {figures[-1]}")
    return figures


if __name__ == "__main__":
    from core import clock
    from knowledge_base.notices import today_in_seoul

    print(json.dumps(measure(today_in_seoul(clock.now()))))
