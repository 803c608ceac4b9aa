"""Agents' canned texts: which stand today, which have run out, how they are found, and what they say in one case. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from knowledge_base import phrases
from knowledge_base.notices import Force, day_after, force_table
from knowledge_base.passages import split_passages
from knowledge_base.schemas import OFFICIAL, Hit, Notice, NoticeContent, NoticeStatus
from knowledge_base.slots import Found, Slot, quoted_ids, slots

#: A longer notice is quoted by its first sentences, and its link tells the rest.
MOST_QUOTE_CHARS = 700
_CHOSEONG = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_INITIALS = re.compile(f"[{_CHOSEONG}]+")
#: A syllable that is still being composed after whole ones says nothing yet.
_HALF_SYLLABLE = re.compile(r"(?<=[가-힣])[ㄱ-ㅎㅏ-ㅣ]$")
NO_MISSION = "관할 공관을 하나로 정하지 못했습니다. 나라와 위치를 확인하거나 공관 이름을 직접 적으세요."
NO_PHONE = "확인된 공관 전화번호가 없습니다. 확인한 번호를 직접 적거나 그 줄을 지우세요."
NO_NOTICE = "‘{id}’ 공지를 찾을 수 없습니다. 게시되지 않았거나 철회된 공지입니다. 그 줄을 지우세요."


@dataclass(frozen=True)
class Standing:
    """A record as it stands on a day: in force, or past its time with nothing in its place (``ended``: the first day it no longer held)."""

    content: NoticeContent
    version: int
    force: Force
    ended: date | None = None

    @property
    def id(self) -> str:
        """The record's id."""
        return self.content.id

    @property
    def quotes(self) -> tuple[str, ...]:
        """The notices that its text quotes."""
        return quoted_ids(self.content.body)


@dataclass(frozen=True)
class CaseFacts:
    """What a text may say of one case; what is not known, or not checked, is empty."""

    number: int
    today: date
    hotline: str
    mission: str = ""
    mission_phone: str = ""


@dataclass(frozen=True)
class Filled:
    """A text for one case. What could not be filled stays in its braces with a sentence in ``problems``; ``stale`` says what has run out."""

    text: str
    problems: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


def standing(notices: Iterable[Notice], today: date) -> list[Standing]:
    """Of each id the version that holds today, else the last one when nothing replaced it and nobody withdrew it."""
    official = sorted((n for n in notices if n.status in OFFICIAL), key=lambda n: (n.id, n.version))
    table = force_table(official)
    found: list[Standing] = []
    for _, group in groupby(official, key=lambda n: n.id):
        started = [n for n in group if table[n.id, n.version].start <= today]
        held = [n for n in started if table[n.id, n.version].on(today)]
        if held:
            found.append(_standing(held[-1], table))
        elif started and started[-1].status in (NoticeStatus.PUBLISHED, NoticeStatus.EXPIRED):
            found.append(_standing(started[-1], table, is_over=True))
    return found


def last_words(notices: Iterable[Notice], ids: Iterable[str], today: date) -> dict[str, Standing]:
    """What each of these notices says, or last said, whatever has replaced it since; one that never held is missing."""
    official = sorted((n for n in notices if n.status in OFFICIAL), key=lambda n: (n.id, n.version))
    table, wanted = force_table(official), set(ids)
    found: dict[str, Standing] = {}
    for notice in official:
        if notice.id not in wanted or table[notice.id, notice.version].start > today:
            continue
        is_over = not table[notice.id, notice.version].on(today)
        if not is_over or notice.id not in found or found[notice.id].ended is not None:
            found[notice.id] = _standing(notice, table, is_over=is_over)
    return found


def _standing(notice: Notice, table: Mapping[tuple[str, int], Force], *, is_over: bool = False) -> Standing:
    force = table[notice.id, notice.version]
    return Standing(notice.content, notice.version, force, force.end if is_over else None)


def why_over(one: Standing, name: str = "") -> str:
    """Why a text or a quoted notice has run out, in one sentence; empty while it holds."""
    if one.ended is None:
        return ""
    subject = f"{name} ‘{one.content.title}’".strip()
    review = one.content.review_by
    if review is not None and day_after(review) == one.ended:
        return f"{subject}: 검토 기한({phrases.korean_date(review)})이 지났습니다."
    return f"{subject}: {phrases.korean_date(one.ended)}부터 유효하지 않습니다."


