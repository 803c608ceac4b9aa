"""KakaoTalk's adapter against a server that behaves like KakaoTalk and like both dealers, on the real database; the models are not needed for any of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from accounts.schemas import Staff
from bot import errors
from bot.channels.contract import DANGER
from bot.channels.kakao import channel as kakao_channel
from bot.channels.kakao import repository
from bot.channels.kakao.bizgo import Bizgo
from bot.channels.kakao.channel import HEADER, KakaoChannel, Skill
from bot.channels.kakao.consult_routes import Access, networks
from bot.channels.kakao.events import EventApi
from bot.channels.kakao.happytalk import Happytalk
from bot.channels.kakao.sentences import sentences
from bot.channels.kakao.simulated_dealers import BizgoSimulator, HappytalkSimulator, key_of
from bot.channels.kakao.simulator import NO_ANSWER, KakaoSimulator
from conversation import guarding
from conversation import service as conversation
from conversation.schemas import Body, Button
from core import db as database
from core.clock import now
from core.errors import DatabaseUnavailable
from handoff import service as handoff
from tests.integration.channels.conftest import Talk

PERSON = "botuser1"
COUNTED = ("conversations", "messages", "inbox", "outbox", "cases", "reply_windows", "kakao_consults")
HOOKS = "http://program/channels/kakao/consult/hook"
HOTLINE = "+82-2-3210-0404"


@dataclass
class Kakao:
    """The program's KakaoTalk and the platform's, and a counsellor."""

    talk: Talk
    channel: KakaoChannel
    platform: KakaoSimulator
    dealer: Any

    async def counts(self) -> dict[str, int]:
        return {table: (await self.talk.run(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in COUNTED}

    async def conversation(self) -> str:
        return str((await self.talk.run("SELECT id FROM conversations WHERE status = 'open'"))[0]["id"])

    async def case(self) -> dict[str, Any]:
        return (await self.talk.run("SELECT * FROM cases ORDER BY id DESC LIMIT 1"))[0]

    @property
    def texts(self) -> list[str]:
        return self.platform.telephones.texts(PERSON)

    def buttons(self, person: str = PERSON) -> list[dict[str, Any]]:
        return [button for message in self.platform.telephones.shown.get(person, []) for button in (*message.buttons, *message.quick_replies)]

    def button(self, label: str) -> dict[str, Any]:
        return next(button for button in reversed(self.buttons()) if button["label"] == label)

    async def answers(self, after: int, *bodies: Body, after_s: float = 0.0) -> None:
        """The bot's turn for the message that comes next: what it will be answered, in the background."""
        await asyncio.sleep(after_s)
        for _ in range(3000):  # a minute, for a busy machine
            waiting = await self.talk.run(
                "SELECT message_id, conversation_id FROM inbox WHERE turn_state = 'pending' AND message_id > %s ORDER BY message_id LIMIT 1", after
            )
            if waiting:
                async with self.talk.db.transaction() as tx:
                    await conversation.answer(tx, self.talk.cipher, waiting[0]["conversation_id"], waiting[0]["message_id"], bodies)
                return
            await asyncio.sleep(0.02)
        raise AssertionError("no message came in")

    async def asks(self, text: str, *bodies: Body, after_s: float = 0.0) -> int:
        """Ask the bot while somebody answers."""
        newest = (await self.talk.run("SELECT COALESCE(max(message_id), 0) AS id FROM inbox"))[0]["id"]
        turn = asyncio.create_task(self.answers(newest, *bodies, after_s=after_s))
        status = await self.platform.says(PERSON, text)
        if after_s < 1:
            await turn
        else:
            self.turn = turn
        return status

    async def staff(self, *roles: str) -> Staff:
        async with self.talk.db.transaction() as tx:
            login = f"a{(await database.one(tx, 'SELECT count(*) AS n FROM staff'))['n']}"  # type: ignore[index]
            row = await database.one(
                tx, "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', %s, 3) RETURNING id", login, login, list(roles)
            )
            assert row is not None
            await database.run(tx, "INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, 'available', 3)", row["id"])
        return Staff(row["id"], login, login, frozenset(roles), ("ko",), 3)

    async def says_as(self, staff: Staff, text: str, number: str = "1") -> None:
        async with self.talk.db.transaction() as tx:
            await handoff.reply(tx, self.talk.cipher, (await self.case())["id"], staff, text, f"c{number}")

    async def in_danger(self) -> None:
        assert await self.platform.says(PERSON, "지금 위험해요", {"choice": DANGER}) == 200

    async def into_consult(self) -> None:
        assert await self.platform.presses(PERSON, self.button("상담 이어가기")) == 200


