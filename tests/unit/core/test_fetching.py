"""Nobody makes us ask our own network, whatever address they name."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.fetching import Allowed, Fetched, Fetcher, FetchFailed, FetchRefused, is_public, target_of

ALLOWED = Allowed.of("files.example.com, cdn.example.net")
URL = "https://files.example.com/a.jpg"
PUBLIC = "93.184.216.34"


class Network:
    """What is on the other side: it remembers who was asked for what, and under which name."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None, addresses: list[list[str]] | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self.resolved: list[str] = []
        self._addresses = addresses or [[PUBLIC]]
        self._answer = answer or (lambda _: httpx.Response(200, content=of(b"picture"), headers={"Content-Type": "image/jpeg; x=1"}))

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        return self._addresses[min(len(self.resolved), len(self._addresses)) - 1]

    def fetcher(self, **values: object) -> Fetcher:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return self._answer(request)

        return Fetcher(**({"max_bytes": 1000, "resolve": self.resolve, "transport": httpx.MockTransport(handle)} | values))  # type: ignore[arg-type]


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254",
            "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
            "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::169.254.169.254",
            "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1", "", "localhost", "1.2.3", "0x7f000001",
        ],
    )  # fmt: skip
    def test_not_public(self, address: str) -> None:
        assert not is_public(address)

    @pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"])
    def test_public(self, address: str) -> None:
        assert is_public(address)


class TestForm:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://files.example.com/a", "not_https"),
            ("ftp://files.example.com/a", "not_https"),
            ("file:///etc/passwd", "bad_address"),
            ("gopher://files.example.com:70/x", "not_https"),
            ("//files.example.com/a", "not_https"),
            ("https:///a", "bad_address"),
            ("https://evil.example/a", "host"),
            ("https://notfiles.example.com/a", "host"),
            ("https://files.example.com.evil.example/a", "host"),
            ("https://files.example.com./a", "host"),
            ("https://127.0.0.1/a", "host"),
            ("https://[::1]/a", "host"),
            ("https://2130706433/a", "host"),
            ("https://files.example.com:22/a", "port"),
            ("https://files.example.com@127.0.0.1/a", "bad_address"),
            ("https://user:pass@files.example.com/a", "bad_address"),
            ("https://127.0.0.1\\@files.example.com/a", "bad_address"),
            ("https://files.example.com\\.evil.example/a", "bad_address"),
            ("https://files.example.com/a\r\nHost: evil", "bad_address"),
            (" https://files.example.com/a", "bad_address"),
            ("https://filеs.example.com/a", "bad_address"),  # a Cyrillic letter
            ("", "not_https"),
        ],
    )
    def test_refused(self, url: str, reason: str) -> None:
        with pytest.raises(FetchRefused) as refused:
            target_of(url, ALLOWED)
        assert refused.value.reason in (reason, "bad_address")

    @pytest.mark.parametrize("url", [URL, "https://FILES.example.com/a", "https://a.cdn.example.net/b?c=d", "https://files.example.com:443/a"])
    def test_allowed(self, url: str) -> None:
        assert not target_of(url, ALLOWED).is_own

    def test_an_origin_of_the_operator_is_exactly_that(self) -> None:
        allowed = Allowed.of("http://127.0.0.1:9001")
        assert target_of("http://127.0.0.1:9001/a", allowed).is_own
        for other in ("http://127.0.0.1:9002/a", "http://127.0.0.1/a", "https://127.0.0.1:9001/a", "http://127.0.0.1:9001@evil.example/a"):
            with pytest.raises(FetchRefused):
                target_of(other, allowed)


