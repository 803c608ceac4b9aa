"""Extractive answers: sentences of one notice in force, in its own words and order, or the honest statement that there are none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np

from conversation.schemas import SourceCard
from knowledge_base import alarms, conditions, consistency, kinds, phrases
from knowledge_base.aspects import HEDGES
from knowledge_base.confidence import RANKED, Confidence, Settled, names_another_country
from knowledge_base.country_facts.asked import Asked, countries_named, what_is_asked
from knowledge_base.index import Entry, Index
from knowledge_base.picking import Picker
from knowledge_base.schemas import Answer, NoticeContent, Outcome
from knowledge_base.search import Question, Ranked, Weights, rank
from language.normalise import normalise

MAX_CHARS = 900
MOST_QUOTES = 3
MOST_QUICK_REPLIES = 3
#: From this probability that the first notice answers, titles are offered where nothing is quoted. Of the written questions that could have been answered
#: and were not, nine in ten lie above it, with a right notice among three for 95 %; of those that no notice answers, three in ten.
OFFERED = 0.2
#: Sentences are added until one of those quoted is this likely to answer; who asks for a number is better served by one too many.
SURE, SURE_OF_VALUE = 0.96, 0.99
LEAST_ODDS = 0.01
#: From this probability another notice that gives another value of the kind asked for makes the answer doubtful.
RIVAL = 0.3
#: Below this probability that one of the sentences quoted answers, who asks for a value is given a fourth: of the marked questions for values one in seven
#: such answers lacked the right sentence, one in 140 of the others, and none with four. Of a table nothing is quoted below it.
LEAST_SURE_OF_VALUE = 0.85
#: A notice of so many sentences is quoted whole to who asks for a value: what limits the value ("바뀔 수 있으므로") is often the last of them.
SHORT = 4
#: A fourth passage must fit; prose without a table that fits as a whole is quoted to three sentences whatever is asked, and whole where none of them is sure.
LONGEST_WITH_ONE_MORE = 420
#: How many standard deviations behind the answer a notice may stand and still be offered as a next question.
NEIGHBOUR_GAP = 2.5

_ASKS_ALARM = re.compile(
    r"여행\s?(?:경보|금지|자제|유의|제한)|경보|(?:적|흑|황|남)색|무슨\s?색|색깔|철수\s?권고|출국\s?권고|(?:가도|여행해도|여행)\s?(?:되|돼|괜찮|안전)|"
    r"travel (?:alert|ban|warning|advisory)|渡航|旅行警|cảnh báo du lịch",
    re.I,
)
_ASKS_LEVEL = re.compile(r"몇\s?단계|단계가?\s?(?:얼마|뭐|어떻게)|what level|which level|第?几级|何段階")
_NAMES_A_LEVEL = re.compile(
    r"경보|(?:적|흑|황|남)색|무슨\s?색|여행\s?금지\s?(?:국|나라|지역|인가|이에|예요|됐|되)|몇\s?단계|what level|which level|第?几级|何段階"
)
#: "적색경보가 몇 단계예요": asks what a level is, not where it holds.
_NAMES_ONE = re.compile(r"(?:적|흑|황|남)색|여행(?:유의|자제|금지)(?!\s?(?:국|나라|지역))|출국\s?권고|철수\s?권고|특별\s?여행\s?주의보")
#: How many levels there are, not which one holds.
_ASKS_SCHEME = re.compile(r"몇\s?단계(?:까지|로)\s?(?:있|나뉘|나뉜|나눠|구분)|단계별|how many levels|分(?:成|为)?几级|何段階(?:で|あり|に分)", re.I)
_NAMES_A_MISSION = re.compile(r"대사관|영사관|공관|분관|embassy|consulate|大使館|領事館|大使馆|领事馆|领馆|đại sứ quán|lãnh sự quán", re.I)
_ASKS_HERE = re.compile(r"(?:^|\s)(?:여기|거기|그\s?나라|이\s?나라|저희\s?나라\s?말고|현지)(?:는|가|도|은|이)?\s")


@dataclass(frozen=True)
class Desk:
    """What answering needs beside the question."""

    index: Index
    weights: Weights
    confidence: Confidence


def answer(desk: Desk, question: Question, max_chars: int = MAX_CHARS) -> Answer:
    """Answer from the best notice, ask for the country, or abstain."""
    language = phrases.spoken_language(question.analysis.language)
    ranked = rank(desk.index, question, desk.weights, RANKED)
    if not question.analysis.normalised or not ranked.entries:
        return _abstain(language, phrases.ABSTAIN if question.period is None else phrases.NO_PAST, 0.0)
    named = _named_by_title(desk.index, ranked)
    if named is not None:
        return _quote(desk, ranked.led_by(named), language, 1.0, max_chars)[0]
    settled = desk.confidence.settle(desk.index, ranked)
    ranked, probability = settled.ranked, round(settled.probability, 4)
    if question.period is None and _misses_country(desk.index, ranked):
        return Answer(
            Outcome.CLARIFY,
            phrases.WHICH_COUNTRY[language],
            quick_replies=(phrases.PERSON[language],),
            score=probability,
            language=language,
        )
    told = _alarm_of_country(desk, ranked, language, max_chars)
    if told is not None:
        return told
    if _asks_alarm_of_unlisted_country(desk.index, ranked):
        said = phrases.UNKNOWN_ALARM if question.period is None else phrases.NO_PAST
        return replace(_abstain(language, said, probability, _nearest(desk.index, ranked)), of_row=True)
    is_critical = must_be_sure(question)
    if not settled.is_enough or (is_critical and not settled.is_enough_for_value):
        return _unsure(desk.index, ranked, language, probability)
    found, sure = _quote(desk, ranked, language, probability, max_chars)
    if not _is_consistent(desk, ranked, found.quotes, sure) or (is_critical and _is_disputed(desk, settled, found.quotes)):
        return _unsure(desk.index, ranked, language, probability)
    return found


def _alarm_of_country(desk: Desk, ranked: Ranked, language: str, max_chars: int) -> Answer | None:
    """The alarm that holds in the country asked about, from the notice in force that tells it; None: another question, or no notice does."""
    question = ranked.question
    text = question.analysis.normalised
    named = countries_named(question)
    # "시하누크빌은 몇 단계인가요": a level of a place can only be its alarm's.
    is_alarm = what_is_asked(question) is Asked.ALARM
    is_asked = is_alarm or (bool(named) and question.period is None and bool(_ASKS_LEVEL.search(text)))
    # "여행경보 단계" alone is how the dialogue asks, of the country that it has been told.
    places = named or ((question.here,) if question.here and (is_alarm or _asks_of_a_place(text)) else ())
    if not is_asked or not places:
        return None
    led = alarms.led_by_its_own(desk.index, ranked, places)
    if led is None:
        return None
    found, _ = _quote(desk, led, language, 1.0, max_chars)
    return found if alarms.tells(desk.index.entries[led.entries[0]], places, found.quotes) else None


def must_be_sure(question: Question) -> bool:
    """Whether a wrong answer would cost dearly; what is asked about the past is told as past, and nobody acts on it."""
    return question.period is None and consistency.is_critical(question.analysis.normalised)


def may_quote(desk: Desk, ranked: Ranked) -> bool:
    """Whether the first notice of a ranking passes the checks that need no model; the same that ``answer`` asks, while thresholds are fitted."""
    if ranked.question.period is None and _misses_country(desk.index, ranked):
        return False
    if _asks_alarm_of_unlisted_country(desk.index, ranked):
        return False
    entry = desk.index.entries[ranked.entries[0]]
    rows, sure = _chosen(desk.index, ranked, desk.confidence.picker, MAX_CHARS)
    return _is_consistent(desk, ranked, tuple(entry.passages[row - entry.first].text for row in rows), sure)


def _is_consistent(desk: Desk, ranked: Ranked, quotes: tuple[str, ...], sure: float) -> bool:
    question, entry = ranked.question, desk.index.entries[ranked.entries[0]]
    if sure < LEAST_SURE_OF_VALUE and _misses_row(entry, question, quotes):
        return False
    if kinds.is_silent(kinds.asked(question.analysis.normalised), tuple(p.text for p in entry.passages)):
        return False
    return not _asks_mission_elsewhere(desk.index, ranked) and not consistency.is_off(desk.index, question, ranked, quotes)


def _misses_row(entry: Entry, question: Question, quotes: tuple[str, ...]) -> bool:
    """Whether a value is asked of a table, whose rows look alike, and the row that the question names is not quoted, or cannot be told."""
    text = question.analysis.normalised
    rows = [passage.text if passage.is_row else "" for passage in entry.passages]
    if not any(rows) or not consistency.is_critical(text):
        return False
    named = consistency.named_row(text, rows)
    if named is not None:
        return rows[named] not in quotes
    # The level of a country that is known stands in no table of what levels there are.
    is_of_country = conditions.is_of_alarm(entry.notice.content) and bool(question.here or question.named)
    return is_of_country or consistency.names_a_row(text, rows)


def _is_disputed(desk: Desk, settled: Settled, quotes: tuple[str, ...]) -> bool:
    """Whether another notice is likely too, and gives another value."""
    if settled.rival is None or settled.rival[1] < RIVAL:
        return False
    return consistency.is_rival(desk.index, settled.ranked.question, settled.ranked, settled.rival[0], quotes)


def _abstain(language: str, sentences: dict[str, str], score: float, nearest: tuple[str, float] | None = None) -> Answer:
    return Answer(Outcome.ABSTAIN, sentences[language], quick_replies=(phrases.PERSON[language],), score=score, language=language, nearest=nearest)


def _named_by_title(index: Index, ranked: Ranked) -> int | None:
    """The place of the notice whose title was pressed as a question: that one is meant, however sure we would be."""
    asked = ranked.question
    contents = (index.entries[i].notice.content for i in ranked.entries)
    return next((at for at, one in enumerate(contents) if _pressed(one.title) == asked.analysis.normalised and not _is_elsewhere(asked, one)), None)


def _is_elsewhere(question: Question, content: NoticeContent) -> bool:
    """Whether a notice holds in other countries than the citizen's, and the question names none; from Korea one asks about any."""
    return bool(content.countries) and not question.named and question.here not in (None, "KR", *content.countries)


