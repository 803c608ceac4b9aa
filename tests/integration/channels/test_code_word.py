"""The agreed word raises the case and shows nothing of it: on the web page and at the channel port, with and without models, whoever has the conversation."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from bot import hush
from bot.compose import ASKED_PERSON, OFFER_PERSON, Reply
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from conversation import guarding, proof
from conversation import service as conversation
from conversation.marks import say_typing
from conversation.schemas import Body, Phone
from core import db as database
from core.clock import now
from core.crypto import Cipher
from handoff import guarding as desk_guarding
from handoff import service as handoff
from handoff.desk.aside import read_aside
from handoff.desk.words import why
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.first_look import FirstLook
from language.triage import Decision
from tests.integration.channels.test_guarded import PortSide, WebSide, make_agent, side  # noqa: F401  (fixtures)

_numbers = count(1)
NONE = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
DANGER = Decision(Urgency.URGENT, Category.ASSAULT, "escalate", 0.9, ("classifier",), 0.9)
DOUBT = Decision(Urgency.URGENT, Category.OTHER, "ask", 0.5, ("classifier",))
#: What must never come onto the screen of a citizen who has said the word.
TELLING = ("연결", "상담관", "위험", "안전하게", "경찰", "읽고", "대기", "danger", "locate")


class Judge:
    """Stands in for analyser and triage; it can do no more than the turn asks of it."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.triage, self.intents = decision, self, self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]

    async def of_message(self, message_id: int, text: str) -> Analysis:
        return Analysis(text, text, "ko")

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        return self.decision

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return "thank", 1.0


class Wishing(Judge):
    """Whoever writes is understood to want a person."""

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return "ask_person", 1.0


@pytest.fixture
def live(side):  # noqa: F811
    """The side, with a slot that triages and a turn that answers; ``judge`` None: the models are away."""

    async def agree(word: str = "파란 우산") -> None:
        if not side.conversation_id:
            await side.write("안녕하세요")
            await go()
        async with side.talk.db.transaction() as tx:
            assert await proof.set_code_word(tx, side.talk.cipher, await conversation.get(tx, side.conversation_id), word)

    async def go(judge: Judge | None = None, *, with_turn: bool = True) -> None:
        side.talk.services.understanding = judge if judge is not None else Judge(NONE)
        slot = TriageSlot(side.talk.services, f"slot-{next(_numbers)}")
        while await slot.step():
            pass
        await slot._hang_up()
        if with_turn:
            turn = TurnSlot(side.talk.services, TurnQueue())
            await turn._serve(side.conversation_id)
            await turn._hang_up()

    side.agree, side.go = agree, go
    return side


async def cases(side: Any) -> list[dict[str, Any]]:  # noqa: F811
    return await side.talk.run("SELECT * FROM cases ORDER BY id")


@pytest.mark.parametrize(
    "said", ["파란 우산", "파란우산", "혹시 파란 우산이 있나요?", "저는파란우산을 샀어요", "  파란\n우산!  ", "파란　우산", "혹시 빠란 우산", "파라누산이요"]
)
async def test_the_word_opens_a_life_threat_and_the_screen_shows_an_ordinary_answer(live, said):
    await live.agree()
    before = await live.shown()
    await live.write(said)
    await live.go()
    (case,) = await cases(live)
    assert (case["severity"], case["status"], case["reason"], case["category"]) == ("life_threat", "queued", "code_word", "other")
    assert why(tuple(case["reason"].split(","))) == ["약속한 말"]
    assert (await live.row())["guarded_why"] == guarding.CODE_WORD
    shown = (await live.shown())[len(before) - 2 :]
    assert "천만" in shown or "도움" in shown or "고맙" in shown, shown  # the same small talk that any thanks get
    assert not [word for word in TELLING if word in shown]


@pytest.mark.parametrize("said", ["우산 파란 것", "파란 우", "빨간 우산", "파 란 장 우 산"])
async def test_other_words_raise_nothing(live, said):
    await live.agree()
    await live.write(said)
    await live.go()
    assert await cases(live) == []
    assert not await live.is_guarded()


async def test_nobody_elses_word_raises_anything(live):
    await live.agree()
    async with live.talk.db.transaction() as tx:
        other, _ = await conversation.start(tx, "webchat")
        row = await conversation.get(tx, other)
    assert not proof.holds(live.talk.cipher, row, "파란 우산")


async def test_danger_in_the_same_message_is_raised_as_silently(live):
    await live.agree()
    await live.write("파란 우산, 저를 때려요")
    await live.go(Judge(DANGER))
    (case,) = await cases(live)
    assert (case["severity"], case["category"], case["reason"]) == ("life_threat", "assault", "code_word,classifier")
    shown = await live.shown()
    assert hush.WORDS["ko"] in shown
    assert not [word for word in TELLING if word in shown]


