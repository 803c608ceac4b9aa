"""Texts through each carrier against its simulator, on the real database: an SMPP centre over a socket, NHN and Solapi over their APIs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bot import errors
from bot.channels.contract import Refused, Retry, Sent
from bot.channels.sms import incoming, ledger, numbers, repository
from bot.channels.sms.alimtalk import NhnAlimTalk
from bot.channels.sms.carrier import Template, Text, TextCarrier
from bot.channels.sms.channel import Links, SmsChannel
from bot.channels.sms.gateways import Gateway, Nhn, SolapiGateway
from bot.channels.sms.make import make
from bot.channels.sms.nhn import NhnSms
from bot.channels.sms.simulator import Centre
from bot.channels.sms.smpp import Arrived, Smpp
from bot.channels.sms.solapi import Solapi
from bot.erasure import erase
from conversation.schemas import InboundKind
from core.errors import DatabaseUnavailable, StartError
from core.ports import free_port
from core.settings import Settings
from handoff.phone import texting
from tests.integration.channels.conftest import Talk

KOREAN, LOCAL = "+821012345678", "+84912345678"
HOTLINE = "+82-2-3210-0404"
LONG = (
    "베트남 다낭에서 여권을 잃어버렸고 지갑도 없습니다. 내일 아침 비행기인데 어떻게 해야 하나요? "
    + "지금 호텔에 있고 전화는 됩니다. 영사관 주소를 알려 주세요."
)


async def until(condition: Callable[[], Any], timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.02)


async def states(talk: Talk) -> list[tuple[str, str | None]]:
    return [(row["state"], row["reason"]) for row in await talk.run("SELECT state, reason FROM text_deliveries ORDER BY id")]


def installed(talk: Talk, channel: SmsChannel) -> SmsChannel:
    channel.use(talk.db, talk.cipher)
    talk.channels.clear()
    talk.channels["sms"] = channel
    talk.messenger.name = "sms"
    return channel


@pytest.fixture(autouse=True)
def _nobody_texts_afterwards() -> Any:
    yield
    texting.connect(None)


@pytest_asyncio.fixture
async def centre() -> AsyncIterator[Centre]:
    centre = Centre(free_port(), again_s=(0.05, 0.1, 0.2, 0.5, 1.0, 1.0))
    await centre.start()
    yield centre
    await centre.stop()


@pytest_asyncio.fixture
async def line(talk: Talk, centre: Centre) -> AsyncIterator[SmsChannel]:
    """The channel with its line to the centre, at work."""
    settings = Settings(sms_carrier="smpp", sms_sender="+82232100404", smpp_url=f"smpp://us@127.0.0.1:{centre.port}", smpp_password="secret")
    channel = make(settings)
    assert channel is not None
    installed(talk, channel)
    task = asyncio.create_task(channel.work(talk.door))
    assert isinstance(channel.carrier, Smpp)
    await asyncio.wait_for(channel.carrier.session.bound.wait(), 60)
    await asyncio.wait_for(centre.bound.wait(), 60)  # it unbinds only lines that it has heard of
    yield channel
    await channel.close()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class TestSmpp:
    async def test_a_text_comes_in_and_its_answer_goes_out_and_its_receipt_is_written_down(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        await centre.says("821012345678", "여권을 잃어버렸어요")
        (row,) = await talk.run("SELECT id FROM conversations WHERE channel = 'sms'")
        await talk.answer(row["id"], "가까운 공관에서 여행증명서를 받으실 수 있습니다.")
        await talk.send()
        assert centre.telephones.texts("821012345678") == ["가까운 공관에서 여행증명서를 받으실 수 있습니다."]
        await until(lambda: _is(talk, [("delivered", None)]))

    async def test_a_long_text_is_one_line(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        await centre.says("821012345678", LONG)
        assert len(centre.statuses) == 2
        (row,) = await talk.run("SELECT body FROM messages")
        assert LONG in talk.cipher.open(row["body"], "messages.body")
        assert await talk.run("SELECT * FROM text_parts") == []

    async def test_the_order_of_texts_is_kept(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        words = [f"글 {number}" for number in range(10)]
        for one in words:
            await centre.says("821012345678", one)
        rows = await talk.run("SELECT body FROM messages ORDER BY seq")
        assert [one for one, row in zip(words, rows, strict=True) if one in talk.cipher.open(row["body"], "messages.body")] == words

    async def test_it_is_acknowledged_only_once_it_is_stored(self, talk: Talk, centre: Centre, line: SmsChannel, monkeypatch: pytest.MonkeyPatch) -> None:
        accept, tries = talk.door.accept, []

        async def away_at_first(*args: Any, **values: Any) -> Any:
            tries.append(1)
            if len(tries) < 3:
                raise DatabaseUnavailable("away")
            return await accept(*args, **values)

        monkeypatch.setattr(talk.door, "accept", away_at_first)
        await centre.says("821012345678", "도와주세요")
        assert [status == 0 for status in centre.statuses] == [False, False, True]
        assert len(await talk.run("SELECT 1 FROM messages")) == 1

    async def test_the_line_comes_back_after_the_centre_was_away(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        conversation = await talk.open(KOREAN)
        await centre.stop()
        assert isinstance(line.carrier, Smpp)
        await until(lambda: not line.carrier.session.bound.is_set())
        await talk.answer(conversation, "하나", danger=True)
        await talk.send()
        assert [row["state"] for row in await talk.outbox()] == ["pending"]
        back = Centre(centre.port)
        back.telephones = centre.telephones
        await back.start()
        try:
            await asyncio.wait_for(line.carrier.session.bound.wait(), 60)
            await talk.make_due()
            await talk.send()
            assert centre.telephones.texts("821012345678") == ["하나"]
        finally:
            await back.stop()

    async def test_a_busy_centre_is_tried_again_and_a_refusal_is_not(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        centre.state = "throttles"
        assert await line.text(LOCAL, "하나", uuid4()) == Retry("rate", 2.0)
        centre.state = "refuses"
        assert await line.text(LOCAL, "하나", uuid4()) == Refused("smpp_0xb")
        assert await states(talk) == [("failed", "rate"), ("failed", "smpp_0xb")]

    async def test_what_did_not_arrive_after_all_is_told_where_the_desk_sees_it(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        centre.state = "undeliverable"
        conversation = await talk.open(KOREAN)
        await talk.answer(conversation, "하나")
        await talk.send()
        await until(lambda: _is(talk, [("failed", "undeliv_011")]))
        await until(lambda: _outbox_is(talk, ["dead"]))
        told = await talk.run("SELECT payload FROM events WHERE stream = %s AND kind = 'undelivered'", f"conversation:{conversation}")
        assert [row["payload"]["reason"] for row in told] == ["undeliv_011"]

    async def test_words_of_any_alphabet_arrive(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        for words in ("Đại sứ quán ở Hà Nội", "Call 112 now [€5]", "위험하면 ‘112’로 😀 " * 6):
            assert await line.text(LOCAL, words, uuid4()) == Sent()
        assert centre.telephones.texts("84912345678") == ["Đại sứ quán ở Hà Nội", "Call 112 now [€5]", "위험하면 ‘112’로 😀 " * 6]

    async def test_a_place_that_a_telephone_sends_by_itself_is_a_place(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        await centre.says("821012345678", 'A"ML=1;lt=+16.05440;lg=+108.20217;rd=14;top=20261122010203;lc=68;pm=G;si=450081234567890')
        (row,) = await talk.run("SELECT kind, body FROM messages")
        assert row["kind"] == "location"
        assert "450081234567890" not in talk.cipher.open(row["body"], "messages.body")


async def _is(talk: Talk, expected: list[tuple[str, str | None]]) -> bool:
    return await states(talk) == expected


async def _outbox_is(talk: Talk, expected: list[str]) -> bool:
    return [row["state"] for row in await talk.outbox()] == expected


class TestParts:
    async def test_a_part_that_never_comes_does_not_keep_the_others(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        for place, words in ((1, "살려 주세요 "), (3, " 다낭 호텔")):
            await incoming.take(talk.door, talk.db, talk.cipher, Arrived(KOREAN, words, 9, 3, place))
        assert await incoming.sweep(talk.door, talk.db, talk.cipher) == 0
        await talk.run("UPDATE text_parts SET arrived_at = now() - interval '31 seconds'")
        await asyncio.gather(*(incoming.join(talk.door, talk.db, talk.cipher, ledger.number_hash(talk.cipher, KOREAN), 9, 3) for _ in range(3)))
        (row,) = await talk.run("SELECT body FROM messages")
        assert f"살려 주세요 {incoming.MISSING} 다낭 호텔" in talk.cipher.open(row["body"], "messages.body")
        assert await talk.run("SELECT 1 FROM text_parts") == []

    async def test_a_part_that_comes_twice_counts_once(self, talk: Talk, centre: Centre, line: SmsChannel) -> None:
        for place in (1, 1, 2, 2):
            await incoming.take(talk.door, talk.db, talk.cipher, Arrived(KOREAN, str(place), 9, 3, place))
        assert await talk.run("SELECT 1 FROM messages") == []
        (content, *_) = await talk.run("SELECT content FROM text_parts")
        assert KOREAN.encode() not in content["content"]


@pytest_asyncio.fixture(params=["nhn", "solapi"])
async def http_carrier(request: pytest.FixtureRequest) -> AsyncIterator[tuple[TextCarrier, Gateway]]:
    carrier: TextCarrier
    gateway: Gateway
    if request.param == "nhn":
        gateway = nhn = Nhn("secret")
        carrier = NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(nhn.app()))
    else:
        gateway = solapi = SolapiGateway("key", "secret")
        carrier = Solapi("key", "secret", "0232100404", "http://solapi", httpx.ASGITransport(solapi.app()))
    yield carrier, gateway
    await carrier.close()


class TestHttpCarriers:
    async def test_sent_asked_about_and_delivered(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]) -> None:
        carrier, gateway = http_carrier
        channel = installed(talk, SmsChannel(carrier, HOTLINE))
        assert await channel.text(KOREAN, "여권 안내입니다.", uuid4()) == Sent()
        assert await channel.text(LOCAL, "여권 안내입니다.", uuid4()) == Sent()
        assert [text.to for text in gateway.taken.values()] == ["01012345678", "84912345678" if carrier.name == "nhn" else "912345678"]
        await talk.run("UPDATE text_deliveries SET submitted_at = now() - interval '6 seconds'")
        assert await ledger.ask(talk.db, [carrier]) == 2
        assert await ledger.ask(talk.db, [carrier]) == 0
        assert await states(talk) == [("accepted", None)] * 2
        first, second = gateway.taken.values()
        first.fate |= {"messageStatus": "COMPLETED", "statusCode": "4000"}
        second.fate |= {"messageStatus": "FAILED", "resultCode": "2100", "statusCode": "3058"}
        await talk.run("UPDATE text_deliveries SET looked_at = now() - interval '16 seconds'")
        assert await ledger.ask(talk.db, [carrier]) == 2
        assert [state for state, _ in await states(talk)] == ["delivered", "failed"]

    async def test_a_long_line_that_loses_a_text_on_its_way_is_marked_and_no_link_is_missed(
        self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]
    ) -> None:
        carrier, gateway = http_carrier
        installed(talk, SmsChannel(carrier, HOTLINE))
        conversation_id = (await talk.write("지금 위험해요", KOREAN, fields={"kind": InboundKind.DANGER})).conversation_id
        await talk.answer(conversation_id, LONG)
        await talk.send()
        for text in gateway.taken.values():
            is_lost = LONG.startswith(text.words)  # its first text; those after it arrive
            text.fate |= (
                {"messageStatus": "FAILED", "resultCode": "2100", "statusCode": "3058"} if is_lost else {"messageStatus": "COMPLETED", "statusCode": "4000"}
            )
        assert sum(text.words in LONG for text in gateway.taken.values()) > 1
        await talk.run("UPDATE text_deliveries SET submitted_at = now() - interval '6 seconds'")
        await talk.run("UPDATE outbox SET state = 'sending' WHERE message_id = (SELECT max(message_id) FROM outbox)")
        await ledger.ask(talk.db, [carrier])
        await ledger.tell_lost(talk.db)
        assert "dead" not in [row["state"] for row in await talk.outbox()]  # the rest goes first
        await talk.run("UPDATE outbox SET state = 'sent'")
        for _ in range(2):
            await ledger.tell_lost(talk.db)
        *_, line = await talk.outbox()
        assert line["state"] == "dead"
        told = await talk.run("SELECT kind, payload FROM events WHERE kind IN ('undelivered', 'link_lost')")
        assert [(one["kind"], one["payload"]["reason"]) for one in told] == [("undelivered", line["last_error"])] * 2  # on its stream and on the case's

    async def test_a_refusal_of_one_recipient_is_not_success(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]) -> None:
        carrier, gateway = http_carrier
        channel = installed(talk, SmsChannel(carrier, HOTLINE))
        gateway.refused_numbers.add("01012345678")
        result = await channel.text(KOREAN, "하나", uuid4())
        assert isinstance(result, Refused)
        assert await states(talk) == [("failed", result.reason)]

    @pytest.mark.parametrize(("state", "expected"), [("down", Retry("http_503")), ("crashes", Retry("http_500", is_unknown=True))])
    async def test_a_carrier_at_fault(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway], state: str, expected: Retry) -> None:
        carrier, gateway = http_carrier
        gateway.state = state
        channel = installed(talk, SmsChannel(carrier, HOTLINE))
        assert await channel.text(KOREAN, "하나", uuid4()) == expected
        assert await states(talk) == [("unknown" if expected.is_unknown else "failed", expected.reason)]

    async def test_letters_that_korean_sms_lacks_become_the_hotline_and_the_desk_is_told(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]) -> None:
        carrier, gateway = http_carrier
        channel = installed(talk, SmsChannel(carrier, HOTLINE))
        assert await channel.text(KOREAN, "ช่วยด้วย", uuid4()) == Refused("alphabet")
        (text,) = gateway.taken.values()
        assert HOTLINE in text.words
        assert len(text.words.encode("cp949")) <= 90
        assert await channel.text(KOREAN, "👍", uuid4()) == Refused("alphabet")
        assert len(gateway.taken) == 1

    async def test_a_number_that_is_none(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]) -> None:
        channel = installed(talk, SmsChannel(http_carrier[0], HOTLINE))
        assert await channel.text("hidden", "하나", uuid4()) == Refused("bad_number")

    async def test_a_wrong_secret_waits_until_it_is_mended(self, talk: Talk, http_carrier: tuple[TextCarrier, Gateway]) -> None:
        carrier, gateway = http_carrier
        gateway.secret = "another"  # type: ignore[attr-defined]
        channel = installed(talk, SmsChannel(carrier, HOTLINE))
        assert await channel.text(KOREAN, "하나", uuid4()) == Retry("unauthorised", 30.0)


class TestAlimTalk:
    @pytest.fixture
    def nhn(self) -> Nhn:
        return Nhn("secret", templates={"alarm": "#{country} 여행경보가 #{level}단계가 되었습니다."})

    @pytest_asyncio.fixture
    async def carrier(self, nhn: Nhn) -> AsyncIterator[NhnAlimTalk]:
        carrier = NhnAlimTalk("app", "secret", "sender", "0232100404", "http://nhn", httpx.ASGITransport(nhn.app()))
        yield carrier
        await carrier.close()

    def texts(self, count: int, **parameters: str) -> list[Text]:
        found = [numbers.route(f"+8210{number:08d}") for number in range(10_000_000, 10_000_000 + count)]
        template = Template("alarm", {"country": "베트남", "level": "3"} | parameters, fallback="베트남 여행경보 3단계")
        return [Text(uuid4(), to, template.fallback, template) for to in found if to is not None]

    async def test_a_ledger_row_for_each_recipient_and_each_ones_own_result(self, talk: Talk, nhn: Nhn, carrier: NhnAlimTalk) -> None:
        texts = self.texts(1200)
        nhn.refused_numbers.add(texts[1100].to.national)
        results = await ledger.deliver(talk.db, talk.cipher, carrier, texts)
        assert results[1100] == Refused("nhn_-5000")
        assert results.count(Sent()) == 1199
        (counted,) = await talk.run("SELECT count(*) AS n, count(DISTINCT number_hash) AS people, count(reference) AS taken FROM text_deliveries")
        assert (counted["n"], counted["people"], counted["taken"]) == (1200, 1200, 1199)

    async def test_the_same_again_after_no_answer_goes_out_once(self, nhn: Nhn, carrier: NhnAlimTalk) -> None:
        texts = self.texts(2)
        nhn.state = "crashes"
        assert [one.result for one in await carrier.submit(texts)] == [Retry("http_500", is_unknown=True)] * 2
        nhn.state = "up"
        assert [one.result for one in await carrier.submit(texts)] == [Sent()] * 2
        assert len(nhn.taken) == 2

    async def test_without_a_template_or_with_one_not_approved_nothing_goes(self, nhn: Nhn, carrier: NhnAlimTalk) -> None:
        text = self.texts(1)[0]
        assert (await carrier.submit([Text(text.key, text.to, "글")]))[0].result == Refused("no_template")
        assert (await carrier.submit([Text(text.key, text.to, "글", Template("other", {}))]))[0].result == Refused("nhn_-3003")
        assert nhn.taken == {}


class TestResults:
    @pytest_asyncio.fixture
    async def web(self, talk: Talk) -> AsyncIterator[httpx.AsyncClient]:
        gateway = Nhn("secret")
        carrier = NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(gateway.app()))
        channel = installed(talk, SmsChannel(carrier, HOTLINE, nhn_signature="ours", solapi_path="way"))
        await channel.text(KOREAN, "하나", uuid4())
        app = FastAPI()
        errors.install(app)
        app.include_router(channel.routes(talk.door))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://program") as client:
            yield client
        await channel.close()

    async def test_of_nhn(self, talk: Talk, web: httpx.AsyncClient) -> None:
        content = {"productName": "SMS", "event": "MESSAGE_RESULT_UPDATE", "hooks": [{"requestId": "s1", "recipientSeq": 1, "messageStatus": "COMPLETED"}]}
        for signature in ("", "other", "ours"):
            answer = await web.post("/channels/sms/results/nhn", json=content, headers={"X-Toast-Webhook-Signature": signature})
            assert answer.status_code == (200 if signature == "ours" else 401), signature
        assert await states(talk) == [("delivered", None)]

    async def test_forged_results_change_nothing(self, talk: Talk, web: httpx.AsyncClient) -> None:
        hook = {"requestId": "s1", "recipientSeq": 1, "messageStatus": "FAILED"}
        assert (await web.post("/channels/sms/results/nhn", json={"hooks": [hook]}, headers={"X-Toast-Webhook-Signature": "ourz"})).status_code == 401
        assert (await web.post("/channels/sms/results/solapi/no", json=[])).status_code == 401
        assert await states(talk) == [("accepted", None)]

    @pytest.mark.parametrize("raw", [b"", b"{}", b"[", b"\xff", b"[" * 5000, b"null"])
    async def test_bad_reports_are_no_fault_of_ours(self, web: httpx.AsyncClient, raw: bytes) -> None:
        assert (await web.post("/channels/sms/results/solapi/way", content=raw)).status_code == 400

    async def test_of_solapi(self, talk: Talk, web: httpx.AsyncClient) -> None:
        await talk.run("UPDATE text_deliveries SET carrier = 'solapi', reference = 'M1'")
        report = [{"eventDataId": "1", "data": {"messageId": "M1", "statusCode": "4000"}}, {"data": {"messageId": "unknown", "statusCode": "4000"}}]
        assert (await web.post("/channels/sms/results/solapi/way", json=report)).status_code == 200
        assert await states(talk) == [("delivered", None)]

    async def test_a_failure_on_kakaotalk_is_asked_about_since_an_sms_may_have_gone_instead(self, talk: Talk, web: httpx.AsyncClient) -> None:
        await talk.run("UPDATE text_deliveries SET carrier = 'nhn_alimtalk'")
        content = {"productName": "KakaoTalk Bizmessage", "hooks": [{"requestId": "s1", "recipientSeq": 1, "resultCode": "MRC02"}]}
        assert (await web.post("/channels/sms/results/nhn", json=content, headers={"X-Toast-Webhook-Signature": "ours"})).status_code == 200
        assert await states(talk) == [("accepted", None)]
        async with talk.db.transaction() as tx:
            assert len(await repository.due(tx, ["nhn_alimtalk"])) == 1


@pytest.mark.parametrize("number", [KOREAN, LOCAL])
async def test_a_carrier_that_is_down_for_an_hour(talk: Talk, number: str) -> None:
    gateway = Nhn("secret")
    channel = installed(talk, SmsChannel(NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(gateway.app())), HOTLINE))
    conversation_id = await talk.open(number)
    gateway.state = "down"
    said = await talk.an_hour(conversation_id)
    assert gateway.taken == {}
    gateway.state = "up"
    await talk.back()
    assert [text.words for text in gateway.taken.values()] == said
    await channel.close()


class TestLinks:
    async def test_a_link_goes_to_a_caller_only_where_the_setting_is_on(self, talk: Talk) -> None:
        gateway = Nhn("secret")
        channel = installed(talk, SmsChannel(NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(gateway.app())), HOTLINE))
        assert texting.port_of(Settings(locate_sms=False)) is None
        port = texting.port_of(Settings(locate_sms=True))
        assert isinstance(port, Links)
        assert await port.send(KOREAN, "https://example.org/locate/abc") is True
        gateway.state = "down"
        assert await port.send(KOREAN, "https://example.org/locate/abc") is False
        await channel.close()

    @pytest_asyncio.fixture
    async def with_template(self, talk: Talk) -> AsyncIterator[tuple[Nhn, Links, str]]:
        gateway = Nhn("secret", templates={"locate": "영사안전콜센터입니다. 계신 곳을 보내 주세요. #{url}"})
        transport = httpx.ASGITransport(gateway.app())
        templates = NhnAlimTalk("app", "secret", "sender", "0232100404", "http://nhn", transport)
        carrier = NhnSms("app", "secret", "0232100404", "http://nhn", transport)
        channel = installed(talk, SmsChannel(carrier, HOTLINE, templates=templates, link_template="locate"))
        arrived = await talk.write("지금 위험해요", KOREAN, fields={"kind": InboundKind.DANGER})
        yield gateway, Links(channel), arrived.conversation_id
        await channel.close()

    async def lost(self, talk: Talk) -> list[str]:
        return [row["payload"]["reason"] for row in await talk.run("SELECT payload FROM events WHERE kind = 'link_lost' AND stream LIKE %s", "case:%")]

    async def test_a_link_goes_by_alimtalk_where_a_template_is_approved(self, talk: Talk, with_template: tuple[Nhn, Links, str]) -> None:
        gateway, links, conversation_id = with_template
        url = "https://example.org/locate/" + "a" * 43
        assert await links.send_link(KOREAN, f"문자 {url}", url, conversation_id) is True
        (taken,) = gateway.taken.values()
        assert taken.words == f"영사안전콜센터입니다. 계신 곳을 보내 주세요. {url}"
        (row,) = await talk.run("SELECT carrier, conversation_id FROM text_deliveries")
        assert (row["carrier"], row["conversation_id"]) == ("nhn_alimtalk", conversation_id)

    @pytest.mark.parametrize("number", [KOREAN, LOCAL])
    async def test_where_alimtalk_cannot_go_the_sms_does(self, talk: Talk, with_template: tuple[Nhn, Links, str], number: str) -> None:
        gateway, links, conversation_id = with_template
        if number == KOREAN:
            gateway.templates.clear()  # not approved any more
        assert await links.send_link(number, "https://x.kr/locate/abc", "https://x.kr/locate/abc", conversation_id) is True
        (taken,) = gateway.taken.values()
        assert taken.words == "https://x.kr/locate/abc"

    async def test_a_link_that_does_not_arrive_is_told_to_the_desk(self, talk: Talk, with_template: tuple[Nhn, Links, str]) -> None:
        gateway, links, conversation_id = with_template
        await links.send_link(KOREAN, "문자", "https://x.kr/locate/abc", conversation_id)
        (taken,) = gateway.taken.values()
        templates = links._channel.templates
        assert templates is not None
        for fate in ({"resultCode": "MRC02", "resendStatus": "RSC02"}, {"resultCode": "MRC02", "resendStatus": "RSC05", "resendResultCode": "3018"}):
            taken.fate = fate
            await talk.run("UPDATE text_deliveries SET looked_at = NULL, submitted_at = now() - interval '1 minute'")
            assert await self.lost(talk) == []  # an SMS may have gone instead
            await ledger.ask(talk.db, [templates])
        assert await self.lost(talk) == ["3018"]
        await ledger.ask(talk.db, [templates])
        assert await self.lost(talk) == ["3018"]

    async def test_without_the_setting_no_text_carries_a_link_and_the_place_is_asked_for_in_words(self, talk: Talk) -> None:
        gateway = Nhn("secret")
        for with_links in (False, True):
            carrier = NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(gateway.app()))
            installed(talk, SmsChannel(carrier, HOTLINE, with_links=with_links))
            gateway.taken.clear()
            await talk.answer(await talk.open(KOREAN), "상담관을 연결하고 있습니다.", location_url="https://example.org/locate/abc")
            await talk.send()
            said = " ".join(text.words for text in gateway.taken.values())
            assert ("https://example.org/locate/abc" in said, "글로 적어 주세요" in said) == (with_links, not with_links)
            await carrier.close()


class TestSettings:
    def test_without_a_carrier_there_is_no_sms(self) -> None:
        assert make(Settings()) is None

    @pytest.mark.parametrize(
        "values",
        [
            {"sms_carrier": "nhn"},
            {"sms_carrier": "solapi", "sms_sender": "0232100404", "solapi_key": "k"},
            {"sms_carrier": "smpp", "sms_sender": "0232100404", "smpp_url": "http://x", "smpp_password": "p"},
        ],
    )
    def test_a_carrier_that_lacks_something_is_told_at_the_start(self, values: dict[str, Any]) -> None:
        with pytest.raises(StartError, match="GILDONGMU_"):
            make(Settings(**values))


async def test_erasing_a_person_takes_their_rows_of_the_ledger(talk: Talk) -> None:
    gateway = Nhn("secret")
    installed(talk, SmsChannel(NhnSms("app", "secret", "0232100404", "http://nhn", httpx.ASGITransport(gateway.app())), HOTLINE))
    conversation = await talk.open(KOREAN)
    await talk.answer(conversation, "하나")
    await talk.send()
    assert len(await states(talk)) == 1
    async with talk.db.transaction() as tx:
        await erase(tx, talk.cipher, [conversation], "test")
    assert await states(talk) == []
