"""The training sandbox: nothing that goes out can be set up, nothing outside can be reached, no folder serves both, every page says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from bot import sandbox
from bot.channels import registry
from bot.cli import main, role
from bot.drill_ways import web_client
from bot.sandbox_band import SandboxBand
from bot.sandbox_wall import is_this_machine, may_connect, may_resolve
from core.errors import StartError
from core.sandbox_settings import KEPT
from core.settings import ROOT, Settings
from handoff import duty
from handoff.calls.rules import ice_servers
from handoff.phone import texting
from knowledge_base.opendata import jobs as opendata

#: An installation with everything set up that can send, call, fetch or ask.
AES = "a" * 43
FULL: dict[str, Any] = {
    "public_url": "https://real.example",
    "quick_exit_url": "https://real.example/weather",
    "duty_phone": "+82-2-000-0000",
    "duty_call_url": "https://phone.example/call",
    "duty_call_token": "t",
    "tile_url": "https://tiles.example/{z}/{x}/{y}.png",
    "nearby_url": "https://overpass.example/api",
    "smtp_host": "mail.example",
    "smtp_user": "u",
    "smtp_password": "p",
    "line_channel_secret": "s",
    "line_channel_token": "t",
    "kakao_skill_secret": "s" * 32,
    "kakao_header_secret": "h" * 32,
    "wechat_app_id": "wx1",
    "wechat_app_secret": "s",
    "wechat_token": "t",
    "wechat_aes_key": AES,
    "wechat_mini_app_id": "wx2",
    "wechat_mini_app_secret": "s",
    "wechat_mini_token": "t",
    "wechat_mini_aes_key": AES,
    "sms_carrier": "nhn",
    "sms_sender": "021234567",
    "nhn_sms_app_key": "k",
    "nhn_sms_secret": "s",
    "alimtalk_app_key": "k",
    "alimtalk_secret": "s",
    "alimtalk_sender_key": "k",
    "alimtalk_link_template": "t",
    "locate_sms": True,
    "heartbeat_url": "https://watch.example/1",
    "opendata_url": "https://apis.example/1",
    "opendata_key": "k",
    "opendata_every_minutes": 10,
    "call_stun_urls": "stun:stun.example",
    "call_turn_urls": "turn:turn.example",
    "call_turn_secret": "s",
    "drill_url": "https://real.example",
    "backup_passphrase": "p",
    "key_file": Path("real-keys.json"),
}
PORTS: dict[str, Callable[[Settings], object]] = {
    "messengers and SMS": lambda one: [made.name for make in registry.MAKERS if (made := make(one)) is not None],
    "mail": lambda one: one.smtp_host,
    "telephone gateway": duty.gateway_of,
    "telephone number": lambda one: one.duty_phone,
    "location links by SMS": lambda one: one.locate_sms,
    "open data": opendata.access,
    "map tiles": lambda one: one.tile_url,
    "places nearby": lambda one: one.nearby_url,
    "sign of life": lambda one: one.heartbeat_url,
    "relays of calls": lambda one: ice_servers(one, "call", datetime.now(UTC)),
    "a drill at another address": lambda one: web_client(one).base_url.host not in ("127.0.0.1", "localhost"),
    "links to the real address": lambda one: one.public_url,
    "the real keys": lambda one: one.key_file,
    "quick exit to another site": lambda one: one.quick_exit_url,
}


@pytest.mark.parametrize("port", PORTS)
def test_a_port_that_is_set_up_is_dead_in_the_sandbox(port: str) -> None:
    assert PORTS[port](Settings(**FULL)), "set up in an ordinary installation, or this test says nothing"
    assert not PORTS[port](Settings(**FULL, sandbox=True))


def test_every_messenger_is_meant() -> None:
    assert len(PORTS["messengers and SMS"](Settings(**FULL))) == len(registry.MAKERS)  # type: ignore[arg-type]


def test_what_the_environment_says_counts_no_more_than_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GILDONGMU_SMTP_HOST", "mail.example")
    monkeypatch.setenv("GILDONGMU_SANDBOX", "true")
    assert Settings().smtp_host == ""


def test_a_setting_that_is_not_named_harmless_has_its_default() -> None:
    made = Settings(**FULL, sandbox=True)
    assert {name: getattr(made, name) for name in Settings.model_fields if name not in KEPT} == {
        name: field.default for name, field in Settings.model_fields.items() if name not in KEPT
    }


def test_nothing_that_names_a_place_or_a_secret_is_kept() -> None:
    assert set(Settings.model_fields) >= KEPT
    leading_out = ("_url", "_urls", "secret", "token", "_key", "_host", "phone", "_file")
    assert {name for name in KEPT if name.endswith(leading_out)} == {"database_url", "tls_key"}  # a named database is refused; the key serves our own port


def test_a_texting_service_that_is_connected_all_the_same_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texting, "_ports", [object()])
    assert texting.port_of(Settings(locate_sms=True)) is not None
    assert texting.port_of(Settings(locate_sms=True, sandbox=True)) is None


ATTEMPTS = {
    "a web client": "import httpx\nasync def go():\n    async with httpx.AsyncClient(timeout=2) as c: await c.get('http://192.0.2.1/')",
    "a web client by name": "import httpx\nasync def go():\n    async with httpx.AsyncClient(timeout=2) as c: await c.get('https://api.line.me/')",
    "aiohttp": "import aiohttp\nasync def go():\n    async with aiohttp.ClientSession() as c: await c.get('http://192.0.2.1/')",
    "mail": "import aiosmtplib\nasync def go(): await aiosmtplib.send('x', sender='a@b.c', recipients=['d@e.f'], hostname='192.0.2.1', timeout=2)",
    "SMPP": "import asyncio\nasync def go(): await asyncio.open_connection('192.0.2.1', 2775)",
    "a datagram": "import socket\nasync def go(): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "a proxy": "import os\nasync def go():\n    if 'HTTPS_PROXY' not in os.environ: raise OutgoingRefused('forgotten')",
}
WALL = """
import asyncio, sys
from bot.sandbox_wall import OutgoingRefused, cut_off
{attempt}
if sys.argv[1] == "cut":
    cut_off("127.0.0.1")
