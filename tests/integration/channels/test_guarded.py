"""What a guarded citizen must not see: each rule on the web page and at the channel port, from which every messenger has it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from accounts.schemas import Staff
from bot import errors, escalation, satisfaction, triage_slot
from bot.channels.contract import WindowClosed
from bot.channels.webchat.routes import build_router as webchat_router
from bot.compose import Reply
from bot.escalation import Danger
from bot.limits import Limits
from bot.turn import GLAD, TurnQueue, TurnSlot
from conversation import guarding, proof
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Phone, SourceCard
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import guarding as desk_guarding
from handoff import location
from handoff import service as handoff
from handoff.phone import texting
from handoff.routes import build_router as locate_router
from knowledge_base.service import seed as seed_notices
from language.categories import Category, Urgency
from language.triage import Decision
from tests.integration.channels.conftest import window

_numbers = count(1)
POLICE = Phone("현지 경찰", "117")
# By itself: ids, tokens and fractions of seconds have these digits too.
NUMBER = re.compile(r"(?<![\w.])117(?!\w)")
BASE = "/webchat/v1/conversations"


class Side:
    """A citizen on one channel: what is written, and what the screen then shows."""

    def __init__(self, talk: Any, client: httpx.AsyncClient) -> None:
        self.talk, self.client = talk, client
        self.conversation_id = ""

    async def danger(self, category: str, *, card: str | None = None, reason: str = "classifier", country: str = "KH") -> None:
        talk = self.talk
        message_id = await self.write("도와주세요")
        async with talk.db.transaction() as tx:
            await handoff.lock_open_case(tx, self.conversation_id)
            row = await conversation.get(tx, self.conversation_id)
            await escalation.escalate(
                talk.services, tx, row, message_id, "도와주세요", Danger(Urgency.URGENT, category, reason, country, card=card or category)
            )

    async def say(self, body: Body) -> None:
        async with self.talk.db.transaction() as tx:
            await conversation.reply(tx, self.talk.cipher, self.conversation_id, AuthorKind.SYSTEM, body, client_id=f"said-{next(_numbers)}")

    async def row(self) -> dict[str, Any]:
        async with self.talk.db.read() as connection:
            return await conversation.get(connection, self.conversation_id)

    async def is_guarded(self) -> bool:
        async with self.talk.db.read() as connection:
            return await guarding.is_guarded(connection, self.conversation_id)


class WebSide(Side):
    async def write(self, text: str) -> int:
        if not self.conversation_id:
            made = (await self.client.post(BASE, json={"view": True})).json()
            self.conversation_id, self.headers = made["conversation_id"], {"Authorization": f"Bearer {made['token']}", "X-View": made["view"]}
        path = f"{BASE}/{self.conversation_id}"
        answer = await self.client.post(f"{path}/messages", json={"client_id": f"c{next(_numbers)}", "text": text}, headers=self.headers)
        rows = await self.talk.run("SELECT id FROM messages WHERE conversation_id = %s AND seq = %s", self.conversation_id, answer.json()["sequence"])
        return int(rows[0]["id"])

    async def shown(self) -> str:
        answer = await self.client.get(f"{BASE}/{self.conversation_id}/events", headers=self.headers)
        return json.dumps([e["message"] for e in answer.json()["events"] if e["kind"] == "message" and e["message"]["author"] != "citizen"], ensure_ascii=False)


class PortSide(Side):
    async def write(self, text: str) -> int:
        arrived = await self.talk.write(text)
        self.conversation_id = arrived.conversation_id
        return int(arrived.message_id)

    async def shown(self) -> str:
        await self.talk.make_due()
        await self.talk.send()
        return repr([parcel.messages for parcel in self.talk.messenger.parcels])


@pytest.fixture(params=["web page", "channel port"])
async def side(request, talk):
    app = FastAPI()
    errors.install(app)
    app.include_router(webchat_router(talk.services, Limits(talk.services.settings)))
    app.include_router(locate_router(talk.db, talk.cipher, talk.services.settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        yield (WebSide if request.param == "web page" else PortSide)(talk, client)


@pytest.mark.parametrize("category", sorted(guarding.GUARDING))
async def test_what_is_told_sets_the_mark(side, category):
    await side.danger(category)
    assert await side.is_guarded()
    assert (await side.row())["guarded_why"] == guarding.CATEGORY


@pytest.mark.parametrize(("category", "reason"), [("traffic_accident", "classifier"), ("confinement", "cannot_speak")])
async def test_other_trouble_does_not(side, category, reason):
    """Whoever cannot speak is answered quietly, but most of them are deaf and keep their page as it is."""
    await side.danger(category, reason=reason)
    assert not await side.is_guarded()


async def test_no_number_of_the_police_not_even_on_an_older_line(side):
    await side.write("안녕하세요")
    await side.say(Body("현지 번호입니다.", phones=(POLICE,)))
    if isinstance(side, WebSide):
        assert NUMBER.search(await side.shown())
    await side.danger("confinement")
    await side.say(Body("다시 알려 드립니다.", phones=(POLICE,)))
    shown = await side.shown()
    assert "다시 알려 드립니다." in shown
    assert not NUMBER.search(shown)
    assert "경찰" not in shown


async def test_the_drugged_may_call_an_ambulance_and_no_police(side):
    await side.talk.run("SELECT 1")
    await side.danger("drugged", country="TH")
    card = side.talk.services.crisis_card("drugged", "TH", "ko")
    assert not any("경찰" in phone.label for phone in card.phones)
    assert card.phones[-1].number in await side.shown()


async def test_no_waiting_notice_is_shown_or_written(side):
    await side.write("안녕하세요")
    async with side.talk.db.transaction() as tx:
        case = await handoff.open_or_raise(tx, side.talk.cipher, side.conversation_id, "none", "other", "asked")
        await guarding.mark(tx, side.conversation_id, guarding.AGENT)
    assert await handoff.tell_waiting(side.talk.db, side.talk.cipher, now() + timedelta(seconds=30)) == []
    # One that was written before, or by whatever else, stays off the screen.
    await side.say(Body("지금 대기 3번째입니다.", kind="queue_status"))
    assert "대기" not in await side.shown()
    async with side.talk.db.transaction() as tx:
        await guarding.unmark(tx, side.conversation_id)
    assert await handoff.tell_waiting(side.talk.db, side.talk.cipher, now() + timedelta(seconds=30)) == [case.id]


async def test_no_survey_is_asked_or_shown(side):
    await side.write("여권은 어디서 만드나요")
    await side.say(Body("가까운 공관입니다.", kind="answer"))
    bye = Reply((Body(satisfaction._texts()["thank"]),))
    async with side.talk.db.read() as connection:
        assert len((await satisfaction.with_question(connection, side.conversation_id, bye)).bodies) == 2
        await guarding.mark(connection, side.conversation_id, guarding.AGENT)
        assert len((await satisfaction.with_question(connection, side.conversation_id, bye)).bodies) == 1
    await side.say(satisfaction.question())
    assert satisfaction.question().text not in await side.shown()
    assert "rate:" not in await side.shown()


async def _answers_no(side: Side) -> None:
    """The danger question is asked about a message, and its "no" is pressed."""
    talk, passed = side.talk, Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
    asked = await side.write("그 사람이 옆에 있어요")
    doubt = Decision(Urgency.NON_URGENT, Category.DOMESTIC_VIOLENCE, "ask", 0.4, ("classifier",))
    said_no = await side.write("괜찮아요")
    for message_id, decision, choice in [(asked, doubt, ""), (said_no, passed, escalation.NO)]:
        async with talk.db.transaction() as tx:
            await handoff.lock_open_case(tx, side.conversation_id)
            current = await conversation.get(tx, side.conversation_id)
            content = {"text": "괜찮아요" if choice else "그 사람이 옆에 있어요", "choice": choice}
            row = {**current, "message_id": message_id, "kind": "choice" if choice else "text", "content": content, "open_emergency": False}
            await triage_slot.apply(talk.services, tx, row, decision, "test")
            if choice:
                body = talk.cipher.seal(json.dumps(content), conversation.BODY)
                await database.run(tx, "UPDATE messages SET kind = 'choice', body = %s WHERE id = %s", body, message_id)
    slot = TurnSlot(talk.services, TurnQueue())
    try:
        await slot._serve(side.conversation_id)
    finally:
        await slot._hang_up()


@pytest.mark.parametrize("is_guarded", [True, False])
async def test_no_danger_never_settles_it_for_a_guarded_person_and_looks_as_it_always_does(side, is_guarded):
    await side.write("안녕하세요")
    await side.talk.run("UPDATE inbox SET triage_state = 'done', turn_state = 'answered' RETURNING 1 AS one")
    if is_guarded:
        async with side.talk.db.transaction() as tx:
            await guarding.mark(tx, side.conversation_id, guarding.AGENT)
    await _answers_no(side)
    cases = await side.talk.run("SELECT severity, category, reason, status FROM cases")
    expected = {"severity": "urgent", "category": "domestic_violence", "reason": escalation.SAID_SAFE, "status": "queued"}
    assert cases == ([expected] if is_guarded else [])
    assert await side.talk.run("SELECT 1 FROM timers WHERE kind = %s", escalation.ASK_TIMER) == []
    shown = await side.shown()
    if is_guarded:
        assert GLAD in shown
    assert "상담관을 연결" not in shown


async def test_no_danger_lowers_and_closes_nothing_that_is_open(side):
    await side.danger("confinement")
    await side.talk.run("UPDATE cases SET severity = 'life_threat' RETURNING 1 AS one")
    await side.talk.run("UPDATE inbox SET triage_state = 'done', turn_state = 'answered' RETURNING 1 AS one")
    await _answers_no(side)
    (case,) = await side.talk.run("SELECT severity, category, status FROM cases")
    assert case == {"severity": "life_threat", "category": "confinement", "status": "queued"}
    assert await side.is_guarded()


async def test_the_page_of_the_place_does_not_say_who_has_looked(side):
    await side.write("위치를 보낼게요")
    async with side.talk.db.transaction() as tx:
        token = await location.request_link(tx, side.conversation_id, None)
    consent = {"action": "consent", "device": "phone"}
    assert "views" in (await side.client.post(f"/locate/{token}", json=consent)).json()
    async with side.talk.db.transaction() as tx:
        await guarding.mark(tx, side.conversation_id, guarding.AGENT)
    answer = (await side.client.post(f"/locate/{token}", json=consent)).json()
    assert answer["ok"]
    assert not {"views", "seen_by"} & set(answer)


async def test_no_sms_goes_to_a_guarded_person(side, make_agent):
    await side.danger("domestic_violence")
    agent, case = await make_agent(side.conversation_id)

    class Pigeon:
        async def send(self, number: str, text: str) -> bool:
            raise AssertionError("sent")

    texting.connect(Pigeon())
    try:
        with pytest.raises(AppError) as refused:
            await texting.send_link(
                side.talk.db, side.talk.cipher, side.talk.services.settings.model_copy(update={"locate_sms": True}), case, agent, "https://chat.test"
            )
    finally:
        texting.connect(None)
    assert refused.value.code == "guarded_no_sms"


async def test_only_a_person_takes_the_mark_away_and_says_why(side, make_agent):
    await side.danger("stalking")
    agent, case = await make_agent(side.conversation_id)
    stranger = Staff(agent.id + 1000, "stranger", "낯선 이", frozenset({"agent"}), ("ko",), 3)
    for staff, reason, code in [(agent, "  ", "reason_needed"), (agent, "가" * 501, "too_long"), (stranger, "그냥", "not_owner")]:
        async with side.talk.db.transaction() as tx:
            with pytest.raises(AppError) as refused:
                await desk_guarding.release(tx, side.talk.cipher, case, staff, reason)
        assert refused.value.code == code
        assert await side.is_guarded()
    async with side.talk.db.transaction() as tx:
        assert await desk_guarding.release(tx, side.talk.cipher, case, agent, "공관에서 직접 만나 확인함")
        assert not await desk_guarding.release(tx, side.talk.cipher, case, agent, "두 번")
    assert not await side.is_guarded()
    (logged,) = await side.talk.run("SELECT account, detail FROM access_log WHERE action = 'case.guarded'")
    assert (logged["account"], logged["detail"]) == (agent.login, {"on": False}), "nothing in clear"
    (note,) = await side.talk.run("SELECT body FROM case_notes WHERE case_id = %s", case)
    assert side.talk.cipher.open(note["body"], "case_notes.body") == "보호 표시를 풀었습니다: 공관에서 직접 만나 확인함"
    async with side.talk.db.transaction() as tx:
        assert await desk_guarding.guard(tx, case, agent)
    assert await side.is_guarded()


async def test_a_person_on_a_messenger_is_still_guarded_in_the_next_conversation(talk):
    first = await talk.open()
    async with talk.db.transaction() as tx:
        await guarding.mark(tx, first, guarding.CATEGORY)
        await conversation.close(tx, first)
    second = (await talk.write("저예요")).conversation_id
    stranger = (await talk.write("안녕하세요", visitor="U2")).conversation_id
    async with talk.db.transaction() as tx:
        assert second != first
        assert await guarding.is_guarded(tx, second)
        assert not await guarding.is_guarded(tx, stranger)
        await conversation.close(tx, second)
    assert (await talk.run("SELECT guarded_why FROM conversations WHERE id = %s", await talk.open())) == [{"guarded_why": guarding.CATEGORY}]


@pytest.fixture
def make_agent(talk):
    """``await make_agent(conversation_id)``: an account that owns the conversation's case, and the case."""

    async def make(conversation_id: str) -> tuple[Staff, int]:
        (row,) = await talk.run(
            "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES ('haneul', '김하늘', 'x', '{agent}', 3) RETURNING id"
        )
        agent = Staff(row["id"], "haneul", "김하늘", frozenset({"agent"}), ("ko",), 3)
        await talk.run("INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, 'available', 3) RETURNING 1 AS one", agent.id)
        async with talk.db.transaction() as tx:
            found = await database.one(tx, "SELECT id FROM cases WHERE conversation_id = %s AND status = 'queued'", conversation_id)
            await handoff.claim(tx, found["id"], agent)
        return agent, int(found["id"])

    return make


