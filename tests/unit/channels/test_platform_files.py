"""Where each platform keeps what citizens send, and that only its own servers are asked, by https."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest

from bot.channels.contract import BringsFiles
from bot.channels.kakao import content as kakao
from bot.channels.kakao.channel import KakaoChannel
from bot.channels.kakao.parsing import asked
from bot.channels.line import content as line
from bot.channels.line.channel import LineChannel
from bot.channels.sms.channel import SmsChannel
from bot.channels.wechat import content as wechat
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.tokens import TokenCache
from conversation.schemas import Attachment, InboundKind
from core.fetching import Fetched, Fetcher, FetchFailed, FetchRefused

HOSTS = "kakao.com,kakaocdn.net"
PICTURE = "http://dn-m.talk.kakao.com/talkm/abc/i_1.jpg"


class Network:
    """Every name is somebody's on the internet; what was asked is remembered."""

    def __init__(self, content: bytes = b"\xff\xd8\xff", status: int = 200) -> None:
        self.asked: list[httpx.Request] = []
        self._content, self._status = content, status

    def fetcher(self) -> Fetcher:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return httpx.Response(self._status, content=of(self._content))

        async def resolve(host: str, port: int) -> list[str]:
            return ["93.184.216.34"]

        return Fetcher(1000, resolve=resolve, transport=httpx.MockTransport(handle))

    @property
    def names(self) -> list[str]:
        return [f"{one.url.scheme}://{one.headers['host']}{one.url.raw_path.decode()}" for one in self.asked]


async def of(content: bytes) -> AsyncIterator[bytes]:
    yield content


def test_which_channels_bring_files() -> None:
    assert all(isinstance(kind, type) and issubclass(kind, BringsFiles) for kind in (LineChannel, KakaoChannel, WeChatChannel))
    assert not issubclass(SmsChannel, BringsFiles)


class TestLine:
    async def test_by_number_with_the_accounts_token(self) -> None:
        network = Network()
        await line.fetch(network.fetcher(), line.DATA_URL, "access", "123")
        assert network.names == ["https://api-data.line.me/v2/bot/message/123/content"]
        assert network.asked[0].headers["authorization"] == "Bearer access"

    @pytest.mark.parametrize("number", ["", "../../oauth", "1/2", "1?x=y", "1#", "x" * 65])
    async def test_a_number_is_no_path(self, number: str) -> None:
        network = Network()
        with pytest.raises(FetchRefused):
            await line.fetch(network.fetcher(), line.DATA_URL, "access", number)
        assert network.asked == []


class TestKakao:
    def said(self, utterance: str = "", *, media: Any = None, plugin: str | None = None) -> dict[str, Any]:
        params = {"media": media} if media is not None else {}
        return {
            "userRequest": {"user": {"id": "u"}, "utterance": utterance, "params": params},
            "action": {"params": {"secureimage": plugin} if plugin is not None else {}},
        }

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            ({"utterance": PICTURE}, [PICTURE]),
            ({"utterance": PICTURE, "media": {"type": "image", "url": PICTURE}}, [PICTURE]),
            ({"plugin": '{"imageQuantity":"2","secureUrls":"List(http://secure.kakaocdn.net/a.jpg, http://secure.kakaocdn.net/b.jpg)"}'}, ["a.jpg", "b.jpg"]),
            ({"utterance": "여권을 잃어버렸어요"}, []),
            ({"utterance": "https://evil.example/a.jpg"}, []),
            ({"utterance": "https://talk.kakao.com.evil.example/a.jpg"}, []),
            ({"utterance": f"이 사진 보세요 {PICTURE}"}, []),
            ({"media": "x"}, []),
            ({"media": {"url": 7}}, []),
            ({"media": {"url": "h" * 1001}}, []),
        ],
    )
    def test_what_a_request_brings(self, content: dict[str, Any], found: list[str]) -> None:
        brought = kakao.attachments(self.said(**content), content.get("utterance", ""))
        assert [one.reference.rpartition("/")[2] for one in brought] == [one.rpartition("/")[2] for one in found]

    def test_a_picture_alone_is_a_file_and_with_words_it_is_words(self) -> None:
        alone = asked(self.said(PICTURE))
        assert alone is not None
        inbound = alone.inbound("1")
        assert inbound is not None
        assert (inbound.kind, inbound.text, inbound.attachments) == (InboundKind.FILE, "(사진)", (Attachment("image", PICTURE),))
        both = asked(self.said("살려주세요", media={"type": "image", "url": PICTURE}))
        assert both is not None
        inbound = both.inbound("1")
        assert inbound is not None
        assert (inbound.kind, inbound.text, len(inbound.attachments)) == (InboundKind.TEXT, "살려주세요", 1)

    async def test_http_becomes_https(self) -> None:
        network = Network()
        await kakao.fetch(network.fetcher(), HOSTS, PICTURE)
        assert network.names == [PICTURE.replace("http://", "https://")]

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/a.jpg", "https://evil.example/a", "http://169.254.169.254/latest", "ftp://kakao.com/a", "https://kakao.com:22/", ""]
    )
    async def test_nobody_else_is_asked(self, url: str) -> None:
        network = Network()
        with pytest.raises(FetchRefused):
            await kakao.fetch(network.fetcher(), HOSTS, url)
        assert network.asked == []

    async def test_a_simulator_that_the_operator_has_named(self) -> None:
        network = Network()
        await kakao.fetch(network.fetcher(), f"{HOSTS},http://127.0.0.1:9003", "http://127.0.0.1:9003/a.jpg")
        assert network.names == ["http://127.0.0.1:9003/a.jpg"]
        with pytest.raises(FetchRefused):
            await kakao.fetch(network.fetcher(), f"{HOSTS},http://127.0.0.1:9003", "http://127.0.0.1:9004/a.jpg")


