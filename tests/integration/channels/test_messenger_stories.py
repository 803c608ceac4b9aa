"""One story on every messenger, through its simulator and the real program: a question, danger, a place, a person, the end.

All of them run beside each other on one program, as they do for an operator; what is peculiar to one platform follows after the story.
"""

from __future__ import annotations

import asyncio
import io
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from PIL import Image

from accounts.schemas import Staff
from bot.channels.contract import DANGER
from bot.channels.demo import Beside
from bot.channels.kakao.simulated_dealers import BizgoSimulator
from bot.channels.kakao.simulator import KakaoSimulator
from bot.channels.kakao.wire import CAPABILITIES as KAKAO
from bot.channels.line.simulator import LineSimulator
from bot.channels.line.wire import CAPABILITIES as LINE
from bot.channels.simulation import Picked, Shown
from bot.channels.sms.simulator import Centre
from bot.channels.wechat.simulator import WeChatSimulator
from bot.channels.wechat.wire import CAPABILITIES as WECHAT
from conversation import limits as channel_limits
from conversation.files import links
from conversation.files import service as file_service
from conversation.files.kinds import JPEG
from conversation.files.pictures import drawn
from conversation.files.schemas import Form
from core import db as database
from core.db import Database
from core.errors import AppError
from core.ports import free_port
from core.postgres import EmbeddedPostgres
from handoff import files as handoff_files
from handoff import location
from handoff import service as handoff
from tests.program import Program

PUBLIC_URL = "https://gildongmu.example"
HOTLINE = "+82-2-3210-0404"
QUESTION, AFTERWARDS = "여권을 잃어버렸어요", "여권 수수료가 얼마예요?"
IN_DANGER = "칼을 든 사람이 쫓아와요 도와주세요"
COUNSELLOR, SAFE = "상담관입니다. 지금 안전한 곳에 계신가요?", "네, 호텔로 왔어요"
LOCATE = f"{PUBLIC_URL}/locate/"
CAPABILITIES = {"line": LINE, "wechat": WECHAT, "kakao": KAKAO}
SECRET, ACCESS, KEY = "story-secret", "story-access", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Telephone(Protocol):
    """Somebody's telephone with one messenger on it; ``place`` is where they are."""

    channel: str
    place: tuple[float, float]

    def shown(self) -> list[Shown]: ...

    async def comes(self) -> None: ...

    async def says(self, text: str) -> None: ...

    async def shares_place(self) -> None: ...

    async def sends(self, file: Picked) -> None: ...

    async def meets_counsellor(self) -> None: ...

    def forget(self) -> None: ...

    def faults(self) -> list[Any]: ...


@dataclass
class Line:
    line: LineSimulator
    channel: str = "line"
    place: tuple[float, float] = (11.5564, 104.9282)
    person: str = field(default_factory=lambda: "U" + secrets.token_hex(16))

    def shown(self) -> list[Shown]:
        return self.line.telephones.shown.get(self.person, [])

    async def comes(self) -> None:
        assert await self.line.happens(self.person, "follow") == 200

    async def says(self, text: str) -> None:
        assert await self.line.says(self.person, text) == 200

    async def shares_place(self) -> None:
        assert await self.line.shares_place(self.person, *self.place, "프놈펜") == 200

    async def sends(self, file: Picked) -> None:
        assert await self.line.sends_file(self.person, file.content, file.kind, file.name) == 200

    def forget(self) -> None:
        self.line.contents.clear()

    async def meets_counsellor(self) -> None:
        """The counsellor comes to this very talk."""

    def faults(self) -> list[Any]:
        return self.line.refused


@dataclass
class WeChat:
    wechat: WeChatSimulator
    channel: str = "wechat"
    #: Inside mainland China, where the platform's map is shifted.
    place: tuple[float, float] = (39.9042, 116.4074)
    person: str = field(default_factory=lambda: "o" + secrets.token_hex(14))

    def shown(self) -> list[Shown]:
        return self.wechat.telephones.shown.get(self.person, [])

    async def comes(self) -> None:
        assert await self.wechat.happens(self.person, "subscribe") == 200

    async def says(self, text: str) -> None:
        assert await self.wechat.says(self.person, text) == 200

    async def shares_place(self) -> None:
        assert await self.wechat.shares_place(self.person, *self.place, "北京") == 200

    async def sends(self, file: Picked) -> None:
        assert await self.wechat.sends_file(self.person, file) == 200

    def forget(self) -> None:
        self.wechat.contents.clear()

    async def meets_counsellor(self) -> None:
        """The counsellor comes to this very talk."""

    def faults(self) -> list[Any]:
        return self.wechat.refused