@pytest.mark.parametrize("kind", ["queue_status", "rating_request", "safety_check", "view_log", "file_notice"])
async def test_a_line_that_would_tell_is_not_shown_whoever_has_written_it(side, kind):
    await side.write("안녕하세요")
    await side.say(Body("전에 쓴 글", kind=kind))
    assert "전에 쓴 글" in await side.shown(), "elsewhere such lines are shown"
    async with side.talk.db.transaction() as tx:
        await guarding.mark(tx, side.conversation_id, guarding.CATEGORY)
    await side.say(Body("나중에 쓴 글", kind=kind))
    assert "나중에 쓴 글" not in await side.shown()


def test_every_kind_of_line_that_is_withheld_is_named_once():
    for kind in guarding.WITHHELD:
        assert guarding.screened(kind, {"text": "말"}, is_guarded=True) is None
        assert guarding.screened(kind, {"text": "말"}, is_guarded=False) == {"text": "말"}
    assert {Category.CONFINEMENT, Category.DRUGGED} <= guarding.GUARDING


class TestOnAMessenger:
    """Nothing arrives unbidden on a telephone that somebody else may hold, and nothing long or telling stays on its screen."""

    async def guarded(self, talk: Any) -> str:
        arrived = await talk.write("안녕하세요")
        async with talk.db.transaction() as tx:
            await guarding.mark(tx, arrived.conversation_id, guarding.AGENT)
        return str(arrived.conversation_id)

    async def minutes_pass(self, talk: Any) -> None:
        await talk.run("UPDATE conversations SET last_inbound_at = now() - interval '6 minutes' RETURNING 1 AS one")

    async def test_an_answer_goes_while_the_person_has_just_written(self, talk):
        conversation_id = await self.guarded(talk)
        await talk.answer(conversation_id, "네")
        await talk.send()
        assert talk.messenger.seen == {"U1": ["네"]}

    async def test_later_it_waits_for_the_next_message(self, talk):
        conversation_id = await self.guarded(talk)
        await self.minutes_pass(talk)
        await talk.answer(conversation_id, "네", danger=True)
        await talk.send()
        await talk.make_due()
        await talk.send()
        assert talk.messenger.parcels == [], "no push, not even of danger"
        await talk.write("저예요")
        await talk.send()
        assert talk.messenger.seen == {"U1": ["네"]}

    async def test_a_window_that_proves_closed_becomes_no_push(self, talk):
        conversation_id = await self.guarded(talk)
        await talk.write("저예요", window=window())
        await self.minutes_pass(talk)
        talk.messenger.fate = lambda parcel: WindowClosed()
        await talk.answer(conversation_id, "네")
        await talk.send()
        assert [parcel.window is not None for parcel in talk.messenger.parcels] == [True]

    async def test_elsewhere_a_push_goes_as_ever(self, talk):
        conversation_id = str((await talk.write("안녕하세요")).conversation_id)
        await self.minutes_pass(talk)
        await talk.answer(conversation_id, "네")
        await talk.send()
        assert talk.messenger.seen == {"U1": ["네"]}

    async def test_lines_of_ours_are_short_and_harmless(self, talk):
        conversation_id = await self.guarded(talk)
        await talk.answer(conversation_id, "사진은 두 장이면 됩니다. " * 12, source=SourceCard("여권 안내", "2026-01-01", "https://x.test/1", "외교부"))
        await talk.answer(conversation_id, "경찰서에 신고하세요. 위험하면 전화하세요.")
        await talk.send()
        long, telling = talk.messenger.seen["U1"]
        assert len(long) <= guarding.BRIEF_CHARS
        assert long.endswith("됩니다.")
        assert telling == guarding.NOTED

    async def test_a_crisis_card_is_its_first_two_lines_and_the_way_to_send_a_place(self, talk):
        side = PortSide(talk, None)  # type: ignore[arg-type]
        await side.danger("confinement")
        shown = await side.shown()
        card = talk.services.crisis_card("confinement", "KH", "ko")
        assert card.lines[0] in shown
        assert card.lines[1] in shown
        assert card.lines[2] not in shown
        assert len(shown) < 400

    async def test_what_a_person_writes_goes_as_it_was_written(self, talk, make_agent):
        side = PortSide(talk, None)  # type: ignore[arg-type]
        await side.danger("confinement")
        agent, case = await make_agent(side.conversation_id)
        async with talk.db.transaction() as tx:
            await handoff.reply(tx, talk.cipher, case, agent, "어디 계신지 " * 30, "one")
        assert ("어디 계신지 " * 30).strip()[:100] in await side.shown()


