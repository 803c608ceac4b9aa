"""The actions. Each reads, says what it found as a typed payload, and remembers in slots what a correction may need."""

from __future__ import annotations

import logging
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.reader import Reader
from actions.remembered import (
    ALARM_LEVEL,
    CLARIFY,
    ENTRY_RULES,
    FAILURES_BEFORE_PERSON,
    LOST_PASSPORT,
    OFFER_BUTTONS,
    OFFER_TEXT,
    PERSON,
    QUERY_CHARS,
    REGISTER_ALERTS,
    SEARCH,
    after_search,
    failures_after,
)

logger = logging.getLogger(__name__)

#: intents that may answer what the notices asked back
ANSWERING = ("inform", "nlu_fallback", "correct_country")
NOT_SHARED = ("unknown", "none")
#: a flight this close leaves no time for the ordinary way
SOON = re.compile(r"오늘|내일|모레|낼|곧|시간|today|tonight|tomorrow|今日|明日|今天|明天|hôm nay|ngày mai", re.IGNORECASE)

TOPICS = {"lost_passport": LOST_PASSPORT, "alarm_level": ALARM_LEVEL, "entry_rules": ENTRY_RULES}

BOUNDARY_TEXT = "욕설 없이 말씀해 주시면 더 빨리 도와드릴 수 있어요. 필요하신 도움은 계속 드릴게요. 상담관에게 연결해 드릴까요?"
MISSION_TEXT = "계신 곳을 맡은 우리 대사관이나 총영사관에서 긴급여권을 신청하실 수 있어요. 가까운 공관을 찾기 어려우면 상담관이 알려 드립니다."
FLIGHT_SOON_TEXT = "항공편이 얼마 남지 않았네요. 원하시면 상담관에게 바로 연결해 드릴게요."

Domain = dict[str, Any]


class ReadingAction(Action):  # type: ignore[misc]
    """Base of the actions that answer from the knowledge base."""

    def __init__(self, reader: Reader | None = None) -> None:
        self.reader = reader or Reader(lambda: None, lambda: None)

    def name(self) -> str:
        """Not an action itself; ``rasa run actions`` skips it by this name's absence from the domain."""
        return f"action_{type(self).__name__.lower()}"

    async def ask(self, query: str, country: str | None, tracker: Tracker) -> dict[str, Any] | None:
        """What the notices answer to words that are not the message's own, in the citizen's language."""
        return await self.reader.about(query, country, str(known(tracker, "language") or ""))

    async def say(self, dispatcher: CollectingDispatcher, payload: dict[str, Any] | None, tracker: Tracker, **more: Any) -> list[EventType]:
        """Send an answer's payload; count whether it helped, and offer a person when it did not for the second time."""
        if payload is not None:
            dispatcher.utter_message(json_message={**payload, **more})
        failures = failures_after(payload["outcome"] if payload else None, float(tracker.get_slot("failures") or 0))
        offered = None
        if failures >= FAILURES_BEFORE_PERSON:
            dispatcher.utter_message(text=OFFER_TEXT, buttons=OFFER_BUTTONS)
            offered, failures = PERSON, 0.0
        return [*changed(tracker, failures=failures, offered=offered)]


def changed(tracker: Tracker, **values: Any) -> list[EventType]:
    """Events for those slots whose value changes."""
    return [SlotSet(name, value) for name, value in values.items() if tracker.get_slot(name) != value]


def known(tracker: Tracker, name: str) -> Any:
    """What the turn has sent along of the message and its conversation."""
    return (tracker.latest_message.get("metadata") or {}).get(name)


def place(tracker: Tracker) -> str | None:
    """Where the citizen is, as an ISO code, if that was said; a country that was asked about is none."""
    country = tracker.get_slot("country")
    if country and country not in NOT_SHARED:
        return str(country)
    here = known(tracker, "here")
    return str(here) if here else None


def topic(tracker: Tracker) -> str | None:
    """The country that is spoken of, else where the citizen is, else the guess from what was asked about."""
    return str(tracker.get_slot("topic_country") or "") or place(tracker) or (str(known(tracker, "country") or "") or None)


