"""The command line: lines that are no lines, and settings that cannot work, each told in one sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import stateless
from bot.cli import configured, main
from core.errors import StartError


def answered(data: bytes) -> tuple[int, list[dict]]:
    target = io.StringIO()
    code = stateless.serve(io.BytesIO(data), target, lambda content: {"seen": content["text"]})
    return code, [json.loads(line, parse_constant=pytest.fail) for line in target.getvalue().splitlines()]


@pytest.mark.parametrize("identity", [b"NaN", b"1e999", b'{"x": 1}', b"[1]"])
def test_an_id_that_cannot_be_given_back_is_an_error_and_valid_json(identity: bytes) -> None:
    code, (bad, good) = answered(b'{"id": ' + identity + b', "text": "a"}\n{"id": 7, "text": "b"}')
    assert (code, bad["id"], bad["error"]["code"]) == (1, None, "invalid_request")
    assert good == {"id": 7, "seen": "b"}


def test_a_byte_order_mark_is_no_error() -> None:
    assert answered(b'\xef\xbb\xbf{"id": "a", "text": "b"}') == (0, [{"id": "a", "seen": "b"}])


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StartError, match="port"):
        configured(port=99_999)


def test_a_certificate_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="certificate"):
        configured(tls_cert=tmp_path / "no.pem", tls_key=tmp_path / "no.key")


def test_a_database_address_that_cannot_be_read_is_one_sentence_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://a:secret@b/c")
    result = CliRunner().invoke(main, ["kb", "list"])
    assert result.exit_code == 2
    assert "DATABASE_URL is not an address" in result.output
    assert "secret" not in result.output
