"""WeChat's published vectors (V-W1 to V-W5), and what must not open."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.guard import xml_of
from bot.channels.wechat.crypto import Envelope, EnvelopeError, is_signed, sign
from bot.channels.wechat.parsing import fields_of_xml

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ECHO = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
REPLY = """<xml>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[test]]></Content>
<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>
<ToUserName><![CDATA[messense]]></ToUserName>
<AgentID>1</AgentID>
<CreateTime>1411525903</CreateTime>
</xml>"""
SEALED_REPLY = (
    "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfm"
    "stttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNO"
    "uiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3"
)
SEALED_MESSAGE = (
    "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW"
    "9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHH"
    "qIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0="
)
VIDEO = (
    "<xml><ToUserName><![CDATA[oia2Tj我是中文jewbmiOUlr6X-1crbLOvLw]]></ToUserName><FromUserName><![CDATA[gh_7f083739789a]]></FromUserName>"
    "<CreateTime>1407743423</CreateTime><MsgType><![CDATA[video]]></MsgType>"
    "<Video><MediaId><![CDATA[eYJ1MbwPRJtOvIEabaxHs7TX2D-HV71s79GUxqdUkjm6Gs2Ed1KF3ulAOA9H1xG0]]></MediaId><Title><![CDATA[testCallBackReplyVideo]]></Title>"
    "<Description><![CDATA[testCallBackReplyVideo]]></Description></Video></xml>"
)
SEALED_VIDEO = (
    "jn1L23DB+6ELqJ+6bruv23M2GmYfkv0xBh2h+XTBOKVKcgDFHle6gqcZ1cZrk3e1qjPQ1F4RsLWzQRG9udbKWesxlkupqcEcW7ZQweImX9+wLMa0GaUzpkycA8+IamDBxn5loLgZpnS7fVAbExOkK5DY"
    "HBmv5tptA9tklE/fTIILHR8HLXa5nQvFb3tYPKAlHF3rtTeayNf0QuM+UW/wM9enGIDIJHF7CLHiDNAYxr+r+OrJCmPQyTy8cVWlu9iSvOHPT/77bZqJucQHQ04sq7KZI27OcqpQNSto2OdHCoTccjgg"
    "X5Z9Mma0nMJBU+jLKJ38YB1fBIz+vBzsYjrTmFQ44YfeEuZ+xRTQwr92vhA9OxchWVINGC50qE/6lmkwWTwGX9wtQpsJKhP+oS7rvTY8+VdzETdfakjkwQ5/Xka042OlUb1/slTwo4RscuQ+RdxSGvDa"
    "hxAJ6+EAjLt9d8igHngxIbf6YyqqROxuxqIeIch3CssH/LqRs+iAcILvApYZckqmA7FNERspKA5f8GoJ9sv8xmGvZ9Yrf57cExWtnX8aCMMaBropU/1k+hKP5LVdzbWCG0hGwx/dQudYR/eXp3P0Xxjl"
    "Fiy+9DMlaFExWUZQDajPkdPrEeOwofJb"
)
SEALED_TEXT = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS"
    "7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSV"
    "O/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)


@pytest.mark.parametrize(
    ("parts", "signature"),
    [
        (("test", "1410685589", "test"), "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff"),  # V-W1
        (("AAAAA", "1714037059", "486452656"), "899cf89e464efb63f54ddac96b0a0a235f53aa78"),  # V-W2
        (("123456", "1411443780", "437374425", ECHO), "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"),  # V-W3
        (("123456", "1411525903", "461056294", SEALED_REPLY), "407518b7649e86ef23978113f92d27afa9296533"),  # V-W4
        (("123456", "1411525903", "461056294", SEALED_MESSAGE), "74d92dfeb87ba7c714f89d98870ae5eb62dff26d"),  # V-W4
        (("spamtest", "1409735669", "1320562132", SEALED_TEXT), "5d197aaffba7e9b25a30732f161a50dee96bd5fa"),  # V-W5
    ],
)
def test_published_signatures(parts: tuple[str, ...], signature: str) -> None:
    assert sign(*parts) == signature
    assert is_signed(signature, *reversed(parts))
    assert not is_signed(signature, *parts[:-1], parts[-1] + "0")


class TestPublishedEnvelopes:
    WORK = Envelope("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")

    def test_the_echo(self) -> None:  # V-W3
        assert self.WORK.open(ECHO) == b"5927782489442352469"

    def test_a_reply(self) -> None:  # V-W4
        assert self.WORK.seal(REPLY.encode(), b"1234567890123456") == SEALED_REPLY

    def test_a_message(self) -> None:  # V-W4
        fields = fields_of_xml(xml_of(self.WORK.open(SEALED_MESSAGE), "wechat"))
        assert (fields["Content"], fields["FromUserName"]) == ("test", "messense")

    @pytest.mark.parametrize(
        ("message", "sealed"),
        [("我是中文abcd123", "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="), (VIDEO, SEALED_VIDEO)],
    )
    def test_tencents_samples(self, message: str, sealed: str) -> None:  # V-W5
        envelope = Envelope(KEY, "wxb11529c136998cb6")
        assert envelope.seal(message.encode(), b"aaaabbbbccccdddd") == sealed
        assert envelope.open(sealed).decode() == message

    def test_tencents_message_to_open(self) -> None:  # V-W5
        fields = fields_of_xml(xml_of(Envelope(KEY, "wx2c2769f8efd9abc2").open(SEALED_TEXT), "wechat"))
        assert (fields["Content"], fields["MsgId"]) == ("abcdteT", "6054768590064713728")


OURS = Envelope(KEY, "wx0000000000000001")


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens(message: bytes) -> None:
    assert OURS.open(OURS.seal(message)) == message


@given(st.one_of(st.text(max_size=200), st.binary(max_size=400).map(lambda raw: base64.b64encode(raw).decode())))
def test_anything_else_is_refused_in_one_way(sealed: str) -> None:
    with pytest.raises(EnvelopeError):
        OURS.open(sealed)


@pytest.mark.parametrize("other", ["wx0000000000000002", "", "wx000000000000000", "wx00000000000000011"])
def test_another_accounts_message_is_refused(other: str) -> None:
    with pytest.raises(EnvelopeError):
        OURS.open(Envelope(KEY, other).seal(b"<xml/>"))


def test_whatever_is_changed_on_the_way_it_does_not_say_the_same() -> None:
    message = b"<xml><MsgType>text</MsgType></xml>"
    raw = base64.b64decode(OURS.seal(message, b"1234567890123456"))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with contextlib.suppress(EnvelopeError):
            assert OURS.open(base64.b64encode(changed).decode()) != message


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "A", "한" * 43])
def test_a_key_that_is_none_is_refused_when_it_is_set(key: str) -> None:
    with pytest.raises(ValueError, match=r"43|ascii|character"):
        Envelope(key, "wx")