@dataclass
class Mini(WeChat):
    """The customer service of the mini-program: no menu, and a place on our page alone."""

    program_url: str = ""
    channel: str = "wechat_mini"
    place: tuple[float, float] = (-33.4489, -70.6693)

    async def comes(self) -> None:
        assert await self.wechat.happens(self.person, "user_enter_tempsession") == 200

    async def shares_place(self) -> None:
        await on_page(self.shown(), self.program_url, self.place)


@dataclass
class Kakao:
    kakao: KakaoSimulator
    dealer: BizgoSimulator
    program_url: str
    channel: str = "kakao"
    place: tuple[float, float] = (14.5995, 120.9842)
    person: str = field(default_factory=lambda: secrets.token_hex(20))

    def shown(self) -> list[Shown]:
        return self.kakao.telephones.shown.get(self.person, [])

    async def comes(self) -> None:
        """A skill server is not told of new friends: the channel's own welcome stands there."""

    async def says(self, text: str) -> None:
        assert await self.kakao.says(self.person, text) == 200

    async def shares_place(self) -> None:
        """By the page behind the button: the platform's own location is for registered operators alone."""
        await on_page(self.shown(), self.program_url, self.place)

    async def sends(self, file: Picked) -> None:
        assert await self.kakao.sends_file(self.person, file) == 200

    def forget(self) -> None:
        self.kakao.contents.clear()

    async def meets_counsellor(self) -> None:
        """In the consult talk, into which a button of the bot leads."""
        buttons = [button for message in self.shown() for button in message.buttons]
        way = next(button for button in reversed(buttons) if "bizmessage.kakao.com" in button["action"].get("webLinkUrl", ""))
        assert await self.kakao.presses(self.person, way) == 200

    def faults(self) -> list[Any]:
        return [*self.kakao.faults, *self.dealer.refused]


@dataclass
class Sms:
    centre: Centre
    channel: str = "sms"
    place: tuple[float, float] = (10.77653, 106.70098)
    person: str = field(default_factory=lambda: f"8210{secrets.randbelow(10**8):08d}")

    def shown(self) -> list[Shown]:
        return self.centre.telephones.shown.get(self.person, [])

    async def comes(self) -> None:
        async with asyncio.timeout(60):
            await self.centre.bound.wait()

    async def says(self, text: str) -> None:
        await self.centre.says(self.person, text)

    async def shares_place(self) -> None:
        """The telephone does, by Advanced Mobile Location."""
        await self.centre.shares_place(self.person, *self.place)

    async def sends(self, file: Picked) -> None:
        """A text brings words alone."""

    def forget(self) -> None:
        """Nothing is kept."""

    async def meets_counsellor(self) -> None:
        """The counsellor writes to the same number."""

    def faults(self) -> list[Any]:
        return [status for status in self.centre.statuses if status]


@dataclass
class World:
    """The program, every platform beside it, and the database seen from outside."""

    program: Program
    line: LineSimulator
    wechat: WeChatSimulator
    mini: WeChatSimulator
    kakao: KakaoSimulator
    dealer: BizgoSimulator
    centre: Centre
    db: Database

    def telephone(self, channel: str) -> Telephone:
        ways: dict[str, Callable[[], Telephone]] = {
            "line": lambda: Line(self.line),
            "wechat": lambda: WeChat(self.wechat),
            "wechat_mini": lambda: Mini(self.mini, program_url=self.program.url),
            "kakao": lambda: Kakao(self.kakao, self.dealer, self.program.url),
            "sms": lambda: Sms(self.centre),
        }
        return ways[channel]()

    async def until(self, telephone: Telephone, seen: Callable[[list[str]], bool], seconds: float = 40) -> list[str]:
        """Wait until the telephone shows it; the words of ours on it."""
        began = time.monotonic()
        while not seen(texts := words(telephone)):
            assert time.monotonic() - began < seconds, f"not seen; the telephone shows {texts}\n{self.program.last_words()}"
            await asyncio.sleep(0.02)
        return texts

    async def agent(self) -> Staff:
        login = secrets.token_hex(4)
        async with self.db.transaction() as tx:
            row = await database.one(
                tx, "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', '{agent}', 5) RETURNING id", login, login
            )
            assert row is not None
            await database.run(tx, "INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, 'away', 5)", row["id"])
        return Staff(row["id"], login, login, frozenset({"agent"}), ("ko",), 5)

    async def one(self, statement: str, *args: Any) -> dict[str, Any]:
        async with self.db.read() as connection:
            row = await database.one(connection, statement, *args)
        assert row is not None, statement
        return row

    async def case(self, channel: str) -> dict[str, Any]:
        return await self.one("SELECT k.* FROM cases k JOIN conversations c ON c.id = k.conversation_id WHERE c.channel = %s ORDER BY k.id DESC", channel)

    async def none_left(self, statement: str, *args: Any, seconds: float = 40) -> None:
        """Wait until ``n`` is nothing."""
        began = time.monotonic()
        while (await self.one(statement, *args))["n"]:
            assert time.monotonic() - began < seconds, statement
            await asyncio.sleep(0.1)