class Broken:
    async def analyse(self, texts: list[str]) -> list[Analysis]:
        raise RuntimeError("the encoder is gone")


async def test_it_needs_no_model_no_dialogue_and_no_turn(live):
    await live.agree()
    await live.write("파란 우산")
    await live.go(Broken(), with_turn=False)
    (case,) = await cases(live)
    assert (case["severity"], case["reason"]) == ("life_threat", "code_word,triage_failed")
    shown = await live.shown()
    assert hush.WORDS["ko"] in shown
    assert not [word for word in TELLING if word in shown]


async def test_the_standby_hears_it_while_every_worker_is_dead(live):
    await live.agree()
    await live.write("파란 우산")
    live.talk.services.understanding = Judge(NONE)
    standby = TriageSlot(live.talk.services, "standby", 250)
    assert await standby.step() == 1, "no worker holds the lock, so that it need not wait"
    await standby._hang_up()
    assert [case["severity"] for case in await cases(live)] == ["life_threat"]


@pytest.mark.parametrize("judge", [DANGER, DOUBT])
async def test_whatever_comes_after_the_word_is_silent_too(live, judge):
    await live.agree()
    await live.write("파란 우산")
    await live.go()
    await live.talk.run("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' RETURNING 1 AS one")
    await live.write("도와주세요")
    await live.go(Judge(judge))
    _, second = await cases(live)
    assert (second["status"], second["severity"]) == ("queued", "urgent")
    shown = await live.shown()
    assert not [word for word in TELLING if word in shown]
    assert await live.talk.run("SELECT 1 AS one FROM timers WHERE kind = 'danger_ask'") == []


async def test_an_open_danger_question_never_becomes_a_card(live):
    await live.agree()
    await live.write("이상해요")
    await live.go(Judge(DOUBT))
    assert await live.talk.run("SELECT 1 AS one FROM timers WHERE kind = 'danger_ask'") == [{"one": 1}]
    await live.write("파란 우산")
    await live.go()
    assert await live.talk.run("SELECT 1 AS one FROM timers WHERE kind = 'danger_ask'") == []
    assert await live.talk.run("SELECT 1 AS one FROM messages WHERE kind LIKE 'crisis%%'") == []


async def test_a_person_who_has_the_conversation_hears_the_bell_again(live, make_agent):  # noqa: F811
    await live.agree()
    async with live.talk.db.transaction() as tx:
        await handoff.open_or_raise(tx, live.talk.cipher, live.conversation_id, "none", "other", "asked")
    agent, case_id = await make_agent(live.conversation_id)
    before = await live.shown()
    await live.write("파란 우산")
    await live.go()
    (case,) = await cases(live)
    assert (case["severity"], case["owner_id"], case["acknowledged_at"]) == ("life_threat", agent.id, None)
    assert case["reason"].startswith("code_word")
    assert await live.shown() == before, "nothing is said"
    async with live.talk.db.transaction() as tx:
        aside = await read_aside(tx, live.talk.cipher, (await handoff.card(tx, live.talk.cipher, case_id, agent)).case, agent)
        kinds = await database.rows(tx, "SELECT kind FROM events WHERE stream = 'queue' ORDER BY seq")
    assert aside.is_hushed
    assert kinds[-1]["kind"] == "code_word"


async def test_a_known_life_threat_says_it_too_and_rings_once(live, make_agent):  # noqa: F811
    await live.agree()
    await live.danger("confinement")
    await live.talk.run("UPDATE cases SET severity = 'life_threat' RETURNING 1 AS one")
    agent, case_id = await make_agent(live.conversation_id)
    await live.write("파란 우산")
    await live.go()
    (case,) = await cases(live)
    assert (case["reason"].split(",")[0], case["acknowledged_at"], case["category"]) == ("code_word", None, "confinement")
    async with live.talk.db.transaction() as tx:
        await handoff.acknowledge(tx, case_id, agent)
    await live.write("파란 우산이요")
    await live.go()
    assert (await cases(live))[0]["acknowledged_at"] is not None


async def test_after_handing_back_the_word_puts_it_into_the_queue_again(live, make_agent):  # noqa: F811
    await live.agree()
    await live.danger("assault")
    agent, case_id = await make_agent(live.conversation_id)
    async with live.talk.db.transaction() as tx:
        await handoff.hand_back(tx, case_id, agent)
    await live.write("파란 우산")
    await live.go()
    (case,) = await cases(live)
    assert (case["status"], case["severity"], case["owner_id"]) == ("queued", "life_threat", None)