@dataclass
class Made:
    dealer: str = "bizgo"
    has_callback: bool = False
    budget: int = 0
    answer: timedelta = timedelta(seconds=1)
    addresses: str = ""
    has_operator: bool = False


@pytest.fixture
def made(request: pytest.FixtureRequest) -> Made:
    return getattr(request, "param", Made())


@pytest_asyncio.fixture
async def kakao(talk: Talk, made: Made, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kakao]:
    monkeypatch.setattr(kakao_channel, "ANSWER", made.answer)
    monkeypatch.setattr(kakao_channel, "NOT_BEFORE", made.answer)
    monkeypatch.setattr(talk.services.settings, "public_url", "https://g.example")
    app = FastAPI()
    errors.install(app)
    program = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1))
    dealer: Any = None
    if made.dealer == "bizgo":
        dealer = BizgoSimulator(HOOKS, key="key", sender_key="sender", transport=program)
    elif made.dealer == "happytalk":
        dealer = HappytalkSimulator(HOOKS, client_id="id", client_secret="key", sender_key="sender", transport=program)
    platform = KakaoSimulator(
        "http://program/channels/kakao/skill/path", header_secret="head", has_callback=made.has_callback, dealer=dealer, transport=program
    )
    platform.event_blocks["back"] = "챗봇입니다. 더 물어보세요."
    outside = httpx.ASGITransport(platform.app(), raise_app_exceptions=False)
    gateway: Any = None
    if made.dealer == "bizgo":
        gateway = Bizgo("http://dealer", "key", "sender", outside)
    elif made.dealer == "happytalk":
        gateway = Happytalk("http://dealer", "id", "key", "sender", outside)
    channel = KakaoChannel(
        Skill("path", "head", HOTLINE, ("http://kakao",), has_operator=made.has_operator, consult_channel="@gildongmu" if gateway else ""),
        events=EventApi("http://kakao", "5f0bot", "rest", "answer", made.budget, outside) if made.budget else None,
        gateway=gateway,
        consult=Access("hook", networks(made.addresses)) if gateway else None,
        bot_event="back",
        transport=outside,
    )
    channel.use(talk.db, talk.cipher)
    talk.channels.clear()
    talk.channels["kakao"] = channel
    talk.messenger.name = "kakao"
    app.include_router(channel.routes(talk.door))
    yield Kakao(talk, channel, platform, dealer)
    assert platform.faults == []
    assert dealer is None or dealer.refused == []
    await channel.close()


both_dealers = pytest.mark.parametrize("made", [Made("bizgo"), Made("happytalk")], indirect=True, ids=["bizgo", "happytalk"])
no_dealer = pytest.mark.parametrize("made", [Made("")], indirect=True, ids=["alone"])