@lru_cache(maxsize=4096)
def _pressed(title: str) -> str:
    """What reaches us when a notice's title is pressed."""
    return normalise(phrases.title_as_question(title))


def _unsure(index: Index, ranked: Ranked, language: str, probability: float) -> Answer:
    """Nothing is quoted; where a notice may well be meant, the first few are offered by title, so that the citizen chooses instead of us."""
    nearest = _nearest(index, ranked)
    if ranked.question.period is not None:
        return _abstain(language, phrases.NO_PAST, probability, nearest)
    contents = (index.entries[i].notice.content for i in ranked.entries[:MOST_QUICK_REPLIES])
    titles = dict.fromkeys(phrases.title_as_question(one.title) for one in contents if not _is_elsewhere(ranked.question, one))
    if probability < OFFERED or not titles:
        return _abstain(language, phrases.ABSTAIN, probability, nearest)
    return replace(_abstain(language, phrases.NEAR, probability, nearest), quick_replies=(*titles, phrases.PERSON[language]))


def _nearest(index: Index, ranked: Ranked) -> tuple[str, float]:
    """The best notice of a ranking, for editors who look at what was asked in vain."""
    return index.entries[ranked.entries[0]].notice.id, round(ranked.scores[0], 4)


def _misses_country(index: Index, ranked: Ranked) -> bool:
    """Whether the answer depends on a country that neither the question nor the conversation tells."""
    question = ranked.question
    if question.named or question.here:
        return False
    text = question.analysis.normalised
    best = index.entries[ranked.entries[0]].notice.content
    is_alarm = bool(_ASKS_ALARM.search(text))
    if is_alarm and _asks_of_a_place(text):
        return True
    if not best.countries:
        return False
    return any(
        other.countries and not set(other.countries) & set(best.countries) and set(other.topics) & set(best.topics)
        for other, score in zip((index.entries[i].notice.content for i in ranked.entries[1:4]), ranked.scores[1:4], strict=True)
        if score > ranked.scores[0] - 0.35
    )