class Search(ReadingAction):
    """A routine question: the notices answer, or say that they do not."""

    def name(self) -> str:
        """As in the domain."""
        return "action_search"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Search with the message's own vector."""
        named = next(tracker.get_latest_entity_values("country"), None)
        country = str(named) if named else topic(tracker)
        query = str(tracker.latest_message.get("text") or "")[:QUERY_CHARS]
        if named and tracker.get_slot("last_topic") == CLARIFY and (tracker.latest_message.get("intent") or {}).get("name") in ANSWERING:
            query = str(tracker.get_slot("last_query") or query)  # "태국이요", after we asked which country
            payload = await self.ask(query, country, tracker)
        else:
            payload = await self.reader.about_message(tracker.latest_message, country)
        remembered = after_search(query, payload["outcome"] if payload else None)
        return [*await self.say(dispatcher, payload, tracker, query=query), *changed(tracker, **remembered)]


class OutOfScope(ReadingAction):
    """What sounds like somebody else's business: the notices are asked all the same, since a wrong 'not ours' turns a citizen away."""

    def name(self) -> str:
        """As in the domain."""
        return "action_out_of_scope"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """An answer if there is one, else what can be asked."""
        payload = await self.reader.about_message(tracker.latest_message, topic(tracker))
        if payload is None or payload["outcome"] != "answered":
            dispatcher.utter_message(response="utter_out_of_scope")
            return []
        return await self.say(dispatcher, payload, tracker)


class LostPassport(ReadingAction):
    """The end of the form: what to do, where, and how fast."""

    def name(self) -> str:
        """As in the domain."""
        return "action_lost_passport"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Answer for the place; with a flight soon, offer a person at once."""
        country = place(tracker)
        payload = await self.ask(LOST_PASSPORT, country, tracker)
        events = await self.say(dispatcher, payload, tracker, query=LOST_PASSPORT, country=country, topic="lost_passport")
        flight = str(tracker.get_slot("flight_date") or "")
        is_soon = flight not in NOT_SHARED and SOON.search(flight) is not None
        text = f"{MISSION_TEXT}\n{FLIGHT_SOON_TEXT}" if is_soon else MISSION_TEXT
        dispatcher.utter_message(text=text, buttons=OFFER_BUTTONS)
        # The next passport is lost on another day.
        forgotten = changed(tracker, lost_when=None, flight_date=None)
        return [*(e for e in events if e["name"] != "offered"), *forgotten, *changed(tracker, last_topic="lost_passport", offered=PERSON)]


class AlarmLevel(ReadingAction):
    """The travel alarm of a country."""

    def name(self) -> str:
        """As in the domain."""
        return "action_alarm_level"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Answer for the country spoken of; a question that names several, in its own words."""
        message = tracker.latest_message
        is_of_several = (message.get("intent") or {}).get("name") == "ask_alarm_level" and len(known(tracker, "countries") or ()) > 1
        payload = await (self.reader.about_message(message, topic(tracker)) if is_of_several else self.ask(ALARM_LEVEL, topic(tracker), tracker))
        events = await self.say(dispatcher, payload, tracker, query=ALARM_LEVEL, topic="alarm_level", topic_country=topic(tracker))
        return [*events, *changed(tracker, last_topic="alarm_level")]


class EntryRules(ReadingAction):
    """What a country asks of those who enter it."""

    def name(self) -> str:
        """As in the domain."""
        return "action_entry_rules"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Answer for the country spoken of, from the citizen's own words when they are a question, since they say more ("며칠", "유효기간")."""
        message = tracker.latest_message
        asked_now = (message.get("intent") or {}).get("name") == "entry_rules"
        payload = await (self.reader.about_message(message, topic(tracker)) if asked_now else self.ask(ENTRY_RULES, topic(tracker), tracker))
        events = await self.say(dispatcher, payload, tracker, query=ENTRY_RULES, topic="entry_rules", topic_country=topic(tracker))
        return [*events, *changed(tracker, last_topic="entry_rules")]


