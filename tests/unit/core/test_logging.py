from __future__ import annotations

import io
import logging as standard
import sys

import pytest
import structlog

from core import logging
from language.redaction import redact

SECRETS = ("010-1234-5678", "hong@example.com", "M12345678", "900101-1234567", "13.7563, 100.5018", "4111 1111 1111 1111")


@pytest.fixture
def lines(monkeypatch):
    """What a configured process writes; everything is put back afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = standard.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    before = structlog.get_config()
    logging.configure(scrub=redact)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_value_of_an_event_carries_a_secret(lines, secret):
    log = logging.get("test")
    log.error("something_failed", reason=f"번호 {secret} 입니다", nested={"of": [secret]}, other=ValueError(secret), digits=821012345678, tries=3)
    written = lines.getvalue()
    assert "something_failed" in written
    assert "tries=3" in written
    assert secret not in written
    assert "821012345678" not in written


@pytest.mark.parametrize("secret", SECRETS)
def test_no_exception_carries_a_secret(lines, secret):
    try:
        raise ValueError(f"cannot read {secret}")
    except ValueError:
        logging.get("test").exception("turn_failed")
        standard.getLogger("library").exception("bad input %s", secret)
    written = lines.getvalue()
    assert written.count("ValueError: cannot read") == 2
    assert secret not in written


def test_ids_and_times_stay(lines):
    logging.get("test").info("turn", conversation="Jd0w-s2kPqLm_aZx", ms=1234.5, day="2026-11-22", message_id=123456)
    written = lines.getvalue()
    assert "conversation='Jd0w-s2kPqLm_aZx'" in written
    assert "ms=1234.5" in written
    assert "day='2026-11-22'" in written
    assert "message_id=123456" in written
    assert "timestamp='20" in written


def test_a_value_is_not_endless(lines):
    logging.get("test").error("failed", reason="가" * 100_000)
    assert len(lines.getvalue()) < 2 * logging.LONGEST_VALUE


def test_every_process_hands_in_the_redaction():
    from core.settings import ROOT

    for path in ("bot/roles.py", "bot/dialogue/launch.py"):
        source = (ROOT / path).read_text(encoding="utf-8")
        assert "redact)" in source
    assert source.count("configure(") == 1
    assert (ROOT / "bot/roles.py").read_text(encoding="utf-8").count("log_config=None") == 2
