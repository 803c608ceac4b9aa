"""Answers before and after, and what changed between two texts, each by a shape and a word beside its colour."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge_base.desk import words
from knowledge_base.desk.elements import block, say
from knowledge_base.editing.schemas import Change, ChangedAnswer, Run, Said, TestQuestion
from knowledge_base.schemas import Outcome

VERDICTS = {
    "better": ("▲", "좋아짐"),
    "worse": ("▼", "나빠짐"),
    "other_words": ("◆", "말이 바뀜"),
    "still_wrong": ("✕", "여전히 다른 답"),
    "same": ("＝", "그대로"),
}
MOST_CHARS = 400


def verdict_of(change: ChangedAnswer) -> str:
    """How an answer changes; the same answer twice is told apart from one that only moved."""
    if change.before == change.after:
        return "same" if change.after_right else "still_wrong"
    return change.verdict


def asked(question: TestQuestion) -> str:
    """A question with the country that it was asked from."""
    return question.text + (f" ({words.country_name(question.country)}에서)" if question.country else "")


def mark(verdict: str) -> None:
    """The verdict as a shape and a word."""
    shape, word = VERDICTS[verdict]
    with block("span", f"verdict-mark is-{verdict}"):
        say("span", shape, aria_hidden="true")
        say("span", word)


def said(answer: Said, label: str) -> None:
    """One answer: how it ended, out of which notice, in which words."""
    with block("div", "said-once"):
        with block("p", "said-head"):
            say("span", label, "said-label")
            say("span", words.OUTCOMES.get(Outcome(answer.outcome), answer.outcome), "flag")
            if answer.title:
                say("span", f"「{answer.title}」", "said-title")
        say("p", answer.text if len(answer.text) <= MOST_CHARS else answer.text[: MOST_CHARS - 1] + "…", "said-text")


def show_changes(changes: Sequence[ChangedAnswer]) -> None:
    """Every question whose answer changes, what is lost first."""
    order = {"worse": 0, "still_wrong": 1, "other_words": 2, "better": 3, "same": 4}
    with block("ul", "changes", role="list"):
        for change in sorted(changes, key=lambda one: order[verdict_of(one)]):
            with block("li", "change", data_change=change.question.id):
                with block("p", "change-head"):
                    mark(verdict_of(change))
                    say("strong", asked(change.question))
                with block("div", "before-after"):
                    said(change.before, "지금")
                    said(change.after, "게시하면")


def show_diff(changes: Sequence[Change]) -> None:
    """Fields that differ; in title and body word by word."""
    if not changes:
        say("p", "다른 곳이 없습니다.", "soft")
    for change in changes:
        with block("section", "diff-field", data_field=change.field):
            say("h3", change.label)
            if change.words:
                with block("p", "diff-text"):
                    for run in change.words:
                        if run.run is Run.SAME:
                            say("span", run.text)
                        else:
                            gone = run.run is Run.GONE
                            with block("del" if gone else "ins", aria_label=f"{'지움' if gone else '더함'}: {run.text}"):
                                say("span", run.text)
            else:
                with block("p", "diff-text"):
                    with block("del", aria_label=f"전: {change.old or '없음'}"):
                        say("span", change.old or "없음")
                    say("span", " → ")
                    with block("ins", aria_label=f"뒤: {change.new or '없음'}"):
                        say("span", change.new or "없음")
