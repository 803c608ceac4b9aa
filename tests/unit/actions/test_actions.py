from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from actions.executor import PATH, TOKEN_HEADER, build_router
from knowledge_base.schemas import Answer, Outcome
from language.analysis import Analysis

TOKEN = "secret"


class Notices:
    """Remembers what it was asked."""

    def __init__(self, outcome: str = "answered") -> None:
        self.outcome = outcome
        self.asked: list[tuple[str, str | None]] = []
        self.languages: list[str] = []

    def answer(self, analysis: Any, country: str | None = None) -> Answer:
        self.languages.append(analysis.language)
        self.asked.append((analysis.normalised, country))
        return Answer(Outcome(self.outcome), "답", ("n",), quick_replies=("다음",))


class Analyser:
    """Stands for seconds of loading."""

    def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]


def call(name: str, text: str = "수수료가 얼마예요", intent: str = "ask_notice", country: str | None = None, **slots: Any) -> dict[str, Any]:
    metadata = {"text": text, "normalised": text, "language": "ko", "tokens": [], "entities": [], "vector": None}
    entities = [{"entity": "country", "value": country}] if country else []
    message = {"text": text, "intent": {"name": intent}, "entities": entities, "metadata": metadata}
    return {"next_action": name, "tracker": {"sender_id": "c:1", "slots": slots, "latest_message": message, "events": []}}


async def post(notices: Notices | None, body: Any, token: str = TOKEN, expected: str = TOKEN) -> httpx.Response:
    app = FastAPI()
    app.include_router(build_router(lambda: notices, Analyser, expected))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://web") as client:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await client.post(PATH, headers={TOKEN_HEADER: token}, **content)


async def run(notices: Notices | None, body: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    answer = await post(notices, body)
    assert answer.status_code == 200
    result = answer.json()
    return result["responses"], {event["name"]: event["value"] for event in result["events"]}


async def test_search_passes_the_analysis_and_the_country_on() -> None:
    notices = Notices()
    said, slots = await run(notices, call("action_search", country="TH"))
    assert notices.asked == [("수수료가 얼마예요", "TH")]
    assert said[0]["custom"]["type"] == "answer"
    assert slots["last_query"] == "수수료가 얼마예요"


async def test_the_country_that_the_notices_asked_for_answers_the_first_question() -> None:
    _, slots = await run(Notices("clarify"), call("action_search"))
    assert slots["last_topic"] == "clarify"
    notices = Notices()
    await run(notices, call("action_search", "태국이요", "inform", "TH", **slots))
    assert notices.asked == [("수수료가 얼마예요", "TH")]


@pytest.mark.parametrize(("before", "offered"), [(None, None), (1.0, "person")])
async def test_the_second_answer_that_does_not_help_offers_a_person(before: float | None, offered: str | None) -> None:
    said, slots = await run(Notices("abstain"), call("action_search", failures=before))
    assert slots.get("offered") == offered
    assert (len(said) == 2) == bool(offered)


async def test_without_notices_nothing_is_said_and_the_turn_searches_itself() -> None:
    said, _ = await run(None, call("action_search"))
    assert said == []


async def test_lost_passport_offers_a_person_and_tells_the_place() -> None:
    said, slots = await run(Notices(), call("action_lost_passport", "내일이요", "inform", country=None, flight_date="내일"))
    assert "얼마 남지 않았네요" in said[1]["text"]
    assert slots["offered"] == "person"


async def test_the_second_passport_that_is_lost_is_asked_about_like_the_first() -> None:
    said, slots = await run(Notices(), call("action_lost_passport", "내일이요", "inform", lost_when="어제", flight_date="내일"))
    assert "얼마 남지 않았네요" in said[1]["text"]
    assert {name: slots.get(name, "kept") for name in ("lost_when", "flight_date")} == {"lost_when": None, "flight_date": None}


def knowing(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The call with what the turn knows beside the words."""
    body["tracker"]["latest_message"]["metadata"] |= more
    return body


@pytest.mark.parametrize(("here", "told"), [(None, None), ("TH", "TH")])
async def test_a_passport_is_not_lost_in_the_country_that_was_only_asked_about(here: str | None, told: str | None) -> None:
    notices = Notices()
    said, _ = await run(notices, knowing(call("action_lost_passport", "아직 없어요", "deny"), country="JP", here=here))
    assert (notices.asked[0][1], said[0]["custom"]["country"]) == (told, told)
    await run(notices, knowing(call("action_search"), country="JP", here=here))
    assert notices.asked[1][1] == (told or "JP"), "but it is the best guess what the next question is about"


@pytest.mark.parametrize("action", ["action_alarm_level", "action_register_alerts", "action_lost_passport", "action_entry_rules"])
async def test_what_is_asked_in_our_words_is_answered_in_the_citizens_language(action: str) -> None:
    notices = Notices()
    await run(notices, knowing(call(action, "Mexico", "inform", topic_country="MX"), language="en"))
    assert notices.languages == ["en"]
    assert notices.asked[0][0] != "Mexico"


BOTH = "태국하고 캄보디아 여행경보 몇 단계예요"


@pytest.mark.parametrize(
    ("intent", "countries", "asked"),
    [("ask_alarm_level", ["TH", "KH"], BOTH), ("ask_alarm_level", ["TH"], "여행경보 단계"), ("inform", ["TH", "KH"], "여행경보 단계")],
)
async def test_an_alarm_level_of_several_countries_is_asked_for_in_the_citizens_words(intent: str, countries: list[str], asked: str) -> None:
    notices = Notices()
    await run(notices, knowing(call("action_alarm_level", BOTH, intent, topic_country="TH"), countries=countries))
    assert notices.asked == [(asked, "TH")]


async def test_yes_accepts_only_what_was_offered() -> None:
    said, _ = await run(Notices(), call("action_affirm", "네", "affirm", offered="person"))
    assert said[1]["custom"] == {"type": "request_person", "reason": "accepted"}
    said, _ = await run(Notices(), call("action_affirm", "네", "affirm"))
    assert said[0]["response"] == "utter_go_on"


async def test_what_sounds_out_of_scope_is_searched_first() -> None:
    said, _ = await run(Notices(), call("action_out_of_scope", intent="out_of_scope"))
    assert said[0]["custom"]["text"] == "답"
    said, _ = await run(Notices("abstain"), call("action_out_of_scope", intent="out_of_scope"))
    assert said[0]["response"] == "utter_out_of_scope"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"next_action": "action_search", "tracker": 3}', b"\xff\xfe"])
async def test_bad_bodies_are_refused(body: bytes) -> None:
    assert (await post(Notices(), body)).status_code == 422


async def test_unknown_action() -> None:
    assert (await post(Notices(), call("action_drop_tables"))).status_code == 404


@pytest.mark.parametrize(("token", "expected"), [("wrong", TOKEN), ("", TOKEN), ("", ""), ("x", "")])
async def test_the_token_is_needed(token: str, expected: str) -> None:
    assert (await post(Notices(), call("action_search"), token, expected)).status_code == 401
