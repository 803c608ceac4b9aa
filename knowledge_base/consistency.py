"""Whether what would be quoted is really what was asked for: checks of the value, its unit, its place and its rivals that need no model.

A wrong number, level, ban, fee or term costs a citizen more than no answer, so each of these checks may only turn an answer into an offer of titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from knowledge_base import conditions, kinds
from knowledge_base.index import Index
from knowledge_base.schemas import NoticeContent
from knowledge_base.search import Question, Ranked
from knowledge_base.words import subject_words
from language.entity import Entity
from language.missions import is_in_no_seat

#: Whether one may, and what happens to who does it all the same.
_BAN = re.compile(
    r"금지|반입|불법|위법|처벌|벌금|징역|허용|(?:가져|들고\s?|가지고\s?|들어)가도|들고\s?들어|가지고\s?들어|"
    r"(?:가|해|써|먹어|마셔|피워|보내|찍어)도\s?(?:되|돼|될|괜찮)|(?:쓸|갈|될|받을|할|보낼)\s?수\s?(?:있|없)|"
    r"되나|돼요|됩니까|되는지|안\s?되|가능한가|가능해|가능한지|가능합|가능\s?여부|못\s?(?:가|들어|하|받|쓰)|"
    r"allowed|\bban(?:s|ned)?\b|\bfined?s?\b|off.limits|forbidden|illegal|prohibit|can i\b|may i\b|is it (?:ok|safe)|"
    r"許され|禁止|できますか|いいですか|可以|能不能|允许|được không|có được|cấm",
    re.I,
)
#: Words of such things that are too common to say what is asked, and enough to be careful.
_VALUE = re.compile(
    r"번호|콜센터|전화\s?(?:좀|해|하|번)|결번|단계|등급|경보|달러|[만천]\s?원|\d\s?(?:원|불)|한도|환불|\d\s?면|막혀|막혔|허가|(?:도|면)\s?됐|"
    r"해\s?주나|(?:빌려|내|예약해)\s?주|면제|시기|마감|몇\s?시|용량|크기|픽셀|"
    r"\bnumber\b|\bphone\b|\blevel\b|dollar|\bpay\b|deadline|until when|by when|how long|"
    r"レベル|段階|ドル|円|いつまで|何日|多久|多少|几级|美元|đô|khi nào|bao nhiêu|bao lâu",
    re.I,
)
_CRITICAL_KINDS = frozenset({"fee", "phone", "duration", "date", "level"})
_MISSION_TAIL = re.compile(r"(?:총영사관|대사관|영사관|분관|출장소|대표부|공관|영사과|領事館|総領事館|大使館|领事馆|总领事馆|大使馆)$")
_NOUNS = ("NNG", "NNP")
_PLACES = ("country", "city", "mission", "date")
#: How long a thing may be used is another term than how long it takes.
_VALIDITY = re.compile(r"유효\s?기간|유효한\s?(?:기간|날)|만료일")
_VALID = re.compile(r"유효|만료|효력|쓸 수|\d+년(?:으로|짜리|간)")
_MISSION_WORD = re.compile(r"embassy|consulate|大使館|領事館|大使馆|领事馆|领馆|đại sứ quán|lãnh sự quán", re.I)
#: Said of any subject.
_NO_SUBJECT = frozenset(
    """
    여행 해외 외국 한국 나라 사람 우리 요즘 올해 작년 기준 당시 사용 가능 여기 거기 국가 지역 현지 정도 대략 보통 혹시 최대 며칠 기간 기한
    대표 번호 전화 전화번호 연락처 긴급 비상 당직 야간 새벽 주말 휴일 밤중 수수료 비용 요금 금액 가격 유효 단계 색깔 날짜 시간 시기 마감
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_PIECE = re.compile(r"\d+[가-힣]?|[가-힣]{2,}|[A-Za-z]{2,}")
_DIGITS, _HANGUL = re.compile(r"\d+"), re.compile(r"[가-힣]")
#: A number that may be the label of a row; a year is none.
_LABEL_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d+")
#: What stands before "전화번호" without naming anybody.
_NO_OWNER = frozenset(
    """
    전화 번호 연락처 긴급 비상 당직 대표 안내 상담 신고 신청 예약 서비스 핫라인
    문의 통화 콜센터 현지 한국 해외 외국 국제 무료 직통 사무실 담당 담당자 대사관 영사관
    총영사관 공관 영사 센터 급 밤 새벽 주말 휴일 야간 근무 사람 외교부 정부 나라 도움 통역 여기 거기 경찰 구급차 병원
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_BEFORE_NUMBER = re.compile(r"([가-힣A-Za-z]{2,})\s?(?:의\s?)?(?:(?:대표|긴급|비상|상담|문의|신고)\s?)?(?:전화\s?번호|전번|연락처|전화|번호)")


@lru_cache(maxsize=4096)
def is_critical(text: str) -> bool:
    """Whether a question is for a sum, a number to call, a term, a level, a ban or a count: what must not be answered wrongly."""
    return bool(kinds.counters_of(text) or _BAN.search(text) or _VALUE.search(text) or any(kind.name in _CRITICAL_KINDS for kind in kinds.asked(text)))


def is_off(index: Index, question: Question, ranked: Ranked, quotes: Sequence[str]) -> bool:
    """Whether the sentences of the first notice miss what is asked: no value of that kind or unit, somebody else's, or of another subject."""
    text, number = question.analysis.normalised, ranked.entries[0]
    wanted, said = kinds.asked(text), tuple(quotes)
    if kinds.is_unmet(wanted, said, text) or kinds.is_uncounted(text, said):
        return True
    # Where to ask today does not say what it cost back then.
    if question.period is not None and not kinds.is_given(tuple(kind for kind in wanted if kind.name == "fee"), said):
        return True
    if _VALIDITY.search(text) and not any(_VALID.search(quote) for quote in said):
        return True
    if any(kind.name == "phone" for kind in wanted) and (
        _is_of_somebody_else(index, question, number, said) or _is_another_line(index, question, number, said)
    ):
        return True
    if conditions.is_another_event(text, index.entries[number]) or conditions.is_sister(text, index.entries[number]):
        return True
    if question.period is None and conditions.is_elsewhere(question, index.entries[number], said):
        return True
    if not is_critical(text):
        return False
    if question.period is None and (kinds.is_beside(text, said) or conditions.is_opposite(text, said)):
        return True
    return (
        conditions.is_another_document(text, index.entries[number]) or conditions.is_another_paper(text, said) or _is_another_subject(index, question, number)
    )


def _is_another_subject(index: Index, question: Question, number: int) -> bool:
    """Whether none of the question's nouns stands in the notice, at most its place; of a country's alarm the country is the subject.

    Colloquial words alone are often other words for the same thing: without a place, two must be missing, of a question for a sum or a number to call.
    """
    if question.analysis.language != "ko" or question.period is not None:
        return False
    if conditions.is_of_alarm(index.entries[number].notice.content):
        return False
    places = [(entity.start, entity.end) for entity in question.analysis.entities if entity.kind in _PLACES]
    # Foreign letters are often only another spelling of a Korean word.
    tokens = [token for token in question.analysis.tokens if token.tag in _NOUNS and len(token.form) > 1]
    nouns = set(subject_words(t for t in tokens if not any(start <= t.start < end for start, end in places))) - _NO_SUBJECT
    wants = {kind.name for kind in kinds.asked(question.analysis.normalised)}
    enough = 1 if question.named else 2 if wants & {"fee", "phone"} else len(nouns) + 1
    return len(nouns) >= enough and not (nouns | set(question.other_words)) & (index.words_of(number) | set(index.title_words[number]))


def _is_of_somebody_else(index: Index, question: Question, number: int, quotes: tuple[str, ...]) -> bool:
    """Whether the number of a mission or an office is asked that these sentences do not name."""
    content = index.entries[number].notice.content
    missions = _missions(question)
    if missions and not any(_names(entity, content, quote) for entity in missions for quote in quotes):
        return True
    if question.analysis.language != "ko":
        # A mission is named in a way that we could not read ("駐英韓国大使館"): whose number it is, we do not know.
        return not missions and not question.named and bool(_MISSION_WORD.search(question.analysis.normalised))
    owner = _BEFORE_NUMBER.search(question.analysis.normalised)
    if owner is None:
        return False
    # The last noun before the number says whose it is: "이민국 전화번호" is not the embassy's.
    named = [(entity.start, entity.end) for entity in question.analysis.entities]
    whose = [token for token in question.analysis.tokens if token.tag in ("NNG", "NNP") and token.form in owner.group(1)]
    words = set(subject_words(token for token in whose if not any(start <= token.start < end for start, end in named))) - _NO_OWNER
    return bool(words) and not words & (index.words_of(number) | set(question.other_words))


def _is_another_line(index: Index, question: Question, number: int, quotes: tuple[str, ...]) -> bool:
    """Whether another line is given than was asked; the line of another mission in the same notice is none of the one asked about."""
    missions = _missions(question)
    stems = [stem for mission in missions for stem in _stems(mission)]
    own = [quote for quote in quotes if any(stem in quote for stem in stems)] or quotes
    others = [passage.text for passage in index.entries[number].passages] if missions else ()
    return conditions.is_another_line(question.analysis.normalised, own, others)


def _missions(question: Question) -> list[Entity]:
    return [entity for entity in question.analysis.entities if entity.kind == "mission"]


def _names(mission: Entity, content: NoticeContent, quote: str) -> bool:
    """Whether a sentence speaks of a mission: by its place ("로스앤젤레스"), as the question calls it, or as its country's only embassy."""
    if any(stem in quote or stem in content.title for stem in _stems(mission)):
        return True
    is_only = mission.value.endswith("대사관") and content.countries == (mission.country,) and not is_in_no_seat(mission.text, mission.country)
    return is_only and "대사관" in quote


def _stems(mission: Entity) -> set[str]:
    """What a sentence may call the place of a mission: as the question does, or as we do; where it has none ("취리히 영사관"), the embassy is not meant."""
    names = [mission.text.strip()] if is_in_no_seat(mission.text, mission.country) else [mission.text.strip(), mission.value.removeprefix("주")]
    return {stem for name in names if (stem := _MISSION_TAIL.sub("", name).strip())}


def named_row(text: str, rows: Sequence[str]) -> int | None:
    """The one row of a table whose label the question names best ("26면" of "10년 26면"); None where none stands out. What is no row is empty.

    In other languages the number alone names it ("26ページ").
    """
    scores = _how_named(text, rows)
    best = max(scores, default=(0, 0.0))
    return scores.index(best) if best[0] and scores.count(best) == 1 else None


def names_a_row(text: str, rows: Sequence[str]) -> bool:
    """Whether the question is about some row, though it may be unclear which: it names part of a label, or a number that may be of one."""
    return bool(_LABEL_NUMBER.search(text)) or any(named for named, _ in _how_named(text, rows))


def _how_named(text: str, rows: Sequence[str]) -> list[tuple[int, float]]:
    """How many pieces of each row's label the question names, and which part of them."""
    bare = re.sub(r"\s", "", text)
    numbers = frozenset() if _HANGUL.search(text) else frozenset(_DIGITS.findall(text))
    scores: list[tuple[int, float]] = []
    for row in rows:
        pieces = set(_PIECE.findall(row.split(":")[0]))
        named = sum(_stands_in(piece, bare) or bool(numbers & set(_DIGITS.findall(piece))) for piece in pieces)
        # Of two that are named alike, the one whose whole label is: "긴급여권" before "긴급여권(가족 위독 증빙)".
        scores.append((named, named / max(1, len(pieces))))
    return scores


def _stands_in(piece: str, bare: str) -> bool:
    """Whether the piece of a label stands there, a number as a whole one: "1" is not in "2016"."""
    return piece in bare and (not piece[0].isdigit() or re.search(rf"(?<!\d){piece}(?!\d)", bare) is not None)


def is_rival(index: Index, question: Question, ranked: Ranked, place: int, quotes: Sequence[str]) -> bool:
    """Whether the notice at this place of the ranking gives what is asked too, and says otherwise than these sentences."""
    text = question.analysis.normalised
    patterns = [counter.gives for counter in kinds.counters_of(text)] or [kind.gives for kind in kinds.asked(text) if kind.name in _CRITICAL_KINDS]
    mine, theirs = index.entries[ranked.entries[0]], index.entries[ranked.entries[place]]
    if not patterns or set(mine.notice.content.countries) != set(theirs.notice.content.countries):
        return False
    own = {_bare(match.group()) for pattern in patterns for quote in quotes for match in pattern.finditer(quote)}
    other = {_bare(match.group()) for pattern in patterns for passage in theirs.passages for match in pattern.finditer(passage.text)}
    return bool(other) and bool(own) and not other & own


def _bare(value: str) -> str:
    return re.sub(r"[\s,]", "", value)