async def on_page(shown: list[Shown], program_url: str, place: tuple[float, float]) -> None:
    """Send a place on the page behind the newest address for it, in a button or in words."""
    said = [text for message in shown for text in (*(button["link"] for button in message.buttons), *message.text.split())]
    page = program_url + [text for text in said if text.startswith(LOCATE)][-1].removeprefix(PUBLIC_URL)
    async with httpx.AsyncClient() as browser:
        for wish in ({"action": "consent"}, {"action": "fix", "lat": place[0], "lon": place[1], "accuracy_m": 12.0}):
            assert (await browser.post(page, json={"device": "telephone", **wish})).status_code == 200


def words(telephone: Telephone) -> list[str]:
    return [message.text for message in telephone.shown() if message.side == "us"]


def everything(telephone: Telephone) -> str:
    """Words and where buttons lead."""
    return "\n".join([*words(telephone), *(button.get("link", "") for message in telephone.shown() for button in message.buttons)])


async def serve(stack: AsyncExitStack, app: FastAPI, port: int) -> None:
    server = Beside(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())

    async def end() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(end)


@pytest_asyncio.fixture(scope="module")
async def whole_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    line_port, wechat_port, kakao_port, centre_port = (free_port() for _ in range(4))
    kakao_url = f"http://127.0.0.1:{kakao_port}"
    program = Program(
        tmp_path_factory.mktemp("stories"),
        GILDONGMU_DIALOGUE="false",
        GILDONGMU_PUBLIC_URL=PUBLIC_URL,
        GILDONGMU_LINE_CHANNEL_SECRET=SECRET,
        GILDONGMU_LINE_CHANNEL_TOKEN=ACCESS,
        GILDONGMU_LINE_API_URL=f"http://127.0.0.1:{line_port}",
        GILDONGMU_LINE_DATA_URL=f"http://127.0.0.1:{line_port}",
        GILDONGMU_WECHAT_APP_ID="wxstory",
        GILDONGMU_WECHAT_APP_SECRET=SECRET,
        GILDONGMU_WECHAT_TOKEN=ACCESS,
        GILDONGMU_WECHAT_AES_KEY=KEY,
        GILDONGMU_WECHAT_ORIGINAL_ID="gh_simulated",
        GILDONGMU_WECHAT_API_URL=f"http://127.0.0.1:{wechat_port}",
        GILDONGMU_WECHAT_MINI_APP_ID="wxmini",
        GILDONGMU_WECHAT_MINI_APP_SECRET=SECRET,
        GILDONGMU_WECHAT_MINI_TOKEN=ACCESS,
        GILDONGMU_WECHAT_MINI_AES_KEY=KEY,
        GILDONGMU_WECHAT_MINI_ORIGINAL_ID="gh_mini",
        GILDONGMU_KAKAO_SKILL_SECRET="path",
        GILDONGMU_KAKAO_HEADER_SECRET=SECRET,
        GILDONGMU_KAKAO_CALLBACK_HOSTS=kakao_url,
        GILDONGMU_KAKAO_FILE_HOSTS=kakao_url,
        GILDONGMU_KAKAO_CONSULT_CHANNEL="@gildongmu",
        GILDONGMU_KAKAO_CONSULT_URL=kakao_url,
        GILDONGMU_KAKAO_CONSULT_KEY=ACCESS,
        GILDONGMU_KAKAO_CONSULT_SENDER_KEY="sender",
        GILDONGMU_KAKAO_CONSULT_SECRET="hook",
        GILDONGMU_SMS_CARRIER="smpp",
        GILDONGMU_SMS_SENDER="+82232100404",
        GILDONGMU_SMPP_URL=f"smpp://story@127.0.0.1:{centre_port}",
        GILDONGMU_SMPP_PASSWORD="story",
    )
    line = LineSimulator(f"{program.url}/channels/line/webhook", secret=SECRET, token=ACCESS, again_s=(0.5, 1.0, 2.0))
    wechat = WeChatSimulator(f"{program.url}/channels/wechat/callback", app_id="wxstory", secret=SECRET, token=ACCESS, key=KEY)
    mini_url = f"{program.url}/channels/wechat/mini/callback"
    mini = WeChatSimulator(mini_url, app_id="wxmini", secret=SECRET, token=ACCESS, key=KEY, kind="mini", original_id="gh_mini")
    wechat.beside = [mini]
    dealer = BizgoSimulator(f"{program.url}/channels/kakao/consult/hook", key=ACCESS, sender_key="sender")
    kakao = KakaoSimulator(f"{program.url}/channels/kakao/skill/path", header_secret=SECRET, url=kakao_url, dealer=dealer)
    centre = Centre(centre_port)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, program.stop)
        for app, port in ((line.app(), line_port), (wechat.app(), wechat_port), (kakao.app(), kakao_port)):
            await serve(stack, app, port)
        await centre.start()
        stack.push_async_callback(centre.stop)
        await asyncio.to_thread(program.wait_ready)
        await asyncio.to_thread(program.wait_until, "understanding", "worker")
        dsn = EmbeddedPostgres(program.data).attach()
        assert dsn is not None
        db = await Database.open(dsn, min_size=1, max_size=4)
        stack.push_async_callback(db.close)
        yield World(program, line, wechat, mini, kakao, dealer, centre, db)


