"""Bends the encoder's last layers towards search: a question comes to lie near the passage that answers it (low-rank adaptation, on the CPU).

Every question is compared with the passages of all notices that hold at its time, not with a few sampled ones: the passages' vectors are computed with the
pairs as they stand, a few times an epoch, and only the question and its own passage carry gradients. Needs the extra `requirements/torch.in`; the pairs that
come out are committed and merged into the graph at set-up, where they cost nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from knowledge_base.evaluation import Case, load_cases
from knowledge_base.index import index_texts
from knowledge_base.ingest import read_path
from knowledge_base.notices import Force, force_table
from knowledge_base.passages import split_passages
from knowledge_base.past import asked_period
from knowledge_base.schemas import Notice, NoticeContent
from language.adapter import FOLDER, SEARCH
from language.analysis import encoder_text
from language.encoder_weights import PASSAGE_PREFIX
from language.lora import LoraEncoder, batches, steps
from language.morphology import Kiwi
from language.normalise import normalise

DATA = ROOT / "data" / "search"
QUESTIONS = DATA / "questions.jsonl"
OTHER_NOTICES = DATA / "other_notices.jsonl"
SEED = 20261122
EPOCHS = 4
BATCH = 32
RATE = 1e-3
TEMPERATURE = 0.03
REFRESHED = 3  # times an epoch that the passages' vectors are computed anew
#: Questions about every sixth of the other notices are learnt by nobody: they tell whether what is learnt holds for subjects never seen.
HELD_OUT = 6


@dataclass(frozen=True)
class Bank:
    """All passages that a question is compared with; row arrays are parallel."""

    notices: tuple[Notice, ...]
    texts: tuple[str, ...]
    owner: np.ndarray
    force: tuple[Force, ...]
    line: np.ndarray  # notices that replaced one another share a number

    @classmethod
    def of(cls, notices: Sequence[Notice]) -> Bank:
        """Cut and laid side by side as the index does, the title as a passage of its own."""
        table = force_table(notices)
        texts: list[str] = []
        owner: list[int] = []
        for number, notice in enumerate(notices):
            own = index_texts(notice, split_passages(notice.content.body))
            texts += own
            owner += [number] * len(own)
        place = {notice.id: number for number, notice in enumerate(notices)}
        line = np.arange(len(notices))
        for number, notice in enumerate(notices):
            for older in notice.content.supersedes:
                if older in place:
                    line[line == line[place[older]]] = line[number]
        return cls(tuple(notices), tuple(texts), np.array(owner), tuple(table[n.id, n.version] for n in notices), line)

    def allowed(self, case: Case, language: str, today: date) -> np.ndarray:
        """Which notices a question may be answered from, by its time."""
        period = asked_period(normalise(case.text), today, language)
        if period is None:
            return np.array([force.on(today) for force in self.force])
        if period.first is None or period.last is None:
            return np.array([not force.on(today) and force.start < today for force in self.force])
        return np.array([force.within(period.first, period.last) for force in self.force])


def read_notices() -> list[Notice]:
    """The notices that come with the program, and those written only to learn from."""
    found = [*read_path(ROOT / "data" / "notices"), *read_path(OTHER_NOTICES)]
    return [Notice(item) for item in found if isinstance(item, NoticeContent)]


def is_held_out(case: Case) -> bool:
    """Whether a question belongs to a notice that nobody learns."""
    number = case.expected[0].removeprefix("x-") if case.expected and case.expected[0].startswith("x-") else ""
    return bool(number) and sum(number.encode()) % HELD_OUT == 0


def _targets(bank: Bank, cases: Sequence[Case], today: date) -> tuple[np.ndarray, np.ndarray]:
    """For each question its right passages, and those that it is compared with: (questions, passages) each.

    What stands in the same line of succession as a right notice says nearly the same of another time, and is neither right nor wrong.
    """
    place = {notice.id: number for number, notice in enumerate(bank.notices)}
    right = np.zeros((len(cases), len(bank.texts)), dtype=bool)
    compared = np.zeros_like(right)
    for row, case in enumerate(cases):
        numbers = [place[name] for name in case.expected if name in place]
        open_to = bank.allowed(case, case.language, today)
        open_to[np.isin(bank.line, bank.line[numbers])] = False
        open_to[numbers] = True
        right[row] = np.isin(bank.owner, numbers)
        compared[row] = open_to[bank.owner]
    return right, compared


def _first(bank: Bank, scores: np.ndarray, compared: np.ndarray, cases: Sequence[Case]) -> float:
    """Share of questions whose nearest passage belongs to a right notice."""
    place = np.where(compared, scores, -np.inf).argmax(axis=1)
    return float(np.mean([bank.notices[bank.owner[p]].id in case.expected for p, case in zip(place, cases, strict=True)]))


def train_search(
    out_dir: Path = FOLDER,
    questions: Path = QUESTIONS,
    seed: int = SEED,
    epochs: int = EPOCHS,
    today: date | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Adapt on the written questions, and return what was measured on questions and notices that were not learnt; some ten minutes of two cores.

    :raises ModuleNotFoundError: without the extra of `requirements/torch.in`.
    """
    import torch

    started = time.monotonic()
    draw = np.random.default_rng(seed)
    today = today or date(2026, 11, 22)
    bank = Bank.of(read_notices())
    answered = [case for case in load_cases(questions) if case.expected]
    groups = {
        "learnt": [case for case in answered if not is_held_out(case)],
        "other_subjects": [case for case in answered if is_held_out(case)],
        "other_voices": [case for case in load_cases(split="train") if case.expected],
    }
    kiwi = Kiwi()
    model = LoraEncoder(seed)
    passages = model.below(bank.texts, PASSAGE_PREFIX)
    asked = {name: model.below([kiwi.spaced(encoder_text(normalise(case.text))) for case in cases]) for name, cases in groups.items()}
    marks = {name: _targets(bank, cases, today) for name, cases in groups.items()}
    progress(f"search: {len(groups['learnt'])} questions, {len(bank.texts)} passages of {len(bank.notices)} notices, frozen layers done")

    def measured(vectors: Any) -> dict[str, float]:
        out = {}
        for name in ("other_subjects", "other_voices"):
            scores = (model.settled(asked[name]) @ vectors.T).numpy() if groups[name] else np.zeros((0, len(bank.texts)))
            out[name] = round(_first(bank, scores, marks[name][1], groups[name]), 4) if groups[name] else 0.0
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
        total = 0.0
        drawn = batches(lengths, BATCH, draw)
        for number, batch in enumerate(drawn):
            if number % -(-len(drawn) // REFRESHED) == 0 and (epoch or number):
                settled = model.settled(passages)
            rows = torch.tensor(batch)
            vectors = model.vectors([asked["learnt"][i] for i in batch])
            # The right passage nearest to each question now is the one that is moved with it.
            own = torch.where(right[rows], vectors.detach() @ settled.T, torch.tensor(-2.0)).argmax(dim=1)
            moved = model.vectors([passages[int(i)] for i in own])
            scores = (vectors @ settled.T).index_put((torch.arange(len(batch)), own), (vectors * moved).sum(1)) / TEMPERATURE
            everything = scores.masked_fill(~compared[rows], -torch.inf).logsumexp(1)
            loss = (everything - scores.masked_fill(~right[rows], -torch.inf).logsumexp(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters, 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        settled = model.settled(passages)
        figures.append({"loss": round(total / len(drawn), 4), **measured(settled)})
        progress(f"search: epoch {epoch + 1} of {epochs} after {time.monotonic() - started:.0f} s: {figures[-1]}")
    model.adapter().save(out_dir / SEARCH)
    saved = {"seed": seed, "questions": len(groups["learnt"]), "passages": len(bank.texts), "numbers": model.adapter().size, "epochs": figures}
    (out_dir / "search.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    return saved