async def test_a_wish_for_a_person_brings_one_without_saying_so(live):
    await live.agree()
    await live.write("파란 우산")
    await live.go()
    await live.talk.run("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' RETURNING 1 AS one")
    reply = hush.quietened(Reply((Body(ASKED_PERSON),), person="asked"), "text", "ko")
    assert (reply.person, reply.bodies) == ("asked", (hush.words("ko"),))
    await live.write("상담관 바꿔 주세요")
    await live.go(Wishing(NONE))
    _, wished = await cases(live)
    assert wished["status"] == "queued"
    shown = await live.shown()
    assert hush.words("ko").text in shown
    assert not [word for word in TELLING if word in shown]


def test_an_ordinary_answer_goes_as_it_is_without_numbers_and_ways_to_a_person():
    body = Body("여권 사진은 두 장입니다.", kind="answer", buttons=OFFER_PERSON, phones=(Phone("현지 경찰", "117"),), location_url="https://x/locate/1")
    (said,) = hush.quietened(Reply((body,)), "text", "ko").bodies
    assert (said.text, said.buttons, said.phones, said.location_url) == (body.text, (), (), "")
    assert hush.quietened(Reply((Body("경찰서에 먼저 신고하세요."),)), "text", "ko").bodies == (hush.words("ko"),)
    assert hush.quietened(Reply(()), "location", "ko").bodies == (Body(hush.RECEIVED),)


@pytest.mark.parametrize("language", sorted(hush.WORDS))
def test_the_ordinary_words_tell_nothing(language):
    from conversation.telling import tells

    assert tells(hush.WORDS[language]) == ()


async def test_a_person_comes_writes_and_reads_without_being_seen(live, make_agent):  # noqa: F811
    await live.agree()
    await live.write("파란 우산")
    await live.go()
    agent, case_id = await make_agent(live.conversation_id)
    heard: list[str] = []
    async with live.talk.db.transaction() as tx:
        await handoff.reply(tx, live.talk.cipher, case_id, agent, "사진은 준비되셨어요?", "r1")
        await conversation.mark_read(tx, live.conversation_id, "person", 99)
    with live.talk.services.hub.hinted(conversation.stream(live.conversation_id), heard.append):
        # Hints are kept nowhere: one said while the hub's own connection is being made anew is lost, and said again.
        async with asyncio.timeout(60):
            while not heard:
                async with live.talk.db.read() as connection:
                    await say_typing(connection, live.conversation_id, "person")
                    await say_typing(connection, live.conversation_id, "citizen")
                await asyncio.sleep(0.2)
    assert set(heard) == {"typing:citizen"}
    assert "사진은 준비되셨어요?" in await live.shown()
    if isinstance(live, WebSide):
        found = (await live.client.get(f"/webchat/v1/conversations/{live.conversation_id}/events", headers=live.headers)).json()["events"]
        assert {event["kind"] for event in found} == {"message"}
        assert {event["message"]["author"] for event in found} == {"citizen", "bot"}


async def test_where_a_person_was_seen_before_the_lines_stay_a_persons(live, make_agent):  # noqa: F811
    await live.agree()
    async with live.talk.db.transaction() as tx:
        await handoff.open_or_raise(tx, live.talk.cipher, live.conversation_id, "none", "other", "asked")
    agent, case_id = await make_agent(live.conversation_id)
    async with live.talk.db.transaction() as tx:
        await handoff.reply(tx, live.talk.cipher, case_id, agent, "무엇을 도와드릴까요?", "r1")
    await live.write("파란 우산")
    await live.go()
    async with live.talk.db.transaction() as tx:
        await handoff.reply(tx, live.talk.cipher, case_id, agent, "네", "r2")
    if isinstance(live, WebSide):
        found = (await live.client.get(f"/webchat/v1/conversations/{live.conversation_id}/events", headers=live.headers)).json()["events"]
        assert [event["message"]["author"] for event in found if event["kind"] == "message"][-1] == "person"


async def test_only_a_person_ends_the_silence(live, make_agent):  # noqa: F811
    await live.agree()
    await live.write("파란 우산")
    await live.go()
    agent, case_id = await make_agent(live.conversation_id)
    async with live.talk.db.transaction() as tx:
        await desk_guarding.release(tx, live.talk.cipher, case_id, agent, "직접 만나 확인함")
        row = await conversation.get(tx, live.conversation_id)
    assert (row["guarded_at"], row["hushed_at"]) == (None, None)
    assert row["code_word"], "the word stays agreed"