@pytest_asyncio.fixture
async def world(whole_world: World) -> World:
    whole_world.line.state = "up"
    await asyncio.to_thread(whole_world.program.wait_for_live_worker)
    return whole_world


@pytest.mark.parametrize("channel", ["line", "wechat", "wechat_mini", "kakao", "sms"])
async def test_question_danger_place_person_end(world: World, channel: str) -> None:
    telephone, cipher = world.telephone(channel), world.program.cipher

    await telephone.comes()
    is_wechat = channel.startswith("wechat")
    if channel == "line" or is_wechat:
        await world.until(telephone, lambda texts: any(HOTLINE in text for text in texts))
    if is_wechat:
        await world.until(telephone, lambda texts: any("운영 회사가 볼 수 있습니다" in text for text in texts))

    known = len(words(telephone))
    await telephone.says(QUESTION)
    await world.until(telephone, lambda texts: any("여권" in text for text in texts[known:]))

    known = len(words(telephone))
    await telephone.says(IN_DANGER)
    await world.until(telephone, lambda texts: any("상담관을 연결하고 있습니다" in text for text in texts[known:]), 10)
    assert (LOCATE in everything(telephone)) is (channel != "sms")  # a link in an SMS looks like fraud
    case = await world.case(channel)
    assert (case["severity"], case["status"]) in (("life_threat", "queued"), ("urgent", "queued"))

    await telephone.shares_place()
    is_on_page = channel in ("kakao", "wechat_mini")
    if not is_on_page:  # there the page says so
        await world.until(telephone, lambda texts: any("위치를 받았습니다" in text for text in texts))
    fix = await world.one("SELECT * FROM geo_fixes WHERE conversation_id = %s ORDER BY id DESC", case["conversation_id"])
    place = location.place_of(fix, cipher)
    assert (place.lat, place.lon) == pytest.approx(telephone.place, abs=2e-5)
    assert (place.source, place.datum) == ("locate" if is_on_page else channel, "WGS84")

    await telephone.meets_counsellor()
    kim, lee = await world.agent(), await world.agent()
    async with world.db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case["id"], kim), handoff.Claimed)
    async with world.db.transaction() as tx:
        await handoff.reply(tx, cipher, case["id"], kim, COUNSELLOR, "reply-1")
    await world.until(telephone, lambda texts: COUNSELLOR in texts[-1])
    if is_wechat:  # words that name what the citizen has not do not go where the platform reads along
        async with world.db.transaction() as tx:
            await handoff.reply(tx, cipher, case["id"], kim, "여권번호와 성함을 알려 주세요.", "reply-2")
        texts = await world.until(telephone, lambda texts: "여기에는 적지 않습니다" in texts[-1])
        assert not any("여권번호와 성함" in text for text in texts)
        told = "SELECT 1 - count(*) AS n FROM events WHERE kind = 'undelivered' AND payload ->> 'reason' = 'withheld' AND stream = %s"
        await world.none_left(told, f"case:{case['id']}")

    await telephone.says(SAFE)
    said = await world.one("SELECT author_kind FROM messages WHERE conversation_id = %s ORDER BY seq DESC", case["conversation_id"])
    assert said["author_kind"] == "citizen"
    # What somebody says after the end was asked for is looked at first: triage must have read it.
    await world.none_left("SELECT count(*) AS n FROM inbox WHERE triage_state = 'pending'")
    async with world.db.transaction() as tx:
        await handoff.close(tx, cipher, case["id"], kim, "resolved", verified_contact="대화로 본인 확인")
    async with world.db.transaction() as tx:
        await handoff.confirm_close(tx, case["id"], lee)
    assert (await world.case(channel))["status"] == "closed"
    if channel == "kakao":
        await world.until(telephone, lambda texts: "(상담이 끝났습니다)" in texts)

    known = len(words(telephone))
    await telephone.says(AFTERWARDS)
    await world.until(telephone, lambda texts: len(texts) > known)
    await world.none_left("SELECT count(*) AS n FROM outbox WHERE channel = %s AND state NOT IN ('sent', 'dead')", channel)
    assert telephone.faults() == []
    lost = await world.one("SELECT count(*) AS n FROM outbox WHERE channel = %s AND state = 'dead'", channel)
    assert lost["n"] == (1 if is_wechat else 0)


