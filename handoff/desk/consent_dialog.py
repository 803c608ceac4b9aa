"""Consents of a case: what stands, what a second person has to look at, and one form for each way of writing one down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from core.clock import now as clock_now
from handoff.desk import when, words
from handoff.desk.consent_words import detail, headline, state
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet, field
from handoff.records.consent_rules import BASES, BASIS_WORDS, KINDS, RELATIONS, TEXTS, VERSIONS, WAYS, Consent, Kind, guardian_is_danger
from handoff.records.consent_service import Guardian
from handoff.schemas import CaseCard


async def show_consents(floor: Floor, card: CaseCard) -> None:
    """Everything written down, and the three ways to write more, for whoever may write to the citizen."""
    with Sheet(floor.client, "동의 기록", "consents", is_wide=True) as sheet:
        say("p", words.case_label(card.case), "what")
        say("p", "위험하면 기다리지 마세요. 위험 신고와 긴급 상담의 위치는 동의 기록이 없어도 됩니다.", "soft")
        if guardian_is_danger(card.consents):
            say("p", "보호자가 위험한 사람입니다. 보호자에게 연락하거나 알리지 마세요.", "warning")
        if not card.consents:
            say("p", "적은 것이 없습니다.", "none")
        why = field("까닭 (반대하거나 거둘 때, 다섯 글자 이상)", "consent-why", lines=2) if any(one.stands for one in card.consents) else None
        with block("ul", "rows", role="list"):
            for one in reversed(card.consents):
                _row(floor, sheet, one, why)
        if card.may_write and card.case.status != "closed":
            with block("div", "dialog-buttons", role="group", aria_label="새로 적기"):
                if not guardian_is_danger(card.consents):
                    button("보호자에게 물었음", _after(sheet, lambda: _ask_guardian(floor, card)), classes="small", data_action="consent-guardian")
                button("보호자가 위험한 아동", _after(sheet, lambda: _ask_child(floor, card)), classes="small", data_action="consent-child")
                button("본인에게 물을 수 없음", _after(sheet, lambda: _ask_without(floor, card)), classes="small", data_action="consent-without")
        sheet.foot("", None)


def _after(sheet: Sheet, then: Callable[[], None]) -> Callable[[], None]:
    def press() -> None:
        sheet.close()
        then()

    return press


def _row(floor: Floor, sheet: Sheet, one: Consent, why: Any) -> None:
    with block("li", "row-line", data_consent=one.id), block("div"):
        say("b", headline(one))
        if one.said:
            say("p", one.said, "words")
        say("p", detail(one), "soft")
        written = f"{one.written_by_name or '동료'} 님이 {when.said(one.written_at, clock_now())} 적음"
        say("p", " · ".join(part for part in (written, state(one)) if part), "soft")
        if not one.stands or why is None:
            return

        async def agree() -> str | None:
            await floor.do.consents.check(one.id, is_agreed=True)
            return None

        async def object_to() -> str | None:
            await floor.do.consents.check(one.id, is_agreed=False, objection=why.value or "")
            return None

        async def end() -> str | None:
            await floor.do.consents.end(one.id, why.value or "")
            return None

        acts: list[tuple[str, Act, str]] = [("거두기", end, "consent-end")]
        if one.waits and one.written_by != floor.viewer.id:
            acts = [("확인했습니다", agree, "consent-agree"), ("반대", object_to, "consent-object"), *acts]
        with block("div", "dialog-buttons"):
            for label, act, code in acts:
                button(label, _presser(sheet, act), classes="small", data_action=code)


def _presser(sheet: Sheet, act: Act) -> Callable[[], Any]:
    return lambda: sheet.run(act)


def _choice(options: dict[str, str], label: str, code: str) -> Any:
    made = ui.select(options, value=next(iter(options)), label=label)
    return made.props(f"outlined dense options-dense data-field={code}").classes("wide")


def _read_out(kind: Kind) -> None:
    say("p", "먼저 이렇게 말하세요.", "soft")
    say("p", TEXTS[VERSIONS[kind]], "words")


def _ask_guardian(floor: Floor, card: CaseCard) -> None:
    with Sheet(floor.client, KINDS[Kind.GUARDIAN], "consent-guardian", is_wide=True) as sheet:
        say("p", "보호자가 위험한 사람일 수 있으면 묻지 말고 ‘보호자가 위험한 아동’을 적으세요.", "warning")
        _read_out(Kind.GUARDIAN)
        basis = _choice({one.value: BASIS_WORDS[one] for one in BASES[Kind.GUARDIAN]}, "아동의 나이", "basis")
        relation = _choice(RELATIONS, "관계", "relation")
        way = _choice(WAYS, "어떻게 확인했나요", "way")
        name = field("이름 (알면)", "guardian-name", most=100)
        child = ui.checkbox("아동 본인도 좋다고 했습니다").props("data-field=child-agrees")

        def form(is_given: bool) -> Guardian:
            return Guardian(str(basis.value), str(relation.value), str(way.value), name.value or "", is_given, bool(child.value))

        async def given() -> str | None:
            await floor.do.consents.guardian(card.case.id, form(True))
            floor.tell("보호자가 동의한 것을 적었습니다.")
            return None

        async def refused() -> str | None:
            await floor.do.consents.guardian(card.case.id, form(False))
            floor.tell("보호자가 동의하지 않은 것을 적었습니다.", "info")
            return None

        sheet.foot("동의함", given, cancel="취소", others={"동의하지 않음": refused})


def _ask_child(floor: Floor, card: CaseCard) -> None:
    with Sheet(floor.client, KINDS[Kind.CHILD], "consent-child", is_wide=True) as sheet:
        say("p", "보호 표시를 하고 책임자에게 알립니다. 보호자에게는 아무것도 알리지 않습니다. 아동이 답하지 못해도 도움은 그대로 이어 가세요.")
        _read_out(Kind.CHILD)
        said = field("아동이 한 말 (그대로)", "child-words", lines=3)

        async def act() -> str | None:
            await floor.do.consents.child(card.case.id, said.value or "")
            floor.tell("적었습니다. 보호 표시를 하고 책임자에게 알렸습니다.")
            return None

        sheet.foot("적기", act, cancel="취소")


def _ask_without(floor: Floor, card: CaseCard) -> None:
    with Sheet(floor.client, KINDS[Kind.WITHOUT], "consent-without", is_wide=True) as sheet:
        say("p", TEXTS[VERSIONS[Kind.WITHOUT]], "words")
        say("p", "정한 사람은 나입니다. 다른 사람이 나중에 확인합니다.", "soft")
        basis = _choice({one.value: BASIS_WORDS[one] for one in BASES[Kind.WITHOUT]}, "근거", "basis")
        agency = field("요청한 기관 (긴급구조기관·경찰의 요청일 때)", "agency", most=100)
        why = field("왜 본인에게 물을 수 없었나요", "why", lines=3)

        async def act() -> str | None:
            await floor.do.consents.without(card.case.id, str(basis.value), why.value or "", agency.value or "")
            floor.tell("적었습니다. 다른 사람이 확인해야 합니다.")
            return None

        sheet.foot("적기", act, cancel="취소")
