"""The question that teaches triage: was it an emergency, how urgent, of what kind. Used in dialogs and on the review page."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.element import Element

from handoff.desk import words
from handoff.desk.elements import attributes, block, button, say
from handoff.reviews.schemas import Label
from language.categories import Category, Urgency

YES = (Urgency.LIFE_THREAT, Urgency.URGENT)
NO = (Urgency.NON_URGENT, Urgency.NONE)
MEANS = {
    Urgency.LIFE_THREAT: "지금 생명이나 몸이 위험하거나 붙잡혀 있음",
    Urgency.URGENT: "곧 사람이 봐야 함",
    Urgency.NON_URGENT: "급하지 않은 도움",
    Urgency.NONE: "일반 문의",
}
CATEGORIES = {category.value: category.label for category in Category}


class VerdictForm:
    """예 or 아니요, then the degree, then the kind. Nothing is chosen beforehand unless a ``label`` is given: a default would judge for people."""

    def __init__(self, *, label: Label | None = None, category: str | None = None, keys: bool = False, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._emergency: bool | None = label.was_emergency if label else None
        self._urgency: Urgency | None = label.urgency if label else None
        with block("div", "verdict", role="group", aria_label="응급이었나요?", data_verdict=""):
            say("p", "응급이었나요?", "question")
            with block("div", "choices"):
                self._answers = {
                    True: button("예", lambda: self._answer(True), classes="choice", hint="y" if keys else "", data_answer="yes"),
                    False: button("아니요", lambda: self._answer(False), classes="choice", hint="n" if keys else "", data_answer="no"),
                }
            if keys:
                attributes(self._answers[True], data_key="KeyY")
                attributes(self._answers[False], data_key="KeyN")
            with block("div", "choices degrees", role="group", aria_label="얼마나 급했나요?"):
                self._degrees: dict[Urgency, Element] = {
                    urgency: button(
                        f"{words.severity_shape(urgency)} {words.severity_word(urgency)}",
                        lambda urgency=urgency: self._degree(urgency),
                        classes="choice degree",
                        title=MEANS[urgency],
                        data_urgency=urgency.value,
                        **({"data_key": f"Digit{place}"} if keys else {}),
                    )
                    for degrees in (YES, NO)
                    for place, urgency in enumerate(degrees, 1)
                }
            self._means = say("p", "", "soft means")
            with block("div", "kind", data_category=""):
                self._category = ui.select(CATEGORIES, label="유형", value=label.category.value if label else category, on_change=lambda _: self._changed())
                self._category.props("outlined dense options-dense").classes("wide")
            self._problem = say("p", "", "verdict-problem", role="alert")
        self._show()

    def label(self, *, say_why_not: bool = True) -> Label | None:
        """What has been chosen; None, and a sentence, while something is missing."""
        missing = ""
        if self._emergency is None:
            missing = "응급이었는지 ‘예’나 ‘아니요’를 고르세요."
        elif self._urgency is None:
            missing = "얼마나 급했는지 고르세요."
        elif self._emergency and not self._category.value:
            missing = "유형을 고르세요."
        if say_why_not:
            self._problem.set_text(missing)
        if missing or self._urgency is None:
            return None
        return Label.of(self._urgency, str(self._category.value or Category.OTHER))

    @property
    def is_touched(self) -> bool:
        """Whether an answer has been given."""
        return self._emergency is not None

    def refuse(self, sentence: str) -> None:
        """Say why it could not be kept."""
        self._problem.set_text(sentence)

    def _answer(self, emergency: bool) -> None:
        if self._emergency is not emergency:
            # Of the two harmless degrees one is nearly always right; between the two emergencies a person has to choose.
            self._urgency = None if emergency else Urgency.NONE
        self._emergency = emergency
        self._show()
        self._changed()

    def _degree(self, urgency: Urgency) -> None:
        self._urgency = urgency
        self._show()
        self._changed()

    def _changed(self) -> None:
        self._problem.set_text("")
        self._on_change()

    def _show(self) -> None:
        for answer, element in self._answers.items():
            attributes(element, aria_pressed=str(self._emergency is answer).lower()).update()
        for urgency, element in self._degrees.items():
            element.set_visibility(self._emergency is not None and urgency.is_emergency == self._emergency)
            attributes(element, aria_pressed=str(self._urgency is urgency).lower()).update()
        self._means.set_text(MEANS[self._urgency] if self._urgency else "")
