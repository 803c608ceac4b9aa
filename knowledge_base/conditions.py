"""Whether what would be quoted holds for the place, the condition and the line that were asked: "하노이" is not 호찌민, paper is not online, 당직 is not 대표.

Like ``consistency``: needs no model, and may only turn an answer into an offer of titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from knowledge_base import kinds
from knowledge_base.index import Entry
from knowledge_base.schemas import NoticeContent
from knowledge_base.search import Question
from language.gazetteer import names_in

ALARM_TOPICS = frozenset({"travel-alarm", "travel-ban", "special-advisory"})
#: A shorter name is too often part of another word ("나가", "수단"), and nothing tells in a notice that a place is meant.
_SHORTEST_NAME = 3
_OFFICE = re.compile(r"\s*(?:총영사관|대사관|영사관|분관|출장소|대표부|대표사무소)$")
_PLACES = ("country", "city", "mission")
#: Events of a life that are each other's counterpart.
_EVENTS = ((re.compile(r"결혼|혼인"), re.compile(r"이혼")), (re.compile(r"출생"), re.compile(r"사망")))
#: Either or: who asks about the one is not answered by what holds for the other.
_OPPOSITES = _EVENTS + tuple(
    (re.compile(one), re.compile(other))
    for one, other in (
        (r"종이|창구에서|방문(?:해|하여|접수|신청)|직접\s?가", r"온라인|인터넷|전자\s?아포스티유|누리집에서|모바일"),
        (r"미성년|어린이|아이|아기|애기|초등|중학생|고등학생|유아|(?<!\d)\d살", r"성인|어른"),
        (r"단수\s?여권", r"복수\s?여권|10년|5년"),
        (r"평일", r"주말|휴일|공휴일|토요일|일요일"),
        (r"초청", r"취업"),
        (r"왕복", r"편도"),
        (r"개인", r"단체|법인"),
    )
)
#: Sisters: who asks about one is not answered by a notice that names only others of the set, whatever kind of thing is asked.
_SISTERS = tuple(
    tuple(re.compile(member, re.I) for member in members)
    for members in (
        (r"영주권", r"시민권"),
        (r"카카오톡|카톡", r"(?<!온)(?<!프)라인", r"위챗", r"텔레그램", r"왓츠앱", r"페이스북", r"인스타"),
        (r"(?:대통령|국회의원)\s?(?:재외\s?)?선거|대선|총선", r"지방\s?선거|교육감", r"우편\s?투표"),
        (r"픽셀|pixel", r"센[치티]|(?<![a-z])[cm]m(?![a-z])|\d\.\d\s?x\s?\d"),
        (r"위안화", r"엔화|(?<![가-힣])엔(?![가-힣])", r"유로", r"달러"),
    )
)
#: The same of what is named by a number: the class of a visa, the pages of a passport.
_NUMBERED_SISTERS = (re.compile(r"(?<![a-z])([a-h])-?(\d)(?!\d)", re.I), re.compile(r"(?<!\d)(\d+)\s?(면)(?![접허세담회적])"))
#: By letter, where the notice only tells a number to call.
_BY_MAIL, _BY_PHONE = re.compile(r"이메일|메일\s?주소|e-?mail", re.I), re.compile(r"전화|\d{3,4}-\d{4}")
_MEN, _WOMEN = re.compile(r"남자(?!\s?친구)|남성|아들"), re.compile(r"여자(?!\s?친구)|여성|딸")
#: What makes another document of it: an international licence is issued elsewhere, and costs something else.
_DOCUMENT = r"\s?(?=(?:운전\s?)?면허|여권|비자|사증|증명서|수첩)"
_QUALIFIED = re.compile(rf"(국제|관용|외교관|거주|급행|영문|선원|취업|유학|학생|관광|결혼|상용|은퇴|투자|도착|워킹\s?홀리데이|동반){_DOCUMENT}")
#: "무비자" is a way to enter, no paper.
_PAPER = re.compile(r"여권|(?<!무)비자|사증|면허|증명서|등본|위임장")
_MAIN_LINE = re.compile(r"대표\s?(?:전화|번호)|main (?:line|number)|代表電話|代表番号")
_NIGHT_LINE = re.compile(r"당직|근무\s?시간\s?(?:뒤|외|이후|밖)|긴급|비상|야간|밤에|새벽|휴일|주말|emergency|after hours|緊急|夜间|紧急")
_NUMBER = re.compile(r"\+?\d[\d-]{6,}\d")
#: So many letters before a number say what line it is.
_ROLE_LETTERS = 26


def is_elsewhere(question: Question, entry: Entry, quotes: Sequence[str]) -> bool:
    """Whether a place is asked that the notice does not name, while it speaks of another; of alarms there are lists and maps, with checks of their own."""
    content = entry.notice.content
    places = [entity for entity in question.analysis.entities if entity.kind in _PLACES and entity.country and entity.country != "KR"]
    if not places or is_of_alarm(content):
        return False
    said = f"{content.title} {content.body}"
    if any(name in said for entity in places for name in (_bare_name(entity.text), _bare_name(entity.value)) if len(name) > 1 and not name.isascii()):
        return False
    if {entity.value for entity in places} & {name for _, name, _ in _places_told(content.title, content.body)}:
        return False
    asked = {entity.country for entity in places}
    told = _places_told(content.title, *quotes)
    if not asked & set(content.countries):
        return bool(content.countries) or any(country not in asked for country, _, _ in told)
    return all(entity.kind == "city" for entity in places) and any(is_city and country in asked for country, _, is_city in told)


def _bare_name(place: str) -> str:
    """A mission's place; any other name as it is."""
    return _OFFICE.sub("", place.strip().removeprefix("주") if _OFFICE.search(place) else place).strip()