def fill(text: Standing, facts: CaseFacts, notices: Mapping[str, Standing]) -> Filled:
    """The text with its variables filled from the case and from the notices that it quotes."""
    out, problems, at = [], [], 0
    stale = [why_over(text, "정형문")] if text.ended is not None else []
    body = text.content.body
    for found in slots(body):
        value, problem = _value(found, facts, notices)
        out += [body[at : found.start], value or body[found.start : found.end]]
        at = found.end
        problems += [problem] if problem else []
        if found.slot is Slot.NOTICE and (quoted := notices.get(found.argument)) is not None and quoted.ended is not None:
            stale.append(why_over(quoted, "인용한 공지"))
    return Filled("".join([*out, body[at:]]), tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(stale)))


def _value(found: Found, facts: CaseFacts, notices: Mapping[str, Standing]) -> tuple[str, str]:
    """A variable's value, or the sentence that says why there is none."""
    match found.slot:
        case Slot.CASE_NUMBER:
            return f"#{facts.number}", ""
        case Slot.TODAY:
            return phrases.korean_date(facts.today), ""
        case Slot.HOTLINE:
            return facts.hotline, ""
        case Slot.MISSION_NAME:
            return facts.mission, "" if facts.mission else NO_MISSION
        case Slot.MISSION_PHONE:
            return facts.mission_phone, "" if facts.mission_phone else NO_PHONE
        case Slot.NOTICE:
            notice = notices.get(found.argument)
            return (quote_notice(notice), "") if notice is not None else ("", NO_NOTICE.format(id=found.argument))


def left_open(text: str) -> tuple[str, ...]:
    """Variables that still stand in a text that is about to be sent."""
    return tuple(dict.fromkeys(text[found.start : found.end] for found in slots(text)))


def quote_notice(notice: Standing) -> str:
    """A notice's own sentences with its title, day and link; one that is past says so before anything else."""
    content = notice.content
    sentences: list[str] = []
    used = 0
    for passage in split_passages(content.body):
        if sentences and used + len(passage.text) > MOST_QUOTE_CHARS:
            break
        sentences.append(passage.text)
        used += len(passage.text) + 1
    past = phrases.past_lead(notice.force.start, notice.force.end, "ko") if notice.ended is not None else ""
    return _quote(content.title, content.effective_from, sentences, content.source_url, test_only=content.test_only, past=past)


def quote_hit(hit: Hit) -> str:
    """The passage that search found, in the same form."""
    past = "" if hit.in_force else phrases.past_lead(hit.effective_from, hit.until, "ko")
    return _quote(hit.title, hit.effective_from, [hit.passage], hit.source_url, test_only=hit.test_only, past=past)


def _quote(title: str, start: date, sentences: Sequence[str], url: str, *, test_only: bool, past: str) -> str:
    marks = [f"{phrases.korean_date(start)} 시행", *(["시험용"] if test_only else [])]
    return "\n".join([*([past] if past else []), f"「{title}」 ({' · '.join(marks)})", *sentences, *([url] if url else [])])


def search(texts: Sequence[Standing], query: str, query_words: Sequence[str] = (), words: Mapping[str, frozenset[str]] | None = None) -> list[Standing]:
    """Texts that fit what an agent has typed: by shortcut, title, dictionary words (``words`` by id), initial consonants, or letters anywhere.

    Nothing typed: all of them. What has run out comes last.
    """
    typed = _HALF_SYLLABLE.sub("", query.strip().lower())
    ranked = []
    for text in texts:
        fit = _fit(text.content, typed, query_words, (words or {}).get(text.id, frozenset())) if typed else 1.0
        if fit:
            ranked.append((text.ended is not None, -fit, text.id, text))
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1])]


def _fit(content: NoticeContent, typed: str, query_words: Sequence[str], words: frozenset[str]) -> float:
    shortcut, title, squeezed = content.shortcut.lower(), _squeezed(content.title), _squeezed(typed)
    if shortcut and shortcut.startswith(squeezed):
        return 5.0 if shortcut == squeezed else 4.0
    if squeezed in title:
        return 3.0
    if _INITIALS.fullmatch(squeezed):
        return 3.0 if initials(shortcut).startswith(squeezed) else 2.0 if squeezed in initials(title) else 0.0
    if query_words and set(query_words) <= words:
        return 2.0
    everything = title + _squeezed(" ".join(content.topics)) + _squeezed(content.body)
    return 1.0 if all(part in everything for part in typed.split()) else 0.0


def initials(text: str) -> str:
    """The initial consonants of Hangul syllables (여권: ㅇㄱ); other letters as they are."""
    return "".join(_CHOSEONG[(ord(c) - 0xAC00) // 588] if "가" <= c <= "힣" else c for c in text)


def _squeezed(text: str) -> str:
    return "".join(text.split()).lower()