class RegisterAlerts(ReadingAction):
    """How to be told of safety notices."""

    def name(self) -> str:
        """As in the domain."""
        return "action_register_alerts"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Answer, and tell the turn which country it is about."""
        payload = await self.ask(REGISTER_ALERTS, topic(tracker), tracker)
        return await self.say(dispatcher, payload, tracker, query=REGISTER_ALERTS, topic="register_alerts", topic_country=topic(tracker))


class RepeatForCountry(ReadingAction):
    """'아니 일본 말고 태국': the last question again, for the country that was meant."""

    def name(self) -> str:
        """As in the domain."""
        return "action_repeat_for_country"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Without an earlier question, or without a country, the words themselves are searched for."""
        last = str(tracker.get_slot("last_topic") or "")
        country = next(tracker.get_latest_entity_values("country"), None)
        query = TOPICS.get(last) or (str(tracker.get_slot("last_query") or "") if last in (SEARCH, CLARIFY) else "")
        if not query or not country:
            payload = await self.reader.about_message(tracker.latest_message, topic(tracker))
        else:
            payload = await self.ask(query, str(country), tracker)
        if last == "lost_passport" and country:
            events = await self.say(dispatcher, payload, tracker, query=query, topic=last, country=str(country))
            return [*events, *changed(tracker, country=str(country))]
        return await self.say(dispatcher, payload, tracker, query=query, topic=last, topic_country=str(country) if country else None)


class RequestPerson(Action):  # type: ignore[misc]
    """The citizen wants a person; the turn opens the case."""

    def name(self) -> str:
        """As in the domain."""
        return "action_request_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Ask the turn for a person."""
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        dispatcher.utter_message(text="네, 상담관에게 연결해 드릴게요. 잠시만 기다려 주세요.")
        dispatcher.utter_message(json_message={"type": "request_person", "reason": "asked" if intent == "ask_person" else "accepted"})
        return changed(tracker, offered=None, failures=0.0)


class Affirm(Action):  # type: ignore[misc]
    """'네': accepts what was offered last, if anything was."""

    def name(self) -> str:
        """As in the domain."""
        return "action_affirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """A person, or the question what we can do."""
        if tracker.get_slot("offered") == PERSON:
            return await RequestPerson().run(dispatcher, tracker, domain)
        dispatcher.utter_message(response="utter_go_on")
        return []


class OfferPerson(Action):  # type: ignore[misc]
    """After a complaint: sorry, and a person if wanted."""

    def name(self) -> str:
        """As in the domain."""
        return "action_offer_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Offer; a plain yes accepts."""
        dispatcher.utter_message(text="불편을 드려 죄송합니다. 상담관에게 연결해 드릴까요?", buttons=OFFER_BUTTONS)
        return changed(tracker, offered=PERSON)


class SetBoundary(ReadingAction):
    """After abuse: one calm sentence, a person if wanted, and whatever was asked along with it is answered all the same."""

    def name(self) -> str:
        """As in the domain."""
        return "action_set_boundary"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Nothing is counted and nothing ends; a plain yes accepts the person."""
        payload = await self.reader.about_message(tracker.latest_message, topic(tracker))
        if payload is not None and payload["outcome"] == "answered":
            dispatcher.utter_message(json_message=payload)
        dispatcher.utter_message(text=BOUNDARY_TEXT, buttons=OFFER_BUTTONS)
        return changed(tracker, offered=PERSON)


class Repeat(ReadingAction):
    """'다시 말해 주세요': the last answer again."""

    def name(self) -> str:
        """As in the domain."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> list[EventType]:
        """Answer the last question again; without one, say what can be asked."""
        last = str(tracker.get_slot("last_topic") or "")
        query = TOPICS.get(last) or str(tracker.get_slot("last_query") or "")
        payload = await self.ask(query, topic(tracker), tracker) if query else None
        if payload is None:
            dispatcher.utter_message(response="utter_help")
            return []
        return await self.say(dispatcher, payload, tracker, query=query)


READING: tuple[type[ReadingAction], ...] = (Search, OutOfScope, LostPassport, AlarmLevel, EntryRules, RegisterAlerts, RepeatForCountry, Repeat, SetBoundary)
OTHERS: tuple[type[Action], ...] = (RequestPerson, OfferPerson, Affirm)


def all_actions(reader: Reader) -> list[Action]:
    """Every action, on one reader."""
    return [*(action(reader) for action in READING), *(action() for action in OTHERS)]
