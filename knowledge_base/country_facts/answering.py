"""Answers from rows: the alarm level of a country with its highest region first, and its entry rules, each with source and date. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from conversation.schemas import SourceCard
from knowledge_base import phrases as common
from knowledge_base.country_facts import phrases
from knowledge_base.country_facts.asked import Asked, countries_named, what_is_asked
from knowledge_base.country_facts.changes import is_fresh, may_say_none
from knowledge_base.country_facts.facts import Alarm, EntryRule, Facts
from knowledge_base.opendata.catalogue import ALARM_SERVICES, SERVICES, TRAVEL_ALARMS
from knowledge_base.opendata.rows import rank
from knowledge_base.schemas import Answer, Outcome
from knowledge_base.search import Question

SITE = "https://www.0404.go.kr"
MOST_COUNTRIES = 3
#: A region's description is cut after so many characters; some of the ministry's run over a page.
MOST_REGION_CHARS = 240
#: Entry rules change less often than alarms.
ENTRY_HOLDS = timedelta(days=7)
#: Territories with a code of their own: an alarm of their state may hold for them, so that a missing row proves nothing.
TERRITORIES = frozenset({
    "AI", "AQ", "AS", "AW", "AX", "BL", "BM", "BQ", "BV", "CC", "CK", "CW", "CX", "EH", "FK", "FO", "GF", "GG", "GI", "GL",
    "GP", "GS", "GU", "HK", "HM", "IM", "IO", "JE", "KY", "MF", "MO", "MP", "MQ", "MS", "NC", "NF", "NU", "PF", "PM", "PN",
    "PR", "PS", "RE", "SH", "SJ", "SX", "TC", "TF", "TK", "TW", "UM", "VG", "VI", "WF", "XK", "YT",
})  # fmt: skip


def answer(facts: Facts, question: Question, now: datetime, hotline: str, max_chars: int) -> Answer | None:
    """The reply from rows; None: it asks for something else, or no synchronisation has ever brought such rows."""
    asked = what_is_asked(question)
    if asked is None:
        return None
    countries = _countries(question)
    language = common.spoken_language(question.analysis.language)
    if asked is Asked.ENTRY:
        rules = [facts.entry.get(country) for country in countries]
        found = [entry(rule, language, now, hotline) for rule in rules if rule is not None and _says_something(rule)]
        if not found or len(found) < len(rules):
            return None  # the notices may know more
        return _joined(found, max_chars)
    if not countries or not (any(name in facts.synced for name in ALARM_SERVICES) or any(country in facts.alarms for country in countries)):
        return None
    return _joined([alarm(facts, country, language, now, hotline) for country in countries], max_chars)


def unknown_alarm(question: Question, hotline: str) -> Answer | None:
    """That nobody can tell the alarm of a country at present, for who asks while neither rows nor notices know; None: something else is asked."""
    countries = _countries(question)
    if what_is_asked(question) is not Asked.ALARM or not countries:
        return None
    return _cannot_tell(countries[0], common.spoken_language(question.analysis.language), hotline)


def _countries(question: Question) -> tuple[str, ...]:
    asked_of = (countries_named(question) or ((question.here,) if question.here else ()))[:MOST_COUNTRIES]
    return tuple(country for country in asked_of if country != "KR")


def _cannot_tell(country: str, language: str, hotline: str) -> Answer:
    said = phrases.UNKNOWN[language].format(country=phrases.country_name(country, language), phone=hotline)
    return Answer(Outcome.ABSTAIN, said, quick_replies=(common.PERSON[language],), language=language, of_row=True)


def _joined(found: Sequence[Answer], max_chars: int) -> Answer:
    first = next((one for one in found if one.outcome is Outcome.ANSWERED), found[0])
    text = "\n\n".join(one.text for one in found)
    return Answer(
        first.outcome,
        text if len(text) <= max_chars else text[: max(1, max_chars - 1)].rstrip() + "…",
        notice_ids=tuple(number for one in found for number in one.notice_ids),
        source=first.source,
        quick_replies=first.quick_replies,
        score=first.score,
        language=first.language,
        of_row=first.of_row,
    )


def alarm(facts: Facts, country: str, language: str, now: datetime, hotline: str) -> Answer:
    """The alarm of one country: its rows; or that there is none, if that is certain; or that nobody can tell at present."""
    rows = _shown(facts.alarms.get(country, ()))
    person = (common.PERSON[language],)
    if not rows:
        name = phrases.country_name(country, language)
        certain = country not in TERRITORIES and may_say_none(facts.synced, now, TRAVEL_ALARMS, ALARM_SERVICES)
        if not certain:
            return _cannot_tell(country, language, hotline)
        checked = min(facts.synced[service] for service in ALARM_SERVICES if service in facts.synced)
        source = SERVICES[TRAVEL_ALARMS].source
        text = f"{phrases.NONE[language].format(country=name)} {phrases.source_line(source, None, checked, language)}"
        card = _card(country, "여행경보", "", f"{source} · {phrases.moment(checked, 'ko')} 확인")
        return Answer(Outcome.ANSWERED, text, (card.notice_id,), card, _next(person, language), 1.0, language)
    highest = rows[0]
    name = phrases.country_name(country, language, highest.country_name)
    levels = phrases.LEVELS[language]
    is_one_level = len({row.level for row in rows}) == 1
    is_whole = any(row.scope == "whole" or (row.scope == "unknown" and not row.region) for row in rows if row.level == highest.level)
    head = phrases.HIGHEST if not is_one_level else phrases.WHOLE if is_whole else phrases.PART
    lines = [head[language].format(country=name, level=levels[highest.level])]
    if not is_one_level or any(row.region for row in rows):
        lines += [_line(row, language) for row in rows]
    checked = min(row.fetched_at for row in rows)
    lines.append(phrases.source_line(highest.source, highest.written_on, checked, language))
    if not is_fresh(checked, now):
        lines.append(phrases.OLD[language].format(when=phrases.moment(checked, language), phone=hotline))
    written = highest.written_on.isoformat() if highest.written_on else ""
    card = _card(country, "여행경보", written, f"{highest.source} · {phrases.moment(checked, 'ko')} 확인", highest.country_name)
    return Answer(Outcome.ANSWERED, "\n".join(lines), (card.notice_id,), card, _next(person, language), 1.0, language)


def _next(person: tuple[str, ...], language: str) -> tuple[str, ...]:
    return person if language != "ko" else ()


def _shown(alarms: Sequence[Alarm]) -> list[Alarm]:
    """The rows that say something of their own, the most severe first: the lists of bans and advisories mostly repeat the first service."""
    primary = [row for row in alarms if row.service == TRAVEL_ALARMS]
    levels = {row.level for row in primary}
    return sorted([*primary, *(row for row in alarms if row.service != TRAVEL_ALARMS and row.level not in levels)], key=lambda row: -rank(row.level))


def _line(row: Alarm, language: str) -> str:
    where = row.region or (phrases.ALL if row.scope == "whole" else phrases.SOME)[language]
    if row.region and row.scope == "whole":
        where = f"{phrases.ALL[language]} – {row.region}"
    if len(where) > MOST_REGION_CHARS:
        where = where[: MOST_REGION_CHARS - 1].rstrip() + "…"
    written = "" if row.written_on is None else common.korean_date(row.written_on) if language == "ko" else row.written_on.isoformat()
    return f"· {phrases.LEVELS[language][row.level]}: {where}" + (f" ({written})" if written else "")


def _says_something(rule: EntryRule) -> bool:
    return bool(rule.ordinary or rule.ordinary_yn or rule.remark)


def entry(rule: EntryRule, language: str, now: datetime, hotline: str) -> Answer:
    """What a country asks of those who enter it, in the ministry's words."""
    name = phrases.country_name(rule.country, language, rule.country_name)
    free = {"Y": phrases.VISA_FREE, "N": phrases.VISA}.get(rule.ordinary_yn)
    parts = [part for part in (free[language] if free else "", rule.ordinary) if part]
    lines = [phrases.ENTRY[language].format(country=name, rule=" · ".join(parts) or rule.remark)]
    if language == "ko":
        lines += [f"{label}: {value}" for field, label in phrases.OTHER_PASSPORTS if (value := getattr(rule, field))]
        lines += [f"근거: {rule.basis}"] if rule.basis else []
    lines += [rule.remark] if rule.remark and parts else []
    lines.append(phrases.source_line(rule.source, rule.written_on, rule.fetched_at, language))
    if now - rule.fetched_at >= ENTRY_HOLDS:
        lines.append(phrases.OLD[language].format(when=phrases.moment(rule.fetched_at, language), phone=hotline))
    written = rule.written_on.isoformat() if rule.written_on else ""
    card = _card(rule.country, "입국허가요건", written, f"{rule.source} · {phrases.moment(rule.fetched_at, 'ko')} 확인", rule.country_name)
    return Answer(Outcome.ANSWERED, "\n".join(lines), (card.notice_id,), card, _next((common.PERSON[language],), language), 1.0, language)


def _card(country: str, what: str, written: str, source: str, given: str = "") -> SourceCard:
    kind = "alarm" if what == "여행경보" else "entry"
    return SourceCard(f"{phrases.country_name(country, 'ko', given)} {what}", written, SITE, source, f"fact:{kind}:{country}")