class TestRefused:
    """Nothing of a request that is refused reaches a conversation."""

    @pytest.fixture
    async def untouched(self, kakao: Kakao) -> AsyncIterator[Kakao]:
        before = await kakao.counts()
        yield kakao
        assert await kakao.counts() == before

    @pytest.mark.parametrize("secret", ["", "forged", "path"])
    async def test_wrong_header(self, untouched: Kakao, secret: str) -> None:
        assert await untouched.platform.ask(untouched.platform.request(PERSON, "글"), PERSON, secret=secret) == 401

    @pytest.mark.parametrize("path", ["forged", "head", "%ED%95%9C", "path%00"])
    async def test_wrong_path(self, untouched: Kakao, path: str) -> None:
        url = f"http://program/channels/kakao/skill/{path}"
        assert await untouched.platform.ask(untouched.platform.request(PERSON, "글"), PERSON, url=url) == 401

    @pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b'{"userRequest": NaN}', b'{"userRequest": {"user": {"id": "u"'])
    async def test_truncated_or_not_json(self, untouched: Kakao, raw: bytes) -> None:
        assert await untouched.platform.ask({}, PERSON, raw=raw) == 400

    async def test_oversized(self, untouched: Kakao) -> None:
        assert await untouched.platform.ask({}, PERSON, raw=b" " * (kakao_channel.MAX_BODY_BYTES + 1)) == 413

    @pytest.mark.parametrize("user", [None, 7, [], {"id": 7}, {"id": ""}, {"id": "u" * 300}])
    async def test_wrong_types(self, untouched: Kakao, user: Any) -> None:
        assert await untouched.platform.ask(untouched.platform.request(PERSON, "글", user=user), PERSON) == 422

    async def test_nothing_said(self, untouched: Kakao) -> None:
        assert await untouched.platform.ask(untouched.platform.request(PERSON, "   "), PERSON) == 200
        assert HOTLINE in untouched.texts[-1]

    async def test_a_group_is_not_answered(self, untouched: Kakao) -> None:
        assert await untouched.platform.ask(untouched.platform.request(PERSON, "납치됐어요", chat={"id": "g", "type": "botGroupKey"}), PERSON) == 200
        assert HOTLINE in untouched.texts[-1]

    @pytest.mark.parametrize(
        ("url", "change", "status"),
        [
            ("http://program/channels/kakao/consult/forged/cstalk/message", {}, 401),
            (f"{HOOKS}/cstalk/message", {"senderKey": "forged"}, 401),
            (f"{HOOKS}/cstalk/message", {"senderKey": None}, 401),
            (f"{HOOKS}/cstalk/message", {"senderKey": ["sender"]}, 401),
            (f"{HOOKS}/cstalk/other", {}, 404),
            (f"{HOOKS}/cstalk/message", {"userKey": ["x"]}, 200),
            (f"{HOOKS}/cstalk/message", {"contents": {"comment": "x"}}, 200),
            (f"{HOOKS}/cstalk/personal_info", {"personalInfo": {"phone_number": "01000000000"}}, 200),
        ],
    )
    async def test_consult_talk(self, untouched: Kakao, url: str, change: dict[str, Any], status: int) -> None:
        hook = untouched.dealer.hook(PERSON, msgType="TEXT", contents=[{"comment": "글"}]) | change
        untouched.dealer.url, _, kind = url.rpartition("/")
        assert (await untouched.dealer.deliver(kind, json.dumps(hook).encode()))[0] == status

    @pytest.mark.parametrize(("raw", "status"), [(b"", 400), (b'{"senderKey": "sender", "msgKey', 400), (b"[1]", 400), (b" " * 300_000, 413)])
    async def test_consult_talk_broken(self, untouched: Kakao, raw: bytes, status: int) -> None:
        assert (await untouched.dealer.deliver("message", raw))[0] == status

    @pytest.mark.parametrize("made", [Made(addresses="198.51.100.0/24")], indirect=True)
    async def test_consult_talk_from_elsewhere(self, untouched: Kakao) -> None:
        assert not await untouched.dealer.says(PERSON, "글")
        assert {status for status, _, _ in untouched.dealer.told} == {401}


