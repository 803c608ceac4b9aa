"""A free call through a relay alone: coturn with a shared secret, two real browsers that may not reach each other, and what each is told of the relay."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from pydantic import SecretStr

from core import db as database
from tests.browser.test_free_call import chat, desk_browser, flows, owned, ringing

__all__ = ["chat", "desk_browser"]
pytestmark = pytest.mark.browser
SECRET = "north-wind"
#: What a page was told of servers, and by which way the voices go.
TOLD = """async () => {
  const peer = window.peers.at(-1), stats = [...(await peer.getStats()).values()];
  const pair = stats.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
  const way = pair && stats.find((one) => one.id === pair.localCandidateId);
  return { config: peer.getConfiguration(), way: way ? way.candidateType : '' };
}"""


def free_udp_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody there answers a STUN binding request."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.settimeout(0.2)
        probe.connect(("127.0.0.1", port))
        try:
            probe.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"are you here")
            return probe.recv(1500)[:2] == b"\x01\x01"
        except OSError:
            return False


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[str]:
    """A relay as an operator runs it, but on this machine; its address."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed")
    port, log = free_udp_port(), tmp_path / "log"
    options = ["-n", "--no-cli", "--no-tls", "--no-dtls", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=gildongmu.example"]
    options += ["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers", f"--listening-port={port}", "--relay-threads=1"]
    options += ["--log-file=stdout", "--simple-log", f"--userdb={tmp_path / 'users'}", f"--pidfile={tmp_path / 'pid'}"]
    with log.open("wb") as out:
        process = subprocess.Popen([program, *options], stdout=out, stderr=out, cwd=tmp_path)
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
        yield f"turn:127.0.0.1:{port}?transport=udp"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def relayed(relay: str, staff_server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Calls go by the relay and by no other way."""
    for name, value in (("call_turn_urls", relay), ("call_turn_secret", SecretStr(SECRET)), ("call_turn_minutes", 30), ("call_relay_only", True)):
        monkeypatch.setattr(staff_server._settings, name, value)
    return relay


async def told(page: Page) -> dict:
    return await page.evaluate(TOLD)


async def test_the_voices_go_by_the_relay_with_a_password_of_this_call(seat, chat, staff_server, db, relayed):
    talk, desk = await owned(seat, chat, staff_server, db)
    await ringing(talk, desk)
    await desk.page.locator("[data-action=call-accept]").click()
    await expect(talk.strip).to_contain_text("통화 중입니다")
    await flows(talk.page)
    await flows(desk.page)
    async with db.read() as connection:
        (call,) = await database.rows(connection, "SELECT id FROM voice_calls")
    for page in (talk.page, desk.page):
        found = await told(page)
        assert (found["way"], found["config"]["iceTransportPolicy"]) == ("relay", "relay")
        (server,) = found["config"]["iceServers"]
        assert server["urls"] == [relayed]
        ends, _, of = server["username"].partition(":")
        assert of == call["id"]
        assert 25 * 60 < int(ends) - time.time() <= 30 * 60
        assert re.fullmatch(r"[A-Za-z0-9+/]{27}=", server["credential"])