async def main():
    error = None
    try:
        await asyncio.wait_for(go(), 3)
    except BaseException as met:
        error = met
    while error is not None and not isinstance(error, OutgoingRefused):
        error = error.__cause__ or error.__context__
    print("refused" if error is not None else "tried")
asyncio.run(main())
"""


@pytest.mark.parametrize("way", ATTEMPTS)
def test_the_wall_stops(way: str) -> None:
    def tried(how: str) -> str:
        command = [sys.executable, "-c", WALL.format(attempt=ATTEMPTS[way]), how]
        found = subprocess.run(command, cwd=ROOT, env={"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}, capture_output=True, text=True, check=True)
        return found.stdout.strip()

    assert tried("cut") == "refused"
    if way in ("a datagram", "a proxy", "SMPP"):
        assert tried("open") == "tried"  # without the wall it would have gone out


def test_the_sandbox_still_speaks_to_itself() -> None:
    assert all(may_connect(address, "10.0.0.5") for address in ("/run/x.sock", ("127.0.0.1", 1), ("::1", 1, 0, 0), ("10.0.0.5", 80), None))
    assert not any(may_connect(address, "10.0.0.5") for address in (("10.0.0.6", 80), ("8.8.8.8", 53), ("2001:db8::1", 1, 0, 0), ("::ffff:8.8.8.8", 1, 0, 0)))
    assert is_this_machine("::ffff:127.0.0.1")
    assert [may_resolve(name) for name in (None, b"localhost", "0.0.0.0", "api.line.me", b"api.line.me")] == [True, True, True, False, False]


def test_a_folder_of_real_work_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    result = CliRunner().invoke(main, ["serve", "--sandbox", "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "not a training sandbox's folder" in result.output
    assert not sandbox.is_marked(tmp_path)


@pytest.mark.parametrize("name", ["serve", "web", "desk", "worker"])
def test_real_work_refuses_a_sandboxs_folder(name: str, tmp_path: Path) -> None:
    sandbox.take(tmp_path)
    result = CliRunner().invoke(main, [name, "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "gildongmu serve --sandbox" in result.output


def test_a_role_of_the_sandbox_refuses_an_unmarked_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GILDONGMU_SANDBOX", "true")
    with pytest.raises(StartError, match="not a training sandbox"):
        role(data_dir=tmp_path)
    sandbox.take(tmp_path)
    assert role(data_dir=tmp_path).sandbox


def test_a_database_that_is_named_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hush@real/d")
    folder = tmp_path / "new"
    for command in (["serve", "--sandbox", "--data-dir", str(folder)], ["drill", "--data-dir", str(tmp_path)]):
        if command[0] == "drill":
            sandbox.take(tmp_path)
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 2
        assert "keeps its own database" in result.output
        assert "hush" not in result.output
    assert not folder.exists()


def test_a_backup_never_crosses(tmp_path: Path) -> None:
    sandbox.take(tmp_path)
    file = tmp_path / "real.backup"
    file.write_bytes(b"x")
    for command in (["backup", str(tmp_path / "out")], ["restore", str(file), "--replace"]):
        result = CliRunner().invoke(main, [*command, "--data-dir", str(tmp_path)])
        assert result.exit_code == 2
        assert "no backups" in result.output


def test_a_folder_taken_twice_is_the_same_sandbox(tmp_path: Path) -> None:
    sandbox.take(tmp_path / "new")
    sandbox.take(tmp_path / "new")
    assert sandbox.is_marked(tmp_path / "new")


def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.add_middleware(SandboxBand, hotline="+82-2-3210-0404<")

    @app.api_route("/", methods=["GET", "HEAD"])
    async def page() -> HTMLResponse:
        return HTMLResponse("<html><head></head><body class='x'><p>끝</p></body></html>", headers={"etag": "1"})

    @app.get("/parts")
    async def parts() -> StreamingResponse:
        return StreamingResponse(iter(["<bo", "dy>", "부분"]), media_type="text/html")

    @app.get("/data")
    async def data() -> JSONResponse:
        return JSONResponse({"body": "<body>"})

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")


async def test_every_page_says_what_it_is_and_whom_to_call() -> None:
    async with client() as http:
        page = await http.get("/", headers={"if-none-match": "1"})
        assert "<body class='x'><link" in page.text
        assert "교육용" in page.text
        assert "+82-2-3210-0404&lt;" in page.text
        assert page.text.endswith("<p>끝</p></body></html>")
        assert "etag" not in page.headers
        assert int(page.headers["content-length"]) == len(page.content)
        assert "교육용" in (await http.get("/parts")).text
        assert (await http.get("/data")).json() == {"body": "<body>"}
        assert (await http.head("/")).content == b""
        assert "sandbox-band" in (await http.get("/sandbox.css")).text