class TestSkill:
    async def test_the_response_is_the_answer(self, kakao: Kakao) -> None:
        assert await kakao.asks("여권을 잃어버렸어요", Body("재외공관에 신고하세요.", buttons=(Button("수수료"),))) == 200
        assert kakao.texts == ["재외공관에 신고하세요."]
        assert [button["label"] for button in kakao.buttons()] == ["수수료", "지금 위험해요"]
        assert [row["state"] for row in await kakao.talk.outbox()] == ["sent"]
        await kakao.talk.send()
        assert len(kakao.texts) == 1

    async def test_one_person_has_one_conversation_and_the_same_words_twice_are_two_messages(self, kakao: Kakao) -> None:
        await kakao.asks("네", Body("하나"))
        await kakao.asks("네", Body("둘"))
        counts = await kakao.counts()
        assert (counts["conversations"], kakao.texts) == (1, ["하나", "둘"])
        assert len(await kakao.talk.run("SELECT 1 FROM messages WHERE author_kind = 'citizen'")) == 2

    async def test_the_danger_button_is_in_the_queue_when_it_is_answered(self, kakao: Kakao) -> None:
        await kakao.asks("안녕하세요", Body("안녕하세요."))
        assert await kakao.platform.presses(PERSON, kakao.button("지금 위험해요")) == 200
        assert (await kakao.case())["severity"] == "life_threat"
        assert len(kakao.texts) > 1
        assert kakao.platform.took_s < 1
        labels = {button["label"]: button for button in kakao.buttons()}
        assert labels["위치 보내기"]["link"].startswith("https://g.example/locate/")
        assert any(button["link"].startswith("tel:") for button in labels.values())
        assert "상담 이어가기" in labels

    @no_dealer
    async def test_too_late_without_callback_is_collected_by_a_button(self, kakao: Kakao) -> None:
        assert await kakao.asks("여권", Body("늦은 답"), after_s=1.2) == 200
        assert HOTLINE in kakao.texts[0]
        await kakao.turn
        before = await kakao.counts()
        assert await kakao.platform.presses(PERSON, kakao.button("답 보기")) == 200
        assert kakao.texts[1:] == ["늦은 답"]
        assert (await kakao.counts())["messages"] == before["messages"]
        await kakao.talk.send()
        assert len(kakao.texts) == 2

    @no_dealer
    async def test_an_answer_that_was_found_and_could_not_be_said_in_time_is_collected(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch) -> None:
        async def hangs(*args: Any, **values: Any) -> None:
            await asyncio.sleep(60)

        with monkeypatch.context() as hanging:
            hanging.setattr(kakao_channel, "LAST_WORD_S", 3.0)
            hanging.setattr(kakao.channel, "_way_to_person", hangs)
            await kakao.asks("도와주세요", Body("카드"))
        assert "답 보기" in kakao.texts[-1]
        async with asyncio.timeout(60):
            while not await kakao.talk.run("SELECT 1 FROM outbox WHERE state = 'pending'"):
                await asyncio.sleep(0.02)
        assert await kakao.platform.presses(PERSON, kakao.button("답 보기")) == 200
        assert kakao.texts[-1] == "카드"

    @pytest.mark.parametrize("made", [Made(has_callback=True)], indirect=True)
    async def test_an_answer_that_was_found_is_said_although_the_database_goes_away(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(kakao_channel.windows, "spend", away)
        await kakao.asks("도와주세요", Body("카드"))
        assert kakao.texts == ["카드"]

    @pytest.mark.parametrize("made", [Made(has_callback=True)], indirect=True)
    async def test_too_late_with_callback(self, kakao: Kakao) -> None:
        assert await kakao.asks("여권", Body("늦은 답"), after_s=1.2) == 200
        await kakao.turn
        await kakao.talk.send()
        assert kakao.texts[1:] == ["늦은 답"]
        async with kakao.talk.db.transaction() as tx:
            await conversation.reply(tx, kakao.talk.cipher, await kakao.conversation(), conversation.AuthorKind.SYSTEM, Body("또"), client_id="x")
        await kakao.talk.send()
        assert kakao.texts[1:] == ["늦은 답"]
        await kakao.asks("네", Body("이제"))
        assert kakao.texts[-2:] == ["또", "이제"]

    @pytest.mark.parametrize("made", [Made("", has_callback=True, has_operator=True)], indirect=True, ids=["operator"])
    @pytest.mark.parametrize(("language", "is_quiet"), [("ko", False), ("en", False), ("ja", True)])
    async def test_too_late_the_way_to_a_person_is_shown_in_the_persons_language(self, kakao: Kakao, language: str, is_quiet: bool) -> None:
        await kakao.asks("여권", Body("늦은 답"), after_s=1.2)
        await kakao.turn
        await kakao.talk.run("UPDATE conversations SET language = %s, guarded_at = CASE WHEN %s THEN now() END", language, is_quiet)
        await kakao.talk.send()
        said = sentences(language)
        assert kakao.texts[1:] == (["늦은 답"] if is_quiet else ["늦은 답", said.over_consult])
        assert (said.operator in [button["label"] for button in kakao.buttons()]) != is_quiet

    @pytest.mark.parametrize("made", [Made(has_callback=True)], indirect=True)
    async def test_in_time_with_callback_the_response_is_the_answer_and_the_callback_is_not_used(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        assert "useCallback" not in kakao.platform.answered[-1][1]
        await kakao.talk.answer(await kakao.conversation(), "더")
        await kakao.talk.send()
        assert kakao.texts == ["답"]

    @pytest.mark.parametrize("made", [Made(has_callback=True)], indirect=True)
    async def test_a_callback_that_is_over_waits_for_the_next_words(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("늦은 답"), after_s=1.2)
        await kakao.turn
        kakao.platform._clock = lambda: 1e12
        await kakao.talk.send()
        assert len(kakao.texts) == 1
        kakao.platform.has_callback = False
        await kakao.asks("네", Body("답"))
        assert kakao.texts[1:] == ["늦은 답", "답"]

    async def test_a_forged_callback_address_is_never_asked(self, kakao: Kakao) -> None:
        request = kakao.platform.request(PERSON, "여권", callbackUrl="http://169.254.169.254/latest")
        assert await kakao.platform.ask(request, PERSON) == 200
        assert "useCallback" not in kakao.platform.answered[-1][1]
        assert {row["fallback"] for row in await kakao.talk.run("SELECT fallback FROM reply_windows")} == {"none"}

    async def test_without_database_the_number_to_call(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(kakao.talk.door, "_take", away)
        assert await kakao.platform.says(PERSON, "도와주세요") == 200
        assert HOTLINE in kakao.texts[-1]

    @pytest.mark.parametrize("fault", [RuntimeError("fault"), None])
    async def test_whatever_fails_or_hangs_there_is_a_response_in_time(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch, fault: Exception | None) -> None:
        async def wrong(*args: Any, **values: Any) -> Any:
            if fault is not None:
                raise fault
            await asyncio.sleep(60)

        monkeypatch.setattr(kakao.talk.door, "_take", wrong)
        monkeypatch.setattr(kakao_channel, "LAST_WORD_S", 0.3)
        assert await kakao.platform.says(PERSON, "도와주세요") == 200
        assert HOTLINE in kakao.texts[-1]
        assert NO_ANSWER not in kakao.texts

    async def test_what_is_stored_is_not_said_to_be_lost_when_the_answer_cannot_be_looked_for(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch) -> None:
        async def hangs(*args: Any, **values: Any) -> Any:
            await asyncio.sleep(60)

        monkeypatch.setattr(kakao.talk.door.waiting, "_look", hangs)
        monkeypatch.setattr(kakao_channel, "LAST_WORD_S", 3.0)
        assert await kakao.platform.says(PERSON, "여권") == 200
        assert "답을 준비하고 있습니다" in kakao.texts[-1]
        assert "받지 못하고" not in kakao.texts[-1]
        assert len(await kakao.talk.run("SELECT 1 FROM inbox")) == 1

    @pytest.mark.parametrize("made", [Made("", has_operator=True)], indirect=True)
    async def test_the_channels_own_chat(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        assert kakao.button("상담원 연결")["action"]["action"] == "operator"

    async def test_where_somebody_reads_along_nothing_of_ours_speaks_of_help(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        async with kakao.talk.db.transaction() as tx:
            await guarding.mark(tx, await kakao.conversation(), guarding.AGENT)
        await kakao.platform.says(PERSON, "네")
        response = json.dumps(kakao.platform.answered[-1][1], ensure_ascii=False)
        assert not any(word in response for word in (HOTLINE, "위험", "상담", "경찰"))

    async def test_nobody_can_tell_from_the_tables_who_it_is(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        rows = [*await kakao.talk.run("SELECT * FROM conversations"), *await kakao.talk.run("SELECT * FROM kakao_consults")]
        assert PERSON not in repr(rows)
        assert key_of(PERSON) not in repr(rows)


class TestConsultTalk:
    @both_dealers
    async def test_question_danger_location_person_and_close(self, kakao: Kakao) -> None:
        await kakao.asks("여권을 잃어버렸어요", Body("재외공관에 신고하세요."))
        await kakao.platform.presses(PERSON, kakao.button("지금 위험해요"))
        assert kakao.button("위치 보내기")["link"].startswith("https://g.example/locate/")
        await kakao.into_consult()
        agent, second = await kakao.staff("agent"), await kakao.staff("supervisor", "agent")
        case = await kakao.case()
        async with kakao.talk.db.transaction() as tx:
            await handoff.claim(tx, case["id"], agent)
        await kakao.says_as(agent, "상담관입니다. 지금 안전한 곳인가요?")
        await kakao.talk.send()
        assert kakao.texts[-1] == "상담관입니다. 지금 안전한 곳인가요?"
        await kakao.platform.says(PERSON, "네, 호텔 안이에요")
        assert (await kakao.counts())["conversations"] == 1
        assert await kakao.channel._consult.end_finished() == 0  # type: ignore[union-attr]
        async with kakao.talk.db.transaction() as tx:
            await handoff.close(tx, kakao.talk.cipher, case["id"], agent, "resolved", verified_contact="호텔에서 본인과 통화함")
        async with kakao.talk.db.transaction() as tx:
            await handoff.confirm_close(tx, case["id"], second)
        await kakao.talk.send()
        assert await kakao.channel._consult.end_finished() == 1  # type: ignore[union-attr]
        assert kakao.texts[-1] == "챗봇입니다. 더 물어보세요."
        assert kakao.dealer.open == {}
        assert await kakao.channel._consult.end_finished() == 0  # type: ignore[union-attr]
        await kakao.asks("수수료는요?", Body("수수료 안내"))
        assert kakao.texts[-1] == "수수료 안내"

    @both_dealers
    async def test_a_webhook_told_again_is_taken_once(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        await kakao.platform.says(PERSON, "여기 있어요")
        before = await kakao.counts()
        for _, kind, content in list(kakao.dealer.told):
            assert (await kakao.dealer.deliver(kind, json.dumps(content, ensure_ascii=False).encode()))[0] == 200
        assert await kakao.counts() == before

    async def test_a_button_that_was_passed_on_leads_nobody_else_in(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        button = kakao.button("상담 이어가기")
        await kakao.platform.presses(PERSON, button)
        await kakao.platform.presses("somebody-else", button)
        await kakao.platform.says("somebody-else", "저는 다른 사람이에요")
        assert (await kakao.counts())["conversations"] == 2
        await kakao.talk.answer((await kakao.case())["conversation_id"], "당신만 보세요")
        await kakao.talk.send()
        assert "당신만 보세요" in kakao.texts
        assert "당신만 보세요" not in kakao.platform.telephones.texts("somebody-else")

    @pytest.mark.parametrize("extra", ["", "forged", "x" * 5000])
    async def test_who_comes_without_our_reference_has_a_conversation_of_their_own(self, kakao: Kakao, extra: str) -> None:
        assert await kakao.dealer.comes(PERSON, extra)
        assert [row["kind"] for row in await kakao.talk.run("SELECT kind FROM messages")] == ["choice"]
        await kakao.talk.answer(await kakao.conversation(), "상담관을 부르고 있습니다.")
        await kakao.talk.send()
        assert kakao.texts == ["상담관을 부르고 있습니다."]

    async def test_the_reference_says_nothing_of_anybody(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        extra = kakao.button("상담 이어가기")["action"]["webLinkUrl"].partition("extra=")[2]
        case = await kakao.case()
        assert len(extra) == 32
        assert not {str(case["id"]), case["conversation_id"], PERSON} & {extra}
        assert extra not in repr(await kakao.talk.run("SELECT * FROM kakao_consults"))

    @both_dealers
    async def test_after_the_end_nothing_is_sent_until_the_person_comes_back(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        assert await kakao.dealer.goes(PERSON)
        shown = len(kakao.texts)
        await kakao.talk.answer(await kakao.conversation(), "들리세요?")
        await kakao.talk.send()
        assert len(kakao.texts) == shown
        assert (await kakao.talk.outbox())[-1]["state"] == "pending"
        assert await kakao.dealer.says(PERSON, "다시 왔어요")
        await kakao.talk.make_due()
        await kakao.talk.send()
        assert kakao.texts[shown:] == ["들리세요?"]
        assert (await kakao.counts())["conversations"] == 1

    @both_dealers
    async def test_a_session_that_ended_unseen(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        kakao.dealer.open.clear()
        await kakao.talk.answer(await kakao.conversation(), "들리세요?")
        await kakao.talk.send()
        assert (await kakao.talk.outbox())[-1]["last_error"] == "no_window"
        await kakao.asks("네", Body("답"))
        assert [text for text in kakao.texts if text in ("들리세요?", "답")] == ["들리세요?", "답"]
        await kakao.into_consult()
        await kakao.talk.answer(await kakao.conversation(), "이제 들리세요?")
        await kakao.talk.send()
        assert "이제 들리세요?" in kakao.texts

    async def test_what_kakao_did_not_deliver_is_seen_by_the_desk(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        kakao.dealer.fails = "A999"
        await kakao.talk.answer(await kakao.conversation(), "들리세요?")
        await kakao.talk.send()
        rows = await kakao.talk.outbox()
        # The dealer reports before its own answer is read; it is told again until then, as in life.
        for _, kind, content in [one for one in kakao.dealer.told if one[1] == "result"]:
            await kakao.dealer.deliver(kind, json.dumps(content).encode())
        rows = await kakao.talk.outbox()
        assert (rows[-1]["state"], rows[-1]["last_error"]) == ("dead", "not_delivered")
        assert await kakao.talk.run("SELECT 1 FROM events WHERE kind = 'undelivered' AND stream LIKE 'case:%%'")

    async def test_what_the_person_has_seen(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        assert await kakao.dealer.looks(PERSON)
        (row,) = await kakao.talk.run("SELECT read_by_citizen FROM conversations")
        assert row["read_by_citizen"] > 0

    async def test_a_picture(self, kakao: Kakao) -> None:
        assert await kakao.dealer.says(PERSON, "", url="https://example.kakao.image/1.jpg")
        assert [row["kind"] for row in await kakao.talk.run("SELECT kind FROM messages")] == ["file"]

    @both_dealers
    async def test_the_danger_words_are_the_danger_button(self, kakao: Kakao) -> None:
        assert await kakao.dealer.says(PERSON, "지금 위험해요")
        assert (await kakao.case())["severity"] == "life_threat"
        await kakao.talk.send()
        assert "https://g.example/locate/" in "".join(kakao.texts)

    async def test_a_title_that_is_written_is_the_choice(self, kakao: Kakao) -> None:
        assert await kakao.dealer.says(PERSON, "무서워요")
        await kakao.talk.answer(await kakao.conversation(), "지금 위험한가요?", buttons=(Button("네, 위험해요", "danger:yes"), Button("아니요", "danger:no")))
        assert await kakao.dealer.says(PERSON, "네, 위험해요")
        assert [row["kind"] for row in await kakao.talk.run("SELECT kind FROM messages WHERE author_kind = 'citizen' ORDER BY id")] == ["text", "choice"]

    async def test_long_words_go_in_parts(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        shown = len(kakao.texts)
        await kakao.talk.answer(await kakao.conversation(), "가나다라 " * 500)
        await kakao.talk.send()
        assert "".join("".join(kakao.texts[shown:]).split()) == "가나다라" * 500
        assert all(len(text) <= 1000 for text in kakao.texts)

    async def test_without_database_the_dealer_tells_it_again(self, kakao: Kakao, monkeypatch: pytest.MonkeyPatch) -> None:
        accept, tries = kakao.talk.door.accept, []

        async def away_at_first(*args: Any, **values: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise DatabaseUnavailable("away")
            return await accept(*args, **values)

        monkeypatch.setattr(kakao.talk.door, "accept", away_at_first)
        assert await kakao.dealer.says(PERSON, "도와주세요")
        assert ([status for status, _, _ in kakao.dealer.told], (await kakao.counts())["messages"]) == ([503, 200], 1)


class TestEvents:
    @no_dealer
    async def test_without_a_budget_nothing_is_paid_for(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        await kakao.talk.answer(await kakao.conversation(), "더")
        await kakao.talk.send()
        assert (kakao.platform.events, (await kakao.talk.outbox())[-1]["state"]) == (0, "pending")

    @pytest.mark.parametrize("made", [Made("", budget=2)], indirect=True)
    async def test_the_budget(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        for number in range(4):
            await kakao.talk.answer(await kakao.conversation(), f"더 {number}")
            await kakao.talk.send()
        assert kakao.platform.events == 2
        assert kakao.texts == ["답", "더 0", "더 1"]
        assert [row["last_error"] for row in (await kakao.talk.outbox())[-2:]] == ["quota", None]
        (day,) = await kakao.talk.run("SELECT sent, refused FROM kakao_event_days")
        assert (day["sent"], day["refused"] >= 1) == (2, True)
        await kakao.asks("네", Body("답 2"))
        assert kakao.texts[3:] == ["더 2", "더 3", "답 2"]

    @pytest.mark.parametrize("made", [Made("", budget=2)], indirect=True)
    async def test_what_was_not_taken_costs_nothing(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        kakao.platform.state = "down"
        await kakao.talk.answer(await kakao.conversation(), "더")
        await kakao.talk.send()
        (day,) = await kakao.talk.run("SELECT sent FROM kakao_event_days")
        assert day["sent"] == 0
        kakao.platform.state = "up"
        await kakao.talk.make_due()
        await kakao.talk.send()
        assert kakao.texts == ["답", "더"]

    @pytest.mark.parametrize("made", [Made("", budget=100)], indirect=True)
    async def test_an_hour_without_kakao(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("답"))
        kakao.platform.state = "down"
        said = await kakao.talk.an_hour(await kakao.conversation())
        assert kakao.texts == ["답"]
        kakao.platform.state = "up"
        await kakao.talk.back()
        assert "\n".join(kakao.texts[1:]).split() == "\n".join(said).split()

    @pytest.mark.parametrize("made", [Made("bizgo"), Made("happytalk")], indirect=True)
    async def test_an_hour_without_the_dealer(self, kakao: Kakao) -> None:
        await kakao.in_danger()
        await kakao.into_consult()
        await kakao.talk.back()
        known = len(kakao.texts)
        kakao.dealer.state = "down"
        said = await kakao.talk.an_hour(await kakao.conversation())
        assert kakao.texts[known:] == []
        kakao.dealer.state = "up"
        await kakao.talk.back()
        assert "\n".join(kakao.texts[known:]).split() == "\n".join(said).split()
        assert kakao.dealer.refused == []

    @pytest.mark.parametrize("made", [Made("", budget=5)], indirect=True)
    async def test_too_late_for_the_response(self, kakao: Kakao) -> None:
        await kakao.asks("여권", Body("늦은 답"), after_s=1.2)
        await kakao.turn
        await kakao.talk.send()
        assert (kakao.platform.events, kakao.texts[1:]) == (1, ["늦은 답"])

    @pytest.mark.parametrize("made", [Made("", budget=5)], indirect=True)
    async def test_a_block_of_an_event_that_asks_the_skill_is_nobodys_message(self, kakao: Kakao) -> None:
        await kakao.platform.ask(kakao.platform.request(PERSON, "answer"), PERSON)
        assert kakao.platform.answered[-1][1]["template"]["outputs"] == []
        assert (await kakao.counts())["messages"] == 0

    async def test_fifty_at_once_never_pass_the_budget(self, kakao: Kakao) -> None:
        async def spend() -> bool:
            async with kakao.talk.db.transaction() as tx:
                return await repository.spend(tx, now().date(), 7)

        assert sum(await asyncio.gather(*(spend() for _ in range(50)))) == 7
        (day,) = await kakao.talk.run("SELECT sent, refused FROM kakao_event_days")
        assert (day["sent"], day["refused"]) == (7, 43)


def test_the_header_has_the_name_that_the_documents_say() -> None:
    assert HEADER == "x-skill-secret"