def a_photo() -> bytes:
    """With all that a camera writes into it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "GEHEIM"
    exif[0x8825] = {1: "N", 2: (11.0, 33.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
    Image.new("RGB", (640, 480), (9, 120, 40)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


@pytest.mark.parametrize(("channel", "in_consult"), [("line", False), ("wechat", False), ("kakao", False), ("kakao", True)], ids=str)
async def test_a_picture_from_the_citizen_and_one_for_them(world: World, monkeypatch: pytest.MonkeyPatch, channel: str, in_consult: bool) -> None:
    """Fetched by the program from where the platform keeps it, shown to the agent without what the camera wrote, gone in time; and one the other way."""
    telephone, cipher = world.telephone(channel), world.program.cipher
    await telephone.comes()
    await telephone.says(IN_DANGER)
    await world.until(telephone, lambda texts: any("상담관을 연결하고 있습니다" in text for text in texts))
    case = await world.case(channel)
    if in_consult:
        await telephone.meets_counsellor()

    await telephone.sends(Picked("여권.jpeg", "image/jpeg", a_photo()))
    await world.none_left("SELECT 1 - count(*) AS n FROM files WHERE conversation_id = %s AND state = 'ready'", case["conversation_id"])
    telephone.forget()
    kim = await world.agent()
    async with world.db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case["id"], kim), handoff.Claimed)
    file = await world.one("SELECT * FROM files WHERE conversation_id = %s", case["conversation_id"])
    async with world.db.transaction() as tx:
        seen = await handoff_files.look(tx, cipher, case["id"], file["id"], Form.PICTURE, kim)
    assert (seen.media_type, seen.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert b"GEHEIM" not in seen.content
    assert (await world.one("SELECT count(*) AS n FROM file_views WHERE file_id = %s", file["id"]))["n"] == 1

    # The other way: what the channel's own table says, since this process runs no channel.
    table = CAPABILITIES[channel]

    async def left(connection: Any, row: Any) -> Any:
        return table.limits()

    monkeypatch.setitem(channel_limits._known, channel, left)
    picture = await drawn(a_photo(), JPEG.suffix)
    async with world.db.transaction() as tx:
        await handoff_files.send(tx, cipher, case["id"], kim, a_photo(), JPEG, picture, "안내.jpg", "picture-1", PUBLIC_URL)
    if channel == "kakao" and not in_consult:  # the bot's room shows what waits with its next answer
        await telephone.says(SAFE)
    texts = await world.until(telephone, lambda texts: any(PUBLIC_URL + "/f" in text for text in texts))
    address = next(word for text in texts for word in text.split() if word.startswith(PUBLIC_URL + "/f"))
    assert (links.OPENING_PATH in address) is (channel != "line")
    async with httpx.AsyncClient(base_url=world.program.url) as browser:
        path = address.removeprefix(PUBLIC_URL)
        looked, pressed = await browser.get(path), await (browser.get(path) if channel == "line" else browser.post(path))
    assert looked.headers["content-type"].startswith("image/jpeg" if channel == "line" else "text/html")
    assert (pressed.status_code, pressed.content) == (200, picture.picture)

    async with world.db.transaction() as tx:
        await database.run(tx, "UPDATE files SET expires_at = now() - interval '1 second' WHERE conversation_id = %s", case["conversation_id"])
        assert await file_service.expire(tx, []) == 2
    async with world.db.transaction() as tx:
        with pytest.raises(AppError):
            await handoff_files.look(tx, cipher, case["id"], file["id"], Form.PICTURE, kim)
    assert telephone.faults() == []


async def test_an_answer_on_line_has_its_source_and_a_button_for_the_place(world: World) -> None:
    telephone = Line(world.line)
    await telephone.says(QUESTION)
    await world.until(telephone, lambda texts: len(texts) >= 2)
    source = telephone.shown()[-1]
    assert source.title
    assert source.buttons[0]["link"].startswith("http")
    assert any(button["asks_location"] for button in source.quick_replies)


async def test_a_question_while_line_is_down_is_answered_once_when_it_is_back(world: World) -> None:
    telephone = Line(world.line)
    world.line.state = "down"
    for text in (QUESTION, "비자가 필요한가요?", "마스크를 써야 하나요?"):
        await telephone.says(text)
    await world.none_left("SELECT count(*) AS n FROM inbox WHERE channel = 'line' AND (triage_state = 'pending' OR turn_state = 'pending')")
    assert words(telephone) == []
    world.line.state = "up"
    await world.none_left("SELECT count(*) AS n FROM outbox WHERE channel = 'line' AND state <> 'sent'", seconds=120)
    texts = words(telephone)
    assert len(texts) >= 3
    assert len(texts) == len(set(texts))
    assert world.line.refused == []


async def test_wechat_in_bad_faith_reaches_no_conversation(world: World) -> None:
    wechat, person = world.wechat, WeChat(world.wechat).person
    before = await world.one("SELECT count(*) AS n FROM messages")
    body, query = wechat.request(wechat.message(person, "text", Content="거짓"))
    stale, of_long_ago = wechat.request(wechat.message(person, "text", Content="거짓"), at=int(time.time()) - 3600)
    tried = [
        (await wechat.deliver({}, raw=raw, **(query | changed)))[0]
        for raw, changed in (
            (body, {"signature": "0" * 40}),
            (body, {"msg_signature": "0" * 40}),
            (body[:-20], {}),
            (body + b" " * 300_000, {}),
            (stale, of_long_ago),
            (b'<!DOCTYPE x [<!ENTITY e "x">]><xml><Encrypt>&e;</Encrypt></xml>', {}),
        )
    ]
    assert tried == [401, 401, 400, 413, 401, 400]
    assert await world.one("SELECT count(*) AS n FROM messages") == before


async def test_danger_rings_whatever_stands_in_the_way(world: World) -> None:
    """With no worker alive: LINE's button under the greeting, and WeChat's in the menu, whose answer rides on the request."""
    line, wechat = Line(world.line), WeChat(world.wechat)
    await line.comes()
    await world.until(line, lambda texts: bool(world.line.telephones.quick_replies(line.person)))
    (danger,) = [button for button in world.line.telephones.quick_replies(line.person) if button["label"] == "지금 위험해요"]
    world.program.kill("worker")
    assert await world.line.presses(line.person, danger) == 200
    case = await world.case("line")
    assert (case["severity"], case["status"]) == ("life_threat", "queued")
    assert await world.wechat.presses(wechat.person, DANGER) == 200
    case = await world.case("wechat")
    assert (case["severity"], case["status"]) == ("life_threat", "queued")
    assert "상담관을 연결하고 있습니다" in words(wechat)[0]
    known = len(words(line))
    await world.until(line, lambda texts: len(texts) > known, 180)
