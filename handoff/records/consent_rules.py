"""Consents about a case's citizen, as data, and what follows from them. Pure: a record and a path, never a gate before help.

A guardian speaks for a child under fourteen; where the guardian is the danger the child's own words do; whoever cannot say anything is helped without,
with the name of who decided and a second person afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from handoff.queue_order import is_emergency


class Kind(StrEnum):
    """Whose word stands."""

    GUARDIAN = "guardian"  # a guardian of a child agrees, or does not
    CHILD = "child"  # the child's own words: the guardian is the danger, and is told nothing
    WITHOUT = "without"  # nobody could be asked: the decision of whoever helps


class Basis(StrEnum):
    """On what a record rests; ``docs/records.md`` names the sources."""

    UNDER_14 = "under_14"  # guardian and child, for a child under fourteen
    UNDER_9 = "under_9"  # guardian in the place of a child of eight or younger, in writing
    CHILD_IN_DANGER = "child_in_danger"  # urgent interest of life and body, in the child's own words
    RESCUE = "rescue"  # a rescue service or the police has asked
    VITAL = "vital"  # urgent interest of life and body, nobody to ask


#: Which bases a kind may have.
BASES = {
    Kind.GUARDIAN: (Basis.UNDER_14, Basis.UNDER_9),
    Kind.CHILD: (Basis.CHILD_IN_DANGER,),
    Kind.WITHOUT: (Basis.RESCUE, Basis.VITAL),
}
KINDS = {Kind.GUARDIAN: "보호자 동의", Kind.CHILD: "아동의 말로 충분 (보호자가 위험)", Kind.WITHOUT: "동의 없이 (의식 없음·구조)"}
BASIS_WORDS = {
    Basis.UNDER_14: "14세 미만 · 법정대리인 동의 (위치정보법 제25조, 개인정보 보호법 제22조의2)",
    Basis.UNDER_9: "8세 이하 · 보호의무자 서면 동의 (위치정보법 제26조)",
    Basis.CHILD_IN_DANGER: "급박한 생명·신체의 이익 · 아동 본인의 말 (개인정보 보호법 제15조 제1항 제5호)",
    Basis.RESCUE: "긴급구조기관·경찰의 요청 (위치정보법 제29조)",
    Basis.VITAL: "급박한 생명·신체의 이익 · 물어볼 수 없음 (개인정보 보호법 제15조 제1항 제5호)",
}
RELATIONS = {"parent": "부모", "grandparent": "조부모", "guardian": "후견인·시설장", "other": "그 밖의 법정대리인"}
#: How somebody's word came, and how it was made sure who they are.
WAYS = {"phone": "전화로 말함", "chat": "채팅으로 적음", "in_person": "직접 만남", "writing": "서면"}
#: What is read out or shown before the word is taken; a new wording is a new version.
TEXTS = {
    "guardian-1": (
        "지금 계신 아이의 위치와 연락처를 영사 상담관이 도우려고 씁니다. 긴급하면 관할 재외공관도 봅니다. 정확한 위치는 정해진 시간 뒤에 지웁니다. "
        "동의하지 않으셔도 위험할 때의 도움은 그대로입니다. 언제든 거두실 수 있습니다."
    ),
    "child-1": (
        "지금 있는 곳을 알려 주면 도와주는 사람들이 볼 수 있어요. 함께 사는 어른에게는 우리가 말하지 않아요. 정해진 시간이 지나면 지워요. "
        "싫으면 싫다고 말해도 돼요."
    ),
    "without-1": "본인에게 물을 수 없어 생명과 몸을 지키려고 위치와 연락처를 씁니다. 누가 왜 정했는지 남기고, 다른 사람이 나중에 확인합니다.",
}
VERSIONS = {Kind.GUARDIAN: "guardian-1", Kind.CHILD: "child-1", Kind.WITHOUT: "without-1"}


@dataclass(frozen=True)
class Consent:
    """One record, opened for somebody who may see the case."""

    id: int
    case_id: int
    kind: Kind
    basis: Basis
    text_version: str
    #: False: the guardian has been asked and does not agree.
    is_given: bool
    #: Relation and name of a guardian, the child's words, or why nobody was asked.
    who: str = field(repr=False)
    said: str = field(repr=False)
    way: str
    #: Whether the child agrees too.
    child_agrees: bool
    given_at: datetime
    written_by: int
    written_by_name: str
    written_at: datetime
    checked_by: int | None = None
    checked_by_name: str = ""
    checked_at: datetime | None = None
    #: What the second person said: agrees, or objects and why.
    is_agreed: bool | None = None
    objection: str = field(default="", repr=False)
    ended_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether nobody has taken it back."""
        return self.ended_at is None

    @property
    def waits(self) -> bool:
        """Whether a second person still has to look at it."""
        return self.kind is not Kind.GUARDIAN and self.checked_at is None and self.stands


def standing(consents: Iterable[Consent]) -> list[Consent]:
    """What counts, the newest first."""
    return sorted((one for one in consents if one.stands), key=lambda one: one.id, reverse=True)


def guardian_is_danger(consents: Iterable[Consent]) -> bool:
    """Whether the guardian must hear nothing."""
    return any(one.kind is Kind.CHILD and one.stands for one in consents)


def is_child(consents: Iterable[Consent]) -> bool:
    """Whether a child is spoken to, in words that a child understands."""
    return any(one.kind is not Kind.WITHOUT and one.stands for one in consents)


def may_ask_place(severity: str, consents: Iterable[Consent]) -> bool:
    """Whether an agent may ask for the place: always in an emergency; elsewhere not against a guardian's no, unless a later record says otherwise."""
    newest = next(iter(standing(consents)), None)
    return is_emergency(severity) or newest is None or newest.is_given
