"""One page at a time from the ministry's API, with patience: time limits, back-off, and a key that never reaches a log or an exception."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote

import httpx
from pydantic import SecretStr

from core.logging import get
from knowledge_base.opendata.catalogue import Service
from knowledge_base.opendata.envelopes import Page, read_page
from knowledge_base.opendata.errors import OpenDataError

log = get(__name__)

#: The server is slow from abroad, and answers large pages slowly.
TIMEOUT = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=5.0)
MOST_BYTES = 20_000_000
TRIES = 4
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
_OP_LEGACY_SERVER_CONNECT = 0x4
_STATUS = {401: "key_unknown", 403: "refused", 404: "no_service", 429: "quota"}

# httpx logs every address that it asks, and the key stands in it.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Access:
    """Where the API is, and the key to it. The portal hands keys out percent-encoded; both spellings are taken."""

    url: str
    key: SecretStr
    legacy_tls: bool = False


class OpenDataClient:
    """Fetches pages; use as an asynchronous context manager."""

    def __init__(
        self,
        access: Access,
        *,
        timeout: httpx.Timeout | float = TIMEOUT,
        tries: int = TRIES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = access.url.rstrip("/")
        self._key = access.key
        self._tries = tries
        self._sleep = sleep
        # Redirects are not followed: they would carry the key elsewhere.
        self._http = httpx.AsyncClient(timeout=timeout, verify=_tls(access.legacy_tls), follow_redirects=False, transport=transport)

    async def __aenter__(self) -> OpenDataClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def page(self, service: Service, number: int, size: int) -> Page:
        """One page; passing troubles are tried again, each time after a longer pause.

        Raises:
            OpenDataError: it did not succeed.
        """
        pause = FIRST_PAUSE_S
        for attempt in range(1, self._tries + 1):
            try:
                return await self._once(service, number, size)
            except OpenDataError as error:
                log.warning("opendata_page_failed", service=service.path, page=number, attempt=attempt, code=error.code)
                if not error.is_passing or attempt == self._tries:
                    raise
            await self._sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311  (so that many do not come back at once)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        raise AssertionError("unreachable")

    async def _once(self, service: Service, number: int, size: int) -> Page:
        params = {"serviceKey": unquote(self._key.get_secret_value()), "returnType": "JSON", "numOfRows": str(size), "pageNo": str(number)}
        failure: OpenDataError
        try:
            async with self._http.stream("GET", f"{self._base}/{service.path}", params=params) as response:
                raw = b""
                async for piece in response.aiter_bytes():
                    raw += piece
                    if len(raw) > MOST_BYTES:
                        raise OpenDataError("too_large", can_resume=False)
                return self._read(response.status_code, raw)
        # Their messages and requests hold the address, and so the key: only the kind of trouble goes on.
        except httpx.TimeoutException:
            failure = OpenDataError("timeout", is_passing=True)
        except httpx.TransportError as error:
            failure = OpenDataError("unreachable", type(error).__name__, is_passing=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = OpenDataError("bad_answer", type(error).__name__)
        raise failure from None

    @staticmethod
    def _read(status: int, raw: bytes) -> Page:
        try:
            page = read_page(raw)
        except OpenDataError as error:
            # The gateway's own code says more than the status that came along; where the body says nothing, the status speaks.
            if error.code != "bad_answer" or status == 200:
                raise
            code = _STATUS.get(status, f"http_{status}")
            raise OpenDataError(code, is_passing=status >= 500) from None
        if status != 200:
            raise OpenDataError(_STATUS.get(status, f"http_{status}"), is_passing=status >= 500)
        return page


def _tls(legacy: bool) -> ssl.SSLContext | bool:
    if not legacy:
        return True
    context = ssl.create_default_context()
    context.options |= _OP_LEGACY_SERVER_CONNECT
    context.set_ciphers("DEFAULT@SECLEVEL=1")
    return context