def _asks_of_a_place(text: str) -> bool:
    """Whether a question about alarms needs a country: which level holds, or what holds here."""
    asks_level = _ASKS_LEVEL.search(text) and not _NAMES_ONE.search(text) and not _ASKS_SCHEME.search(text)
    return bool(asks_level or _ASKS_HERE.search(text))


def _asks_mission_elsewhere(index: Index, ranked: Ranked) -> bool:
    """Whether the number of a mission in a country is asked that the best notice does not speak of: another number would not be that one."""
    text = ranked.question.analysis.normalised
    is_number = any(kind.name == "phone" for kind in kinds.asked(text))
    return is_number and bool(_NAMES_A_MISSION.search(text)) and names_another_country(ranked.question, index.entries[ranked.entries[0]])


def _asks_alarm_of_unlisted_country(index: Index, ranked: Ranked) -> bool:
    """Whether an alarm level is asked of a country that the best notice does not speak of: general words would mislead there."""
    question = ranked.question
    best = index.entries[ranked.entries[0]].notice.content
    text = question.analysis.normalised
    # "여기 몇 단계": the country that the citizen is in.
    places = question.named or ((question.here,) if question.here and _asks_of_a_place(text) else ())
    if not places or not _ASKS_ALARM.search(text):
        return False
    if not conditions.is_of_alarm(best):
        # A word for a level, and the nearest notice is about something else: nothing of it answers. Of the past there are lists under other topics.
        return question.period is None and bool(_NAMES_A_LEVEL.search(text))
    if set(places) & set(best.countries):
        return False
    names = [entity.text for entity in question.analysis.entities if entity.country in question.named]
    return not any(name in best.body or name in best.title for name in names)