class FakeTokens:
    """A token cache that remembers which token was refused."""

    def __init__(self, token: str | None = "TOKEN") -> None:
        self.token = token
        self.refused_tokens: list[str] = []

    async def get(self, db: Any, cipher: Any) -> str | None:
        return self.token

    async def refused(self, db: Any, token: str) -> None:
        self.refused_tokens.append(token)


class TestWeChat:
    async def fetch(self, network: Network, tokens: FakeTokens, number: str = "MEDIA_1") -> Fetched:
        return await wechat.fetch(network.fetcher(), "https://api.weixin.qq.com", cast("TokenCache", tokens), cast("Any", None), cast("Any", None), number)

    async def test_by_number_with_the_shared_token(self) -> None:
        network = Network()
        assert (await self.fetch(network, FakeTokens())).content == b"\xff\xd8\xff"
        assert network.names == ["https://api.weixin.qq.com/cgi-bin/media/get?access_token=TOKEN&media_id=MEDIA_1"]

    @pytest.mark.parametrize(("code", "error"), [(40007, FetchRefused), (40001, FetchFailed), (42001, FetchFailed), (45009, FetchFailed), (-1, FetchFailed)])
    async def test_what_its_codes_mean(self, code: int, error: type[Exception]) -> None:
        tokens = FakeTokens()
        with pytest.raises(error):
            await self.fetch(Network(json.dumps({"errcode": code, "errmsg": "x"}).encode()), tokens)
        assert tokens.refused_tokens == (["TOKEN"] if code in wechat.BAD_TOKEN else [])

    async def test_a_film_is_kept_elsewhere(self) -> None:
        with pytest.raises(FetchRefused, match="elsewhere"):
            await self.fetch(Network(b'{"video_url": "http://mp.video.qq.example/1.mp4"}'), FakeTokens())

    @pytest.mark.parametrize("content", [b'{"a": 1}', b'{"errcode": 0}', b"{}", b"{", b"[1]"])
    async def test_what_only_looks_like_an_answer_is_the_file(self, content: bytes) -> None:
        assert (await self.fetch(Network(content), FakeTokens())).content == content

    async def test_without_a_token_it_waits(self) -> None:
        with pytest.raises(FetchFailed):
            await self.fetch(Network(), FakeTokens(None))

    @pytest.mark.parametrize("number", ["", "a&access_token=x", "../x", "x" * 257])
    async def test_a_number_is_no_query(self, number: str) -> None:
        network = Network()
        with pytest.raises(FetchRefused):
            await self.fetch(network, FakeTokens(), number)
        assert network.asked == []
