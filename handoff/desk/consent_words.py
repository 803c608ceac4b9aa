"""A consent in words, for the strip, the place pane, the dialog and the list of what waits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handoff.records.consent_rules import BASIS_WORDS, KINDS, WAYS, Consent, Kind, guardian_is_danger, may_ask_place, standing


def headline(one: Consent) -> str:
    """What was said, by whom."""
    if one.kind is Kind.GUARDIAN:
        answer = "동의함" if one.is_given else "동의하지 않음"
        child = " · 아동도 동의함" if one.is_given and one.child_agrees else ""
        return f"보호자 {answer}{f' ({one.who})' if one.who else ''}{child}"
    if one.kind is Kind.WITHOUT:
        return f"{KINDS[one.kind]}{f' · {one.who}의 요청' if one.who else ''}"
    return KINDS[one.kind]


def state(one: Consent) -> str:
    """Whether it stands, and what the second person said."""
    if not one.stands:
        return "거두었음"
    if one.kind is Kind.GUARDIAN:
        return ""
    if one.checked_at is None:
        return "책임자의 확인이 필요합니다" if one.kind is Kind.CHILD else "다른 사람의 확인이 필요합니다"
    return f"{one.checked_by_name or '동료'} 님이 {'확인함' if one.is_agreed else '반대함: ' + one.objection}"


def detail(one: Consent) -> str:
    """On what it rests, how it came, and in which version of the words."""
    return " · ".join(part for part in (BASIS_WORDS[one.basis], WAYS.get(one.way, ""), f"문구 {one.text_version}") if part)


def pending_lines(severity: str, consents: Sequence[Consent]) -> list[tuple[str, str]]:
    """What must not be overlooked at the case: a code for its shape and a sentence, the gravest first."""
    found: list[tuple[str, str]] = []
    if guardian_is_danger(consents):
        found.append(("guarded", "보호자가 위험한 사람인 아동입니다. 보호자에게 연락하거나 알리지 마세요. 아동의 말로 충분합니다."))
    if not may_ask_place(severity, consents):
        found.append(("consent", "보호자가 위치에 동의하지 않았습니다. 위험하지 않으면 위치를 묻지 마세요."))
    newest = standing(consents)
    if waiting := [one for one in newest if one.waits]:
        found.append(("consent", f"{headline(waiting[0])}: {state(waiting[0])}."))
    elif newest and not found:
        found.append(("consent", headline(newest[0])))
    return found
