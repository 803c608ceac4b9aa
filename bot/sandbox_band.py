"""The band on every page of the sandbox. It is put on where responses leave, so that no page, not even one that is added later, can be without it.

Plain ASGI. Only HTML is touched; the style sheet comes from the same address, since citizens' pages allow no style of their own.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE_PATH = "/sandbox.css"
HEIGHT = "2rem"
STYLE = f"""
.sandbox-band {{ position: fixed; inset: 0 0 auto 0; z-index: 2147483000; box-sizing: border-box; height: {HEIGHT}; padding: 0 .5rem; overflow: hidden;
  pointer-events: none; display: flex; align-items: center; justify-content: center; gap: .5rem; background: #5b2a86; color: #fff;
  font: 600 .8125rem/1.2 Pretendard, "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", sans-serif; text-align: center; word-break: keep-all; }}
html {{ padding-top: {HEIGHT} !important; box-sizing: border-box; }}
body {{ min-height: 0 !important; height: calc(100dvh - {HEIGHT}) !important; }}
.desk {{ height: calc(100dvh - {HEIGHT}); }}
.desk.team, .desk.reviews, .desk.board, .desk.officer {{ min-height: calc(100dvh - {HEIGHT}); }}
.q-layout, .q-page, .nicegui-content {{ min-height: 0 !important; }}
.worklist, .inner-tabs {{ top: {HEIGHT} !important; }}
@media print {{ .sandbox-band {{ position: static; color: #000; background: none; border: 1px solid #000; }} }}
"""
#: A page must come as it is and whole, or the band could not be put on.
STRIPPED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
_BODY = re.compile(rb"<body\b[^>]*>", re.I)


def band(hotline: str) -> bytes:
    """What every page begins with. Somebody in need who has come to the wrong address must see at once whom to call."""
    words = f"<b>교육용</b> <span>연습 화면입니다. 도움이 필요하면 {escape(hotline)}</span>"
    return f'<link rel="stylesheet" href="{STYLE_PATH}"><div class="sandbox-band" role="note">{words}</div>'.encode()


def with_band(page: bytes, strip: bytes) -> bytes:
    """The page with the band at the beginning of its body. Pure."""
    found = _BODY.search(page)
    at = found.end() if found else 0
    return page[:at] + strip + page[at:]


class SandboxBand:
    """Puts the band on whatever is HTML."""

    def __init__(self, app: ASGIApp, *, hotline: str) -> None:
        self.app = app
        self._strip = band(hotline)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == STYLE_PATH:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/css; charset=utf-8")]})
            await send({"type": "http.response.body", "body": STYLE.encode()})
            return
        plain = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in STRIPPED]}
        await self.app(plain, receive, _Page(send, self._strip, is_head=scope["method"] == "HEAD"))


class _Page:
    """One response on its way out; HTML is held until it is whole."""

    def __init__(self, send: Send, strip: bytes, *, is_head: bool) -> None:
        self._send = send
        self._strip = strip
        self._is_head = is_head
        self._start: dict[str, Any] | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                self._start = {**message, "headers": [(name, value) for name, value in headers if name not in (b"content-length", b"etag", b"last-modified")]}
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = b"" if self._is_head else with_band(bytes(self._body), self._strip)
            if not self._is_head:
                self._start["headers"].append((b"content-length", str(len(page)).encode()))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": page})
            return
        await self._send(message)
