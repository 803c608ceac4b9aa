"""From our messages to WeChat's XML and JSON, and from its answers to what became of a send. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

import httpx

from bot.channels.contract import Capabilities, Limit, Outbound, Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.splitting import cut
from conversation.schemas import TextUnit

TEXT = Limit(2048, TextUnit.UTF8)
#: Words alone: choices are a numbered list, and what cannot be a message of its own costs none. The danger button is in the account's menu.
CAPABILITIES = Capabilities(text=TEXT, messages_per_send=1, joins_messages=True, location_in=True, file_links=True)
SUCCESS = "success"
QUOTA_S = 60.0
#: The token is not (any more) the account's.
BAD_TOKEN = frozenset({40001, 40014, 41001, 42001})
OUT_OF_WINDOW = frozenset({45015, 45047})
UNREACHABLE_PERSON = frozenset({40003, 43004, 43019})


def passive_text(to: str, by: str, text: str, at: int) -> str:
    """The answer that rides on WeChat's own request."""
    return (
        f"<xml><ToUserName>{escape(to)}</ToUserName><FromUserName>{escape(by)}</FromUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType>text</MsgType><Content>{escape(text)}</Content></xml>"
    )


def sealed_xml(sealed: str, signature: str, timestamp: str, nonce: str) -> str:
    """The envelope around an encrypted answer."""
    return (
        f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )


def sealed_json(sealed: str, signature: str, timestamp: str, nonce: str) -> str:
    """The same for an account that speaks JSON."""
    return json.dumps({"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": int(timestamp), "Nonce": nonce})


def one_text(messages: Iterable[Outbound]) -> str:
    """What one answer says; it holds one message, and the packing has seen to it that it fits."""
    text = "\n\n".join(message.text for message in messages if message.text)
    return text if TEXT.fits(text) else cut(text, TEXT)


def active_text(to: str, text: str) -> bytes:
    """The request of the customer-service interface. The platform shows ``\\u`` escapes as they are, so the letters stand for themselves."""
    return json.dumps({"touser": to, "msgtype": "text", "text": {"content": text}}, ensure_ascii=False).encode("utf-8", "replace")


def code_of(response: httpx.Response) -> int | None:
    """WeChat's own code: 0 is success; None when it said nothing that can be read."""
    try:
        content: Any = response.json()
    except ValueError:
        return None
    code = content.get("errcode", 0) if isinstance(content, dict) else None
    return code if isinstance(code, int) else None


def outcome(status: int, code: int | None) -> SendResult:
    """What WeChat's answer says of a send."""
    if status in (429, 502, 503):
        return Retry("rate" if status == 429 else f"http_{status}")
    if status >= 500 or (status == 200 and code is None):  # it may have got as far as the person
        return Retry("http_500", is_unknown=True)
    if status != 200:
        return Refused(f"http_{status}")
    if code == 0:
        return Sent()
    if code in OUT_OF_WINDOW:
        return WindowClosed()
    if code in BAD_TOKEN or code in (48001, 61004):  # withdrawn, not allowed, or asked from an address that is not on the account's list
        return Retry("unauthorised", 30.0)
    if code == 45009:
        return Retry("quota", QUOTA_S)
    if code in (-1, 45011):
        return Retry("busy", 3.0)
    if code in UNREACHABLE_PERSON:
        return Refused("blocked")
    return Refused(f"wechat_{code}")