@lru_cache(maxsize=4096)
def _places_told(*texts: str) -> frozenset[tuple[str, str, bool]]:
    """The places that are named, by country and name, each with whether it is a city."""
    return frozenset(
        (place.country, place.country if place.kind == "country" else place.name, place.kind == "city")
        for text in texts
        for start, end, place in names_in(text)
        if place.country != "KR" and end - start >= _SHORTEST_NAME and not place.is_ambiguous
    )


def is_opposite(text: str, quotes: Sequence[str]) -> bool:
    """Whether the one is asked, and those sentences that give what is asked for hold for the other."""
    patterns = [kind.gives for kind in kinds.asked(text) if kind.is_needed]
    values = [quote for quote in quotes if any(pattern.search(quote) for pattern in patterns)]
    if not values:
        return False
    return any(
        asked.search(text) and not other.search(text) and any(other.search(quote) for quote in values) and not any(asked.search(quote) for quote in values)
        for pair in _OPPOSITES
        for asked, other in (pair, pair[::-1])
    )


def is_of_alarm(content: NoticeContent) -> bool:
    """Whether a notice is about travel alarms, bans or advisories."""
    return bool(ALARM_TOPICS & set(content.topics))


def is_sister(text: str, entry: Entry) -> bool:
    """Whether the question names a member of a closed set, and the notice only others of it: an F-5 is no F-4, 48 pages are not 58."""
    content = entry.notice.content
    said = f"{content.title} {content.body}"
    named = [(_members(one, text), _members(one, said)) for one in _SISTERS]
    named += [(_numbered(one, text), _numbered(one, said)) for one in _NUMBERED_SISTERS]
    # In the body men may be named as those whom a rule does not spare; in the title it is theirs.
    named += [(_members((_MEN, _WOMEN), text), _members((_MEN, _WOMEN), content.title))]
    by_mail = bool(_BY_MAIL.search(text)) and not re.search(r"이메일|메일|전자우편|@", said) and bool(_BY_PHONE.search(said))
    return by_mail or any(asked and told and not asked & told for asked, told in named)


def _members(sisters: Sequence[re.Pattern[str]], text: str) -> frozenset[str]:
    return frozenset(one.pattern for one in sisters if one.search(text))


def _numbered(sisters: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset("".join(match).lower() for match in sisters.findall(text))


def is_another_event(text: str, entry: Entry) -> bool:
    """Whether one event of life is asked and the notice is about its counterpart, never naming it: a marriage's report is no divorce's."""
    content = entry.notice.content
    said = f"{content.title} {content.body}"
    return any(
        asked.search(text) and not other.search(text) and other.search(said) and not asked.search(said)
        for pair in _EVENTS
        for asked, other in (pair, pair[::-1])
    )


def is_another_document(text: str, entry: Entry) -> bool:
    """Whether a value is asked of a kind of passport, visa, licence or certificate that the notice never speaks of."""
    asked = {match.group(1) for match in _QUALIFIED.finditer(text)} if any(kind.is_needed for kind in kinds.asked(text)) else set()
    content = entry.notice.content
    return bool(asked) and not any(qualifier in content.title or qualifier in content.body for qualifier in asked)


def is_another_paper(text: str, quotes: Sequence[str]) -> bool:
    """Whether a sum or a term of one kind of paper is asked, and all sentences that give one name only others ("비자" is not "여권")."""
    patterns = [kind.gives for kind in kinds.asked(text) if kind.name in ("fee", "duration")]
    asked = _papers_in(text)
    named = [_papers_in(quote) for quote in quotes if any(pattern.search(quote) for pattern in patterns)]
    return bool(asked and named) and all(papers and not papers & asked for papers in named)


def _papers_in(text: str) -> frozenset[str]:
    return frozenset(_PAPER.findall(text))


def is_another_line(text: str, quotes: Sequence[str], others: Sequence[str] = ()) -> bool:
    """Whether a mission's main number is asked and only its emergency line is given, or the other way round.

    ``others``: the notice's further sentences. Where they call a line that of the night, a number without such a word is none.
    """
    roles, other_roles = _roles(quotes), _roles(others)
    if not roles:
        return False
    if _MAIN_LINE.search(text) and not _NIGHT_LINE.search(text):
        return all(map(_is_night, roles))
    if not _NIGHT_LINE.search(text) or any(map(_NIGHT_LINE.search, roles)):
        return False
    return any(map(_is_night, other_roles)) or all(map(_MAIN_LINE.search, roles))


def _roles(quotes: Sequence[str]) -> list[str]:
    """What stands before each number."""
    return [quote[max(0, match.start() - _ROLE_LETTERS) : match.start()] for quote in quotes for match in _NUMBER.finditer(quote)]


def _is_night(role: str) -> bool:
    return bool(_NIGHT_LINE.search(role)) and not _MAIN_LINE.search(role)