def choose_passages(index: Index, ranked: Ranked, picker: Picker, max_chars: int) -> list[int]:
    """Rows of the passages to quote, in reading order, together no longer than ``max_chars``: one to three, four where a value may
    stand in the fourth, all of brief prose of which none is sure, and an alarm's own ban."""
    return _chosen(index, ranked, picker, max_chars)[0]


def _chosen(index: Index, ranked: Ranked, picker: Picker, max_chars: int) -> tuple[list[int], float]:
    """The rows, and how likely one of them answers."""
    entry = index.entries[ranked.entries[0]]
    places, odds = picker.odds(index, ranked.entries[0], ranked.question)
    order = [int(at) for at in np.argsort(-odds, kind="stable")]
    texts = [entry.passages[k].text for k in places]
    text = ranked.question.analysis.normalised
    wants = kinds.asked(text)
    enough = SURE_OF_VALUE if wants or consistency.is_critical(text) else SURE
    has_rows = any(entry.passages[k].is_row for k in places)
    is_brief = not has_rows and sum(len(said) + 1 for said in texts) <= min(max_chars, LONGEST_WITH_ONE_MORE)
    chosen: list[int] = []
    used, sure = 0, 0.0
    for at in order:
        is_late = not is_brief and (sure >= enough or odds[at] < LEAST_ODDS)
        if chosen and (len(chosen) == MOST_QUOTES or is_late):
            break
        if not chosen or used + len(texts[at]) <= max_chars:
            chosen.append(at)
            used += len(texts[at]) + 1
            sure += float(odds[at])
    # Who asks for a sum is given one if the notice has it.
    counted = kinds.counters_of(text)
    gives = [all(one.gives.search(said) for one in counted) if counted else kinds.how_well(wants, said) == 1.0 for said in texts]
    if any(gives) and not any(gives[at] for at in chosen):
        likeliest = next(at for at in order if gives[at])
        kept = [at for at in chosen[: MOST_QUOTES - 1] if sum(len(texts[k]) + 1 for k in (at, likeliest)) <= max_chars]
        while kept and sum(len(texts[k]) + 1 for k in (*kept, likeliest)) > max_chars:
            kept.pop()
        chosen = [*kept, likeliest]
    if is_brief and sum(odds[at] for at in chosen) < LEAST_SURE_OF_VALUE:
        chosen += [at for at in order if at not in chosen]
    # Of a country's alarm that it holds is said whatever is asked about it.
    states = alarms.stated_at(entry, texts)
    if states is not None and states not in chosen and sum(len(texts[at]) + 1 for at in (*chosen, states)) <= max_chars:
        chosen.append(states)
    # The row of a table that the question names; else to who asks for a value where it may be otherwise, or the rest of a short notice.
    more = [at for at in order if at not in chosen]
    named = consistency.named_row(text, [said if entry.passages[k].is_row else "" for k, said in zip(places, texts, strict=True)])
    further = [named]
    if consistency.is_critical(text):
        is_open = len(texts) <= SHORT or sum(odds[at] for at in chosen) < LEAST_SURE_OF_VALUE
        further += [at for at in more if HEDGES.search(texts[at])][:1] + (more[:1] if is_open else [])
    for one_more in further:
        if one_more is not None and one_more not in chosen and sum(len(texts[k]) + 1 for k in (*chosen, one_more)) <= min(max_chars, LONGEST_WITH_ONE_MORE):
            chosen.append(one_more)
            break
    return [entry.first + int(places[at]) for at in sorted(chosen)], float(sum(odds[at] for at in chosen))


