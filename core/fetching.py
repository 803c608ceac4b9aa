"""The one way in which a file is fetched from an address that somebody else has named.

Whoever can make us ask an address of their choice can ask our own network, or the cloud's metadata. So: https, hosts from a list, a name resolved once and
the connection pinned to what was checked, public addresses only, redirects not followed unless allowed and then checked like the first, size and time limited
while reading. An origin that the operator has written down in full (a simulator's, say) is taken as it stands.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

HTTPS_PORT = 443
TIMEOUT = httpx.Timeout(10.0, connect=4.0)
RESOLVE_S = 4.0
#: Public by number, and yet a cloud's own (Azure's host, Oracle's metadata and its neighbours) or a relay's.
NEVER = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
#: Translators that carry an IPv4 address in their last 32 bits.
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
COMPATIBLE = IPv6Network("::/96")

Resolve = Callable[[str, int], Awaitable[list[str]]]


class FetchRefused(Exception):
    """It may not be fetched, or is not there, and never will be; ``reason`` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FetchFailed(Exception):
    """It could not be fetched now; ``reason`` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Allowed:
    """Where may be fetched from: hosts (and those below them) by https on port 443, and whole origins that the operator has written down."""

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, setting: str) -> Allowed:
        """From a comma-separated setting; what has ``://`` in it is an origin."""
        parts = [part.strip().lower().rstrip("/") for part in setting.split(",") if part.strip()]
        return cls(frozenset(part for part in parts if "://" not in part), frozenset(part for part in parts if "://" in part))

    @classmethod
    def to(cls, url: str) -> Allowed:
        """To the server of a setting alone: its host by https; one with a port of its own, or without https, is an origin."""
        parsed = httpx.URL(url)
        if parsed.scheme == "https" and parsed.port is None:
            return cls(hosts=frozenset({parsed.host}))
        return cls(origins=frozenset({f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"}))


@dataclass(frozen=True)
class Fetched:
    """What was there; ``media_type`` is only what the server called it."""

    content: bytes = field(repr=False)
    media_type: str = ""


@dataclass(frozen=True)
class Target:
    """An address that has passed: whether it is one of the operator's own origins."""

    url: httpx.URL
    is_own: bool


def is_public(address: str) -> bool:
    """Whether an address is somebody's on the internet: not ours, not a neighbour's, not a cloud's, and not one of these in the clothes of IPv6."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local or ip.teredo is not None or ip in COMPATIBLE or ip in LOCAL_NAT64:
            return False
    return (
        ip.is_global
        and not any(ip in network for network in NEVER)
        and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local)
    )


def target_of(url: str, allowed: Allowed) -> Target:
    """The address, if its form and host are allowed. Pure.

    Raises:
        FetchRefused: ``bad_address``, ``not_https``, ``host`` or ``port``.
    """
    if url != url.strip() or "\\" in url or not url.isascii() or not url.isprintable():
        raise FetchRefused("bad_address")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchRefused("bad_address") from error
    host, port = parsed.host.lower(), parsed.port
    if not host or parsed.userinfo:
        raise FetchRefused("bad_address")
    if f"{parsed.scheme}://{parsed.netloc.decode('ascii').lower()}" in allowed.origins:
        return Target(parsed, is_own=True)
    if parsed.scheme != "https":
        raise FetchRefused("not_https")
    if not any(host == one or host.endswith(f".{one}") for one in allowed.hosts):
        raise FetchRefused("host")
    if port not in (None, HTTPS_PORT):
        raise FetchRefused("port")
    return Target(parsed, is_own=False)


async def addresses_of(host: str, port: int) -> list[str]:
    """What a name stands for at this moment."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Fetcher:
    """Fetches under one set of limits; ``transport``, ``resolve`` and ``trust`` stand in for the network in tests."""

    max_bytes: int
    timeout_s: float = 30.0
    redirects: int = 0
    resolve: Resolve = addresses_of
    transport: httpx.AsyncBaseTransport | None = None
    trust: ssl.SSLContext | None = None

    async def fetch(self, url: str, allowed: Allowed, headers: Mapping[str, str] | None = None) -> Fetched:
        """What is at an address.

        Raises:
            FetchRefused: it may not be asked, redirects, is too large, or is not there.
            FetchFailed: try again later.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._follow(url, allowed, dict(headers or {}))
        except TimeoutError as error:
            raise FetchFailed("timeout") from error

    async def _follow(self, url: str, allowed: Allowed, headers: dict[str, str]) -> Fetched:
        target = target_of(url, allowed)
        for _ in range(self.redirects + 1):
            answer = await self._ask(target, headers)
            if isinstance(answer, Fetched):
                return answer
            following = target_of(str(target.url.join(answer)), allowed)
            if (following.url.scheme, following.url.netloc) != (target.url.scheme, target.url.netloc):
                headers = {}  # who else is asked need not know our token
            target = following
        raise FetchRefused("redirect")

    async def _ask(self, target: Target, headers: dict[str, str]) -> Fetched | str:
        """The content, or where it is said to be."""
        failed: Exception | None = None
        for address in await self._checked(target):
            try:
                return await self._ask_at(address, target, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
            except httpx.HTTPError as error:
                raise FetchFailed(type(error).__name__.lower()) from error
        raise FetchFailed("unreachable") from failed

    async def _checked(self, target: Target) -> list[str]:
        """The addresses of a name, all of them checked: one that is not public spoils the name."""
        host, port = target.url.host, target.url.port or (HTTPS_PORT if target.url.scheme == "https" else 80)
        if target.is_own and self.transport is not None:
            return [host]
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await self.resolve(host, port)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise FetchFailed("no_address") from error
        if not target.is_own and not all(map(is_public, found)):
            raise FetchRefused("private_address")
        return found

    async def _ask_at(self, address: str, target: Target, headers: dict[str, str]) -> Fetched | str:
        """Ask exactly this address, under the name that was checked: name and certificate are the host's, the connection is the number's."""
        url = target.url.copy_with(host=address)
        sent = {**headers, "Host": target.url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        verify = self.trust if self.trust is not None else True
        async with (
            # No proxy from the environment: it would resolve the name once more.
            httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=verify, transport=self.transport) as client,
            client.stream("GET", url, headers=sent, extensions={"sni_hostname": target.url.host}) as response,
        ):
            if response.is_redirect or response.has_redirect_location:
                return response.headers["location"]
            _check(response)
            return Fetched(await self._read(response), response.headers.get("content-type", "").partition(";")[0].strip().lower())

    async def _read(self, response: httpx.Response) -> bytes:
        """The bytes as they come, and no more than allowed, whatever the header said."""
        said = response.headers.get("content-length", "")
        if said.isascii() and said.isdigit() and int(said[:18]) > self.max_bytes:
            raise FetchRefused("too_large")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > self.max_bytes:
                raise FetchRefused("too_large")
        return bytes(content)


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise FetchRefused("encoded")  # it was asked for as it is; unpacked it may be any size
        return
    if status == 202:
        raise FetchFailed("not_ready")
    if status in (404, 410):
        raise FetchRefused("gone")
    if status in (401, 403, 408, 425, 429) or status >= 500:
        raise FetchFailed(f"http_{status}")
    raise FetchRefused(f"http_{status}")