class TestFetching:
    async def test_the_name_is_resolved_once_and_the_connection_goes_where_it_was_checked(self) -> None:
        network = Network(addresses=[[PUBLIC], ["127.0.0.1"]])
        assert await network.fetcher().fetch(URL, ALLOWED, {"Authorization": "Bearer x"}) == Fetched(b"picture", "image/jpeg")
        (request,) = network.asked
        assert network.resolved == ["files.example.com"]
        assert request.url.host == PUBLIC
        assert request.headers["host"] == "files.example.com"
        assert request.extensions["sni_hostname"] == "files.example.com"
        assert request.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("address", ["169.254.169.254", "127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
    async def test_a_name_that_leads_inside_is_not_asked(self, address: str) -> None:
        for found in ([address], [PUBLIC, address]):
            network = Network(addresses=[found])
            with pytest.raises(FetchRefused, match="private_address"):
                await network.fetcher().fetch(URL, ALLOWED)
            assert network.asked == []

    async def test_redirects_are_not_followed(self) -> None:
        network = Network(lambda _: httpx.Response(302, headers={"Location": "https://cdn.example.net/b"}))
        with pytest.raises(FetchRefused, match="redirect"):
            await network.fetcher().fetch(URL, ALLOWED)
        assert len(network.asked) == 1

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            ("http://169.254.169.254/latest", "not_https"),
            ("https://127.0.0.1/", "host"),
            ("https://evil.example/", "host"),
            ("//[::1]/a", "host"),
            ("http://cdn.example.net/", "not_https"),
        ],
    )
    async def test_where_redirects_are_allowed_each_is_checked_like_the_first(self, location: str, reason: str) -> None:
        network = Network(lambda _: httpx.Response(301, headers={"Location": location}))
        with pytest.raises(FetchRefused, match=reason):
            await network.fetcher(redirects=2).fetch(URL, ALLOWED)
        assert len(network.asked) == 1

    async def test_a_redirect_to_a_name_that_leads_inside_is_refused(self) -> None:
        network = Network(lambda _: httpx.Response(302, headers={"Location": "https://cdn.example.net/b"}), addresses=[[PUBLIC], ["169.254.169.254"]])
        with pytest.raises(FetchRefused, match="private_address"):
            await network.fetcher(redirects=1).fetch(URL, ALLOWED)
        assert len(network.asked) == 1

    async def test_another_host_does_not_see_the_token(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(302, headers={"Location": "https://cdn.example.net/b"}) if len(network.asked) == 1 else httpx.Response(200, content=of(b"x"))

        network = Network(answer)
        await network.fetcher(redirects=1).fetch(URL, ALLOWED, {"Authorization": "Bearer x"})
        assert ["authorization" in request.headers for request in network.asked] == [True, False]

    async def test_redirects_that_go_round_end(self) -> None:
        network = Network(lambda _: httpx.Response(302, headers={"Location": URL}))
        with pytest.raises(FetchRefused, match="redirect"):
            await network.fetcher(redirects=3).fetch(URL, ALLOWED)
        assert len(network.asked) == 4

    async def test_a_size_that_is_announced_too_large_is_not_read(self) -> None:
        network = Network(lambda _: httpx.Response(200, headers={"Content-Length": "100000000"}, content=endless(1)))
        with pytest.raises(FetchRefused, match="too_large"):
            await network.fetcher().fetch(URL, ALLOWED)

    async def test_a_body_that_does_not_end_is_cut_off(self) -> None:
        sent: list[int] = []
        network = Network(lambda _: httpx.Response(200, content=endless(10_000, sent)))
        with pytest.raises(FetchRefused, match="too_large"):
            await network.fetcher().fetch(URL, ALLOWED)
        assert len(sent) < 20

    async def test_what_is_packed_is_not_unpacked(self) -> None:
        network = Network(lambda _: httpx.Response(200, headers={"Content-Encoding": "br"}, content=endless(1)))
        with pytest.raises(FetchRefused, match="encoded"):
            await network.fetcher().fetch(URL, ALLOWED)

    async def test_a_server_that_drips_is_left(self) -> None:
        async def drip() -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.01)
                yield b"x"

        network = Network(lambda _: httpx.Response(200, content=drip()))
        with pytest.raises(FetchFailed, match="timeout"):
            await network.fetcher(timeout_s=0.1).fetch(URL, ALLOWED)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(202, FetchFailed), (404, FetchRefused), (410, FetchRefused), (401, FetchFailed), (429, FetchFailed), (503, FetchFailed), (418, FetchRefused)],
    )
    async def test_what_an_answer_means(self, status: int, error: type[Exception]) -> None:
        with pytest.raises(error):
            await Network(lambda _: httpx.Response(status)).fetcher().fetch(URL, ALLOWED)

    async def test_a_name_without_an_address_is_tried_again(self) -> None:
        async def nowhere(host: str, port: int) -> list[str]:
            raise OSError("no such name")

        with pytest.raises(FetchFailed, match="no_address"):
            await Network().fetcher(resolve=nowhere).fetch(URL, ALLOWED)

    async def test_the_next_address_is_asked_where_one_does_not_answer(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.host == PUBLIC:
                raise httpx.ConnectError("refused")
            return httpx.Response(200, content=of(b"x"))

        network = Network(answer, [[PUBLIC, "8.8.8.8"]])
        assert (await network.fetcher().fetch(URL, ALLOWED)).content == b"x"


class TestRealConnection:
    """Over a real socket with a real certificate: the number is the pinned one, the name is the host's."""

    async def test_the_certificate_must_be_the_names(self, tmp_path: Path) -> None:
        certificate, key = a_certificate(tmp_path, "files.test")
        server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_side.load_cert_chain(certificate, key)
        heard: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
        port = server.sockets[0].getsockname()[1]

        async def resolve(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        fetcher = Fetcher(1000, resolve=resolve, trust=ssl.create_default_context(cafile=str(certificate)))
        async with server:
            for name, origin in (("files.test", f"https://files.test:{port}"), ("other.test", f"https://other.test:{port}")):
                allowed = Allowed.of(origin)
                if name == "files.test":
                    assert (await fetcher.fetch(f"{origin}/a", allowed)).content == b"ok"
                else:
                    with pytest.raises(FetchFailed, match="unreachable"):
                        await fetcher.fetch(f"{origin}/a", allowed)
        assert len(heard) == 1
        assert f"host: files.test:{port}".encode() in heard[0].lower()


async def of(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def endless(chunks: int, sent: list[int] | None = None) -> AsyncIterator[bytes]:
    for number in range(chunks):
        if sent is not None:
            sent.append(number)
        yield b"x" * 100


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.2"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "c.pem", folder / "k.pem"