async def test_a_word_that_a_notice_uses_is_not_agreed(side, make_agent):
    await side.danger("stalking")
    agent, case = await make_agent(side.conversation_id)
    await seed_notices(side.talk.db, "development")
    for word, is_fit in [("여권 분실", False), ("여행경보", False), ("알고 싶어요", False), ("파란 우산 둘", True)]:
        async with side.talk.db.transaction() as tx:
            if is_fit:
                await desk_guarding.agree_code_word(tx, side.talk.cipher, case, agent, word)
                continue
            with pytest.raises(AppError) as refused:
                await desk_guarding.agree_code_word(tx, side.talk.cipher, case, agent, word)
            assert refused.value.code == "unfit_code_word"
    assert proof.holds(side.talk.cipher, await side.row(), "빠란 우산 둘")


async def test_a_word_that_is_nearly_something_ordinary_is_heard_only_as_it_was_agreed(side, make_agent):
    await side.danger("stalking")
    agent, case = await make_agent(side.conversation_id)
    await seed_notices(side.talk.db, "development")
    for word, slip in [("겨울 바랑", "겨울 바람"), ("여건 분실이", "여권 분실")]:
        async with side.talk.db.transaction() as tx:
            await desk_guarding.agree_code_word(tx, side.talk.cipher, case, agent, word)
        assert proof.holds(side.talk.cipher, await side.row(), f"혹시 {word}")
        assert not proof.holds(side.talk.cipher, await side.row(), f"혹시 {slip} 때는요")