async def test_the_word_holds_in_a_later_conversation(live):
    await live.agree()
    await live.write("파란 우산")
    await live.go()
    first = live.conversation_id
    async with live.talk.db.transaction() as tx:
        await tx.execute("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved'")
        await conversation.close(tx, first)
    if isinstance(live, WebSide):
        token = live.headers["Authorization"].removeprefix("Bearer ")
        before = {"conversation_id": first, "token": token}
        made = (await live.client.post("/webchat/v1/conversations", json={"after": before, "view": True})).json()
        stranger = (await live.client.post("/webchat/v1/conversations", json={"after": before | {"token": "another"}, "view": True})).json()
        assert set(made) == set(stranger)
        live.conversation_id, live.headers = made["conversation_id"], {"Authorization": f"Bearer {made['token']}", "X-View": made["view"]}
        async with live.talk.db.read() as connection:
            assert (await conversation.get(connection, stranger["conversation_id"]))["code_word"] is None
    await live.write("파란 우산이요")
    await live.go()
    assert live.conversation_id != first
    assert [(case["severity"], case["conversation_id"]) for case in await cases(live)][-1] == ("life_threat", live.conversation_id)
    assert (await live.row())["hushed_at"] is not None


def test_the_hash_tells_nothing_of_the_word(cipher: Cipher) -> None:
    assert PortSide is not None
    row = {"code_word": None}
    assert not proof.holds(cipher, row, "파란 우산")
    assert proof.code_word_of("파란 우산") == "파란우산"


async def test_with_an_agreed_word_every_message_is_read_as_early_as_an_alarming_one(live):
    await live.agree()
    await live.write("파란 우산")
    looks = await live.talk.run("SELECT first_look FROM inbox ORDER BY seq")
    assert [row["first_look"] for row in looks] == [FirstLook.CALM, FirstLook.ALARMING]


async def test_a_cry_that_is_read_together_with_the_word_brings_no_card_onto_the_screen(live):
    await live.agree()
    await live.write("파란 우산")
    await live.write("칼을 들고 있어요")
    await live.go(Judge(DANGER))
    (case,) = await cases(live)
    assert (case["severity"], (await live.row())["hushed_at"] is not None) == ("life_threat", True)
    shown = await live.shown()
    assert hush.words("ko").text in shown
    assert not [word for word in TELLING if word in shown]


@pytest.mark.parametrize("kept", ["0" * 32, "no:number:here", "a:b", "a:b~", "a:4:b~8:c", "a:4:b~x:c", "~"])
async def test_a_word_that_is_kept_in_an_unknown_form_keeps_nobody_from_being_read(live, kept):
    await live.write("안녕하세요")
    await live.go()
    await live.talk.run("UPDATE conversations SET code_word = %s RETURNING 1", kept)
    await live.write("칼을 들고 있어요")
    async with asyncio.timeout(20):
        await live.go(Judge(DANGER))
    (case,) = await cases(live)
    assert case["severity"] == "urgent"
    async with live.talk.db.transaction() as tx:
        assert not await proof.prove(tx, live.talk.cipher, live.conversation_id, "파란 우산", now())


async def test_agreed_to_be_heard_exactly_it_is(live):
    await live.write("안녕하세요")
    await live.go()
    async with live.talk.db.transaction() as tx:
        await proof.set_code_word(tx, live.talk.cipher, await conversation.get(tx, live.conversation_id), "파란 우산", exactly=True)
    await live.write("빠란 우산")
    await live.go()
    assert await cases(live) == []
    await live.write("파란 우산이요")
    await live.go()
    assert [case["reason"] for case in await cases(live)] == ["code_word"]


async def test_nearly_the_word_proves_nothing(live):
    await live.agree()
    async with live.talk.db.transaction() as tx:
        assert not await proof.prove(tx, live.talk.cipher, live.conversation_id, "빠란 우산", now())
        assert await proof.prove(tx, live.talk.cipher, live.conversation_id, "파란 우산", now())


@pytest.mark.parametrize("said", ["파란 우산", "혹시 파란 우산 있나요?"])
async def test_a_word_that_was_agreed_before_words_were_salted_is_still_found(live, said):
    await live.write("안녕하세요")
    await live.go()
    row = await live.row()
    old = live.talk.cipher.pseudonym(f"proof:word:{row['visitor'] or row['id']}:파란우산")
    await live.talk.run("UPDATE conversations SET code_word = %s RETURNING 1", old)
    await live.write(said)
    await live.go()
    (case,) = await cases(live)
    assert (case["severity"], case["reason"]) == ("life_threat", "code_word")
    async with live.talk.db.transaction() as tx:
        assert await proof.prove(tx, live.talk.cipher, live.conversation_id, "파란 우산", now())