def _quote(desk: Desk, ranked: Ranked, language: str, probability: float, max_chars: int) -> tuple[Answer, float]:
    """The answer, and how likely one of its sentences answers."""
    entry = desk.index.entries[ranked.entries[0]]
    content = entry.notice.content
    # A caller may ask about another day; whether the notice is past is a matter of the real today.
    is_past = not entry.force.on(ranked.question.today)
    lead = []
    if ranked.question.analysis.language != "ko":
        lead.append(phrases.LEAD[language])
    if is_past:
        lead.append(phrases.past_lead(entry.force.start, entry.force.end, language))
    room = max(80, max_chars - sum(len(line) + 1 for line in lead))
    rows, sure = _chosen(desk.index, ranked, desk.confidence.picker, room)
    quotes = tuple(entry.passages[row - entry.first].text for row in rows)
    cut = quotes if len(quotes) > 1 else (_clip(quotes[0], room),)
    found = Answer(
        Outcome.ANSWERED,
        "\n".join([*lead, *cut]),
        notice_ids=(content.id,),
        source=source_card(entry, is_past),
        quick_replies=(*next_questions(desk.index, ranked), *((phrases.PERSON[language],) if language != "ko" else ())),
        score=probability,
        language=language,
        quotes=quotes,
    )
    return found, sure


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def source_card(entry: Entry, is_past: bool) -> SourceCard:
    """Where the words come from; a text written for tests says so in the card itself."""
    content = entry.notice.content
    source = content.source
    if content.test_only and "시험용" not in source:
        source = f"{source} (시험용)".strip()
    return SourceCard(content.title, content.effective_from.isoformat(), content.source_url, source, content.id, content.test_only, is_past)


def next_questions(index: Index, ranked: Ranked) -> tuple[str, ...]:
    """What citizens may want to ask next: the neighbours of the answer that hold today, as questions."""
    found: list[str] = []
    first = index.entries[ranked.entries[0]].notice.content
    for number, score in zip(ranked.entries[1:], ranked.scores[1:], strict=True):
        entry = index.entries[number]
        content = entry.notice.content
        is_related = set(content.topics) & set(first.topics) or score > ranked.scores[0] - NEIGHBOUR_GAP / 2
        if score < ranked.scores[0] - NEIGHBOUR_GAP or not is_related or not entry.force.on(ranked.question.today) or _is_elsewhere(ranked.question, content):
            continue
        question = phrases.title_as_question(content.title)
        if question not in found:
            found.append(question)
        if len(found) == MOST_QUICK_REPLIES:
            break
    return tuple(found)


def full_text(reply: Answer) -> str:
    """The answer with its source in words, for channels without cards."""
    if reply.source is None:
        return reply.text
    card = reply.source
    day = f" {phrases.korean_date(date.fromisoformat(card.effective_from))} 시행" if card.effective_from else ""
    lines = [reply.text, "", f"「{card.title}」{day}" + (" · 지난 공지" if card.past else "")]
    lines += [f"출처: {card.source}"] if card.source else []
    lines += [card.url] if card.url else []
    return "\n".join(lines)


def with_text(reply: Answer, text: str) -> Answer:
    """The same answer in other words (a channel's own length)."""
    return replace(reply, text=text)
